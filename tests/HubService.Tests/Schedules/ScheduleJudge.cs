using ElderBand.HubService;
using ElderBand.HubService.Storage;

namespace ElderBand.Tests.HubService.Schedules;

/// <summary>
/// Checks the invariants of P61 with its own SQL. An open alarm has a live timer. No timer is due later than its full
/// length, and none stays due. Nobody is told twice under one number.
/// </summary>
internal sealed class ScheduleJudge(ScheduleCentre centre)
{
    private const int AgainAnHour = 3;
    private const long HourMs = 3_600_000;

    private readonly HashSet<(long Alarm, long Contact, string Reason, long Round)> _told = [];
    private readonly List<(long Alarm, long Contact, int Clock, long AtMs)> _again = [];
    private readonly HashSet<long> _seen = [];
    private int _clock;
    private long _stepMs;

    /// <summary>The first invariant that failed. Null where none has failed.</summary>
    public string? Finding { get; private set; }

    public Dictionary<TimerKind, int> Fired { get; } = [];

    public int Told => _told.Count;

    public List<long> Open(string states) =>
        centre.Disk.All($"SELECT id FROM alarm WHERE state IN ({states}) ORDER BY id", static r => r.Long(0));

    public long OwnerOf(long alarm) => centre.Disk.Number("SELECT owner_staff_id FROM alarm WHERE id=$1", alarm);

    /// <summary>UTC ms of the next moment at which a timer or a text is due.</summary>
    public long NextDueMs() => centre.Disk.Value(
        """
        SELECT min(due_at_ms) FROM (SELECT due_at_ms FROM timer UNION ALL
          SELECT due_at_ms FROM message WHERE sent_at_ms IS NULL AND failed_at_ms IS NULL)
        """) as long? ?? long.MaxValue / 2;

    /// <summary>Notes a stored press. Where somebody has the card, the press must be answered.</summary>
    public void Pressed(int resident)
    {
        long unheard = centre.Disk.Number(
            """
            SELECT count(*) FROM alarm a WHERE resident_id=$1 AND kind='sos' AND state IN ('taken','coming')
              AND NOT EXISTS (SELECT 1 FROM timer WHERE alarm_id=a.id AND kind='answer')
            """,
            resident);
        Find(unheard == 0, $"a press of r{resident} on a taken card waits for no answer");
    }

    /// <summary>Notes that the service has started and has read the wall clock.</summary>
    public void Started()
    {
        _clock += _stepMs == centre.Time.StepMs ? 0 : 1;
        _stepMs = centre.Time.StepMs;
    }

    public void BeforeSweep()
    {
        foreach (DueTimer timer in TimerRows.Due(centre.Disk, centre.NowMs))
        {
            Fired[timer.Kind] = Fired.GetValueOrDefault(timer.Kind) + 1;
        }
    }

    public void AfterSweep(Random random)
    {
        Find(centre.Rescued == 0, "an open alarm without a live timer was found by the sweep, or a timer failed");
        foreach ((long id, string state, bool hasOwner, string timers) in centre.Disk.All(
            """
            SELECT id, state, owner_staff_id IS NOT NULL,
              ifnull((SELECT group_concat(kind||' '||due_at_ms, ',') FROM timer WHERE alarm_id=a.id), '')
            FROM alarm a WHERE state NOT IN ('closed','cancelled') OR EXISTS (SELECT 1 FROM timer WHERE alarm_id=a.id)
            """,
            static r => (r.Long(0), r.Text(1), r.Bool(2), r.Text(3))))
        {
            Judge(id, state, hasOwner, timers);
        }
        List<DueMessage> due = MessageRows.Due(centre.Disk, centre.NowMs, 32);
        if (due.Count > 0)
        {
            bool goesOut = random.Next(5) > 0;
            centre.Write(db => due.ForEach(m => Send(db, m, goesOut)));
            (goesOut ? due : []).ForEach(Tell);
        }
    }

    /// <summary>Compares the whole outbox with what has happened to each alarm.</summary>
    public void End() => Find(
        centre.Disk.Number(
            """
            SELECT count(*) FROM (SELECT m.reason, a.id, count(*) AS times,
              (SELECT count(*) FROM alarm_timeline t WHERE t.alarm_id=a.id
                AND t.kind IN ('handedBack','overdue')) AS lost,
              (SELECT count(*) FROM alarm_timeline t WHERE t.alarm_id=a.id AND t.kind='notAnswered') AS pressed
              FROM message m JOIN alarm a ON a.id=m.alarm_id GROUP BY m.alarm_id, m.contact_id, m.reason)
            WHERE times>CASE reason WHEN 'unanswered' THEN 1+lost WHEN 'again' THEN pressed ELSE 1 END
            """) == 0,
        "a contact was told more often than there was a reason");

    private void Judge(long id, string state, bool hasOwner, string timers)
    {
        string[] kinds = state switch
        {
            "prealarm" => ["deadline"],
            "ringing" => ["ring"],
            "taken" or "coming" => ["remind", "overdue"],
            _ => [],
        };
        bool isLive = false;
        foreach (string timer in timers.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = timer.Split(' ');
            long leftMs = long.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture) - centre.NowMs;
            Find(leftMs > 0, $"alarm {id} {state}: {parts[0]} stays due");
            Find(leftMs <= FullMs(parts[0], state), $"alarm {id} {state}: {parts[0]} is due in {leftMs} ms");
            isLive |= kinds.Contains(parts[0]);
        }
        Find(isLive == kinds.Length > 0 && (isLive || timers.Length == 0), $"alarm {id} {state}: timers '{timers}'");
        Find(hasOwner || state is not ("taken" or "coming"), $"alarm {id} {state} has no owner");
    }

    private static long FullMs(string kind, string state) => kind switch
    {
        "deadline" => 45_000,
        "ring" => 30_000,
        "noConsole" => 15_000,
        "remind" => state == "coming" ? 900_000 : 300_000,
        _ => 60_000,
    };

    // The gateway takes the text, or fails so that a second attempt follows.
    private void Send(Db db, DueMessage m, bool goesOut)
    {
        if (goesOut)
        {
            MessageRows.Sent(db, m.Id, centre.NowMs, null);
        }
        else
        {
            MessageRows.NotSent(db, m.Id, centre.NowMs, centre.NowMs + 5000, "busy");
        }
    }

    private void Tell(DueMessage m)
    {
        long round = centre.Disk.Number("SELECT round FROM message WHERE id=$1", m.Id);
        Find(
            _seen.Add(m.Id) && _told.Add((m.AlarmNumber, m.ContactId, m.Reason, round)),
            $"contact {m.ContactId} is told twice of {m.AlarmNumber} {m.Reason} {round}");
        if (m.Reason == "again")
        {
            // The time at which a message was added counts for the limit in an hour. Its text may go out later.
            var told = (m.AlarmNumber, m.ContactId, Clock: _clock, AtMs: m.CreatedAtMs);
            _again.Add(told);
            Find(
                _again.Count(a => a.Alarm == told.AlarmNumber && a.Contact == told.ContactId && a.Clock == _clock
                    && a.AtMs > told.AtMs - HourMs && a.AtMs <= told.AtMs) <= AgainAnHour,
                $"contact {m.ContactId} is told more than {AgainAnHour} times an hour of {m.AlarmNumber}");
        }
    }

    private void Find(bool isRight, string what)
    {
        if (!isRight)
        {
            Finding ??= what;
        }
    }
}
