using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulation.Chips;
using ElderBand.Simulation.Signals;
using ElderBand.Wristband;
using Iot.Device.Adxl343;
using Iot.Device.Max30102;

namespace ElderBand.Tests.Wristband;

/// <summary>Deep sleep, the battery, the charger, and the restart for which a worn-out radio asks.</summary>
public sealed class PowerTests
{
    [Fact]
    public void A_band_put_away_goes_to_deep_sleep_with_the_accelerometer_on_watch_and_a_press_still_calls()
    {
        var world = new BandRig(worn: false);
        world.Power.IsExternal = false;
        world.Boot();
        world.RunFor(20 * 60_000);
        world.Power.Sleeps.ShouldBe(1);
        world.Now.ShouldBeInRange(600_000, 620_000);
        world.Power.LastSleepMs.ShouldBe(900_000);
        world.PpgChip.IsRunning.ShouldBeFalse();
        world.AccelerometerChip.RateHz.ShouldBe(12.5);

        world.Hold(900_000);
        world.Boot(WakeCause.Timer);
        world.RunFor(60_000);
        world.Power.Sleeps.ShouldBe(2, "a beat, then back to sleep");
        world.RowsOf(FrameType.Status).Count.ShouldBeGreaterThanOrEqualTo(2);
        world.RowsOf(FrameType.Boot).Count.ShouldBe(1, "waking for a beat is no news");

        world.Hold(100_000);
        world.Key.Level = true;
        var woken = world.Now;
        world.Boot(WakeCause.Key);
        world.After(120, () => world.KeyEdge(false));
        world.RunUntil(() => world.RowsOf(FrameType.Sos).Count == 1, 6000).ShouldBeTrue();
        (world.Now - woken).ShouldBeLessThan(3000);
        Payload.EventDetail(world.RowsOf(FrameType.Sos)[0], 0).ShouldBe((byte)SosSource.KeyFromSleep);
        world.RunFor(20 * 60_000);
        world.Band.Mode.ShouldBe(BandMode.Guard);
        world.RowsOf(FrameType.Sos).Count.ShouldBe(1);
    }

    [Fact]
    public void A_tap_that_is_over_before_the_band_has_booted_is_still_a_press()
    {
        var world = new BandRig(worn: false);
        world.Power.IsExternal = false;
        world.Boot(WakeCause.Key);
        world.RunFor(3000);
        world.RowsOf(FrameType.Sos).Count.ShouldBe(1);
        world.Band.Key.ShouldBe(KeyState.Up);
    }

    [Fact]
    public void A_wake_by_movement_finds_the_wearer_and_stays()
    {
        var world = Bands.Daily();
        world.Boot(WakeCause.Motion);
        world.RunFor(30_000);
        world.Band.Mode.ShouldBe(BandMode.Daily);
        world.Band.Wear.ShouldBe(Wear.On);
        world.RunFor(600_000);
        world.Power.Sleeps.ShouldBe(0);
    }

    [Fact]
    public void Under_10_percent_the_band_saves_itself_says_so_and_a_press_still_calls()
    {
        var world = Bands.Daily();
        world.Power.Battery = 9;
        world.RunUntil(() => world.Power.Sleeps == 1, 300_000);
        world.Power.Sleeps.ShouldBe(1);
        world.Technical(TechnicalCode.BatteryCritical).ShouldBe(1);
        world.AccelerometerChip.IsMeasuring.ShouldBeFalse("worn and moving, it would wake the band all day");
        world.Boot(WakeCause.Key);
        world.RunUntil(() => world.RowsOf(FrameType.Sos).Count == 1, 6000).ShouldBeTrue();
    }

    [Fact]
    public void A_low_battery_is_told_once_a_discharge_and_not_once_a_boot()
    {
        var world = new BandRig(worn: false);
        world.Power.IsExternal = false;
        world.Power.Battery = 18;
        world.Boot();
        for (var i = 0; i < 10; i++)
        {
            world.RunFor(15 * 60_000);
            world.Hold(900_000);
            world.Disconnect();
            world.Boot(WakeCause.Timer);
        }

        world.RunFor(10_000);
        world.Power.Sleeps.ShouldBeGreaterThan(9);
        world.Technical(TechnicalCode.BatteryLow).ShouldBe(1);
        world.Power.IsExternal = true;
        world.Boot(WakeCause.Timer);
        world.RunFor(10_000);
        world.Technical(TechnicalCode.Recovered).ShouldBe(1);
    }

    [Theory]
    [InlineData(12 * 60, 4)]
    [InlineData(0xFFFF, 4)]
    [InlineData(23 * 60, 0)]
    public void Charged_on_the_wrist_the_LEDs_go_off_the_centre_is_told_once_and_by_day_the_wrist_asks_four_times(
        int minute, int hints)
    {
        var world = Bands.Daily();
        world.MinuteOfDay = minute;
        world.Power.IsExternal = true;
        var starts = world.Vibration.Rises;
        world.RunFor(90_000);
        world.Technical(TechnicalCode.ChargedOnWrist).ShouldBe(1);
        var conversions = world.PpgChip.Conversions;
        world.RunFor(90 * 60_000);
        var ledShare = (world.PpgChip.Conversions - conversions) / (90.0 * 60 * Max30102.ConversionsHz) * 100;
        ledShare.ShouldBeLessThan(3, "percent: probes, and looks at the skin after impacts");
        (world.Vibration.Rises - starts).ShouldBe(hints * 9, "nine pulses a hint");
        world.Technical(TechnicalCode.ChargedOnWrist).ShouldBe(1);
        world.RowsOf(FrameType.Vitals)[^1].ShouldSatisfyAllConditions(f => Payload.Bpm(f, 0).ShouldBe((byte)0));

        world.Pulse.Worn = false;
        world.Motion = SyntheticMotion.Desk(Adxl343.RateHz, 5);
        world.RunFor(120_000);
        world.Technical(TechnicalCode.Recovered).ShouldBe(1, "taken off");
        world.PpgChip.IsRunning.ShouldBeTrue("on the charger and not worn: as before");
    }

    [Fact]
    public void A_band_that_is_taken_off_and_laid_on_its_charger_is_not_charged_on_the_wrist()
    {
        var world = Bands.Daily();
        world.Pulse.Worn = false;
        world.Power.IsExternal = true;
        world.RunFor(10_000);
        world.Motion = SyntheticMotion.Desk(Adxl343.RateHz, 5);
        world.RunFor(600_000);
        world.Technical(TechnicalCode.ChargedOnWrist).ShouldBe(0);
    }

    [Fact]
    public void P05_a_band_whose_pulse_sensor_is_dead_is_not_put_away_and_still_watches_for_falls()
    {
        var world = Bands.Daily();
        world.PpgChip.Fault = ChipFault.Nak;
        world.RunFor(30 * 60_000);
        world.Technical(TechnicalCode.PpgAbsent).ShouldBe(1);
        world.Disconnect();
        world.Boot();
        world.RunFor(30 * 60_000);
        world.Power.Sleeps.ShouldBe(0);
        world.Motion = SyntheticMotion.FallSequence(Adxl343.RateHz, 5, 8000);
        world.RunFor(60_000);
        world.RowsOf(FrameType.FallConfirmed).Count.ShouldBe(1);
    }

    [Fact]
    public void P08_a_worn_out_radio_restarts_the_band_when_the_wearer_rests_and_not_while_a_fall_may_come()
    {
        var world = new BandRig().Boot();
        world.RunFor(20_000);
        world.Motion = SyntheticMotion.Walking(Adxl343.RateHz, 4);
        world.InRange = false;
        world.RefusesAdvertising = true;
        world.Disconnect();
        world.RunUntil(() => world.Band.Link.IsWornOut, 20 * 60_000).ShouldBeTrue();
        world.RunFor(120_000);
        world.Power.Resets.ShouldBe(0, "who walks may fall, and a boot forgets the seconds before");
        world.Motion = SyntheticMotion.Resting(Adxl343.RateHz, 4);
        world.RunFor(120_000);
        world.Power.Resets.ShouldBe(1);
    }
}
