namespace ElderBand.HubService.Storage;

/// <summary>
/// Copies the measurements of a database of an older version to their own file. Runs before the migration that removes
/// them from the old database. If a power cut makes it run again, no row is added twice.
/// </summary>
public static class VitalsMove
{
    private const string Columns = """
        centre_id, band_id, resident_id, hub_id, boot, sequence, at_ms, quality, received_at_ms, period_s, bpm,
        confidence, refusal, spo2_pct, spo2_refusal, wear, activity, steps
        """;

    /// <summary>
    /// Copies the measurements, if any. Does nothing for a new database and for one of the present version.
    /// </summary>
    public static void Run(Db old, string dataDir)
    {
        if (old.Number("SELECT count(*) FROM sqlite_master WHERE name='vitals'") == 0)
        {
            return;
        }
        using var vitals = new Db(Path.Combine(dataDir, "vitals.db"), create: true);
        Schema.Migrate(vitals, Schema.VitalsMigrations);
        vitals.Run("BEGIN IMMEDIATE");
        old.Each($"SELECT {Columns} FROM vitals", 18, row => vitals.Run(
            $"""
            INSERT OR IGNORE INTO vitals ({Columns})
            VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18)
            """, row));
        old.Each("SELECT band_id, centre_id, boot, highest, bits FROM vitals_window", 5, row => vitals.Run(
            "INSERT OR REPLACE INTO vitals_window (band_id, centre_id, boot, highest, bits) VALUES ($1,$2,$3,$4,$5)",
            row));
        vitals.Run("COMMIT");
    }
}
