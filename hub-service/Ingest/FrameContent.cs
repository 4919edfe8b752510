using ElderBand.BandProtocol;
using ElderBand.HubService.Devices;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Ingest;

/// <summary>What the bytes of a frame say, and whether a true device can mean it.</summary>
internal static class FrameContent
{
    /// <summary>
    /// No age is taken to be more, because a hub that lies could move a call to an earlier wearer of the band; a longer
    /// one is shown as "at least" this.
    /// </summary>
    public const long LongestAgeMs = 7 * 86_400_000L;

    /// <summary>
    /// True for values that no true band can mean. Calls for help are never refused for their details.
    /// </summary>
    public static bool IsImpossible(byte[] frame, FrameType type) => type switch
    {
        FrameType.Vitals => Payload.Bpm(frame, 0) is not (0 or (>= 30 and <= 240))
            || Payload.Confidence(frame, 0) > 100
            || Payload.Spo2Pct(frame, 0) is not (0 or (>= 70 and <= 100))
            || Payload.VitalsWear(frame, 0) > Wear.On,
        FrameType.Status => Payload.StatusMode(frame, 0) > BandMode.Shelf
            || Payload.StatusWear(frame, 0) > Wear.On
            || Payload.StatusBatteryPct(frame, 0) is > 100 and < 255,
        FrameType.Trace => Payload.TraceHalf(frame, 0) >= Payload.TraceHalves,
        FrameType.WearChange => Payload.EventDetail(frame, 0) > (byte)Wear.On,
        FrameType.StageShown => Payload.ShownStage(frame, 0) > Stage.Closed,
        _ => false,
    };

    /// <summary>The event of a record of an envelope; for whom it is, the caller adds.</summary>
    public static FrameEvent EventOf(
        long arrivedMs, HubSession hub, byte[] data, int record, byte[] frame, FrameType type, string sender,
        string source)
    {
        long toldMs = Envelope.AgeMs(data, record);
        long ageMs = Math.Min(toldMs, LongestAgeMs);
        bool isAnswer = type is FrameType.FallConfirmed or FrameType.FallCancelled or FrameType.NotNeeded;
        bool isEvent = type is not (FrameType.StageShown or FrameType.Vitals or FrameType.Status);
        bool isSensor = type == FrameType.Technical
            && Payload.IsSensorFault((TechnicalCode)Payload.EventDetail(frame, 0));
        return new FrameEvent
        {
            CentreId = hub.CentreId,
            Sender = sender,
            Boot = Frame.BootOf(frame, 0),
            Lane = Frame.LaneOf(frame, 0),
            Sequence = Frame.SequenceOf(frame, 0),
            Type = type,
            Frame = frame,
            HubId = hub.HubId,
            Source = source,
            UptimeS = isEvent ? Payload.UptimeS(frame, 0) : 0,
            RefersTo = isAnswer ? Payload.RefersTo(frame, 0) : null,
            Flags = isAnswer ? Payload.AnswerFlags(frame, 0)
                : isEvent && !isSensor ? Payload.EventFlags(frame, 0) : 0,
            Detail = isEvent && !isAnswer ? Payload.EventDetail(frame, 0) : 0,
            AtMs = arrivedMs - ageMs,
            Quality = ageMs < toldMs ? AgeQuality.AtLeast : Envelope.Quality(data, record),
            AgeMs = ageMs,
            ReceivedAtMs = arrivedMs,
            HubBoot = Envelope.HubBoot(data),
            HubUptimeS = Envelope.HubUptimeS(data),
            HubWallMs = Envelope.HubWallMs(data),
            RssiDbm = Envelope.RssiDbm(data, record),
        };
    }
}
