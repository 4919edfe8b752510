using System.Security.Cryptography;
using ElderBand.BandProtocol;
using ElderBand.HomeHub;

namespace ElderBand.Simulation;

/// <summary>
/// One hub between scripted bands and a scripted centre: the real App on ports that answer at once or as a test tells
/// them. <see cref="HubDevice"/> is the hub on its whole virtual board.
/// </summary>
public sealed class HubRig
{
    /// <summary>Build date that the hub is given, ms since 1970.</summary>
    public const long BuildDateMs = 1_780_000_000_000;

    /// <summary>End of the pinned authority's certificate, ms since 1970: 1 January 2060.</summary>
    public const long AuthorityEndsMs = 2_840_140_800_000;

    private const int Group = 7;
    private readonly List<ScriptedBand> _bands = [];
    private readonly IFlash _files;
    private long _startedMs;
    private int _life;
    private int _epoch;
    private bool _tableSent;

    /// <summary>Makes a hub that has not started.</summary>
    /// <param name="bands">Bands of its home.</param>
    /// <param name="flash">Flash with faults; null for an empty one.</param>
    /// <param name="files">Files of the hub in place of <paramref name="flash"/>, such as those of the board.</param>
    public HubRig(int bands = 1, MemoryFlash? flash = null, IFlash? files = null)
    {
        Flash = flash ?? new MemoryFlash();
        _files = files ?? Flash;
        Radio = new ScriptedHubRadio(this);
        Centre = new ScriptedCentre(this);
        for (var i = 0; i < bands; i++)
        {
            _bands.Add(new ScriptedBand(this, 0xC0FFEE000001 + i));
        }

        Hub = Make();
    }

    /// <summary>The discrete-event loop.</summary>
    public World World { get; } = new(1, Figures.Zero);

    /// <summary>HMAC of the host.</summary>
    public HostMac Mac { get; } = new();

    /// <summary>The hub's clock; it restarts with each boot.</summary>
    public ManualClock Clock { get; private set; } = new();

    /// <summary>The hub's flash; its files survive power cuts.</summary>
    public MemoryFlash Flash { get; }

    /// <summary>The hub's radio.</summary>
    public ScriptedHubRadio Radio { get; }

    /// <summary>The line and the centre.</summary>
    public ScriptedCentre Centre { get; }

    /// <summary>Mains and reset.</summary>
    public ManualPower Power { get; } = new() { Battery = 255, IsExternal = true };

    /// <summary>The hub's own key.</summary>
    public ManualPin Key { get; } = new();

    /// <summary>Light.</summary>
    public ManualPin Light { get; private set; } = new();

    /// <summary>Buzzer.</summary>
    public ManualPin Buzzer { get; private set; } = new();

    /// <summary>Ring of radio and key events.</summary>
    public EventRing Events { get; private set; } = null!;

    /// <summary>Ring of events of the line.</summary>
    public EventRing Downlinks { get; private set; } = null!;

    /// <summary>The real App.</summary>
    public Hub Hub { get; private set; }

    /// <summary>The bands of the home.</summary>
    public IReadOnlyList<ScriptedBand> Bands => _bands;

    /// <summary>The first of them.</summary>
    public ScriptedBand Band => _bands[0];

    /// <summary>The centre's wall clock, ms since 1970.</summary>
    public long CentreTimeMs => BuildDateMs + 86_400_000 + World.NowMs + CentreAheadMs;

    /// <summary>How far the centre's clock is ahead of the true time, ms; negative: behind.</summary>
    public long CentreAheadMs { get; set; }

    /// <summary>True: the next boot finds one of the two copies of the provision bad.</summary>
    public bool ProvisionCopyWasBad { get; set; }

    /// <summary>
    /// Called with the IL instructions of each step; null where they are not needed, because counting takes time.
    /// </summary>
    public Action<long>? StepCost { get; set; }

    /// <summary>Steps that the hub has done.</summary>
    public int Steps { get; private set; }

    /// <summary>A hub that has started, has its bands and is online.</summary>
    public static HubRig Ready(int bands = 1, IFlash? files = null)
    {
        var rig = new HubRig(bands, null, files);
        rig.Hub.Start(0);
        rig.Run(500);
        rig.SendTable();
        rig.Run(500);
        return rig.Hub.Online ? rig : throw new InvalidOperationException("the hub is not online after 1 s");
    }

    /// <summary>The band at an address, null for none.</summary>
    public ScriptedBand? BandOf(long address) => _bands.Find(band => band.Address == address);

    /// <summary>Does something later, unless the hub has booted again by then.</summary>
    public void At(long delayMs, Action action)
    {
        var life = _life;
        World.At(World.NowMs + delayMs, () =>
        {
            if (life == _life)
            {
                action();
            }
        });
    }

    /// <summary>Puts a radio or key event into the hub's ring.</summary>
    public void Raise(EventKind kind, long address, int arg = 0, byte[]? data = null) =>
        Events.Enqueue(kind, Clock.Now, address, arg, data ?? [], data?.Length ?? 0);

    /// <summary>Puts an event of the line into the hub's ring.</summary>
    public void Message(EventKind kind, int arg, byte[] data) =>
        Downlinks.Enqueue(kind, Clock.Now, 0, arg, data, data.Length);

    /// <summary>The hub hears an advertisement.</summary>
    public void Advertise(ScriptedBand band, byte[] frame, int rssiDbm = -60) =>
        Raise(EventKind.Advertisement, band.Address, rssiDbm, band.Sealed(frame));

    /// <summary>The hub gets a notification.</summary>
    public void Notify(ScriptedBand band, byte[] frame) =>
        Raise(EventKind.FrameIn, band.Address, 0, band.Sealed(frame));

    /// <summary>The centre tells the hub its bands.</summary>
    public void SendTable(int count = -1, int epoch = -1)
    {
        _tableSent = true;
        _epoch = epoch;
        SendTable([.. _bands.Take(count < 0 ? _bands.Count : count).Select(static band => (band, 0))]);
    }

    /// <summary>
    /// The centre sends a table of these bands. Each band has the keys of its secret after this many changes.
    /// </summary>
    public void SendTable(params (ScriptedBand Band, int Changes)[] entries)
    {
        var data = new byte[HubMessage.MaxDownSize];
        var size = HubMessage.BeginBands(data, CentreTimeMs);
        var keys = new BandKeys();
        foreach (var (band, changes) in entries)
        {
            var of = _epoch < 0 ? band.Epoch : _epoch;
            keys.Derive(Mac, ScriptedBand.SecretOf(Mac, band.Address, changes), Group, of);
            size = HubMessage.AddBand(data, band.Address, Group, of, keys);
        }

        Centre.Send(UplinkTopic.Bands, data[..size]);
    }

    /// <summary>Steps the hub at each due time and after each event.</summary>
    public void Run(long forMs)
    {
        var endMs = World.NowMs + forMs;
        while (true)
        {
            var before = StepCost is null ? 0 : IlCounter.Executed();
            var waitMs = Hub.Step(Clock.Now);
            StepCost?.Invoke(IlCounter.Executed() - before);
            Steps++;
            if (waitMs < 0)
            {
                throw new InvalidOperationException($"the hub asked for a step in {waitMs} ms");
            }

            if (World.NowMs >= endMs)
            {
                return;
            }

            World.RunNext(Math.Min(World.NowMs + Math.Max(waitMs, 1), endMs));
            Clock.Now = World.NowMs - _startedMs;
        }
    }

    /// <summary>Power is cut and restored: RAM is lost, flash stays, and the monotonic clock begins again.</summary>
    public void Reboot(WakeCause cause = WakeCause.PowerOn)
    {
        _life++;
        _startedMs = World.NowMs;
        Clock = new ManualClock();
        Radio.Restart();
        Centre.Disconnect();
        Light = new ManualPin();
        Buzzer = new ManualPin();
        Power.BootCause = cause;
        Flash.CutAt = -1;
        Hub = Make();
        Hub.Start(0);
        if (_tableSent && _epoch >= 0)
        {
            SendTable(-1, _epoch);
        }
    }

    private Hub Make()
    {
        Events = new EventRing(32, Frame.Size);
        Downlinks = new EventRing(8, HubMessage.MaxDownSize);
        return new Hub(
            new HubPorts
            {
                Radio = Radio,
                Uplink = Centre,
                Flash = _files,
                Clock = Clock,
                Mac = Mac,
                Power = Power,
                Key = Key,
                Buzzer = Buzzer,
                Light = Light,
                Events = Events,
                Downlinks = Downlinks,
                AuthorityEndsMs = AuthorityEndsMs,
                ProvisionCopyWasBad = ProvisionCopyWasBad,
            },
            BuildDateMs);
    }
}
