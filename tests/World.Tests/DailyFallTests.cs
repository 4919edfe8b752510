using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulator.Neighbourhood;

namespace ElderBand.Tests.Worlds;

/// <summary>What a fall costs a band in Daily, which reads 20 accelerations at once.</summary>
public class DailyFallTests
{
    private const int BatchMs = 800;
    private const int Phases = 8;

    [Fact]
    public void A_fall_in_Daily_keeps_every_step_within_60_000_instructions()
    {
        var most = 0L;
        for (var phase = 0; phase < Phases; phase++)
        {
            // In each world the impact has another place in the batch of 20 accelerations.
            using var run = new VirtualNeighbourhood(phase + 1, Figures.Fixed with { NsPerIl = 600 });
            run.World.FailsOnLongSteps = false;
            run.PowerOn().ShouldBeTrue();
            var resident = run.Residents[0];
            resident.Band.SetExternal(false);
            run.World.RunUntil(run.World.NowMs + 120_000 + (phase * BatchMs / Phases));
            resident.Band.Mode.ShouldBe(BandMode.Daily);
            resident.Band.Wearer.Fall(1000, run.World.NowMs);
            run.World.RunUntil(() => run.Centre.Alarms.Count > 0, run.World.NowMs + 60_000).ShouldBeTrue();
            most = Math.Max(most, resident.Band.Processor.MostInstructions.Instructions);
        }

        most.ShouldBeInRange(30_000, 60_000);
    }
}
