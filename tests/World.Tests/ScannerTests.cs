using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulator.Neighbourhood;

namespace ElderBand.Tests.Worlds;

/// <summary>
/// The scanner reports an address once and then drops its frames until it is restarted. Without a link each restart
/// stops the whole stack of the hub, so it must be rare, and yet a press right behind a beat must be heard.
/// </summary>
public class ScannerTests
{
    private const string Restarts = "scanner restarts";

    [Fact]
    public void P03_a_press_0_to_10_s_after_a_beat_is_stored_at_the_hub_within_6_s()
    {
        var slowestMs = 0L;
        var links = 0L;
        for (var delayMs = 100; delayMs <= 10_000; delayMs += 100)
        {
            using var town = InDaily(delayMs);
            var resident = town.Residents[0];
            town.World.Counts.Remove("links made");
            var heard = town.World.Counts["advertisements heard"];
            town.World.RunUntil(() => town.World.Counts["advertisements heard"] > heard, town.World.NowMs + 400_000)
                .ShouldBeTrue("the band beats every 5 min");
            town.World.RunUntil(town.World.NowMs + delayMs);
            links += town.World.Counts.GetValueOrDefault("links made");
            var pressedMs = town.World.NowMs;
            var incident = town.Press(resident);
            town.World.RunUntil(() => incident.HubStoredUs is not null, pressedMs + 60_000);
            incident.HubStoredUs.ShouldNotBeNull($"{delayMs} ms after the beat");
            slowestMs = Math.Max(slowestMs, (incident.HubStoredUs.Value / 1000) - pressedMs);
        }

        slowestMs.ShouldBeLessThanOrEqualTo(6000);
        links.ShouldBe(0, "a beat needs no link, and over a link the press would not need the scanner");
    }

    [Fact]
    public void A_quiet_home_with_a_band_in_Daily_restarts_the_scanner_at_most_6_700_times_a_day()
    {
        using var town = InDaily(1);
        var before = town.World.Counts[Restarts];
        town.World.RunUntil(town.World.NowMs + (6 * 3_600_000));
        var aDay = 4 * (town.World.Counts[Restarts] - before);
        aDay.ShouldBeInRange(5_000, 6_700, "every 15 s, and after each beat, connect and disconnect");
    }

    // One band, off its charger; the link of its last window has ended.
    private static VirtualNeighbourhood InDaily(int seed)
    {
        var town = new VirtualNeighbourhood(seed, Figures.Fixed);
        town.PowerOn().ShouldBeTrue($"seed {seed}");
        var resident = town.Residents[0];
        resident.Band.SetExternal(false);
        foreach (var other in town.Residents.Skip(1))
        {
            other.Band.PowerOff();
        }

        town.World.RunUntil(() => resident.Band.Mode == BandMode.Daily, town.World.NowMs + 3_600_000).ShouldBeTrue();
        town.World.RunUntil(town.World.NowMs + 120_000);
        resident.Band.IsTrusted.ShouldBeFalse();
        return town;
    }
}
