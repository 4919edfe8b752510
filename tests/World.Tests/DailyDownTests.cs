using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulator.Neighbourhood;

namespace ElderBand.Tests.Worlds;

/// <summary>
/// What the centre and the hub have to say reaches a worn band whose beats make no link (docs/adr/0036).
/// </summary>
public class DailyDownTests
{
    private const int Minute = 60_000;

    /// <summary>
    /// The hub connects to a beat of 1.5 s where it is quick enough. Where it never is, the band's hourly request for a
    /// link ends the wait.
    /// </summary>
    [Fact]
    public void A_configuration_reaches_a_band_in_Daily_half_the_time_within_two_beats_and_always_within_the_hour()
    {
        var waitsMs = new List<long>();
        for (var seed = 1; seed <= 10; seed++)
        {
            var town = InDaily(seed);
            var band = town.Residents[0].Band;
            var sentMs = town.World.NowMs;
            town.Centre.Configure(band.Radio.Address, guardAlways: true);
            town.World.RunUntil(() => band.Mode == BandMode.Guard, sentMs + (61 * Minute))
                .ShouldBeTrue($"seed {seed}: the setting keeps the band in Guard");
            waitsMs.Add(town.World.NowMs - sentMs);
        }

        waitsMs.Sort();
        waitsMs[4].ShouldBeLessThanOrEqualTo(2 * LinkTiming.BeatMs(BandMode.Daily), string.Join(", ", waitsMs));
    }

    [Fact]
    public void The_state_of_the_hub_reaches_a_quiet_band_once_an_hour()
    {
        var town = InDaily(1);
        var band = town.Residents[0].Band;
        for (var hour = 0; hour < 4; hour++)
        {
            town.World.RunUntil(() => band.IsTrusted, town.World.NowMs + (61 * Minute)).ShouldBeTrue($"hour {hour}");
            town.World.RunUntil(() => !band.IsTrusted, town.World.NowMs + (2 * Minute)).ShouldBeTrue("the link ends");
        }
    }

    [Fact]
    public void A_stage_reaches_a_band_that_is_back_in_Daily_within_two_beats()
    {
        var town = InDaily(3);
        var band = town.Residents[0].Band;
        town.Press(town.Residents[0]);
        town.World.RunUntil(() => town.Centre.Alarms.Count == 1, town.World.NowMs + 10_000).ShouldBeTrue();
        town.World.RunUntil(() => band.Mode == BandMode.Daily, town.World.NowMs + (70 * Minute)).ShouldBeTrue();
        town.World.RunUntil(town.World.NowMs + (3 * Minute));
        var alarm = town.Centre.Alarms[0];
        town.Centre.Advance(alarm, Stage.Coming);
        town.World.RunUntil(() => alarm.Shown.Contains(Stage.Coming), town.World.NowMs + (2 * 5 * Minute))
            .ShouldBeTrue();
    }

    private static VirtualNeighbourhood InDaily(int seed)
    {
        var town = new VirtualNeighbourhood(seed, Figures.Fixed);
        town.PowerOn().ShouldBeTrue($"seed {seed}");
        var band = town.Residents[0].Band;
        band.SetExternal(false);
        town.World.RunUntil(() => band.Mode == BandMode.Daily, town.World.NowMs + (2 * Minute)).ShouldBeTrue();
        town.World.RunUntil(town.World.NowMs + (4 * Minute));
        return town;
    }
}
