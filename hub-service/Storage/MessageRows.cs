namespace ElderBand.HubService.Storage;

/// <summary>The table <c>message</c> as far as alarms write it; the family's worker has its own functions.</summary>
public static partial class MessageRows
{
    /// <summary>A contact is told of unanswered presses on one card at most this often in an hour.</summary>
    public const int AgainAnHour = 3;

    /// <summary>The longest wait between two attempts to send a message.</summary>
    public const int LongestWaitMs = 60_000;

    private const long HourMs = 3_600_000;

    /// <summary>
    /// Adds one row for each contact with consent. For a band these are the contacts of the resident. For a hub's key
    /// these are the contacts of everybody in the home. "closed" goes only to contacts who were told of the alarm. A
    /// row that exists is not changed, so nobody is told twice. "unanswered" may be added again each time the alarm has
    /// lost its owner. "again" may be added for each press that nobody answered, at most <see cref="AgainAnHour"/>
    /// times an hour for one contact.
    /// </summary>
    /// <param name="db">The writer's connection.</param>
    /// <param name="alarm">The alarm; a drill tells nobody.</param>
    /// <param name="reason">Why the contacts are told.</param>
    /// <param name="nowMs">UTC ms.</param>
    public static int Enqueue(Db db, AlarmRow alarm, MessageReason reason, long nowMs) => alarm.Drill ? 0 : db.Run(
        """
        INSERT OR IGNORE INTO message (centre_id, alarm_id, contact_id, reason, round, created_at_ms, due_at_ms, attempts)
        SELECT c.centre_id, $1, c.id, $2,
          CASE $2
            WHEN 'unanswered' THEN
              (SELECT count(*) FROM alarm_timeline WHERE alarm_id=$1 AND kind IN ('handedBack','overdue','rescued'))
            WHEN 'again' THEN (SELECT count(*) FROM alarm_timeline WHERE alarm_id=$1 AND kind='notAnswered')
            ELSE 0 END,
          $3, $3, 0 FROM contact c
        WHERE c.consent_at_ms IS NOT NULL AND c.to_ms IS NULL
          AND (c.resident_id=$4 OR ($5='hubKey' AND c.resident_id IN
               (SELECT resident_id FROM residence WHERE home_id=$6 AND to_ms IS NULL)))
          AND ($2<>'closed' OR EXISTS (SELECT 1 FROM message m WHERE m.alarm_id=$1 AND m.contact_id=c.id))
          AND ($2<>'again' OR $7>(SELECT count(*) FROM message m WHERE m.alarm_id=$1 AND m.contact_id=c.id
            AND m.reason='again' AND m.created_at_ms BETWEEN $3-$8 AND $3))
        ORDER BY c.ord
        """,
        alarm.Id, reason.Code(), nowMs, alarm.ResidentId, alarm.Source, alarm.HomeId, AgainAnHour, HourMs);
}
