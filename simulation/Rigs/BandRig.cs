using ElderBand.BandProtocol;
using ElderBand.Simulation.Chips;
using ElderBand.Simulation.Signals;
using ElderBand.Wristband;
using Iot.Device.Adxl343;
using Iot.Device.Max30102;

namespace ElderBand.Simulation;

/// <summary>
/// One band on a virtual clock: the real App and drivers on register-level chips, a flash, pins, and a hub and a centre
/// that a test controls.
/// </summary>
public sealed partial class BandRig
{
    private readonly Tagger _tagger = new(new HostMac());
    private long _wakeAt;
    private int _contact;
    private byte[] _challenge = new byte[Frame.Size];
    private bool _linkUp;

    public BandRig(bool worn = true, bool guard = true)
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

        BeginSecrets();
        if (worn && guard)
        {
            KeepGuard(Flash, Secret);
        }

        Wrist = new WristReader(World);
        Vibration.Changed = on => Wrist.Change(on, Now * 1000);
        Power.IsExternal = !worn; // unworn and off the charger a band goes to sleep
    }

    public bool Worn { get; }

    public byte[] Secret { get; } = new byte[32];

    /// <summary>True: the next boot finds one of the two copies of the identity bad.</summary>
    public bool CopyWasBad { get; set; }

    public MemoryFlash Flash { get; } = new();

    /// <summary>The discrete-event loop.</summary>
    public World World { get; } = new(1, Figures.Zero);

    /// <summary>The band's clock.</summary>
    public ManualClock Clock { get; } = new();

    public ManualPower Power { get; } = new();

    public ManualPin Key { get; } = new();

    /// <summary>The latch beside the key; a wake by the key in <see cref="Boot"/> is a press that set it.</summary>
    public ManualLatch PressLatch { get; } = new();

    public ManualPin Vibration { get; } = new();

    /// <summary>Contact that the latch remembers, ms: 36 to 46 by its parts (hardware/wristband/README.md).</summary>
    public int PressLatchMs { get; set; } = 41;

    /// <summary>What the wearer feels.</summary>
    public WristReader Wrist { get; }

    public ManualPin Light { get; } = new();

    public SyntheticPpg Pulse { get; set; }

    public SyntheticMotion Motion { get; set; }

    /// <summary>Strength of the motion, percent.</summary>
    public int MotionPercent { get; set; } = 100;

    public Max30102Chip PpgChip { get; }

    public Adxl343Chip AccelerometerChip { get; }

    public EventRing Events { get; private set; } = new(32, Frame.Size);

    public Band Band { get; private set; } = null!;

    public long Now => World.NowMs;

    /// <summary>The centre keeps this band in Guard: version 1 of its configuration, stored before the boot.</summary>
    public static void KeepGuard(IFlash flash, byte[] secret)
    {
        var settings = new BandSettings(flash);
        settings.Load(new BandIdentity { Secret = secret });
        var frame = new byte[Frame.Size];
        Frame.Begin(frame, FrameType.Configuration, Lane.Alarm, 1, 0);
        Payload.PutConfiguration(
            frame, true, settings.Sensitivity, false, (byte)settings.BedFromQuarter, (byte)settings.BedToQuarter, 0);
        if (!settings.Apply(frame) || settings.Save() != FlashResult.Ok)
        {
            throw new InvalidOperationException("the configuration was not stored");
        }
    }

    // ---- the world ----

    public BandRig Boot(WakeCause cause = WakeCause.PowerOn)
    {
        Power.BootCause = cause;
        PressLatch.Level |= cause == WakeCause.Key;
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
                PressLatch = PressLatch,
                Vibration = Vibration,
                Light = Light,
                Ppg = PpgChip,
                Accelerometer = AccelerometerChip,
                Events = Events,
            },
            new BandIdentity { Secret = Secret, LinkGroup = 7, LinkEpoch = 3, CopyWasBad = CopyWasBad });
        Band.Start(Now);
        _wakeAt = Now;
        return this;
    }

    public void At(long ms, Action action) => World.At(ms, action);

    public void After(long ms, Action action) => At(Now + ms, action);

    /// <summary>Runs for this time; stops earlier where the band goes to deep sleep or resets.</summary>
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

            if (Band.IsAsleep)
            {
                return false;
            }

            var happened = World.RunNext(Math.Min(_wakeAt, end));
            World.RunUntil(Now);
            Clock.Now = Now;
            if (!happened && Now < _wakeAt)
            {
                return false;
            }

            StepBand();
        }
    }

    /// <summary>Time passes while the band's loop does not run.</summary>
    public void Hold(long ms)
    {
        World.RunUntil(Now + ms);
        Clock.Now = Now;
    }

    private void StepBand()
    {
        PpgChip.Advance(Now);
        AccelerometerChip.Advance(Now);
        var beganMs = Now;
        _wakeAt = long.MaxValue;
        var wait = Band.Step(beganMs);
        if (wait <= 0)
        {
            throw new InvalidOperationException($"the band asked for a step in {wait} ms");
        }

        ChargeEstimate();

        // As firmware/Wristband/Program.cs: what the step took is part of the wait, and an event ends the wait.
        _wakeAt = Math.Min(_wakeAt, Math.Max(Now, beganMs + wait));
    }

    /// <summary>
    /// Time of a slice of an estimate, ms, or of the whole estimate where it is computed in one step.
    /// </summary>
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
        Hold(EstimateCostMs);
    }

    // ---- the key ----

    public void KeyEdge(bool down)
    {
        Key.Level = down;
        var contact = _contact += down ? 1 : 0;
        After(PressLatchMs, () => PressLatch.Level |= Key.Level && contact == _contact);
        Events.Enqueue(EventKind.KeyEdge, Now, 0, down ? 1 : 0, null!, 0);
        _wakeAt = Now;
    }

    public void Press(int ms)
    {
        KeyEdge(true);
        After(ms, () => KeyEdge(false));
    }
}
