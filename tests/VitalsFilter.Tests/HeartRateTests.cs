using ElderBand.Simulation.Signals;
using ElderBand.VitalsFilter;
using static ElderBand.Tests.VitalsFilter.Invented;

namespace ElderBand.Tests.VitalsFilter;

/// <summary>The rate of an invented pulse: how near the true rate it is, also with bad signals.</summary>
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
}
