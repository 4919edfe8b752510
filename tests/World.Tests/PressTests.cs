using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulator;
using ElderBand.Simulator.Neighbourhood;

namespace ElderBand.Tests.Worlds;

public class PressTests
{
    [Fact]
    public void A_press_goes_through_band_hub_and_centre_and_every_stage_comes_back_once()
    {
        using var town = new VirtualNeighbourhood(1, Figures.Fixed);
        town.PowerOn().ShouldBeTrue();

        var incident = town.Press(town.Residents[0]);
        town.World.RunUntil(() => town.Centre.Alarms.Count == 1, town.World.NowMs + 10_000).ShouldBeTrue();
        var alarm = town.Centre.Alarms[0];
        foreach (var stage in new[] { Stage.Taken, Stage.Coming, Stage.Closed })
        {
            town.World.RunUntil(town.World.NowMs + 5000);
            town.Centre.Advance(alarm, stage);
        }

        town.World.RunUntil(town.World.NowMs + 10_000);
        for (var stage = 1; stage <= 5; stage++)
        {
            incident.StageTimes(stage).ShouldBe(1, $"stage {stage}");
        }

        alarm.Shown.Distinct().ShouldBe([Stage.Home, Stage.Centre, Stage.Taken, Stage.Coming, Stage.Closed]);
        incident.LatchedUs.ShouldNotBeNull();
        incident.HubStoredUs.ShouldNotBeNull();
        incident.OnAirUs!.Value.ShouldBeGreaterThanOrEqualTo(incident.LatchedUs!.Value);
    }
}
