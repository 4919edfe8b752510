using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulator.Neighbourhood;

namespace ElderBand.Tests.Worlds;

/// <summary>A worn band off its charger: beats without a link, and yet everything arrives (docs/adr/0026).</summary>
public class DailyTests
{
    private const int Hour = 3_600_000;

    private static VirtualNeighbourhood InDaily()
    {
        var town = new VirtualNeighbourhood(26, Figures.Fixed);
        town.PowerOn().ShouldBeTrue();
        var band = town.Residents[0].Band;
        band.SetExternal(false);
        town.World.RunUntil(() => band.Mode == BandMode.Daily, town.World.NowMs + 120_000).ShouldBeTrue();
        town.World.RunUntil(town.World.NowMs + 120_000);
        return town;
    }

    [Fact]
    public void P38_summaries_arrive_with_the_beats_and_only_the_hourly_links_are_made()
    {
        var town = InDaily();
        var vitals = town.Centre.Vitals[town.Residents[0].Band.Radio.Address];
        vitals.Clear();
        var links = town.World.Counts["links made"];
        town.World.RunUntil(town.World.NowMs + (2 * Hour));
        vitals.Count.ShouldBeGreaterThanOrEqualTo(11);
        vitals.Zip(vitals.Skip(1), (a, b) => b.AtMs - a.AtMs).Max().ShouldBeLessThan(16 * 60_000);
        (town.World.Counts["links made"] - links).ShouldBeInRange(2, 4, "24 beats, and two hourly links");
    }

    [Fact]
    public void P03_a_press_out_of_Daily_and_a_stage_an_hour_later_both_arrive()
    {
        var town = InDaily();
        var band = town.Residents[0].Band;
        var pressed = town.World.NowMs;
        town.Press(town.Residents[0]);
        town.World.RunUntil(() => town.Centre.Alarms.Count == 1, pressed + 10_000).ShouldBeTrue();
        town.World.RunUntil(() => band.Mode == BandMode.Daily, pressed + Hour + 120_000)
            .ShouldBeTrue("nobody has closed it");
        var taken = town.World.NowMs;
        town.Centre.Advance(town.Centre.Alarms[0], Stage.Taken);
        town.World.RunUntil(() => town.Centre.Alarms[0].Shown.Contains(Stage.Taken), taken + 660_000).ShouldBeTrue();
    }
}
