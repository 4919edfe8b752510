using ElderBand.HubService.Audit;

namespace ElderBand.HubService.Storage;

/// <summary>The table <c>audit</c>.</summary>
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
    public static List<AuditRow> All(Db db) =>
        db.All(
            "SELECT id, centre_id, at_ms, who, action, subject, detail, prev_hash, hash FROM audit ORDER BY id",
            static r => new AuditRow(
                r.Long(0), new AuditEntry(r.Text(1), r.Long(2), r.Text(3), r.Text(4), r.Text(5), r.Text(6)), r.Blob(7),
                r.Blob(8)));
}
