using ElderBand.BandProtocol;

namespace ElderBand.Simulation;

/// <summary>The centre asks hubs and bands for their traces and keeps what they answer.</summary>
public sealed partial class MemoryCentre
{
    private const byte NotReceived = 0xFF;

    /// <summary>Answers of the hubs, by their names.</summary>
    public Dictionary<string, byte[]> HubTraces { get; } = new(StringComparer.Ordinal);

    /// <summary>Entries of the bands, by their addresses; bytes of 255 where a half has not arrived.</summary>
    public Dictionary<long, byte[]> BandTraces { get; } = [];

    /// <summary>Asks a hub for its trace.</summary>
    public void AskHub(string name, byte ask)
    {
        var message = new byte[TraceMessage.AskSize];
        TraceMessage.PutAsk(message, ask);
        _hubs[name].Send(UplinkTopic.Trace, message);
    }

    /// <summary>Asks a band for its trace, with its next configuration.</summary>
    public void AskBand(long address, byte ask)
    {
        var frame = Configuration(guardAlways: false);
        Payload.AskForTrace(frame, ask);
        Send(address, frame);
    }

    private byte[] Configuration(bool guardAlways)
    {
        var frame = new byte[Frame.Size];
        Frame.Begin(frame, FrameType.Configuration, Lane.Alarm, ++_configurations, 0);
        Payload.PutConfiguration(frame, guardAlways, NormalSensitivity, walkingAid: false, 0, 0, 0);
        return frame;
    }

    private void StoreTrace(long address, byte[] envelope, int at)
    {
        if (!BandTraces.TryGetValue(address, out var entries))
        {
            entries = new byte[Payload.TraceHalves * Payload.TraceHalfSize];
            Array.Fill(entries, NotReceived);
            BandTraces.Add(address, entries);
        }

        Payload.TakeTraceHalf(envelope, at, entries);
    }
}
