using ElderBand.HubService.Audit;

namespace ElderBand.HubService.Storage;

/// <summary>The tables <c>audit</c> and <c>audit_segment</c>.</summary>
public static class AuditRows
{
    /// <summary>Appends a row to the chain.</summary>
    public static void Append(Db db, AuditEntry entry)
    {
        byte[] prev = db.Value("SELECT hash FROM audit ORDER BY id DESC LIMIT 1") as byte[] ?? AuditChain.Genesis;
        db.Run(
            "INSERT INTO audit (centre_id, at_ms, who, action, subject, detail, prev_hash, hash) VALUES "
                + "($1,$2,$3,$4,$5,$6,$7,$8)",
            entry.CentreId, entry.AtMs, entry.Who, entry.Action, entry.Subject, entry.Detail, prev,
            AuditChain.Hash(prev, entry));
    }

    /// <summary>All rows, oldest first.</summary>
    public static List<AuditRow> All(Db db) => After(db, 0);

    /// <summary>The rows after the one with this id, oldest first.</summary>
    public static List<AuditRow> After(Db db, long id) =>
        db.All(
            "SELECT id, centre_id, at_ms, who, action, subject, detail, prev_hash, hash FROM audit WHERE id>$1 "
                + "ORDER BY id",
            static r => new AuditRow(
                r.Long(0), new AuditEntry(r.Text(1), r.Long(2), r.Text(3), r.Text(4), r.Text(5), r.Text(6)), r.Blob(7),
                r.Blob(8)),
            id);

    /// <summary>The closed segments, oldest first.</summary>
    public static List<AuditSegment> Segments(Db db) =>
        db.All(
            "SELECT first_id, last_id, head, closed_at_ms, signature FROM audit_segment ORDER BY last_id",
            static r => new AuditSegment(r.Long(0), r.Long(1), r.Blob(2), r.Long(3), r.Blob(4)));

    /// <summary>
    /// Closes a segment. The row that says so is the first of the next segment, so that the table is never empty and
    /// ids go on.
    /// </summary>
    public static void Close(Tx tx, string centreId, AuditSegment segment)
    {
        tx.Db.Run(
            "INSERT INTO audit_segment (first_id, last_id, head, closed_at_ms, signature) VALUES ($1,$2,$3,$4,$5)",
            segment.FirstId, segment.LastId, segment.Head, segment.ClosedAtMs, segment.Signature);
        tx.Audit(
            centreId, "command", "audit.closed", $"rows:{segment.FirstId}-{segment.LastId}",
            Convert.ToHexString(segment.Head));
    }

    /// <summary>Deletes some rows of closed segments; returns how many, 0 where none is left.</summary>
    public static int DeleteClosed(Db db, int most) =>
        db.Run(
            "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE id<=(SELECT ifnull(max(last_id),0) "
                + "FROM audit_segment) ORDER BY id LIMIT $1)",
            most);
}
