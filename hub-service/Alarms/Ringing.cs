using ElderBand.HubService.Ingest;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Alarms;

/// <summary>
/// Opens alarms, lets them ring until a person takes them, and reminds that person to act. Each function runs inside
/// the writer's transaction. Each keeps state, timers, timeline, audit and the family's outbox consistent. Each leaves
/// an open alarm with a live timer (<see cref="AlarmTimers"/>).
/// </summary>
public sealed class Ringing(ConsoleCounter consoles)
{
    /// <summary>Called after the commit with the id of each alarm whose stage the wrist must be told.</summary>
    public Action<long>? StageChanged { get; set; }

    /// <summary>Writes the alarm that a frame opens, and joins the frame's event to the alarm.</summary>
    /// <param name="tx">The transaction.</param>
    /// <param name="e">The frame.</param>
    /// <param name="kind">sos, fall or inactivity.</param>
    /// <param name="state">The first state; closed for a drill.</param>
    /// <param name="sequence">Sequence of the press or the suspicion, in the frame's boot.</param>
    /// <param name="deadlineAtMs">UTC ms at which a pre-alarm begins to ring.</param>
    public static AlarmRow Open(
        Tx tx, FrameEvent e, string kind, AlarmState state, int sequence, long? deadlineAtMs = null)
    {
        AlarmRow alarm = AlarmRows.Insert(tx.Db, new AlarmRow
        {
            CentreId = e.CentreId,
            Sender = e.Sender,
            Boot = e.Boot,
            Sequence = sequence,
            Kind = kind,
            State = state,
            Source = e.Source,
            Drill = e.IsDrill,
            ResidentId = e.ResidentId,
            OtherResidentId = e.OtherResidentId,
            HomeId = e.HomeId,
            BandId = e.BandId,
            HubId = e.HubId,
            EventAtMs = e.AtMs,
            Quality = e.Quality,
            RaisedAtMs = tx.NowMs,
            DeadlineAtMs = deadlineAtMs,
            Presses = kind == "sos" ? 1 : 0,
            ClosedAtMs = state == AlarmState.Closed ? tx.NowMs : null,
            Outcome = state == AlarmState.Closed ? Outcome.Drill : null,
        });
        EventRows.SetAlarm(tx.Db, e.EventId, alarm.Id);
        if (DeviceRows.PassedOnTo(tx.Db, alarm) is { } next)
        {
            AlarmRows.Note(tx, alarm, TimelineKind.PassedOn, "", ResidentRows.Resident(tx.Db, next)?.Name ?? "");
        }
        return alarm;
    }

    /// <summary>
    /// Opens a drill and closes it at once: the drill has gone the whole way, and nobody is woken.
    /// </summary>
    public void Drill(Tx tx, FrameEvent e, string kind)
    {
        AlarmRow drill = Open(tx, e, kind, AlarmState.Closed, e.Sequence);
        AlarmRows.Note(tx, drill, TimelineKind.Drill);
        tx.Audit(drill.CentreId, drill.Sender, "alarm.drill", $"alarm:{drill.Number}", kind);
        Save(tx, drill);
    }

    /// <summary>
    /// Starts ringing: timers, the family's outbox, and "nobody has answered" at once where no console is there. The
    /// caller has set the state, and saves the alarm with <see cref="Save"/>.
    /// </summary>
    public void Raise(Tx tx, AlarmRow alarm)
    {
        // The trace is that of the frame that made it ring: for a fall its confirmation, not the suspicion before it.
        tx.AlarmChanged(alarm.CentreId, alarm.Id, startsTrace: true);
        alarm.DeadlineAtMs = null;
        TimerRows.ClearAll(tx.Db, alarm.Id);
        Start(tx, alarm, TimerKind.Ring);
        if (alarm.Kind != "inactivity")
        {
            MessageRows.Enqueue(tx.Db, alarm, MessageReason.Raised, tx.NowMs);
        }
        tx.Audit(
            alarm.CentreId, alarm.Sender, "alarm.ringing", $"alarm:{alarm.Number}",
            $"{alarm.Kind} resident:{alarm.ResidentId} event at {alarm.EventAtMs}");
        Start(tx, alarm, TimerKind.Unanswered);
        LookForConsole(tx, alarm);
    }

    /// <summary>
    /// A console of the centre has gone. Checks for each ringing alarm whether a console is left to hear it.
    /// </summary>
    public void ConsolesGone(Tx tx, string centreId)
    {
        foreach (long id in AlarmRows.RingingUnheard(tx.Db, centreId))
        {
            AlarmRow alarm = AlarmRows.Get(tx.Db, id)!;
            LookForConsole(tx, alarm);
            Save(tx, alarm);
        }
    }

    /// <summary>
    /// The alarm has no owner any more, so it rings for all. The caller has noted the reason, and saves the alarm with
    /// <see cref="Save"/>.
    /// </summary>
    public void RingForAll(Tx tx, AlarmRow alarm)
    {
        alarm.State = AlarmState.Ringing;
        alarm.OwnerStaffId = null;
        alarm.TakenAtMs = null;
        alarm.ComingAtMs = null;
        Raise(tx, alarm);
    }

    /// <summary>
    /// The owner has acted. The presses so far are answered, and the time to the next reminder starts again. A closed
    /// alarm gets no timer.
    /// </summary>
    public static void AwaitOwner(Tx tx, AlarmRow alarm)
    {
        TimerRows.ClearAll(tx.Db, alarm.Id);
        if (alarm.State is AlarmState.Taken or AlarmState.Coming)
        {
            Start(tx, alarm, TimerKind.Remind);
        }
    }

    /// <summary>
    /// The wearer presses again while the card is open. The consoles ring for the press at once. If somebody has the
    /// card, or the contacts were told that nobody has it, a person must answer the press within 60 s. Otherwise the
    /// contacts are told again.
    /// </summary>
    public static void PressedAgain(Tx tx, AlarmRow alarm)
    {
        if (alarm.State == AlarmState.Ringing)
        {
            Start(tx, alarm, TimerKind.Ring);
        }
        if (alarm.OwnerStaffId is not null || alarm.Unanswered)
        {
            // A running timer keeps its time. Otherwise a wearer who keeps pressing would put the end of the wait off
            // for ever.
            TimerRows.SetOnce(tx.Db, alarm, TimerKind.Answer, tx.NowMs + AlarmTimers.AnswerWithinMs);
        }
    }

    /// <summary>A timer of an alarm has come due.</summary>
    public void TimerDue(Tx tx, DueTimer timer)
    {
        if (!TimerRows.IsDue(tx.Db, timer, tx.NowMs) || AlarmRows.Get(tx.Db, timer.AlarmId) is not { } alarm)
        {
            return;
        }
        if (AlarmMachine.Next(alarm.State, EventOf(timer.Kind)).Verdict is not (Verdict.Move or Verdict.Note))
        {
            TimerRows.Clear(tx.Db, timer.AlarmId, timer.Kind);
            return;
        }
        switch (timer.Kind)
        {
            case TimerKind.Deadline:
                Deadline(tx, alarm);
                break;
            case TimerKind.Ring:
                Start(tx, alarm, TimerKind.Ring);
                if (alarm.Unanswered)
                {
                    tx.AlarmChanged(alarm.CentreId, alarm.Id); // the consoles ring again; the alarm has not changed
                    return;
                }
                LookForConsole(tx, alarm);
                break;
            case TimerKind.Unanswered:
                Unanswered(tx, alarm, "noAnswer");
                break;
            case TimerKind.NoConsole:
                LookForConsole(tx, alarm);
                break;
            case TimerKind.Answer:
                NotAnswered(tx, alarm);
                break;
            case TimerKind.Remind:
                Remind(tx, alarm);
                break;
            case TimerKind.Overdue:
                Overdue(tx, alarm);
                break;
        }
        Save(tx, alarm);
    }

    /// <summary>
    /// Nobody cancelled a suspected fall in time: it rings. The caller saves the alarm with <see cref="Save"/>.
    /// </summary>
    public void Deadline(Tx tx, AlarmRow alarm)
    {
        AlarmStep step = AlarmMachine.Next(alarm.State, AlarmEvent.Deadline);
        if (step.Verdict != Verdict.Move)
        {
            TimerRows.Clear(tx.Db, alarm.Id, TimerKind.Deadline);
            return;
        }
        alarm.State = step.Next;
        AlarmRows.Note(tx, alarm, TimelineKind.Deadline);
        Raise(tx, alarm);
    }

    /// <summary>Makes an open alarm without a live timer ring for all, whatever the cause of the defect.</summary>
    public void Rescue(Tx tx, long alarmId)
    {
        if (!TimerRows.Orphans(tx.Db).Contains(alarmId) || AlarmRows.Get(tx.Db, alarmId) is not { } alarm)
        {
            return;
        }
        AlarmRows.Note(tx, alarm, TimelineKind.Rescued);
        tx.Audit(alarm.CentreId, "service", "alarm.rescued", $"alarm:{alarm.Number}", "open without a live timer");
        RingForAll(tx, alarm);
        Save(tx, alarm);
    }

    /// <summary>
    /// Writes the alarm, and tells the consoles and, after the commit, the wrist (<see cref="StageChanged"/>).
    /// </summary>
    public void Save(Tx tx, AlarmRow alarm)
    {
        AlarmRows.Save(tx.Db, alarm);
        tx.AlarmChanged(
            alarm.CentreId, alarm.Id, startsTrace: alarm.RaisedAtMs == tx.NowMs && alarm.State == AlarmState.Prealarm);
        tx.After(() => StageChanged?.Invoke(alarm.Id));
    }

    /// <summary>
    /// Where nobody can hear it, nobody will answer; a console that has just gone may come back first.
    /// </summary>
    private void LookForConsole(Tx tx, AlarmRow alarm)
    {
        if (consoles.GoneAtMs(alarm.CentreId) is not { } goneAtMs)
        {
            TimerRows.Clear(tx.Db, alarm.Id, TimerKind.NoConsole);
        }
        else if (goneAtMs <= tx.NowMs)
        {
            Unanswered(tx, alarm, "noConsole");
        }
        else
        {
            TimerRows.Set(tx.Db, alarm, TimerKind.NoConsole, goneAtMs);
        }
    }

    private static void Unanswered(Tx tx, AlarmRow alarm, string why)
    {
        alarm.Unanswered = true;
        TimerRows.Clear(tx.Db, alarm.Id, TimerKind.Unanswered);
        TimerRows.Clear(tx.Db, alarm.Id, TimerKind.NoConsole);
        MessageRows.Enqueue(tx.Db, alarm, MessageReason.Unanswered, tx.NowMs);
        AlarmRows.Note(tx, alarm, TimelineKind.Unanswered, "", why);
        tx.Audit(alarm.CentreId, "service", "alarm.unanswered", $"alarm:{alarm.Number}", why);
    }

    private static void NotAnswered(Tx tx, AlarmRow alarm)
    {
        TimerRows.Clear(tx.Db, alarm.Id, TimerKind.Answer);
        MessageRows.Enqueue(tx.Db, alarm, MessageReason.Again, tx.NowMs);
        string owner = Owner(tx, alarm);
        AlarmRows.Note(tx, alarm, TimelineKind.NotAnswered, owner);
        tx.Audit(alarm.CentreId, "service", "alarm.notAnswered", $"alarm:{alarm.Number}", $"owner {owner}");
    }

    private static void Remind(Tx tx, AlarmRow alarm)
    {
        TimerRows.Clear(tx.Db, alarm.Id, TimerKind.Remind);
        Start(tx, alarm, TimerKind.Overdue);
        AlarmRows.Note(tx, alarm, TimelineKind.Reminded, Owner(tx, alarm));
    }

    private void Overdue(Tx tx, AlarmRow alarm)
    {
        string owner = Owner(tx, alarm);
        AlarmRows.Note(tx, alarm, TimelineKind.Overdue, owner);
        tx.Audit(alarm.CentreId, "service", "alarm.overdue", $"alarm:{alarm.Number}", $"owner {owner}");
        RingForAll(tx, alarm);
    }

    private static string Owner(Tx tx, AlarmRow alarm) =>
        alarm.OwnerStaffId is { } owner ? StaffRows.DisplayName(tx.Db, owner) : "";

    private static void Start(Tx tx, AlarmRow alarm, TimerKind kind) =>
        TimerRows.Set(tx.Db, alarm, kind, tx.NowMs + AlarmTimers.LengthMs(kind, alarm.State));

    private static AlarmEvent EventOf(TimerKind kind) => kind switch
    {
        TimerKind.Deadline => AlarmEvent.Deadline,
        TimerKind.Ring => AlarmEvent.RingAgain,
        TimerKind.Unanswered or TimerKind.NoConsole => AlarmEvent.Unanswered,
        TimerKind.Answer => AlarmEvent.NotAnswered,
        TimerKind.Remind => AlarmEvent.Remind,
        _ => AlarmEvent.Overdue,
    };
}
