namespace ElderBand.HubService.Storage;

// Sign-in: sessions and single-use codes. Only SHA-256 hashes of tokens are stored.
public static partial class StaffRows
{
    /// <summary>Stores a session; kind: "act" or "screen".</summary>
    public static void InsertSession(
        Db db, string centreId, long staffId, byte[] tokenSha256, string kind, long nowMs, long expiresAtMs) =>
        db.Run(
            "INSERT INTO staff_session (token_sha256, centre_id, staff_id, kind, created_at_ms, expires_at_ms) VALUES "
                + "($1,$2,$3,$4,$5,$6)",
            tokenSha256, centreId, staffId, kind, nowMs, expiresAtMs);

    /// <summary>
    /// Who holds a session of that kind that has neither ended nor expired; null for nobody or a disabled one.
    /// </summary>
    public static StaffRow? BySession(Db db, byte[] tokenSha256, string kind, long nowMs) =>
        db.One(
            """
            SELECT s.id, s.centre_id, s.name, s.display_name, s.role, s.password_hash
            FROM staff_session x JOIN staff s ON s.id=x.staff_id
            WHERE x.token_sha256=$1 AND x.kind=$2 AND x.ended_at_ms IS NULL AND x.expires_at_ms>$3 AND s.disabled_at_ms IS NULL
            """,
            Map, tokenSha256, kind, nowMs);

    /// <summary>Ends a session; false where there was none.</summary>
    public static bool EndSession(Db db, byte[] tokenSha256, long nowMs) =>
        db.Run("UPDATE staff_session SET ended_at_ms=$2 WHERE token_sha256=$1 AND ended_at_ms IS NULL", tokenSha256,
            nowMs) == 1;

    /// <summary>Uses a sign-in code up; null where it is unknown, used or over.</summary>
    public static StaffRow? UseCode(Db db, byte[] codeSha256, long nowMs) =>
        db.Run(
            "UPDATE signin_code SET used_at_ms=$2 WHERE code_sha256=$1 AND used_at_ms IS NULL AND expires_at_ms>$2",
            codeSha256, nowMs) == 1
            ? ById(db, db.Number("SELECT staff_id FROM signin_code WHERE code_sha256=$1", codeSha256))
            : null;

    /// <summary>Removes sessions and codes that were over before a moment.</summary>
    public static void Forget(Db db, long beforeMs)
    {
        db.Run("DELETE FROM staff_session WHERE expires_at_ms<$1", beforeMs);
        db.Run("DELETE FROM signin_code WHERE expires_at_ms<$1", beforeMs);
    }
}
