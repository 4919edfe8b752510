using System.Globalization;
using System.Text;

namespace ElderBand.HubService.Storage;

/// <summary>
/// The file <c>revocations</c> in the data folder: a line for each hub that was revoked, only ever added to. It is not
/// in the database, so that a restore of an older database can revoke the same hubs again (docs/adr/0115).
/// </summary>
public static class Revocations
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "revocations";

    private const string HubWord = "hub";

    /// <summary>
    /// A hub is lost or goes back: it is disconnected within seconds and signs in no more; its home gets new link keys
    /// and its bands new secrets. After the commit the caller adds it to the file with <see cref="Add"/>.
    /// </summary>
    public static bool RevokeHub(Tx tx, string centreId, string hubId, string who, string why = "")
    {
        if (DeviceRows.Hub(tx.Db, hubId) is not { RevokedAtMs: null } hub || hub.CentreId != centreId)
        {
            return false;
        }
        DeviceRows.RevokeHub(tx.Db, hubId, tx.NowMs);
        if (hub.HomeId is { } homeId)
        {
            DeviceRows.RaiseLinkEpoch(tx.Db, homeId);
            BandKeyRows.WantForHome(tx.Db, homeId);
        }
        TechnicalRows.CloseOf(tx, centreId, null, hubId, "the hub was revoked");
        tx.Audit(centreId, who, "hub.revoked", $"hub:{hubId}", why);
        return true;
    }

    /// <summary>Adds a hub; on the disk when it returns.</summary>
    /// <exception cref="StartException">The file cannot be written; the database has the revocation.</exception>
    public static void Add(string dataDir, string hubId, long nowMs)
    {
        string path = Path.Combine(dataDir, FileName);
        try
        {
            OwnerOnly.Make(path);
            using var file = new FileStream(path, FileMode.Append, FileAccess.Write);
            file.Write(Encoding.UTF8.GetBytes(
                string.Create(CultureInfo.InvariantCulture, $"\n{HubWord} {hubId} {nowMs}\n")));
            file.Flush(flushToDisk: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException(
                $"The hub '{hubId}' is revoked, but '{path}' cannot be written ({e.Message}): after a restore of an "
                    + "older backup, revoke it again.", e);
        }
    }

    /// <summary>
    /// The hubs in a file, none where there is no file. A line that a power cut has cut off counts for nothing.
    /// </summary>
    /// <exception cref="StartException">The file cannot be read, or has no line that is whole.</exception>
    public static List<string> Read(string path)
    {
        try
        {
            string text = File.Exists(path) ? File.ReadAllText(path) : "";
            List<string> hubs = [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n')
                .Select(static line => line.Split(' ')).Where(static words => words is [HubWord, _, { Length: > 0 }])
                .Select(static words => words[1]).Distinct()];
            return hubs.Count > 0 || text.Length == 0
                ? hubs : throw new StartException($"'{path}' names no hub: it is no file of revocations.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"'{path}' cannot be read: {e.Message}", e);
        }
    }
}
