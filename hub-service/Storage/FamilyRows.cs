using System.Globalization;

namespace ElderBand.HubService.Storage;

/// <summary>
/// A message whose time has come, with everything its text needs. Owner: who has the alarm now, or null. Incarnation
/// is that of the database, LinkIncarnation the one in which the link is or will be made.
/// </summary>
public sealed record DueMessage(
    long Id, string CentreId, long AlarmId, long ContactId, string Reason, long CreatedAtMs, int Attempts,
    long AlarmNumber, string Kind, long EventAtMs, string? ClosingWords, string State, string? Owner,
    string ResidentName, string ContactName, string Phone,
    string CentrePhone, bool HasLink, bool LinkIsOver, uint Incarnation, uint LinkIncarnation);

/// <summary>A message that a gateway reports on.</summary>
public sealed record ReportedMessage(
    long Id, long AlarmId, int Attempts, long? SentAtMs, long? DeliveredAtMs, string ContactName);

// The family's outbox as its worker sees it.
public static partial class MessageRows
{
    /// <summary>
    /// Messages that may be tried now, oldest first. Of one alarm, one contact and one reason only the earliest unsent
    /// message is returned. Reasons do not wait for each other, because a text that the gateway does not take must not
    /// hold back "please call" (P63). Each text tells the state at the time of its sending.
    /// </summary>
    public static List<DueMessage> Due(Db db, long nowMs, int limit) =>
        db.All(
            $"""
            SELECT m.id, m.centre_id, m.alarm_id, m.contact_id, m.reason, m.created_at_ms, m.attempts,
              a.number, a.kind, a.event_at_ms, a.closing_words, a.state, s.display_name, ifnull(r.name, ''), c.name, c.phone, z.phone,
              l.token_sha256 IS NOT NULL, ifnull(l.revoked_at_ms IS NOT NULL OR l.expires_at_ms<=$1, 0),
              {Incarnation.Present}, ifnull(l.incarnation, {Incarnation.Present})
            FROM message m JOIN alarm a ON a.id=m.alarm_id JOIN contact c ON c.id=m.contact_id
            JOIN centre z ON z.centre_id=m.centre_id LEFT JOIN resident r ON r.id=c.resident_id
            LEFT JOIN staff s ON s.id=a.owner_staff_id LEFT JOIN family_link l ON l.alarm_id=m.alarm_id AND l.contact_id=m.contact_id
            WHERE m.due_at_ms<=$1 AND m.sent_at_ms IS NULL AND m.failed_at_ms IS NULL
              AND NOT EXISTS (SELECT 1 FROM message e WHERE e.alarm_id=m.alarm_id AND e.contact_id=m.contact_id
                AND e.reason=m.reason AND e.id<m.id AND e.sent_at_ms IS NULL AND e.failed_at_ms IS NULL)
            ORDER BY m.due_at_ms, m.id LIMIT $2
            """,
            static r => new DueMessage(
                r.Long(0), r.Text(1), r.Long(2), r.Long(3), r.Text(4), r.Long(5), r.Int(6), r.Long(7), r.Text(8),
                r.Long(9),
                r.TextOrNull(10), r.Text(11), r.TextOrNull(12), r.Text(13), r.Text(14), r.Text(15), r.Text(16),
                r.Bool(17),
                r.Bool(18), (uint)r.Long(19), (uint)r.Long(20)),
            nowMs, limit);

    /// <summary>The gateway has it.</summary>
    public static void Sent(Db db, long id, long nowMs, string? gatewayId) =>
        db.Run(
            "UPDATE message SET sent_at_ms=$2, attempts=attempts+1, last_error=NULL, gateway_id=$3 WHERE id=$1",
            id, nowMs, gatewayId);

    /// <summary>
    /// True where no attempt of this message has ended since it was read. An attempt that ends changes the number of
    /// attempts or marks the message as sent.
    /// </summary>
    public static bool IsStillDue(Db db, long id, int attempts) =>
        db.Number(
            """
            SELECT count(*) FROM message WHERE id=$1 AND attempts=$2 AND sent_at_ms IS NULL AND failed_at_ms IS NULL
            """,
            id, attempts) > 0;

    /// <summary>
    /// Not sent; tried again at dueAtMs, or given up where that is null. One reported as delivered stays so.
    /// </summary>
    public static void NotSent(Db db, long id, long nowMs, long? dueAtMs, string error) =>
        db.Run(
            """
            UPDATE message SET attempts=attempts+1, last_error=$4, sent_at_ms=NULL, due_at_ms=ifnull($3, due_at_ms),
              failed_at_ms=CASE WHEN $3 IS NULL THEN $2 END WHERE id=$1 AND delivered_at_ms IS NULL
            """,
            id, nowMs, dueAtMs, error);

    /// <summary>Sends nothing to a contact of what still waits.</summary>
    public static void GiveUpAll(Db db, long contactId, string why, long nowMs) =>
        db.Run(
            """
            UPDATE message SET failed_at_ms=$3, last_error=$2
            WHERE contact_id=$1 AND sent_at_ms IS NULL AND failed_at_ms IS NULL
            """,
            contactId, why, nowMs);

    /// <summary>
    /// Our id of a message as gateways know it: no number, which a gateway may count by itself, and another one after
    /// each restore.
    /// </summary>
    public static string PublicId(long id, uint incarnation) => $"m{id}-{incarnation:x8}";

    /// <summary>
    /// A message by our id ("m12-0a1b2c3d"), null for one of another incarnation; anything else is an id that the
    /// gateway gave.
    /// </summary>
    public static ReportedMessage? Reported(Db db, string id)
    {
        const string Sql =
            """
            SELECT m.id, m.alarm_id, m.attempts, m.sent_at_ms, m.delivered_at_ms, c.name
            FROM message m JOIN contact c ON c.id=m.contact_id
            """;
        return id.Split('-') is [['m', .. string digits], { Length: 8 }]
            && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? id == PublicId(number, Incarnation.Value(db))
                ? db.One(Sql + " WHERE m.id=$1", MapReported, number) : null
            : db.One(Sql + " WHERE m.gateway_id=$1", MapReported, id);
    }

    /// <summary>When the message was created: it is given up 24 h later.</summary>
    public static long CreatedAt(Db db, long id) => db.Number("SELECT created_at_ms FROM message WHERE id=$1", id);

    /// <summary>The gateway says it has arrived.</summary>
    public static void Delivered(Db db, long id, long nowMs) =>
        db.Run("UPDATE message SET delivered_at_ms=$2, sent_at_ms=ifnull(sent_at_ms,$2) WHERE id=$1 AND "
            + "delivered_at_ms IS NULL", id, nowMs);

    /// <summary>
    /// The contact has opened the page: counts for every message that was sent to them about this alarm.
    /// </summary>
    public static void Opened(Db db, long alarmId, long contactId, long nowMs) =>
        db.Run(
            "UPDATE message SET opened_at_ms=$3 WHERE alarm_id=$1 AND contact_id=$2 AND opened_at_ms IS NULL AND "
                + "sent_at_ms IS NOT NULL",
            alarmId, contactId, nowMs);

    /// <summary>Messages not sent and not given up, and the age of the oldest, ms.</summary>
    public static (long Waiting, long OldestMs) Backlog(Db db, long nowMs) =>
        db.One(
            "SELECT count(*), ifnull($1-min(created_at_ms),0) FROM message WHERE sent_at_ms IS NULL AND failed_at_ms "
                + "IS NULL",
            static r => (r.Long(0), r.Long(1)), nowMs);

    private static ReportedMessage MapReported(Row r) => new(
        r.Long(0), r.Long(1), r.Int(2), r.LongOrNull(3), r.LongOrNull(4), r.Text(5));
}

/// <summary>A personal link.</summary>
public sealed record LinkRow(
    string CentreId, long AlarmId, long ContactId, string ContactName, long ResidentId, long ExpiresAtMs,
    long? RevokedAtMs,
    long? OpenedAtMs);

/// <summary>The table <c>family_link</c>.</summary>
public static class LinkRows
{
    /// <summary>Makes the link of a contact to an alarm; one that exists keeps its end and its revocation.</summary>
    public static void Insert(
        Db db, byte[] tokenSha256, string centreId, long alarmId, long contactId, uint incarnation, long nowMs,
        long expiresAtMs) =>
        db.Run(
            """
            INSERT OR IGNORE INTO family_link (token_sha256, centre_id, alarm_id, contact_id, created_at_ms, expires_at_ms,
              incarnation)
            VALUES ($1,$2,$3,$4,$5,$6,$7)
            """,
            tokenSha256, centreId, alarmId, contactId, nowMs, expiresAtMs, (long)incarnation);

    /// <summary>A link by its token's hash.</summary>
    public static LinkRow? Find(Db db, byte[] tokenSha256) =>
        db.One(
            """
            SELECT l.centre_id, l.alarm_id, l.contact_id, c.name, c.resident_id, l.expires_at_ms, l.revoked_at_ms, l.opened_at_ms
            FROM family_link l JOIN contact c ON c.id=l.contact_id WHERE l.token_sha256=$1
            """,
            static r => new LinkRow(
                r.Text(0), r.Long(1), r.Long(2), r.Text(3), r.Long(4), r.Long(5), r.LongOrNull(6), r.LongOrNull(7)),
            tokenSha256);

    /// <summary>Ends a contact's link to an alarm; false where there is none that lives.</summary>
    public static bool Revoke(Db db, string centreId, long alarmId, long contactId, long nowMs) =>
        db.Run(
            """
            UPDATE family_link SET revoked_at_ms=$4
            WHERE centre_id=$1 AND alarm_id=$2 AND contact_id=$3 AND revoked_at_ms IS NULL
            """,
            centreId, alarmId, contactId, nowMs) == 1;

    /// <summary>Ends all links of a contact.</summary>
    public static void RevokeAll(Db db, long contactId, long nowMs) =>
        db.Run("UPDATE family_link SET revoked_at_ms=$2 WHERE contact_id=$1 AND revoked_at_ms IS NULL", contactId,
            nowMs);

    /// <summary>Notes the first opening; false where it had been opened before.</summary>
    public static bool Opened(Db db, byte[] tokenSha256, long nowMs) =>
        db.Run("UPDATE family_link SET opened_at_ms=$2 WHERE token_sha256=$1 AND opened_at_ms IS NULL", tokenSha256,
            nowMs) == 1;
}
