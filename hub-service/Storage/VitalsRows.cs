using ElderBand.BandProtocol;

namespace ElderBand.HubService.Storage;

/// <summary>One vitals summary; Bpm and Spo2Pct are null where the band refused or was not worn.</summary>
public sealed record VitalsRow(
    string CentreId, long BandId, long? ResidentId, string HubId, int Boot, int Sequence, long AtMs, AgeQuality Quality,
    long ReceivedAtMs, int PeriodS, int? Bpm, int Confidence, int Refusal, int? Spo2Pct, int Spo2Refusal, Wear Wear,
    int Activity, int Steps);

/// <summary>The tables <c>vitals</c> and <c>vitals_window</c>.</summary>
public static class VitalsRows
{
    /// <summary>The statement that stores a summary, for <see cref="Insert(Statement, VitalsRow)"/>.</summary>
    public static Statement Insert(Db db) => db.Prepared(
        """
        INSERT INTO vitals (centre_id, band_id, resident_id, hub_id, boot, sequence, at_ms, quality,
          received_at_ms, period_s, bpm, confidence, refusal, spo2_pct, spo2_refusal, wear, activity, steps)
        VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18) ON CONFLICT DO NOTHING
        """);

    /// <summary>Stores a summary; false where it is stored already.</summary>
    public static bool Insert(Statement insert, VitalsRow v)
    {
        insert.Bind(1, v.CentreId);
        insert.Bind(2, v.BandId);
        insert.Bind(3, v.ResidentId);
        insert.Bind(4, v.HubId);
        insert.Bind(5, v.Boot);
        insert.Bind(6, v.Sequence);
        insert.Bind(7, v.AtMs);
        insert.Bind(8, (int)v.Quality);
        insert.Bind(9, v.ReceivedAtMs);
        insert.Bind(10, v.PeriodS);
        insert.Bind(11, v.Bpm);
        insert.Bind(12, v.Confidence);
        insert.Bind(13, v.Refusal);
        insert.Bind(14, v.Spo2Pct);
        insert.Bind(15, v.Spo2Refusal);
        insert.Bind(16, (int)v.Wear);
        insert.Bind(17, v.Activity);
        insert.Bind(18, v.Steps);
        return insert.Run() > 0;
    }

    /// <summary>The band's window over its vitals lane.</summary>
    public static ReplayWindow Window(Db db, long bandId) =>
        db.One(
            "SELECT boot, highest, bits FROM vitals_window WHERE band_id=$1",
            static r =>
                new ReplayWindow { Boot = r.Int(0), Highest = r.Int(1), Bits = unchecked((ulong)r.Long(2)) }, bandId)
        ?? new ReplayWindow();

    /// <summary>Stores the window.</summary>
    public static void PutWindow(Db db, string centreId, long bandId, ReplayWindow w) =>
        db.Run(
            """
            INSERT INTO vitals_window (band_id, centre_id, boot, highest, bits) VALUES ($1,$2,$3,$4,$5)
            ON CONFLICT (band_id) DO UPDATE SET boot=excluded.boot, highest=excluded.highest, bits=excluded.bits
            """,
            bandId, centreId, w.Boot, w.Highest, unchecked((long)w.Bits));
}
