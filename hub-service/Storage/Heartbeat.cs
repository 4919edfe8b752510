namespace ElderBand.HubService.Storage;

/// <summary>The table <c>heartbeat</c>.</summary>
public static class Heartbeat
{
    /// <summary>Time of the newest heartbeat, UTC ms. 0 where there is none.</summary>
    public static long Read(Db db) => db.Number("SELECT at_ms FROM heartbeat");

    /// <summary>Writes the time, so that a database that takes no writes is noticed within seconds.</summary>
    public static void Write(Tx tx) =>
        tx.Db.Run(
            "INSERT INTO heartbeat (id, at_ms) VALUES (1,$1) ON CONFLICT (id) DO UPDATE SET at_ms=excluded.at_ms",
                tx.NowMs);
}
