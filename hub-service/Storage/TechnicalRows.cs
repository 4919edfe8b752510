namespace ElderBand.HubService.Storage;

/// <summary>What a technical card is about; Code tells apart what one kind may mean, "" for nothing.</summary>
public readonly record struct TechnicalKey(
    string CentreId, CardKind Kind, long? BandId, string? HubId, string Code = "");

/// <summary>The table <c>technical</c>: one open card per key.</summary>
public static class TechnicalRows
{
    /// <summary>
    /// Opens a card, or counts once more on the one that is open. True where a card is new or became urgent.
    /// </summary>
    /// <param name="tx">The transaction.</param>
    /// <param name="t">What about.</param>
    /// <param name="urgent">It endangers the way of an alarm.</param>
    /// <param name="detail">Free words.</param>
    public static bool Open(Tx tx, TechnicalKey t, bool urgent, string detail = "")
    {
        Db db = tx.Db;
        long id = OpenId(db, t);
        if (id == 0)
        {
            long? residentId = t.BandId is { } bandId ? DeviceRows.ResidentOf(db, bandId, tx.NowMs) : null;
            long? homeId = residentId is { } resident ? ResidentRows.HomeOf(db, resident, tx.NowMs)
                : t.HubId is { } hubId ? DeviceRows.Hub(db, hubId)?.HomeId : null;
            id = db.Insert(
                """
                INSERT INTO technical (centre_id, kind, code, urgent, since_ms, band_id, hub_id, resident_id, home_id, detail, count, revision)
                VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,1,1)
                """,
                t.CentreId, t.Kind.Code(), t.Code, urgent, tx.NowMs, t.BandId, t.HubId, residentId, homeId, detail);
            tx.Audit(t.CentreId, "service", "technical.open", $"technical:{id}",
                $"{t.Kind.Code()} {t.Code} band:{t.BandId} hub:{t.HubId} {detail}");
            tx.TechnicalChanged(t.CentreId, id);
            return true;
        }
        int more = db.Run(
            "UPDATE technical SET count=count+1, urgent=max(urgent,$2), detail=$3, revision=revision+1 WHERE id=$1 AND "
                + "(detail<>$3 OR urgent<$2)",
            id, urgent, detail);
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

    /// <summary>Closes the open card of a key, where there is one: what it was about is over.</summary>
    public static void Close(Tx tx, TechnicalKey t, string words = "")
    {
        long id = OpenId(tx.Db, t);
        if (id != 0)
        {
            Close(tx, t.CentreId, id, "service", words);
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

    /// <summary>Closes all open cards about a band or a hub.</summary>
    public static void CloseOf(Tx tx, string centreId, long? bandId, string? hubId, string words)
    {
        foreach (long id in tx.Db.All(
            "SELECT id FROM technical WHERE centre_id=$1 AND (band_id=$2 OR hub_id=$3) AND closed_at_ms IS NULL",
            static r => r.Long(0), centreId, bandId, hubId))
        {
            Close(tx, centreId, id, "service", words);
        }
    }

    /// <summary>Open cards.</summary>
    public static long OpenCount(Db db) => db.Number("SELECT count(*) FROM technical WHERE closed_at_ms IS NULL");

    private static long OpenId(Db db, TechnicalKey t) =>
        db.Number(
            """
            SELECT id FROM technical WHERE centre_id=$1 AND kind=$2 AND code=$3 AND ifnull(band_id,0)=ifnull($4,0)
              AND ifnull(hub_id,'')=ifnull($5,'') AND closed_at_ms IS NULL
            """,
            t.CentreId, t.Kind.Code(), t.Code, t.BandId, t.HubId);
}
