using ElderBand.BandProtocol;
using ElderBand.HomeHub;

namespace ElderBand.Simulation;

/// <summary>A hub's board around the real App.</summary>
public sealed class HubDevice : Device
{
    private const int WatchdogMs = 60_000;

    // The first build of this firmware; a hub without any time takes it for the certificate check.
    private const long BuildDateMs = 1_767_225_600_000;

    private readonly Func<HubDevice, IUplink> _makeUplink;
    private IUplink? _uplink;
    private EventRing? _events;
    private EventRing? _downlinks;
    private Hub? _app;

    /// <summary>A hub without power.</summary>
    public HubDevice(World world, string name, VirtualRadio radio, Func<HubDevice, IUplink> makeUplink)
        : base(world, name, world.Figures.HubBootMs, WatchdogMs)
    {
        Radio = new HubRadio(radio, this);
        Key = new KeyPin(this);
        Buzzer = new OutputPin(this);
        Light = new OutputPin(this);
        _makeUplink = makeUplink;
    }

    /// <summary>Scanner and links.</summary>
    public HubRadio Radio { get; }

    /// <summary>Its own key.</summary>
    public KeyPin Key { get; }

    /// <summary>Buzzer.</summary>
    public OutputPin Buzzer { get; }

    /// <summary>Light.</summary>
    public OutputPin Light { get; }

    /// <summary>Signed in at the centre.</summary>
    public bool IsOnline => _app?.Online ?? false;

    /// <summary>The line to the centre, for who wants to look at it.</summary>
    public IUplink Uplink => _uplink ??= _makeUplink(this);

    /// <inheritdoc/>
    protected override EventRing? RingFor(EventKind kind) => kind switch
    {
        EventKind.UplinkUp or EventKind.UplinkDown or EventKind.Published or EventKind.Downlink => _downlinks,
        _ => _events,
    };

    /// <inheritdoc/>
    protected override void StartApp(long nowMs)
    {
        _events = new EventRing(32, Frame.Size);
        _downlinks = new EventRing(16, HubMessage.MaxDownSize);
        _app = new Hub(
            new HubPorts
            {
                Radio = Radio,
                Uplink = Uplink,
                Flash = Flash,
                Clock = this,
                Mac = new HostMac(),
                Power = this,
                Key = Key,
                Buzzer = Buzzer,
                Light = Light,
                Events = _events,
                Downlinks = _downlinks,
            },
            BuildDateMs);
        _app.Start(nowMs);
    }

    /// <inheritdoc/>
    protected override int StepApp(long nowMs) => _app!.Step(nowMs);

    /// <inheritdoc/>
    protected override void OnDeath()
    {
        _events = null;
        _downlinks = null;
        _app = null;
        Radio.Silence();
        if (_uplink is IVirtualLine line)
        {
            line.PowerLost();
        }

        Buzzer.Release();
        Light.Release();
    }
}
