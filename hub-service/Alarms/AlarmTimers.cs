namespace ElderBand.HubService.Alarms;

/// <summary>
/// How long an alarm waits for each timer. Every open alarm always has a live timer (P61, docs/adr/0067). A pre-alarm
/// has <see cref="TimerKind.Deadline"/>. An alarm that rings has <see cref="TimerKind.Ring"/>. An alarm that has an
/// owner has <see cref="TimerKind.Remind"/> or <see cref="TimerKind.Overdue"/>.
/// </summary>
public static class AlarmTimers
{
    /// <summary>An alarm without an owner rings again after this time.</summary>
    public const int RingEveryMs = 30_000;

    /// <summary>Without an owner for this long, the contacts are told that nobody has answered.</summary>
    public const int UnansweredAfterMs = 60_000;

    /// <summary>The contacts are told of a further press that nobody answers within this time.</summary>
    public const int AnswerWithinMs = 60_000;

    /// <summary>The owner is reminded this long after the take, if the owner has not acted since.</summary>
    public const int RemindTakenAfterMs = 5 * 60_000;

    /// <summary>The owner is reminded this long after "on the way", if the owner has not acted since.</summary>
    public const int RemindComingAfterMs = 15 * 60_000;

    /// <summary>The alarm rings for all this long after the reminder, if the owner has not acted since.</summary>
    public const int OverdueAfterMs = 60_000;

    /// <summary>The longest time, in ms, for which a timer of this kind may run in this state of its alarm.</summary>
    public static int LengthMs(TimerKind kind, AlarmState state) => kind switch
    {
        TimerKind.Deadline => Falls.CountdownMs + Falls.GraceMs,
        TimerKind.Ring => RingEveryMs,
        TimerKind.Unanswered => UnansweredAfterMs,
        TimerKind.NoConsole => ConsoleCounter.BackWithinMs,
        TimerKind.Answer => AnswerWithinMs,
        TimerKind.Remind => state == AlarmState.Coming ? RemindComingAfterMs : RemindTakenAfterMs,
        _ => OverdueAfterMs,
    };
}
