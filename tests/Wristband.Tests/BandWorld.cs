using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulation.Chips;
using ElderBand.Simulation.Signals;
using ElderBand.Wristband;
using Iot.Device.Adxl343;
using Iot.Device.Max30102;

namespace ElderBand.Tests.Wristband;

/// <summary>
/// One band on a virtual clock: the real App and Drivers on register-level chips, a flash, pins, and a hub with a centre
/// behind it that do what a test tells them.
/// </summary>
public sealed class BandWorld : IBandLink
{
    private readonly PriorityQueue<Action, (long At, int Order)> _script = new();
    private readonly Tagger _tagger = new(new HostMac());
    private int _order;
    private long _wakeAt;
    private byte[] _challenge = new byte[Frame.Size];
    private bool _linkUp;

    public BandWorld(bool worn = true, bool guard = true)
    {
        Worn = worn;
        Pulse = new SyntheticPpg(Max30102.ConversionsHz, 1) { Worn = worn };
        Motion = worn ? SyntheticMotion.Daily(Adxl343.RateHz, 2) : SyntheticMotion.Desk(Adxl343.RateHz, 2);
        PpgChip = new Max30102Chip(_ =>
        {
            var (red, ir, green) = Pulse.Next();
            return new PpgSample(red, ir, green);
        });
        AccelerometerChip = new Adxl343Chip(_ =>
        {
            var (x, y, z) = Motion.Next();
            return new MotionSample(x * MotionPercent / 100, y * MotionPercent / 100, z * MotionPercent / 100);
        });
        for (var i = 0; i < Secret.Length; i++)
        {
            Secret[i] = (byte)(i * 7);
        }

        HubKeys.Derive(new HostMac(), Secret, 7, 3);
        if (worn && guard)
        {
            KeepGuard(Flash, Secret);
        }

        Power.IsExternal = !worn; // unworn and off the charger a band goes to sleep
    }

    public bool Worn { get; }

    public byte[] Secret { get; } = new byte[32];

    public BandKeys HubKeys { get; } = new();

    public MemoryFlash Flash { get; } = new();

    public ManualClock Clock { get; } = new();

    public ManualPower Power { get; } = new();

    public ManualPin Key { get; } = new();

    public ManualPin Vibration { get; } = new();

    public ManualPin Light { get; } = new();

    public SyntheticPpg Pulse { get; set; }

    public SyntheticMotion Motion { get; set; }

    /// <summary>Strength of the motion, percent.</summary>
    public int MotionPercent { get; set; } = 100;

    public Max30102Chip PpgChip { get; }

    public Adxl343Chip AccelerometerChip { get; }

    public EventRing Events { get; private set; } = new(32, Frame.Size);

    public Band Band { get; private set; } = null!;

    public long Now => Clock.Now;

    /// <summary>The centre keeps this band in Guard: version 1 of its configuration, stored before the boot.</summary>
    public static void KeepGuard(IFlash flash, byte[] secret)
    {
        var settings = new BandSettings(flash);
        settings.Load(new BandIdentity { Secret = secret });
        var frame = new byte[Frame.Size];
        Frame.Begin(frame, FrameType.Configuration, Lane.Alarm, 1, 0);
        Payload.PutConfiguration(
            frame, true, settings.Sensitivity, false, (byte)settings.BedFromQuarter, (byte)settings.BedToQuarter, 0);
        settings.Apply(frame).ShouldBeTrue();
        settings.Save().ShouldBe(FlashResult.Ok);
    }

    // ---- what the hub does ----

    public bool InRange { get; set; } = true;

    public bool AnswersHello { get; set; } = true;

    public bool AnswersHeard { get; set; } = true;

    public bool AnswersReceipt { get; set; } = true;

    public bool SendsState { get; set; } = true;

    /// <summary>Stages or settings wait at the hub, which therefore connects to every beat.</summary>
    public bool Owes { get; set; }

    /// <summary>Longest time from an advertisement to the link, ms.</summary>
    public int ConnectMs { get; set; } = 500;

    public bool Online { get; set; } = true;

    public int MinuteOfDay { get; set; } = 0xFFFF;

    /// <summary>Loses a frame where it answers true: (frame, goes up).</summary>
    public Func<byte[], bool, bool> Loses { get; set; } = (_, _) => false;

    /// <summary>Every frame the hub got, in order, with its time.</summary>
    public List<(long AtMs, byte[] Frame, bool Advertised)> Heard { get; } = [];

    /// <summary>Each event row the centre would have: first sight of (lane, boot, sequence), right centre tag only.</summary>
    public Dictionary<(Lane, int, int), byte[]> Rows { get; } = [];

    /// <summary>The stack says no to every advertisement.</summary>
    public bool RefusesAdvertising { get; set; }

    /// <summary>A restart ends the refusals.</summary>
    public bool RestartMends { get; set; }

    /// <summary>The stack says yes and sends nothing, until it is restarted.</summary>
    public bool SilentUntilRestart { get; set; }

    public int Refused { get; private set; }

    public byte[]? OnAir { get; private set; }

    public bool Advertising { get; private set; }

    public int Advertisements { get; private set; }

    public int RadioRestarts { get; private set; }

    public bool LinkUp => _linkUp;

    // ---- the world ----

    public BandWorld Boot(WakeCause cause = WakeCause.PowerOn)
    {
        Power.BootCause = cause;
        Events = new EventRing(32, Frame.Size);
        _linkUp = false;
        OnAir = null;
        Advertising = false;
        Band = new Band(
            new BandPorts
            {
                Link = this,
                Flash = Flash,
                Clock = Clock,
                Mac = new HostMac(),
                Power = Power,
                Key = Key,
                Vibration = Vibration,
                Light = Light,
                Ppg = PpgChip,
                Accelerometer = AccelerometerChip,
                Events = Events,
            },
            new BandIdentity { Secret = Secret, LinkGroup = 7, LinkEpoch = 3 });
        Band.Start(Now);
        _wakeAt = Now;
        return this;
    }

    public void At(long ms, Action action) => _script.Enqueue(action, (ms, _order++));

    public void After(long ms, Action action) => At(Now + ms, action);

    /// <summary>Runs for a while; stops early where the band has gone to sleep or reset.</summary>
    public void RunFor(long ms) => RunUntil(() => false, ms);

    public bool RunUntil(Func<bool> done, long atMostMs)
    {
        var end = Now + atMostMs;
        while (true)
        {
            if (done())
            {
                return true;
            }

            var next = _script.TryPeek(out _, out var when) && when.At < _wakeAt ? when.At : _wakeAt;
            if (next > end || Band.IsAsleep)
            {
                Clock.Now = Math.Max(Now, Band.IsAsleep ? Now : end);
                return false;
            }

            Clock.Now = Math.Max(Now, next);
            while (_script.TryPeek(out _, out when) && when.At <= Now)
            {
                _script.Dequeue()();
            }

            PpgChip.Advance(Now);
            AccelerometerChip.Advance(Now);
            var wait = Band.Step(Now);
            wait.ShouldBeGreaterThan(0);
            ChargeEstimate();
            _wakeAt = Now + wait;
        }
    }

    /// <summary>What a slice of an estimate takes, ms; or the whole estimate where it is computed in one step.</summary>
    public int EstimateCostMs { get; set; }

    /// <summary>The loop is held until an estimate has ended, as if it had no slices.</summary>
    public bool EstimatesInOneStep { get; set; }

    /// <summary>Slices or estimates that were charged for.</summary>
    public int EstimatesCharged { get; private set; }

    private void ChargeEstimate()
    {
        if (EstimateCostMs == 0 || !Band.Vitals.IsEstimating)
        {
            return;
        }

        while (EstimatesInOneStep && Band.Vitals.IsEstimating)
        {
            Band.Step(Now);
        }

        EstimatesCharged++;
        Clock.Now += EstimateCostMs;
    }

    // ---- the key ----

    public void KeyEdge(bool down)
    {
        Key.Level = down;
        Events.Enqueue(EventKind.KeyEdge, Now, 0, down ? 1 : 0, null!, 0);
        _wakeAt = Now;
    }

    public void Press(int ms)
    {
        KeyEdge(true);
        After(ms, () => KeyEdge(false));
    }

    // ---- the hub ----

    /// <summary>Comes near after a scan, as a hub does that hears an advertisement.</summary>
    public void ConnectWhenAdvertised()
    {
        if (InRange && !_linkUp && Advertising && WantsLink(OnAir))
        {
            After(ConnectMs, Connect);
        }
    }

    // An alarm-lane frame is owed its acknowledgement. An empty advertisement asks, as a status with the mark does.
    private bool WantsLink(byte[]? onAir) =>
        Owes || onAir == null || Frame.LaneOf(onAir, 0) == Lane.Alarm
        || (Frame.TypeOf(onAir, 0) == FrameType.Status && Payload.AsksForLink(onAir, 0));

    public void Connect()
    {
        if (_linkUp || !InRange || !Advertising)
        {
            return;
        }

        _linkUp = true;
        Post(EventKind.LinkUp, null);
        if (SendsState)
        {
            After(LinkTiming.HubStateMs, StateTick);
        }
    }

    public void Disconnect()
    {
        if (_linkUp)
        {
            _linkUp = false;
            Post(EventKind.LinkDown, null);
        }
    }

    /// <summary>The link ends and the band is never told.</summary>
    public void VanishLink() => _linkUp = false;

    public void Down(byte[] frame, int count = Frame.Size)
    {
        if (_linkUp && !Loses(frame, false))
        {
            Post(EventKind.FrameIn, frame, count);
        }
    }

    public byte[] FromHub(FrameType type, Lane lane, int boot, int sequence, Action<byte[]>? payload = null)
    {
        var frame = new byte[Frame.Size];
        Frame.Begin(frame, type, lane, boot, sequence);
        payload?.Invoke(frame);
        _tagger.SignLink(HubKeys.LinkDown, frame);
        return frame;
    }

    public byte[] FromCentre(FrameType type, int boot, int sequence, Action<byte[]>? payload = null)
    {
        var frame = new byte[Frame.Size];
        Frame.Begin(frame, type, Lane.Alarm, boot, sequence);
        payload?.Invoke(frame);
        _tagger.SignCentre(HubKeys.CentreDown, frame);
        return frame;
    }

    public byte[] StageFrame(byte[] alarm, Stage stage, int revision) => FromCentre(
        FrameType.Stage,
        Frame.BootOf(alarm, 0),
        Frame.SequenceOf(alarm, 0),
        f => Payload.PutStage(f, stage, revision));

    public byte[] Hello(byte[] challenge) => FromHub(
        FrameType.LinkHello,
        Frame.LaneOf(challenge, 0),
        Frame.BootOf(challenge, 0),
        Frame.SequenceOf(challenge, 0),
        f => Bytes.Copy(challenge, Frame.PayloadOffset, f, Frame.PayloadOffset, Frame.PayloadSize));

    /// <summary>The rows of a type, in the order of their sequence.</summary>
    public List<byte[]> RowsOf(FrameType type) =>
        [.. Rows.Values.Where(f => Frame.TypeOf(f, 0) == type).OrderBy(f => Frame.BootOf(f, 0)).ThenBy(f => Frame.SequenceOf(f, 0))];

    public int Technical(TechnicalCode code) =>
        RowsOf(FrameType.Technical).Count(f => Payload.EventDetail(f, 0) == (byte)code);

    public List<Stage> StagesShown(byte[] alarm) =>
        [.. RowsOf(FrameType.StageShown)
            .Where(f => Payload.ShownBoot(f, 0) == Frame.BootOf(alarm, 0)
                && Payload.ShownSequence(f, 0) == Frame.SequenceOf(alarm, 0))
            .Select(f => Payload.ShownStage(f, 0))];

    // ---- IBandLink ----

    bool IBandLink.Advertise(byte[] frame)
    {
        if (RefusesAdvertising)
        {
            Refused++;
            return false;
        }

        if (SilentUntilRestart)
        {
            return true;
        }

        Advertising = true;
        Advertisements++;
        OnAir = frame == null ? null : (byte[])frame.Clone();
        if (OnAir != null && InRange && !Loses(OnAir, true))
        {
            Take(OnAir, true);
        }

        ConnectWhenAdvertised();
        return true;
    }

    void IBandLink.Stop()
    {
        Advertising = false;
        OnAir = null;
        _linkUp = false;
    }

    SendResult IBandLink.Notify(byte[] frame)
    {
        if (!_linkUp)
        {
            return SendResult.NotConnected;
        }

        var copy = (byte[])frame.Clone();
        if (!Loses(copy, true))
        {
            Take(copy, false);
        }

        return SendResult.Sent;
    }

    void IBandLink.Restart()
    {
        RadioRestarts++;
        SilentUntilRestart = false;
        RefusesAdvertising &= !RestartMends;
        Disconnect();
        if (RefusesAdvertising)
        {
            Advertising = false;
            return;
        }

        Advertising = true;
        OnAir = null;
        ConnectWhenAdvertised();
    }

    private void StateTick()
    {
        if (_linkUp && SendsState)
        {
            Down(State());
            After(LinkTiming.HubStateMs, StateTick);
        }
    }

    public byte[] State() => FromHub(FrameType.HubState, Lane.Vitals, 0, 0, f =>
    {
        Payload.BindHubState(f, _challenge, Frame.PayloadOffset);
        Payload.PutHubState(f, Online, MinuteOfDay);
    });

    private void Post(EventKind kind, byte[]? frame, int count = 0)
    {
        Events.Enqueue(kind, Now, 0, 0, frame!, frame == null ? 0 : count == 0 ? Frame.Size : count);
        _wakeAt = Math.Min(_wakeAt, Now + 1);
    }

    private void Take(byte[] frame, bool advertised)
    {
        Heard.Add((Now, frame, advertised));
        if (!_tagger.LinkTagIsRight(HubKeys.LinkUp, frame, 0))
        {
            return;
        }

        var type = Frame.TypeOf(frame, 0);
        var boot = Frame.BootOf(frame, 0);
        var sequence = Frame.SequenceOf(frame, 0);
        if (type == FrameType.LinkChallenge)
        {
            _challenge = frame;
            if (AnswersHello)
            {
                After(40, () => Down(Hello(frame)));
                After(80, () => Down(State()));
            }

            return;
        }

        if (_tagger.CentreTagIsRight(HubKeys.CentreUp, frame, 0))
        {
            Rows.TryAdd((Frame.LaneOf(frame, 0), boot, sequence), frame);
        }

        if (Frame.LaneOf(frame, 0) != Lane.Alarm)
        {
            return;
        }

        if (AnswersHeard)
        {
            After(60, () => Down(FromHub(FrameType.HubHeard, Lane.Alarm, boot, sequence, f => Payload.PutHubState(f, Online, MinuteOfDay))));
        }

        if (AnswersReceipt && Frame.IsLatched(type))
        {
            After(150, () => Down(FromCentre(FrameType.Receipt, boot, sequence, f => Payload.PutReceipt(f, 0))));
        }
    }
}
