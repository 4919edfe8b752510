using ElderBand.HubService.Alarms;
using Microsoft.Data.Sqlite;

namespace ElderBand.HubService.Storage;

/// <summary>
/// The measurements, in the file <c>vitals.db</c> with a connection and a writer of its own: damage to the largest and
/// busiest tables of the centre never stops a call for help (docs/adr/0099).
/// </summary>
public sealed class VitalsStore : Store
{
    private const string FileName = "vitals.db";

    private VitalsStore(StoreFile file, Clock clock, Func<StoreFile, string?> mend, bool mendsFirst)
        : base(file, clock, mend, mendsFirst)
    {
    }

    /// <summary>
    /// Opens or makes <c>vitals.db</c> in the folder. The file is checked behind the start: writes and reads wait
    /// meanwhile. A file that is damaged beyond reading is set aside and an empty one begun.
    /// </summary>
    /// <exception cref="StartException">The folder or the file cannot be used; says what to do.</exception>
    public static VitalsStore Open(string dataDir, Clock clock)
    {
        string? unreadable = null;
        StoreFile file;
        try
        {
            file = StoreFile.Open(dataDir, FileName, Prepare);
        }
        catch (StartException e) when (e.InnerException is SqliteException cause && StoreFile.IsDamage(cause))
        {
            string aside = StoreFile.SetAside(Path.Combine(dataDir, FileName), clock.NowMs);
            unreadable = $"{cause.Message} An empty file was begun. The damaged file is {aside}.";
            file = StoreFile.Open(dataDir, FileName, Prepare);
        }
        return new VitalsStore(
            file, clock, f => f.Mend(Timeout.Infinite, clock.NowMs, Prepare), mendsFirst: unreadable is null)
        {
            Damage = unreadable,
        };
    }

    /// <summary>The same over a database in memory, without a writer thread.</summary>
    public static new VitalsStore Over(Db memory, Clock clock)
    {
        Prepare(memory);
        return new VitalsStore(new StoreFile(null, memory), clock, static _ => null, mendsFirst: false);
    }

    /// <summary>
    /// The latest measurement of a resident. Null where there is none, and while the file is being checked or cannot be
    /// read: an alarm never waits for a measurement.
    /// </summary>
    public VitalsView? Latest(long residentId)
    {
        if (!IsChecked)
        {
            return null;
        }
        try
        {
            return Read(db => Views.Vitals(db, residentId));
        }
        catch (SqliteException)
        {
            return null;
        }
    }

    private static void Prepare(Db db) => Schema.Migrate(db, Schema.VitalsMigrations);
}
