using ElderBand.BandProtocol;
using ElderBand.HubService.Ingest;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Alarms;

/// <summary>A signed-in member of staff who acts.</summary>
public sealed record Actor(long StaffId, string DisplayName)
{
    /// <summary>For the audit.</summary>
    public string Who => $"staff:{StaffId} {DisplayName}";
}

/// <summary>Outcome of an act.</summary>
public enum Act
{
    /// <summary>It is so now (or was already).</summary>
    Done,

    /// <summary>No such alarm in this centre.</summary>
    NotFound,

    /// <summary>Somebody else has it: see <see cref="ActResult.TakenBy"/>.</summary>
    TakenByOther,

    /// <summary>The alarm's state does not allow it: nobody has taken it yet, or it is over.</summary>
    NotPossible,

    /// <summary>Closing needs one of <see cref="AlarmDesk.Outcomes"/>.</summary>
    NoOutcome,
}

/// <summary>Answer to an act.</summary>
public readonly record struct ActResult(Act Act, string? TakenBy = null);

/// <summary>
/// Everything that happens to alarms. Each function runs inside the writer's transaction and leaves state, timers,
/// timeline, audit and the family's outbox consistent: an open alarm has an owner or a timer row.
/// </summary>
public sealed class AlarmDesk(ConsoleCounter consoles)
{
    /// <summary>A suspected fall may be cancelled for this long.</summary>
    public const int CountdownMs = 30_000;

    /// <summary>Added to the countdown at the service, for the way of a cancel.</summary>
    public const int GraceMs = 15_000;

    /// <summary>Rings again after this long without an owner.</summary>
    public const int RingEveryMs = 30_000;

    /// <summary>"Nobody has answered" after this long without an owner.</summary>
    public const int UnansweredAfterMs = 60_000;

    /// <summary>With what an alarm may be closed.</summary>
    public static readonly string[] Outcomes =
        ["phoneOk", "familyGoing", "officerSent", "ambulance", "falseAlarm", "drill", "other"];

    /// <summary>Called after the commit with the id of each alarm whose stage the wrist must be told.</summary>
    public Action<long>? StageChanged { get; set; }

    /// <summary>The stage that the centre tells the wrist of an alarm in this state.</summary>
    public static Stage WantedStage(AlarmState state) => state switch
    {
        AlarmState.Ringing => Stage.Centre,
        AlarmState.Taken => Stage.Taken,
        AlarmState.Coming => Stage.Coming,
        AlarmState.Closed => Stage.Closed,
        _ => Stage.Waiting,
    };

    /// <summary>
    /// A press: joins the sender's open SOS or opens one; ends and takes over pre-alarms of the same band.
    /// </summary>
    public void Sos(Tx tx, FrameEvent e)
    {
        if (e.IsDrill)
        {
            Drill(tx, e, "sos");
            return;
        }

        AlarmRow? sos = AlarmRows.OpenSos(tx.Db, e.Sender);
        if (sos is null)
        {
            sos = AlarmRows.Insert(tx.Db, NewAlarm(tx, e, "sos", AlarmState.Ringing, e.Sequence));
            EventRows.SetAlarm(tx.Db, e.EventId, sos.Id);
            Note(tx, sos, "raised", "", e.Source);
            Raise(tx, sos);
        }
        else
        {
            EventRows.SetAlarm(tx.Db, e.EventId, sos.Id);
            sos.Presses++;
            Note(tx, sos, "press", "", sos.Presses.ToString());
            if (sos.State == AlarmState.Ringing)
            {
                AlarmRows.SetTimer(tx.Db, sos.CentreId, sos.Id, "ring", tx.NowMs + RingEveryMs);
            }
        }

        if (EventRows.HasAnswer(tx.Db, e.Sender, e.Boot, e.Sequence, FrameType.NotNeeded))
        {
            sos.NotNeeded = true;
            Note(tx, sos, "notNeeded");
        }
        foreach (AlarmRow fall in AlarmRows.Prealarms(tx.Db, e.Sender))
        {
            Merge(tx, fall, sos);
        }
        Save(tx, sos);
    }

    /// <summary>
    /// A suspected fall: a pre-alarm with a deadline, or an alarm at once where it is too old to wait.
    /// </summary>
    public void FallSuspected(Tx tx, FrameEvent e)
    {
        if (AlarmRows.Find(tx.Db, e.Sender, e.Boot, e.Sequence) is { } known)
        {
            // Its confirmation came first, over the other hub: now the time of the fall itself is known.
            EventRows.SetAlarm(tx.Db, e.EventId, known.Id);
            known.EventAtMs = e.AtMs;
            known.Quality = e.Quality;
            Note(tx, known, "suspected", "", e.Detail.ToString());
            Save(tx, known);
            return;
        }
        if (e.IsDrill)
        {
            Drill(tx, e, "fall");
            return;
        }

        bool cancelled = EventRows.HasAnswer(tx.Db, e.Sender, e.Boot, e.Sequence, FrameType.FallCancelled);
        long? sosId = EventRows.SosThatEndedCountdown(tx.Db, e.Sender, e.Boot, e.Sequence, e.UptimeS);
        bool tooOld = e.AgeMs > CountdownMs + GraceMs;
        AlarmState state = cancelled ? AlarmState.Cancelled
            : sosId is null && tooOld ? AlarmState.Ringing
            : AlarmState.Prealarm;
        AlarmRow fall = NewAlarm(tx, e, "fall", state, e.Sequence);
        fall.DeadlineAtMs = state == AlarmState.Prealarm
            ? tx.NowMs + Math.Max(0, CountdownMs - e.AgeMs) + GraceMs
            : null;
        fall = AlarmRows.Insert(tx.Db, fall);
        EventRows.SetAlarm(tx.Db, e.EventId, fall.Id);
        Note(tx, fall, "suspected", "", e.Detail.ToString());

        if (state == AlarmState.Cancelled)
        {
            fall.ClosedAtMs = tx.NowMs;
            Note(tx, fall, "cancelled");
            AskAfter(tx, fall);
        }
        else if (state == AlarmState.Ringing)
        {
            Note(tx, fall, "raised", "", "old");
            Raise(tx, fall);
        }
        else if (sosId is { } id && AlarmRows.Get(tx.Db, id) is { } ended)
        {
            Merge(tx, fall, ended);
            Save(tx, ended);
            return;
        }
        else
        {
            AlarmRows.SetTimer(tx.Db, fall.CentreId, fall.Id, "deadline", fall.DeadlineAtMs!.Value);
        }
        if (AlarmRows.OpenSos(tx.Db, e.Sender) is { } open)
        {
            AlarmRows.Link(tx.Db, fall.CentreId, fall.Id, open.Id);
            tx.AlarmChanged(open.CentreId, open.Id);
        }
        Save(tx, fall);
    }

    /// <summary>
    /// Nobody cancelled at the band: the fall is an alarm, also where the suspicion itself has not come yet.
    /// </summary>
    public void FallConfirmed(Tx tx, FrameEvent e)
    {
        int sequence = e.RefersTo ?? e.Sequence;
        AlarmRow? fall = AlarmRows.Find(tx.Db, e.Sender, e.Boot, sequence);
        if (fall is null)
        {
            if (e.IsDrill)
            {
                return; // its suspicion closes itself as a drill when it comes
            }
            fall = AlarmRows.Insert(tx.Db, NewAlarm(tx, e, "fall", AlarmState.Ringing, sequence));
            EventRows.SetAlarm(tx.Db, e.EventId, fall.Id);
            Note(tx, fall, "confirmed");
            Raise(tx, fall);
            Save(tx, fall);
            return;
        }

        EventRows.SetAlarm(tx.Db, e.EventId, fall.Id);
        AlarmStep step = AlarmMachine.Next(fall.State, AlarmEvent.Confirm);
        Note(tx, fall, "confirmed");
        if (step.Verdict == Verdict.Move)
        {
            TechnicalRows.Close(tx, AskKey(fall), "the fall rings");
            fall.State = step.Next;
            fall.ClosedAtMs = null;
            Raise(tx, fall);
        }
        Save(tx, fall);
    }

    /// <summary>"I am fine": in time it ends the pre-alarm, later it is a note and the alarm stands.</summary>
    public void FallCancelled(Tx tx, FrameEvent e)
    {
        if (AlarmRows.Find(tx.Db, e.Sender, e.Boot, e.RefersTo ?? -1) is not { } fall)
        {
            return; // the stored answer is found when the suspicion comes
        }
        EventRows.SetAlarm(tx.Db, e.EventId, fall.Id);
        if (fall.State == AlarmState.Prealarm && tx.NowMs > fall.DeadlineAtMs)
        {
            Deadline(tx, fall);
        }
        AlarmStep step = AlarmMachine.Next(fall.State, AlarmEvent.Cancel);
        if (step.Verdict == Verdict.Move)
        {
            fall.State = step.Next;
            fall.ClosedAtMs = tx.NowMs;
            AlarmRows.ClearTimers(tx.Db, fall.Id);
            Note(tx, fall, "cancelled");
            AskAfter(tx, fall);
            tx.Audit(fall.CentreId, fall.Sender, "alarm.cancelled", $"alarm:{fall.Number}");
        }
        else if (step.Verdict == Verdict.Note)
        {
            Note(tx, fall, "cancelledLate");
        }
        else
        {
            return;
        }
        Save(tx, fall);
    }

    // The wearer said "I am fine" after a suspected fall: staff ask the same day, by a routine card (docs/adr/0029).
    private static void AskAfter(Tx tx, AlarmRow fall) =>
        TechnicalRows.Open(tx, AskKey(fall), urgent: false, $"no. {fall.Number}");

    private static TechnicalKey AskKey(AlarmRow fall) => new(fall.CentreId, "askAfterFall", fall.BandId, null);

    /// <summary>"Not needed, says the wearer": a note; the alarm stays until a person has called back.</summary>
    public void NotNeeded(Tx tx, FrameEvent e)
    {
        if (EventRows.AlarmOf(tx.Db, e.Sender, e.Boot, e.RefersTo ?? -1) is not { } id
            || AlarmRows.Get(tx.Db, id) is not { } alarm
            || AlarmMachine.Next(alarm.State, AlarmEvent.NotNeeded).Verdict != Verdict.Note)
        {
            return;
        }
        EventRows.SetAlarm(tx.Db, e.EventId, id);
        alarm.NotNeeded = true;
        Note(tx, alarm, "notNeeded");
        Save(tx, alarm);
    }

    /// <summary>No movement for longer than the profile allows: an alarm of its own.</summary>
    public void Inactivity(Tx tx, FrameEvent e)
    {
        if (e.IsDrill)
        {
            Drill(tx, e, "inactivity");
            return;
        }
        AlarmRow alarm = AlarmRows.Insert(tx.Db, NewAlarm(tx, e, "inactivity", AlarmState.Ringing, e.Sequence));
        EventRows.SetAlarm(tx.Db, e.EventId, alarm.Id);
        Note(tx, alarm, "raised", "", (e.Detail * 10).ToString());
        Raise(tx, alarm);
        Save(tx, alarm);
    }

    /// <summary>
    /// The wrist has shown a stage of one of its alarms. A further press on a card gets no stages beyond "the centre
    /// has it", so that stage must not replace a later one that the wrist has shown for the card (docs/adr/0042).
    /// </summary>
    public void StageShown(Tx tx, string sender, int boot, int sequence, Stage stage)
    {
        if ((EventRows.AlarmOf(tx.Db, sender, boot, sequence)
            ?? AlarmRows.Find(tx.Db, sender, boot, sequence)?.Id) is not { } id)
        {
            return;
        }
        id = AlarmRows.MergedInto(tx.Db, id) ?? id;
        if (AlarmRows.Get(tx.Db, id) is { } alarm && alarm.WristStage != (int)stage
            && ((int)stage > alarm.WristStage
                || EventRows.Followed(tx.Db, id).Contains(new PressKey(boot, sequence))))
        {
            if ((int)stage < alarm.WristStage)
            {
                // A merged fall begins at the first stage. Unless told the present one, the wrist goes on ticking.
                tx.After(() => StageChanged?.Invoke(alarm.Id));
            }
            alarm.WristStage = (int)stage;
            alarm.WristShownAtMs = tx.NowMs;
            Note(tx, alarm, "wrist", "", ((int)stage).ToString());
            AlarmRows.Save(tx.Db, alarm);
            tx.AlarmChanged(alarm.CentreId, alarm.Id);
        }
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

    /// <summary>Puts right an open alarm that has neither owner nor timer: it rings, whatever went wrong.</summary>
    public void Rescue(Tx tx, long alarmId)
    {
        if (!AlarmRows.Orphans(tx.Db).Contains(alarmId) || AlarmRows.Get(tx.Db, alarmId) is not { } alarm)
        {
            return;
        }
        alarm.State = AlarmState.Ringing;
        Note(tx, alarm, "rescued");
        tx.Audit(
            alarm.CentreId, "service", "alarm.rescued", $"alarm:{alarm.Number}", "open without an owner or a timer");
        Raise(tx, alarm);
        Save(tx, alarm);
    }

    /// <summary>Takes an alarm; exactly one of many at the same time gets it.</summary>
    public ActResult Take(Tx tx, string centreId, long alarmId, Actor actor)
    {
        if (Find(tx, centreId, alarmId) is not { } alarm)
        {
            return new ActResult(Act.NotFound);
        }
        if (alarm.OwnerStaffId == actor.StaffId && AlarmMachine.IsOpen(alarm.State))
        {
            return new ActResult(Act.Done);
        }
        if (alarm.OwnerStaffId is { } owner && AlarmMachine.IsOpen(alarm.State))
        {
            return new ActResult(Act.TakenByOther, StaffRows.DisplayName(tx.Db, owner));
        }
        AlarmStep step = AlarmMachine.Next(alarm.State, AlarmEvent.Take);
        if (step.Verdict != Verdict.Move)
        {
            return new ActResult(Act.NotPossible);
        }
        alarm.State = step.Next;
        alarm.OwnerStaffId = actor.StaffId;
        alarm.TakenAtMs = tx.NowMs;
        alarm.Unanswered = false;
        AlarmRows.ClearTimers(tx.Db, alarm.Id);
        Acted(tx, alarm, actor, "taken");
        return new ActResult(Act.Done);
    }

    /// <summary>The owner has help on the way.</summary>
    public ActResult Coming(Tx tx, string centreId, long alarmId, Actor actor) =>
        ByOwner(tx, centreId, alarmId, actor, AlarmEvent.SendHelp, AlarmState.Coming, alarm =>
        {
            alarm.ComingAtMs = tx.NowMs;
            Acted(tx, alarm, actor, "coming");
        });

    /// <summary>
    /// Nobody has it any more and it rings again at once: a mistaken take is undone, or a colleague frees the alarm of
    /// somebody who has gone home. For anybody who may act: ringing is the safe side, and both names are kept.
    /// </summary>
    public ActResult HandBack(Tx tx, string centreId, long alarmId, Actor actor)
    {
        if (Find(tx, centreId, alarmId) is not { } alarm)
        {
            return new ActResult(Act.NotFound);
        }
        AlarmStep step = AlarmMachine.Next(alarm.State, AlarmEvent.HandBack);
        if (step.Verdict != Verdict.Move)
        {
            return new ActResult(Act.NotPossible);
        }
        string owner = StaffRows.DisplayName(tx.Db, alarm.OwnerStaffId ?? 0);
        alarm.State = step.Next;
        alarm.OwnerStaffId = null;
        alarm.TakenAtMs = null;
        alarm.ComingAtMs = null;
        Note(tx, alarm, "handedBack", actor.DisplayName, owner == actor.DisplayName ? "" : owner);
        tx.Audit(alarm.CentreId, actor.Who, "alarm.handedBack", $"alarm:{alarm.Number}", $"from {owner}");
        Raise(tx, alarm);
        Save(tx, alarm);
        return new ActResult(Act.Done);
    }

    /// <summary>The owner ends it; needs an outcome.</summary>
    public ActResult Close(Tx tx, string centreId, long alarmId, Actor actor, string? outcome, string? words)
    {
        if (!Outcomes.Contains(outcome, StringComparer.Ordinal))
        {
            return new ActResult(Act.NoOutcome);
        }
        return ByOwner(tx, centreId, alarmId, actor, AlarmEvent.Close, AlarmState.Closed, alarm =>
        {
            alarm.ClosedAtMs = tx.NowMs;
            alarm.Outcome = outcome;
            alarm.ClosingWords = words;
            MessageRows.Enqueue(tx.Db, alarm, "closed", tx.NowMs);
            Acted(tx, alarm, actor, "closed", $"{outcome} {words}".Trim());
        });
    }

    /// <summary>Logs a call to the resident (no contact) or to a contact.</summary>
    /// <param name="tx">The transaction.</param>
    /// <param name="centreId">The caller's centre.</param>
    /// <param name="alarmId">The alarm.</param>
    /// <param name="actor">Who called.</param>
    /// <param name="whom">Name of who was called.</param>
    /// <param name="spoke">False: no answer.</param>
    public ActResult LogCall(Tx tx, string centreId, long alarmId, Actor actor, string whom, bool spoke)
    {
        if (Find(tx, centreId, alarmId) is not { } alarm)
        {
            return new ActResult(Act.NotFound);
        }
        Note(tx, alarm, spoke ? "callSpoke" : "callNoAnswer", actor.DisplayName, whom);
        tx.Audit(centreId, actor.Who, spoke ? "alarm.callSpoke" : "alarm.callNoAnswer", $"alarm:{alarm.Number}", whom);
        AlarmRows.Save(tx.Db, alarm);
        tx.AlarmChanged(centreId, alarmId);
        return new ActResult(Act.Done);
    }

    private static ActResult ByOwner(
        Tx tx, string centreId, long alarmId, Actor actor, AlarmEvent alarmEvent, AlarmState? already,
        Action<AlarmRow> apply)
    {
        if (Find(tx, centreId, alarmId) is not { } alarm)
        {
            return new ActResult(Act.NotFound);
        }
        if (alarm.State == already && alarm.OwnerStaffId == actor.StaffId)
        {
            return new ActResult(Act.Done);
        }
        AlarmStep step = AlarmMachine.Next(alarm.State, alarmEvent);
        if (step.Verdict != Verdict.Move)
        {
            return new ActResult(Act.NotPossible);
        }
        if (alarm.OwnerStaffId != actor.StaffId)
        {
            return new ActResult(Act.TakenByOther, StaffRows.DisplayName(tx.Db, alarm.OwnerStaffId ?? 0));
        }
        alarm.State = step.Next;
        apply(alarm);
        return new ActResult(Act.Done);
    }

    private static AlarmRow? Find(Tx tx, string centreId, long alarmId) =>
        AlarmRows.Get(tx.Db, alarmId) is { } alarm && alarm.CentreId == centreId ? alarm : null;

    private static AlarmRow NewAlarm(Tx tx, FrameEvent e, string kind, AlarmState state, int sequence) => new()
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
        HomeId = e.HomeId,
        BandId = e.BandId,
        HubId = e.HubId,
        EventAtMs = e.AtMs,
        Quality = e.Quality,
        RaisedAtMs = tx.NowMs,
        Presses = kind == "sos" ? 1 : 0,
        ClosedAtMs = state == AlarmState.Closed ? tx.NowMs : null,
        Outcome = state == AlarmState.Closed ? "drill" : null,
    };

    /// <summary>A drill is closed as one at once: the whole way is proven, and nobody is woken.</summary>
    private void Drill(Tx tx, FrameEvent e, string kind)
    {
        AlarmRow drill = AlarmRows.Insert(tx.Db, NewAlarm(tx, e, kind, AlarmState.Closed, e.Sequence));
        EventRows.SetAlarm(tx.Db, e.EventId, drill.Id);
        Note(tx, drill, "drill");
        tx.Audit(drill.CentreId, drill.Sender, "alarm.drill", $"alarm:{drill.Number}", kind);
        Save(tx, drill);
    }

    /// <summary>
    /// Starts ringing: timers, the family's outbox, and "nobody has answered" at once where no console is there.
    /// </summary>
    private void Raise(Tx tx, AlarmRow alarm)
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
        Note(tx, alarm, "unanswered", "", why);
        tx.Audit(alarm.CentreId, "service", "alarm.unanswered", $"alarm:{alarm.Number}", why);
    }

    private void Deadline(Tx tx, AlarmRow alarm)
    {
        AlarmStep step = AlarmMachine.Next(alarm.State, AlarmEvent.Deadline);
        if (step.Verdict != Verdict.Move)
        {
            AlarmRows.ClearTimer(tx.Db, alarm.Id, "deadline");
            return;
        }
        alarm.State = step.Next;
        Note(tx, alarm, "deadline");
        Raise(tx, alarm);
    }

    /// <summary>
    /// The SOS carries on for a fall whose countdown the press has ended, so that staff see one thing to do: the fall
    /// is closed as merged and linked, and its frame is answered with the stages of the SOS (docs/adr/0041).
    /// </summary>
    private void Merge(Tx tx, AlarmRow fall, AlarmRow sos)
    {
        AlarmStep step = AlarmMachine.Next(fall.State, AlarmEvent.Merge);
        if (step.Verdict != Verdict.Move)
        {
            return;
        }
        fall.State = step.Next;
        fall.ClosedAtMs = tx.NowMs;
        fall.Outcome = "merged";
        fall.DeadlineAtMs = null;
        AlarmRows.ClearTimers(tx.Db, fall.Id);
        AlarmRows.Link(tx.Db, fall.CentreId, fall.Id, sos.Id);
        Note(tx, fall, "merged", "", sos.Number.ToString());
        Note(tx, sos, "fallBefore", "", fall.Number.ToString());
        tx.Audit(fall.CentreId, fall.Sender, "alarm.merged", $"alarm:{fall.Number}", $"into alarm:{sos.Number}");
        AlarmRows.Save(tx.Db, fall);
        tx.AlarmChanged(fall.CentreId, fall.Id);
    }

    private void Acted(Tx tx, AlarmRow alarm, Actor actor, string what, string detail = "")
    {
        Note(tx, alarm, what, actor.DisplayName, detail);
        tx.Audit(alarm.CentreId, actor.Who, $"alarm.{what}", $"alarm:{alarm.Number}", detail);
        Save(tx, alarm);
    }

    private static void Note(Tx tx, AlarmRow alarm, string kind, string who = "", string text = "") =>
        AlarmRows.Note(tx.Db, alarm.CentreId, alarm.Id, tx.NowMs, kind, who, text);

    private void Save(Tx tx, AlarmRow alarm)
    {
        AlarmRows.Save(tx.Db, alarm);
        tx.AlarmChanged(
            alarm.CentreId, alarm.Id, startsTrace: alarm.RaisedAtMs == tx.NowMs && alarm.State == AlarmState.Prealarm);
        tx.After(() => StageChanged?.Invoke(alarm.Id));
    }
}
