using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulation.Signals;

namespace ElderBand.Simulator.Swarm;

/// <summary>One home with its bands and hubs, and the real service behind it.</summary>
public sealed class SwarmWorld : IDisposable
{
    private const int RestingBpm = 68;
    private const int StrangersDbm = -55;

    // The wearer's made-up signals repeat after so long: the swarm looks for lost frames, not for wrong heart rates.
    private const int SignalS = 20;

    private readonly VirtualRadio _radio;

    /// <summary>Builds the home; nothing has power yet.</summary>
    public SwarmWorld(int seed, int bands, int hubs, Figures? figures = null)
    {
        World = new World(seed, figures ?? Figures.Fixed);
        Centre = new ServiceCentre(World);
        var radio = _radio = new VirtualRadio(World);
        Home = Centre.AddHome("home");
        for (var h = 0; h < hubs; h++)
        {
            var hub = new HubDevice(World, $"hub {h + 1}", radio, Centre.AddHub(HubId(h), Home));
            hub.SetExternal(true);
            Hubs.Add(hub);
        }

        var ids = new List<(long BandId, BandDevice Band)>();
        for (var b = 0; b < bands; b++)
        {
            var address = 0xEB_0000_0001 + b;
            var (bandId, identity) = Centre.AddBand(address, Home);
            var wearer = new Wearer(World.Random.Next(), RestingBpm) { LoopS = SignalS };
            var band = new BandDevice(World, $"band {b + 1}", radio, address, identity, wearer);
            Bands.Add(band);
            Paths.Add([.. Hubs.Select((hub, h) => radio.AddPath(band.Radio, hub.Radio, -60 - (10 * h)))]);
            ids.Add((bandId, band));
        }

        BandIds = [.. ids.Select(static known => known.BandId)];
        Ledger = new FrameLedger(World, ids, Hubs);
        Wrists = [.. Bands.Select(band => new WristWatch(Ledger, band))];
        Centre.Committed = Ledger.Committed;
    }

    /// <summary>The world.</summary>
    public World World { get; }

    /// <summary>The service.</summary>
    public ServiceCentre Centre { get; }

    /// <summary>Id of the home, which is also the link group of its bands.</summary>
    public long Home { get; }

    /// <summary>Bands of the home.</summary>
    public List<BandDevice> Bands { get; } = [];

    /// <summary>Hubs of the home.</summary>
    public List<HubDevice> Hubs { get; } = [];

    /// <summary>Ids of the bands in the service's database, in the order of the bands.</summary>
    public IReadOnlyList<long> BandIds { get; }

    /// <summary>The air between each band and each hub.</summary>
    public List<RadioPath[]> Paths { get; } = [];

    /// <summary>Follows every call for help.</summary>
    public FrameLedger Ledger { get; }

    /// <summary>Follows every motor, in the order of the bands.</summary>
    public IReadOnlyList<WristWatch> Wrists { get; }

    /// <summary>The line of a hub.</summary>
    public ServiceLine LineOf(int hub) => Centre.LineOf(HubId(hub));

    /// <summary>
    /// Adds the board of a stranger within a band's reach. The stranger has a radio of his own and these frames. The
    /// board has no power yet.
    /// </summary>
    public StrangerDevice AddStranger(int band, List<byte[]> frames)
    {
        var stranger = new StrangerDevice(World, _radio, Bands[band].Radio.Address, frames);
        _radio.AddPath(Bands[band].Radio, stranger.Radio, StrangersDbm);
        return stranger;
    }

    /// <summary>Gives power to everything.</summary>
    public void PowerOn()
    {
        Centre.Start();
        Hubs.ForEach(static hub => hub.PowerOn());
        Bands.ForEach(static band => band.PowerOn());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        World.Dispose();
        Centre.Dispose();
    }

    private static string HubId(int hub) => $"hub-{hub + 1}";
}
