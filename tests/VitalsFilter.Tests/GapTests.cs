using ElderBand.Simulation.Signals;
using ElderBand.VitalsFilter;

namespace ElderBand.Tests.VitalsFilter;

/// <summary>Lost PPG samples at the band's 25 Hz (F3): short holes cost little, and no hole makes a rate.</summary>
public sealed class GapTests
{
    private const int RateHz = 25;

    [Theory]
    [InlineData(48)]
    [InlineData(72)]
    [InlineData(110)]
    [InlineData(150)]
    public void With_holes_under_ten_samples_a_rate_is_still_reported_and_right(int bpm)
    {
        var reported = 0;
        var asked = 0;
        for (var seed = 0; seed < 5; seed++)
        {
            var random = new Random(seed);
            var ppg = new SyntheticPpg(RateHz, seed) { Bpm = bpm, Perfusion = 0.01 };
            Play(() => ppg.Next(), 120, random, meanSecondsBetweenHoles: 8, static r => r.Next(1, 10), heart =>
            {
                asked++;
                if (heart.Refusal == HeartRefusal.None)
                {
                    reported++;
                    heart.BpmX10.ShouldBeInRange((bpm * 10) - 30, (bpm * 10) + 30, $"seed {seed}");
                }
            });
        }

        reported.ShouldBeGreaterThan(asked * 7 / 10);
    }

    [Fact]
    public void A_hole_of_ten_samples_forgets_the_window_and_one_of_nine_does_not()
    {
        foreach (var (hole, forgets) in new[] { (9, false), (10, true) })
        {
            var heart = new HeartRate(RateHz, 2);
            var ppg = new SyntheticPpg(RateHz, 1) { Bpm = 70, Perfusion = 0.01 };
            for (var i = 0; i < 500; i++)
            {
                var (red, ir, green) = ppg.Next();
                if (i == 400)
                {
                    heart.Gap(hole);
                }

                if (i is < 400 or >= 410)
                {
                    heart.Push(red, ir, green);
                }
            }

            heart.TryEstimate();
            (heart.Refusal == HeartRefusal.Warmup).ShouldBe(forgets);
        }
    }

    [Fact]
    public void While_more_than_a_tenth_of_the_window_is_bridged_nothing_is_reported_and_then_again()
    {
        var heart = new HeartRate(RateHz, 2);
        var ppg = new SyntheticPpg(RateHz, 1) { Bpm = 70, Perfusion = 0.01 };
        var refused = 0;
        for (var i = 0; i < 60 * RateHz; i++)
        {
            var (red, ir, green) = ppg.Next();
            var second = i / RateHz;
            if (second is >= 20 and < 30 && i % RateHz is >= 10 and < 15)
            {
                if (i % RateHz == 10)
                {
                    heart.Gap(5); // a fifth of ten seconds
                }

                continue;
            }

            heart.Push(red, ir, green);
            if (i % RateHz == RateHz - 1)
            {
                var reported = heart.TryEstimate();
                if (second is >= 26 and < 30)
                {
                    reported.ShouldBeFalse($"second {second}: {heart.BpmX10}");
                    heart.Refusal.ShouldBe(HeartRefusal.Warmup);
                    refused++;
                }
                else if (second is (> 12 and < 20) or > 42)
                {
                    reported.ShouldBeTrue($"second {second}: {heart.Refusal}");
                }
            }
        }

        refused.ShouldBe(4);
    }

    [Theory]
    [InlineData("air")]
    [InlineData("desk")]
    [InlineData("noise")]
    [InlineData("drift")]
    [InlineData("still desk")]
    public void Holes_make_no_rate_where_nobody_wears_the_band(string what)
    {
        for (var seed = 0; seed < 30; seed++)
        {
            var random = new Random(seed);
            var drift = 0.0;
            (int, int, int) Next()
            {
                drift += random.Next(-60, 61);
                var noise = what switch
                {
                    "air" => random.Next(60),
                    "desk" => random.Next(12),
                    "noise" =>
                    random.Next(900),
                    "drift" => (int)drift,
                    _ => 0
                };
                var level = what == "air" ? 600 : 90_000;
                return (level + noise, level + (noise * 11 / 10), (level / 2) + noise);
            }

            // At random, and as regularly as a slow heart, which is the worst a hole can do.
            var regular = seed % 2 == 0;
            var every = random.Next(2, 9);
            Play(Next, 120, random, regular ? -every : 6, r => r.Next(3, 10), heart =>
                heart.Refusal.ShouldNotBe(HeartRefusal.None, $"{what}, seed {seed}: {heart.BpmX10}"));
        }
    }

    private static void Play(
        Func<(int Red, int Ir, int Green)> next, int seconds, Random random, int meanSecondsBetweenHoles, Func<Random,
        int> length, Action<HeartRate> asked)
    {
        var heart = new HeartRate(RateHz, 3);
        var arm = SyntheticMotion.Resting(RateHz, 1);
        var lost = 0;
        for (var i = 0; i < seconds * RateHz; i++)
        {
            var (x, y, z) = arm.Next();
            heart.PushMotion(x, y, z);
            var (red, ir, green) = next();
            var begins = meanSecondsBetweenHoles < 0
                ? i % (-meanSecondsBetweenHoles * RateHz) == 0
                : random.Next(meanSecondsBetweenHoles * RateHz) == 0;
            if (lost == 0 && begins && i > 0)
            {
                lost = length(random);
                heart.Gap(lost);
            }

            if (lost > 0)
            {
                lost--;
                continue;
            }

            heart.Push(red, ir, green);
            if (i > 12 * RateHz && i % (2 * RateHz) == 0)
            {
                heart.TryEstimate();
                asked(heart);
            }
        }
    }
}
