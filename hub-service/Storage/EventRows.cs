using ElderBand.BandProtocol;
using ElderBand.HubService.Ingest;

namespace ElderBand.HubService.Storage;

/// <summary>An earlier frame under the same key.</summary>
/// <param name="Frame">The 16 bytes before the link tag.</param>
/// <param name="Refusal">What the receipt said, 0 stored.</param>
public sealed record KnownFrame(byte[] Frame, int Refusal);

/// <summary>A frame of an alarm that the wrist waits to hear about.</summary>
public sealed record PressKey(int Boot, int Sequence);

/// <summary>A stored event with its frame. AlarmId is the alarm whose card shows the event, null for none.</summary>
public sealed record EventRow(long Id, long? BandId, FrameType Type, byte[] Frame, long? AlarmId);

/// <summary>The tables <c>frame_key</c>, <c>event</c> and <c>quarantine</c>.</summary>
public static class EventRows
{
    /// <summary>
    /// Bytes of a frame that stay the same on every retry; the link tag behind them changes with the epoch.
    /// </summary>
    public const int KeptBytes = Frame.LinkTagOffset;

    /// <summary>Quarantine rows kept; the oldest go first.</summary>
    public const int QuarantineLimit = 10_000;

    /// <summary>What is known under a key.</summary>
    public static KnownFrame? Known(Db db, string sender, int boot, Lane lane, int sequence) =>
        db.One(
            "SELECT frame, refusal FROM frame_key WHERE sender=$1 AND boot=$2 AND lane=$3 AND sequence=$4",
            static r => new KnownFrame(r.Blob(0), r.Int(1)), sender, boot, lane, sequence);

    /// <summary>The highest boot of a sender on the alarm lane, -1 for none.</summary>
    public static int HighestBoot(Db db, string sender) =>
        db.Value("SELECT max(boot) FROM frame_key WHERE sender=$1", sender) is long boot ? (int)boot : -1;

    /// <summary>
    /// The highest boot that a receipt tells its band, or 0 for none. A call marked "unproven" shows that the band has
    /// not stored its boot count. The band's next start may therefore use the same number. The receipt tells one more
    /// than that number (docs/adr/0022).
    /// </summary>
    public static int BootToPass(Db db, string sender)
    {
        int highest = Math.Max(0, HighestBoot(db, sender));
        return highest + (db.Number(
            "SELECT count(*) FROM event WHERE sender=$1 AND boot=$2 AND lane=0 AND type IN ($3,$4) AND flags&$5",
            sender, highest, FrameType.Sos, FrameType.FallSuspected, AlarmFlags.BootUnproven) > 0 ? 1 : 0);
    }

    /// <summary>Remembers a key; the table's UNIQUE makes a retry safe (R4).</summary>
    public static void Remember(
        Db db, string centreId, string sender, int boot, Lane lane, int sequence, byte[] frame, int refusal,
        long nowMs) =>
        db.Run(
            "INSERT INTO frame_key (sender, boot, lane, sequence, centre_id, frame, refusal, at_ms) VALUES "
                + "($1,$2,$3,$4,$5,$6,$7,$8)",
            sender, boot, lane, sequence, centreId, frame[..KeptBytes], refusal, nowMs);

    /// <summary>Stores an accepted frame; returns its id.</summary>
    public static long Insert(Db db, FrameEvent e) =>
        db.Insert(
            """
            INSERT INTO event (centre_id, sender, boot, lane, sequence, type, frame, band_id, hub_id, resident_id, home_id,
              source, uptime_s, refers_to, flags, detail, at_ms, quality, received_at_ms, hub_boot, hub_uptime_s,
              hub_wall_ms, rssi_dbm)
            VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23)
            """,
            e.CentreId, e.Sender, e.Boot, e.Lane, e.Sequence, e.Type, e.Frame, e.BandId, e.HubId, e.ResidentId,
            e.HomeId,
            e.Source, e.UptimeS, e.RefersTo, e.Flags, e.Detail, e.AtMs, e.Quality, e.ReceivedAtMs, e.HubBoot,
            e.HubUptimeS,
            e.HubWallMs, e.RssiDbm);

    /// <summary>The events that were stored after the one with this id, oldest first.</summary>
    public static List<EventRow> After(Db db, long id) =>
        db.All(
            "SELECT id, band_id, type, frame, alarm_id FROM event WHERE id>$1 ORDER BY id",
            static r => new EventRow(
                r.Long(0), r.LongOrNull(1), (FrameType)r.Int(2), r.Blob(3), r.LongOrNull(4)),
            id);

    /// <summary>Puts an event on an alarm's card.</summary>
    public static void SetAlarm(Db db, long eventId, long alarmId) =>
        db.Run("UPDATE event SET alarm_id=$2 WHERE id=$1", eventId, alarmId);

    /// <summary>True where an answer of that type to (boot, sequence) came before what it refers to.</summary>
    public static bool HasAnswer(Db db, string sender, int boot, int sequence, FrameType type) =>
        db.Number(
            "SELECT count(*) FROM event WHERE sender=$1 AND boot=$2 AND refers_to=$3 AND type=$4", sender, boot,
                sequence, type) > 0;

    /// <summary>
    /// Presses of a sender within the minute that ends, or the one that begins, with the time of an event: the larger
    /// number, at most <paramref name="most"/>. Who counts anew ("h1~2") counts as the same sender.
    /// </summary>
    public static long CallsWithinAMinute(Db db, string sender, long atMs, int most)
    {
        string life = sender.Split('~')[0];
        long Between(long fromMs, long toMs) => db.Number(
            $"""
            SELECT count(*) FROM (SELECT 1 FROM event WHERE type IN (1,14) AND {Schema.SenderOfAllLives}=$1
              AND at_ms BETWEEN $2 AND $3 LIMIT $4)
            """,
            life, fromMs, toMs, most);
        return Math.Max(Between(atMs - 59_999, atMs), Between(atMs, atMs + 59_999));
    }

    /// <summary>The alarm of the first press that ended the countdown of the fall (boot, sequence), or null.</summary>
    public static long? SosThatEndedCountdown(Db db, string sender, int boot, int sequence, int uptimeS) =>
        db.Value(
            """
            SELECT alarm_id FROM event WHERE sender=$1 AND boot=$2 AND lane=0 AND sequence>$3 AND type=1 AND (flags & 8)<>0
              AND uptime_s BETWEEN $4 AND $4+60 AND alarm_id IS NOT NULL ORDER BY sequence LIMIT 1
            """,
            sender, boot, sequence, uptimeS) as long?;

    /// <summary>The alarm on whose card the alarm-lane frame (boot, sequence) is, or null.</summary>
    public static long? AlarmOf(Db db, string sender, int boot, int sequence) =>
        db.Value(
            "SELECT alarm_id FROM event WHERE sender=$1 AND boot=$2 AND lane=0 AND sequence=$3", sender, boot,
                sequence) as long?;

    /// <summary>
    /// The frame that stands for the card on which a press is: the frame that opened the card, or the card's first
    /// press of that boot where a receipt cannot name the opener (docs/adr/0042); null: the press is on no card.
    /// </summary>
    public static PressKey? OpenerOf(Db db, string sender, int boot, int sequence) =>
        db.All(
            $"""
            SELECT a.boot, a.sequence, a.boot FROM event e JOIN alarm a ON a.id=e.alarm_id
            WHERE e.sender=$1 AND e.boot=$2 AND e.lane=0 AND e.sequence=$3 AND abs(a.boot-$2)<={Payload.OpenerBoots}
            UNION ALL
            SELECT f.boot, f.sequence, min(f.id) FROM event e JOIN event f ON f.alarm_id=e.alarm_id
            WHERE e.sender=$1 AND e.boot=$2 AND e.lane=0 AND e.sequence=$3 AND f.sender=$1 AND f.boot=$2 AND f.type=1
            GROUP BY f.boot
            """,
            static r => new PressKey(r.Int(0), r.Int(1)), sender, boot, sequence).FirstOrDefault();

    /// <summary>
    /// The frames whose stages the band still shows for an alarm: the frame that opened the alarm, and those of the
    /// falls merged into it. A fall may be linked to several SOS alarms; it was merged into the one with the highest
    /// id. Further presses on the card are not among them: the band shows the stages of the frame that opened it.
    /// Where the receipts of a boot cannot name that frame, the card's first press of the boot stands for it.
    /// </summary>
    public static List<PressKey> Followed(Db db, long alarmId) =>
        db.All(
            $"""
            SELECT boot, sequence FROM alarm WHERE id=$1 UNION ALL
            SELECT f.boot, f.sequence FROM event f JOIN alarm a ON a.id=f.alarm_id
            WHERE a.id=$1 AND a.kind='sos' AND f.type=1 AND abs(a.boot-f.boot)>{Payload.OpenerBoots}
              AND f.id=(SELECT min(g.id) FROM event g WHERE g.alarm_id=$1 AND g.type=1 AND g.boot=f.boot) UNION ALL
            SELECT a.boot, a.sequence FROM alarm_link l JOIN alarm a ON a.id=l.other_id
            WHERE l.alarm_id=$1 AND a.outcome='merged' AND l.alarm_id=(SELECT max(into_sos.id) FROM alarm_link o
              JOIN alarm into_sos ON into_sos.id=o.other_id AND into_sos.kind='sos' WHERE o.alarm_id=a.id)
            """,
            static r => new PressKey(r.Int(0), r.Int(1)), alarmId);

    /// <summary>
    /// The frames whose stages the wrist has shown after it made the frame (boot, sequence): newest 64.
    /// </summary>
    public static List<PressKey> ShownAfter(Db db, string sender, int boot, int sequence) =>
        db.All(
            """
            SELECT frame FROM event WHERE sender=$1 AND lane=0 AND type=$4 AND (boot, sequence)>($2, $3)
            ORDER BY boot DESC, sequence DESC LIMIT 64
            """,
            static r => new PressKey(Payload.ShownBoot(r.Blob(0), 0), Payload.ShownSequence(r.Blob(0), 0)),
            sender, boot, sequence, FrameType.StageShown);

    /// <summary>Starts of a sender since a moment.</summary>
    public static long Boots(Db db, string sender, long sinceMs) =>
        db.Number("SELECT count(*) FROM event WHERE sender=$1 AND type=9 AND received_at_ms>=$2", sender, sinceMs);

    /// <summary>Keeps what could not be handled, dropping the oldest over the limit (R6, R9).</summary>
    public static void Quarantine(
        Db db, string centreId, string hubId, long bandAddress, string reason, byte[] content, long nowMs)
    {
        long id = db.Insert(
            "INSERT INTO quarantine (centre_id, hub_id, band_address, reason, content, at_ms) VALUES "
                + "($1,$2,$3,$4,$5,$6)",
            centreId, hubId, bandAddress, reason, content, nowMs);
        db.Run("DELETE FROM quarantine WHERE id<=$1", id - QuarantineLimit);
    }

    /// <summary>Rows in quarantine.</summary>
    public static long QuarantineCount(Db db) => db.Number("SELECT count(*) FROM quarantine");
}
