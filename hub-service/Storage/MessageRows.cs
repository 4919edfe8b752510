namespace ElderBand.HubService.Storage;

/// <summary>The table <c>message</c> as far as alarms write it; the family's worker has its own functions.</summary>
public static partial class MessageRows
{
    /// <summary>
    /// One row per contact with consent: the resident's, for a hub's key those of everybody in the home. "closed" goes
    /// only to those who were told of the alarm. A row that exists stays as it is (never silently twice); "unanswered"
    /// may come once more after each handback.
    /// </summary>
    /// <param name="db">The writer's connection.</param>
    /// <param name="alarm">The alarm; a drill tells nobody.</param>
    /// <param name="reason">raised, unanswered or closed.</param>
    /// <param name="nowMs">UTC ms.</param>
    public static int Enqueue(Db db, AlarmRow alarm, string reason, long nowMs) => alarm.Drill ? 0 : db.Run(
        """
        INSERT OR IGNORE INTO message (centre_id, alarm_id, contact_id, reason, handbacks, created_at_ms, due_at_ms, attempts)
        SELECT c.centre_id, $1, c.id, $2,
          CASE WHEN $2='unanswered' THEN (SELECT count(*) FROM alarm_timeline WHERE alarm_id=$1 AND kind='handedBack') ELSE 0 END,
          $3, $3, 0 FROM contact c
        WHERE c.consent_at_ms IS NOT NULL AND c.to_ms IS NULL
          AND (c.resident_id=$4 OR ($5='hubKey' AND c.resident_id IN
               (SELECT resident_id FROM residence WHERE home_id=$6 AND to_ms IS NULL)))
          AND ($2<>'closed' OR EXISTS (SELECT 1 FROM message m WHERE m.alarm_id=$1 AND m.contact_id=c.id))
        ORDER BY c.ord
        """,
        alarm.Id, reason, nowMs, alarm.ResidentId, alarm.Source, alarm.HomeId);
}
