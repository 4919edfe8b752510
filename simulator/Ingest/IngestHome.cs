using ElderBand.BandProtocol;
using ElderBand.HubService.Devices;
using ElderBand.Simulator.Centre;

namespace ElderBand.Simulator.Ingest;

/// <summary>
/// The account of a hub and the keys of its one band. Makes envelopes with one measurement each, signed with the band's
/// true tags.
/// </summary>
public sealed class IngestHome
{
    private const int RssiDbm = -60;

    private readonly Lock _gate = new();
    private readonly BandKeys _keys = new();
    private readonly Tagger _tagger = new(new HmacSha256());
    private readonly EnrolledHome _home;
    private int _next;

    /// <summary>Derives the band's keys.</summary>
    public IngestHome(EnrolledHome home)
    {
        _home = home;
        _keys.Derive(new HmacSha256(), home.Secret, home.Group, home.Epoch);
    }

    /// <summary>Where and as whom the hub signs in.</summary>
    public MqttAccount Account => _home.Account;

    /// <summary>Topic of the measurements.</summary>
    public string Topic => $"eb1/{Account.CentreId}/{Account.HubId}/up/vitals";

    /// <summary>An envelope with the next measurement of the band.</summary>
    public byte[] NextEnvelope()
    {
        lock (_gate)
        {
            var number = _next++;
            var frame = new byte[Frame.Size];
            // A sequence has 16 bits; then the band restarts.
            Frame.Begin(frame, FrameType.Vitals, Lane.Vitals, 1 + (number >> 16), number & 0xFFFF);
            Payload.PutVitals(frame, (byte)(60 + (number % 40)), 90, 97, 0, 0, Wear.On, 0, false, 3);
            _tagger.SignCentre(_keys.CentreUp, frame);
            _tagger.SignLink(_keys.LinkUp, frame);
            var envelope = new byte[Envelope.MaxSize];
            Envelope.Begin(envelope, 1, (uint)number, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
            var size = Envelope.Add(
                envelope, 1, number & 0xFFFF, _home.Address, RssiDbm, Envelope.LinkChecked, AgeQuality.Measured, 0,
                frame, 0);
            return envelope[..size];
        }
    }
}
