using System.Globalization;
using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulator.Centre;
using ElderBand.Simulator.Neighbourhood;

namespace ElderBand.Simulator.Stories;

/// <summary>
/// <c>./dev sim SEED</c>: 20 virtual minutes of one seeded world around a fault plan drawn from the seed. Presses at
/// random moments; radio loss, walks out of range, hub power cuts, centre outages; every press must be one event at the
/// centre.
/// </summary>
public static class Sim
{
    private const int MinutesMs = 20 * 60_000;
    private const int SettleMs = 10 * 60_000;

    /// <summary>What a world has shown.</summary>
    /// <param name="Presses">Keys pressed.</param>
    /// <param name="AtCentre">Presses that the centre holds.</param>
    /// <param name="SlowestS">Longest way of a press, virtual seconds.</param>
    /// <param name="Counts">Faults and events by name.</param>
    public sealed record Outcome(int Presses, int AtCentre, double SlowestS, IReadOnlyDictionary<string, long> Counts);

    /// <summary>Prints one world; returns 0 where nothing was lost, doubled or invented.</summary>
    public static int Run(IReadOnlyList<string> words)
    {
        if (!int.TryParse(words.ElementAtOrDefault(1), NumberStyles.None, CultureInfo.InvariantCulture, out var seed))
        {
            throw new SimulationException("./dev sim wants a seed, a whole number: ./dev sim 42");
        }

        var outcome = Play(seed, Console.Out);
        Console.WriteLine(
            $"seed {seed}: {outcome.Presses} presses, {outcome.AtCentre} at the centre, slowest {outcome.SlowestS:0.0} "
                + "s after the press");
        foreach (var (what, count) in outcome.Counts)
        {
            Console.WriteLine($"  {count,8}  {what}");
        }

        return outcome.Presses == outcome.AtCentre ? 0 : 1;
    }

    /// <summary>Plays one world.</summary>
    public static Outcome Play(int seed, TextWriter? output)
    {
        var plan = new Random(seed);
        var figures = Figures.Fixed with { Loss = plan.Next(61) / 100.0, Duplicates = 0.05 };
        var run = new VirtualNeighbourhood(seed, figures, homes: 2);
        using var world = run.World;
        if (!run.PowerOn())
        {
            throw new SimulationException($"seed {seed}: the bands did not find their hubs within a minute");
        }

        var fromMs = world.NowMs;
        var presses = new List<(Resident Who, long AtMs)>();
        void At(Action<Resident> act, string what)
        {
            var who = run.Residents[plan.Next(run.Residents.Count)];
            var atMs = fromMs + plan.Next(MinutesMs);
            world.At(atMs, () =>
            {
                output?.WriteLine($"{(world.NowMs - fromMs) / 1000.0,9:0.000} s  {who.Band.Name}: {what}");
                act(who);
            });
        }

        for (var i = 0; i < 6; i++)
        {
            At(who =>
            {
                presses.Add((who, world.NowMs));
                run.Press(who, 100 + plan.Next(400));
            }, "press");
        }

        for (var i = 0; i < 2; i++)
        {
            At(who => OutOfRange(world, who, 1000 + plan.Next(180_000)), "walks out of range");
            At(who => PullPlug(world, who, 1000 + plan.Next(60_000)), "the hub's plug is pulled");
            At(_ => Outage(run, 1000 + plan.Next(120_000)), "the centre goes down");
        }

        world.RunUntil(fromMs + MinutesMs);
        var arrived = world.RunUntil(
            () => run.Centre.Alarms.Sum(static a => a.Presses) >= presses.Count, world.NowMs + SettleMs);
        var lastMs = arrived ? run.Centre.PressesAtMs.Zip(presses.OrderBy(static p => p.AtMs))
            .Select(static p => p.First - p.Second.AtMs).DefaultIfEmpty().Max() : SettleMs;
        world.RunUntil(world.NowMs + 60_000);
        return new Outcome(presses.Count, run.Centre.Alarms.Sum(static a => a.Presses), lastMs / 1000.0, world.Counts);
    }

    private static void OutOfRange(World world, Resident who, int forMs)
    {
        foreach (var path in who.Paths)
        {
            path.SetInRange(false);
            world.At(world.NowMs + forMs, () => path.SetInRange(true));
        }
    }

    private static void PullPlug(World world, Resident who, int forMs)
    {
        who.Hub.PowerOff();
        world.At(world.NowMs + forMs, who.Hub.PowerOn);
    }

    private static void Outage(VirtualNeighbourhood run, int forMs)
    {
        run.Centre.SetUp(false);
        run.World.At(run.World.NowMs + forMs, () => run.Centre.SetUp(true));
    }
}
