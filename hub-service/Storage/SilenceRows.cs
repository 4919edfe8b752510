using ElderBand.BandProtocol;
using ElderBand.HubService.Devices;

namespace ElderBand.HubService.Storage;

/// <summary>Finds hubs and bands that are silent (R7, P38).</summary>
public static class SilenceRows
{
    private const long NeverHeardMs = 3_600_000;

    /// <summary>
    /// Sets every time of hearing that lies after the start to the time of the start, because the clock was ahead when
    /// it was stored. Runs at the start, before any device is judged silent. All later times of hearing come from this
    /// process's monotonic clock (R8).
    /// </summary>
    public static void HeardAtTheStartAtTheLatest(Db db, long startedAtMs)
    {
        db.Run("UPDATE hub SET last_heard_at_ms=$1 WHERE last_heard_at_ms>$1", startedAtMs);
        db.Run("UPDATE band SET last_heard_at_ms=$1 WHERE last_heard_at_ms>$1", startedAtMs);
        db.Run("UPDATE band_hub SET last_heard_at_ms=$1 WHERE last_heard_at_ms>$1", startedAtMs);
        db.Run("UPDATE technical SET closed_at_ms=$1 WHERE closed_at_ms>$1", startedAtMs);
    }

    /// <summary>
    /// Hubs that have been heard before, are silent for the limit, and have no open card about that. Silence counts
    /// from the start of this process at the earliest, because nobody was listening before.
    /// </summary>
    public static List<SilentDevice> NewlySilentHubs(Db db, long nowMs, long startedAtMs, long limitMs) =>
        db.All(
            """
            SELECT h.centre_id, h.id FROM hub h
            WHERE h.revoked_at_ms IS NULL AND h.last_heard_at_ms IS NOT NULL AND max(h.last_heard_at_ms, $2)<$1-$3
              AND NOT EXISTS (SELECT 1 FROM technical t WHERE t.hub_id=h.id AND t.kind='hubSilent' AND t.closed_at_ms IS NULL)
            """,
            static r => new SilentDevice(r.Text(0), r.Text(1), null), nowMs, startedAtMs, limitMs);

    /// <summary>
    /// Bands that are silent for the limit of their mode and have no open card about that. A band that was never heard
    /// is judged an hour after its enrolment. Without its card nobody would learn that the hub of the home does not
    /// hear it.
    /// </summary>
    public static List<SilentDevice> NewlySilentBands(Db db, long nowMs, long startedAtMs) =>
        db.All(
            """
            SELECT b.centre_id, b.id, b.mode,
              max(ifnull(b.last_heard_at_ms, $2+CASE WHEN b.created_at_ms>$3 THEN $1 ELSE b.created_at_ms END), $1)
            FROM band b
            WHERE b.revoked_at_ms IS NULL
              AND NOT EXISTS (SELECT 1 FROM technical t WHERE t.band_id=b.id AND t.kind='bandSilent' AND t.closed_at_ms IS NULL)
            """,
            static r => (Device: new SilentDevice(r.Text(0), null, r.Long(1)), Mode: (BandMode?)r.IntOrNull(2),
                SinceMs: r.Long(3)),
            startedAtMs, NeverHeardMs - DeviceRows.SilentAfterMs(null), nowMs)
            .FindAll(b => b.SinceMs < nowMs - DeviceRows.SilentAfterMs(b.Mode)).ConvertAll(static b => b.Device);

    /// <summary>
    /// Bands that have been silent for <see cref="Liveness.VisitAfterMs"/> while a hub of their home is heard. Such a
    /// band is broken, empty or without an identity, so the wearer's press reaches nobody. Silence counts from the
    /// start of this process at the earliest. A band gets at most one card in <see cref="Liveness.VisitAgainMs"/>,
    /// because staff may know that the wearer is away.
    /// </summary>
    public static List<SilentDevice> BandsToVisit(Db db, long nowMs, long startedAtMs) =>
        db.All(
            """
            SELECT b.centre_id, b.id FROM band b
            JOIN band_assignment a ON a.band_id=b.id AND a.to_ms IS NULL
            JOIN residence l ON l.resident_id=a.resident_id AND l.to_ms IS NULL
            WHERE b.revoked_at_ms IS NULL AND $5<$1-$2
              AND ifnull(b.last_heard_at_ms, CASE WHEN a.from_ms>$1 THEN $5 ELSE a.from_ms END)<$1-$2
              AND EXISTS (SELECT 1 FROM hub_placement p JOIN hub h ON h.id=p.hub_id AND h.revoked_at_ms IS NULL
                WHERE p.home_id=l.home_id AND p.to_ms IS NULL AND h.last_heard_at_ms>=$1-$3)
              AND NOT EXISTS (SELECT 1 FROM technical t WHERE t.band_id=b.id AND t.kind='visitToday'
                AND (t.closed_at_ms IS NULL OR t.closed_at_ms>$1-$4))
            """,
            static r => new SilentDevice(r.Text(0), null, r.Long(1)),
            nowMs, Liveness.VisitAfterMs, Liveness.HubSilentMs, Liveness.VisitAgainMs, startedAtMs);
}
