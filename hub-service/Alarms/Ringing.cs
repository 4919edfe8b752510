using ElderBand.HubService.Ingest;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Alarms;

/// <summary>
/// Opens alarms, and lets them ring until a person has them. Each function runs inside the writer's transaction and
/// leaves state, timers, timeline, audit and the family's outbox consistent: an open alarm has an owner or a timer row.
/// </summary>
public sealed class Ringing(ConsoleCounter consoles)
{
    /// <summary>Rings again after this long without an owner.</summary>
    public const int RingEveryMs = 30_000;

    /// <summary>"Nobody has answered" after this long without an owner.</summary>
    public const int UnansweredAfterMs = 60_000;

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
            Outcome = state == AlarmState.Closed ? "drill" : null,
        });
        EventRows.SetAlarm(tx.Db, e.EventId, alarm.Id);
        if (DeviceRows.PassedOnTo(tx.Db, alarm) is { } next)
        {
            AlarmRows.Note(tx, alarm, "passedOn", "", ResidentRows.Resident(tx.Db, next)?.Name ?? "");
        }
        return alarm;
    }

    /// <summary>
    /// Opens a drill and closes it at once: the drill has gone the whole way, and nobody is woken.
    /// </summary>
    public void Drill(Tx tx, FrameEvent e, string kind)
    {
        AlarmRow drill = Open(tx, e, kind, AlarmState.Closed, e.Sequence);
        AlarmRows.Note(tx, drill, "drill");
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
        AlarmRows.ClearTimers(tx.Db, alarm.Id);
        AlarmRows.SetTimer(tx.Db, alarm.CentreId, alarm.Id, "ring", tx.NowMs + RingEveryMs);
        if (alarm.Kind != "inactivity")
        {
            MessageRows.Enqueue(tx.Db, alarm, "raised", tx.NowMs);
        }
        tx.Audit(
            alarm.CentreId, alarm.Sender, "alarm.ringing", $"alarm:{alarm.Number}",
            $"{alarm.Kind} resident:{alarm.ResidentId} event at {alarm.EventAtMs}");
        AlarmRows.SetTimer(tx.Db, alarm.CentreId, alarm.Id, "unanswered", tx.NowMs + UnansweredAfterMs);
        LookForConsole(tx, alarm);
    }

    /// <summary>A timer of an alarm has come due.</summary>
    public void TimerDue(Tx tx, DueTimer timer)
    {
        if (!AlarmRows.IsDue(tx.Db, timer, tx.NowMs) || AlarmRows.Get(tx.Db, timer.AlarmId) is not { } alarm)
        {
            return;
        }
        switch (timer.Kind)
        {
            case "deadline":
                Deadline(tx, alarm);
                Save(tx, alarm);
                break;
            case "ring" when AlarmMachine.Next(alarm.State, AlarmEvent.RingAgain).Verdict == Verdict.Note:
                AlarmRows.SetTimer(tx.Db, alarm.CentreId, alarm.Id, "ring", tx.NowMs + RingEveryMs);
                if (!alarm.Unanswered)
                {
                    LookForConsole(tx, alarm);
                    Save(tx, alarm);
                }
                tx.AlarmChanged(alarm.CentreId, alarm.Id);
                break;
            case "unanswered" when AlarmMachine.Next(alarm.State, AlarmEvent.Unanswered).Verdict == Verdict.Note:
                Unanswered(tx, alarm, "noAnswer");
                Save(tx, alarm);
                break;
            case "noConsole" when AlarmMachine.Next(alarm.State, AlarmEvent.Unanswered).Verdict == Verdict.Note:
                LookForConsole(tx, alarm);
                Save(tx, alarm);
                break;
            default:
                AlarmRows.ClearTimer(tx.Db, timer.AlarmId, timer.Kind);
                break;
        }
    }

    /// <summary>
    /// Nobody cancelled a suspected fall in time: it rings. The caller saves the alarm with <see cref="Save"/>.
    /// </summary>
    public void Deadline(Tx tx, AlarmRow alarm)
    {
        AlarmStep step = AlarmMachine.Next(alarm.State, AlarmEvent.Deadline);
        if (step.Verdict != Verdict.Move)
        {
            AlarmRows.ClearTimer(tx.Db, alarm.Id, "deadline");
            return;
        }
        alarm.State = step.Next;
        AlarmRows.Note(tx, alarm, "deadline");
        Raise(tx, alarm);
    }

    /// <summary>Puts right an open alarm that has neither owner nor timer: it rings, whatever went wrong.</summary>
    public void Rescue(Tx tx, long alarmId)
    {
        if (!AlarmRows.Orphans(tx.Db).Contains(alarmId) || AlarmRows.Get(tx.Db, alarmId) is not { } alarm)
        {
            return;
        }
        alarm.State = AlarmState.Ringing;
        AlarmRows.Note(tx, alarm, "rescued");
        tx.Audit(
            alarm.CentreId, "service", "alarm.rescued", $"alarm:{alarm.Number}", "open without an owner or a timer");
        Raise(tx, alarm);
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
            AlarmRows.ClearTimer(tx.Db, alarm.Id, "noConsole");
        }
        else if (goneAtMs <= tx.NowMs)
        {
            Unanswered(tx, alarm, "noConsole");
        }
        else
        {
            AlarmRows.SetTimer(tx.Db, alarm.CentreId, alarm.Id, "noConsole", goneAtMs);
        }
    }

    private static void Unanswered(Tx tx, AlarmRow alarm, string why)
    {
        alarm.Unanswered = true;
        AlarmRows.ClearTimer(tx.Db, alarm.Id, "unanswered");
        AlarmRows.ClearTimer(tx.Db, alarm.Id, "noConsole");
        MessageRows.Enqueue(tx.Db, alarm, "unanswered", tx.NowMs);
        AlarmRows.Note(tx, alarm, "unanswered", "", why);
        tx.Audit(alarm.CentreId, "service", "alarm.unanswered", $"alarm:{alarm.Number}", why);
    }
}
