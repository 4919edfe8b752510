using ElderBand.Simulation.Signals;
using ElderBand.VitalsFilter;

namespace ElderBand.Tests.VitalsFilter;

/// <summary>
/// What the popular public code for this chip does wrong. Each test shows the mistake on a signal first, so that it is
/// known to be one, and then that the band does not make it.
/// </summary>
public sealed class PublicSensorCodeTests
{
    [Theory]
    [InlineData(7_000)]
    [InlineData(30_000)]
    [InlineData(104_000)]
    [InlineData(250_000)]
    public void Nothing_is_judged_in_raw_counts(int level)
    {
        // A threshold of 50,000 counts for "finger there" and of 400 for a beat: one finger in four would pass both.
        var samples = Samples(50, 30, level, perfusion: 0.01);
        (samples.Min() > 50_000).ShouldBe(level > 60_000);
        var heart = Fed(50, samples);
        heart.TryEstimate().ShouldBeTrue(heart.Refusal.ToString());
        heart.BpmX10.ShouldBeInRange(640, 680);
    }

    [Theory]
    [InlineData(50)]
    [InlineData(66)]
    [InlineData(85)]
    public void A_least_distance_of_160_ms_counts_the_dicrotic_wave_and_doubles_the_rate(int bpm)
    {
        var ppg = new SyntheticPpg(50, 21) { Bpm = bpm, Dicrotic = 0.7, NoiseCounts = 2 };
        var samples = Enumerable.Range(0, 50 * 30).Select(_ => ppg.Next().Ir).ToArray();
        var naive = PeaksApart(samples, 50 * 160 / 1000) * 2.0;
        naive.ShouldBeGreaterThan(bpm * 1.7);
        var heart = Fed(50, samples);
        heart.TryEstimate().ShouldBeTrue(heart.Refusal.ToString());
        (heart.BpmX10 / 10.0).ShouldBe(bpm, bpm * 0.04);
    }

    [Fact]
    public void Whole_sample_intervals_make_steps_of_six_beats()
    {
        // At 25 Hz and 97 a minute an interval is 15.5 samples: whole ones say 93.8 or 100.
        (1500.0 / 15).ShouldBe((1500.0 / 16) + 6.25);
        var heart = new HeartRate(25, 1);
        var ppg = new SyntheticPpg(25, 22) { Bpm = 97, Irregularity = 0 };
        for (var i = 0; i < 25 * 40; i++)
        {
            heart.Push(ppg.Next().Ir, 0, 0);
            if (i >= 25 * 20 && i % 50 == 0 && heart.TryEstimate())
            {
                (heart.BpmX10 / 10.0).ShouldBe(97, 1.6);
            }
        }

        heart.BpmX10.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Red_times_infrared_leaves_31_bits()
    {
        unchecked
        {
            ((int)(180_000L * 200_000) < 0 || (int)(180_000L * 200_000) != 180_000L * 200_000).ShouldBeTrue();
        }

        var heart = new HeartRate(100, 2);
        var ppg = new SyntheticPpg(100, 23) { RedLevel = 180_000, IrLevel = 200_000, Perfusion = 0.05, Spo2 = 93 };
        for (var i = 0; i < 100 * 12; i++)
        {
            var (red, ir, _) = ppg.Next();
            heart.Push(red, ir, 0);
        }

        heart.TryEstimate();
        heart.Spo2X10.ShouldBeInRange(920, 940);
    }

    [Fact]
    public void No_ratio_gives_a_saturation_below_70()
    {
        // Every ratio a sensor can show: the public table ends at 1 %, and its formula goes below zero.
        for (var ratio = 0.2; ratio < 4; ratio += 0.1)
        {
            var heart = new HeartRate(50, 2);
            for (var i = 0; i < 50 * 10; i++)
            {
                var wave = Pulse(i / 50.0, 70);
                heart.Push((int)(90_000 * (1 - (0.01 * ratio * wave))), (int)(100_000 * (1 - (0.01 * wave))), 0);
            }

            heart.TryEstimate();
            var curve = 112.69 - (34.66 * ratio) + (1.596 * ratio * ratio);
            if (curve is < 69.5 or > 101.5)
            {
                heart.Spo2X10.ShouldBe(0, $"R = {ratio:0.0}");
            }
            else if (curve > 70.5 && curve < 100.5)
            {
                (heart.Spo2X10 / 10.0).ShouldBe(Math.Min(curve, 100), 1.1, $"R = {ratio:0.0}");
            }
        }
    }

    [Fact]
    public void Eighteen_bits_do_not_fit_into_sixteen()
    {
        // Level 66,000 is 464 in sixteen bits: no finger there.
        var samples = Samples(50, 30, 66_000, perfusion: 0.002);
        samples.Select(static s => (int)(ushort)s).Average().ShouldBeLessThan(5_000);
        Fed(50, [.. samples.Select(static s => (int)(ushort)s)]).TryEstimate().ShouldBeFalse();
        var heart = Fed(50, samples);
        heart.TryEstimate().ShouldBeTrue(heart.Refusal.ToString());
        heart.BpmX10.ShouldBeInRange(640, 680);
    }

    private static int[] Samples(int rateHz, int seconds, int level, double perfusion)
    {
        var ppg = new SyntheticPpg(
            rateHz, 20)
        { Bpm = 66, IrLevel = level, Perfusion = perfusion, NoiseCounts = level * perfusion / 60 };
        return [.. Enumerable.Range(0, rateHz * seconds).Select(_ => ppg.Next().Ir)];
    }

    private static HeartRate Fed(int rateHz, int[] samples)
    {
        var heart = new HeartRate(rateHz, 1);
        foreach (var sample in samples)
        {
            heart.Push(sample, 0, 0);
        }

        return heart;
    }

    // The public way: every local minimum of the light at least so many samples after the last one, per half minute.
    private static int PeaksApart(int[] samples, int distance)
    {
        var smooth = samples.Select((_, i) => samples[Math.Max(0, i - 2)..Math.Min(samples.Length, i + 3)].Average())
            .ToArray();
        var peaks = 0;
        var last = -distance;
        for (var i = 1; i < smooth.Length - 1; i++)
        {
            if (smooth[i] < smooth[i - 1] && smooth[i] <= smooth[i + 1] && i - last >= distance)
            {
                peaks++;
                last = i;
            }
        }

        return peaks;
    }

    private static double Pulse(double seconds, double bpm)
    {
        var phase = seconds * bpm / 60 % 1;
        return Math.Exp(-Math.Pow((phase - 0.2) / (phase < 0.2 ? 0.06 : 0.16), 2));
    }
}
