using ElderBand.BandProtocol;

namespace ElderBand.HubService.Storage;

/// <summary>A hub as stored, with what it last said of itself. HomeId is its present place.</summary>
public sealed record HubRow(
    string Id, string CentreId, byte[] PasswordSha256, long? RevokedAtMs, long? LastHeardAtMs, long? HomeId, int? Boot,
    long? UptimeS,
    int Life)
{
    /// <summary>The sender under which its frames are kept.</summary>
    public string Sender => Life == 0 ? $"h{Id}" : $"h{Id}~{Life}";
}

/// <summary>Settings of a band; the version only rises.</summary>
public sealed record BandConfiguration(
    int Version, bool GuardAlways, byte Sensitivity, bool WalkingAid, byte BedFromQuarter, byte BedToQuarter,
    byte InactivityTenMinutes);

/// <summary>
/// A band as stored. Secret has 32 bytes, or none where it cannot be read, and was changed KeyEpoch times since the
/// label. OldSecret is the secret before, kept while frames under it may come. AppliedVersion holds the low 8 bits that
/// the band last echoed.
/// </summary>
public sealed record BandRow(
    long Id, string CentreId, long Address, byte[] Secret, string Label, long? RevokedAtMs,
    BandConfiguration Configuration,
    long? LastHeardAtMs, int? Boot, int? UptimeS, BandMode? Mode, Wear? Wear, int? BatteryPct, int? AppliedVersion,
    byte[]? OldSecret, int KeyEpoch, int KeyOffered, int KeyWanted)
{
    /// <summary>The sender under which its frames are kept.</summary>
    public string Sender => $"b{Id}";

    /// <summary>False where the stored secret cannot be read: then no frame is checked or signed.</summary>
    public bool HasSecret => Secret.Length > 0;

    /// <summary>True while the band is offered its next secret. Its hubs then have the keys of both secrets.</summary>
    public bool IsOfferedKey => KeyOffered > KeyEpoch;
}

/// <summary>A band as a hub of its home needs it.</summary>
public sealed record BandLink(BandRow Band, long HomeId, int LinkEpoch);

/// <summary>A device that has not been heard in time.</summary>
public sealed record SilentDevice(string CentreId, string? HubId, long? BandId);

/// <summary>
/// The tables <c>hub</c>, <c>hub_placement</c>, <c>band</c>, <c>band_assignment</c> and <c>band_hub</c>.
/// </summary>
public static class DeviceRows
{
    private const string BandColumns =
        "b.id, b.centre_id, b.address, unseal(b.secret, b.address), b.label, b.revoked_at_ms, b.config_version, "
        + "b.guard_always, b.sensitivity, b.walking_aid, b.bed_from_quarter, b.bed_to_quarter, "
        + "b.inactivity_ten_minutes, b.last_heard_at_ms, b.boot, b.uptime_s, b.mode, b.wear, b.battery_pct, "
        + "b.applied_version, unseal(b.old_secret, b.address), b.key_epoch, b.key_offered, b.key_wanted";

    /// <summary>A hub by id, revoked or not.</summary>
    public static HubRow? Hub(Db db, string id) =>
        db.One(
            """
            SELECT h.id, h.centre_id, h.password_sha256, h.revoked_at_ms, h.last_heard_at_ms,
              (SELECT home_id FROM hub_placement WHERE hub_id=h.id AND to_ms IS NULL ORDER BY id DESC LIMIT 1), h.boot, h.uptime_s, h.life
            FROM hub h WHERE h.id=$1
            """,
            MapHub, id);

    /// <summary>All hubs of a centre that are not revoked.</summary>
    public static List<HubRow> Hubs(Db db, string centreId) =>
        db.All(
            """
            SELECT h.id, h.centre_id, h.password_sha256, h.revoked_at_ms, h.last_heard_at_ms,
              (SELECT home_id FROM hub_placement WHERE hub_id=h.id AND to_ms IS NULL ORDER BY id DESC LIMIT 1), h.boot, h.uptime_s, h.life
            FROM hub h WHERE h.centre_id=$1 AND h.revoked_at_ms IS NULL ORDER BY h.id
            """,
            MapHub, centreId);

    /// <summary>Adds a hub.</summary>
    public static void InsertHub(Db db, string centreId, string id, byte[] passwordSha256, long nowMs) =>
        db.Run(
            "INSERT INTO hub (id, centre_id, password_sha256, created_at_ms) VALUES ($1,$2,$3,$4)",
            id, centreId, passwordSha256, nowMs);

    /// <summary>The hub stands in that home from now on.</summary>
    public static void PlaceHub(Db db, string centreId, string hubId, long homeId, long nowMs)
    {
        if (Hub(db, hubId)?.HomeId == homeId)
        {
            return;
        }
        db.Run("UPDATE hub_placement SET to_ms=$2 WHERE hub_id=$1 AND to_ms IS NULL", hubId, nowMs);
        db.Run(
            "INSERT INTO hub_placement (centre_id, hub_id, home_id, from_ms) VALUES ($1,$2,$3,$4)",
            centreId, hubId, homeId, nowMs);
    }

    /// <summary>What a hub said in its hello or beat.</summary>
    public static void HubHeard(
        Db db, string hubId, long nowMs, int boot, long uptimeS, long wallMs, int firmware, int waiting, int flags) =>
        db.Run(
            """
            UPDATE hub SET last_heard_at_ms=$2, boot=$3, uptime_s=$4, wall_ms=$5, firmware=$6, waiting=$7, flags=$8
            WHERE id=$1
            """,
            hubId, nowMs, boot, uptimeS, wallMs, firmware, waiting, flags);

    /// <summary>A hub was heard by anything else it sent.</summary>
    public static void HubHeard(Db db, string hubId, long nowMs) =>
        db.Run("UPDATE hub SET last_heard_at_ms=$2 WHERE id=$1", hubId, nowMs);

    /// <summary>The hub counts from the start again: what it says from now on is new.</summary>
    public static void RaiseHubLife(Db db, string hubId) => db.Run("UPDATE hub SET life=life+1 WHERE id=$1", hubId);

    /// <summary>A band in use by its address.</summary>
    public static BandRow? BandByAddress(Db db, long address) =>
        db.One($"SELECT {BandColumns} FROM band b WHERE b.address=$1 AND b.revoked_at_ms IS NULL", MapBand, address);

    /// <summary>A band by id.</summary>
    public static BandRow? Band(Db db, long id) =>
        db.One($"SELECT {BandColumns} FROM band b WHERE b.id=$1", MapBand, id);

    /// <summary>Revokes a hub: it signs in no more.</summary>
    public static void RevokeHub(Db db, string hubId, long nowMs) =>
        db.Run("UPDATE hub SET revoked_at_ms=$2 WHERE id=$1 AND revoked_at_ms IS NULL", hubId, nowMs);

    /// <summary>Revokes a band: nobody wears it, and its address is free.</summary>
    public static void RevokeBand(Db db, long bandId, long nowMs)
    {
        db.Run("UPDATE band SET revoked_at_ms=$2 WHERE id=$1 AND revoked_at_ms IS NULL", bandId, nowMs);
        db.Run("UPDATE band_assignment SET to_ms=$2 WHERE band_id=$1 AND to_ms IS NULL", bandId, nowMs);
    }

    /// <summary>Bands that a resident wears now.</summary>
    public static List<BandRow> BandsOf(Db db, long residentId) =>
        db.All(
            $"""
            SELECT {BandColumns} FROM band_assignment a JOIN band b ON b.id=a.band_id AND b.revoked_at_ms IS NULL
            WHERE a.resident_id=$1 AND a.to_ms IS NULL ORDER BY b.id
            """,
            MapBand, residentId);

    /// <summary>New link keys for a home.</summary>
    public static void RaiseLinkEpoch(Db db, long homeId) =>
        db.Run("UPDATE home SET link_epoch=link_epoch+1 WHERE id=$1", homeId);

    /// <summary>
    /// Makes the epoch of a home higher than any that the band may know from another home: it is told its new link
    /// group, and takes it only so. Without an earlier home its QR code has told it.
    /// </summary>
    public static void PassLinkEpoch(Db db, long bandId, long homeId) =>
        db.Run(
            """
            UPDATE home SET link_epoch=1+max(link_epoch, x.epoch) FROM (
              SELECT max(h.link_epoch) AS epoch FROM band_assignment a JOIN residence l ON l.resident_id=a.resident_id
                AND (l.to_ms IS NULL OR l.to_ms>a.from_ms)
              JOIN home h ON h.id=l.home_id WHERE a.band_id=$1 AND h.id<>$2) AS x
            WHERE home.id=$2 AND x.epoch IS NOT NULL
            """,
            bandId, homeId);

    /// <summary>All bands of a centre in use.</summary>
    public static List<BandRow> Bands(Db db, string centreId) =>
        db.All($"SELECT {BandColumns} FROM band b WHERE b.centre_id=$1 AND b.revoked_at_ms IS NULL ORDER BY b.id",
            MapBand, centreId);

    /// <summary>The bands of the residents of a home, at most as many as a hub serves.</summary>
    public static List<BandLink> BandsOfHome(Db db, long homeId) =>
        db.All(
            $"""
            SELECT {BandColumns}, home.id, home.link_epoch FROM residence l
            JOIN band_assignment a ON a.resident_id=l.resident_id AND a.to_ms IS NULL
            JOIN band b ON b.id=a.band_id AND b.revoked_at_ms IS NULL
            JOIN home ON home.id=l.home_id
            WHERE l.home_id=$1 AND l.to_ms IS NULL ORDER BY b.id LIMIT {HubMessage.MaxBands}
            """,
            static r => new BandLink(MapBand(r), r.Long(24), r.Int(25)), homeId);

    /// <summary>The home of a band's present resident and its link epoch, or null.</summary>
    public static BandLink? Link(Db db, long bandId) =>
        db.One(
            $"""
            SELECT {BandColumns}, home.id, home.link_epoch FROM band b
            JOIN band_assignment a ON a.band_id=b.id AND a.to_ms IS NULL
            JOIN residence l ON l.resident_id=a.resident_id AND l.to_ms IS NULL
            JOIN home ON home.id=l.home_id WHERE b.id=$1
            """,
            static r => new BandLink(MapBand(r), r.Long(24), r.Int(25)), bandId);

    /// <summary>Adds a band with configuration version 1; returns its id.</summary>
    public static long InsertBand(
        Db db, string centreId, long address, byte[] secret, string label, bool guardAlways, long nowMs) =>
        db.Insert(
            """
            INSERT INTO band (centre_id, address, secret, label, created_at_ms, config_version, guard_always, sensitivity,
              walking_aid, bed_from_quarter, bed_to_quarter, inactivity_ten_minutes)
            VALUES ($1,$2,seal($3,$2),$4,$5,1,$6,1,0,84,28,0)
            """,
            centreId, address, secret, label, nowMs, guardAlways);

    /// <summary>Changes the settings; the version rises by one.</summary>
    public static void SetConfiguration(Db db, long bandId, BandConfiguration c) =>
        db.Run(
            """
            UPDATE band SET config_version=config_version+1, guard_always=$2, sensitivity=$3, walking_aid=$4,
              bed_from_quarter=$5, bed_to_quarter=$6, inactivity_ten_minutes=$7 WHERE id=$1
            """,
            bandId, c.GuardAlways, c.Sensitivity, c.WalkingAid, c.BedFromQuarter, c.BedToQuarter,
            c.InactivityTenMinutes);

    /// <summary>
    /// Gives the settings a new version, so that they are sent again; a question for the trace goes with them.
    /// </summary>
    public static void RaiseConfiguration(Db db, long bandId) =>
        db.Run("UPDATE band SET config_version=config_version+1 WHERE id=$1", bandId);

    /// <summary>The resident wears that band from now on; an earlier band of hers is hers no more.</summary>
    public static void AssignBand(Db db, string centreId, long bandId, long residentId, long nowMs)
    {
        if (ResidentOf(db, bandId, nowMs) == residentId)
        {
            return;
        }
        if (db.Number("SELECT count(*) FROM band_assignment WHERE band_id=$1", bandId) > 0)
        {
            // The band is told its settings again, and the end of the stages of the earlier wearer's calls.
            RaiseConfiguration(db, bandId);
        }
        db.Run("UPDATE band_assignment SET to_ms=$3 WHERE (band_id=$1 OR resident_id=$2) AND to_ms IS NULL", bandId,
            residentId, nowMs);
        db.Run(
            "INSERT INTO band_assignment (centre_id, band_id, resident_id, from_ms) VALUES ($1,$2,$3,$4)",
            centreId, bandId, residentId, nowMs);
        if (ResidentRows.HomeOf(db, residentId, nowMs) is { } homeId)
        {
            PassLinkEpoch(db, bandId, homeId);
        }
    }

    /// <summary>Who wore the band at a moment (who wears it now, where nothing was recorded then), or null.</summary>
    public static long? ResidentOf(Db db, long bandId, long atMs) =>
        db.Value(
            """
            SELECT resident_id FROM band_assignment
            WHERE band_id=$1 AND ((from_ms<=$2 AND (to_ms IS NULL OR to_ms>$2)) OR to_ms IS NULL)
            ORDER BY (from_ms<=$2 AND (to_ms IS NULL OR to_ms>$2)) DESC, from_ms DESC LIMIT 1
            """,
            bandId, atMs) as long?;

    /// <summary>Who wears the band now and since when; null where nobody does.</summary>
    public static (long ResidentId, long FromMs)? WearerOf(Db db, long bandId) =>
        db.All(
            """
            SELECT resident_id, from_ms FROM band_assignment WHERE band_id=$1 AND to_ms IS NULL
            ORDER BY id DESC LIMIT 1
            """,
            static r => (r.Long(0), r.Long(1)), bandId) is [var wearer] ? wearer : null;

    /// <summary>
    /// Who wore the band at any time from one moment to another, both included, the latest first, each once.
    /// </summary>
    public static List<long> Wearers(Db db, long bandId, long fromMs, long toMs) =>
        db.All(
            """
            SELECT resident_id FROM band_assignment WHERE band_id=$1 AND from_ms<=$3 AND (to_ms IS NULL OR to_ms>$2)
            GROUP BY resident_id ORDER BY max(id) DESC
            """,
            static r => r.Long(0), bandId, fromMs, toMs);

    /// <summary>
    /// Who wears the band of an alarm now, where that is certainly another person than the one who called; else null.
    /// </summary>
    public static long? PassedOnTo(Db db, AlarmRow alarm) =>
        alarm is { BandId: { } bandId, ResidentId: { } residentId, OtherResidentId: null }
        && db.Value(
            "SELECT resident_id FROM band_assignment WHERE band_id=$1 AND to_ms IS NULL ORDER BY id DESC LIMIT 1",
            bandId) is long wearer && wearer != residentId ? wearer : null;

    /// <summary>The band has said something new: it is alive.</summary>
    public static void BandHeard(Db db, long bandId, long nowMs) =>
        db.Run("UPDATE band SET last_heard_at_ms=$2 WHERE id=$1", bandId, nowMs);

    /// <summary>A hub has brought a true frame of the band: what is for the band may go through it.</summary>
    public static void BandHeardBy(Db db, BandRow band, string hubId, int rssiDbm, long nowMs) =>
        db.Run(
            """
            INSERT INTO band_hub (band_id, hub_id, centre_id, last_heard_at_ms, rssi_dbm) VALUES ($1,$2,$3,$4,$5)
            ON CONFLICT (band_id, hub_id) DO UPDATE SET last_heard_at_ms=excluded.last_heard_at_ms, rssi_dbm=excluded.rssi_dbm
            """,
            band.Id, hubId, band.CentreId, nowMs, rssiDbm);

    /// <summary>Hubs that have heard the band since a moment, the best signal first.</summary>
    public static List<string> HubsThatHeard(Db db, long bandId, long sinceMs) =>
        db.All(
            "SELECT hub_id FROM band_hub WHERE band_id=$1 AND last_heard_at_ms>=$2 ORDER BY rssi_dbm DESC",
            static r => r.Text(0), bandId, sinceMs);

    /// <summary>
    /// Hubs that may reach the band: those that have heard it since that moment, and those of its home. After a clock
    /// step no hub may seem to have heard the band. Its wrist must still be told what happens (P02).
    /// </summary>
    public static List<string> HubsFor(Db db, long bandId, long sinceMs) =>
        db.All(
            """
            SELECT hub_id FROM band_hub WHERE band_id=$1 AND last_heard_at_ms>=$2
            UNION
            SELECT p.hub_id FROM band_assignment a
            JOIN residence l ON l.resident_id=a.resident_id AND l.to_ms IS NULL
            JOIN hub_placement p ON p.home_id=l.home_id AND p.to_ms IS NULL
            WHERE a.band_id=$1 AND a.to_ms IS NULL
            """,
            static r => r.Text(0), bandId, sinceMs);

    /// <summary>Bands that a hub has heard since a moment.</summary>
    public static List<BandRow> BandsHeardBy(Db db, string hubId, long sinceMs) =>
        db.All(
            $"""
            SELECT {BandColumns} FROM band_hub x JOIN band b ON b.id=x.band_id
            WHERE x.hub_id=$1 AND x.last_heard_at_ms>=$2 AND b.revoked_at_ms IS NULL ORDER BY b.id
            """,
            MapBand, hubId, sinceMs);

    /// <summary>The band's beat.</summary>
    public static void BandStatus(
        Db db, long bandId, int boot, int uptimeS, BandMode mode, Wear wear, int? batteryPct, int pending,
        int appliedVersion) =>
        db.Run(
            """
            UPDATE band SET boot=$2, uptime_s=$3, mode=$4, wear=$5, battery_pct=ifnull($6, battery_pct), pending=$7,
              applied_version=$8 WHERE id=$1
            """,
            bandId, boot, uptimeS, mode, wear, batteryPct, pending, appliedVersion);

    /// <summary>
    /// Notes a frame of the vitals lane as the newest of its band. False where this frame or a newer one was noted
    /// before. Only the newest frame tells the band's present state.
    /// </summary>
    public static bool IsNewest(Db db, long bandId, int boot, int sequence) =>
        db.Run(
            """
            UPDATE band SET vitals_boot=$2, vitals_sequence=$3 WHERE id=$1
              AND (vitals_boot IS NULL OR (vitals_boot, vitals_sequence) < ($2, $3))
            """,
            bandId, boot, sequence) > 0;

    /// <summary>Boot of the newest frame of the vitals lane. 0 where no frame has come.</summary>
    public static long NewestVitalsBoot(Db db, long bandId) =>
        db.Number("SELECT vitals_boot FROM band WHERE id=$1", bandId);

    /// <summary>Wear alone.</summary>
    public static void BandWear(Db db, long bandId, Wear wear) =>
        db.Run("UPDATE band SET wear=$2 WHERE id=$1", bandId, wear);

    /// <summary>Battery alone.</summary>
    public static void BandBattery(Db db, long bandId, int batteryPct) =>
        db.Run("UPDATE band SET battery_pct=$2 WHERE id=$1", bandId, batteryPct);

    /// <summary>
    /// How long a band may be silent, by its last mode: three beats of 60 s in Guard, 5 min in Daily, 15 min on the
    /// shelf.
    /// </summary>
    public static long SilentAfterMs(BandMode? mode) => mode switch
    {
        BandMode.Guard => 180_000,
        BandMode.Shelf => 2_700_000,
        _ => 900_000,
    };

    private static HubRow MapHub(Row r) => new(
        r.Text(0), r.Text(1), r.Blob(2), r.LongOrNull(3), r.LongOrNull(4), r.LongOrNull(5), r.IntOrNull(6),
        r.LongOrNull(7), r.Int(8));

    private static BandRow MapBand(Row r) => new(
        r.Long(0), r.Text(1), r.Long(2), r.BlobOrNull(3) ?? [], r.Text(4), r.LongOrNull(5),
        new BandConfiguration(
            r.Int(6), r.Bool(7), (byte)r.Int(8), r.Bool(9), (byte)r.Int(10), (byte)r.Int(11), (byte)r.Int(12)),
        r.LongOrNull(13), r.IntOrNull(14), r.IntOrNull(15), (BandMode?)r.IntOrNull(16), (Wear?)r.IntOrNull(17),
        r.IntOrNull(18), r.IntOrNull(19), r.BlobOrNull(20), r.Int(21), r.Int(22), r.Int(23));
}
