using ElderBand.Simulation;

namespace ElderBand.Tests.Worlds;

/// <summary>What the band still does when its processor needs time for every IL instruction.</summary>
public class ComputingTests
{
    [Fact]
    public void The_same_seed_costs_the_same_instructions()
    {
        (long, long) Play()
        {
            using var scenario = new GuardScenario(seed: 3, nsPerIl: 600);
            scenario.World.RunUntil(scenario.StartMs + 60_000);
            return (scenario.Band.Processor.Instructions, scenario.Resident.Hub.Processor.Instructions);
        }

        var (band, hub) = Play();
        band.ShouldBeGreaterThan(1_000_000);
        hub.ShouldBeGreaterThan(10_000);
        Play().ShouldBe((band, hub));
    }
}
