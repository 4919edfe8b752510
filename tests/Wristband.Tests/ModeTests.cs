using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulation.Chips;
using ElderBand.Simulation.Signals;
using ElderBand.Wristband;
using Iot.Device.Adxl343;
using Iot.Device.Max30102;

namespace ElderBand.Tests.Wristband;

/// <summary>What Daily and Guard do, and what moves the band from one to the other.</summary>
public sealed class ModeTests
{
    [Fact]
    public void In_Daily_a_press_is_on_the_air_within_3_s_and_at_the_hub_within_6_s()
    {
        var world = Bands.Daily();
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
        var world = Bands.Daily();
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

    [Fact]
    public void Guard_lasts_30_min_after_a_closed_alarm_and_60_min_after_one_that_nobody_closes()
    {
        var world = Bands.Daily();
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
    public void Guard_goes_on_for_30_min_after_a_closed_alarm_where_the_boot_count_has_jumped_since()
    {
        var world = Bands.Daily();
        world.Press(200);
        world.RunFor(10_000);
        var sos = world.RowsOf(FrameType.Sos)[0];
        var boot = world.Band.Boot;
        world.Down(world.FromCentre(FrameType.Receipt, boot, 0, f => Payload.TellHighestBoot(f, boot + 1)));
        world.RunFor(5000);
        world.Band.Boot.ShouldBe(boot + 2);
        world.Down(world.StageFrame(sos, Stage.Closed, 9));
        world.RunFor(28 * 60_000);
        world.Band.Mode.ShouldBe(BandMode.Guard);
        world.RunFor(3 * 60_000);
        world.Band.Mode.ShouldBe(BandMode.Daily);
    }

    [Fact]
    public void The_centre_keeps_a_band_in_Guard_and_the_status_echoes_the_version_at_once()
    {
        var world = Bands.Daily();
        world.RunToOwedLink();
        world.Configure(17, guard: true);
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
        var world = Bands.Daily();
        world.RunFor(20_000);
        world.PpgChip.Fault = ChipFault.StuckUntilRecovered;
        world.RunFor(30 * 60_000);
        world.PpgChip.Fault.ShouldBe(ChipFault.None, "a probe has met it and recovered the bus");
        world.Technical(TechnicalCode.PpgFault).ShouldBe(0);
        world.Band.Wear.ShouldBe(Wear.On);
    }

    [Fact]
    public void P06_a_sleeper_in_Daily_stays_worn_by_the_pulse_alone()
    {
        var world = Bands.Daily();
        world.Motion = SyntheticMotion.Resting(Adxl343.RateHz, 3);
        world.RunUntil(() => world.Band.Wear != Wear.On, 3_600_000).ShouldBeFalse($"after {world.Now / 1000} s");
        world.Band.Vitals.StillSeconds.ShouldBeGreaterThan(3000, "there was no other sign of life");
    }
}
