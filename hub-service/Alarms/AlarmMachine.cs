using ElderBand.BandProtocol;

namespace ElderBand.HubService.Alarms;

/// <summary>States of an alarm; stored by their names in small letters.</summary>
public enum AlarmState
{
    /// <summary>A fall is suspected and the wearer may still cancel: no sound, no family.</summary>
    Prealarm,

    /// <summary>Nobody has it: it rings every 30 s.</summary>
    Ringing,

    /// <summary>A person has it.</summary>
    Taken,

    /// <summary>That person has help on the way.</summary>
    Coming,

    /// <summary>Over, with an outcome.</summary>
    Closed,

    /// <summary>A suspected fall that the wearer cancelled in time.</summary>
    Cancelled,
}

/// <summary>What can happen to an alarm that exists.</summary>
public enum AlarmEvent
{
    /// <summary>Another press of the key while this SOS is open.</summary>
    Press,

    /// <summary>The band says nobody cancelled the fall.</summary>
    Confirm,

    /// <summary>The wearer says "I am fine" to a suspected fall.</summary>
    Cancel,

    /// <summary>"Not needed, says the wearer", after an SOS.</summary>
    NotNeeded,

    /// <summary>A press during the pre-alarm: the SOS carries on for both.</summary>
    Merge,

    /// <summary>The pre-alarm's time is up.</summary>
    Deadline,

    /// <summary>30 s have passed without an owner.</summary>
    RingAgain,

    /// <summary>60 s have passed without an owner, or no console is open.</summary>
    Unanswered,

    /// <summary>Nobody has answered a further press for 60 s.</summary>
    NotAnswered,

    /// <summary>The owner has not acted for 5 min after the take, or for 15 min after "on the way".</summary>
    Remind,

    /// <summary>The owner has not acted for 60 s after the reminder.</summary>
    Overdue,

    /// <summary>A member of staff takes it.</summary>
    Take,

    /// <summary>The owner says that help is on the way.</summary>
    SendHelp,

    /// <summary>The owner says "I am still on it".</summary>
    StillOn,

    /// <summary>A mistaken take is undone.</summary>
    HandBack,

    /// <summary>The owner ends it with an outcome.</summary>
    Close,
}

/// <summary>What an event means in a state.</summary>
public enum Verdict
{
    /// <summary>The alarm goes to the next state.</summary>
    Move,

    /// <summary>The state stays; the fact goes onto the card and its timeline.</summary>
    Note,

    /// <summary>Nothing happens: it comes too late to matter, or has happened already.</summary>
    Ignore,

    /// <summary>A person asked for what cannot be; they are told.</summary>
    Refuse,
}

/// <summary>The answer of <see cref="AlarmMachine"/>; Next is the same state unless the verdict is Move.</summary>
public readonly record struct AlarmStep(Verdict Verdict, AlarmState Next);

/// <summary>
/// The alarm's states as one table without memory. Who may act (the owner) is for <see cref="AlarmDesk"/> to check.
/// Where an order of arrival is possible with two hubs, the safe side wins: a fall that was confirmed rings, even where
/// the cancel came first; a cancel after the deadline is only a note.
/// </summary>
public static class AlarmMachine
{
    /// <summary>What <paramref name="alarmEvent"/> does in <paramref name="state"/>.</summary>
    public static AlarmStep Next(AlarmState state, AlarmEvent alarmEvent) => (state, alarmEvent) switch
    {
        (AlarmState.Prealarm, AlarmEvent.Confirm or AlarmEvent.Deadline) => Move(AlarmState.Ringing),
        (AlarmState.Prealarm, AlarmEvent.Cancel) => Move(AlarmState.Cancelled),
        (AlarmState.Prealarm, AlarmEvent.Merge) => Move(AlarmState.Closed),
        (AlarmState.Cancelled, AlarmEvent.Confirm) => Move(AlarmState.Ringing),

        (AlarmState.Ringing, AlarmEvent.Take) => Move(AlarmState.Taken),
        (AlarmState.Taken, AlarmEvent.SendHelp) => Move(AlarmState.Coming),
        (AlarmState.Taken or AlarmState.Coming, AlarmEvent.HandBack or AlarmEvent.Overdue) =>
            Move(AlarmState.Ringing),
        (AlarmState.Taken or AlarmState.Coming, AlarmEvent.Close) => Move(AlarmState.Closed),

        (AlarmState.Ringing, AlarmEvent.RingAgain or AlarmEvent.Unanswered) => Note(state),
        (AlarmState.Ringing or AlarmState.Taken or AlarmState.Coming,
            AlarmEvent.Press or AlarmEvent.Confirm or AlarmEvent.Cancel or AlarmEvent.NotNeeded
            or AlarmEvent.NotAnswered) => Note(state),
        (AlarmState.Taken or AlarmState.Coming, AlarmEvent.Remind or AlarmEvent.StillOn) => Note(state),
        (AlarmState.Closed, AlarmEvent.NotNeeded or AlarmEvent.Confirm or AlarmEvent.Cancel) => Note(state),

        (_, AlarmEvent.Take or AlarmEvent.SendHelp or AlarmEvent.StillOn or AlarmEvent.HandBack or AlarmEvent.Close) =>
            new(Verdict.Refuse, state),
        _ => new(Verdict.Ignore, state),
    };

    /// <summary>
    /// The stage that the centre tells the wrist of an alarm in this state. Where another wearer has the band now, the
    /// centre tells the wrist that the earlier wearer's alarm is closed. A wrist that shows a stage of a fall which its
    /// wearer cancelled does not know of the cancel. The centre then tells the wrist that the alarm is closed
    /// (docs/adr/0021).
    /// </summary>
    public static Stage WantedStage(AlarmState state, bool isPassedOn = false, int wristStage = 0) => state switch
    {
        AlarmState.Cancelled when wristStage > (int)Stage.Waiting => Stage.Closed,
        AlarmState.Ringing or AlarmState.Taken or AlarmState.Coming when isPassedOn => Stage.Closed,
        AlarmState.Ringing => Stage.Centre,
        AlarmState.Taken => Stage.Taken,
        AlarmState.Coming => Stage.Coming,
        AlarmState.Closed => Stage.Closed,
        _ => Stage.Waiting,
    };

    /// <summary>True while somebody has, or must have, something to do.</summary>
    public static bool IsOpen(AlarmState state) => state is not (AlarmState.Closed or AlarmState.Cancelled);

    private static AlarmStep Move(AlarmState next) => new(Verdict.Move, next);

    private static AlarmStep Note(AlarmState state) => new(Verdict.Note, state);
}
