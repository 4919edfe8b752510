using ElderBand.BandProtocol;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Ingest;

/// <summary>
/// An accepted frame with everything that is known of it: who (Sender is that of <see cref="BandRow.Sender"/> or
/// <see cref="HubRow.Sender"/>), when on which clock, for whom at that moment.
/// </summary>
public sealed record FrameEvent
{
    public required string CentreId { get; init; }
    public required string Sender { get; init; }
    public required int Boot { get; init; }
    public required Lane Lane { get; init; }
    public required int Sequence { get; init; }
    public required FrameType Type { get; init; }

    /// <summary>20 bytes.</summary>
    public required byte[] Frame { get; init; }

    /// <summary>Null where the hub itself speaks.</summary>
    public long? BandId { get; init; }
    public required string HubId { get; init; }
    public long? ResidentId { get; init; }

    /// <summary>An earlier wearer of the band, where the time of the event does not tell who wore it.</summary>
    public long? OtherResidentId { get; init; }
    public long? HomeId { get; init; }

    /// <summary>band, hubKey, phone or staff.</summary>
    public required string Source { get; init; }
    public int UptimeS { get; init; }

    /// <summary>Sequence (same boot) that an answer refers to.</summary>
    public int? RefersTo { get; init; }
    public int Flags { get; init; }
    public int Detail { get; init; }

    /// <summary>UTC ms of the event: when it was received less its age.</summary>
    public required long AtMs { get; init; }
    public required AgeQuality Quality { get; init; }

    /// <summary>Age on arrival, ms.</summary>
    public required long AgeMs { get; init; }
    public required long ReceivedAtMs { get; init; }
    public int HubBoot { get; init; }
    public long HubUptimeS { get; init; }
    public long HubWallMs { get; init; }
    public int RssiDbm { get; init; }

    /// <summary>Id of the stored row.</summary>
    public long EventId { get; init; }

    /// <summary>A drill goes the whole way, but never rings and never tells the family.</summary>
    public bool IsDrill => (Flags & AlarmFlags.Drill) != 0;
}
