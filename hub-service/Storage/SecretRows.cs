using Microsoft.Data.Sqlite;

namespace ElderBand.HubService.Storage;

/// <summary>
/// The sealed columns: <c>band.secret</c> and <c>band.old_secret</c>, bound to the band's address, and
/// <c>secret.value</c>, bound to 0. SQL calls <c>seal(value, address)</c> and <c>unseal(value, address)</c>. The second
/// gives NULL where a value cannot be read, so that one such row does not end the query of a list.
/// </summary>
internal static class SecretRows
{
    private const int PlainBytes = BandProtocol.BandKeys.Size;
    private const int NamedAtMost = 10;

    // The application id of a file that may still hold clear secrets in free pages or in its log: "EBW1".
    private const int UnwipedMark = 0x45425731;

    /// <summary>
    /// At the start: checks that the key is the one of this database, stores a new key, and seals what an earlier
    /// program has stored in clear. A few secrets that cannot be read do not stop the service, because all other bands
    /// need it.
    /// </summary>
    /// <returns>What is wrong with the secrets, in words for a technician; null for nothing.</returns>
    /// <exception cref="StartException">The key is missing or another one.</exception>
    public static string? Begin(Db db, SecretBox box, string keyFile)
    {
        List<Sealed> stored = AllSealed(db);
        if (box.IsNew)
        {
            if (stored.Count > 0 && !File.Exists(keyFile))
            {
                throw new StartException(
                    $"The key file '{keyFile}' is missing: without it the secrets of the bands cannot be read. Put "
                        + "it back, or name its place with --key-file. If it is lost, every band must be enrolled "
                        + "again (docs/operations.md).");
            }
            box.Write(keyFile);
        }
        List<Sealed> unreadable = stored.FindAll(s => box.TryUnseal(s.Value, s.Address) is null);
        if (unreadable.Count > 0 && unreadable.Count == stored.Count)
        {
            throw new StartException(
                $"The key file '{keyFile}' is not the one of this database: put the right one back.");
        }
        string? unwiped = SealPlain(db);
        if (unreadable.Count == 0)
        {
            return unwiped;
        }
        string names = string.Join(", ", unreadable.Take(NamedAtMost).Select(static s => s.Name));
        return $"{unreadable.Count} of {stored.Count} secrets cannot be read: {names}. A band's calls are only shown "
            + $"as cards: enrol that band again. {unwiped}".TrimEnd();
    }

    private static List<Sealed> AllSealed(Db db) =>
        db.All(
            """
            SELECT value, 0, 'key of the centre ' || centre_id FROM secret WHERE length(value)<>$1
            UNION ALL SELECT secret, address, printf('band %012x', address) FROM band
              WHERE length(secret)<>$1 AND revoked_at_ms IS NULL
            UNION ALL SELECT old_secret, address, printf('old secret of band %012x', address) FROM band
              WHERE length(old_secret)<>$1 AND revoked_at_ms IS NULL
            """,
            static r => new Sealed(r.Blob(0), r.Long(1), r.Text(2)), PlainBytes);

    private static string? SealPlain(Db db)
    {
        if (db.Number(
            """
            SELECT (SELECT count(*) FROM secret WHERE length(value)=$1) + (SELECT count(*) FROM band
              WHERE length(secret)=$1 OR length(old_secret)=$1)
            """,
            PlainBytes) > 0)
        {
            // The mark is committed with the sealed rows: a crash before the end of Wipe is found at the next start.
            db.Script(
                $"""
                BEGIN IMMEDIATE;
                UPDATE secret SET value=seal(value, 0) WHERE length(value)={PlainBytes};
                UPDATE band SET secret=seal(secret, address) WHERE length(secret)={PlainBytes};
                UPDATE band SET old_secret=seal(old_secret, address) WHERE length(old_secret)={PlainBytes};
                PRAGMA application_id={UnwipedMark};
                COMMIT;
                """);
        }
        return db.Number("PRAGMA application_id") == UnwipedMark ? Wipe(db) : null;
    }

    /// <summary>
    /// Writes the file anew, because the clear bytes still stand in its free pages and in its log. Where this fails,
    /// the mark stays for the next start, and the service runs all the same.
    /// </summary>
    /// <returns>Why it failed, in words for a technician; null where it is done.</returns>
    private static string? Wipe(Db db)
    {
        string why;
        try
        {
            db.Script("VACUUM");
            if (db.Number("PRAGMA wal_checkpoint(TRUNCATE)") == 0)
            {
                db.Script("PRAGMA application_id=0");
                return null;
            }
            why = "another program reads it";
        }
        catch (SqliteException e)
        {
            why = e.Message;
        }
        return "The secrets of the bands are sealed, but the file could not be written anew, so that their clear bytes "
            + $"still stand in it ({why}). Make room for a second copy of the file, close other programs that use it, "
            + "and restart.";
    }

    private sealed record Sealed(byte[] Value, long Address, string Name);
}
