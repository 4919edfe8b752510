using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulation.Signals;
using ElderBand.Wristband;
using Iot.Device.Adxl343;
using Iot.Device.Max30102;

namespace ElderBand.Tests.Wristband;

/// <summary>The band reports a wearer who does not move for long. It reports once, and only by day.</summary>
public sealed class InactivityTests
{
    [Theory]
    [InlineData(12 * 60, true)]
    [InlineData(23 * 60, false)]
    [InlineData(3 * 60, false)]
    [InlineData(0xFFFF, true)]
    public void Inactivity_is_told_once_by_day_and_not_in_bed(int minuteOfDay, bool told)
    {
        var world = RestingInGuard(minuteOfDay);
        world.RunFor(55 * 60_000);
        world.RowsOf(FrameType.Inactivity).Count.ShouldBe(told ? 1 : 0);
    }

    /// <summary>
    /// The night ends at 07:00, and the limit is 30 min. The hub tells 05:00 for hours. The band's own clock goes on,
    /// and a hub can move that clock by at most 12 min in an hour.
    /// </summary>
    [Fact]
    public void P52_a_hub_whose_clock_stands_still_at_night_does_not_hold_back_the_inactivity_of_the_morning()
    {
        var world = RestingInGuard(5 * 60);
        world.RunFor(120 * 60_000);
        world.RowsOf(FrameType.Inactivity).ShouldBeEmpty("it is 06:36 by the band");
        world.RunFor(75 * 60_000);
        world.RowsOf(FrameType.Inactivity).Count.ShouldBe(1);
    }

    [Fact]
    public void Inactivity_is_told_of_a_wearer_with_hands_too_cold_for_a_pulse_and_the_band_is_not_put_away_before()
    {
        var world = InDailyAtNoon(inactivity: 3);
        world.Pulse.Perfusion = 0;
        world.Motion = SyntheticMotion.Resting(Adxl343.RateHz, 1);
        var conversions = world.PpgChip.Conversions;
        var began = world.Now;
        world.RunUntil(() => world.RowsOf(FrameType.Inactivity).Count == 1, 60 * 60_000).ShouldBeTrue();
        (world.Now - began).ShouldBeInRange(29 * 60_000, 33 * 60_000);
        world.Band.Wear.ShouldBe(Wear.Off, "no pulse is claimed");
        world.Power.Sleeps.ShouldBe(0);
        world.RunFor(3 * 3_600_000L);
        world.RowsOf(FrameType.Inactivity).Count.ShouldBe(1);
        world.Disconnect();
        var ledShare = (world.PpgChip.Conversions - conversions) / (
            (world.Now - began) / 1000.0 * Max30102.ConversionsHz) * 100;
        ledShare.ShouldBeLessThan(
            50, "an open alarm keeps the band in Guard for an hour; asking for the pulse costs little more");

        world.RunUntil(() => world.Power.Sleeps == 1, 14 * 3_600_000L);
        world.Power.Sleeps.ShouldBe(1);
        (world.Now - began).ShouldBeGreaterThan(12 * 3_600_000L);
    }

    [Fact]
    public void A_band_that_was_taken_off_tells_no_inactivity_and_is_put_away_after_ten_minutes()
    {
        var world = InDailyAtNoon(inactivity: 1);
        world.Pulse.Worn = false;
        world.Motion = SyntheticMotion.Desk(Adxl343.RateHz, 1);
        var began = world.Now;
        world.RunUntil(() => world.Power.Sleeps == 1, 60 * 60_000);
        (world.Now - began).ShouldBeInRange(10 * 60_000, 13 * 60_000);
        world.RowsOf(FrameType.Inactivity).ShouldBeEmpty();
    }

    [Fact]
    public void A_wearer_who_slept_still_is_not_reported_when_bed_time_ends()
    {
        var watch = new InactivityWatch();
        for (var minute = 0; minute < 8 * 60; minute++)
        {
            var still = minute * 60;
            var clock = ((22 * 60) + minute) % 1440;
            watch.IsDue(true, still, 1800, clock, 22 * 60, 7 * 60).ShouldBe(false, $"minute {clock}");
        }

        watch.IsDue(true, 9 * 3600, 1800, (7 * 60) + 29, 22 * 60, 7 * 60).ShouldBeFalse();
        watch.IsDue(true, 9 * 3600, 1800, (7 * 60) + 30, 22 * 60, 7 * 60).ShouldBeTrue();
        watch.IsDue(true, 10 * 3600, 1800, (8 * 60) + 30, 22 * 60, 7 * 60).ShouldBeFalse("once");
    }

    private static BandRig RestingInGuard(int minuteOfDay)
    {
        var world = new BandRig { MinuteOfDay = minuteOfDay }.Boot();
        world.RunFor(20_000);
        world.Configure(2, guard: true, inactivity: 3);
        world.RunFor(2000);
        world.Motion = SyntheticMotion.Resting(Adxl343.RateHz, 1);
        return world;
    }

    private static BandRig InDailyAtNoon(byte inactivity)
    {
        var world = Bands.Daily();
        world.MinuteOfDay = 12 * 60;
        world.RunToOwedLink();
        world.Configure(2, guard: false, inactivity: inactivity);
        world.RunFor(2000);
        return world;
    }
}
