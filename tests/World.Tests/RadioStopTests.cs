using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulation.Bluetooth;
using ElderBand.Simulator.Neighbourhood;

namespace ElderBand.Tests.Worlds;

/// <summary>
/// A stop of the stack waits up to 2 s for the end of a link, and the whole chip stands still meanwhile
/// (docs/adr/0025). In Daily the radio goes off over a link that is up, once an hour and after each alarm.
/// </summary>
public class RadioStopTests
{
    private const int Minute = 60_000;
    private const int LimitMs = 250;

    [Fact]
    public void P03_a_press_just_after_the_radio_wants_to_stop_over_a_dead_link_is_latched_within_250_ms()
    {
        for (var seed = 1; seed <= 3; seed++)
        {
            var offMs = RadioOffMs(seed);
            using var town = Linked(seed);
            var band = town.Residents[0].Band;
            Leave(town, offMs - 500);
            town.World.RunUntil(offMs + 100);

            var pressedUs = town.World.NowUs;
            var latchedUs = 0L;
            band.Flash.Written = write =>
                latchedUs = latchedUs == 0 && write.File.StartsWith("latch", StringComparison.Ordinal)
                    ? write.EndUs
                    : latchedUs;
            band.Key.Press(300);
            town.World.RunUntil(() => latchedUs > 0, town.World.NowMs + 10_000).ShouldBeTrue($"seed {seed}");
            ((latchedUs - pressedUs) / 1000).ShouldBeLessThanOrEqualTo(LimitMs, $"seed {seed}");
        }
    }

    [Fact]
    public void Over_a_dead_link_the_radio_goes_off_when_the_link_has_ended_and_no_stop_waits()
    {
        var offMs = RadioOffMs(1);
        using var town = Linked(1);
        var band = town.Residents[0].Band;
        Leave(town, offMs - 500);
        town.World.RunUntil(() => !band.IsTrusted, offMs + 10_000).ShouldBeTrue();
        (town.World.NowMs - offMs).ShouldBeInRange(0, 3000);
        town.World.RunUntil(offMs + 4000);
        band.Radio.IsAdvertising.ShouldBeFalse();
        band.Radio.IsLinked.ShouldBeFalse();
        town.World.Counts.GetValueOrDefault(Faults.SlowStop).ShouldBe(0);
    }

    private static void Leave(VirtualNeighbourhood town, long atMs)
    {
        town.World.RunUntil(atMs);
        town.Residents[0].Band.IsTrusted.ShouldBeTrue("the link is up when the wearer leaves");
        town.Residents[0].Paths[0].SetInRange(false);
    }

    /// <summary>When the radio of this world goes off over its first hourly link, ms.</summary>
    private static long RadioOffMs(int seed)
    {
        using var town = Linked(seed);
        town.World.RunUntil(() => !town.Residents[0].Band.IsTrusted, town.World.NowMs + (2 * Minute)).ShouldBeTrue();
        return town.World.NowMs;
    }

    /// <summary>A worn band in Daily, its hourly link just made.</summary>
    private static VirtualNeighbourhood Linked(int seed)
    {
        var town = new VirtualNeighbourhood(seed, Figures.Fixed);
        town.PowerOn().ShouldBeTrue($"seed {seed}");
        var band = town.Residents[0].Band;
        band.SetExternal(false);
        town.World.RunUntil(() => band.Mode == BandMode.Daily, town.World.NowMs + (2 * Minute)).ShouldBeTrue();
        town.World.RunUntil(() => !band.IsTrusted, town.World.NowMs + (2 * Minute)).ShouldBeTrue();
        town.World.RunUntil(() => band.IsTrusted, town.World.NowMs + (70 * Minute)).ShouldBeTrue("the hourly link");
        return town;
    }
}
