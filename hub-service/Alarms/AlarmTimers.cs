namespace ElderBand.HubService.Alarms;

/// <summary>
/// How long an alarm waits for what. An open alarm has a live timer at every moment, with an owner or without (P61,
/// docs/adr/0067): <see cref="TimerKind.Deadline"/> of a pre-alarm, <see cref="TimerKind.Ring"/> while it rings,
/// <see cref="TimerKind.Remind"/> or <see cref="TimerKind.Overdue"/> while a person has it.
/// </summary>
public static class AlarmTimers
{
    /// <summary>Rings again after this long without an owner.</summary>
    public const int RingEveryMs = 30_000;

    /// <summary>"Nobody has answered" after this long without an owner.</summary>
    public const int UnansweredAfterMs = 60_000;

    /// <summary>A further press is answered within this time, or the contacts are told.</summary>
    public const int AnswerWithinMs = 60_000;

    /// <summary>Without an act the owner is reminded this long after the take.</summary>
    public const int RemindTakenAfterMs = 5 * 60_000;

    /// <summary>Without an act the owner is reminded this long after "on the way".</summary>
    public const int RemindComingAfterMs = 15 * 60_000;

    /// <summary>Without an act the alarm rings for all this long after the reminder.</summary>
    public const int OverdueAfterMs = 60_000;

    /// <summary>The full length of a timer of an alarm in that state, ms: no timer is due later than that.</summary>
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
