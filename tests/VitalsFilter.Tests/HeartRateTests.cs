using ElderBand.Simulation.Signals;
using ElderBand.VitalsFilter;

namespace ElderBand.Tests.VitalsFilter;

public sealed class HeartRateTests
{
    public static TheoryData<int, int, int> RatesAndHearts()
    {
        var data = new TheoryData<int, int, int>();
        foreach (var rateHz in new[] { 25, 30, 50, 64, 100, 125 })
        {
            foreach (var bpm in new[] { 40, 55, 72, 90, 120, 160 })
            {
                data.Add(rateHz, bpm, 1 + (bpm % 3));
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(RatesAndHearts))]
    public void A_resting_pulse_is_counted_within_two_beats_at_every_rate_and_with_one_to_three_channels(
        int rateHz, int bpm, int channels)
    {
        var heart = new HeartRate(rateHz, channels);
        var reported = Estimates(heart, new SyntheticPpg(rateHz, bpm) { Bpm = bpm }, rateHz, 120)
            .Where(static e => e.Bpm > 0).ToList();
        reported.Count.ShouldBeGreaterThan(40);
        // Invented breathing moves the interval by 1.5 % and the beats by 2 %; the mean must be right and no value far
        // off.
        reported.Average(static e => e.Bpm).ShouldBe(bpm, 1 + (bpm * 0.005));
        reported.ShouldAllBe(e => Math.Abs(e.Bpm - bpm) < 2 + (bpm * 0.05));
    }

    [Fact]
    public void After_a_hole_the_last_guess_stands_unreported_and_after_a_reset_there_is_none()
    {
        var heart = new HeartRate(50, 2);
        var ppg = new SyntheticPpg(50, 4) { Bpm = 72 };
        Estimates(heart, ppg, 50, 20).Last().Bpm.ShouldBe(72, 3);
        heart.Gap(100);
        heart.TryEstimate().ShouldBeFalse();
        heart.Refusal.ShouldBe(HeartRefusal.Warmup);
        heart.GuessBpmX10.ShouldBeInRange(690, 750);
        heart.BpmX10.ShouldBe(0);
        heart.Reset();
        heart.TryEstimate().ShouldBeFalse();
        heart.GuessBpmX10.ShouldBe(0);
    }

    [Theory]
    [InlineData(0.2)]
    [InlineData(0.5)]
    [InlineData(0.8)]
    public void A_dicrotic_notch_never_doubles_the_rate(double dicrotic)
    {
        foreach (var bpm in new[] { 45, 60, 75, 95 })
        {
            foreach (var e in Estimates(
                new HeartRate(50, 2), new SyntheticPpg(50, bpm) { Bpm = bpm, Dicrotic = dicrotic }, 50, 120))
            {
                if (e.Bpm > 0)
                {
                    e.Bpm.ShouldBeLessThan(bpm * 1.3);
                }
            }
        }
    }

    [Fact]
    public void The_rate_does_not_move_in_steps_of_whole_samples()
    {
        // At 25 Hz whole-sample intervals around 150 bpm are 6 to 15 bpm apart; a slow rise must show values between
        // them.
        var heart = new HeartRate(25, 2);
        var ppg = new SyntheticPpg(25, 5) { Bpm = 140, Irregularity = 0.002 };
        var seen = new SortedSet<int>();
        for (var i = 0; i < 25 * 180; i++)
        {
            ppg.Bpm = 140 + (10.0 * i / (25 * 180));
            var (red, ir, _) = ppg.Next();
            heart.Push(red, ir, 0);
            if (i % 25 == 24 && heart.TryEstimate())
            {
                seen.Add(heart.BpmX10);
                (heart.BpmX10 / 10.0).ShouldBe(ppg.Bpm, 5);
            }
        }

        seen.Count.ShouldBeGreaterThan(30);
        seen.Zip(seen.Skip(1), static (a, b) => b - a).Max().ShouldBeLessThan(20);
    }

    [Fact]
    public void Red_times_infrared_does_not_overflow_at_full_level()
    {
        var heart = new HeartRate(125, 2);
        var ppg = new SyntheticPpg(125, 3) { RedLevel = 250_000, IrLevel = 255_000, Perfusion = 0.02, Spo2 = 95 };
        Estimates(heart, ppg, 125, 60).Where(static e => e.Spo2 > 0)
            .ShouldAllBe(static e => Math.Abs(e.Spo2 - 95) <= 1);
        heart.Spo2X10.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Eighteen_bit_values_survive()
    {
        // The same wave on top of 0, 65,536 and 131,072 counts: through 16 bits the level, and with it the perfusion,
        // would be lost.
        foreach (var level in new[] { 66_000, 131_500, 200_000 })
        {
            var heart = new HeartRate(100, 2);
            var estimates = Estimates(
                heart, new SyntheticPpg(100, 4) { IrLevel = level, RedLevel = level, Bpm = 66 }, 100, 30);
            estimates.Count(static e => e.Bpm > 0).ShouldBeGreaterThan(8);
            estimates.Where(static e => e.Bpm > 0).ShouldAllBe(static e => Math.Abs(e.Bpm - 66) < 5);
        }
    }

    [Theory]
    [InlineData(62)]
    [InlineData(66)]
    public void Spo2_under_70_is_refused(double spo2)
    {
        Estimates(new HeartRate(100, 2), new SyntheticPpg(100, 6) { Spo2 = spo2, Perfusion = 0.02 }, 100, 60)
            .ShouldAllBe(static e => e.Spo2 == 0);
    }

    [Theory]
    [InlineData(80)]
    [InlineData(90)]
    [InlineData(97)]
    public void Spo2_of_an_invented_pulse_comes_back_in_whole_percent(double spo2)
    {
        var estimates = Estimates(
            new HeartRate(100, 2), new SyntheticPpg(100, 8) { Spo2 = spo2, Perfusion = 0.02 }, 100, 60);
        var reported = estimates.Where(static e => e.Spo2 > 0).ToList();
        reported.Count.ShouldBeGreaterThan(15);
        reported.ShouldAllBe(e => Math.Abs(e.Spo2 - spo2) <= 1.5 && e.Spo2 == Math.Round(e.Spo2));
    }

    [Fact]
    public void P06_ten_hours_on_a_desk_in_a_drawer_and_of_noise_give_no_heart_rate()
    {
        // Two and a half hours each: bare with flickering room light, a pale desk under the sensor, a dark drawer,
        // plain noise.
        var random = new Random(9);
        var drift = 0.0;
        (string Name, Func<int, int> Level)[] places =
        [
            ("lit desk", i => (int)(4_000 + (1500 * Math.Sin(i * 0.011)) + (60 * Gauss(random)))),
            ("pale desk against the sensor", i => (int)(110_000 + (drift += Gauss(random)) + (15 * Gauss(random)))),
            ("drawer", i => (int)Math.Abs(150 + (10 * Gauss(random)))),
            ("noise", i => random.Next(0, SyntheticPpg.FullScale + 1)),
        ];
        foreach (var (name, level) in places)
        {
            var heart = new HeartRate(50, 2);
            var reported = 0;
            for (var i = 0; i < 50 * 9000; i++)
            {
                var ir = level(i);
                heart.Push((int)(ir * 0.85), ir, 0);
                if (i % 50 == 0 && heart.TryEstimate())
                {
                    reported++;
                }
            }

            reported.ShouldBe(0, name);
        }
    }

    [Theory]
    [InlineData(99.8, 50)] // mains at 49.9 Hz: twice that, sampled at 50 Hz, is a wave of 12 a minute
    [InlineData(101.0, 50)] // the sensor's clock 1 % off: 60 a minute, a heart to anyone who only counts
    [InlineData(101.3, 50)]
    [InlineData(102.5, 50)]
    [InlineData(98.2, 50)]
    [InlineData(120.0 * 1.01, 60)]
    [InlineData(100.0 * 1.015, 25)]
    public void P06_lamp_light_near_the_sampling_rate_is_never_a_heart_rate(double flickerHz, int rateHz)
    {
        foreach (var (level, depth) in new[] { (110_000, 300), (110_000, 3_000), (20_000, 1_000) })
        {
            var random = new Random(rateHz);
            var heart = new HeartRate(rateHz, 2);
            for (var i = 0; i < rateHz * 900; i++)
            {
                var lamp = (depth * Math.Sin(Math.Tau * flickerHz * i / rateHz)) + (10 * Gauss(random));
                heart.Push((int)((level * 0.9) + lamp), (int)(level + lamp), 0);
                if (i % (2 * rateHz) == 0)
                {
                    heart.TryEstimate().ShouldBeFalse($"{heart.BpmX10} of {depth} on {level}");
                }
            }
        }
    }

    [Fact]
    public void P06_a_warming_sensor_and_a_shaken_table_give_no_heart_rate()
    {
        // Two and a half hours each: the level drifts with the temperature; a table with a machine on it shakes band
        // and light together; somebody walks past and changes the room's light.
        var random = new Random(19);
        (string Name, Func<int, (double Light, double Mg)> At)[] places =
        [
            ("warming", i => (90_000 + (8_000 * Math.Sin(i / 90_000.0)) + (300 * Math.Sin(i / 2_500.0)), 0)),
            ("shaken at 1.2 Hz", i =>
                (60_000 + (500 * Math.Sin(Math.Tau * 1.2 * i / 50)), 60 * Math.Sin(Math.Tau * 1.2 * i / 50))),
            ("washing machine", i => (60_000 + (400 * Math.Sin(Math.Tau * 13.3 * i / 50)) + (i / 3_000 % 2 * 4_000),
                25 * Math.Sin(Math.Tau * 13.3 * i / 50))),
            ("people walking past", i => (30_000 + (i / 37 % 5 == 0 ? 2_500 : 0) + (i / 211 % 3 * 900), 0)),
        ];
        foreach (var (name, at) in places)
        {
            var heart = new HeartRate(50, 2);
            for (var i = 0; i < 50 * 9000; i++)
            {
                var (light, mg) = at(i);
                var ir = (int)(light + (12 * Gauss(random)));
                heart.Push((int)(ir * 0.85), ir, 0);
                if (i % 2 == 0)
                {
                    heart.PushMotion((int)(mg + (4 * Gauss(random))), 0, 1000);
                }

                if (i % 100 == 0)
                {
                    heart.TryEstimate().ShouldBeFalse($"{name}: {heart.BpmX10}");
                }
            }
        }
    }

    [Theory]
    [InlineData(0.001, false)]
    [InlineData(0.002, true)]
    [InlineData(0.003, true)]
    [InlineData(0.005, true)]
    [InlineData(0.01, true)]
    [InlineData(0.02, true)]
    public void Perfusion_from_a_thousandth_to_a_fiftieth_is_read_or_refused_but_never_wrong(
        double perfusion, bool mostly)
    {
        var estimates = Estimates(new HeartRate(50, 2),
            new SyntheticPpg(50, 31) { Perfusion = perfusion, NoiseCounts = 12, Bpm = 78 }, 50, 300);
        var reported = estimates.Where(static e => e.Bpm > 0).ToList();
        reported.ShouldAllBe(static e => Math.Abs(e.Bpm - 78) < 6);
        if (mostly)
        {
            reported.Count.ShouldBeGreaterThan(estimates.Count / 2);
        }
    }

    [Theory]
    [InlineData(58)]
    [InlineData(74)]
    [InlineData(92)]
    public void Single_extra_beats_do_not_move_the_rate(int bpm)
    {
        // Every seven seconds one beat comes early and the next one late.
        var ppg = new SyntheticPpg(50, 32);
        var heart = new HeartRate(50, 2);
        var reported = 0;
        for (var i = 0; i < 50 * 300; i++)
        {
            var ms = i * 20 % 7000;
            ppg.Bpm = ms < 600 ? bpm * 1.5 : ms < 1600 ? bpm * 0.75 : bpm;
            var (red, ir, _) = ppg.Next();
            heart.Push(red, ir, 0);
            if (i % 100 == 99 && heart.TryEstimate())
            {
                reported++;
                (heart.BpmX10 / 10.0).ShouldBe(bpm, bpm * 0.12);
            }
        }

        reported.ShouldBeGreaterThan(20);
    }

    [Theory]
    [InlineData(70, 0.2)]
    [InlineData(95, 0.25)]
    [InlineData(130, 0.22)]
    public void Reports_in_fibrillation_are_rare_and_near_the_mean_rate(int bpm, double irregularity)
    {
        var estimates = Estimates(new HeartRate(50, 2),
            new SyntheticPpg(50, bpm) { Bpm = bpm, Irregularity = irregularity }, 50, 900).Skip(5).ToList();
        estimates.Count(static e => e.Bpm > 0).ShouldBeLessThan(estimates.Count / 12);
        estimates.Where(static e => e.Bpm > 0).ShouldAllBe(e => Math.Abs(e.Bpm - bpm) < bpm * 0.25);
        estimates.ShouldContain(static e => e.Refusal == HeartRefusal.Irregular || e.Refusal == HeartRefusal.NoSignal);
    }

    [Fact]
    public void Peaks_cut_off_at_full_scale_are_refused()
    {
        var heart = new HeartRate(50, 2);
        Estimates(heart, new SyntheticPpg(50, 33) { IrLevel = 262_000, Perfusion = 0.02 }, 50, 60)
            .ShouldAllBe(static e => e.Bpm == 0 && e.Spo2 == 0);
        heart.Refusal.ShouldBe(HeartRefusal.Saturated);
    }

    [Fact]
    public void Where_one_channel_is_dark_the_others_are_read()
    {
        var ppg = new SyntheticPpg(50, 34) { Bpm = 66 };
        var heart = new HeartRate(50, 3);
        heart.ConfigureOptics(0, false);
        for (var i = 0; i < 50 * 12; i++)
        {
            heart.Push(ppg.Next().Red, 0, i % 3);
        }

        heart.TryEstimate().ShouldBeTrue(heart.Refusal.ToString());
        heart.BpmX10.ShouldBeInRange(640, 680);
    }

    [Fact]
    public void A_filtered_recording_may_be_inverted()
    {
        foreach (var sign in new[] { 1, -1 })
        {
            var ppg = new SyntheticPpg(50, 35) { Bpm = 66, Dicrotic = 0.6 };
            var heart = new HeartRate(50, 1);
            heart.ConfigureOptics(0, false);
            for (var i = 0; i < 50 * 12; i++)
            {
                heart.Push(sign * (ppg.Next().Ir - 104_000), 0, 0);
            }

            heart.TryEstimate().ShouldBeTrue(heart.Refusal.ToString());
            heart.BpmX10.ShouldBeInRange(640, 680);
        }
    }

    [Fact]
    public void Two_sure_methods_that_disagree_report_nothing()
    {
        // The resting method asks the green channel first and hears sharp beats of 60; most of the power in all three
        // is at 96.
        var quick = new SyntheticPpg(50, 6) { Bpm = 96, Perfusion = 0.02 };
        var alone = new HeartRate(50, 1);
        var heart = new HeartRate(50, 3);
        for (var i = 0; i < 50 * 60; i++)
        {
            var green = 100_000 - (int)(2000 * Math.Exp(-(i % 50) / 5.0));
            var other = quick.Next();
            heart.Push(other.Red, other.Ir, green);
            alone.Push(green, 0, 0);
            if (i % 100 == 99 && i > 50 * 20)
            {
                alone.TryEstimate();
                heart.TryEstimate();
                if (i > 50 * 32)
                {
                    alone.BpmX10.ShouldBe(600);
                    heart.Tracker.BpmX10.ShouldBeInRange(920, 1000);
                    heart.BpmX10.ShouldBe(0);
                    heart.Refusal.ShouldBe(HeartRefusal.Disagree);
                }
            }
        }
    }

    [Fact]
    public void A_camera_follows_the_red_level_down_to_90_and_says_nothing_below_and_nothing_at_first()
    {
        var ppg = new SyntheticPpg(30, 36) { Bpm = 66, Perfusion = 0.02 };
        var heart = new HeartRate(30, 1);
        heart.ConfigureOptics(0, true);
        heart.ConfigureOxygenTrend(36_500, 61_000, 0);
        var seen = new List<(double Level, int Spo2X10)>();
        for (var i = 0; i < 30 * 400; i++)
        {
            var level = i < 30 * 100 ? 1 : 1 - (0.2 * (i - 3000) / 9000.0);
            heart.Push((int)(ppg.Next().Red * level), 0, 0);
            if (i % 60 == 59)
            {
                heart.TryEstimate();
                seen.Add((level, heart.Spo2X10));
            }
        }

        seen.Take(12).ShouldAllBe(static s => s.Spo2X10 == 0);
        seen.Skip(20).Take(28).ShouldAllBe(static s => s.Spo2X10 >= 970 && s.Spo2X10 <= 980);
        seen.Where(static s => s.Level is < 0.93 and > 0.9)
            .ShouldAllBe(static s => s.Spo2X10 >= 910 && s.Spo2X10 <= 950);
        seen.Where(static s => s.Level < 0.84).ShouldAllBe(static s => s.Spo2X10 == 0);
    }

    [Theory]
    [InlineData(18)]
    [InlineData(24)]
    [InlineData(31)]
    [InlineData(40)]
    public void P06_breathing_is_never_a_heart_rate(int breathsPerMinute)
    {
        var heart = new HeartRate(50, 2);
        var random = new Random(breathsPerMinute);
        for (var i = 0; i < 50 * 300; i++)
        {
            var ir = (int)(100_000 + (400 * Math.Sin(Math.Tau * breathsPerMinute * i / 3000.0)) + (8 * Gauss(random)));
            heart.Push(ir, ir, 0);
            if (i % 50 == 0)
            {
                heart.TryEstimate().ShouldBeFalse();
            }
        }
    }

    [Fact]
    public void P06_steps_of_room_light_never_give_a_wrong_rate()
    {
        var heart = new HeartRate(50, 2);
        var ppg = new SyntheticPpg(50, 10) { Bpm = 64 };
        var random = new Random(10);
        for (var i = 0; i < 50 * 1200; i++)
        {
            if (i % 50 == 0 && random.Next(5) == 0)
            {
                ppg.Ambient = random.Next(0, 20_000);
            }

            var (red, ir, _) = ppg.Next();
            heart.Push(red, ir, 0);
            if (i % 100 == 99 && heart.TryEstimate())
            {
                (heart.BpmX10 / 10.0).ShouldBe(64, 8);
            }
        }
    }

    [Fact]
    public void Weak_perfusion_is_refused_as_such()
    {
        var heart = new HeartRate(50, 2);
        Estimates(heart, new SyntheticPpg(50, 11) { Perfusion = 0.0004, NoiseCounts = 2 }, 50, 30)
            .ShouldAllBe(static e => e.Bpm == 0);
        heart.Refusal.ShouldBe(HeartRefusal.LowPerfusion);
    }

    [Fact]
    public void Saturation_is_refused_as_such()
    {
        var heart = new HeartRate(50, 2);
        Estimates(heart, new SyntheticPpg(50, 12) { IrLevel = 280_000 }, 50, 30).ShouldAllBe(static e => e.Bpm == 0);
        heart.Refusal.ShouldBe(HeartRefusal.Saturated);
    }

    [Fact]
    public void A_band_off_the_wrist_is_refused_as_not_worn()
    {
        var heart = new HeartRate(50, 2);
        Estimates(heart, new SyntheticPpg(50, 13) { Worn = false }, 50, 30).ShouldAllBe(static e => e.Bpm == 0);
        heart.Refusal.ShouldBe(HeartRefusal.NotWorn);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100_000)]
    [InlineData(SyntheticPpg.FullScale)]
    [InlineData(-1)]
    [InlineData(SyntheticPpg.FullScale + 1)]
    public void P05_a_frozen_or_impossible_stream_never_gives_a_value(int counts)
    {
        var heart = new HeartRate(50, 2);
        for (var i = 0; i < 50 * 60; i++)
        {
            heart.Push(counts, counts, counts);
            if (i % 50 == 0)
            {
                heart.TryEstimate().ShouldBeFalse();
            }
        }

        heart.Refusal.ShouldBeOneOf(HeartRefusal.SensorFault, HeartRefusal.NotWorn, HeartRefusal.Saturated);
        heart.Spo2X10.ShouldBe(0);
    }

    [Fact]
    public void Movement_of_the_arm_is_refused_and_rest_is_not()
    {
        var heart = new HeartRate(50, 2);
        var ppg = new SyntheticPpg(50, 14);
        var rest = SyntheticMotion.Resting(25, 14);
        var walk = SyntheticMotion.Walking(25, 14);
        bool Run(SyntheticMotion motion)
        {
            for (var i = 0; i < 50 * 12; i++)
            {
                var (red, ir, _) = ppg.Next();
                heart.Push(red, ir, 0);
                if (i % 2 == 0)
                {
                    var (x, y, z) = motion.Next();
                    heart.PushMotion(x, y, z);
                }
            }

            return heart.TryEstimate();
        }

        Run(rest).ShouldBeTrue(heart.Refusal.ToString());
        Run(walk).ShouldBeFalse();
        heart.Refusal.ShouldBe(HeartRefusal.Motion);
        Run(rest).ShouldBeTrue(heart.Refusal.ToString());
    }

    [Fact]
    public void A_silent_accelerometer_is_a_sensor_fault_because_motion_is_then_unknown()
    {
        var heart = new HeartRate(50, 2);
        heart.PushMotion(0, 0, 1000);
        Estimates(heart, new SyntheticPpg(50, 15), 50, 30).Skip(8).ShouldAllBe(static e => e.Bpm == 0);
        heart.Refusal.ShouldBe(HeartRefusal.SensorFault);
    }

    [Fact]
    public void Atrial_fibrillation_is_refused_rather_than_averaged()
    {
        var heart = new HeartRate(50, 2);
        var estimates = Estimates(heart, new SyntheticPpg(50, 16) { Bpm = 95, Irregularity = 0.22 }, 50, 600).Skip(5)
            .ToList();
        estimates.Count(static e => e.Bpm > 0).ShouldBeLessThan(estimates.Count / 20);
    }

    [Fact]
    public void Confidence_is_the_border_of_every_report()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var ppg = new SyntheticPpg(50, seed) { Irregularity = 0.02 * seed, NoiseCounts = 20 * seed };
            foreach (var e in Estimates(new HeartRate(50, 2), ppg, 50, 60))
            {
                (e.Bpm > 0).ShouldBe(e.Refusal == HeartRefusal.None);
                if (e.Bpm > 0)
                {
                    e.Confidence.ShouldBeInRange(HeartRate.ReportConfidence, 100);
                    e.Bpm.ShouldBeInRange(30, 240);
                }
            }
        }
    }

    [Fact]
    public void Full_scale_square_waves_agree_with_a_64_bit_reference()
    {
        // A square wave of full swing at 75 a minute: sums, products and the ratio at their largest. Its red and
        // infrared are the same wave at the same level, so R is 1 exactly; any overflow on the way would move it.
        foreach (var rateHz in new[] { 25, 50, 100, 125 })
        {
            var heart = new HeartRate(rateHz, 3);
            var half = rateHz * 2 / 5;
            for (var i = 0; i < rateHz * 30; i++)
            {
                var counts = i / half % 2 == 0 ? 6_000 : 260_000;
                heart.Push(counts, counts, counts);
            }

            heart.TryEstimate();
            heart.GuessBpmX10.ShouldBeInRange(735, 765);
            if (heart.RatioX1000 != 0)
            {
                heart.RatioX1000.ShouldBeInRange(999, 1001);
            }
        }
    }

    [Fact]
    public void No_sample_and_no_estimate_allocates()
    {
        var heart = new HeartRate(50, 3);
        var ppg = new SyntheticPpg(50, 17);
        var samples = Enumerable.Range(0, 3000).Select(_ => ppg.Next()).ToArray();
        void Run()
        {
            for (var i = 0; i < samples.Length; i++)
            {
                heart.Push(samples[i].Red, samples[i].Ir, samples[i].Green);
                heart.PushMotion(0, 0, 1000);
                if (i % 50 == 0)
                {
                    heart.TryEstimate();
                }
            }
        }

        Run();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
        heart.BpmX10.ShouldBeGreaterThan(0);
    }

    private static double Gauss(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(Math.Tau * random.NextDouble());

    private static List<(double Bpm, int Confidence, HeartRefusal Refusal, double Spo2)> Estimates(
        HeartRate heart, SyntheticPpg ppg, int rateHz, int seconds)
    {
        var estimates = new List<(double, int, HeartRefusal, double)>();
        for (var i = 0; i < seconds * rateHz; i++)
        {
            var (red, ir, green) = ppg.Next();
            heart.Push(red, ir, green);
            if ((i + 1) % (2 * rateHz) == 0)
            {
                heart.TryEstimate();
                estimates.Add((heart.BpmX10 / 10.0, heart.Confidence, heart.Refusal, heart.Spo2X10 / 10.0));
            }
        }

        return estimates;
    }
}
