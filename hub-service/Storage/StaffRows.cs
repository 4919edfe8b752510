namespace ElderBand.HubService.Storage;

/// <summary>A member of staff.</summary>
public sealed record StaffRow(
    long Id, string CentreId, string Name, string DisplayName, string Role, string PasswordHash);

/// <summary>The table <c>staff</c>; sign-in has its own functions in other files.</summary>
public static partial class StaffRows
{
    private const string Columns = "id, centre_id, name, display_name, role, password_hash";

    /// <summary>The name to show, or "?" for nobody.</summary>
    public static string DisplayName(Db db, long staffId) =>
        db.Value("SELECT display_name FROM staff WHERE id=$1", staffId) as string ?? "?";

    /// <summary>By sign-in name, unless disabled.</summary>
    public static StaffRow? ByName(Db db, string name) =>
        db.One($"SELECT {Columns} FROM staff WHERE name=$1 AND disabled_at_ms IS NULL", Map, name);

    /// <summary>By id, unless disabled.</summary>
    public static StaffRow? ById(Db db, long id) =>
        db.One($"SELECT {Columns} FROM staff WHERE id=$1 AND disabled_at_ms IS NULL", Map, id);

    /// <summary>Adds one; the name must be new.</summary>
    public static long Insert(
        Db db, string centreId, string name, string displayName, string role, string passwordHash, long nowMs) =>
        db.Insert(
            "INSERT INTO staff (centre_id, name, display_name, role, password_hash, created_at_ms) VALUES "
                + "($1,$2,$3,$4,$5,$6)",
            centreId, name, displayName, role, passwordHash, nowMs);

    /// <summary>All of a centre who have not left, by name.</summary>
    public static List<StaffRow> All(Db db, string centreId) =>
        db.All($"SELECT {Columns} FROM staff WHERE centre_id=$1 AND disabled_at_ms IS NULL ORDER BY name", Map,
            centreId);

    /// <summary>Ends the account and its sign-ins; the sign-in name is free again.</summary>
    public static void Disable(Db db, long id, long nowMs)
    {
        db.Run("UPDATE staff SET disabled_at_ms=$2, name=name||'~'||id WHERE id=$1", id, nowMs);
        db.Run("UPDATE staff_session SET ended_at_ms=$2 WHERE staff_id=$1 AND ended_at_ms IS NULL", id, nowMs);
        db.Run("DELETE FROM signin_code WHERE staff_id=$1", id);
    }

    /// <summary>Stores another password and ends the sign-ins but one.</summary>
    public static void SetPassword(Db db, long id, string passwordHash, long keptSignInId, long nowMs)
    {
        db.Run("UPDATE staff SET password_hash=$2 WHERE id=$1", id, passwordHash);
        db.Run(
            """
            UPDATE staff_session SET ended_at_ms=$2 WHERE staff_id=$1 AND signin_id<>$3 AND ended_at_ms IS NULL
            """,
            id, nowMs, keptSignInId);
        db.Run("DELETE FROM signin_code WHERE staff_id=$1", id);
    }

    /// <summary>Stores a single-use sign-in code by its SHA-256.</summary>
    public static void InsertCode(Db db, string centreId, long staffId, byte[] codeSha256, long expiresAtMs) =>
        db.Run(
            "INSERT INTO signin_code (code_sha256, centre_id, staff_id, expires_at_ms) VALUES ($1,$2,$3,$4)",
            codeSha256, centreId, staffId, expiresAtMs);

    private static StaffRow Map(Row r) => new(r.Long(0), r.Text(1), r.Text(2), r.Text(3), r.Text(4), r.Text(5));
}
