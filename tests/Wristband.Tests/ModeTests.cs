using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulation.Signals;
using ElderBand.Wristband;
using Iot.Device.Adxl343;
using Iot.Device.Max30102;

namespace ElderBand.Tests.Wristband;

public sealed class ModeTests
{
    private static BandRig Daily()
    {
        var world = new BandRig(guard: false);
        world.Boot();
        world.RunFor(60_000);
        world.Band.Wear.ShouldBe(Wear.On);
        world.Band.Mode.ShouldBe(BandMode.Daily);
        return world;
    }

    [Fact]
    public void In_Daily_a_press_is_on_the_air_within_3_s_and_at_the_hub_within_6_s()
    {
        var world = Daily();
        world.RunFor(30_000);
        world.Advertising.ShouldBeFalse("the radio is off between beats");
        var pressed = world.Now;
        world.Press(200);
        world.RunUntil(() => world.RowsOf(FrameType.Sos).Count == 1, 6000).ShouldBeTrue();
        (world.Now - pressed).ShouldBeLessThan(3000);
        world.RunFor(3000);
        world.Band.Mode.ShouldBe(BandMode.Guard, "an alarm is open");
        world.Band.Link.IsTrusted.ShouldBeTrue();
    }

    [Fact]
    public void In_Daily_a_day_has_a_beat_every_5_min_a_rate_every_10_min_and_a_radio_that_is_mostly_off()
    {
        var world = Daily();
        world.Rows.Clear();
        var conversions = world.PpgChip.Conversions;
        var onMs = 0L;
        var last = world.Now;
        var day = world.Now + (24 * 3_600_000L);
        world.RunUntil(
            () =>
            {
                onMs += world.Advertising ? world.Now - last : 0;
                last = world.Now;
                return world.Now >= day;
            },
            24 * 3_600_000L);
        var beats = world.Heard.Where(h => h.Advertised).Select(h => h.AtMs).ToList();
        beats.Zip(beats.Skip(1), (a, b) => b - a).Max()
            .ShouldBeLessThan(LinkTiming.BeatMs(BandMode.Daily) + 1000, "a sign of life");
        var vitals = world.RowsOf(FrameType.Vitals);
        (world.RowsOf(FrameType.Status).Count + vitals.Count).ShouldBeInRange(286, 315);
        vitals.Count.ShouldBeInRange(140, 146);
        vitals.ShouldAllBe(f => Payload.IsTenMinutes(f, 0));
        var radioShare = onMs / (24.0 * 36_000);
        radioShare.ShouldBeLessThan(1, "percent of the day");
        world.Band.Link.RadioStarts.ShouldBeLessThan(320);
        var ledShare = (world.PpgChip.Conversions - conversions) / (24.0 * 3600 * Max30102.ConversionsHz) * 100;
        ledShare.ShouldBeLessThan(8, "percent of the day");
        world.AccelerometerChip.Lost.ShouldBe(0, "the fall watch has no gap");
        world.Band.Pending.ShouldBe(0);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"radio on {radioShare:0.0} %, LEDs on {ledShare:0.0} %, beats {world.RowsOf(FrameType.Status).Count}, "
                + $"rates {vitals.Count(f => Payload.Bpm(f, 0) > 0)} of {vitals.Count}");
    }

    [Theory]
    [InlineData(12 * 60, 4)]
    [InlineData(0xFFFF, 4)]
    [InlineData(23 * 60, 0)]
    public void Charged_on_the_wrist_the_LEDs_go_off_the_centre_is_told_once_and_by_day_the_wrist_asks_four_times(
        int minute, int hints)
    {
        var world = Daily();
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
        var world = Daily();
        world.Pulse.Worn = false;
        world.Power.IsExternal = true;
        world.RunFor(10_000);
        world.Motion = SyntheticMotion.Desk(Adxl343.RateHz, 5);
        world.RunFor(600_000);
        world.Technical(TechnicalCode.ChargedOnWrist).ShouldBe(0);
    }

    [Fact]
    public void Guard_lasts_30_min_after_a_closed_alarm_and_60_min_after_one_that_nobody_closes()
    {
        var world = Daily();
        world.Press(200);
        world.RunFor(10_000);
        var sos = world.RowsOf(FrameType.Sos)[0];
        world.Down(world.StageFrame(sos, Stage.Closed, 9));
        world.RunFor(29 * 60_000);
        world.Band.Mode.ShouldBe(BandMode.Guard);
        world.RunFor(2 * 60_000);
        world.Band.Mode.ShouldBe(BandMode.Daily);

        world.Press(200);
        world.RunFor(59 * 60_000);
        world.Band.Mode.ShouldBe(BandMode.Guard);
        world.RunFor(2 * 60_000);
        world.Band.Mode.ShouldBe(BandMode.Daily);
        world.Band.Tick.ShouldBe(WristTick.NotTaken, "the truth does not end with the mode");
        world.RunFor(300_000);
        world.Down(world.StageFrame(world.RowsOf(FrameType.Sos)[1], Stage.Taken, 2));
        world.RunUntil(() => world.Band.Link.IsTrusted, 310_000).ShouldBeTrue("the poll");
    }

    [Fact]
    public void The_centre_keeps_a_band_in_Guard_and_the_status_echoes_the_version_at_once()
    {
        var world = Daily();
        world.Owes = true;
        world.RunUntil(() => world.Band.Link.IsTrusted, 310_000).ShouldBeTrue();
        world.Owes = false;
        world.Down(world.FromCentre(
            FrameType.Configuration, 17, 0, f => Payload.PutConfiguration(f, true, 1, false, 88, 28, 0)));
        world.RunFor(2000);
        world.Band.Mode.ShouldBe(BandMode.Guard);
        Payload.StatusConfigVersion(world.RowsOf(FrameType.Status)[^1], 0).ShouldBe((byte)17);
        world.Down(world.FromCentre(FrameType.Configuration, 18, 0, f =>
        {
            Payload.PutConfiguration(f, false, 1, false, 88, 28, 0);
            f[Frame.PayloadOffset + 1] = 7; // no such sensitivity
        }));
        world.RunFor(2000);
        world.Band.Mode.ShouldBe(BandMode.Guard, "an impossible configuration is not applied");
    }

    [Theory]
    [InlineData(0, 4)]
    [InlineData(1, 3)]
    [InlineData(2, 96)]
    [InlineData(3, 255)]
    [InlineData(4, 145)]
    public void A_profile_out_of_its_ranges_is_refused_told_once_and_the_old_one_holds_until_a_right_one_comes(
        int field, byte value)
    {
        var world = new BandRig().Boot();
        world.RunFor(20_000);
        world.Band.Link.IsTrusted.ShouldBeTrue();
        byte[] Wrong(int version) => world.FromCentre(FrameType.Configuration, version, 0, f =>
        {
            Payload.PutConfiguration(f, true, 1, false, 88, 28, 3);
            f[Frame.PayloadOffset + field] = value;
        });
        for (var version = 7; version < 10; version++)
        {
            world.Down(Wrong(version));
            world.RunFor(3000);
        }

        world.Technical(TechnicalCode.ConfigurationRefused).ShouldBe(1);
        world.RunFor(60_000);
        Payload.StatusConfigVersion(world.RowsOf(FrameType.Status)[^1], 0).ShouldBe((byte)1, "the old one holds");
        world.Down(world.FromCentre(
            FrameType.Configuration, 10, 0, f => Payload.PutConfiguration(f, true, 2, true, 95, 95, 144)));
        world.RunFor(3000);
        Payload.StatusConfigVersion(world.RowsOf(FrameType.Status)[^1], 0).ShouldBe((byte)10);
        var recovered = world.RowsOf(FrameType.Technical)
            .Single(f => Payload.EventDetail(f, 0) == (byte)TechnicalCode.Recovered);
        Payload.EventBatteryPct(recovered, 0).ShouldBe((byte)TechnicalCode.ConfigurationRefused);
    }

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
    public void Under_10_percent_the_band_saves_itself_says_so_and_a_press_still_calls()
    {
        var world = Daily();
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

    [Fact]
    public void P05_a_band_whose_pulse_sensor_is_dead_is_not_put_away_and_still_watches_for_falls()
    {
        var world = Daily();
        world.PpgChip.Fault = Simulation.Chips.ChipFault.Nak;
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
    public void P14_a_stranger_that_connects_again_and_again_keeps_no_radio_of_a_Daily_band_on()
    {
        var world = new BandRig(
            guard: false)
        { AnswersHello = false, AnswersHeard = false, AnswersReceipt = false, SendsState = false };
        world.Boot();
        world.RunFor(120_000);
        world.RunUntil(() => world.Advertising, 310_000).ShouldBeTrue();
        var on = world.Now;
        for (var i = 0; i < 50 && world.Advertising; i++)
        {
            world.Connect();
            world.RunFor(2000);
            world.Disconnect();
            world.RunFor(500);
        }

        (world.Now - on).ShouldBeLessThan(70_000);
    }

    [Fact]
    public void A_wake_by_movement_finds_the_wearer_and_stays()
    {
        var world = Daily();
        world.Boot(WakeCause.Motion);
        world.RunFor(30_000);
        world.Band.Mode.ShouldBe(BandMode.Daily);
        world.Band.Wear.ShouldBe(Wear.On);
        world.RunFor(600_000);
        world.Power.Sleeps.ShouldBe(0);
    }

    [Fact]
    public void Taking_the_band_off_and_putting_it_on_are_told_once_each()
    {
        var world = new BandRig().Boot();
        world.RunFor(20_000);
        world.Pulse.Worn = false;
        world.Motion = SyntheticMotion.Desk(Adxl343.RateHz, 1);
        world.RunFor(120_000);
        world.Pulse.Worn = true;
        world.Motion = SyntheticMotion.Daily(Adxl343.RateHz, 1);
        world.RunFor(60_000);
        world.RowsOf(FrameType.WearChange).Select(f => (Wear)Payload.EventDetail(f, 0))
            .SequenceEqual([Wear.On, Wear.Off, Wear.On]).ShouldBeTrue();
    }

    [Fact]
    public void P01_a_key_stuck_for_4_hours_is_reported_within_60_s_resets_once_and_falls_and_beats_go_on()
    {
        var world = new BandRig().Boot();
        world.RunFor(20_000);
        world.KeyEdge(true);
        world.RunFor(15_000);
        world.Down(world.StageFrame(world.RowsOf(FrameType.Sos).ShouldHaveSingleItem(), Stage.Closed, 2));
        world.Technical(TechnicalCode.KeyStuck).ShouldBe(1);
        world.RunFor(10_000);
        world.Power.Resets.ShouldBe(1);
        world.Disconnect();
        world.Boot();
        world.RunFor(60_000);
        world.Motion = SyntheticMotion.FallSequence(Adxl343.RateHz, 5, 8000);
        world.RunFor(4 * 3_600_000L);
        world.Power.Resets.ShouldBe(1);
        world.RowsOf(FrameType.Sos).Count.ShouldBe(1);
        world.RowsOf(FrameType.FallConfirmed).Count.ShouldBe(1);
        world.KeyEdge(false);
        world.RunFor(5000);
        world.Technical(TechnicalCode.Recovered).ShouldBe(1);
        world.Press(200);
        world.RunFor(2000);
        world.RowsOf(FrameType.Sos).Count.ShouldBe(2, "once free, it calls again");
    }

    [Theory]
    [InlineData(200)]
    [InlineData(450)]
    [InlineData(1500)]
    [InlineData(5000)]
    public void P01_the_end_of_a_press_is_seen_within_40_ms_where_no_edge_event_comes(int heldMs)
    {
        var world = Daily();
        world.InRange = false;
        world.RunFor(30_000);
        world.KeyEdge(true);
        world.RunFor(heldMs);
        var released = world.Now;
        world.Key.Level = false; // after light sleep the edge makes no event
        world.RunUntil(() => world.Band.Key == KeyState.Up, 5000).ShouldBeTrue();
        (world.Now - released - SosKey.BounceMs).ShouldBeLessThanOrEqualTo(40);
    }

    [Fact]
    public void Not_needed_names_the_first_of_the_presses()
    {
        var world = new BandRig().Boot();
        world.RunFor(5000);
        world.Press(200);
        world.RunFor(20_000);
        world.Press(3500);
        world.RunFor(6000);
        var presses = world.RowsOf(FrameType.Sos);
        presses.Count.ShouldBe(2);
        Payload.RefersTo(world.RowsOf(FrameType.NotNeeded).ShouldHaveSingleItem(), 0)
            .ShouldBe(Frame.SequenceOf(presses[0], 0));
    }

    [Theory]
    [InlineData(12 * 60, true)]
    [InlineData(23 * 60, false)]
    [InlineData(3 * 60, false)]
    [InlineData(0xFFFF, true)]
    public void Inactivity_is_told_once_by_day_and_not_in_bed(int minuteOfDay, bool told)
    {
        var world = new BandRig { MinuteOfDay = minuteOfDay }.Boot();
        world.RunFor(20_000);
        world.Down(world.FromCentre(
            FrameType.Configuration, 2, 0, f => Payload.PutConfiguration(f, true, 1, false, 88, 28, 3)));
        world.RunFor(2000);
        world.Motion = SyntheticMotion.Resting(Adxl343.RateHz, 1);
        world.RunFor(55 * 60_000);
        world.RowsOf(FrameType.Inactivity).Count.ShouldBe(told ? 1 : 0);
    }

    [Fact]
    public void Inactivity_is_told_of_a_wearer_with_hands_too_cold_for_a_pulse_and_the_band_is_not_put_away_before()
    {
        var world = Daily();
        world.MinuteOfDay = 12 * 60;
        world.Owes = true;
        world.RunUntil(() => world.Band.Link.IsTrusted, 310_000).ShouldBeTrue();
        world.Owes = false;
        world.Down(world.FromCentre(
            FrameType.Configuration, 2, 0, f => Payload.PutConfiguration(f, false, 1, false, 88, 28, 3)));
        world.RunFor(2000);
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
        var world = Daily();
        world.MinuteOfDay = 12 * 60;
        world.Owes = true;
        world.RunUntil(() => world.Band.Link.IsTrusted, 310_000).ShouldBeTrue();
        world.Owes = false;
        world.Down(world.FromCentre(
            FrameType.Configuration, 2, 0, f => Payload.PutConfiguration(f, false, 1, false, 88, 28, 1)));
        world.RunFor(2000);
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

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_step_allocates_nothing_once_the_band_runs(bool guard)
    {
        // The world around the band must not allocate either, so this one is made for it.
        var quiet = new QuietPorts(guard);
        var band = quiet.Boot();
        long now = 0;
        for (var i = 0; i < 2000; i++)
        {
            now += band.Step(now);
            quiet.Advance(now);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 20_000; i++)
        {
            now += band.Step(now);
            quiet.Advance(now);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
        quiet.Notified.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void P05_one_short_fault_of_the_pulse_sensor_in_Daily_is_not_reported()
    {
        var world = Daily();
        world.RunFor(20_000);
        world.PpgChip.Fault = Simulation.Chips.ChipFault.StuckUntilRecovered;
        world.RunFor(30 * 60_000);
        world.PpgChip.Fault.ShouldBe(Simulation.Chips.ChipFault.None, "a probe has met it and recovered the bus");
        world.Technical(TechnicalCode.PpgFault).ShouldBe(0);
        world.Band.Wear.ShouldBe(Wear.On);
    }

    [Fact]
    public void P06_a_sleeper_in_Daily_stays_worn_by_the_pulse_alone()
    {
        var world = Daily();
        world.Motion = SyntheticMotion.Resting(Adxl343.RateHz, 3);
        world.RunUntil(() => world.Band.Wear != Wear.On, 3_600_000).ShouldBeFalse($"after {world.Now / 1000} s");
        world.Band.Vitals.StillSeconds.ShouldBeGreaterThan(3000, "there was no other sign of life");
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
