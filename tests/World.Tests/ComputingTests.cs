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

    [Theory]
    [InlineData(1500)]
    public void In_Guard_almost_every_summary_has_a_rate(int nsPerIl)
    {
        using var scenario = new GuardScenario(seed: 1, nsPerIl);
        scenario.Play();
        scenario.Presses.ShouldBe(2);
        scenario.Summaries.All.ShouldBeGreaterThanOrEqualTo(39);
        (scenario.Summaries.All - scenario.Summaries.WithRate).ShouldBeLessThanOrEqualTo(2);
    }

    [Theory]
    [InlineData(2000)]
    public void In_Guard_the_accelerometer_loses_no_sample(int nsPerIl)
    {
        using var scenario = new GuardScenario(seed: 1, nsPerIl);
        var before = scenario.Band.Accelerometer.Lost;
        scenario.Play();
        scenario.Presses.ShouldBe(2);
        (scenario.Band.Accelerometer.Lost - before).ShouldBe(0);
    }
}
