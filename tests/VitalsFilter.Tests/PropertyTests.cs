using System.Reflection;
using ElderBand.Simulation.Signals;
using ElderBand.VitalsFilter;

namespace ElderBand.Tests.VitalsFilter;

/// <summary>What holds for every signal, tried on many.</summary>
public sealed class PropertyTests
{
    private static readonly int[][] Orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

    /// <summary>Left wrist, right wrist, upside down, any axis forward: exactly the same.</summary>
    [Theory]
    [InlineData(25)]
    [InlineData(50)]
    public void Mirrored_and_exchanged_axes_change_no_verdict_and_no_score(int rateHz)
    {
        for (var seed = 1; seed <= 4; seed++)
        {
            var samples = Samples(SyntheticMotion.FallSequence(rateHz, seed, 8000), 40 * rateHz);
            var expected = Events(rateHz, samples);
            expected.ShouldContain(static e => e.Verdict == FallVerdict.Suspected);
            foreach (var order in Orders)
            {
                for (var signs = 0; signs < 8; signs++)
                {
                    int Axis(int[] s, int i) => (signs & (1 << i)) == 0 ? s[order[i]] : -s[order[i]];
                    Events(rateHz, [.. samples.Select(s => new[] { Axis(s, 0), Axis(s, 1), Axis(s, 2) })])
                        .ShouldBe(expected);
                }
            }
        }
    }

    [Fact]
    public void A_band_turned_on_the_wrist_changes_no_verdict()
    {
        var random = new Random(8);
        for (var turn = 0; turn < 40; turn++)
        {
            var (a, b) = (random.NextDouble() * Math.Tau, random.NextDouble() * Math.Tau);
            var samples = Samples(SyntheticMotion.FallSequence(50, 3, 8000), 2000);
            var turned = samples.Select(s => Turned(s, a, b)).ToArray();
            Events(50, turned).Where(static e => e.Verdict != FallVerdict.None).Select(static e => e.Verdict)
                .ShouldBe(
                    Events(50, samples).Where(static e => e.Verdict != FallVerdict.None).Select(static e => e.Verdict));
        }

        static int[] Turned(int[] s, double a, double b)
        {
            var (x, y) = ((s[0] * Math.Cos(a)) - (s[1] * Math.Sin(a)), (s[0] * Math.Sin(a)) + (s[1] * Math.Cos(a)));
            return [(int)Math.Round((x * Math.Cos(b)) - (s[2] * Math.Sin(b))), (int)Math.Round(y),
                (int)Math.Round((x * Math.Sin(b)) + (s[2] * Math.Cos(b)))];
        }
    }

    [Theory]
    [InlineData(25)]
    [InlineData(50)]
    public void A_fall_is_the_same_fall_at_any_time(int rateHz)
    {
        var fall = Samples(SyntheticMotion.FallSequence(rateHz, 5, 8000), 20 * rateHz);
        var before = Samples(SyntheticMotion.Resting(rateHz, 6), 3 * rateHz);
        var expected = Events(rateHz, fall);
        for (var shift = 1; shift < 3 * rateHz; shift += 4)
        {
            Events(rateHz, [.. before[..shift], .. fall]).Select(e => e with { Sample = e.Sample - shift })
                .ShouldBe(expected);
        }
    }

    [Fact]
    public void No_constant_input_ever_gives_a_verdict_a_step_or_a_heart_rate()
    {
        var random = new Random(9);
        for (var run = 0; run < 60; run++)
        {
            var fall = new FallDetector(run % 2 == 0 ? 25 : 50);
            var activity = new Activity(25);
            var heart = new HeartRate(50, 1 + (run % 3));
            heart.ConfigureOptics(0, run % 4 < 2);
            var (x, y, z) = (random.Next(-16000, 16001), random.Next(-16000, 16001), random.Next(-16000, 16001));
            var (red, ir, green) = (random.Next(262144), random.Next(262144), random.Next(262144));
            for (var i = 0; i < 50 * 100; i++)
            {
                fall.Push(x, y, z).ShouldNotBeOneOf(FallVerdict.Suspected, FallVerdict.SuspectedLate);
                activity.Push(fall.Square);
                heart.Push(red, ir, green);
                heart.PushMotion(x, y, z);
                if (i % 100 == 99)
                {
                    heart.TryEstimate().ShouldBeFalse();
                    heart.Spo2X10.ShouldBe(0);
                }
            }

            activity.TakeSteps().ShouldBe(0);
        }
    }

    [Theory]
    [InlineData(0.4)]
    [InlineData(0.7)]
    [InlineData(1.5)]
    [InlineData(2.2)]
    public void The_height_of_the_pulse_does_not_move_the_rate(double scale)
    {
        foreach (var bpm in new[] { 50, 72, 110, 150 })
        {
            Rate(bpm, scale).ShouldBe(Rate(bpm, 1), 10, $"{bpm} bpm");
        }

        static double Rate(int bpm, double scale)
        {
            var ppg = new SyntheticPpg(50, 3)
            {
                Bpm = bpm,
                RedLevel = 88_000 * scale,
                IrLevel = 104_000 * scale,
                GreenLevel = 42_000 * scale,
                NoiseCounts = 5
            };
            var heart = new HeartRate(50, 3);
            for (var i = 0; i < 20 * 50; i++)
            {
                var (red, ir, green) = ppg.Next();
                heart.Push(red, ir, green);
            }

            heart.TryEstimate().ShouldBeTrue($"{bpm} bpm x {scale}: {heart.Refusal}");
            return heart.BpmX10;
        }
    }

    [Fact]
    public void No_integers_make_a_filter_throw()
    {
        var random = new Random(10);
        int[] extremes = [
            int.MinValue, int.MinValue + 1, -262144, -1, 0, 1, 16000, 262143, 262144, int.MaxValue - 1, int.MaxValue];
        int Any() => random.Next(2) == 0 ? extremes[random.Next(extremes.Length)] : unchecked((int)random.NextInt64());
        for (var run = 0; run < 40; run++)
        {
            var fall = new FallDetector(Any());
            var activity = new Activity(Any());
            var wear = new WearDetector();
            var heart = new HeartRate(
                run % 5 == 0 ? Any() : 25 + random.Next(101), run % 7 == 0 ? Any() : random.Next(1, 4));
            heart.ConfigureOptics(Any(), run % 2 == 0);
            heart.ConfigureOxygenCurve(Any(), Any(), Any());
            fall.Configure((byte)Any(), run % 3 == 0);
            for (var i = 0; i < 3000; i++)
            {
                fall.Push(Any(), Any(), Any());
                activity.Push(fall.Square);
                heart.Push(Any(), Any(), Any());
                heart.PushMotion(Any(), Any(), Any());
                wear.PushIr(Any());
                if (i % 200 == 0)
                {
                    heart.TryEstimate();
                    wear.Step(Math.Abs(Any() / 2));
                }
            }
        }
    }

    /// <summary>
    /// The band-pass before the beats, against the same in floating point: what rounding adds is 50 dB down.
    /// </summary>
    [Theory]
    [InlineData(25)]
    [InlineData(50)]
    [InlineData(100)]
    [InlineData(125)]
    public void Rounding_stays_50_dB_below_the_pulse_wave(int rateHz)
    {
        var fold = rateHz / 25;
        var length = 8 * rateHz / fold;
        var ppg = new SyntheticPpg(rateHz, 12) { Bpm = 80, Perfusion = 0.005 };
        var ring = new int[length];
        for (var i = 0; i < length * fold; i++)
        {
            ring[i / fold] += ppg.Next().Ir;
        }

        var pulse = new PulseWave(rateHz, fold, length);
        pulse.Smooth(ring);
        pulse.Scale(false);
        var wave = pulse.Values;

        var smooth = Around([.. ring.Select(static v => -(double)v)], rateHz * 60 / (1000 * fold));
        for (var pass = 0; pass < 2; pass++)
        {
            var level = Around(smooth, rateHz * 600 / (1000 * fold));
            smooth = [.. smooth.Zip(level, static (a, b) => a - b)];
        }

        var limit = 3 * smooth.Average(Math.Abs);
        var exact = smooth.Select(v => Math.Clamp(v * 1000 / limit, -1000, 1000)).ToArray();
        var error = exact.Zip(wave, static (a, b) => (a - b) * (a - b)).Sum();
        (10 * Math.Log10(exact.Sum(static v => v * v) / error)).ShouldBeGreaterThan(50);

        static double[] Around(double[] values, int half) =>
            [.. values.Select(
                (_, i) => values[Math.Max(0, i - half)..Math.Min(values.Length, i + half + 1)].Average())];
    }

    /// <summary>The slow average under the steps, against the same in floating point.</summary>
    [Theory]
    [InlineData(25)]
    [InlineData(50)]
    public void Rounding_stays_50_dB_below_the_swing_of_a_step(int rateHz)
    {
        var activity = new Activity(rateHz);
        var slowOf = typeof(Activity).GetField("_slowX16", BindingFlags.Instance | BindingFlags.NonPublic)!;
        var walk = Samples(SyntheticMotion.Walking(rateHz, 13), 60 * rateHz);
        var (slow, squares, error) = (500.0, 0.0, 0.0);
        foreach (var tick in walk.Chunk(2 * rateHz / 25))
        {
            foreach (var s in tick)
            {
                activity.Push((s[0] * s[0]) + (s[1] * s[1]) + (s[2] * s[2]));
            }

            var level = tick.Average(static s => ((s[0] * s[0]) + (s[1] * s[1]) + (s[2] * s[2])) / 2000.0);
            var swing = level - slow;
            slow += swing / 16;
            squares += swing * swing;
            error += Math.Pow(((int)slowOf.GetValue(activity)! / (16.0 * 8)) - slow, 2);
        }

        (10 * Math.Log10(squares / error)).ShouldBeGreaterThan(50);
    }

    private static int[][] Samples(SyntheticMotion motion, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => motion.Next()).Select(static s => new[] { s.X, s.Y, s.Z })];

    private static List<Event> Events(int rateHz, int[][] samples)
    {
        var detector = new FallDetector(rateHz);
        var events = new List<Event>();
        for (var i = 0; i < samples.Length; i++)
        {
            var before = detector.EventCount;
            var verdict = detector.Push(samples[i][0], samples[i][1], samples[i][2]);
            if (verdict != FallVerdict.None || detector.EventCount > before)
            {
                events.Add(new Event(i, verdict, detector.LastMargin));
            }
        }

        return events;
    }

    private sealed record Event(int Sample, FallVerdict Verdict, int Margin);
}
