using System.Security.Cryptography;

namespace ElderBand.HubService.Storage;

/// <summary>
/// The sealed columns: <c>band.secret</c> and <c>band.old_secret</c>, bound to the band's address, and
/// <c>secret.value</c>, bound to 0. SQL calls <c>seal(value, address)</c> and <c>unseal(value, address)</c>.
/// </summary>
internal static class SecretRows
{
    private const int PlainBytes = BandProtocol.BandKeys.Size;

    /// <summary>
    /// At the start: checks that the key is the one of this database, stores a new key, and seals what an earlier
    /// program has stored in clear.
    /// </summary>
    /// <exception cref="StartException">The key is missing or another one.</exception>
    public static void Begin(Db db, SecretBox box, string keyFile)
    {
        if (AnySealed(db) is { } stored)
        {
            if (box.IsNew)
            {
                throw new StartException(
                    $"The key file '{keyFile}' is missing: without it the secrets of the bands cannot be read. Put "
                        + "it back, or name its place with --key-file. If it is lost, every band must be enrolled "
                        + "again (docs/operations.md).");
            }
            Check(box, stored, keyFile);
        }
        if (box.IsNew)
        {
            box.Write(keyFile);
        }
        SealPlain(db);
    }

    private static void Check(SecretBox box, Sealed stored, string keyFile)
    {
        try
        {
            box.Unseal(stored.Value, stored.Address);
        }
        catch (CryptographicException e)
        {
            throw new StartException(
                $"The key file '{keyFile}' is not the one of this database: put the right one back.", e);
        }
    }

    private static Sealed? AnySealed(Db db) =>
        db.One(
            """
            SELECT value, 0 FROM secret WHERE length(value)<>$1
            UNION ALL SELECT secret, address FROM band WHERE length(secret)<>$1 LIMIT 1
            """,
            static r => new Sealed(r.Blob(0), r.Long(1)), PlainBytes);

    private static void SealPlain(Db db)
    {
        if (db.Number(
            """
            SELECT (SELECT count(*) FROM secret WHERE length(value)=$1) + (SELECT count(*) FROM band
              WHERE length(secret)=$1 OR length(old_secret)=$1)
            """,
            PlainBytes) == 0)
        {
            return;
        }
        db.Script(
            $"""
            BEGIN IMMEDIATE;
            UPDATE secret SET value=seal(value, 0) WHERE length(value)={PlainBytes};
            UPDATE band SET secret=seal(secret, address) WHERE length(secret)={PlainBytes};
            UPDATE band SET old_secret=seal(old_secret, address) WHERE length(old_secret)={PlainBytes};
            COMMIT;
            """);
        // The clear bytes still stand in free pages and in the log.
        db.Script("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);");
    }

    private sealed record Sealed(byte[] Value, long Address);
}
