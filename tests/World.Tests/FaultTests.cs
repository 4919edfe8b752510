using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulator;
using ElderBand.Simulator.Neighbourhood;

namespace ElderBand.Tests.Worlds;

/// <summary>
/// Seeded worlds in virtual time around one kind of fault each; every kind that is injected is counted (R10).
/// </summary>
public class FaultTests
{
    private const int ManyMinutes = 10 * 60_000;

    [Theory]
    [InlineData(0)]
    [InlineData(15)]
    [InlineData(30)]
    [InlineData(60)]
    public void P10_a_press_under_radio_loss_is_at_the_centre_once(int lossPercent)
    {
        var slowestMs = 0L;
        for (var seed = 1; seed <= 5; seed++)
        {
            using var town = Powered(seed, Figures.Fixed with { Loss = lossPercent / 100.0, Duplicates = 0.3 });
            var pressedMs = town.World.NowMs;
            town.Press(town.Residents[0]);
            town.World.RunUntil(() => town.Centre.Alarms.Count > 0, pressedMs + ManyMinutes)
                .ShouldBeTrue($"seed {seed}");
            slowestMs = Math.Max(slowestMs, town.World.NowMs - pressedMs);
            town.World.RunUntil(town.World.NowMs + 60_000);
            PressesOf(town).ShouldBe(1, $"seed {seed}");
            Injected(town, "frames doubled");
            if (lossPercent > 0)
            {
                Injected(town, "radio packets lost");
            }
        }

        if (lossPercent <= 30)
        {
            slowestMs.ShouldBeLessThanOrEqualTo(10_000);
        }
    }

    [Theory]
    [InlineData(20_000)]
    [InlineData(30 * 60_000)]
    [InlineData(6 * 3_600_000)]
    public void P03_a_press_out_of_range_arrives_within_6_s_of_radio_contact_and_tells_its_age(int awayMs)
    {
        using var town = Powered(7, Figures.Fixed);
        var resident = town.Residents[0];
        var path = resident.Paths[0];
        path.SetInRange(false);
        town.World.RunUntil(town.World.NowMs + 5000);
        var incident = town.Press(resident);
        town.World.RunUntil(town.World.NowMs + awayMs);
        town.Centre.Alarms.ShouldBeEmpty();
        incident.StageTimes(1).ShouldBe(0, "nothing was heard, so nothing may be shown");

        var backMs = town.World.NowMs;
        path.SetInRange(true);
        town.World.RunUntil(() => town.Centre.Alarms.Count > 0, backMs + ManyMinutes).ShouldBeTrue();
        (town.World.NowMs - backMs).ShouldBeLessThanOrEqualTo(6000);
        town.Centre.Alarms[0].AgeMs.ShouldBeInRange(awayMs - 5000, awayMs + 15_000);
        PressesOf(town).ShouldBe(1);
        Injected(town, "walks out of range");
    }

    [Fact]
    public void P20_centre_down_10_min_press_at_minute_2_hub_power_lost_at_minute_5_is_there_once_within_30_s()
    {
        using var town = Powered(11, Figures.Fixed);
        var startMs = town.World.NowMs;
        var resident = town.Residents[0];
        town.Centre.SetUp(false);
        town.World.RunUntil(startMs + 120_000);
        var incident = town.Press(resident);
        town.World.RunUntil(startMs + 300_000);
        incident.StageTimes(1).ShouldBe(1, "the hub had stored it");
        incident.StageTimes(2).ShouldBe(0, "the centre had not");
        resident.Hub.PowerOff();
        town.World.RunUntil(startMs + 600_000);
        town.Centre.Alarms.ShouldBeEmpty();

        town.Centre.SetUp(true);
        resident.Hub.PowerOn();
        town.World.RunUntil(() => town.Centre.Alarms.Count > 0, town.World.NowMs + ManyMinutes).ShouldBeTrue();
        (town.World.NowMs - startMs - 600_000).ShouldBeLessThanOrEqualTo(30_000);
        town.World.RunUntil(town.World.NowMs + 120_000);
        PressesOf(town).ShouldBe(1);
        Injected(town, "centre outages");
        Injected(town, "power cuts");
    }

    [Fact]
    public void P17_power_cuts_of_the_hub_at_random_moments_after_a_press_lose_and_double_nothing()
    {
        var torn = 0L;
        for (var seed = 1; seed <= 25; seed++)
        {
            using var town = Powered(seed, Figures.Fixed);
            var resident = town.Residents[0];
            town.Press(resident);
            town.World.RunUntil(town.World.NowMs + town.World.Random.Next(400));
            resident.Hub.PowerOff();
            town.World.RunUntil(town.World.NowMs + 2000);
            resident.Hub.PowerOn();
            town.World.RunUntil(() => town.Centre.Alarms.Count > 0, town.World.NowMs + ManyMinutes)
                .ShouldBeTrue($"seed {seed}");
            town.World.RunUntil(town.World.NowMs + 60_000);
            PressesOf(town).ShouldBe(1, $"seed {seed}");
            torn += town.World.Counts.GetValueOrDefault("torn writes");
        }

        torn.ShouldBeGreaterThan(0, "no write was torn: the cuts missed what they are for");
    }

    [Fact]
    public void P04_a_band_that_loses_power_after_the_latch_delivers_the_press_when_it_is_charged()
    {
        var delivered = 0;
        for (var seed = 1; seed <= 20; seed++)
        {
            using var town = Powered(seed, Figures.Fixed);
            var resident = town.Residents[0];
            var incident = town.Press(resident);
            town.World.RunUntil(town.World.NowMs + 80 + town.World.Random.Next(150));
            var cutUs = town.World.NowUs;
            resident.Band.PowerOff();
            town.World.RunUntil(town.World.NowMs + 60_000);
            resident.Band.PowerOn();
            town.World.RunUntil(() => town.Centre.Alarms.Count > 0, town.World.NowMs + 60_000);
            var wasLatched = incident.LatchedUs is { } latchedUs && latchedUs < cutUs;
            if (wasLatched)
            {
                town.Centre.Alarms.Count.ShouldBe(1, $"seed {seed}: the latch write had ended");
                delivered++;
            }

            PressesOf(town).ShouldBeLessThanOrEqualTo(1, $"seed {seed}: half an alarm");
        }

        delivered.ShouldBeGreaterThan(0);
    }

    private static VirtualNeighbourhood Powered(int seed, Figures figures)
    {
        var town = new VirtualNeighbourhood(seed, figures);
        town.PowerOn().ShouldBeTrue($"seed {seed}");
        return town;
    }

    private static int PressesOf(VirtualNeighbourhood town) => town.Centre.Alarms.Sum(static alarm => alarm.Presses);

    private static void Injected(VirtualNeighbourhood town, string kind) =>
        town.World.Counts.GetValueOrDefault(kind).ShouldBeGreaterThan(0, $"no \"{kind}\" was injected");
}
