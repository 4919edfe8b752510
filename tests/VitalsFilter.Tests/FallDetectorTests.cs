using ElderBand.Eval;
using ElderBand.Simulation.Signals;
using ElderBand.VitalsFilter;

namespace ElderBand.Tests.VitalsFilter;

public sealed class FallDetectorTests
{
    private const int OnsetMs = 12_000;

    [Theory]
    [InlineData(25)]
    [InlineData(50)]
    public void P07_an_invented_fall_is_suspected_within_four_seconds_of_the_blow(int rateHz)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var verdicts = Play(
                new FallDetector(rateHz), SyntheticMotion.FallSequence(rateHz, seed, OnsetMs), 40 * rateHz);
            var (at, verdict) = verdicts.ShouldHaveSingleItem();
            verdict.ShouldBe(FallVerdict.Suspected);
            (at * 1000 / rateHz).ShouldBeInRange(OnsetMs + 700, OnsetMs + 700 + 4000);
        }
    }

    [Theory]
    [InlineData(25)]
    [InlineData(50)]
    public void P07_an_hour_of_invented_daily_movement_walking_and_rest_suspects_nothing(int rateHz)
    {
        foreach (var motion in new[]
        {
            SyntheticMotion.Daily(rateHz, 1), SyntheticMotion.Walking(rateHz, 2), SyntheticMotion.Resting(rateHz, 3),
            SyntheticMotion.Desk(rateHz, 4),
        })
        {
            Play(new FallDetector(rateHz), motion, 3600 * rateHz)
                .ShouldNotContain(static v => v.Verdict >= FallVerdict.Suspected);
        }
    }

    [Fact]
    public void A_band_that_is_not_worn_never_suspects_and_taking_it_off_ends_an_event_under_way()
    {
        var off = new FallDetector(50);
        off.SetWorn(false);
        Play(off, SyntheticMotion.FallSequence(50, 1, OnsetMs), 2000).ShouldBeEmpty();

        var takenOff = new FallDetector(50);
        var motion = SyntheticMotion.FallSequence(50, 1, OnsetMs);
        Play(takenOff, motion, (OnsetMs + 1500) / 20).ShouldBeEmpty();
        takenOff.SetWorn(false);
        Play(takenOff, motion, 2000).ShouldBeEmpty();
    }

    [Fact]
    public void A_fall_is_not_missed_where_only_the_fall_itself_shows_that_the_band_is_worn()
    {
        var detector = new FallDetector(50);
        detector.SetWorn(false);
        var motion = SyntheticMotion.FallSequence(50, 1, OnsetMs);
        Play(detector, motion, (OnsetMs + 1500) / 20).ShouldBeEmpty();
        detector.SetWorn(true); // the movement of falling has reached the wear detector
        Play(detector, motion, 2000).Select(static v => v.Verdict).ShouldBe([FallVerdict.Suspected]);
    }

    [Fact]
    public void A_fall_in_the_first_seconds_after_power_on_is_not_judged_on_samples_that_do_not_exist()
    {
        var detector = new FallDetector(50);
        Play(detector, SyntheticMotion.FallSequence(50, 1, 0), 1000);
        detector.EventCount.ShouldBe(0);
    }

    [Fact]
    public void After_a_fall_lying_still_shows_until_the_wearer_gets_up()
    {
        var detector = new FallDetector(50);
        Play(detector, SyntheticMotion.FallSequence(50, 1, OnsetMs), 30 * 50);
        detector.LyingStill.ShouldBeTrue();
        Play(detector, SyntheticMotion.Walking(50, 1), 3 * 50);
        detector.LyingStill.ShouldBeFalse();
    }

    [Fact]
    public void The_same_samples_after_a_reset_give_the_same_verdicts_and_scores()
    {
        var detector = new FallDetector(50);
        var first = Play(detector, SyntheticMotion.FallSequence(50, 7, OnsetMs), 2000);
        var score = detector.LastMargin;
        detector.Reset();
        Play(detector, SyntheticMotion.FallSequence(50, 7, OnsetMs), 2000).ShouldBe(first);
        detector.LastMargin.ShouldBe(score);
    }

    [Theory]
    [InlineData(2000, 1)]
    [InlineData(12_000, 2)]
    public void A_second_blow_within_ten_seconds_is_the_same_fall_and_a_later_one_is_another(
        int secondOnsetMs, int suspicions)
    {
        var detector = new FallDetector(50);
        var first = Play(detector, SyntheticMotion.FallSequence(50, 3, OnsetMs), (OnsetMs + 4500) / 20);
        var second = Play(detector, SyntheticMotion.FallSequence(50, 4, secondOnsetMs), (secondOnsetMs + 80_000) / 20);
        detector.EventCount.ShouldBeGreaterThan(1);
        first.Concat(second).Select(static v => v.Verdict)
            .ShouldBe(Enumerable.Repeat(FallVerdict.Suspected, suspicions));
    }

    [Fact]
    public void More_sensitive_suspects_smaller_blows_and_never_less()
    {
        var counts = new int[3];
        foreach (var (seed, percent) in Shrunken().Where(static f => f.Percent % 3 == 0))
        {
            var suspected = new bool[3];
            for (byte sensitivity = 0; sensitivity < 3; sensitivity++)
            {
                var detector = new FallDetector(50);
                detector.Configure(sensitivity, walkingAid: false);
                suspected[sensitivity] = Play(detector, SyntheticMotion.FallSequence(50, seed, OnsetMs),
                    (OnsetMs + 8000) / 20, percent).Count > 0;
                counts[sensitivity] += suspected[sensitivity] ? 1 : 0;
            }

            (suspected[0] && !suspected[1]).ShouldBeFalse($"fall {seed} at {percent} %");
            (suspected[1] && !suspected[2]).ShouldBeFalse($"fall {seed} at {percent} %");
        }

        counts[0].ShouldBeLessThan(counts[2], "the setting has an effect");
    }

    [Fact]
    public void A_weak_suspicion_becomes_one_only_by_lying_still_and_a_near_fall_by_moving_on()
    {
        // Shrink invented falls until the forest finds one merely possible, then let the wearer lie, or walk away.
        var found = false;
        foreach (var (seed, percent) in Shrunken())
        {
            var lying = new FallDetector(50);
            var stays = Play(lying, SyntheticMotion.FallSequence(50, seed, OnsetMs), 80 * 50, percent);
            if (!stays.Select(static v => v.Verdict).SequenceEqual([FallVerdict.SuspectedLate]))
            {
                continue;
            }

            found = true;
            (stays[0].At * 20).ShouldBeInRange(OnsetMs + 700 + 20_000, OnsetMs + 700 + 60_000);
            var walking = new FallDetector(50);
            var motion = SyntheticMotion.FallSequence(50, seed, OnsetMs);
            Play(walking, motion, (OnsetMs + 5000) / 20, percent).ShouldBeEmpty();
            Play(walking, SyntheticMotion.Walking(50, 1), 80 * 50).Select(static v => v.Verdict)
                .ShouldBe([FallVerdict.NearFall]);
            break;
        }

        found.ShouldBeTrue("no size of the invented fall is a weak suspicion");
    }

    [Theory]
    [InlineData(25, "lying still", FallVerdict.SuspectedLate)]
    [InlineData(25, "rolling", FallVerdict.SuspectedLate)]
    [InlineData(25, "trying to get up", FallVerdict.NearFall)]
    [InlineData(25, "crawling", FallVerdict.NearFall)]
    [InlineData(25, "getting up and walking", FallVerdict.NearFall)]
    [InlineData(50, "lying still", FallVerdict.SuspectedLate)]
    [InlineData(50, "rolling", FallVerdict.SuspectedLate)]
    [InlineData(50, "trying to get up", FallVerdict.NearFall)]
    [InlineData(50, "crawling", FallVerdict.NearFall)]
    [InlineData(50, "getting up and walking", FallVerdict.NearFall)]
    public void What_follows_a_weak_blow_decides_whether_it_was_a_fall(int rateHz, string course, FallVerdict expected)
    {
        var weak = 0;
        foreach (var (seed, percent) in Shrunken())
        {
            var detector = new FallDetector(rateHz);
            detector.Configure(1, walkingAid: true); // the widest span between the lines
            if (Play(detector, SyntheticMotion.FallSequence(rateHz, seed, OnsetMs), (OnsetMs + 5000) * rateHz / 1000,
                percent).Count > 0 || !detector.IsUnderWay)
            {
                continue;
            }

            weak++;
            Continue(detector, rateHz, course).ShouldBe([expected], $"fall {seed} at {percent} % of the blow");
        }

        weak.ShouldBeGreaterThan(0, "no size of the invented fall is a weak suspicion");
    }

    [Theory]
    [InlineData("lying still", true)]
    [InlineData("crawling", false)]
    [InlineData("getting up and walking", false)]
    public void After_a_strong_blow_the_countdown_runs_and_lying_still_shows_whether_the_wearer_is_up(
        string course, bool still)
    {
        var detector = new FallDetector(50);
        Play(detector, SyntheticMotion.FallSequence(50, 1, OnsetMs), (OnsetMs + 5000) / 20)
            .Select(static v => v.Verdict).ShouldBe([FallVerdict.Suspected]);
        Continue(detector, 50, course, 30).ShouldBeEmpty();
        detector.LyingStill.ShouldBe(still);
    }

    private static IEnumerable<(int Seed, int Percent)> Shrunken() =>
        from seed in Enumerable.Range(1, 20) from percent in Enumerable.Range(20, 81) select (seed, percent);

    private static List<FallVerdict> Continue(FallDetector detector, int rateHz, string course, int seconds = 90)
    {
        var continuation = Continuation.All.Single(c => c.Name == course);
        var noise = new Random(1);
        var floor = new Pose(180, -930, 320);
        var verdicts = new List<FallVerdict>();
        for (var i = 0; i < seconds * rateHz; i++)
        {
            var pose = continuation.At(floor, i / (double)rateHz);
            var verdict = detector.Push((int)pose.X + noise.Next(-15, 16), (int)pose.Y + noise.Next(-15, 16),
                (int)pose.Z + noise.Next(-15, 16));
            if (verdict != FallVerdict.None)
            {
                verdicts.Add(verdict);
            }
        }

        return verdicts;
    }

    [Theory]
    [InlineData(25)]
    [InlineData(50)]
    public void Samples_before_and_after_a_gap_are_never_scored_together(int rateHz)
    {
        var (untold, _, rest) = FallWithAHole(rateHz, told: false);
        Play(untold, rest, 10 * rateHz);
        untold.EventCount.ShouldBeGreaterThan(0, "untold, the hole is a jerk like any other");

        var (told, _, after) = FallWithAHole(rateHz, told: true);
        Play(told, after, 10 * rateHz);
        told.EventCount.ShouldBe(0);
    }

    [Theory]
    [InlineData(25)]
    [InlineData(50)]
    public void A_fall_with_a_hole_in_it_is_confirmed_by_lying_still_and_is_a_near_fall_where_the_wearer_walks_on(
        int rateHz)
    {
        var (lying, before, rest) = FallWithAHole(rateHz, told: true);
        before.ShouldBeEmpty();
        Play(lying, rest, 80 * rateHz).Select(static v => v.Verdict).ShouldBe([FallVerdict.SuspectedLate]);
        lying.LastScore.ShouldBeInRange(1, 49);

        var (walking, _, down) = FallWithAHole(rateHz, told: true);
        Play(walking, down, 4 * rateHz).ShouldBeEmpty();
        Play(walking, SyntheticMotion.Walking(rateHz, 1), 80 * rateHz).Select(static v => v.Verdict)
            .ShouldBe([FallVerdict.NearFall]);
    }

    [Fact]
    public void A_fall_soon_after_a_hole_is_judged_as_any_other()
    {
        var detector = new FallDetector(25);
        Play(detector, SyntheticMotion.Walking(25, 1), 500);
        detector.Gap();
        Play(detector, SyntheticMotion.FallSequence(25, 1, 3000), 500).Select(static v => v.Verdict)
            .ShouldBe([FallVerdict.Suspected]);
    }

    [Fact]
    public void A_hole_in_a_quiet_hour_is_no_event()
    {
        var detector = new FallDetector(25);
        for (var i = 0; i < 60; i++)
        {
            Play(detector, i % 2 == 0 ? SyntheticMotion.Resting(25, i) : SyntheticMotion.Walking(25, i), 1500)
                .ShouldBeEmpty();
            detector.Gap();
        }

        detector.EventCount.ShouldBe(0);
        detector.IsUnderWay.ShouldBeFalse();
    }

    [Fact]
    public void Full_scale_square_waves_on_all_axes_leave_every_feature_in_its_range()
    {
        foreach (var rateHz in new[] { 25, 50 })
        {
            foreach (var half in new[] { 1, 2, 5, 13, 50 })
            {
                var detector = new FallDetector(rateHz);
                for (var i = 0; i < 60 * rateHz; i++)
                {
                    var v = i / half % 2 == 0 ? int.MaxValue : int.MinValue;
                    detector.Push(v, v, v);
                    detector.LastFeatures.ShouldAllBe(static f => f >= -1000 && f <= 24_000);
                }

                detector.EventCount.ShouldBeGreaterThan(0);
            }
        }
    }

    [Fact]
    public void No_sample_and_no_event_allocates()
    {
        var detector = new FallDetector(50);
        var motion = SyntheticMotion.FallSequence(50, 1, OnsetMs);
        var samples = Enumerable.Range(0, 5000).Select(_ => motion.Next()).ToArray();
        foreach (var (x, y, z) in samples)
        {
            detector.Push(x, y, z);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var (x, y, z) in samples)
        {
            detector.Push(x, y, z);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
        detector.EventCount.ShouldBeGreaterThan(1);
    }

    // The invented fall without the 1.2 s from shortly after its first blow on: what a loop that stalls loses from a
    // full FIFO.
    private static (FallDetector Detector, List<(int At, FallVerdict Verdict)> Before,
        SyntheticMotion After) FallWithAHole(int rateHz, bool told)
    {
        var detector = new FallDetector(rateHz);
        var motion = SyntheticMotion.FallSequence(rateHz, 1, OnsetMs);
        var before = Play(detector, motion, (OnsetMs + 760) * rateHz / 1000);
        for (var i = 0; i < rateHz * 6 / 5; i++)
        {
            motion.Next();
        }

        if (told)
        {
            detector.Gap();
        }

        return (detector, before, motion);
    }

    private static List<(int At, FallVerdict Verdict)> Play(
        FallDetector detector, SyntheticMotion motion, int samples, int percent = 100)
    {
        var verdicts = new List<(int, FallVerdict)>();
        for (var i = 0; i < samples; i++)
        {
            var (x, y, z) = motion.Next();
            var verdict = detector.Push(x * percent / 100, y * percent / 100, z * percent / 100);
            if (verdict != FallVerdict.None)
            {
                verdicts.Add((i, verdict));
            }
        }

        return verdicts;
    }
}
