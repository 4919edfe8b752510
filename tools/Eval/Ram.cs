using System.Globalization;
using System.Reflection;
using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulation.Signals;
using ElderBand.VitalsFilter;

namespace ElderBand.Eval;

/// <summary>
/// RAM of a whole band and a whole hub after a busy virtual hour, in the interpreter's own sizes: every object that the
/// App, its drivers and its radio port refer to, and every static field of their assemblies.
/// </summary>
public static class Ram
{
    /// <summary>Counted RAM of a band, bytes; today's use is about half.</summary>
    public const int BandBudget = 100 * 1024;

    /// <summary>Counted RAM of a hub, bytes.</summary>
    public const int HubBudget = 256 * 1024;

    // Bytes that are estimated and not compared with the budget, because the host has only models of these parts: the
    // ports of the Board (lines, bus, files, power: about 1.5 KB by the same sizes), nanoFramework's Bluetooth objects
    // (1 KB, docs/adr/0025), the stacks of two threads (20 frames of 150 bytes each).
    private const int BandBoard = 8 * 1024;

    // The same with seven threads, three links, and M2Mqtt's client with 64 records in 32 messages in flight.
    private const int HubBoard = 32 * 1024;

    private const int Homes = HubMessage.MaxBands;
    private const int PoweredBands = 4;
    private const uint Group = 1;
    private const int MinuteMs = 60_000;
    private const int LargestClasses = 15;
    private const BindingFlags Private = BindingFlags.Instance | BindingFlags.NonPublic;

    private static readonly string[] DeviceSpaces =
    [
        "ElderBand.Wristband", "ElderBand.HomeHub", "ElderBand.BandProtocol",
        "ElderBand.VitalsFilter", "Iot.Device",
    ];

    /// <summary>RAM of one device.</summary>
    /// <param name="Name">Band or hub.</param>
    /// <param name="Counted">Bytes of all objects and statics.</param>
    /// <param name="Board">Bytes that are estimated, and not compared with the budget.</param>
    /// <param name="Budget">Bytes that the counted part may take.</param>
    /// <param name="ByClass">Counted bytes by class, largest first.</param>
    /// <param name="HostOnly">Classes that were met and left out.</param>
    public sealed record Result(
        string Name,
        long Counted,
        long Board,
        long Budget,
        IReadOnlyList<(string Class, long Bytes)> ByClass,
        IReadOnlyCollection<string> HostOnly)
    {
        /// <summary>The counted part is more than it may be.</summary>
        public bool IsOver => Counted > Budget;
    }

    /// <summary>Plays the hour and counts.</summary>
    public static (Result Band, Result Hub) Measure()
    {
        using var world = new World(1, Figures.Fixed);
        var (bands, hub) = Play(world);
        return (
            Count("band", bands[0], BandBoard, BandBudget, typeof(Wristband.Band), typeof(FallDetector),
                typeof(Iot.Device.Max30102.Max30102), typeof(Frame)),
            Count("hub", hub, HubBoard, HubBudget, typeof(HomeHub.Hub), typeof(Frame)));
    }

    /// <summary>The table as text.</summary>
    public static IEnumerable<string> Lines(Result result)
    {
        yield return string.Create(CultureInfo.InvariantCulture,
            $"RAM of a {result.Name}: {result.Counted / 1024.0:0.0} KB of {result.Budget / 1024} KB counted; "
            + $"the Board and the platform's objects, estimated: {result.Board / 1024} KB more");
        foreach (var (name, bytes) in result.ByClass.Take(LargestClasses))
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"  {name,-30}{bytes,8}");
        }
    }

    private static (List<BandDevice> Bands, HubDevice Hub) Play(World world)
    {
        var centre = new MemoryCentre(world);
        var radio = new VirtualRadio(world);
        var hub = new HubDevice(world, "hub", radio, device => centre.Line(device, Group));
        hub.SetExternal(true);
        hub.PowerOn();
        var bands = new List<BandDevice>();
        for (var i = 0; i < Homes; i++)
        {
            var identity = new Wristband.BandIdentity { Secret = new byte[BandKeys.Size], LinkGroup = Group };
            identity.Secret[0] = (byte)i;
            centre.Enrol(i + 1, identity);
            if (i < PoweredBands)
            {
                var band = new BandDevice(world, $"band {i + 1}", radio, i + 1, identity, new Wearer(i + 1, 70));
                radio.AddPath(band.Radio, hub.Radio, -60);
                band.SetExternal(true);
                band.PowerOn();
                bands.Add(band);
            }
        }

        if (!world.RunUntil(() => bands.TrueForAll(static b => b.Mode == BandMode.Guard), 2 * MinuteMs))
        {
            throw new SimulationException("the bands did not reach Guard");
        }

        foreach (var band in bands)
        {
            band.Wearer.Walk(world.NowMs);
        }

        for (var i = 0; i < 30; i++)
        {
            bands[i % bands.Count].Key.Press(300);
            world.RunUntil(world.NowMs + (2 * MinuteMs));
            centre.SetUp(i < 15); // the second half of the hour fills the outbox
            bands[0].Wearer.Fall(1000, world.NowMs);
        }

        return (bands, hub);
    }

    private static Result Count(string name, Device device, long board, long budget, params Type[] ofAssemblies)
    {
        var memory = new DeviceMemory(static type => type.Namespace is { } space
            && (space.EndsWith(".Board", StringComparison.Ordinal)
                || DeviceSpaces.Any(s => space.StartsWith(s, StringComparison.Ordinal))));
        foreach (var field in device.GetType().GetFields(Private))
        {
            if (field.Name is "_app" or "_events" or "_downlinks" or "_inbox" or "_link")
            {
                memory.Add(field.GetValue(device)!);
            }
        }

        var assemblies = ofAssemblies.Select(static t => t.Assembly).Distinct();
        foreach (var type in assemblies.SelectMany(static a => a.GetTypes()))
        {
            if (!type.Name.StartsWith('<') && type.Name != "IlCounts")
            {
                memory.AddStatics(type);
            }
        }

        return new Result(
            name, memory.Bytes, board, budget,
            [.. memory.ByClass.OrderByDescending(static c => c.Value).Select(static c => (c.Key, c.Value))],
            memory.HostOnly);
    }
}
