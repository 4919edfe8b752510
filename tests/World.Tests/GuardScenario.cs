using ElderBand.Simulation;
using ElderBand.Simulator.Neighbourhood;

namespace ElderBand.Tests.Worlds;

/// <summary>
/// 400 s in Guard off the charger on a processor of a given speed: rest, a walk, a press, a fall, a second press.
/// </summary>
internal sealed class GuardScenario : IDisposable
{
    private const int LengthMs = 400_000;

    private readonly VirtualNeighbourhood _town;

    /// <summary>Builds it and lets band and hub find each other.</summary>
    public GuardScenario(int seed, int nsPerIl, bool failsOnLongSteps = true)
    {
        // Every figure is about computing: flash writes take no time here.
        _town = new VirtualNeighbourhood(seed, Figures.Fixed with { NsPerIl = nsPerIl, FlashMs = (0, 0) });
        World.FailsOnLongSteps = failsOnLongSteps;
        _town.PowerOn().ShouldBeTrue();
        Resident = _town.Residents[0];
        _town.Centre.Configure(Resident.Band.Radio.Address, guardAlways: true);
        World.RunUntil(World.NowMs + 5000);
        Resident.Band.SetExternal(false);
        StartMs = World.NowMs;
    }

    public ElderBand.Simulation.World World => _town.World;

    public Resident Resident { get; }

    public BandDevice Band => Resident.Band;

    public long StartMs { get; }

    /// <summary>Summaries of 10 s at the centre, and those that carry a rate.</summary>
    public (int All, int WithRate) Summaries { get; private set; }

    /// <summary>Presses at the centre.</summary>
    public int Presses => _town.Centre.PressesAtMs.Count;

    /// <summary>Plays the 400 s.</summary>
    public void Play()
    {
        At(100_000, () => Band.Wearer.Walk(World.NowMs));
        At(180_000, () => Band.Wearer.Rest(World.NowMs));
        At(220_000, () => _town.Press(Resident));
        At(280_000, () => Band.Wearer.Fall(1000, World.NowMs));
        At(350_000, () => _town.Press(Resident));
        World.RunUntil(StartMs + LengthMs);
        Summaries = SummariesSoFar();
    }

    /// <summary>Summaries at the centre by now, and those that carry a rate.</summary>
    public (int All, int WithRate) SummariesSoFar()
    {
        var vitals = _town.Centre.Vitals[Band.Radio.Address].FindAll(v => v.AtMs > StartMs);
        return (vitals.Count, vitals.Count(static v => v.Bpm > 0));
    }

    /// <summary>Presses the key and returns the ms from the edge to the begin of the latch's write.</summary>
    public long PressToLatchMs()
    {
        var pressedUs = World.NowUs;
        var begunUs = 0L;
        Band.Flash.Written = write => begunUs = begunUs == 0 && IsLatch(write) ? write.EndUs : begunUs;
        Band.Key.Press(300);
        World.RunUntil(() => begunUs > 0, World.NowMs + 10_000).ShouldBeTrue();
        Band.Flash.Written = null;
        return (begunUs - pressedUs) / 1000;
    }

    public void Dispose() => _town.Dispose();

    private static bool IsLatch(FlashWrite write) =>
        write.File.StartsWith("latch", StringComparison.Ordinal);

    private void At(int ms, Action action) => World.At(StartMs + ms, action);
}
