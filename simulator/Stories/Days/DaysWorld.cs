using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulation.Signals;
using ElderBand.Wristband;

namespace ElderBand.Simulator.Stories.Days;

/// <summary>A band and a hub for many days, and a centre in memory whose officer takes and closes each alarm.</summary>
public sealed class DaysWorld : IDisposable
{
    private const uint Group = 1;
    private const long Address = 0xEB_0000_0001;
    private const int RestingBpm = 68;
    private const int SignalS = 600;
    private const int FindEachOtherMs = 60_000;
    private const int LieMs = 180_000;
    private const int TakenMs = 20_000;
    private const int ComingMs = 60_000;
    private const int ClosedMs = 300_000;
    private const int NotBootingMs = 5000;

    private readonly RadioPath _path;
    private bool _isFalling;
    private bool _walks;
    private long _pressedMs = long.MinValue / 2;

    /// <summary>Builds it, gives it power, and lets band and hub find each other.</summary>
    public DaysWorld(DaysOptions options)
    {
        World = new World(options.Seed, Figures.Fixed with { NsPerIl = options.NsPerIl });
        Centre = new MemoryCentre(World);
        var radio = new VirtualRadio(World);
        Hub = new HubDevice(World, "hub", radio, device => Centre.Line(device, Group));
        Hub.SetExternal(true);
        var secret = new byte[BandKeys.Size];
        World.Random.NextBytes(secret);
        var identity = new BandIdentity { Secret = secret, LinkGroup = Group };
        Centre.Enrol(Address, identity);
        var wearer = new Wearer(World.Random.Next(), RestingBpm) { LoopS = SignalS };
        Band = new BandDevice(World, "band", radio, Address, identity, wearer)
        {
            FirstSequence = options.FromSequence,
        };
        _path = radio.AddPath(Band.Radio, Hub.Radio, -60);
        foreach (Device device in new Device[] { Band, Hub })
        {
            device.FirstUptimeMs = (long)options.FromDay * DaysPlan.DayMs;
            StoreBoot(device.Flash, options.FromBoot);
            device.Processor.NotesMethods = options.NotesMethods;
            device.PowerOn();
        }

        // On the charger the radio stays on. In Daily a connect that misses the first beat waits for the next one.
        Band.SetExternal(true);
        Presses = new PressBook(Band);
        if (!World.RunUntil(() => Hub.IsOnline && Band is { IsTrusted: true, Pending: 0 }, FindEachOtherMs))
        {
            throw new SimulationException($"seed {options.Seed}: band and hub did not find each other within a minute");
        }

        Band.SetExternal(false);
    }

    /// <summary>The world.</summary>
    public World World { get; }

    /// <summary>The centre.</summary>
    public MemoryCentre Centre { get; }

    /// <summary>The band.</summary>
    public BandDevice Band { get; }

    /// <summary>The hub.</summary>
    public HubDevice Hub { get; }

    /// <summary>Every press.</summary>
    public PressBook Presses { get; }

    /// <summary>Band and hub could hear each other.</summary>
    public bool IsInRange => _path.IsInRange;

    /// <summary>Falls so far.</summary>
    public int Falls { get; private set; }

    /// <summary>Presses the key; a band without power, or one that is booting, is pressed a little later.</summary>
    public void Press(int holdMs)
    {
        if (!Band.IsOn || (Band.BootCount < 0 && !Band.IsAsleep) || Band.UptimeMs < NotBootingMs || Band.Key.IsPressed)
        {
            World.At(World.NowMs + NotBootingMs, () => Press(holdMs));
            return;
        }

        _pressedMs = World.NowMs;
        Presses.Note();
        Band.Key.Press(holdMs);
    }

    /// <summary>Falls, lies on the floor for some minutes and gets up.</summary>
    public void Fall()
    {
        if (!Band.Wearer.IsWorn)
        {
            return;
        }

        Falls++;
        _isFalling = true;
        Band.Wearer.Fall(1000, World.NowMs);
        World.At(World.NowMs + LieMs, () =>
        {
            _isFalling = false;
            Move(_walks);
        });
    }

    /// <summary>Walks or rests.</summary>
    public void Move(bool walks)
    {
        _walks = walks;
        if (!Band.Wearer.IsWorn || _isFalling)
        {
            return;
        }

        if (walks)
        {
            Band.Wearer.Walk(World.NowMs);
        }
        else
        {
            Band.Wearer.Rest(World.NowMs);
        }
    }

    /// <summary>Walks out of range or back.</summary>
    public void SetInRange(bool inRange) => _path.SetInRange(inRange);

    /// <summary>Takes the band off or puts it on.</summary>
    public void SetWorn(bool worn) => Band.Wearer.SetWorn(worn, World.NowMs);

    /// <summary>Charges the band beside the bed, or puts it on again.</summary>
    public void SetCharging(bool charging)
    {
        SetWorn(!charging);
        Band.SetExternal(charging);
    }

    /// <summary>The hub's plug.</summary>
    public void SetHubPower(bool on)
    {
        if (on)
        {
            Hub.PowerOn();
        }
        else
        {
            Hub.PowerOff();
        }
    }

    /// <summary>The band loses its battery for a while, but not while a press is being stored.</summary>
    public void CutBand(int lengthMs)
    {
        if (World.NowMs - _pressedMs < NotBootingMs)
        {
            World.At(World.NowMs + NotBootingMs, () => CutBand(lengthMs));
            return;
        }

        Band.PowerOff();
        World.At(World.NowMs + lengthMs, Band.PowerOn);
    }

    /// <summary>The officer takes, helps and closes; called now and then.</summary>
    public void Answer()
    {
        foreach (var alarm in Centre.Alarms.Where(static a => !a.IsPrealarm && a.Stage != Stage.Closed))
        {
            var age = World.NowMs - alarm.RaisedAtMs;
            var stage = age >= ClosedMs ? Stage.Closed
                : age >= ComingMs ? Stage.Coming
                : age >= TakenMs ? Stage.Taken
                : Stage.Centre;
            if (stage != alarm.Stage)
            {
                Centre.Advance(alarm, stage);
            }
        }
    }

    /// <summary>Everything is on, near and worn again.</summary>
    public void Settle()
    {
        SetInRange(true);
        SetHubPower(true);
        Centre.SetUp(true);
        Band.PowerOn();
    }

    /// <summary>Ends the threads of its boards.</summary>
    public void Dispose() => World.Dispose();

    private static void StoreBoot(IFlash flash, int boot)
    {
        if (boot > 0)
        {
            var bytes = new byte[3];
            Bytes.PutU24(bytes, 0, boot);
            new AbRecord(flash, "boot", bytes.Length).Save(bytes, bytes.Length);
        }
    }
}
