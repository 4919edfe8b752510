using System.Text.Json;

namespace ElderBand.HubService;

/// <summary>What an open alarm waits for; stored as a row of <c>timer</c>.</summary>
public enum TimerKind
{
    /// <summary>The wearer may still cancel a suspected fall.</summary>
    Deadline,

    /// <summary>The next ring of an alarm without an owner.</summary>
    Ring,

    /// <summary>How long an alarm may be without an owner before the contacts are told.</summary>
    Unanswered,

    /// <summary>How long a centre may be without a console before the contacts are told.</summary>
    NoConsole,

    /// <summary>A person's answer to a further press.</summary>
    Answer,

    /// <summary>An act of the owner; then the owner is reminded.</summary>
    Remind,

    /// <summary>An act of the owner after the reminder; then the alarm rings for all.</summary>
    Overdue,
}

/// <summary>Why a contact is told.</summary>
public enum MessageReason
{
    /// <summary>There is an alarm.</summary>
    Raised,

    /// <summary>Nobody has taken it.</summary>
    Unanswered,

    /// <summary>A further press has not been answered.</summary>
    Again,

    /// <summary>It is over.</summary>
    Closed,
}

/// <summary>How an alarm ended.</summary>
public enum Outcome
{
    /// <summary>Well, by telephone.</summary>
    PhoneOk,

    /// <summary>The family goes there.</summary>
    FamilyGoing,

    /// <summary>A colleague has been there.</summary>
    OfficerSent,

    /// <summary>An ambulance has taken over.</summary>
    Ambulance,

    /// <summary>Pressed by mistake.</summary>
    FalseAlarm,

    /// <summary>It was a drill.</summary>
    Drill,

    /// <summary>Anything else, in words.</summary>
    Other,

    /// <summary>An SOS carries on for this fall; no person chooses this.</summary>
    Merged,
}

/// <summary>What a line of an alarm's timeline tells.</summary>
public enum TimelineKind
{
    /// <summary>A call for help came.</summary>
    Raised,

    /// <summary>A fall is suspected.</summary>
    Suspected,

    /// <summary>A further press; text: how many there are now.</summary>
    Press,

    /// <summary>The band says that nobody cancelled the fall.</summary>
    Confirmed,

    /// <summary>The time for a cancel is over.</summary>
    Deadline,

    /// <summary>The wearer cancelled the fall.</summary>
    Cancelled,

    /// <summary>The wearer cancelled the fall after the deadline.</summary>
    CancelledLate,

    /// <summary>The wearer says that no help is needed.</summary>
    NotNeeded,

    /// <summary>Nobody has taken it; text: why.</summary>
    Unanswered,

    /// <summary>A further press was not answered for 60 s.</summary>
    NotAnswered,

    /// <summary>Somebody has taken it.</summary>
    Taken,

    /// <summary>Help is on the way.</summary>
    Coming,

    /// <summary>The owner says: I am still on it.</summary>
    StillOn,

    /// <summary>The owner was reminded.</summary>
    Reminded,

    /// <summary>The owner did not act: the alarm rings for all.</summary>
    Overdue,

    /// <summary>It was given back; text: from whom.</summary>
    HandedBack,

    /// <summary>It is over.</summary>
    Closed,

    /// <summary>A call was answered; text: by whom.</summary>
    CallSpoke,

    /// <summary>A call was not answered; text: by whom.</summary>
    CallNoAnswer,

    /// <summary>The wrist has shown a stage; text: its number.</summary>
    Wrist,

    /// <summary>An SOS carries on for this fall; text: its number.</summary>
    Merged,

    /// <summary>A press ended a fall's countdown; text: the fall's number.</summary>
    FallBefore,

    /// <summary>A drill has gone the whole way.</summary>
    Drill,

    /// <summary>An open alarm without a live timer was found.</summary>
    Rescued,

    /// <summary>A text has gone out; text: to whom.</summary>
    MessageSent,

    /// <summary>A text has arrived; text: at whom.</summary>
    MessageDelivered,

    /// <summary>A text did not go out; text: to whom and why.</summary>
    MessageFailed,

    /// <summary>A contact has opened the page; text: who.</summary>
    MessageOpened,

    /// <summary>A contact's link is over; text: whose.</summary>
    LinkRevoked,

    /// <summary>The band has another wearer now; text: who.</summary>
    PassedOn,
}

/// <summary>What a technical card is about.</summary>
public enum CardKind
{
    /// <summary>The sensor of pulse and oxygen fails.</summary>
    PpgFault,

    /// <summary>That sensor does not answer.</summary>
    PpgAbsent,

    /// <summary>That sensor is another part.</summary>
    PpgWrongPart,

    /// <summary>That sensor is another part than before.</summary>
    PpgChanged,

    /// <summary>The sensor of falls fails.</summary>
    AccelerometerFault,

    /// <summary>That sensor does not answer.</summary>
    AccelerometerAbsent,

    /// <summary>That sensor is another part.</summary>
    AccelerometerWrongPart,

    /// <summary>That sensor is another part than before.</summary>
    AccelerometerChanged,

    /// <summary>A band is charged on the wrist.</summary>
    ChargedOnWrist,

    /// <summary>A wearer cancelled a fall: staff ask the same day.</summary>
    AskAfterFall,

    /// <summary>A band reports a fault that has no kind of its own.</summary>
    BandFault,

    /// <summary>A band is not heard.</summary>
    BandSilent,

    /// <summary>A band is not heard beside a working hub.</summary>
    VisitToday,

    /// <summary>A hub is not heard.</summary>
    HubSilent,

    /// <summary>A battery is low.</summary>
    BatteryLow,

    /// <summary>A battery is nearly empty.</summary>
    BatteryCritical,

    /// <summary>A key does not come up.</summary>
    KeyStuck,

    /// <summary>A device cannot store.</summary>
    FlashFault,

    /// <summary>A frame may be forged.</summary>
    Tamper,

    /// <summary>A record cannot be handled.</summary>
    Quarantine,

    /// <summary>A device speaks another version.</summary>
    UnknownFrame,

    /// <summary>A band and a hub have different link keys.</summary>
    LinkKeyUnknown,

    /// <summary>A hub runs on its battery.</summary>
    MainsLost,

    /// <summary>Measurements are lost.</summary>
    VitalsDropped,

    /// <summary>A hub has lost its store.</summary>
    StoreLost,

    /// <summary>A device restarts again and again.</summary>
    Reboots,

    /// <summary>The file of measurements takes no writes.</summary>
    VitalsUnwritten,

    /// <summary>Damage was found in a database file.</summary>
    DatabaseDamaged,

    /// <summary>The machine's wall clock was stepped, or lies before what is stored.</summary>
    ClockWrong,

    /// <summary>No text goes out.</summary>
    WebhookDown,

    /// <summary>Anything else, in words.</summary>
    Other,
}

/// <summary>
/// The names under which the service's enums are stored and shown: that of the value with a small first letter.
/// </summary>
public static class Codes
{
    /// <summary>The code of a value.</summary>
    public static string Code<T>(this T value)
        where T : struct, Enum => Names<T>.All[value];

    /// <summary>The value of a code, or null where there is none.</summary>
    public static T? Find<T>(string? code)
        where T : struct, Enum => code is not null && Names<T>.Values.TryGetValue(code, out T value) ? value : null;

    private static class Names<T>
        where T : struct, Enum
    {
        public static readonly Dictionary<T, string> All =
            Enum.GetValues<T>().ToDictionary(static v => v, static v => JsonNamingPolicy.CamelCase.ConvertName($"{v}"));

        public static readonly Dictionary<string, T> Values =
            All.ToDictionary(static p => p.Value, static p => p.Key, StringComparer.Ordinal);
    }
}
