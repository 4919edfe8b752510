using ElderBand.Simulation.Signals;
using ElderBand.VitalsFilter;

namespace ElderBand.Tests.VitalsFilter;

public sealed class WearAndActivityTests
{
    [Fact]
    public void P06_a_band_laid_on_a_pale_desk_is_off_within_five_minutes_and_stays_so()
    {
        var wear = new WearDetector();
        Run(wear, SyntheticMotion.Walking(25, 1), 60, 100_000).ShouldBe(WearState.On);
        var desk = SyntheticMotion.Desk(25, 1);
        Run(wear, desk, 301, 110_000).ShouldBe(WearState.Off);
        Run(wear, desk, 3600, 110_000).ShouldBe(WearState.Off);
    }

    [Fact]
    public void An_uncovered_band_is_off_within_three_seconds()
    {
        var wear = new WearDetector();
        Run(wear, SyntheticMotion.Walking(25, 1), 60, 100_000).ShouldBe(WearState.On);
        Run(wear, SyntheticMotion.Walking(25, 1), 3, 1_200).ShouldBe(WearState.Off);
    }

    [Fact]
    public void A_sleeper_without_movement_stays_worn_because_the_band_asks_for_a_pulse_in_time()
    {
        var wear = new WearDetector();
        var sleeper = SyntheticMotion.Resting(25, 1);
        Run(wear, SyntheticMotion.Walking(25, 1), 10, 100_000);
        for (var second = 0; second < 3600; second++)
        {
            Run(wear, sleeper, 1, 100_000).ShouldBe(WearState.On);
            if (wear.NeedsPulse)
            {
                wear.LifeSeen();
            }
        }
    }

    [Fact]
    public void A_wearer_without_movement_and_pulse_may_still_wear_the_band_until_the_sensor_is_bare()
    {
        var wear = new WearDetector();
        var still = SyntheticMotion.Resting(25, 1);
        Run(wear, SyntheticMotion.Walking(25, 1), 10, 100_000).ShouldBe(WearState.On);
        Run(wear, still, 3600, 100_000).ShouldBe(WearState.Off);
        wear.MayBeWorn.ShouldBeTrue();
        Run(wear, still, 3, 1_200).ShouldBe(WearState.Off);
        wear.MayBeWorn.ShouldBeFalse();
    }

    [Fact]
    public void A_band_that_was_never_worn_since_it_was_laid_down_cannot_be_worn()
    {
        var wear = new WearDetector();
        Run(wear, SyntheticMotion.Walking(25, 1), 10, 1_200).ShouldBe(WearState.Off);
        Run(wear, SyntheticMotion.Desk(25, 1), 3600, 100_000).ShouldBe(WearState.Off);
        wear.MayBeWorn.ShouldBeFalse();
    }

    [Fact]
    public void Put_on_is_maybe_until_it_moves()
    {
        var wear = new WearDetector();
        var desk = SyntheticMotion.Desk(25, 1);
        Run(wear, desk, 10, 1_200).ShouldBe(WearState.Off);
        Run(wear, desk, 10, 100_000).ShouldBe(WearState.Maybe);
        Run(wear, SyntheticMotion.Walking(25, 1), 2, 100_000).ShouldBe(WearState.On);
    }

    [Fact]
    public void A_level_between_the_two_borders_changes_nothing()
    {
        var wear = new WearDetector();
        Run(wear, SyntheticMotion.Walking(25, 1), 10, 15_000).ShouldBe(WearState.Off);
        Run(wear, SyntheticMotion.Walking(25, 1), 10, 100_000).ShouldBe(WearState.On);
        Run(wear, SyntheticMotion.Walking(25, 1), 10, 15_000).ShouldBe(WearState.On);
    }

    [Theory]
    [InlineData(25)]
    [InlineData(50)]
    public void Ten_minutes_of_walking_are_counted_within_five_percent(int rateHz)
    {
        var activity = new Activity(rateHz);
        var motion = SyntheticMotion.Walking(rateHz, 3);
        for (var i = 0; i < 600 * rateHz; i++)
        {
            var (x, y, z) = motion.Next();
            activity.Push(Square(x, y, z));
        }

        ((double)activity.TakeSteps()).ShouldBe(600 * 1.7, 600 * 1.7 * 0.05);
        activity.TakeSteps().ShouldBe(0);
        activity.MinuteClass.ShouldBe(ActivityClass.Moderate);
        activity.StillSeconds.ShouldBe(0);
    }

    [Theory]
    [InlineData(25)]
    [InlineData(50)]
    public void Rest_has_no_steps_and_its_seconds_are_counted(int rateHz)
    {
        var activity = new Activity(rateHz);
        var motion = SyntheticMotion.Resting(rateHz, 3);
        for (var i = 0; i < 300 * rateHz; i++)
        {
            var (x, y, z) = motion.Next();
            activity.Push(Square(x, y, z));
        }

        activity.TakeSteps().ShouldBe(0);
        activity.MinuteClass.ShouldBe(ActivityClass.Still);
        activity.StillSeconds.ShouldBe(300);
    }

    // 100 steps, from a quick walk to a slow one behind a walker, whose frame holds the wrist nearly still.
    [Theory]
    [InlineData(25, 120, 250)]
    [InlineData(25, 100, 150)]
    [InlineData(25, 80, 90)]
    [InlineData(25, 60, 70)]
    [InlineData(50, 120, 250)]
    [InlineData(50, 100, 150)]
    [InlineData(50, 80, 90)]
    [InlineData(50, 60, 70)]
    [InlineData(50, 40, 90)]
    public void A_hundred_steps_are_counted_within_five(int rateHz, int stepsAMinute, int peakMg)
    {
        for (var seed = 0; seed < 10; seed++)
        {
            var random = new Random(seed);
            var activity = new Activity(rateHz);
            Push(activity, rateHz, 10, t => 1000 + random.Next(-8, 9));
            var begin = new double[101];
            for (var step = 1; step <= 100; step++)
            {
                begin[step] = begin[step - 1] + (60.0 / stepsAMinute * (1 + (0.06 * ((2 * random.NextDouble()) - 1))));
            }

            // Each step lifts the body and sets it down: up for a third of it, then down.
            var at = 0;
            Push(activity, rateHz, begin[100], t =>
            {
                at = t >= begin[Math.Min(at + 1, 100)] ? at + 1 : at;
                var phase = (t - begin[Math.Min(at, 99)]) / (begin[Math.Min(at, 99) + 1] - begin[Math.Min(at, 99)]);
                return 1000 + (peakMg * Math.Sin(Math.Tau * phase))
                    + (0.3 * peakMg * Math.Sin((2 * Math.Tau * phase) + 0.7)) + random.Next(-8, 9);
            });
            Push(activity, rateHz, 5, t => 1000 + random.Next(-8, 9));
            activity.TakeSteps().ShouldBeInRange(95, 105, $"seed {seed}");
        }
    }

    [Theory]
    [InlineData(25)]
    [InlineData(50)]
    public void An_hour_on_a_desk_in_a_car_or_at_a_keyboard_has_no_steps(int rateHz)
    {
        var random = new Random(7);
        double Noise(double mg) => mg * ((random.NextDouble() * 2) - 1);
        var courses = new Dictionary<string, Func<double, double>>(StringComparer.Ordinal)
        {
            ["desk"] = _ => 1000 + Noise(8),
            ["desk with a knock every 5 s"] = t => 1000 + Noise(8) + (t % 5 < 0.06 ? 400 : 0),

            // Engine and road (what the chip lets through of it at its rate), the body's sway on its springs at 1.4 Hz,
            // a bump now and then. A smooth road: twice of it all is a walk to this counter.
            ["car"] = t => 1000 + (40 * Math.Sin(Math.Tau * 11.3 * t)) + (20 * Math.Sin(Math.Tau * 8.7 * t))
                + (8 * Math.Sin(Math.Tau * 1.4 * t)) + Noise(20)
                + (t % 7.3 < 0.15 ? 250 : 0),

            // Five keys a second, in bursts.
            ["keyboard"] = t => 1000 + Noise(10) + (t % 8 < 5 ? 45 * Math.Max(0, Math.Sin(Math.Tau * 5 * t)) : 0),
        };
        foreach (var (name, course) in courses)
        {
            var activity = new Activity(rateHz);
            Push(activity, rateHz, 3600, course);
            activity.TakeSteps().ShouldBe(0, name);
        }
    }

    [Theory]
    [InlineData(25, 28, false)]
    [InlineData(25, 50, true)]
    [InlineData(50, 28, false)]
    [InlineData(50, 50, true)]
    public void A_swing_counts_from_about_36_mg_on(int rateHz, int peakMg, bool counts)
    {
        var activity = new Activity(rateHz);
        Push(activity, rateHz, 60, t => 1000 + (peakMg * Math.Sin(Math.Tau * 2 * t)));
        activity.TakeSteps().ShouldBeInRange(counts ? 114 : 0, counts ? 121 : 0);
    }

    [Theory]
    [InlineData(25, 0.4)]
    [InlineData(25, 3.0)]
    [InlineData(50, 0.4)]
    [InlineData(50, 3.0)]
    public void Faster_than_150_or_slower_than_30_a_minute_is_not_counted_in_full(int rateHz, double hz)
    {
        var activity = new Activity(rateHz);
        Push(activity, rateHz, 60, t => 1000 + (300 * Math.Sin(Math.Tau * hz * t)));
        activity.TakeSteps().ShouldBeLessThanOrEqualTo(hz < 1 ? 0 : 150 * 60 / 60);
    }

    private static void Push(Activity activity, int rateHz, double seconds, Func<double, double> magnitude)
    {
        for (var i = 0; i < seconds * rateHz; i++)
        {
            // The same pose throughout: 0.6, 0, 0.8 of the magnitude.
            var mg = magnitude(i / (double)rateHz);
            activity.Push(Square((int)(0.6 * mg), 0, (int)(0.8 * mg)));
        }
    }

    [Theory]
    [InlineData(25)]
    [InlineData(50)]
    public void A_minute_is_still_light_or_moderate(int rateHz)
    {
        var random = new Random(3);
        var activity = new Activity(rateHz);
        Push(activity, rateHz, 60, t => 1000 + random.Next(-8, 9));
        activity.MinuteClass.ShouldBe(ActivityClass.Still);
        Push(activity, rateHz, 60, t => 1000 + (t % 4 < 2 ? 90 * Math.Sin(Math.Tau * 0.9 * t) : 0));
        activity.MinuteClass.ShouldBe(ActivityClass.Light);
        activity.StillSeconds.ShouldBeLessThan(4);
        Push(activity, rateHz, 60, t => 1000 + (250 * Math.Sin(Math.Tau * 1.8 * t)));
        activity.MinuteClass.ShouldBe(ActivityClass.Moderate);
    }

    [Fact]
    public void P06_a_band_put_into_a_drawer_is_off_five_minutes_after_it_shut()
    {
        var wear = new WearDetector();
        Run(wear, SyntheticMotion.Walking(25, 1), 60, 100_000).ShouldBe(WearState.On);
        Run(wear, SyntheticMotion.Walking(25, 1), 4, 1_500).ShouldBe(WearState.Off, "in the hand");
        Run(wear, SyntheticMotion.Walking(25, 2), 3, 60_000)
            .ShouldBe(WearState.On, "among scarves, and the drawer is pushed");
        var drawer = SyntheticMotion.Desk(25, 1);
        Run(wear, drawer, 299, 60_000);
        Run(wear, drawer, 2, 60_000).ShouldBe(WearState.Off);
        Run(wear, drawer, 3600, 60_000).ShouldBe(WearState.Off);
    }

    [Fact]
    public void Three_movements_are_not_steps()
    {
        var activity = new Activity(50);
        for (var i = 0; i < 50 * 20; i++)
        {
            var swing = i is > 200 and < 275 ? (int)(300 * Math.Sin(Math.Tau * i / 25.0)) : 0;
            activity.Push(Square(0, 0, 1000 + swing));
        }

        activity.TakeSteps().ShouldBe(0);
    }

    [Fact]
    public void No_sample_allocates()
    {
        var activity = new Activity(50);
        var wear = new WearDetector();
        void Run()
        {
            for (var i = 0; i < 5000; i++)
            {
                activity.Push(Square(i % 2000, -i % 1000, 900));
                wear.PushIr(i * 20);
                wear.Step(20);
            }
        }

        Run();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    private static int Square(int x, int y, int z) => (x * x) + (y * y) + (z * z);

    private static WearState Run(WearDetector wear, SyntheticMotion motion, int seconds, int ir)
    {
        var state = WearState.Off;
        var fall = new FallDetector(25);
        for (var second = 0; second < seconds; second++)
        {
            for (var i = 0; i < 25; i++)
            {
                var (x, y, z) = motion.Next();
                fall.Push(x, y, z);
                wear.PushIr(ir);
            }

            if (fall.TakeMoved())
            {
                wear.LifeSeen();
            }

            state = wear.Step(1000);
        }

        return state;
    }
}
