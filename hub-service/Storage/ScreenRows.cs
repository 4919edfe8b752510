namespace ElderBand.HubService.Storage;

/// <summary>A wall screen that is not revoked.</summary>
public sealed record ScreenRow(long Id, string CentreId, string Name, long RegisteredAtMs);

/// <summary>The table <c>screen</c>. Only SHA-256 hashes of tokens are stored.</summary>
public static class ScreenRows
{
    private const string Columns = "id, centre_id, name, registered_at_ms";

    /// <summary>Registers one.</summary>
    public static long Insert(Db db, string centreId, string name, byte[] tokenSha256, long nowMs) =>
        db.Insert(
            "INSERT INTO screen (centre_id, name, token_sha256, registered_at_ms) VALUES ($1,$2,$3,$4)",
            centreId, name, tokenSha256, nowMs);

    /// <summary>The screen with that token; null where there is none or it was revoked.</summary>
    public static ScreenRow? ByToken(Db db, byte[] tokenSha256) =>
        db.One($"SELECT {Columns} FROM screen WHERE token_sha256=$1 AND revoked_at_ms IS NULL", Map, tokenSha256);

    /// <summary>All of a centre, by name.</summary>
    public static List<ScreenRow> All(Db db, string centreId) =>
        db.All($"SELECT {Columns} FROM screen WHERE centre_id=$1 AND revoked_at_ms IS NULL ORDER BY name, id", Map,
            centreId);

    /// <summary>Gives it another name; false where there is none in this centre.</summary>
    public static bool Rename(Db db, string centreId, long id, string name) =>
        db.Run("UPDATE screen SET name=$3 WHERE id=$1 AND centre_id=$2 AND revoked_at_ms IS NULL", id, centreId, name)
            == 1;

    /// <summary>It reads no more; false where there is none in this centre.</summary>
    public static bool Revoke(Db db, string centreId, long id, long nowMs) =>
        db.Run(
            "UPDATE screen SET revoked_at_ms=$3 WHERE id=$1 AND centre_id=$2 AND revoked_at_ms IS NULL", id, centreId,
            nowMs) == 1;

    private static ScreenRow Map(Row r) => new(r.Long(0), r.Text(1), r.Text(2), r.Long(3));
}
