using ElderBand.BandProtocol;
using ElderBand.Common.Board;
using ElderBand.HomeHub;

namespace ElderBand.Simulation;

/// <summary>A hub's board around the real App.</summary>
public sealed class HubDevice : Device
{
    /// <summary>Highest number of IL instructions in a step, however many records wait in the outbox.</summary>
    public const int MostInstructions = 300_000;

    // A hub scans and connects but does not advertise, so it needs no address.
    private const long NoAddress = 0;

    // Date of the first build of this firmware; a hub without a wall time checks certificates against this date.
    private const long BuildDateMs = 1_767_225_600_000;

    private readonly Func<HubDevice, IUplink> _makeUplink;
    private IUplink? _uplink;
    private EventRing? _events;
    private EventRing? _downlinks;
    private Inbox? _inbox;
    private Hub? _app;

    /// <summary>A hub without power.</summary>
    public HubDevice(World world, string name, VirtualRadio radio, Func<HubDevice, IUplink> makeUplink)
        : base(world, name, world.Figures.HubBootMs, world.Figures.HubWatchdogMs,
            new Processor(world, world.Figures.HubHeapBytes, MostInstructions))
    {
        Radio = new Antenna(radio, this, NoAddress);
        Key = new KeyPin(this);
        Buzzer = new OutputPin(this);
        Light = new OutputPin(this);
        _makeUplink = makeUplink;
    }

    /// <summary>The radio, and the Bluetooth stack of this boot.</summary>
    public Antenna Radio { get; }

    /// <summary>
    /// Makes the radio's port at each boot: the firmware's own, or a faulty one that the world must detect.
    /// </summary>
    public Func<Inbox, IClock, IHubLink> MakeLink { get; set; } =
        static (inbox, clock) => new ElderBand.HomeHub.Board.HubRadio(inbox, clock);

    /// <summary>Its own key.</summary>
    public KeyPin Key { get; }

    /// <summary>Buzzer.</summary>
    public OutputPin Buzzer { get; }

    /// <summary>Light.</summary>
    public OutputPin Light { get; }

    /// <summary>True while the hub is signed in at the centre.</summary>
    public bool IsOnline => _app?.Online ?? false;

    /// <summary>The line to the centre.</summary>
    public IUplink Uplink => _uplink ??= _makeUplink(this);

    /// <inheritdoc/>
    protected override string Kind => "hub";

    /// <inheritdoc/>
    protected override bool RadioIsOn => true;

    /// <inheritdoc/>
    protected override EventRing? RingFor(EventKind kind) => kind switch
    {
        EventKind.UplinkUp or EventKind.UplinkDown or EventKind.Published or EventKind.Downlink => _downlinks,
        _ => _events,
    };

    /// <inheritdoc/>
    protected override void StartApp(long nowMs)
    {
        _events = new EventRing(64, Frame.Size);
        _downlinks = new EventRing(8, HubMessage.MaxDownSize);
        Radio.Boot().Run(() => StartFirmware(nowMs, _events, _downlinks));
    }

    private void StartFirmware(long nowMs, EventRing events, EventRing downlinks)
    {
        _inbox = new Inbox(events, this);
        _app = new Hub(
            new HubPorts
            {
                Radio = MakeLink(_inbox, this),
                Uplink = Uplink,
                Flash = Flash,
                Clock = this,
                Mac = new BoardMac(this),
                Power = this,
                Key = Key,
                Buzzer = Buzzer,
                Light = Light,
                Events = events,
                Downlinks = downlinks,
            },
            BuildDateMs);
        _app.Start(nowMs);
    }

    /// <inheritdoc/>
    protected override int StepApp(long nowMs)
    {
        var waitMs = 0;
        var host = Radio.Host!;
        host.Run(() => waitMs = _app!.Step(nowMs));
        if (!host.IsEnded)
        {
            host.WaitInLoop(() => _inbox!.Wait(waitMs));
        }

        return waitMs;
    }

    /// <inheritdoc/>
    protected override void OnDeath()
    {
        _events = null;
        _downlinks = null;
        _app = null;
        Radio.PowerLost();
        if (_uplink is IVirtualLine line)
        {
            line.PowerLost();
        }

        Buzzer.Release();
        Light.Release();
    }
}
