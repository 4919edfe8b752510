using ElderBand.Simulation.Signals;
using ElderBand.Simulation;
using ElderBand.Wristband;

namespace ElderBand.Simulator.Neighbourhood;

/// <summary>Homes in virtual time with a centre in memory: the same seed gives the same story.</summary>
public sealed class VirtualNeighbourhood : IDisposable
{
    /// <summary>Builds the homes; nothing has power yet.</summary>
    /// <param name="seed">Of the world and of every secret in it.</param>
    /// <param name="figures">Delays and losses.</param>
    /// <param name="homes">How many; each has one hub.</param>
    public VirtualNeighbourhood(int seed, Figures figures, int homes = 1)
    {
        World = new World(seed, figures);
        Centre = new MemoryCentre(World);
        var radio = new VirtualRadio(World);
        var residents = new List<Resident>();
        var hubs = new List<HubDevice>();
        foreach (var (home, h) in People.Homes(homes).Select(static (home, h) => (home, h)))
        {
            var group = (uint)(h + 1);
            HubDevice hub = new(World, $"hub {h + 1}", radio, device => Centre.Line(device, group));
            hub.SetExternal(true);
            hubs.Add(hub);
            foreach (var person in home.People)
            {
                var secret = new byte[32];
                World.Random.NextBytes(secret);
                var identity = new BandIdentity { Secret = secret, LinkGroup = group };
                var address = 0xEB_0000_0000 + residents.Count;
                Centre.Enrol(address, identity);
                var wearer = new Wearer(World.Random.Next(), person.RestingBpm);
                var band = new BandDevice(World, $"band {residents.Count + 1}", radio, address, identity, wearer);
                var path = radio.AddPath(band.Radio, hub.Radio, -60);
                residents.Add(new Resident(residents.Count + 1, person, band, hub, [path]));
            }
        }

        Residents = residents;
        Hubs = hubs;
        IncidentLog = new IncidentLog(World, residents);
        foreach (var hub in hubs)
        {
            IncidentLog.Watch(hub);
        }
    }

    /// <summary>The world.</summary>
    public World World { get; }

    /// <summary>The centre.</summary>
    public MemoryCentre Centre { get; }

    /// <summary>All residents.</summary>
    public IReadOnlyList<Resident> Residents { get; }

    /// <summary>The hubs, one for each home.</summary>
    public IReadOnlyList<HubDevice> Hubs { get; }

    /// <summary>The presses and falls, with the time of each hop.</summary>
    public IncidentLog IncidentLog { get; }

    /// <summary>
    /// Powers on every hub and, on their chargers, every band. False where the hubs were not online or a band did not
    /// trust its hub within a minute.
    /// </summary>
    public bool PowerOn()
    {
        foreach (var hub in Hubs)
        {
            hub.PowerOn();
        }

        foreach (var resident in Residents)
        {
            resident.Band.SetExternal(true);
            resident.Band.PowerOn();
        }

        return World.RunUntil(
            () => Hubs.All(static h => h.IsOnline)
                && Residents.All(static r => r.Band is { IsTrusted: true, Pending: 0 }),
            World.NowMs + 60_000);
    }

    /// <summary>Ends the threads of its boards.</summary>
    public void Dispose() => World.Dispose();

    /// <summary>The resident presses the key for <paramref name="holdMs"/>.</summary>
    public Incident Press(Resident resident, int holdMs = 300)
    {
        var incident = IncidentLog.Begin(resident, "sos", "press");
        resident.Band.Key.Press(holdMs);
        return incident;
    }
}
