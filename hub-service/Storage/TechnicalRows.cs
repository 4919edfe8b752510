namespace ElderBand.HubService.Storage;

/// <summary>A technical card to open; Detail: free words.</summary>
public sealed record NewTechnical(
    string CentreId, string Kind, bool Urgent, long? BandId, string? HubId, long? ResidentId, long? HomeId, string Detail);

/// <summary>The table <c>technical</c>: one open card per (kind, band, hub).</summary>
public static class TechnicalRows
{
    /// <summary>Opens a card, or counts once more on the one that is open. True where a card is new or became urgent.</summary>
    public static bool Open(Tx tx, NewTechnical t)
    {
        Db db = tx.Db;
        long id = OpenId(db, t.CentreId, t.Kind, t.BandId, t.HubId);
        if (id == 0)
        {
            id = db.Insert(
                """
                INSERT INTO technical (centre_id, kind, urgent, since_ms, band_id, hub_id, resident_id, home_id, detail, count, revision)
                VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,1,1)
                """,
                t.CentreId, t.Kind, t.Urgent, tx.NowMs, t.BandId, t.HubId, t.ResidentId, t.HomeId, t.Detail);
            tx.Audit(t.CentreId, "service", "technical.open", $"technical:{id}", $"{t.Kind} band:{t.BandId} hub:{t.HubId} {t.Detail}");
            tx.TechnicalChanged(t.CentreId, id);
            return true;
        }
        int more = db.Run(
            "UPDATE technical SET count=count+1, urgent=max(urgent,$2), detail=$3, revision=revision+1 WHERE id=$1 AND (detail<>$3 OR urgent<$2)",
            id, t.Urgent, t.Detail);
        if (more > 0)
        {
            tx.TechnicalChanged(t.CentreId, id);
        }
        else
        {
            db.Run("UPDATE technical SET count=count+1 WHERE id=$1", id);
        }
        return false;
    }

    /// <summary>Closes the open card of (kind, band, hub), where there is one.</summary>
    public static void Close(Tx tx, string centreId, string kind, long? bandId, string? hubId, string by, string words = "")
    {
        long id = OpenId(tx.Db, centreId, kind, bandId, hubId);
        if (id != 0)
        {
            Close(tx, centreId, id, by, words);
        }
    }

    /// <summary>Closes a card by id; false where there is none open in this centre.</summary>
    public static bool Close(Tx tx, string centreId, long id, string by, string words)
    {
        int closed = tx.Db.Run(
            """
            UPDATE technical SET closed_at_ms=$3, closed_by=$4, closing_words=$5, revision=revision+1
            WHERE id=$1 AND centre_id=$2 AND closed_at_ms IS NULL
            """,
            id, centreId, tx.NowMs, by, words);
        if (closed == 0)
        {
            return false;
        }
        tx.Audit(centreId, by, "technical.close", $"technical:{id}", words);
        tx.TechnicalChanged(centreId, id);
        return true;
    }

    /// <summary>Open cards.</summary>
    public static long OpenCount(Db db) => db.Number("SELECT count(*) FROM technical WHERE closed_at_ms IS NULL");

    private static long OpenId(Db db, string centreId, string kind, long? bandId, string? hubId) =>
        db.Number(
            """
            SELECT id FROM technical WHERE centre_id=$1 AND kind=$2 AND ifnull(band_id,0)=ifnull($3,0)
              AND ifnull(hub_id,'')=ifnull($4,'') AND closed_at_ms IS NULL
            """,
            centreId, kind, bandId, hubId);
}
