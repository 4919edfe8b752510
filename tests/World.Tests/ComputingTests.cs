using ElderBand.Simulation;
using ElderBand.Tests.Worlds.Radio;

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

        Play(); // type initialisers run once in a process, and their instructions count
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

    [Theory]
    [InlineData(2000)]
    public void A_press_during_an_estimate_is_in_the_latch_within_250_ms(int nsPerIl)
    {
        using var scenario = new GuardScenario(seed: 1, nsPerIl);
        scenario.Band.Wearer.Walk(scenario.World.NowMs);
        scenario.World.RunUntil(scenario.StartMs + 60_000);
        var slowestMs = 0L;
        for (var press = 0; press < 20; press++)
        {
            scenario.World.RunUntil(scenario.World.NowMs + 4000 + scenario.World.Random.Next(2000));
            slowestMs = Math.Max(slowestMs, scenario.PressToLatchMs());
        }

        slowestMs.ShouldBeLessThanOrEqualTo(250);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Canary_F3_an_estimate_in_one_step_breaks_the_bound_of_a_step(bool isBack)
    {
        var failure = isBack
            ? Mutant.Play(
                FailureIn60S,
                ("return _heart.StepEstimate();", "while (!_heart.StepEstimate()) { } return true;"))
            : FailureIn60S();
        (failure.Length > 0).ShouldBe(isBack, failure);
    }

    private static string FailureIn60S()
    {
        try
        {
            using var scenario = new GuardScenario(seed: 1, nsPerIl: 0);
            scenario.World.RunUntil(scenario.StartMs + 60_000);
            return "";
        }
        catch (SimulationException e)
        {
            return e.Message;
        }
    }
}
