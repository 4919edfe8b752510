using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ElderBand.HubService.Storage;

/// <summary>
/// Which database this is: a number that is another one after each restore of a backup. Hubs that hear a new number
/// send again what they have kept (docs/adr/0058). A file beside the database tells the time of the database's last
/// heartbeat, so a database that is older than the file was put back from a backup. The file never is the newer one
/// otherwise: it is written after the commit.
/// </summary>
public static class Incarnation
{
    private const string FileName = "incarnation";

    // Added to what bands compare: more than the changes of any time between two backups.
    private const int RevisionJump = 1000;

    // More alarms than a centre has between two backups. Numbers stay short, because people say them.
    private const int NumberJump = 1000;

    // The jumps of two restores of one backup differ by their days.
    private const int JumpPerDay = 16;
    private const int HighestBase = 60_000;
    private const long FirstDayMs = 1_767_225_600_000; // 2026-01-01

    /// <summary>The number, 0 where none is set: the service has never run on this database.</summary>
    public static uint Value(Db db) => (uint)db.Number("SELECT value FROM incarnation");

    /// <summary>When the database was last put back from a backup, UTC ms; 0 for never.</summary>
    public static long PutBackAtMs(Db db) => db.Number("SELECT put_back_at_ms FROM incarnation");

    /// <summary>Revision below which no new alarm begins: bands know revisions of the time before a restore.</summary>
    public const string RevisionBase = "(SELECT ifnull(max(revision_base),0) FROM incarnation)";

    /// <summary>The incarnation for SQL, 0 where none is set.</summary>
    public const string Present = "(SELECT ifnull(max(value),0) FROM incarnation)";

    /// <summary>Alarms get numbers above this: people know numbers of the time before a restore.</summary>
    public const string NumberBase = "(SELECT ifnull(max(number_base),0) FROM incarnation)";

    /// <summary>
    /// At the start of the service: gives a database its first number, or a new one where it was put back.
    /// </summary>
    public static void Begin(Db db, string dataDir, long nowMs)
    {
        uint value = Value(db);
        long heartbeatMs = db.Number("SELECT at_ms FROM heartbeat");
        (uint Value, long AtMs)? file = Read(dataDir);
        bool isFirst = file is null && (value == 0 || heartbeatMs == 0);
        if (isFirst && value == 0)
        {
            db.Run("INSERT INTO incarnation (id, value, revision_base) VALUES (1,$1,0)", New());
        }
        else if (!isFirst && (file is not { } known || known.Value != value || known.AtMs > heartbeatMs))
        {
            Renew(db, nowMs);
        }
    }

    /// <summary>
    /// The database was put back: hubs will send again, and configurations and stages go on above every revision that a
    /// band may have taken since the backup.
    /// </summary>
    public static void Renew(Db db, long nowMs)
    {
        db.Run("BEGIN IMMEDIATE");
        long days = (nowMs - FirstDayMs) / 86_400_000;
        long jump = RevisionJump + Math.Max(0, days * JumpPerDay);
        db.Run("INSERT OR IGNORE INTO incarnation (id, value, revision_base) VALUES (1,0,0)");
        db.Run(
            "UPDATE incarnation SET value=$1, revision_base=min(max(revision_base+$2, $3), $4)", New(), RevisionJump,
            jump, HighestBase);
        db.Run(
            "UPDATE incarnation SET number_base=((SELECT ifnull(max(number),0) FROM alarm)/$1+1)*$1", NumberJump);
        db.Run("UPDATE incarnation SET put_back_at_ms=$1", nowMs);
        db.Run("UPDATE band SET config_version=config_version+$1", RevisionJump);
        db.Run(
            $"UPDATE alarm SET revision=max(revision+$1, {RevisionBase}) WHERE revision<$2", RevisionJump,
            HighestBase);
        db.Run("COMMIT");
    }

    /// <summary>Notes that the database of this number has committed a heartbeat of that time.</summary>
    public static void Note(string dataDir, uint value, long heartbeatMs)
    {
        string path = Path.Combine(dataDir, FileName);
        string text = string.Create(CultureInfo.InvariantCulture, $"{value} {heartbeatMs}");
        OwnerOnly.Write($"{path}.new", Encoding.ASCII.GetBytes(text), flush: false);
        File.Move($"{path}.new", path, overwrite: true);
    }

    private static (uint Value, long AtMs)? Read(string dataDir)
    {
        string path = Path.Combine(dataDir, FileName);
        string[] parts = File.Exists(path) ? File.ReadAllText(path).Split(' ') : [];
        return parts.Length == 2
            && uint.TryParse(parts[0], CultureInfo.InvariantCulture, out uint value)
            && long.TryParse(parts[1], CultureInfo.InvariantCulture, out long atMs)
            ? (value, atMs)
            : null;
    }

    private static long New() => RandomNumberGenerator.GetInt32(1, int.MaxValue);
}
