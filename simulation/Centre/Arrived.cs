using ElderBand.BandProtocol;

namespace ElderBand.Simulation;

/// <summary>One record of an envelope as it reached the centre.</summary>
public sealed record Arrived(
    UplinkTopic Topic,
    long AtMs,
    int RecordBoot,
    int RecordSequence,
    long Address,
    bool LinkChecked,
    AgeQuality Quality,
    uint AgeMs,
    byte[] Frame)
{
    /// <summary>Type of its frame.</summary>
    public FrameType Type => BandProtocol.Frame.TypeOf(Frame, 0);

    /// <summary>Identity of the event (R1): sender, boot, lane and sequence.</summary>
    public string Key => (Type is FrameType.HubKey or FrameType.HubTechnical ? "hub" : Address.ToString()) + ":"
        + Convert.ToHexString(Frame, 0, 6);

    /// <summary>Code of a technical frame.</summary>
    public TechnicalCode Code => (TechnicalCode)Payload.EventDetail(Frame, 0);
}
