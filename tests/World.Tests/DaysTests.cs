using ElderBand.Simulation;
using ElderBand.Simulator.Stories.Days;

namespace ElderBand.Tests.Worlds;

/// <summary>
/// One virtual day in Daily with presses, a walk out of range and power cuts, on a processor that needs time
/// (<c>./dev sim SEED --days N</c> plays many).
/// </summary>
public class DaysTests
{
    [Theory]
    [InlineData(600)]
    [InlineData(1200)]
    public void P10_a_day_on_a_slow_processor_loses_and_doubles_no_press(int nsPerIl)
    {
        var outcome = Play(nsPerIl);
        outcome.Counts.GetValueOrDefault("walks out of range").ShouldBeGreaterThan(0);
        outcome.Counts.GetValueOrDefault("light sleeps").ShouldBeGreaterThan(10_000);
        outcome.Energy.Shares[nameof(ChipState.LightSleep)].ShouldBeGreaterThan(0.5);
    }

    [Theory]
    [InlineData("day:194", 0)] // uptime of 24 bits in seconds: ends 4.4 h into this day
    [InlineData("day:24", 0)] // milliseconds of 31 bits: 20.5 h into this day
    [InlineData("sequence:0xFEF0", 1)] // the band restarts before 0xFF00
    [InlineData("boot:0xFFFF,sequence:0xFEF0", 1)]
    public void A_day_in_which_a_counter_ends_loses_and_doubles_no_press(string from, int restarts)
    {
        var outcome = Play(600, "--from", from);
        outcome.Counts.GetValueOrDefault("restarts that the band asked for").ShouldBeGreaterThanOrEqualTo(restarts);
    }

    private static DaysOutcome Play(int nsPerIl, params string[] more)
    {
        var outcome = DaysStory.Play(
            DaysOptions.Parse(["1", "--days", "1", "--ns-per-il", $"{nsPerIl}", .. more]), progress: null);
        outcome.Presses.ShouldBeGreaterThan(0);
        (outcome.Lost, outcome.Doubled, outcome.WritesLost).ShouldBe((0, 0, 0));
        return outcome;
    }
}
