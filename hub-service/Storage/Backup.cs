using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using ElderBand.BandProtocol;

namespace ElderBand.HubService.Storage;

/// <summary>A file in a backup. Sha256 is hexadecimal.</summary>
public sealed record BackupFile(string Name, long Size, string Sha256);

/// <summary>
/// The entry <c>manifest.json</c> of a backup: the form of the archive, when it was made (UTC ms), which database it
/// is, and what is in it.
/// </summary>
public sealed record BackupManifest(int Form, long MadeAtMs, uint Incarnation, IReadOnlyList<BackupFile> Files);

/// <summary>
/// A backup is one ZIP archive of the data folder with checksums (docs/adr/0115). Both databases are copied with
/// SQLite's own backup, so that each is as it was at one moment, also while the service runs. The key of the bands'
/// secrets is not in it, nor is the file <c>incarnation</c>: its absence tells the next start that the database was put
/// back.
/// </summary>
public static class Backup
{
    private const int Form = 1;
    private const string ManifestName = "manifest.json";
    private const string Alarms = "elderband.db";
    private const string Vitals = "vitals.db";

    private static readonly string[] Others =
        ["ca.pem", "ca-key.pem", "server.pem", "family-links.key", Revocations.FileName];

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Writes the backup of a data folder to a new file.</summary>
    /// <exception cref="StartException">The file exists or cannot be written, or a database is damaged.</exception>
    public static BackupManifest Make(string dataDir, string file, long nowMs)
    {
        if (File.Exists(file))
        {
            throw new StartException($"'{file}' exists. A backup is never written over: name a new file with --out.");
        }
        string part = $"{file}.part";
        string folder = $"{file}.copies";
        try
        {
            OwnerOnly.MakeFolder(folder);
            uint incarnation = CopyDatabase(dataDir, folder, Alarms, Storage.Incarnation.Value);
            CopyDatabase(dataDir, folder, Vitals, static _ => 0u);
            foreach (string name in Others.Where(name => File.Exists(Path.Combine(dataDir, name))))
            {
                File.Copy(Path.Combine(dataDir, name), Path.Combine(folder, name));
            }
            var manifest = new BackupManifest(
                Form, nowMs, incarnation,
                [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal).Select(Describe)]);
            OwnerOnly.Write(part, []);
            using (var stream = new FileStream(part, FileMode.Open, FileAccess.ReadWrite))
            {
                using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
                {
                    using (Stream entry = archive.CreateEntry(ManifestName).Open())
                    {
                        JsonSerializer.Serialize(entry, manifest, Json);
                    }
                    foreach (BackupFile copied in manifest.Files)
                    {
                        archive.CreateEntryFromFile(
                            Path.Combine(folder, copied.Name), copied.Name, CompressionLevel.Fastest);
                    }
                }
                stream.Flush(flushToDisk: true);
            }
            File.Move(part, file, overwrite: false);
            return manifest;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"The backup '{file}' cannot be written: {e.Message}", e);
        }
        finally
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
            File.Delete(part);
        }
    }

    /// <summary>
    /// Verifies a backup, opens it as a database that was put back, and moves it into a data folder without one.
    /// Nothing is in the folder where any of this fails.
    /// </summary>
    /// <returns>What was restored, and the new incarnation.</returns>
    /// <exception cref="StartException">The folder has a database, the backup is damaged or of a newer program, or the
    /// key of the bands' secrets is missing or another one.</exception>
    public static (BackupManifest Manifest, uint Incarnation) Restore(
        string file, string dataDir, Clock clock, string? keyFile, string? revocations)
    {
        // SQLite and the next start would bring what an old log or a mended copy says into the restored database.
        string[] patterns = [$"{Alarms}*", $"{Vitals}*", .. Others, "incarnation*"];
        if (Directory.Exists(dataDir)
            && patterns.SelectMany(pattern => Directory.GetFiles(dataDir, pattern)).Select(Path.GetFileName)
                .FirstOrDefault() is { } present)
        {
            throw new StartException(
                $"'{dataDir}' holds {present}. Stop the service and give that folder another name first; keep it.");
        }
        string folder = $"{Path.TrimEndingDirectorySeparator(Path.GetFullPath(dataDir))}.restoring";
        try
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true); // left by a restore that was cut off
            }
            OwnerOnly.MakeFolder(folder);
            BackupManifest manifest = Extract(file, folder);
            uint incarnation = Open(folder, dataDir, clock, keyFile, revocations);
            OwnerOnly.MakeFolder(dataDir);
            // The alarms' database comes last: a folder without it is no data folder yet.
            foreach (string path in Directory.GetFiles(folder)
                .OrderBy(static path => path.EndsWith(Alarms, StringComparison.Ordinal)))
            {
                File.Move(path, Path.Combine(dataDir, Path.GetFileName(path)));
            }
            return (manifest, incarnation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new StartException($"The backup '{file}' cannot be restored: {e.Message}", e);
        }
        finally
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static T CopyDatabase<T>(string dataDir, string folder, string name, Func<Db, T> read)
    {
        string path = Path.Combine(dataDir, name);
        if (!File.Exists(path))
        {
            throw new StartException($"There is no {name} in '{dataDir}'. Name its folder with --data.");
        }
        using var copy = new Db(Path.Combine(folder, name), create: true);
        using (var db = new Db(path, readOnly: true))
        {
            db.CopyTo(copy);
        }
        return copy.Fault(Timeout.Infinite) is { } fault
            ? throw new StartException($"{path} is damaged ({fault}): keep the backups that you have.")
            : read(copy);
    }

    private static BackupFile Describe(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return new BackupFile(Path.GetFileName(path), stream.Length, Convert.ToHexString(SHA256.HashData(stream)));
    }

    private static BackupManifest Extract(string file, string folder)
    {
        using ZipArchive archive = ZipFile.OpenRead(file);
        using Stream entry = archive.GetEntry(ManifestName)?.Open()
            ?? throw new StartException($"'{file}' is no backup: it has no {ManifestName}.");
        BackupManifest manifest = Read(entry, file);
        if (manifest.Form != Form)
        {
            throw new StartException(
                $"'{file}' has form {manifest.Form}, this program knows {Form}: use the program that made it.");
        }
        string[] known = [Alarms, Vitals, .. Others];
        if (!manifest.Files.Any(static f => f.Name == Alarms)
            || manifest.Files.FirstOrDefault(f => !known.Contains(f.Name, StringComparer.Ordinal)) is not null)
        {
            throw new StartException($"'{file}' is no backup of a data folder.");
        }
        foreach (BackupFile wanted in manifest.Files)
        {
            string path = Path.Combine(folder, wanted.Name);
            ZipArchiveEntry content = archive.GetEntry(wanted.Name)
                ?? throw new StartException(
                    $"The backup '{file}' is damaged: {wanted.Name} is missing. Use another one.");
            OwnerOnly.Write(path, []);
            using (Stream from = content.Open())
            using (FileStream to = File.OpenWrite(path))
            {
                from.CopyTo(to);
                to.Flush(flushToDisk: true);
            }
            if (Describe(path) != wanted)
            {
                throw new StartException(
                    $"The backup '{file}' is damaged: {wanted.Name} is not what was written. Use another one.");
            }
        }
        return manifest;
    }

    private static BackupManifest Read(Stream entry, string file)
    {
        try
        {
            return JsonSerializer.Deserialize<BackupManifest>(entry, Json) is { Files: not null } manifest
                && manifest.Files.All(static f => f is { Name: not null, Sha256: not null })
                ? manifest
                : throw new JsonException("no files");
        }
        catch (JsonException e)
        {
            throw new StartException($"'{file}' is no backup: its {ManifestName} cannot be read.", e);
        }
    }

    /// <summary>
    /// Opens the database as the service does: brings it to this program's version, checks the key, and gives it a new
    /// incarnation. Hubs that were revoked since the backup are revoked again.
    /// </summary>
    private static uint Open(string folder, string dataDir, Clock clock, string? keyFile, string? revocations)
    {
        string key = keyFile ?? SecretBox.DefaultFile(dataDir);
        if (!File.Exists(key))
        {
            throw new StartException(
                $"The key file '{key}' is missing: put its copy there first, or name its place with --key-file. If it "
                    + "is lost, every band must be enrolled again (docs/operations.md).");
        }
        using Store store = Store.Open(folder, clock, key);
        if (revocations is not null && !File.Exists(revocations))
        {
            throw new StartException($"There is no file '{revocations}'.");
        }
        foreach (string hubId in Revocations.Read(revocations ?? Path.Combine(folder, Revocations.FileName)))
        {
            if (store.WriteAsync(Lane.Alarm, tx => DeviceRows.Hub(tx.Db, hubId) is { } hub && Revocations.RevokeHub(
                tx, hub.CentreId, hubId, "command", "revoked since the backup")).GetAwaiter().GetResult())
            {
                Revocations.Add(folder, hubId, clock.NowMs);
            }
        }
        store.NoteHeartbeat(store.Read(Heartbeat.Read));
        return store.Read(Storage.Incarnation.Value);
    }
}
