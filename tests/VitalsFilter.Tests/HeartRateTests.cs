using ElderBand.Simulator.Signals;
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
    public void A_resting_pulse_is_counted_within_two_beats_at_every_rate_and_with_one_to_three_channels(int rateHz, int bpm, int channels)
    {
        var heart = new HeartRate(rateHz, channels);
        var reported = Estimates(heart, new SyntheticPpg(rateHz, bpm) { Bpm = bpm }, rateHz, 120).Where(static e => e.Bpm > 0).ToList();
        reported.Count.ShouldBeGreaterThan(40);
        // Invented breathing moves the interval by 1.5 % and the beats by 2 %; the mean must be right and no value far off.
        reported.Average(static e => e.Bpm).ShouldBe(bpm, 1 + (bpm * 0.005));
        reported.ShouldAllBe(e => Math.Abs(e.Bpm - bpm) < 2 + (bpm * 0.05));
    }

    [Theory]
    [InlineData(0.2)]
    [InlineData(0.5)]
    [InlineData(0.8)]
    public void A_dicrotic_notch_never_doubles_the_rate(double dicrotic)
    {
        foreach (var bpm in new[] { 45, 60, 75, 95 })
        {
            foreach (var e in Estimates(new HeartRate(50, 2), new SyntheticPpg(50, bpm) { Bpm = bpm, Dicrotic = dicrotic }, 50, 120))
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
        // At 25 Hz whole-sample intervals around 150 bpm are 6 to 15 bpm apart; a slow rise must show values between them.
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
        Estimates(heart, ppg, 125, 60).Where(static e => e.Spo2 > 0).ShouldAllBe(static e => Math.Abs(e.Spo2 - 95) <= 1);
        heart.Spo2X10.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Eighteen_bit_values_survive()
    {
        // The same wave on top of 0, 65,536 and 131,072 counts: through 16 bits the level, and with it the perfusion, would be lost.
        foreach (var level in new[] { 66_000, 131_500, 200_000 })
        {
            var heart = new HeartRate(100, 2);
            var estimates = Estimates(heart, new SyntheticPpg(100, 4) { IrLevel = level, RedLevel = level, Bpm = 66 }, 100, 30);
            estimates.Count(static e => e.Bpm > 0).ShouldBeGreaterThan(8);
            estimates.Where(static e => e.Bpm > 0).ShouldAllBe(static e => Math.Abs(e.Bpm - 66) < 5);
        }
    }

    [Theory]
    [InlineData(62)]
    [InlineData(66)]
    public void Spo2_under_70_is_refused(double spo2)
    {
        Estimates(new HeartRate(100, 2), new SyntheticPpg(100, 6) { Spo2 = spo2, Perfusion = 0.02 }, 100, 60).ShouldAllBe(static e => e.Spo2 == 0);
    }

    [Theory]
    [InlineData(80)]
    [InlineData(90)]
    [InlineData(97)]
    public void Spo2_of_an_invented_pulse_comes_back_in_whole_percent(double spo2)
    {
        var estimates = Estimates(new HeartRate(100, 2), new SyntheticPpg(100, 8) { Spo2 = spo2, Perfusion = 0.02 }, 100, 60);
        var reported = estimates.Where(static e => e.Spo2 > 0).ToList();
        reported.Count.ShouldBeGreaterThan(15);
        reported.ShouldAllBe(e => Math.Abs(e.Spo2 - spo2) <= 1.5 && e.Spo2 == Math.Round(e.Spo2));
    }

    [Fact]
    public void P06_ten_hours_on_a_desk_in_a_drawer_and_of_noise_give_no_heart_rate()
    {
        // Two and a half hours each: bare with flickering room light, a pale desk under the sensor, a dark drawer, plain noise.
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
        Estimates(heart, new SyntheticPpg(50, 11) { Perfusion = 0.0004, NoiseCounts = 2 }, 50, 30).ShouldAllBe(static e => e.Bpm == 0);
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
        var estimates = Estimates(heart, new SyntheticPpg(50, 16) { Bpm = 95, Irregularity = 0.22 }, 50, 600).Skip(5).ToList();
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
        // A square wave of full swing at 75 a minute: sums, products and the ratio at their largest. Its red and infrared
        // are the same wave at the same level, so R is 1 exactly; any overflow on the way would move it.
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

    private static double Gauss(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(Math.Tau * random.NextDouble());

    private static List<(double Bpm, int Confidence, HeartRefusal Refusal, double Spo2)> Estimates(HeartRate heart, SyntheticPpg ppg, int rateHz, int seconds)
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
