using ElderBand.BandProtocol;

namespace ElderBand.HubService.Storage;

/// <summary>When an event happened, as far as it is known.</summary>
/// <param name="AtMs">UTC ms: the time itself, or where the quality is "at least", the latest time it may be.</param>
/// <param name="Quality">How well the age is known.</param>
/// <param name="NotBeforeMs">UTC ms: the earliest time it may be.</param>
public readonly record struct EventTime(long AtMs, AgeQuality Quality, long NotBeforeMs);

/// <summary>
/// The table <c>band_clock</c>: when the boots of a band began. A press that waited in the band through a reboot has no
/// age that the band or a hub could know; the begin of its boot tells the age, and the boots around it give bounds
/// (P04, docs/adr/0057).
/// </summary>
public static class BandClocks
{
    /// <summary>Boots kept of a band; the lowest go first.</summary>
    public const int Kept = 256;

    // The band's clock in sleep is an RC oscillator, which may be 5 % off.
    private const int DriftPart = 20;
    private const long StepMs = 60_000;

    /// <summary>A band told its uptime at a known moment.</summary>
    public static void Note(Db db, BandRow band, int boot, int uptimeS, long atMs)
    {
        db.Run(
            """
            INSERT INTO band_clock (band_id, boot, centre_id, began_at_ms, heard_at_ms) VALUES ($1,$2,$3,$4,$5)
            ON CONFLICT (band_id, boot) DO UPDATE SET began_at_ms=excluded.began_at_ms,
              heard_at_ms=max(heard_at_ms, excluded.heard_at_ms)
            """,
            band.Id, boot, band.CentreId, atMs - (uptimeS * 1000L), atMs);
        db.Run(
            "DELETE FROM band_clock WHERE band_id=$1 AND boot<=(SELECT boot FROM band_clock WHERE band_id=$1 "
                + "ORDER BY boot DESC LIMIT 1 OFFSET $2)",
            band.Id, Kept);
    }

    /// <summary>When an event of the alarm lane happened.</summary>
    /// <param name="db">The database.</param>
    /// <param name="band">Which band.</param>
    /// <param name="boot">Boot of the frame.</param>
    /// <param name="uptimeS">Seconds since that boot; 0 where the frame has none.</param>
    /// <param name="hub">What the hub knows: its time and quality.</param>
    /// <param name="bootIsProven">The frame's boot tells the order of events.</param>
    public static EventTime TimeOf(
        Db db, BandRow band, int boot, int uptimeS, (long AtMs, AgeQuality Quality) hub, bool bootIsProven)
    {
        if (hub.Quality != AgeQuality.AtLeast)
        {
            return new EventTime(hub.AtMs, hub.Quality, hub.AtMs);
        }
        if (!bootIsProven)
        {
            return new EventTime(hub.AtMs, AgeQuality.AtLeast, 0);
        }
        if (db.One(
            "SELECT began_at_ms, heard_at_ms FROM band_clock WHERE band_id=$1 AND boot=$2",
            static r => new Clock(r.Long(0), r.Long(1)), band.Id, boot) is { } own)
        {
            long atMs = Math.Min(own.BeganAtMs + (uptimeS * 1000L), hub.AtMs);
            return new EventTime(atMs, AgeQuality.About, own.Before(atMs));
        }
        long later = db.Value(
            "SELECT min(began_at_ms) FROM band_clock WHERE band_id=$1 AND boot>$2", band.Id, boot) as long?
            ?? long.MaxValue;
        // A jump of the boot count is no restart (docs/adr/0022), so the uptime may run since the begin of the earlier
        // boot.
        Clock? earlier = db.One(
            "SELECT began_at_ms, heard_at_ms FROM band_clock WHERE band_id=$1 AND boot<$2 ORDER BY boot DESC LIMIT 1",
            static r => new Clock(r.Long(0), r.Long(1)), band.Id, boot);
        return new EventTime(
            Math.Min(hub.AtMs, later), AgeQuality.AtLeast,
            earlier is null ? 0 : Math.Max(earlier.HeardAtMs, earlier.Before(earlier.BeganAtMs + (uptimeS * 1000L))));
    }

    private sealed record Clock(long BeganAtMs, long HeardAtMs)
    {
        // The earliest time at which something was that this clock shows at a time.
        public long Before(long atMs) => atMs - StepMs - (Math.Abs(atMs - HeardAtMs) / DriftPart);
    }
}
