using System.Globalization;
using ElderBand.Simulator.Swarm;

namespace ElderBand.Tests.Worlds.Swarm;

/// <summary>
/// Worlds of five virtual minutes with the service's own code, faults drawn from the seed, and an oracle for each call
/// for help (docs/adr/0063, docs/adr/0064).
/// </summary>
public sealed class SwarmTests(ITestOutputHelper output)
{
    // Every tenth seed is a world of eight bands.
    internal const int Worlds = 500;

    // These still find faults: ./dev sim --swarm N draws them, a push does not yet.
    private static readonly FaultKind[] NotYet =
    [
        FaultKind.BandFlashLost, FaultKind.ServiceRestore,
    ];

    /// <summary>Kinds that a push draws.</summary>
    internal static readonly IReadOnlySet<FaultKind> Kinds = Enum.GetValues<FaultKind>().Except(NotYet).ToHashSet();

    [Fact]
    public void P10_P17_P20_P25_a_swarm_of_faults_loses_doubles_and_invents_nothing()
    {
        var outcomes = SwarmRun.PlayMany(1, Worlds, Kinds);
        outcomes.Count(static o => o.Bands == 8).ShouldBe(Worlds / 10);
        Violations(outcomes).ShouldBeEmpty();
        foreach (var kind in Kinds)
        {
            var hits = outcomes.Aggregate(default(Hits), (sum, o) => sum + o.Hits.GetValueOrDefault(kind));
            output.WriteLine($"{kind}: {hits.Scheduled} times, {hits.Effective} met something");
            hits.Effective.ShouldBeGreaterThan(0, $"no {kind} met a call or a stage under way");
        }
    }

    [Fact]
    public void Every_seed_that_failed_once_is_played_again()
    {
        var seeds = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Swarm", "seeds.txt"))
            .Where(static line => line.Length > 0 && line[0] != '#')
            .Select(static line => int.Parse(line[..line.IndexOf(' ')], CultureInfo.InvariantCulture))
            .ToList();
        seeds[..2].ShouldBe([1036, 1126]);
        Violations(seeds.ConvertAll(static seed => SwarmRun.Play(seed, Kinds, null))).ShouldBeEmpty();
    }

    [Fact]
    public void V11_a_press_after_a_start_in_loss_is_at_the_centre()
    {
        var outcomes = SwarmRun.PlayMany(1000, 150, new HashSet<FaultKind> { FaultKind.Press, FaultKind.StartInLoss });
        Violations(outcomes).ShouldBeEmpty();
        outcomes.Sum(static o => o.Hits.GetValueOrDefault(FaultKind.StartInLoss).Scheduled).ShouldBeGreaterThan(50);
        outcomes.Sum(static o => o.Calls).ShouldBeGreaterThan(150);
    }

    [Fact]
    public void The_same_seed_gives_the_same_world()
    {
        var (first, second) = (new StringWriter(), new StringWriter());
        SwarmRun.Play(3, Kinds, first);
        SwarmRun.Play(3, Kinds, second);
        first.ToString().Split('\n').Length.ShouldBeGreaterThan(20);
        second.ToString().ShouldBe(first.ToString());
    }

    private static List<string> Violations(IReadOnlyList<SwarmOutcome> outcomes) =>
    [
        .. outcomes.SelectMany(static o => o.Findings.Select(f => $"./dev sim {o.Seed}: {f.What}: {f.Words}")),
    ];
}
