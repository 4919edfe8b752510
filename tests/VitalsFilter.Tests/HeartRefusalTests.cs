using ElderBand.Simulation.Signals;
using ElderBand.VitalsFilter;
using static ElderBand.Tests.VitalsFilter.Invented;

namespace ElderBand.Tests.VitalsFilter;

/// <summary>
/// Signals without a rate, or without a rate that can be trusted, and the reason that the filter gives.
/// </summary>
public sealed class HeartRefusalTests
{
    [Fact]
    public void P06_ten_hours_on_a_desk_in_a_drawer_and_of_noise_give_no_heart_rate()
    {
        // Two and a half hours in each place: on a desk in flickering room light, with the sensor on a pale desk, in a
        // dark drawer, and with plain noise.
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
    [InlineData(101.0, 50)] // the sensor's clock is 1 % off: a wave of 60 a minute, as of a heart
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
        // Two and a half hours in each place: the level drifts with the temperature; a table with a machine on it
        // shakes band and light together; somebody walks past and changes the light of the room.
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
    public void Peaks_cut_off_at_full_scale_are_refused()
    {
        var heart = new HeartRate(50, 2);
        Estimates(heart, new SyntheticPpg(50, 33) { IrLevel = 262_000, Perfusion = 0.02 }, 50, 60)
            .ShouldAllBe(static e => e.Bpm == 0 && e.Spo2 == 0);
        heart.Refusal.ShouldBe(HeartRefusal.Saturated);
    }

    [Fact]
    public void Two_sure_methods_that_disagree_report_nothing()
    {
        // The resting method reads the green channel first and finds sharp beats of 60 a minute; in all three
        // channels together most of the power is at 96 a minute.
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
}
