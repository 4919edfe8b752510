using ElderBand.HubService;
using ElderBand.HubService.Storage;

namespace ElderBand.Tests.HubService;

/// <summary>The first start with a database that still holds measurements and alarms in one file.</summary>
public sealed class VitalsMoveTests
{
    private const int VersionWithVitals = 4;
    private const int Rows = 1000;

    [Fact]
    public void Measurements_of_an_older_database_are_moved_once_also_after_a_start_that_broke_off()
    {
        string folder = Directory.CreateTempSubdirectory("eb-move-").FullName;
        try
        {
            using (var old = new Db(Path.Combine(folder, "elderband.db"), create: true))
            {
                Schema.Migrate(old, Schema.Migrations[..VersionWithVitals]);
                old.Run("PRAGMA foreign_keys=OFF");
                old.Run("BEGIN");
                for (int i = 0; i < Rows; i++)
                {
                    old.Run(
                        """
                        INSERT INTO vitals (centre_id, band_id, hub_id, boot, sequence, at_ms, quality, received_at_ms,
                          period_s, bpm, confidence, refusal, spo2_refusal, wear, activity, steps)
                        VALUES ('c1', 1, 'hub-1', 1, $1, $1, 0, 1, 10, 70, 90, 0, 0, 2, 0, 3)
                        """, i);
                }
                old.Run("INSERT INTO vitals_window VALUES (1,'c1',1,999,-1)");
                old.Run("COMMIT");
                // A start was interrupted after the copy, so the rows are in both files.
                VitalsMove.Run(old, folder);
            }

            using Store store = Store.Open(folder, new Clock());
            using VitalsStore vitals = VitalsStore.Open(folder, new Clock());
            vitals.Read(static db => db.Number("SELECT count(*) FROM vitals")).ShouldBe(Rows);
            vitals.Read(static db => db.Number("SELECT sum(bpm) FROM vitals WHERE spo2_pct IS NULL"))
                .ShouldBe(70 * Rows);
            vitals.Read(static db => VitalsRows.Window(db, 1)).Highest.ShouldBe(999);
            store.Read(static db => db.Number("SELECT count(*) FROM sqlite_master WHERE name LIKE 'vitals%'"))
                .ShouldBe(0);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
            File.Delete(SecretBox.DefaultFile(folder));
        }
    }
}
