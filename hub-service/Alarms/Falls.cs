using ElderBand.BandProtocol;
using ElderBand.HubService.Ingest;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Alarms;

/// <summary>
/// What a band reports of a fall: a suspicion, then a confirmation, a cancel or nothing. The frames may come in any
/// order, because a band may send them through two hubs. Each function runs inside the writer's transaction.
/// </summary>
public sealed class Falls(Ringing ringing)
{
    /// <summary>A suspected fall may be cancelled for this long.</summary>
    public const int CountdownMs = 30_000;

    /// <summary>Added to the countdown at the service, for the way of a cancel.</summary>
    public const int GraceMs = 15_000;

    /// <summary>
    /// A suspected fall: a pre-alarm with a deadline, or an alarm at once where it is too old to wait.
    /// </summary>
    public void Suspected(Tx tx, FrameEvent e)
    {
        if (AlarmRows.Find(tx.Db, e.Sender, e.Boot, e.Sequence) is { } known)
        {
            // Its confirmation came first, over the other hub: now the time of the fall itself is known.
            EventRows.SetAlarm(tx.Db, e.EventId, known.Id);
            known.EventAtMs = e.AtMs;
            known.Quality = e.Quality;
            AlarmRows.Note(tx, known, TimelineKind.Suspected, "", e.Detail.ToString());
            ringing.Save(tx, known);
            return;
        }
        if (e.IsDrill)
        {
            ringing.Drill(tx, e, "fall");
            return;
        }

        bool cancelled = EventRows.HasAnswer(tx.Db, e.Sender, e.Boot, e.Sequence, FrameType.FallCancelled);
        long? sosId = EventRows.SosThatEndedCountdown(tx.Db, e.Sender, e.Boot, e.Sequence, e.UptimeS);
        bool tooOld = e.AgeMs > CountdownMs + GraceMs;
        AlarmState state = cancelled ? AlarmState.Cancelled
            : sosId is null && tooOld ? AlarmState.Ringing
            : AlarmState.Prealarm;
        long? deadlineAtMs = state == AlarmState.Prealarm
            ? tx.NowMs + Math.Max(0, CountdownMs - e.AgeMs) + GraceMs
            : null;
        AlarmRow fall = Ringing.Open(tx, e, "fall", state, e.Sequence, deadlineAtMs);
        AlarmRows.Note(tx, fall, TimelineKind.Suspected, "", e.Detail.ToString());

        if (state == AlarmState.Cancelled)
        {
            fall.ClosedAtMs = tx.NowMs;
            AlarmRows.Note(tx, fall, TimelineKind.Cancelled);
            AskAfter(tx, fall);
        }
        else if (state == AlarmState.Ringing)
        {
            AlarmRows.Note(tx, fall, TimelineKind.Raised, "", "old");
            ringing.Raise(tx, fall);
        }
        else if (sosId is { } id && AlarmRows.Get(tx.Db, id) is { } ended)
        {
            Merge(tx, fall, ended);
            ringing.Save(tx, ended);
            return;
        }
        else
        {
            TimerRows.Set(tx.Db, fall, TimerKind.Deadline, fall.DeadlineAtMs!.Value);
        }
        if (AlarmRows.OpenSos(tx.Db, e.Sender, e.ResidentId, e.OtherResidentId) is { } open)
        {
            AlarmRows.Link(tx.Db, fall.CentreId, fall.Id, open.Id);
            tx.AlarmChanged(open.CentreId, open.Id);
        }
        ringing.Save(tx, fall);
    }

    /// <summary>
    /// Nobody cancelled at the band: the fall is an alarm, also where the suspicion itself has not come yet.
    /// </summary>
    public void Confirmed(Tx tx, FrameEvent e)
    {
        int sequence = e.RefersTo ?? e.Sequence;
        AlarmRow? fall = AlarmRows.Find(tx.Db, e.Sender, e.Boot, sequence);
        if (fall is null)
        {
            if (e.IsDrill)
            {
                return; // its suspicion closes itself as a drill when it comes
            }
            fall = Ringing.Open(tx, e, "fall", AlarmState.Ringing, sequence);
            AlarmRows.Note(tx, fall, TimelineKind.Confirmed);
            ringing.Raise(tx, fall);
            ringing.Save(tx, fall);
            return;
        }

        EventRows.SetAlarm(tx.Db, e.EventId, fall.Id);
        AlarmStep step = AlarmMachine.Next(fall.State, AlarmEvent.Confirm);
        AlarmRows.Note(tx, fall, TimelineKind.Confirmed);
        if (step.Verdict == Verdict.Move)
        {
            TechnicalRows.Close(tx, AskKey(fall), "the fall rings");
            fall.State = step.Next;
            fall.ClosedAtMs = null;
            ringing.Raise(tx, fall);
        }
        ringing.Save(tx, fall);
    }

    /// <summary>"I am fine": in time it ends the pre-alarm, later it is a note and the alarm stands.</summary>
    public void Cancelled(Tx tx, FrameEvent e)
    {
        if (AlarmRows.Find(tx.Db, e.Sender, e.Boot, e.RefersTo ?? -1) is not { } fall)
        {
            return; // the stored answer is found when the suspicion comes
        }
        EventRows.SetAlarm(tx.Db, e.EventId, fall.Id);
        if (fall.State == AlarmState.Prealarm && tx.NowMs > fall.DeadlineAtMs)
        {
            ringing.Deadline(tx, fall);
        }
        AlarmStep step = AlarmMachine.Next(fall.State, AlarmEvent.Cancel);
        if (step.Verdict == Verdict.Move)
        {
            fall.State = step.Next;
            fall.ClosedAtMs = tx.NowMs;
            TimerRows.ClearAll(tx.Db, fall.Id);
            AlarmRows.Note(tx, fall, TimelineKind.Cancelled);
            AskAfter(tx, fall);
            tx.Audit(fall.CentreId, fall.Sender, "alarm.cancelled", $"alarm:{fall.Number}");
        }
        else if (step.Verdict == Verdict.Note)
        {
            AlarmRows.Note(tx, fall, TimelineKind.CancelledLate);
        }
        else
        {
            return;
        }
        ringing.Save(tx, fall);
    }

    /// <summary>
    /// The SOS carries on for a fall whose countdown the press has ended, so that staff see one thing to do: the fall
    /// is closed as merged and linked, and its frame is answered with the stages of the SOS (docs/adr/0041).
    /// </summary>
    public static void Merge(Tx tx, AlarmRow fall, AlarmRow sos)
    {
        AlarmStep step = AlarmMachine.Next(fall.State, AlarmEvent.Merge);
        if (step.Verdict != Verdict.Move)
        {
            return;
        }
        fall.State = step.Next;
        fall.ClosedAtMs = tx.NowMs;
        fall.Outcome = Outcome.Merged;
        fall.DeadlineAtMs = null;
        TimerRows.ClearAll(tx.Db, fall.Id);
        AlarmRows.Link(tx.Db, fall.CentreId, fall.Id, sos.Id);
        AlarmRows.Note(tx, fall, TimelineKind.Merged, "", sos.Number.ToString());
        AlarmRows.Note(tx, sos, TimelineKind.FallBefore, "", fall.Number.ToString());
        tx.Audit(fall.CentreId, fall.Sender, "alarm.merged", $"alarm:{fall.Number}", $"into alarm:{sos.Number}");
        AlarmRows.Save(tx.Db, fall);
        tx.AlarmChanged(fall.CentreId, fall.Id);
    }

    // The wearer said "I am fine" after a suspected fall: staff ask the same day, by a routine card (docs/adr/0029).
    private static void AskAfter(Tx tx, AlarmRow fall) =>
        TechnicalRows.Open(tx, AskKey(fall), urgent: false, $"no. {fall.Number}");

    private static TechnicalKey AskKey(AlarmRow fall) => new(fall.CentreId, CardKind.AskAfterFall, fall.BandId, null);
}
