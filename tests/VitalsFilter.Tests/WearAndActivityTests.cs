using ElderBand.Simulator.Signals;
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
    public void A_band_in_the_air_is_off_within_three_seconds()
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
