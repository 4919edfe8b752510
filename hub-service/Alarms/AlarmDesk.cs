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
/// What members of staff do to an alarm. Each function runs inside the writer's transaction, and writes the timeline
/// and the audit together with the alarm. An alarm with an owner waits for the owner's acts (P61). Each act of the
/// owner answers all presses so far and restarts the time to the next reminder.
/// </summary>
public sealed class AlarmDesk(Ringing ringing)
{
    /// <summary>With what an alarm may be closed.</summary>
    public static readonly string[] Outcomes =
        [.. Enum.GetValues<Outcome>().Where(static o => o != Outcome.Merged).Select(static o => o.Code())];

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
        Acted(tx, alarm, actor, TimelineKind.Taken);
        return new ActResult(Act.Done);
    }

    /// <summary>The owner has help on the way.</summary>
    public ActResult Coming(Tx tx, string centreId, long alarmId, Actor actor) =>
        ByOwner(tx, centreId, alarmId, actor, AlarmEvent.SendHelp, AlarmState.Coming, alarm =>
        {
            alarm.ComingAtMs = tx.NowMs;
            Acted(tx, alarm, actor, TimelineKind.Coming);
        });

    /// <summary>The owner says "I am still on it". That answers a reminder and all presses so far.</summary>
    public ActResult StillOn(Tx tx, string centreId, long alarmId, Actor actor) =>
        ByOwner(tx, centreId, alarmId, actor, AlarmEvent.StillOn, null,
            alarm => Acted(tx, alarm, actor, TimelineKind.StillOn));

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
        AlarmRows.Note(tx, alarm, TimelineKind.HandedBack, actor.DisplayName, owner == actor.DisplayName ? "" : owner);
        tx.Audit(alarm.CentreId, actor.Who, "alarm.handedBack", $"alarm:{alarm.Number}", $"from {owner}");
        ringing.RingForAll(tx, alarm);
        ringing.Save(tx, alarm);
        return new ActResult(Act.Done);
    }

    /// <summary>The owner ends it; needs an outcome.</summary>
    public ActResult Close(Tx tx, string centreId, long alarmId, Actor actor, string? outcome, string? words)
    {
        if (Codes.Find<Outcome>(outcome) is not { } chosen || chosen == Outcome.Merged)
        {
            return new ActResult(Act.NoOutcome);
        }
        return ByOwner(tx, centreId, alarmId, actor, AlarmEvent.Close, AlarmState.Closed, alarm =>
        {
            alarm.ClosedAtMs = tx.NowMs;
            alarm.Outcome = chosen;
            alarm.ClosingWords = words;
            MessageRows.Enqueue(tx.Db, alarm, MessageReason.Closed, tx.NowMs);
            Acted(tx, alarm, actor, TimelineKind.Closed, $"{outcome} {words}".Trim());
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
        TimelineKind call = spoke ? TimelineKind.CallSpoke : TimelineKind.CallNoAnswer;
        AlarmRows.Note(tx, alarm, call, actor.DisplayName, whom);
        tx.Audit(centreId, actor.Who, $"alarm.{call.Code()}", $"alarm:{alarm.Number}", whom);
        if (alarm.OwnerStaffId == actor.StaffId)
        {
            Ringing.AwaitOwner(tx, alarm);
        }
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
        if (step.Verdict == Verdict.Refuse)
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

    private void Acted(Tx tx, AlarmRow alarm, Actor actor, TimelineKind what, string detail = "")
    {
        AlarmRows.Note(tx, alarm, what, actor.DisplayName, detail);
        tx.Audit(alarm.CentreId, actor.Who, $"alarm.{what.Code()}", $"alarm:{alarm.Number}", detail);
        Ringing.AwaitOwner(tx, alarm);
        ringing.Save(tx, alarm);
    }
}
