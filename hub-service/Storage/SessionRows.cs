namespace ElderBand.HubService.Storage;

/// <summary>A sign-in that has neither ended nor expired, as the list shows it. Acts: its 12 h are not over.</summary>
public sealed record SignInRow(
    long Id, long StaffId, string DisplayName, long AtMs, string Address, string Browser, bool Acts);

// Sign-in: sessions and single-use codes. Only SHA-256 hashes of tokens are stored.
public static partial class StaffRows
{
    /// <summary>Stores a sign-in; its two sessions name it.</summary>
    public static long InsertSignIn(Db db, StaffRow staff, string address, string browser, long nowMs) =>
        db.Insert(
            "INSERT INTO signin (centre_id, staff_id, at_ms, address, browser) VALUES ($1,$2,$3,$4,$5)",
            staff.CentreId, staff.Id, nowMs, address, browser);

    /// <summary>Stores a session of a sign-in; kind: "act" or "screen".</summary>
    public static void InsertSession(
        Db db, StaffRow staff, long signInId, byte[] tokenSha256, string kind, long nowMs, long expiresAtMs) =>
        db.Run(
            """
            INSERT INTO staff_session (token_sha256, centre_id, staff_id, kind, created_at_ms, expires_at_ms, signin_id)
            VALUES ($1,$2,$3,$4,$5,$6,$7)
            """,
            tokenSha256, staff.CentreId, staff.Id, kind, nowMs, expiresAtMs, signInId);

    /// <summary>
    /// Who holds a session of that kind that has neither ended nor expired, and by which sign-in; null for nobody or a
    /// disabled one.
    /// </summary>
    public static (StaffRow Staff, long SignInId)? BySession(Db db, byte[] tokenSha256, string kind, long nowMs) =>
        db.One(
            """
            SELECT s.id, s.centre_id, s.name, s.display_name, s.role, s.password_hash, x.signin_id
            FROM staff_session x JOIN staff s ON s.id=x.staff_id
            WHERE x.token_sha256=$1 AND x.kind=$2 AND x.ended_at_ms IS NULL AND x.expires_at_ms>$3 AND s.disabled_at_ms IS NULL
            """,
            static r => new Held(Map(r), r.Long(6)), tokenSha256, kind, nowMs) is { } held
            ? (held.Staff, held.SignInId) : null;

    /// <summary>Sign-ins of a centre, or of one person, that can still read; the newest first.</summary>
    public static List<SignInRow> SignIns(Db db, string centreId, long? staffId, long nowMs) =>
        db.All(
            """
            SELECT i.id, s.id, s.display_name, i.at_ms, i.address, i.browser, max(x.kind='act')
            FROM signin i JOIN staff s ON s.id=i.staff_id JOIN staff_session x ON x.signin_id=i.id
            WHERE i.centre_id=$1 AND ($2 IS NULL OR s.id=$2) AND x.ended_at_ms IS NULL AND x.expires_at_ms>$3
              AND s.disabled_at_ms IS NULL
            GROUP BY i.id ORDER BY i.at_ms DESC, i.id DESC
            """,
            static r => new SignInRow(
                r.Long(0), r.Long(1), r.Text(2), r.Long(3), r.Text(4), r.Text(5), r.Bool(6)),
            centreId, staffId, nowMs);

    /// <summary>Ends both sessions of a sign-in; false where none was left.</summary>
    public static bool EndSignIn(Db db, long signInId, long nowMs) =>
        db.Run("UPDATE staff_session SET ended_at_ms=$2 WHERE signin_id=$1 AND ended_at_ms IS NULL", signInId, nowMs)
            > 0;

    /// <summary>Uses a sign-in code up; null where it is unknown, used or over.</summary>
    public static StaffRow? UseCode(Db db, byte[] codeSha256, long nowMs) =>
        db.Run(
            "UPDATE signin_code SET used_at_ms=$2 WHERE code_sha256=$1 AND used_at_ms IS NULL AND expires_at_ms>$2",
            codeSha256, nowMs) == 1
            ? ById(db, db.Number("SELECT staff_id FROM signin_code WHERE code_sha256=$1", codeSha256))
            : null;

    /// <summary>Removes sign-ins, their sessions and codes that were over before a moment.</summary>
    public static void Forget(Db db, long beforeMs)
    {
        db.Run("DELETE FROM staff_session WHERE expires_at_ms<$1", beforeMs);
        db.Run("DELETE FROM signin WHERE id NOT IN (SELECT signin_id FROM staff_session)");
        db.Run("DELETE FROM signin_code WHERE expires_at_ms<$1", beforeMs);
    }

    private sealed record Held(StaffRow Staff, long SignInId);
}
