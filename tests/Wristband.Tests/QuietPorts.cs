using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulation.Chips;
using ElderBand.Simulation.Signals;
using ElderBand.Wristband;
using Iot.Device.Adxl343;
using Iot.Device.Max30102;

namespace ElderBand.Tests.Wristband;

/// <summary>A world that allocates nothing itself, so that every byte allocated in a step is the band's.</summary>
public sealed class QuietPorts : IBandLink
{
    private readonly Tagger _tagger = new(new HostMac());
    private readonly BandKeys _keys = new();
    private readonly byte[] _frame = new byte[Frame.Size];
    private readonly byte[] _heard = new byte[Frame.Size];
    private readonly byte[] _nonce = new byte[LinkTiming.NonceBytes];
    private readonly EventRing _events = new(32, Frame.Size);
    private readonly ManualPower _power = new();
    private readonly ManualClock _clock = new();
    public QuietFlash Flash { get; } = new();
    private readonly byte[] _secret = new byte[32];
    private readonly Max30102Chip _ppg;
    private readonly Adxl343Chip _accelerometer;
    private long _nextStateMs;
    private bool _linked;

    public QuietPorts(bool guard)
    {
        var pulse = new SyntheticPpg(Max30102.ConversionsHz, 1);
        var motion = SyntheticMotion.Daily(Adxl343.RateHz, 1);
        _ppg = new Max30102Chip(_ =>
        {
            var (red, ir, green) = pulse.Next();
            return new PpgSample(red, ir, green);
        });
        _accelerometer = new Adxl343Chip(_ =>
        {
            var (x, y, z) = motion.Next();
            return new MotionSample(x, y, z);
        });
        if (guard)
        {
            BandRig.KeepGuard(Flash, _secret);
        }

        _keys.Derive(new HostMac(), _secret, 1, 1);
    }

    public int Notified { get; private set; }

    public Band Boot()
    {
        var band = new Band(
            new BandPorts
            {
                Link = this,
                Flash = Flash,
                Clock = _clock,
                Mac = new HostMac(),
                Power = _power,
                Key = new ManualPin(),
                PressLatch = new ManualLatch(),
                Vibration = new ManualPin(),
                Light = new ManualPin(),
                Ppg = _ppg,
                Accelerometer = _accelerometer,
                Events = _events,
            },
            new BandIdentity { Secret = _secret, LinkGroup = 1, LinkEpoch = 1 });
        band.Start(0);
        return band;
    }

    public void Advance(long now)
    {
        _clock.Now = now;
        _ppg.Advance(now);
        _accelerometer.Advance(now);
        if (_linked && now >= _nextStateMs)
        {
            _nextStateMs = now + LinkTiming.HubStateMs;
            Frame.Begin(_frame, FrameType.HubState, Lane.Vitals, 0, 0);
            Payload.BindHubState(_frame, _nonce, 0);
            Payload.PutHubState(_frame, true, 720);
            SignAndSend();
        }
    }

    bool IBandLink.Advertise(byte[] frame)
    {
        if (!_linked)
        {
            _linked = true;
            _events.Enqueue(EventKind.LinkUp, 0, 0, 0, null!, 0);
        }

        return true;
    }

    void IBandLink.Stop() => _linked = false;

    void IBandLink.Restart() => _linked = false;

    SendResult IBandLink.Notify(byte[] frame)
    {
        Notified++;
        Bytes.Copy(frame, 0, _heard, 0, Frame.Size);
        _tagger.Open(_keys.Air, true, _heard);
        frame = _heard;
        var type = Frame.TypeOf(frame, 0);
        if (type == FrameType.LinkChallenge)
        {
            Bytes.Copy(frame, Frame.PayloadOffset, _nonce, 0, _nonce.Length);
            Bytes.Copy(frame, 0, _frame, 0, Frame.Size);
            Frame.Begin(_frame, FrameType.LinkHello, Lane.Vitals, 1, 1);
            Bytes.Copy(frame, Frame.PayloadOffset, _frame, Frame.PayloadOffset, Frame.PayloadSize);
            SignAndSend();
        }
        else if (Frame.LaneOf(frame, 0) == Lane.Alarm)
        {
            Frame.Begin(_frame, FrameType.Receipt, Lane.Alarm, Frame.BootOf(frame, 0), Frame.SequenceOf(frame, 0));
            _tagger.SignCentre(_keys.CentreDown, _frame);
            _tagger.Seal(_keys.Air, false, _frame);
            _events.Enqueue(EventKind.FrameIn, 0, 0, 0, _frame, Frame.Size);
        }

        return SendResult.Sent;
    }

    private void SignAndSend()
    {
        _tagger.SignHub(_keys.LinkDown, _frame);
        _tagger.Seal(_keys.Air, false, _frame);
        _events.Enqueue(EventKind.FrameIn, 0, 0, 0, _frame, Frame.Size);
    }
}
