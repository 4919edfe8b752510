using ElderBand.BandProtocol;
using ElderBand.Simulation;

namespace ElderBand.Simulator.Swarm;

/// <summary>What no world may show.</summary>
public enum Violation
{
    /// <summary>A call for help that never became an event, or one that rings nobody.</summary>
    Lost,

    /// <summary>One call for help that is two events, or counts twice on its card.</summary>
    Doubled,

    /// <summary>An event or an alarm that nobody made.</summary>
    Invented,

    /// <summary>A press whose card does not name the person who wore the band at the time of the press.</summary>
    WrongPerson,

    /// <summary>A call for help that is at the centre later than 90 s after everything was healed.</summary>
    Late,

    /// <summary>The wrist says a stage before it is so.</summary>
    EarlyStage,

    /// <summary>The wrist says a stage that is not so and does not become so, or goes on ticking.</summary>
    FalseStage,

    /// <summary>A stage that the wrist has not said 90 s after everything was healed, or not reported.</summary>
    Unfelt,

    /// <summary>The world ended with an exception, or a step was over its bound of instructions.</summary>
    Broken,
}

/// <summary>One violation in words.</summary>
public sealed record Finding(Violation What, long AtMs, string Words);

/// <summary>
/// One call for help: a press as the plan made it, or a fall that the band has suspected. Its identity (R1) is the part
/// of its frame that is the same in every copy and differs from all other frames: header, payload and centre tag. The
/// identity is known only once the frame has been sent.
/// </summary>
public sealed class Call(BandDevice band, FrameType type, long atMs)
{
    /// <summary>The wearer's band.</summary>
    public BandDevice Band { get; } = band;

    /// <summary>Sos or FallSuspected.</summary>
    public FrameType Type { get; } = type;

    /// <summary>World time of the contact, or of the suspicion's first frame.</summary>
    public long AtMs { get; } = atMs;

    /// <summary>The band's boot at the contact; -1 where no App ran.</summary>
    public int Boot { get; } = band.BootCount;

    /// <summary>How often the band's App had started before the contact.</summary>
    public int Starts { get; } = band.Boots;

    /// <summary>The band's uptime at the contact, s.</summary>
    public long UptimeS { get; } = band.UptimeMs / 1000;

    /// <summary>Contact time of a press, ms.</summary>
    public int HoldMs { get; init; }

    /// <summary>
    /// The band was without power soon after the contact, before any frame was seen: the press may be missing.
    /// </summary>
    public bool IsExcused { get; set; }

    /// <summary>The band lost its power, or a file of its flash, and no other record of the call.</summary>
    public bool IsForgotten { get; set; }

    /// <summary>
    /// True: the latch was full while this press waited for its receipt, and an older press waited too. The band may
    /// have dropped this press (P44). A hub that has the press still sends it to the centre.
    /// </summary>
    public bool MayBeDropped { get; set; }

    /// <summary>
    /// How many events more than one the call may be: one for each time that the power came back while the key was down
    /// (V13).
    /// </summary>
    public int MoreEvents { get; set; }

    /// <summary>Identity of its frame; empty until it is seen.</summary>
    public string Identity { get; set; } = "";

    /// <summary>Boot and sequence of its frame, by which answers and alarms name the call.</summary>
    public (int Boot, int Sequence) Numbers { get; set; }

    /// <summary>World time at which its frame was first sent, ms; null: never.</summary>
    public long? OnAirMs { get; set; }

    /// <summary>World time at which the frame of the call was last sent again, ms; 0: never.</summary>
    public long LastOnAirMs { get; set; }

    /// <summary>World time of its commit at the service, ms; null: none.</summary>
    public long? CommittedMs { get; set; }

    /// <summary>Alarm on whose card it is.</summary>
    public long? AlarmId { get; set; }

    /// <summary>The identity of a frame.</summary>
    public static string IdentityOf(ReadOnlySpan<byte> frame) => Convert.ToHexString(frame[..IdentityBytes]);

    /// <summary>Bytes of an identity.</summary>
    public const int IdentityBytes = Frame.LinkTagOffset;
}
