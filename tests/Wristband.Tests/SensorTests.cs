using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulation.Chips;
using ElderBand.Simulation.Signals;
using ElderBand.VitalsFilter;
using ElderBand.Wristband;
using Iot.Device.Adxl343;
using Iot.Device.Max30102;
using Iot.Device.RegisterBus;

namespace ElderBand.Tests.Wristband;

public sealed class SensorTests
{
    private static BandRig Measuring()
    {
        var world = new BandRig().Boot();
        world.Motion = SyntheticMotion.Resting(Adxl343.RateHz, 3);
        world.RunFor(3000);
        world.Motion = SyntheticMotion.Daily(Adxl343.RateHz, 3);
        world.RunFor(30_000);
        world.Motion = SyntheticMotion.Resting(Adxl343.RateHz, 3);
        world.RunFor(60_000);
        world.Band.Vitals.Summary.Bpm.ShouldBeInRange((byte)65, (byte)71, "68 is what the wearer has");
        return world;
    }

    [Fact]
    public void In_Guard_a_summary_goes_up_every_10_s_with_a_rate_or_the_reason_for_none()
    {
        var world = Measuring();
        world.Rows.Clear();
        world.RunFor(60_000);
        var vitals = world.RowsOf(FrameType.Vitals);
        vitals.Count.ShouldBe(6);
        foreach (var frame in vitals)
        {
            Payload.IsTenMinutes(frame, 0).ShouldBeFalse();
            (Payload.Bpm(frame, 0) > 0).ShouldBe(Payload.HeartRefusal(frame, 0) == 0);
            if (Payload.Bpm(frame, 0) > 0)
            {
                Payload.Bpm(frame, 0).ShouldBeInRange((byte)65, (byte)71);
                Payload.Confidence(frame, 0).ShouldBeGreaterThanOrEqualTo((byte)60);
            }
        }

        vitals.Count(f => Payload.Bpm(f, 0) > 0).ShouldBeGreaterThanOrEqualTo(5);
    }

    [Fact]
    public void P06_a_band_on_a_desk_has_no_heart_rate_ever()
    {
        var world = new BandRig(worn: false).Boot();
        world.RunFor(600_000);
        world.RowsOf(FrameType.Vitals).Count.ShouldBeGreaterThan(50);
        world.RowsOf(FrameType.Vitals).ShouldAllBe(
            f => Payload.Bpm(f, 0) == 0 && Payload.Spo2Pct(f, 0) == 0 && Payload.VitalsWear(f, 0) == Wear.Off);
    }

    [Theory]
    [InlineData(ChipFault.Nak, TechnicalCode.PpgAbsent, -1, 0)]
    [InlineData(ChipFault.Stuck, TechnicalCode.PpgFault, -1, 0)]
    [InlineData(ChipFault.Zeros, TechnicalCode.PpgFault, 0xFF, 0x00)]
    [InlineData(ChipFault.Ones, TechnicalCode.PpgFault, 0xFF, 0xFF)]
    [InlineData(ChipFault.WrongPart, TechnicalCode.PpgChanged, 0xFF, 0x11)]
    public void P05_a_PPG_sensor_that_fails_invents_no_rate_and_is_reported_by_kind_and_when_it_recovers(
        ChipFault fault, TechnicalCode code, int register, byte value)
    {
        var world = Measuring();
        world.PpgChip.Fault = fault;
        world.RunFor(12_000);
        world.Rows.Clear();
        world.RunUntil(() => world.Technical(code) == 1, 180_000).ShouldBeTrue();
        ShouldTell(world, code, register, value);
        world.RunFor(60_000);
        world.RowsOf(FrameType.Vitals).ShouldAllBe(f => Payload.Bpm(f, 0) == 0 && Payload.HeartRefusal(f, 0) != 0);
        world.Press(200);
        world.RunUntil(() => world.RowsOf(FrameType.Sos).Count == 1, 1000).ShouldBeTrue("the press is untouched");

        world.PpgChip.Fault = ChipFault.None;
        world.RunFor(90_000);
        world.RowsOf(FrameType.Technical).Count.ShouldBe(2, "the fault and its end");
        var recovered = world.RowsOf(FrameType.Technical)[^1];
        Payload.EventDetail(recovered, 0).ShouldBe((byte)TechnicalCode.Recovered);
        Payload.EventBatteryPct(recovered, 0).ShouldBe((byte)code);
        world.RowsOf(FrameType.Vitals)[^1]
            .ShouldSatisfyAllConditions(f => Payload.Bpm(f, 0).ShouldBeInRange((byte)65, (byte)71));
    }

    [Theory]
    [InlineData(ChipFault.Nak, TechnicalCode.AccelerometerAbsent, -1, 0)]
    [InlineData(ChipFault.Stuck, TechnicalCode.AccelerometerFault, -1, 0)]
    [InlineData(ChipFault.Zeros, TechnicalCode.AccelerometerFault, 0x00, 0x00)]
    [InlineData(ChipFault.Ones, TechnicalCode.AccelerometerFault, 0x00, 0xFF)]
    [InlineData(ChipFault.WrongPart, TechnicalCode.AccelerometerChanged, 0x00, 0x1D)]
    public void P05_an_accelerometer_that_fails_is_reported_by_kind_within_3_min_and_when_it_recovers(
        ChipFault fault, TechnicalCode code, int register, byte value)
    {
        var world = Measuring();
        world.AccelerometerChip.Fault = fault;
        world.RunUntil(() => world.Technical(code) == 1, 180_000).ShouldBeTrue();
        ShouldTell(world, code, register, value);
        world.Press(200);
        world.RunUntil(() => world.RowsOf(FrameType.Sos).Count == 1, 1000).ShouldBeTrue();
        world.AccelerometerChip.Fault = ChipFault.None;
        world.RunFor(60_000);
        world.Technical(TechnicalCode.Recovered).ShouldBe(1);
        world.RowsOf(FrameType.FallSuspected).ShouldBeEmpty("a jump in the signal is no fall");
    }

    [Fact]
    public void Sensors_that_are_absent_or_of_another_part_from_the_start_have_a_code_each_and_a_press_calls()
    {
        var world = new BandRig();
        world.PpgChip.Fault = ChipFault.WrongPart;
        world.AccelerometerChip.Fault = ChipFault.Nak;
        world.Boot();
        world.RunFor(60_000);
        world.RowsOf(FrameType.Technical).Count.ShouldBe(2);
        ShouldTell(world, TechnicalCode.PpgWrongPart, 0xFF, 0x11);
        ShouldTell(world, TechnicalCode.AccelerometerAbsent, 0x00, 0);
        world.Press(200);
        world.RunUntil(() => world.RowsOf(FrameType.Sos).Count == 1, 1000).ShouldBeTrue();
    }

    private static void ShouldTell(BandRig world, TechnicalCode code, int register, byte value)
    {
        var told = world.RowsOf(FrameType.Technical).Single(f => Payload.EventDetail(f, 0) == (byte)code);
        Payload.FaultValue(told, 0).ShouldBe(value);
        if (register >= 0)
        {
            Payload.FaultRegister(told, 0).ShouldBe((byte)register);
        }
    }

    [Fact]
    public void P05_a_held_bus_is_recovered_within_5_s_and_not_reported()
    {
        var world = Measuring();
        world.PpgChip.Fault = ChipFault.StuckUntilRecovered;
        world.AccelerometerChip.Fault = ChipFault.StuckUntilRecovered;
        world.RunFor(5000);
        var conversions = world.PpgChip.Conversions;
        var samples = world.AccelerometerChip.Samples;
        world.RunFor(2000);
        (world.PpgChip.Conversions - conversions).ShouldBeInRange(95, 105);
        (world.AccelerometerChip.Samples - samples).ShouldBeInRange(48, 52);
        world.RunFor(60_000);
        world.RowsOf(FrameType.Technical).ShouldBeEmpty();
    }

    [Fact]
    public void P05_a_sensor_that_browned_out_and_lost_its_settings_is_started_again()
    {
        var world = Measuring();
        world.PpgChip.PowerCycle();
        world.AccelerometerChip.PowerCycle();
        world.RunFor(5000);
        world.PpgChip.IsRunning.ShouldBeTrue();
        world.AccelerometerChip.IsMeasuring.ShouldBeTrue();
        world.RunFor(30_000);
        world.Band.Vitals.Summary.Bpm.ShouldBeInRange((byte)65, (byte)71, $"{world.Band.Vitals.Summary.Refusal}");
    }

    [Fact]
    public void P05_after_a_stall_that_overflows_the_fifo_no_rate_is_given_across_the_gap()
    {
        var world = Measuring();
        world.Hold(3000); // 75 samples, of which the FIFO kept 32
        world.RunFor(1000);
        world.PpgChip.Lost.ShouldBeGreaterThan(0);
        world.Rows.Clear();
        world.RunFor(9000);
        world.RowsOf(FrameType.Vitals).ShouldAllBe(f => Payload.Bpm(f, 0) == 0);
        world.RunFor(20_000);
        world.Band.Vitals.Summary.Bpm.ShouldBeInRange((byte)65, (byte)71);
    }

    [Fact]
    public void P05_after_a_gap_of_under_10_samples_the_next_summary_has_a_rate()
    {
        var world = Measuring();
        var refusals = new List<HeartRefusal>();
        for (var i = 0; i < 6; i++)
        {
            NextSummary(world);
            world.RunFor(4000);
            world.RunUntil(() => world.PpgChip.Waiting == 0, 2000).ShouldBeTrue();
            var lost = world.PpgChip.Lost;
            world.Hold(1280 + (7 * 40)); // the FIFO holds 1.28 s
            NextSummary(world);
            (world.PpgChip.Lost - lost).ShouldBeInRange(6, 9);
            refusals.Add(world.Band.Vitals.Summary.Refusal);
            world.RunFor(30_000);
        }

        refusals.ShouldNotContain(HeartRefusal.Warmup, "the samples before the gap count");
        refusals.Count(why => why == HeartRefusal.None).ShouldBeGreaterThanOrEqualTo(5, string.Join(' ', refusals));

        static void NextSummary(BandRig world)
        {
            var before = world.RowsOf(FrameType.Vitals).Count;
            world.RunUntil(() => world.RowsOf(FrameType.Vitals).Count > before, 12_000).ShouldBeTrue();
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void While_estimates_are_computed_slowly_no_sample_is_lost_and_a_press_goes_between_the_slices(bool whole)
    {
        // 60,000 instructions a slice, or 750,000 an estimate, at 2 us each. The second row is what a whole estimate in
        // one step does: the test can see a loss.
        var world = Measuring();
        world.EstimateCostMs = whole ? 1500 : 120;
        world.EstimatesInOneStep = whole;
        world.Motion = SyntheticMotion.Daily(Adxl343.RateHz, 3);
        world.RunFor(60_000);
        world.EstimatesCharged.ShouldBeGreaterThan(5);
        world.RunUntil(() => world.Band.Vitals.IsEstimating, 20_000);
        var pressed = world.Now;
        world.Press(300);
        world.RunUntil(() => world.RowsOf(FrameType.Sos).Count == 1, 10_000).ShouldBeTrue();
        var waited = world.Now - pressed;
        (world.PpgChip.Lost == 0).ShouldBe(!whole, $"{world.PpgChip.Lost} samples lost");
        (world.AccelerometerChip.Lost == 0).ShouldBe(!whole, $"{world.AccelerometerChip.Lost} samples lost");
        waited.ShouldBeLessThanOrEqualTo(whole ? 10_000 : 250, "80 ms of contact and a slice");
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"lost: {world.PpgChip.Lost} PPG, {world.AccelerometerChip.Lost} accelerometer; press to frame {waited} "
                + "ms");
    }

    [Fact]
    public void A_clipped_conversion_that_the_part_averages_with_a_good_one_is_saturation()
    {
        var conversion = 0;
        var pulse = new SyntheticPpg(Max30102.ConversionsHz, 4) { IrLevel = 239_000, RedLevel = 120_000 };
        var chip = new Max30102Chip(_ =>
        {
            var (red, ir, green) = pulse.Next();
            return new PpgSample(red, conversion++ % 2 == 0 ? Max30102.FullScale : ir, green);
        });
        var heart = new HeartRate(Max30102.RateHz, 2);
        var sensing = new PpgSensing(chip, false, heart, new WearDetector());
        for (long now = 0; now < 20_000; now += 640)
        {
            chip.Advance(now);
            sensing.Step(true, now);
            for (var i = 0; i < 16; i++)
            {
                heart.PushMotion(i % 3, i % 2, 1000);
            }
        }

        heart.TryEstimate().ShouldBeFalse();
        heart.Refusal.ShouldBe(HeartRefusal.Saturated);
    }

    [Fact]
    public void P05_a_driver_returns_a_result_for_every_value_in_every_register()
    {
        var random = new Random(5);
        var bus = new NoiseBus(random);
        var ppg = Max30102.OnBus(bus, true);
        var accelerometer = Adxl343.OnBus(bus);
        for (var i = 0; i < 200_000; i++)
        {
            ppg.ReadBurst();
            ppg.Count.ShouldBeInRange(0, Max30102.Depth);
            accelerometer.ReadBurst();
            accelerometer.Count.ShouldBeInRange(0, 33);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_pulse_driver_hands_on_every_18_bit_sample_once_and_in_order(bool hasGreen)
    {
        var next = 0;
        var chip = new Max30102Chip(
            _ =>
            {
                var (sample, off) = (next / 2, next % 2 == 0 ? -1 : 1); // the part averages two conversions
                next++;
                return new PpgSample(262_142 - sample + off, 1 + (sample * 3) + off, 1000 + sample + off);
            },
            hasGreen);
        var driver = Max30102.OnBus(chip, hasGreen);
        driver.Validate().ShouldBe(SensorHealth.Ok);
        chip.Advance(0);
        driver.Start().ShouldBe(SensorHealth.Ok);
        var seen = 0;
        var random = new Random(1);
        long now = 0;
        while (seen < 5000)
        {
            now += random.Next(20, 600);
            chip.Advance(now);
            driver.ReadBurst().ShouldBe(SensorHealth.Ok);
            for (var i = 0; i < driver.Count; i++)
            {
                driver.Red(i).ShouldBe(262_142 - seen);
                driver.Ir(i).ShouldBe(1 + (seen * 3));
                driver.Green(i).ShouldBe(hasGreen ? 1000 + seen : 0);
                seen++;
            }
        }

        driver.Lost.ShouldBe(0);
        chip.Advance(now + 5000);
        driver.ReadBurst().ShouldBe(SensorHealth.Ok);
        driver.Count.ShouldBe(32);
        driver.Lost.ShouldBe(31, "93 were lost; the counter of the part stops at 31");
    }

    [Fact]
    public void The_accelerometer_driver_hands_on_every_sample_within_half_a_count()
    {
        var sent = new List<MotionSample>();
        var random = new Random(3);
        var chip = new Adxl343Chip(_ =>
        {
            sent.Add(
                new MotionSample(random.Next(-15_900, 15_900), random.Next(-2000, 2000), random.Next(-15_900, 15_900)));
            return sent[^1];
        });
        var driver = Adxl343.OnBus(chip);
        driver.Validate().ShouldBe(SensorHealth.Ok);
        chip.Advance(0);
        driver.Start().ShouldBe(SensorHealth.Ok);
        var seen = 0;
        for (long now = 0; seen < 3000; now += random.Next(40, 1200))
        {
            chip.Advance(now);
            driver.ReadBurst().ShouldBe(SensorHealth.Ok);
            for (var i = 0; i < driver.Count; i++, seen++)
            {
                driver.X(i).ShouldBeInRange(sent[seen].X - 4, sent[seen].X + 4);
                driver.Y(i).ShouldBeInRange(sent[seen].Y - 4, sent[seen].Y + 4);
                driver.Z(i).ShouldBeInRange(sent[seen].Z - 4, sent[seen].Z + 4);
            }
        }

        driver.Overruns.ShouldBe(0);
    }

    [Fact]
    public void On_watch_for_movement_the_accelerometer_wakes_for_a_hand_and_not_for_a_desk()
    {
        var motion = SyntheticMotion.Desk(Adxl343.RateHz, 4);
        var chip = new Adxl343Chip(_ =>
        {
            var (x, y, z) = motion.Next();
            return new MotionSample(x, y, z);
        });
        var driver = Adxl343.OnBus(chip);
        driver.WatchForMovement().ShouldBe(SensorHealth.Ok);
        chip.Advance(0);
        chip.Advance(3_600_000);
        chip.Interrupt1.ShouldBeFalse();
        motion = SyntheticMotion.Walking(Adxl343.RateHz, 4);
        chip.Advance(3_602_000);
        chip.Interrupt1.ShouldBeTrue();
    }

    private sealed class NoiseBus(Random random) : IRegisterBus
    {
        public BusResult Write(byte register, byte value) => (BusResult)random.Next(3);

        public BusResult Read(byte register, byte[] buffer, int count)
        {
            count.ShouldBeLessThanOrEqualTo(buffer.Length);
            var mask = random.Next(4) == 0 ? 0xFF : 0x1F;
            for (var i = 0; i < count; i++)
            {
                buffer[i] = (byte)(random.Next(256) & mask);
            }

            return random.Next(10) == 0 ? (BusResult)random.Next(1, 3) : BusResult.Ok;
        }

        public bool Recover() => true;
    }
}
