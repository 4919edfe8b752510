using ElderBand.Simulation;
using ElderBand.Simulator.Neighbourhood;

namespace ElderBand.Tests.Worlds;

/// <summary>A band in Daily waits in light sleep, in which its chip serves no interrupt and drives no line.</summary>
public class LightSleepTests
{
    private const int QuietMs = 40 * 60_000;

    [Fact]
    public void P03_a_press_that_ends_light_sleep_makes_no_edge_and_is_at_the_centre_once()
    {
        using var town = InDaily(seed: 4, Figures.Fixed with { NsPerIl = 600 });
        var band = town.Residents[0].Band;
        band.Power.MsIn(ChipState.LightSleep).ShouldBeGreaterThan(QuietMs / 2);
        town.World.RunUntil(() => band.IsInLightSleep, town.World.NowMs + 60_000).ShouldBeTrue();

        var edges = town.World.Counts.GetValueOrDefault("key edges without an event");
        var pressedMs = town.World.NowMs;
        town.Press(town.Residents[0]);
        town.World.RunUntil(() => town.Centre.PressesAtMs.Count > 0, pressedMs + 60_000).ShouldBeTrue();
        (town.World.NowMs - pressedMs).ShouldBeLessThanOrEqualTo(6000);
        town.World.RunUntil(town.World.NowMs + 120_000);
        town.Centre.PressesAtMs.Count.ShouldBe(1);
        town.World.Counts["key edges without an event"].ShouldBe(edges + 1, "the release made no event either");
    }

    [Fact]
    public void P08_a_sleep_that_never_ends_is_reset_within_8_s_of_the_last_feed()
    {
        using var town = InDaily(seed: 5, Figures.Fixed);
        var band = town.Residents[0].Band;
        var boots = band.Boots;
        var resetsBefore = town.World.Counts.GetValueOrDefault("watchdog resets");
        town.World.RunUntil(() => !band.IsInLightSleep, town.World.NowMs + 60_000);
        band.NeverWakeAgain();
        var atMs = town.World.NowMs;
        town.World.RunUntil(() => band.Boots > boots, atMs + 60_000).ShouldBeTrue();
        (town.World.NowMs - atMs).ShouldBeLessThanOrEqualTo(8000 + town.World.Figures.BandBootMs);
        town.World.Counts["watchdog resets"].ShouldBe(resetsBefore + 1);
        town.World.Counts.ShouldContainKey("light sleeps that never end");
        town.Press(town.Residents[0]);
        town.World.RunUntil(() => town.Centre.PressesAtMs.Count > 0, town.World.NowMs + 60_000).ShouldBeTrue();
    }

    [Fact]
    public void Canary_F15_a_watchdog_that_floats_off_in_light_sleep_is_found()
    {
        // The wiring before the capacitor: the level of SET1 falls as soon as the chip lets go of it (F15).
        using var town = InDaily(seed: 5, Figures.Fixed with { WatchdogHoldMs = 0 });
        var band = town.Residents[0].Band;
        var boots = band.Boots;
        band.NeverWakeAgain();
        town.World.RunUntil(town.World.NowMs + 600_000);
        band.Boots.ShouldBe(boots, "the watchdog was off, so nothing could reset the chip");
        town.Press(town.Residents[0]);
        town.World.RunUntil(() => town.Centre.PressesAtMs.Count > 0, town.World.NowMs + 600_000).ShouldBeFalse();
    }

    private static VirtualNeighbourhood InDaily(int seed, Figures figures)
    {
        var town = new VirtualNeighbourhood(seed, figures);
        town.PowerOn().ShouldBeTrue();
        town.Residents[0].Band.SetExternal(false);
        town.World.RunUntil(town.World.NowMs + QuietMs);
        town.Residents[0].Band.Mode.ShouldBe(ElderBand.BandProtocol.BandMode.Daily);
        return town;
    }
}
