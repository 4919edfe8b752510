using ElderBand.HubService.Alarms;

namespace ElderBand.HubService.Storage;

/// <summary>Reads what the console draws (docs/service-api.md) from all tables at once.</summary>
public static class Views
{
    /// <summary>Alarms in the console's state at most that are closed.</summary>
    public const int MaxClosed = 50;

    /// <summary>How long a closed alarm stays in the console's state.</summary>
    public const long KeepClosedMs = 12L * 3_600_000;

    /// <summary>Lines of a timeline that are given at once.</summary>
    public const int TimelinePage = 50;

    private static readonly string[] Refusals =
        ["", "notWorn", "motion", "lowPerfusion", "saturated", "irregular", "warmup", "noSignal", "disagree",
            "sensorFault"];

    /// <summary>An alarm, or null. The caller adds the trace and the latest vitals.</summary>
    public static AlarmView? Alarm(Db db, long id)
    {
        if (AlarmRows.Get(db, id) is not { } a)
        {
            return null;
        }
        ResidentRow? r = a.ResidentId is { } residentId ? ResidentRows.Resident(db, residentId) : null;
        HomeRow? h = a.HomeId is { } homeId ? ResidentRows.Home(db, homeId) : null;
        BandRow? band = a.BandId is { } bandId ? DeviceRows.Band(db, bandId) : null;
        HubRow? hub = a.HubId is { } hubId ? DeviceRows.Hub(db, hubId) : null;
        TimelinePageView timeline = Timeline(db, id, long.MaxValue);
        return new AlarmView(
            a.Id, a.Revision, a.Number.ToString(), a.Kind, AlarmRows.Name(a.State), a.Source, a.Drill, a.EventAtMs,
            Quality((int)a.Quality), a.RaisedAtMs, a.DeadlineAtMs, a.Presses,
            a.Presses + (int)db.Number(
                "SELECT count(*) FROM alarm_timeline WHERE alarm_id=$1 AND kind='fallBefore'", id),
            a.NotNeeded, a.Unanswered,
            a.OwnerStaffId is { } owner ? new OwnerView(owner, StaffRows.DisplayName(db, owner)) : null,
            a.TakenAtMs, a.ComingAtMs, a.ClosedAtMs, a.Outcome?.Code(), a.ClosingWords,
            Person(r, h, band?.Label ?? a.HubId ?? "?"),
            a.OtherResidentId is { } other ? Other(db, other, a.EventAtMs) : null,
            Contacts(db, a), null,
            new WristView(
                a.WristStage, a.WristShownAtMs,
                (int)AlarmMachine.WantedStage(a.State, DeviceRows.PassedOnTo(db, a) is not null, a.WristStage)),
            band is null ? null : new AlarmBandView(band.Id, band.Label, band.BatteryPct, band.LastHeardAtMs),
            hub is null ? null : new AlarmHubView(hub.Id, hub.LastHeardAtMs),
            db.All("SELECT other_id FROM alarm_link WHERE alarm_id=$1 ORDER BY other_id", static x => x.Long(0), id),
            timeline.Entries, timeline.HasEarlier,
            db.All(
                "SELECT kind, due_at_ms FROM timer WHERE alarm_id=$1 ORDER BY due_at_ms, kind",
                static x => new TimerView(x.Text(0), x.Long(1)), id),
            new TraceView(0, 0, 0));
    }

    /// <summary>The newest lines of a timeline before the one with this id, at most a page; oldest first.</summary>
    public static TimelinePageView Timeline(Db db, long alarmId, long beforeId)
    {
        List<TimelineView> newest = db.All(
            """
            SELECT id, at_ms, kind, who, text FROM alarm_timeline WHERE alarm_id=$1 AND id<$2 ORDER BY id DESC LIMIT $3
            """,
            MapLine, alarmId, beforeId, TimelinePage + 1);
        bool hasEarlier = newest.Count > TimelinePage;
        return new TimelinePageView([.. newest.Take(TimelinePage).Reverse()], hasEarlier);
    }

    /// <summary>The newest lines of these kinds, at most two pages; oldest first.</summary>
    public static List<TimelineView> Timeline(Db db, long alarmId, IReadOnlySet<string> kinds)
    {
        List<TimelineView> newest = db.All(
            $"""
            SELECT id, at_ms, kind, who, text FROM alarm_timeline WHERE alarm_id=$1
              AND kind IN (SELECT value FROM json_each($2)) ORDER BY id DESC LIMIT {2 * TimelinePage}
            """,
            MapLine, alarmId, System.Text.Json.JsonSerializer.Serialize(kinds));
        newest.Reverse();
        return newest;
    }

    /// <summary>All open alarms and the last closed ones of a centre, newest first.</summary>
    public static List<AlarmView> Alarms(Db db, string centreId, long nowMs)
    {
        List<long> ids = db.All(
            """
            SELECT id FROM alarm WHERE centre_id=$1 AND state IN ('prealarm','ringing','taken','coming')
            UNION SELECT id FROM (SELECT id FROM alarm WHERE centre_id=$1 AND closed_at_ms>$2
              AND state IN ('closed','cancelled') ORDER BY closed_at_ms DESC LIMIT $3)
            ORDER BY id DESC
            """,
            static r => r.Long(0), centreId, nowMs - KeepClosedMs, MaxClosed);
        return ids.ConvertAll(id => Alarm(db, id)!);
    }

    /// <summary>A technical card, or null.</summary>
    public static TechnicalView? Technical(Db db, long id) =>
        db.One(TechnicalSql + " WHERE t.id=$1", MapTechnical, id);

    /// <summary>The open technical cards of a centre, newest first.</summary>
    public static List<TechnicalView> Technicals(Db db, string centreId) =>
        db.All(TechnicalSql + " WHERE t.centre_id=$1 AND t.closed_at_ms IS NULL ORDER BY t.urgent DESC, t.id DESC",
            MapTechnical, centreId);

    /// <summary>The latest vitals of a resident, or null.</summary>
    public static VitalsView? Vitals(Db db, long residentId) =>
        db.One(
            """
            SELECT resident_id, at_ms, bpm, confidence, refusal, spo2_pct, spo2_refusal, wear, activity, steps
            FROM vitals WHERE resident_id=$1 ORDER BY at_ms DESC LIMIT 1
            """,
            static r => new VitalsView(
                r.Long(0), r.Long(1), r.IntOrNull(2), r.Int(3), Refusal(r.Int(4)), r.IntOrNull(5), Refusal(r.Int(6)),
                r.Int(7) switch { 0 => "off", 1 => "maybe", _ => "on" }, r.Int(8), r.Int(9)),
            residentId);

    /// <summary>What is alive in a centre; the caller fills in database and consoles.</summary>
    public static AliveView Alive(Db db, string centreId, long nowMs, DatabaseView database, int consoles)
    {
        List<SilentHubView> hubs = db.All(
            """
            SELECT h.id, ifnull(ho.address || ' ' || ho.door, ''), h.last_heard_at_ms FROM hub h
            LEFT JOIN hub_placement p ON p.hub_id=h.id AND p.to_ms IS NULL LEFT JOIN home ho ON ho.id=p.home_id
            WHERE h.centre_id=$1 AND h.revoked_at_ms IS NULL ORDER BY h.id
            """,
            static r => new SilentHubView(r.Text(0), r.Text(1), r.LongOrNull(2)), centreId);
        List<(SilentBandView View, long LimitMs)> bands = db.All(
            """
            SELECT b.id, ifnull(r.name, b.label), b.last_heard_at_ms, b.mode FROM band b
            LEFT JOIN band_assignment a ON a.band_id=b.id AND a.to_ms IS NULL LEFT JOIN resident r ON r.id=a.resident_id
            WHERE b.centre_id=$1 AND b.revoked_at_ms IS NULL ORDER BY b.id
            """,
            static r => (new SilentBandView(r.Long(0), r.Text(1), r.LongOrNull(2)),
                DeviceRows.SilentAfterMs((BandProtocol.BandMode?)r.IntOrNull(3))), centreId);
        List<SilentHubView> silentHubs = hubs.FindAll(
            h => h.LastHeardAtMs is null || h.LastHeardAtMs < nowMs - Devices.Liveness.HubSilentMs);
        List<SilentBandView> silentBands = bands
            .FindAll(b => b.View.LastHeardAtMs is null || b.View.LastHeardAtMs < nowMs - b.LimitMs)
                .ConvertAll(static b => b.View);
        return new AliveView(
            nowMs,
            new HubsAliveView(
                hubs.Count, hubs.Count - silentHubs.Count, hubs.Max(static h => h.LastHeardAtMs), silentHubs),
            new BandsAliveView(
                bands.Count, bands.Count - silentBands.Count, bands.Max(static b => b.View.LastHeardAtMs), silentBands),
            database, consoles,
            db.Value("SELECT max(raised_at_ms) FROM alarm WHERE centre_id=$1", centreId) as long?);
    }

    private const string TechnicalSql =
        """
        SELECT t.id, t.revision, t.kind, t.urgent, t.since_ms, t.closed_at_ms, t.resident_id, r.name,
          ho.address || ' ' || ho.door, t.hub_id, t.band_id, t.detail
        FROM technical t LEFT JOIN resident r ON r.id=t.resident_id LEFT JOIN home ho ON ho.id=t.home_id
        """;

    private static ResidentView Person(ResidentRow? r, HomeRow? h, string otherwise) => new(
        r?.Id ?? 0, r?.Name ?? otherwise, r?.NameEn ?? "", r?.BirthYear, r?.Phone ?? "", h?.Address ?? "",
        h?.Building ?? "", h?.Floor ?? "", h?.Door ?? "", r?.Keys ?? "", r?.Hearing ?? "", r?.Dialect ?? "",
        r?.Medical ?? "", r?.FirstQuestion ?? "");

    private static ResidentView Other(Db db, long residentId, long atMs) => Person(
        ResidentRows.Resident(db, residentId),
        ResidentRows.HomeOf(db, residentId, atMs) is { } homeId ? ResidentRows.Home(db, homeId) : null, "?");

    private static List<ContactView> Contacts(Db db, AlarmRow a)
    {
        List<ContactRow> contacts = a.Source == "hubKey" && a.HomeId is { } homeId
            ? [.. ResidentRows.ResidentsOf(db, homeId).SelectMany(r => ResidentRows.Contacts(db, r.Id))]
            : a.ResidentId is { } residentId ? ResidentRows.Contacts(db, residentId) : [];
        if (a.OtherResidentId is { } otherId)
        {
            contacts.AddRange(ResidentRows.Contacts(db, otherId));
        }
        return contacts.ConvertAll(c => new ContactView(
            c.Id, c.Order, c.Name, c.Relation, c.Phone,
            db.All(
                """
                SELECT id, reason, sent_at_ms, delivered_at_ms, opened_at_ms, failed_at_ms, attempts, last_error
                FROM message WHERE alarm_id=$1 AND contact_id=$2 ORDER BY id
                """,
                static m => new MessageView(
                    m.Long(0), m.Text(1), m.LongOrNull(2), m.LongOrNull(3), m.LongOrNull(4), m.LongOrNull(5), m.Int(6),
                    m.TextOrNull(7)),
                a.Id, c.Id)));
    }

    private static TimelineView MapLine(Row r) => new(r.Long(0), r.Long(1), r.Text(2), r.Text(3), r.Text(4));

    private static TechnicalView MapTechnical(Row r) => new(
        r.Long(0), r.Int(1), r.Text(2), r.Bool(3), r.Long(4), r.LongOrNull(5), r.LongOrNull(6), r.TextOrNull(7),
        r.TextOrNull(8), r.TextOrNull(9), r.LongOrNull(10), r.Text(11));

    private static string Quality(int quality) => quality switch { 0 => "measured", 1 => "about", _ => "atLeast" };

    private static string? Refusal(int code) =>
        code == 0 ? null : code < Refusals.Length ? Refusals[code] : $"refusal{code}";
}
