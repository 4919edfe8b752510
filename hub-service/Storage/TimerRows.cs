using ElderBand.HubService.Alarms;

namespace ElderBand.HubService.Storage;

/// <summary>A timer that is due.</summary>
public sealed record DueTimer(string CentreId, long AlarmId, TimerKind Kind);

/// <summary>
/// The table <c>timer</c> holds what an open alarm waits for. Timers are rows, so they still run after a restart (P25).
/// </summary>
public static class TimerRows
{
    /// <summary>Sets or moves a timer.</summary>
    public static void Set(Db db, AlarmRow alarm, TimerKind kind, long dueAtMs) =>
        db.Run(
            """
            INSERT INTO timer (alarm_id, kind, centre_id, due_at_ms) VALUES ($1,$2,$3,$4)
            ON CONFLICT (alarm_id, kind) DO UPDATE SET due_at_ms=excluded.due_at_ms
            """,
            alarm.Id, kind.Code(), alarm.CentreId, dueAtMs);

    /// <summary>Sets a timer that does not run yet. A timer that runs keeps its time.</summary>
    public static void SetOnce(Db db, AlarmRow alarm, TimerKind kind, long dueAtMs) =>
        db.Run(
            "INSERT OR IGNORE INTO timer (alarm_id, kind, centre_id, due_at_ms) VALUES ($1,$2,$3,$4)", alarm.Id,
            kind.Code(), alarm.CentreId, dueAtMs);

    /// <summary>Removes one timer.</summary>
    public static void Clear(Db db, long alarmId, TimerKind kind) =>
        db.Run("DELETE FROM timer WHERE alarm_id=$1 AND kind=$2", alarmId, kind.Code());

    /// <summary>Removes all timers of an alarm.</summary>
    public static void ClearAll(Db db, long alarmId) => db.Run("DELETE FROM timer WHERE alarm_id=$1", alarmId);

    /// <summary>Timers that are due, oldest first.</summary>
    public static List<DueTimer> Due(Db db, long nowMs) =>
        db.All(
            "SELECT centre_id, alarm_id, kind FROM timer WHERE due_at_ms<=$1 ORDER BY due_at_ms LIMIT 256",
            static r => new DueTimer(r.Text(0), r.Long(1), Codes.Find<TimerKind>(r.Text(2))!.Value), nowMs);

    /// <summary>True where this timer is still due.</summary>
    public static bool IsDue(Db db, DueTimer timer, long nowMs) =>
        db.Number(
            "SELECT count(*) FROM timer WHERE alarm_id=$1 AND kind=$2 AND due_at_ms<=$3", timer.AlarmId,
            timer.Kind.Code(), nowMs) == 1;

    /// <summary>
    /// Makes every timer due now that lies beyond its full length, and every text that lies beyond the longest wait
    /// between two attempts. Such rows were stored while the clock was ahead. Runs at the start.
    /// </summary>
    public static void PullIn(Db db, long nowMs, long longestWaitMs)
    {
        foreach ((long alarmId, AlarmState state, TimerKind kind, long dueAtMs) in db.All(
            "SELECT t.alarm_id, a.state, t.kind, t.due_at_ms FROM timer t JOIN alarm a ON a.id=t.alarm_id",
            static r => (r.Long(0), Codes.Find<AlarmState>(r.Text(1))!.Value, Codes.Find<TimerKind>(r.Text(2))!.Value,
                r.Long(3))))
        {
            if (dueAtMs > nowMs + AlarmTimers.LengthMs(kind, state))
            {
                db.Run("UPDATE timer SET due_at_ms=$3 WHERE alarm_id=$1 AND kind=$2", alarmId, kind.Code(), nowMs);
            }
        }
        db.Run("UPDATE alarm SET deadline_at_ms=$1 WHERE deadline_at_ms>$2", nowMs,
            nowMs + AlarmTimers.LengthMs(TimerKind.Deadline, AlarmState.Prealarm));
        db.Run("UPDATE message SET due_at_ms=$1 WHERE due_at_ms>$2 AND sent_at_ms IS NULL AND failed_at_ms IS NULL",
            nowMs, nowMs + longestWaitMs);
    }

    /// <summary>
    /// Open alarms without the timer that their state needs (<see cref="AlarmTimers"/>), and alarms that are taken or
    /// coming without an owner. Any such alarm is a defect.
    /// </summary>
    public static List<long> Orphans(Db db) =>
        db.All(
            """
            SELECT id FROM alarm a WHERE
              (state='ringing' AND NOT EXISTS (SELECT 1 FROM timer WHERE alarm_id=a.id AND kind='ring'))
              OR (state='prealarm' AND NOT EXISTS (SELECT 1 FROM timer WHERE alarm_id=a.id AND kind='deadline'))
              OR (state IN ('taken','coming') AND (owner_staff_id IS NULL
                OR NOT EXISTS (SELECT 1 FROM timer WHERE alarm_id=a.id AND kind IN ('remind','overdue'))))
            """,
            static r => r.Long(0));
}
