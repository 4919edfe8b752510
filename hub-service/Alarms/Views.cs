namespace ElderBand.HubService.Alarms;

// What the console is given, exactly as docs/service-api.md says: serialise with camelCase names.

/// <summary>Who has an alarm.</summary>
public sealed record OwnerView(long StaffId, string DisplayName);

/// <summary>
/// The resident on a card. Id 0: nobody is assigned; the name is then the band's label or the hub's id.
/// </summary>
public sealed record ResidentView(
    long Id, string Name, string NameEn, int? BirthYear, string Phone, string Address, string Building, string Floor,
    string Door, string Keys, string Hearing, string Dialect, string Medical, string FirstQuestion);

/// <summary>A message to a contact. Reason is a code of <see cref="MessageReason"/>.</summary>
public sealed record MessageView(
    long Id, string Reason, long? SentAtMs, long? DeliveredAtMs, long? OpenedAtMs, long? FailedAtMs, int Attempts,
    string? LastError);

/// <summary>A contact of the resident, in the order in which to call them.</summary>
public sealed record ContactView(
    long Id, int Order, string Name, string Relation, string Phone, IReadOnlyList<MessageView> Messages);

/// <summary>
/// The latest vitals of a resident; a value is null where it was refused, and then the refusal says why.
/// </summary>
public sealed record VitalsView(
    long ResidentId, long AtMs, int? Bpm, int Confidence, string? Refusal, int? Spo2Pct, string? Spo2Refusal,
    string Wear,
    int Activity, int Steps);

/// <summary>What the band says it has shown, and what the centre has told it (0-5).</summary>
public sealed record WristView(int Stage, long? ShownAtMs, int WantedStage);

/// <summary>The band of an alarm.</summary>
public sealed record AlarmBandView(long Id, string Label, int? BatteryPct, long? LastHeardAtMs);

/// <summary>The hub of an alarm.</summary>
public sealed record AlarmHubView(string Id, long? LastHeardAtMs);

/// <summary>A line of the timeline; kind is a code, text free words. Ids rise in the order of the lines.</summary>
public sealed record TimelineView(long Id, long AtMs, string Kind, string Who, string Text);

/// <summary>A page of the timeline, oldest line first, and whether there are lines before it.</summary>
public sealed record TimelinePageView(IReadOnlyList<TimelineView> Entries, bool HasEarlier);

/// <summary>A timer of an open alarm. Kind is a code of <see cref="TimerKind"/>.</summary>
public sealed record TimerView(string Kind, long DueAtMs);

/// <summary>
/// Monotonic µs of this machine of what made it ring (of the suspicion while it is a pre-alarm); 0 where unknown, that
/// is raised before the last restart, and ArrivedUs 0 also where the deadline and no frame made it ring.
/// </summary>
public sealed record TraceView(long ArrivedUs, long CommittedUs, long PushedUs);

/// <summary>
/// An alarm as the console draws it; states and kinds as in <see cref="AlarmState"/>, in small letters.
/// </summary>
public sealed record AlarmView(
    long Id, int Revision, string Number, string Kind, string State, string Source, bool Drill, long EventAtMs,
    string AgeQuality, long RaisedAtMs, long? DeadlineAtMs, int Presses, int Calls, bool NotNeeded, bool Unanswered,
    OwnerView? Owner, long? TakenAtMs, long? ComingAtMs, long? ClosedAtMs, string? Outcome, string? ClosingWords,
    ResidentView Resident, ResidentView? OtherResident, IReadOnlyList<ContactView> Contacts, VitalsView? Vitals,
    WristView Wrist,
    AlarmBandView? Band,
    AlarmHubView? Hub, IReadOnlyList<long> Linked, IReadOnlyList<TimelineView> Timeline,
    bool HasEarlier,
    IReadOnlyList<TimerView> Timers, TraceView Trace);

/// <summary>A technical card.</summary>
public sealed record TechnicalView(
    long Id, int Revision, string Kind, bool Urgent, long SinceAtMs, long? ClosedAtMs, long? ResidentId,
    string? ResidentName, string? Place, string? HubId, long? BandId, string Detail);

/// <summary>A hub or band that is not heard.</summary>
public sealed record SilentHubView(string Id, string Place, long? LastHeardAtMs);

/// <summary>A band that is not heard.</summary>
public sealed record SilentBandView(long Id, string ResidentName, long? LastHeardAtMs);

/// <summary>How many hubs are there and heard.</summary>
public sealed record HubsAliveView(int Total, int Heard, long? LastHeardAtMs, IReadOnlyList<SilentHubView> Silent);

/// <summary>How many bands are there and heard.</summary>
public sealed record BandsAliveView(int Total, int Heard, long? LastHeardAtMs, IReadOnlyList<SilentBandView> Silent);

/// <summary>The database's health.</summary>
public sealed record DatabaseView(bool Ok, long LastCommitAtMs);

/// <summary>What is proven to work, for an empty queue.</summary>
public sealed record AliveView(
    long NowMs, HubsAliveView Hubs, BandsAliveView Bands, DatabaseView Database, int Consoles, long? LastAlarmAtMs)
{
    /// <summary>Id that the page names when it answers this sign of life. Null outside an event stream.</summary>
    public string? PageId { get; init; }
}
