using ElderBand.BandProtocol;
using ElderBand.Common.Board;
using ElderBand.HomeHub.Board;

namespace ElderBand.Simulation;

/// <summary>
/// A stranger's board near a home. It has a hub's radio and no key. It links to one band whenever the band is on the
/// air, holds the link, and writes recorded frames.
/// </summary>
public sealed class StrangerDevice : Device
{
    private const long NoAddress = 0;

    // Time between two frames, and between two attempts to connect.
    private const int EveryMs = 100;

    private readonly long _band;
    private readonly List<byte[]> _frames;
    private EventRing? _events;
    private Inbox? _inbox;
    private HubRadio? _link;
    private RingEvent? _event;
    private bool _isUp;
    private int _next;

    /// <summary>
    /// A board without power. Once it has power, it links to the band with this address and writes these frames in
    /// turn. Without frames the board only holds the link.
    /// </summary>
    public StrangerDevice(World world, VirtualRadio radio, long band, List<byte[]> frames)
        : base(world, "a stranger", world.Figures.HubBootMs, world.Figures.HubWatchdogMs,
            new Processor(world, world.Figures.HubHeapBytes, HubDevice.MostInstructions))
    {
        _band = band;
        _frames = frames;
        Radio = new Antenna(radio, this, NoAddress);
    }

    /// <summary>The radio.</summary>
    public Antenna Radio { get; }

    /// <summary>Number of links so far.</summary>
    public int Links { get; private set; }

    /// <summary>Number of frames sent over links so far.</summary>
    public int Sent { get; private set; }

    /// <inheritdoc/>
    protected override string Kind => "stranger";

    /// <inheritdoc/>
    protected override bool RadioIsOn => true;

    /// <inheritdoc/>
    protected override EventRing? RingFor(EventKind kind) => _events;

    /// <inheritdoc/>
    protected override void StartApp(long nowMs)
    {
        _event = new RingEvent(Frame.Size);
        _events = new EventRing(32, Frame.Size);
        _isUp = false;
        Radio.Boot().Run(() => _link = new HubRadio(_inbox = new Inbox(_events, this), this));
    }

    /// <inheritdoc/>
    protected override int StepApp(long nowMs)
    {
        var host = Radio.Host!;
        host.Run(Act);
        host.WaitInLoop(() => _inbox!.Wait(EveryMs));
        FeedWatchdog();
        return EveryMs;
    }

    /// <inheritdoc/>
    protected override void OnDeath()
    {
        _events = null;
        Radio.PowerLost();
    }

    private void Act()
    {
        while (_events!.TryDequeue(_event!))
        {
            if (_event!.Kind is EventKind.LinkUp or EventKind.LinkDown)
            {
                _isUp = _event.Kind == EventKind.LinkUp;
                Links += _isUp ? 1 : 0;
            }
        }

        if (!_isUp)
        {
            _link!.Connect(_band); // Busy while an attempt is under way
        }
        else if (_frames.Count > 0 && _link!.Write(_band, _frames[_next++ % _frames.Count]) == SendResult.Sent)
        {
            Sent++;
        }
    }
}
