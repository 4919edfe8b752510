using ElderBand.BandProtocol;
using ElderBand.HubService.Alarms;

namespace ElderBand.HubService.Storage;

/// <summary>A row of <c>alarm</c>; change the mutable fields and call <see cref="AlarmRows.Save"/>.</summary>
public sealed class AlarmRow
{
    public long Id { get; init; }
    public required string CentreId { get; init; }
    public long Number { get; init; }
    public required string Sender { get; init; }
    public required int Boot { get; init; }
    public required int Sequence { get; init; }
    public required string Kind { get; init; }
    public required AlarmState State { get; set; }
    public required string Source { get; init; }
    public bool Drill { get; init; }
    public long? ResidentId { get; init; }

    /// <summary>An earlier wearer of the band whose call it may be as well.</summary>
    public long? OtherResidentId { get; init; }
    public long? HomeId { get; init; }
    public long? BandId { get; init; }
    public string? HubId { get; init; }
    public required long EventAtMs { get; set; }
    public required AgeQuality Quality { get; set; }
    public required long RaisedAtMs { get; init; }
    public long? DeadlineAtMs { get; set; }
    public int Presses { get; set; }
    public bool NotNeeded { get; set; }
    public bool Unanswered { get; set; }
    public long? OwnerStaffId { get; set; }
    public long? TakenAtMs { get; set; }
    public long? ComingAtMs { get; set; }
    public long? ClosedAtMs { get; set; }
    public Outcome? Outcome { get; set; }
    public string? ClosingWords { get; set; }
    public int Revision { get; set; }
    public int WristStage { get; set; }
    public long? WristShownAtMs { get; set; }
}

/// <summary>The tables <c>alarm</c>, <c>alarm_link</c> and <c>alarm_timeline</c>.</summary>
public static class AlarmRows
{
    private const string Columns =
        "id, centre_id, number, sender, boot, sequence, kind, state, source, drill, resident_id, home_id, band_id, "
            + "hub_id, "
        + "event_at_ms, quality, raised_at_ms, deadline_at_ms, presses, not_needed, unanswered, owner_staff_id, "
        + "taken_at_ms, coming_at_ms, closed_at_ms, outcome, closing_words, revision, wrist_stage, wrist_shown_at_ms, "
        + "other_resident_id";

    /// <summary>States with somebody's work left, for SQL.</summary>
    private const string OpenStates = "('prealarm','ringing','taken','coming')";

    /// <summary>The name under which a state is stored and shown.</summary>
    public static string Name(AlarmState state) => state switch
    {
        AlarmState.Prealarm => "prealarm",
        AlarmState.Ringing => "ringing",
        AlarmState.Taken => "taken",
        AlarmState.Coming => "coming",
        AlarmState.Closed => "closed",
        _ => "cancelled",
    };

    /// <summary>By id.</summary>
    public static AlarmRow? Get(Db db, long id) =>
        db.One($"SELECT {Columns} FROM alarm WHERE id=$1", Map, id);

    /// <summary>By the frame that opened it.</summary>
    public static AlarmRow? Find(Db db, string sender, int boot, int sequence) =>
        db.One($"SELECT {Columns} FROM alarm WHERE sender=$1 AND boot=$2 AND sequence=$3", Map, sender, boot, sequence);

    /// <summary>
    /// The sender's SOS that somebody still has to finish, of the same wearer: after a hand-over of the band a press of
    /// the next wearer has a card of its own.
    /// </summary>
    public static AlarmRow? OpenSos(Db db, string sender, long? residentId, long? otherResidentId) =>
        db.One(
            $"SELECT {Columns} FROM alarm WHERE sender=$1 AND kind='sos' AND state IN ('ringing','taken','coming') "
                + "AND resident_id IS $2 AND other_resident_id IS $3 ORDER BY id DESC LIMIT 1",
            Map, sender, residentId, otherResidentId);

    /// <summary>
    /// The open alarm of a hub's own key in that home, whatever life the hub was in when it was pressed: the key of a
    /// hub that has moved has a card of its own.
    /// </summary>
    public static AlarmRow? OpenOfHubKey(Db db, string centreId, string hubId, long? homeId) =>
        db.One(
            $"SELECT {Columns} FROM alarm WHERE centre_id=$1 AND hub_id=$2 AND home_id IS $3 AND source='hubKey' "
                + "AND state IN ('ringing','taken','coming') ORDER BY id DESC LIMIT 1",
            Map, centreId, hubId, homeId);

    /// <summary>The sender's falls that may still be cancelled.</summary>
    public static List<AlarmRow> Prealarms(Db db, string sender) =>
        db.All($"SELECT {Columns} FROM alarm WHERE sender=$1 AND state='prealarm' ORDER BY id", Map, sender);

    /// <summary>
    /// The sender's open alarms, and those that closed within the last hour and whose end the wrist has not shown.
    /// </summary>
    public static List<AlarmRow> WithWristBehind(Db db, string sender, long nowMs) =>
        db.All(
            $"""
            SELECT {Columns} FROM alarm
            WHERE sender=$1 AND (state IN ('ringing','taken','coming')
                  OR (closed_at_ms>$2 AND (
                      (state='closed' AND wrist_stage<>5 AND ifnull(outcome,'')<>'merged')
                      OR (state='cancelled' AND wrist_stage BETWEEN 1 AND 4))))
            ORDER BY id
            """,
            Map, sender, nowMs - 3_600_000);

    /// <summary>Inserts with the centre's next number and revision 1; returns the stored row.</summary>
    public static AlarmRow Insert(Db db, AlarmRow a)
    {
        long number = db.Number(
            $"SELECT max(ifnull(max(number),0), {Incarnation.NumberBase})+1 FROM alarm WHERE centre_id=$1", a.CentreId);
        long id = db.Insert(
            $"""
            INSERT INTO alarm (centre_id, number, sender, boot, sequence, kind, state, source, drill, resident_id, home_id,
              band_id, hub_id, event_at_ms, quality, raised_at_ms, deadline_at_ms, presses, not_needed, unanswered,
              closed_at_ms, outcome, other_resident_id, revision, wrist_stage)
            VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23,{Incarnation.RevisionBase}+1,0)
            """,
            a.CentreId, number, a.Sender, a.Boot, a.Sequence, a.Kind, Name(a.State), a.Source, a.Drill, a.ResidentId,
            a.HomeId,
            a.BandId, a.HubId, a.EventAtMs, a.Quality, a.RaisedAtMs, a.DeadlineAtMs, a.Presses, a.NotNeeded,
            a.Unanswered,
            a.ClosedAtMs, a.Outcome?.Code(), a.OtherResidentId);
        return Get(db, id)!;
    }

    /// <summary>Writes the mutable fields; the revision rises by one (on the row given, too).</summary>
    public static void Save(Db db, AlarmRow a)
    {
        a.Revision++;
        db.Run(
            """
            UPDATE alarm SET state=$2, event_at_ms=$3, quality=$4, deadline_at_ms=$5, presses=$6, not_needed=$7,
              unanswered=$8, owner_staff_id=$9, taken_at_ms=$10, coming_at_ms=$11, closed_at_ms=$12, outcome=$13,
              closing_words=$14, revision=$15, wrist_stage=$16, wrist_shown_at_ms=$17 WHERE id=$1
            """,
            a.Id, Name(a.State), a.EventAtMs, a.Quality, a.DeadlineAtMs, a.Presses, a.NotNeeded, a.Unanswered,
            a.OwnerStaffId,
            a.TakenAtMs, a.ComingAtMs, a.ClosedAtMs, a.Outcome?.Code(), a.ClosingWords, a.Revision, a.WristStage,
            a.WristShownAtMs);
    }

    /// <summary>Links two alarms, both ways.</summary>
    public static void Link(Db db, string centreId, long one, long other)
    {
        db.Run("INSERT OR IGNORE INTO alarm_link (alarm_id, other_id, centre_id) VALUES ($1,$2,$3)", one, other,
            centreId);
        db.Run("INSERT OR IGNORE INTO alarm_link (alarm_id, other_id, centre_id) VALUES ($1,$2,$3)", other, one,
            centreId);
    }

    /// <summary>The SOS that carries a merged fall on, or null.</summary>
    public static long? MergedInto(Db db, long alarmId) =>
        db.Value(
            """
            SELECT l.other_id FROM alarm_link l JOIN alarm fall ON fall.id=l.alarm_id JOIN alarm sos ON sos.id=l.other_id
            WHERE l.alarm_id=$1 AND fall.outcome='merged' AND sos.kind='sos' ORDER BY l.other_id DESC LIMIT 1
            """,
            alarmId) as long?;

    /// <summary>Adds a line to the timeline, at the time of the transaction.</summary>
    public static void Note(Tx tx, AlarmRow alarm, TimelineKind kind, string who = "", string text = "") =>
        tx.Db.Run(
            "INSERT INTO alarm_timeline (centre_id, alarm_id, at_ms, kind, who, text) VALUES ($1,$2,$3,$4,$5,$6)",
            alarm.CentreId, alarm.Id, tx.NowMs, kind.Code(), who, text);

    /// <summary>Counts in the newest line where that line is of this kind, else adds a line.</summary>
    public static void NoteOneMore(Tx tx, AlarmRow alarm, TimelineKind kind)
    {
        if (tx.Db.Run(
            "UPDATE alarm_timeline SET text=text+1 WHERE id=(SELECT max(id) FROM alarm_timeline WHERE alarm_id=$1) "
                + "AND kind=$2",
            alarm.Id, kind.Code()) == 0)
        {
            Note(tx, alarm, kind, "", "1");
        }
    }

    /// <summary>Ids of the centre's ringing alarms whose contacts have not been told yet that nobody answers.</summary>
    public static List<long> RingingUnheard(Db db, string centreId) =>
        db.All(
            "SELECT id FROM alarm WHERE centre_id=$1 AND state='ringing' AND unanswered=0 ORDER BY id",
            static r => r.Long(0), centreId);

    /// <summary>Alarms that a member of staff has now.</summary>
    public static List<long> OpenOwnedBy(Db db, long staffId) =>
        db.All(
            $"SELECT id FROM alarm WHERE owner_staff_id=$1 AND state IN {OpenStates} ORDER BY id",
            static r => r.Long(0), staffId);

    /// <summary>True while somebody's work is left on an alarm of a resident.</summary>
    public static bool IsAnyOpenOf(Db db, long residentId) =>
        db.Number(
            $"SELECT count(*) FROM alarm WHERE (resident_id=$1 OR other_resident_id=$1) AND state IN {OpenStates}",
            residentId) > 0;

    /// <summary>True while somebody's work is left on an alarm of a centre.</summary>
    public static bool IsAnyOpen(Db db, string centreId) =>
        db.Number($"SELECT count(*) FROM alarm WHERE centre_id=$1 AND state IN {OpenStates}", centreId) > 0;

    /// <summary>Open alarms per state, for the metrics.</summary>
    public static List<(string State, long Count)> OpenByState(Db db) =>
        db.All(
            $"SELECT state, count(*) FROM alarm WHERE state IN {OpenStates} GROUP BY state",
            static r => (r.Text(0), r.Long(1)));

    private static AlarmRow Map(Row r) => new()
    {
        Id = r.Long(0),
        CentreId = r.Text(1),
        Number = r.Long(2),
        Sender = r.Text(3),
        Boot = r.Int(4),
        Sequence = r.Int(5),
        Kind = r.Text(6),
        State = Enum.Parse<AlarmState>(r.Text(7), ignoreCase: true),
        Source = r.Text(8),
        Drill = r.Bool(9),
        ResidentId = r.LongOrNull(10),
        HomeId = r.LongOrNull(11),
        BandId = r.LongOrNull(12),
        HubId = r.TextOrNull(13),
        EventAtMs = r.Long(14),
        Quality = (AgeQuality)r.Int(15),
        RaisedAtMs = r.Long(16),
        DeadlineAtMs = r.LongOrNull(17),
        Presses = r.Int(18),
        NotNeeded = r.Bool(19),
        Unanswered = r.Bool(20),
        OwnerStaffId = r.LongOrNull(21),
        TakenAtMs = r.LongOrNull(22),
        ComingAtMs = r.LongOrNull(23),
        ClosedAtMs = r.LongOrNull(24),
        Outcome = Codes.Find<Outcome>(r.TextOrNull(25)),
        ClosingWords = r.TextOrNull(26),
        Revision = r.Int(27),
        WristStage = r.Int(28),
        WristShownAtMs = r.LongOrNull(29),
        OtherResidentId = r.LongOrNull(30),
    };
}
