using System.Reflection;
using ElderBand.BandProtocol;
using ElderBand.Common.Board;
using ElderBand.Simulation.Chips;
using ElderBand.Simulation.Signals;
using ElderBand.Wristband;

namespace ElderBand.Simulation;

/// <summary>A band's board around the real App and the real drivers: two chips, a key, a motor, a light.</summary>
public sealed class BandDevice : Device
{
    /// <summary>
    /// Highest number of IL instructions in a step, because a press during a step waits for the end of the step.
    /// </summary>
    public const int MostInstructions = 60_000;

    // Idle.ShortestSleepMs of the firmware's Board.
    private const int ShortestLightSleepMs = 21;

    private const BindingFlags Private = BindingFlags.Instance | BindingFlags.NonPublic;

    private readonly BandIdentity _identity;
    private readonly HostMac _hostMac = new();
    private readonly List<BandKeys> _keys = [];
    private int _keyEpoch;
    private readonly bool _hasGreen;
    private EventRing? _events;
    private long _interruptAtMs = long.MaxValue;
    private bool _interrupt;
    private Inbox? _inbox;
    private IBandLink? _link;
    private Band? _app;
    private (long Accelerometer, long Ppg) _lostBefore;

    /// <summary>
    /// A band without power; <paramref name="hasGreen"/>: a MAX30101 is fitted in place of the MAX30102.
    /// </summary>
    public BandDevice(World world, string name, VirtualRadio radio, long address, BandIdentity identity, Wearer wearer,
        bool hasGreen = false)
        : base(world, name, world.Figures.BandBootMs, world.Figures.BandWatchdogMs,
            new Processor(world, world.Figures.BandHeapBytes, MostInstructions))
    {
        _identity = identity;
        _keys.Add(KeysOf(identity.Secret));
        Wearer = wearer;
        Radio = new Antenna(radio, this, address);
        Key = new KeyPin(this);
        PressLatch = new PressLatchChip(this, Key);
        Vibration = new OutputPin(this);
        Light = new OutputPin(this);
        Wrist = new WristReader(world);
        Vibration.Changed += Wrist.Change;
        Ppg = new Max30102Chip(nowMs => wearer.Light(nowMs), hasGreen);
        _hasGreen = hasGreen;
        Accelerometer = new Adxl343Chip(nowMs => Felt(nowMs, wearer.Motion(nowMs)));
    }

    /// <summary>The plaintext of a frame that the band has sent, which its hubs read with the key air.</summary>
    public byte[] Opened(byte[] air) => Opened(air, fromBand: true);

    /// <summary>
    /// The plaintext of a frame that a hub has sent to this band. A frame to another band gives random bytes.
    /// </summary>
    public byte[] OpenedDown(byte[] air) => Opened(air, fromBand: false);

    private byte[] Opened(byte[] air, bool fromBand)
    {
        if (Secrets is { } secrets && secrets.Epoch > _keyEpoch)
        {
            _keyEpoch = secrets.Epoch;
            _keys.Add(KeysOf(secrets.Secret));
        }

        // The latch may send a frame after a change of the secret. Such a frame has a centre tag under the previous
        // secret and is sealed with the present keys.
        var tagger = new Tagger(_hostMac);
        var frames = _keys.AsEnumerable().Reverse().Select(keys =>
        {
            var frame = (byte[])air.Clone();
            tagger.Open(keys.Air, fromBand, frame);
            return frame;
        }).ToList();
        return frames.Find(frame => _keys.Exists(keys => IsSigned(tagger, keys, frame, fromBand))) ?? frames[0];
    }

    /// <summary>The secret and how often it has changed; null while no App runs.</summary>
    public BandSecrets? Secrets => _app?.Secrets;

    /// <summary>The wearer's arm and skin under the band.</summary>
    public Wearer Wearer { get; }

    /// <summary>The radio, and the Bluetooth stack of this boot.</summary>
    public Antenna Radio { get; }

    /// <summary>
    /// Makes the radio's port at each boot: the firmware's own, or a faulty one that the world must detect.
    /// </summary>
    public Func<Inbox, IBandLink> MakeLink { get; set; } = static inbox =>
        new ElderBand.Wristband.Board.BandRadio(inbox);

    /// <summary>The one key.</summary>
    public KeyPin Key { get; }

    /// <summary>The latch that remembers a press while the chip boots, sleeps or is reset.</summary>
    public PressLatchChip PressLatch { get; }

    /// <summary>Vibration motor.</summary>
    public OutputPin Vibration { get; }

    /// <summary>Light.</summary>
    public OutputPin Light { get; }

    /// <summary>Reads the vibration patterns as the wearer feels them.</summary>
    public WristReader Wrist { get; }

    /// <summary>Optical sensor.</summary>
    public Max30102Chip Ppg { get; }

    /// <summary>Accelerometer.</summary>
    public Adxl343Chip Accelerometer { get; }

    /// <inheritdoc/>
    protected override EventRing? RingFor(EventKind kind) => _events;

    /// <inheritdoc/>
    protected override void StartApp(long nowMs)
    {
        _events = new EventRing(32, Frame.Size);
        Radio.Boot().Run(() => StartFirmware(nowMs, _events));
    }

    // A hub's own frame has no centre tag, and its link tag is under keys that this board does not know. Such a frame
    // is recognised by its type.
    private static bool IsSigned(Tagger tagger, BandKeys keys, byte[] frame, bool fromBand) =>
        tagger.CentreTagIsRight(fromBand ? keys.CentreUp : keys.CentreDown, frame, 0)
        || (!fromBand && Frame.IsFromHub(Frame.TypeOf(frame, 0)));

    private BandKeys KeysOf(byte[] secret)
    {
        var keys = new BandKeys();
        keys.Derive(_hostMac, secret, 0, 0);
        return keys;
    }

    private void StartFirmware(long nowMs, EventRing events)
    {
        _inbox = new Inbox(events, this);
        _app = new Band(
            new BandPorts
            {
                Link = _link = MakeLink(_inbox),
                Flash = Flash,
                Clock = this,
                Mac = new BoardMac(this),
                Power = this,
                Key = Key,
                PressLatch = PressLatch,
                Vibration = Vibration,
                Light = Light,
                Ppg = new BusPort(this, Ppg, Ppg.Advance),
                PpgHasGreen = _hasGreen,
                Accelerometer = new BusPort(this, Accelerometer, Accelerometer.Advance),
                Events = events,
            },
            _identity);
        if (FirstSequence > 0 && Boots == 1)
        {
            BeginSequencesAt(_app, FirstSequence);
        }

        _app.Start(nowMs);
        _lostBefore = (Accelerometer.Lost, Ppg.Lost);
    }

    /// <summary>
    /// Sets the sequence of the next frame of each lane, as if the band had sent that many frames in this boot.
    /// </summary>
    public static void BeginSequencesAt(Band app, int sequence)
    {
        var source = typeof(Band).GetField("_source", Private)!.GetValue(app)!;
        foreach (var lane in new[] { "_alarmSequence", "_vitalsSequence" })
        {
            typeof(FrameSource).GetField(lane, Private)!.SetValue(source, sequence);
        }
    }

    /// <summary>Frames without the centre's receipt; 0 while no App runs.</summary>
    public int Pending => _app?.Pending ?? 0;

    /// <summary>True while the App follows a call that is not closed.</summary>
    public bool HasOpenCall => _app?.Latch.HasOpen ?? false;

    /// <summary>Presses without the centre's receipt; 0 while no App runs.</summary>
    public int PendingCalls => _app?.Latch.CountPending(FrameType.Sos) ?? 0;

    /// <summary>
    /// First sequence of the lanes in the first boot, for a world that begins shortly before the sequences end.
    /// </summary>
    public int FirstSequence { get; init; }

    /// <summary>Boot count of the running App; -1 without one.</summary>
    public int BootCount => _app?.Boot ?? -1;

    /// <summary>
    /// Samples that the two chips have lost while an App ran; samples lost in deep sleep or during a boot do not count.
    /// </summary>
    public (long Accelerometer, long Ppg) SamplesLost { get; private set; }

    /// <summary>True while the App runs.</summary>
    public bool IsRunning => _app is not null;

    /// <summary>Mode now.</summary>
    public BandMode Mode => _app?.Mode ?? BandMode.Shelf;

    /// <summary>True while a linked hub has proven by its tag that it belongs to the home.</summary>
    public bool IsTrusted => _app?.Link.IsTrusted ?? false;

    /// <summary>Called with the time (ms) and each sample that the accelerometer takes.</summary>
    public Action<long, MotionSample>? Moved { get; set; }

    /// <inheritdoc/>
    protected override int StepApp(long nowMs)
    {
        AdvanceChips();
        var waitMs = 0;
        var host = Radio.Host!;
        host.Run(() => waitMs = _app!.Step(nowMs));
        if (!host.IsEnded)
        {
            host.WaitInLoop(() => _inbox!.Wait(waitMs));
        }

        NoteLost();
        _interrupt &= Accelerometer.Interrupt1; // the FIFO was read empty, so the interrupt line falls
        WatchInterrupt();
        return waitMs;
    }

    private void NoteLost()
    {
        var (accelerometer, ppg) = _lostBefore;
        _lostBefore = (Accelerometer.Lost, Ppg.Lost);
        SamplesLost = (
            SamplesLost.Accelerometer + Accelerometer.Lost - accelerometer, SamplesLost.Ppg + Ppg.Lost - ppg);
    }

    private MotionSample Felt(long atMs, MotionSample sample)
    {
        Moved?.Invoke(atMs, sample);
        return sample;
    }

    private void AdvanceChips()
    {
        Ppg.Advance(World.NowMs);
        Accelerometer.Advance(World.NowMs);
    }

    // Checks the accelerometer's interrupt pin at the next moment when its level can change.
    private void WatchInterrupt()
    {
        var atMs = Accelerometer.NextInterruptMs();
        if (atMs >= _interruptAtMs)
        {
            return;
        }

        _interruptAtMs = atMs;
        World.At(atMs, () =>
        {
            if (_interruptAtMs != atMs)
            {
                return;
            }

            _interruptAtMs = long.MaxValue;
            if (!IsOn)
            {
                return;
            }

            AdvanceChips();
            var level = Accelerometer.Interrupt1;
            if (level && !_interrupt)
            {
                OnMotion();
            }

            _interrupt = level;
            WatchInterrupt();
        });
    }

    private void OnMotion()
    {
        if (IsInLightSleep)
        {
            EndLightSleep();
        }
        else if (!Wake(WakeCause.Motion))
        {
            Raise(EventKind.MotionReady, 0, 0, null);
        }
    }

    /// <inheritdoc/>
    protected override string Kind => "band";

    /// <inheritdoc/>
    protected override bool RadioIsOn => _link is ElderBand.Wristband.Board.BandRadio { IsOn: true };

    /// <inheritdoc/>
    protected override bool WaitsInLightSleep(long waitMs) =>
        waitMs >= ShortestLightSleepMs && !RadioIsOn && !IsExternal && !Key.IsPressed && !PressLatch.IsSet()
        && !Accelerometer.Interrupt1
        && !Vibration.IsActive && !Light.IsActive;

    /// <inheritdoc/>
    protected override void OnPowerLost()
    {
        PressLatch.PowerLost();
        Ppg.PowerCycle();
        Accelerometer.PowerCycle();
    }

    /// <inheritdoc/>
    protected override void OnDeath()
    {
        _events = null;
        _app = null;
        Radio.PowerLost();
        Vibration.Release();
        Light.Release();
    }
}
