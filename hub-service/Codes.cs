using System.Text.Json;

namespace ElderBand.HubService;

/// <summary>What an open alarm waits for. Each is stored as a row of <c>timer</c>.</summary>
public enum TimerKind
{
    /// <summary>The time in which the wearer may cancel a suspected fall.</summary>
    Deadline,

    /// <summary>The next ring of an alarm without an owner.</summary>
    Ring,

    /// <summary>The contacts are told if the alarm has no owner by then.</summary>
    Unanswered,

    /// <summary>The contacts are told if the centre has no console by then.</summary>
    NoConsole,

    /// <summary>The contacts are told if nobody has answered a further press by then.</summary>
    Answer,

    /// <summary>The owner is reminded if the owner has not acted by then.</summary>
    Remind,

    /// <summary>After a reminder: the alarm rings for all if the owner has not acted by then.</summary>
    Overdue,
}

/// <summary>Why a contact is told.</summary>
public enum MessageReason
{
    /// <summary>The wearer has an alarm.</summary>
    Raised,

    /// <summary>Nobody has taken the alarm.</summary>
    Unanswered,

    /// <summary>Nobody has answered a further press.</summary>
    Again,

    /// <summary>The alarm is closed.</summary>
    Closed,
}

/// <summary>How an alarm ended.</summary>
public enum Outcome
{
    /// <summary>The wearer said on the telephone that all is well.</summary>
    PhoneOk,

    /// <summary>The family goes to the wearer.</summary>
    FamilyGoing,

    /// <summary>A colleague has been with the wearer.</summary>
    OfficerSent,

    /// <summary>An ambulance has taken over.</summary>
    Ambulance,

    /// <summary>The wearer pressed by mistake.</summary>
    FalseAlarm,

    /// <summary>The alarm was a drill.</summary>
    Drill,

    /// <summary>Another outcome, which the officer describes in words.</summary>
    Other,

    /// <summary>The fall was merged into an SOS alarm. Only the service sets this outcome.</summary>
    Merged,
}

/// <summary>What a line of an alarm's timeline tells.</summary>
public enum TimelineKind
{
    /// <summary>The wearer called for help.</summary>
    Raised,

    /// <summary>A fall is suspected.</summary>
    Suspected,

    /// <summary>The wearer pressed again. Text: the number of presses so far.</summary>
    Press,

    /// <summary>Further presses within a minute that have no line of their own. Text: how many.</summary>
    ManyPresses,

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

    /// <summary>Nobody has taken the alarm. Text: the reason code.</summary>
    Unanswered,

    /// <summary>Nobody has answered a further press for 60 s.</summary>
    NotAnswered,

    /// <summary>A member of staff has taken the alarm.</summary>
    Taken,

    /// <summary>Help is on the way.</summary>
    Coming,

    /// <summary>The owner said "I am still on it".</summary>
    StillOn,

    /// <summary>The owner was reminded.</summary>
    Reminded,

    /// <summary>The owner did not act, so the alarm rings for all.</summary>
    Overdue,

    /// <summary>The alarm was handed back. Text: the owner before.</summary>
    HandedBack,

    /// <summary>The alarm was closed.</summary>
    Closed,

    /// <summary>A call was answered. Text: who answered.</summary>
    CallSpoke,

    /// <summary>A call was not answered. Text: who was called.</summary>
    CallNoAnswer,

    /// <summary>The wrist has shown a stage. Text: the number of the stage.</summary>
    Wrist,

    /// <summary>The fall was merged into an SOS alarm. Text: the number of that alarm.</summary>
    Merged,

    /// <summary>A press ended the countdown of a fall. Text: the number of the fall.</summary>
    FallBefore,

    /// <summary>A drill has reached the centre.</summary>
    Drill,

    /// <summary>The service found this open alarm without a live timer.</summary>
    Rescued,

    /// <summary>A text was sent. Text: the contact.</summary>
    MessageSent,

    /// <summary>A text was delivered. Text: the contact.</summary>
    MessageDelivered,

    /// <summary>A text was not sent. Text: the contact and the reason.</summary>
    MessageFailed,

    /// <summary>A contact has opened the page. Text: the contact.</summary>
    MessageOpened,

    /// <summary>A contact's link was revoked. Text: the contact.</summary>
    LinkRevoked,

    /// <summary>The band has another wearer now. Text: that wearer.</summary>
    PassedOn,
}

/// <summary>What a technical card is about.</summary>
public enum CardKind
{
    /// <summary>The sensor of pulse and oxygen has a fault.</summary>
    PpgFault,

    /// <summary>The sensor of pulse and oxygen does not answer.</summary>
    PpgAbsent,

    /// <summary>The sensor of pulse and oxygen is not the expected part.</summary>
    PpgWrongPart,

    /// <summary>The sensor of pulse and oxygen is another part than before.</summary>
    PpgChanged,

    /// <summary>The accelerometer has a fault.</summary>
    AccelerometerFault,

    /// <summary>The accelerometer does not answer.</summary>
    AccelerometerAbsent,

    /// <summary>The accelerometer is not the expected part.</summary>
    AccelerometerWrongPart,

    /// <summary>The accelerometer is another part than before.</summary>
    AccelerometerChanged,

    /// <summary>A band is charged on the wrist.</summary>
    ChargedOnWrist,

    /// <summary>A wearer cancelled a fall. Staff ask the wearer about the fall on the same day.</summary>
    AskAfterFall,

    /// <summary>A band reports a fault that has no kind of its own.</summary>
    BandFault,

    /// <summary>No hub hears a band.</summary>
    BandSilent,

    /// <summary>No hub hears a band, although a hub of its home works. Staff visit the wearer.</summary>
    VisitToday,

    /// <summary>The centre does not hear a hub.</summary>
    HubSilent,

    /// <summary>A battery is low.</summary>
    BatteryLow,

    /// <summary>A battery is nearly empty.</summary>
    BatteryCritical,

    /// <summary>A key stays pressed.</summary>
    KeyStuck,

    /// <summary>A device cannot write its flash.</summary>
    FlashFault,

    /// <summary>A frame may be forged.</summary>
    Tamper,

    /// <summary>The centre cannot handle a record.</summary>
    Quarantine,

    /// <summary>A device speaks another version of the protocol.</summary>
    UnknownFrame,

    /// <summary>A band and a hub have different link keys.</summary>
    LinkKeyUnknown,

    /// <summary>A hub runs on its battery.</summary>
    MainsLost,

    /// <summary>Measurements are lost.</summary>
    VitalsDropped,

    /// <summary>A hub has lost its store.</summary>
    StoreLost,

    /// <summary>A device restarts repeatedly.</summary>
    Reboots,

    /// <summary>The file of measurements cannot be written.</summary>
    VitalsUnwritten,

    /// <summary>The service found damage in a database file.</summary>
    DatabaseDamaged,

    /// <summary>The machine's wall clock was stepped, or is behind the newest stored time.</summary>
    ClockWrong,

    /// <summary>The gateway takes no texts.</summary>
    WebhookDown,

    /// <summary>Another subject, which the card describes in words.</summary>
    Other,
}

/// <summary>
/// The codes under which the service stores and shows its enums. A code is the name of the value with a small first
/// letter.
/// </summary>
public static class Codes
{
    /// <summary>The code of a value.</summary>
    public static string Code<T>(this T value)
        where T : struct, Enum => Names<T>.All[value];

    /// <summary>The value of a code. Null where no value has this code.</summary>
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
