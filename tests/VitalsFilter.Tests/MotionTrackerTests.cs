using ElderBand.Simulation.Signals;
using ElderBand.VitalsFilter;

namespace ElderBand.Tests.VitalsFilter;

public sealed class MotionTrackerTests
{
    [Theory]
    [InlineData(1000)]
    [InlineData(100)]
    public void Spectra_of_two_signals_at_once_are_within_45_dB_of_a_double_reference(int amplitude)
    {
        var random = new Random(3);
        var first = Enumerable.Range(0, Spectrum.Samples).Select(
            i => (int)(amplitude * Math.Sin(i * 0.7) / 2) + random.Next(-amplitude / 2, amplitude / 2)).ToArray();
        var second = Enumerable.Range(0, Spectrum.Samples).Select(_ => random.Next(-amplitude, amplitude + 1))
            .ToArray();
        var (one, other) = Powers(first, second);
        SignalToNoise(first, one).ShouldBeGreaterThan(amplitude == 1000 ? 45 : 35);
        SignalToNoise(second, other).ShouldBeGreaterThan(amplitude == 1000 ? 45 : 35);
    }

    [Fact]
    public void Full_scale_square_waves_of_any_period_do_not_overflow_the_transform()
    {
        for (var half = 1; half <= Spectrum.Samples; half++)
        {
            var square = Enumerable.Range(0, Spectrum.Samples)
                .Select(i => i / half % 2 == 0 ? Spectrum.Limit : -Spectrum.Limit).ToArray();
            var opposite = square.Select(static v => -v).ToArray();
            var (one, other) = Powers(square, opposite);
            SignalToNoise(square, one).ShouldBeGreaterThan(45, $"half a period of {half}");
            SignalToNoise(opposite, other).ShouldBeGreaterThan(45, $"half a period of {half}");
        }
    }

    [Theory]
    [InlineData(25, 1)]
    [InlineData(50, 3)]
    [InlineData(125, 2)]
    public void Full_scale_light_and_16_g_leave_every_answer_in_its_range(int rateHz, int channels)
    {
        var heart = new HeartRate(rateHz, channels);
        heart.ConfigureOptics(0, false);
        for (var i = 0; i < 60 * rateHz; i++)
        {
            var level = i / (1 + (i / (10 * rateHz) * 7)) % 2 == 0 ? SyntheticPpg.FullScale : 0;
            heart.Push(level, SyntheticPpg.FullScale - level, level);
            if (i * 25 / rateHz != (i + 1) * 25 / rateHz)
            {
                var g = i / 9 % 2 == 0 ? 16000 : -16000;
                heart.PushMotion(g, -g, g);
            }

            if (i % (2 * rateHz) == 0 && i >= 4 * rateHz)
            {
                heart.TryEstimate();
                heart.Tracker.BpmX10.ShouldBeInRange(300, 2300);
            }
        }
    }

    [Theory]
    [InlineData(72, 110)]
    [InlineData(66, 95)]
    [InlineData(80, 124)]
    [InlineData(95, 60)]
    public void The_rate_of_a_walking_elder_is_the_pulse_and_never_the_stride(int bpm, int strides)
    {
        var reported = new List<double>();
        for (var seed = 1; seed <= 6; seed++)
        {
            foreach (var depth in new[] { 0.3, 1, 2 })
            {
                foreach (var (rate, _, moving) in Walk(50, 3, seed, bpm, strides, depth))
                {
                    if (moving && rate > 0)
                    {
                        reported.Add(rate);
                    }
                }
            }
        }

        var near = reported.Count(r => Math.Abs(r - bpm) < 6);
        var locked = reported.Count(r => Math.Abs(r - strides) < 10);
        near.ShouldBeGreaterThan(200, $"{near} near, {locked} locked of {reported.Count}");
        locked.ShouldBe(0, $"{near} near of {reported.Count}");
    }

    [Fact]
    public void The_rate_of_a_moving_arm_does_not_depend_on_the_lights_sign_or_scale()
    {
        var plain = Walk(50, 2, 5, 78, 104, 1).Where(static e => e.Moving).Select(static e => e.Bpm).ToList();
        var inverted = Walk(50, 2, 5, 78, 104, 1, static v => 262143 - v).Where(static e => e.Moving)
            .Select(static e => e.Bpm).ToList();
        var halved = Walk(50, 2, 5, 78, 104, 1, static v => v / 2).Where(static e => e.Moving).Select(static e => e.Bpm)
            .ToList();
        plain.Count(static b => b > 0).ShouldBeGreaterThan(25);
        plain.Zip(inverted).Count(static p => Math.Abs(p.First - p.Second) < 2)
            .ShouldBeGreaterThan(plain.Count * 9 / 10);
        plain.Zip(halved).Count(static p => Math.Abs(p.First - p.Second) < 2).ShouldBeGreaterThan(plain.Count * 9 / 10);
    }

    [Theory]
    [InlineData("noise")]
    [InlineData("drift")]
    [InlineData("the arm's own movement")]
    public void A_band_that_is_carried_and_not_worn_has_no_rate_even_where_the_level_cannot_be_judged(string light)
    {
        var random = new Random(8);
        var reported = 0;
        var asked = 0;
        for (var seed = 1; seed <= 8; seed++)
        {
            var heart = new HeartRate(50, 2);
            heart.ConfigureOptics(0, false);
            var walk = SyntheticMotion.Walking(25, seed);
            var drift = 0.0;
            var (x, y, z) = walk.Next();
            for (var i = 0; i < 50 * 600; i++)
            {
                if (i % 2 == 0)
                {
                    (x, y, z) = walk.Next();
                    heart.PushMotion(x, y, z);
                }

                drift += SyntheticNoise(random);
                var level = light switch
                {
                    "noise" => 20_000 + (300 * SyntheticNoise(random)),
                    "drift" => 20_000 + (10 * drift) + (50 * SyntheticNoise(random)),
                    _ => 20_000 + x + (z / 2) + (30 * SyntheticNoise(random)),
                };
                heart.Push((int)level, (int)(level * 1.1) + random.Next(-20, 21), 0);
                if (i % 100 == 99)
                {
                    asked++;
                    reported += heart.TryEstimate() ? 1 : 0;
                }
            }
        }

        reported.ShouldBe(0, $"of {asked}");
    }

    [Fact]
    public void The_same_samples_give_the_same_answers_after_a_reset()
    {
        var heart = new HeartRate(64, 1);
        var first = Walk(heart, 64, 1, 3, 84, 112, 1, static v => v);
        heart.Reset();
        for (var i = 0; i < 25 * 8; i++)
        {
            heart.PushMotion(0, 0, 1000);
        }

        first.ShouldNotBeEmpty();
        Walk(new HeartRate(64, 1), 64, 1, 3, 84, 112, 1, static v => v).ShouldBe(first);
    }

    [Fact]
    public void No_sample_and_no_estimate_in_motion_allocates()
    {
        var heart = new HeartRate(50, 3);
        var ppg = new SyntheticPpg(50, 17);
        var samples = Enumerable.Range(0, 2000).Select(_ => ppg.Next()).ToArray();
        void Run()
        {
            for (var i = 0; i < samples.Length; i++)
            {
                heart.Push(samples[i].Red, samples[i].Ir, samples[i].Green);
                heart.PushMotion(i % 17 * 40, 0, 1000);
                if (i % 100 == 0)
                {
                    heart.TryEstimate();
                }
            }
        }

        Run();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
        heart.Tracker.BpmX10.ShouldBeGreaterThan(0);
    }

    private static double SyntheticNoise(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private static List<(double Bpm, int Confidence, bool Moving)> Walk(
        int rateHz, int channels, int seed, int bpm, int strides, double depth, Func<int, int>? light = null) =>
        Walk(new HeartRate(rateHz, channels), rateHz, channels, seed, bpm, strides, depth, light ?? (static v => v));

    // 20 s at rest, 100 s on foot: the arm swings once for two steps, and the sensor slips with steps and swing; the
    // slip is depth times as large as the pulse.
    private static List<(double Bpm, int Confidence, bool Moving)> Walk(
        HeartRate heart, int rateHz, int channels, int seed, int bpm, int strides, double depth, Func<int, int> light)
    {
        var ppg = new SyntheticPpg(rateHz, seed) { Bpm = bpm };
        var random = new Random(seed);
        var phase = random.NextDouble() * Math.Tau;
        var said = new List<(double, int, bool)>();
        var moved = 0;
        for (var i = 0; i < 120 * rateHz; i++)
        {
            var t = (double)i / rateHz;
            var walks = t > 20 ? 1.0 : 0;
            var step = Math.Tau * strides / 60 * t;
            var slip = walks * depth * (Math.Sin(step + phase) + (0.6 * Math.Sin((2 * step) + 1))
                + (0.5 * Math.Sin((step / 2) + 2)) + (0.2 * SyntheticNoise(random)));
            var (red, ir, green) = ppg.Next();
            red += (int)(slip * 0.005 * ppg.RedLevel / 2);
            ir += (int)(slip * 0.01 * ppg.IrLevel / 2);
            green += (int)(slip * 0.03 * ppg.GreenLevel / 2);
            heart.Push(light(channels == 1 ? green : red), light(ir), light(green));
            for (; moved <= i * 25.0 / rateHz; moved++)
            {
                var s = Math.Tau * strides / 60 * moved / 25;
                heart.PushMotion(
                    (int)(walks * ((250 * Math.Sin(s / 2)) + (120 * Math.Sin(s))) + (8 * SyntheticNoise(random))),
                    (int)(walks * 150 * Math.Sin((s / 2) + 1)) + (int)(8 * SyntheticNoise(random)),
                    1000 + (int)(walks * ((200 * Math.Sin(s + 2)) + (90 * Math.Sin(2 * s))))
                        + (int)(8 * SyntheticNoise(random)));
            }

            if ((i + 1) % (2 * rateHz) == 0)
            {
                heart.TryEstimate();
                said.Add((heart.BpmX10 / 10.0, heart.Confidence, t > 20));
            }
        }

        return said;
    }

    private static (int[] First, int[] Second) Powers(int[] first, int[] second)
    {
        var spectrum = new Spectrum();
        spectrum.Load(first, false);
        spectrum.Load(second, true);
        spectrum.BeginTransform();
        spectrum.EndTransform();
        return (spectrum.First, spectrum.Second);
    }

    private static double SignalToNoise(int[] samples, int[] powers)
    {
        var signal = 0.0;
        var noise = 0.0;
        for (var k = 1; k < Spectrum.Bins; k++)
        {
            var (re, im) = (0.0, 0.0);
            for (var i = 0; i < samples.Length; i++)
            {
                var window = 0.3 + (0.7 * Math.Pow(Math.Sin(Math.PI * (i + 0.5) / samples.Length), 2));
                re += samples[i] * window * Math.Cos(Math.Tau * k * i / 256);
                im -= samples[i] * window * Math.Sin(Math.Tau * k * i / 256);
            }

            var amplitude = Math.Sqrt((re * re) + (im * im));
            signal += amplitude * amplitude;
            noise += Math.Pow(amplitude - Math.Sqrt(powers[k] * 64.0), 2);
        }

        return 10 * Math.Log10(signal / noise);
    }
}
