using System.Globalization;
using Microsoft.Data.Sqlite;

namespace ElderBand.HubService.Storage;

/// <summary>
/// The writer's connection to one database file, and what is done about a file that refuses or is damaged. Without a
/// path it is a database in memory.
/// </summary>
internal sealed class StoreFile(string? path, Db db, SecretBox? secrets = null) : IDisposable
{
    // A mended copy that is complete but not yet in the place of the file.
    private const string Whole = ".whole";

    // A copy that is still being written.
    private const string Copy = ".copy";

    private Db? _db = db;

    /// <summary>The file, null for a database in memory.</summary>
    public string? Path => path;

    /// <summary>The writer's connection. It is opened anew where an error or a mended file has closed it.</summary>
    /// <exception cref="SqliteException">The file cannot be opened.</exception>
    public Db Db => _db ??= new Db(path!, secrets: secrets);

    /// <summary>A new connection that reads.</summary>
    public Db OpenReader() => new(path!, readOnly: true, secrets: secrets);

    /// <summary>Opens or makes a file in the folder and prepares it.</summary>
    /// <exception cref="StartException">The folder or the file cannot be used; says what to do.</exception>
    public static StoreFile Open(string dataDir, string name, Action<Db> prepare, SecretBox? secrets = null)
    {
        MakeFolder(dataDir);
        string path = System.IO.Path.Combine(dataDir, name);
        try
        {
            if (File.Exists(path + Whole))
            {
                Replace(path, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
            }
            var db = new Db(path, create: true, secrets: secrets);
            try
            {
                prepare(db);
            }
            catch
            {
                db.Dispose();
                throw;
            }
            return new StoreFile(path, db, secrets);
        }
        catch (Exception e) when (e is SqliteException or IOException)
        {
            throw CannotOpen(path, e);
        }
    }

    /// <summary>The error for a file that cannot be opened.</summary>
    public static StartException CannotOpen(string path, Exception cause) => new(
        $"The database '{path}' cannot be opened ({cause.Message}). Close other programs that use it; if it is "
            + "damaged, move it away and put the last backup in its place.", cause);

    /// <summary>
    /// True where the content of the file is wrong or cannot be read; false where the file as a whole refuses, so that
    /// the same statement may work later.
    /// </summary>
    public static bool IsDamage(SqliteException e) =>
        e.SqliteErrorCode is SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_IOERR
            or SQLitePCL.raw.SQLITE_NOTADB;

    /// <summary>
    /// Looks for damage in the pages of the file and mends what it can: a copy of all tables, with new indexes, takes
    /// the place of the file. The damaged file is kept under another name.
    /// </summary>
    /// <param name="limitMs">Longest time to look; a larger file is then taken for whole.</param>
    /// <param name="nowMs">UTC, for the name of the damaged file.</param>
    /// <param name="startAnew">Makes an empty file where the tables cannot be read, null to go on with the damaged
    /// one.</param>
    /// <returns>What was found and done, in words for a technician; null for a whole file.</returns>
    public string? Mend(int limitMs, long nowMs, Action<Db>? startAnew)
    {
        if (path is null || Db.Fault(limitMs) is not { } fault)
        {
            return null;
        }
        try
        {
            bool isCopied = TryCopy(path + Copy);
            if (!isCopied && startAnew is null)
            {
                return $"{fault}. The tables cannot be copied: put the last backup in the place of {path}.";
            }
            if (!isCopied)
            {
                DeleteCopy();
                using var empty = new Db(path + Copy, create: true);
                startAnew!(empty);
            }
            using (FileStream written = File.OpenWrite(path + Copy))
            {
                written.Flush(flushToDisk: true);
            }
            File.Move(path + Copy, path + Whole, overwrite: true);
            Close();
            string aside = Replace(path, nowMs);
            return isCopied
                ? $"{fault}. Nothing is lost: all tables were copied. The damaged file is {aside}."
                : $"{fault}. An empty file was begun. The damaged file is {aside}.";
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            // Later writes go to the damaged file: the next start must not put the older copy in its place.
            File.Delete(path + Whole);
            return $"{fault}. The file could not be mended, and is used as it is: {e.Message}";
        }
    }

    /// <summary>
    /// False where a table cannot be read. Any other error, for instance a full disk, says nothing of the tables and is
    /// thrown.
    /// </summary>
    private bool TryCopy(string copy)
    {
        DeleteCopy();
        try
        {
            using var whole = new Db(copy, create: true);
            TableCopy.Run(Db, whole);
            return true;
        }
        catch (SqliteException e) when (IsDamage(e))
        {
            return false;
        }
    }

    private void DeleteCopy()
    {
        foreach (string ending in (ReadOnlySpan<string>)["", "-wal", "-shm"])
        {
            File.Delete(path + Copy + ending);
        }
    }

    /// <summary>
    /// Puts the whole file, which lies beside the database, in its place; repeated at the start after a power cut.
    /// No connection may be open.
    /// </summary>
    private static string Replace(string path, long nowMs)
    {
        string aside = Aside(path, nowMs);
        foreach (string ending in (ReadOnlySpan<string>)["", "-wal"])
        {
            if (File.Exists(path + ending))
            {
                File.Copy(path + ending, aside + ending, overwrite: true);
            }
        }
        File.Delete(path + "-wal");
        File.Delete(path + "-shm");
        File.Move(path + Whole, path, overwrite: true);
        return aside;
    }

    /// <summary>
    /// Moves a database file away, with its log, and returns the new name. No connection may be open.
    /// </summary>
    public static string SetAside(string path, long nowMs)
    {
        string aside = Aside(path, nowMs);
        foreach (string ending in (ReadOnlySpan<string>)["", "-wal", "-shm"])
        {
            if (File.Exists(path + ending))
            {
                File.Move(path + ending, aside + ending, overwrite: true);
            }
        }
        return aside;
    }

    private static string Aside(string path, long nowMs)
    {
        string time = DateTimeOffset.FromUnixTimeMilliseconds(nowMs)
            .ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        return $"{path}.damaged-{time}";
    }

    /// <summary>
    /// The open connection would still take writes for a file that is gone, and the next start would not find them.
    /// </summary>
    public void ThrowIfGone()
    {
        if (path is not null && !File.Exists(path))
        {
            throw new SqliteException("The database file is gone: put it back.", SQLitePCL.raw.SQLITE_CANTOPEN);
        }
    }

    /// <summary>True where the file takes a write of its first page.</summary>
    public bool TakesWrites()
    {
        try
        {
            ThrowIfGone();
            Db.Script($"BEGIN IMMEDIATE; PRAGMA user_version={Db.Number("PRAGMA user_version")}; COMMIT;");
            return true;
        }
        catch (SqliteException e)
        {
            Recover(e);
            return false;
        }
    }

    /// <summary>Ends the transaction. Closes the connection where the error may have left it unusable.</summary>
    public void Recover(SqliteException cause)
    {
        try
        {
            Db.Run("ROLLBACK");
        }
        catch (SqliteException)
        {
            // No transaction is open: a full disk or an I/O error has rolled it back already.
        }
        if (path is null || cause.SqliteErrorCode is SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED
            or SQLitePCL.raw.SQLITE_FULL)
        {
            return;
        }
        Close();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (path is not null)
        {
            Close();
        }
    }

    private void Close()
    {
        _db?.Dispose();
        _db = null;
    }

    private static void MakeFolder(string dataDir)
    {
        try
        {
            OwnerOnly.MakeFolder(dataDir);
            string probe = System.IO.Path.Combine(dataDir, $".write-{Environment.ProcessId}");
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException(
                $"The data folder '{dataDir}' cannot be written ({e.Message}). Make it writable or choose another with "
                    + "--data DIR.", e);
        }
    }
}
