using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulation.Signals;
using ElderBand.Wristband;
using Iot.Device.Adxl343;

namespace ElderBand.Tests.Wristband;

/// <summary>P45: who grips the key after a fall calls; only who lets go when asked takes the call back.</summary>
public sealed class GripTests
{
    // Time from the start of the countdown, which lasts 30 s, to the press.
    private static readonly int[] AfterTheFallMs = [200, 1000, 9000, 15_000, 21_000, 26_500];

    /// <summary>A worn, linked band, whose wearer has fallen where a fall is asked for; what the wrist says.</summary>
    private static (BandRig World, List<(Felt What, long AtMs)> Wrist) Worn(bool fallen)
    {
        var world = new BandRig().Boot();
        var felt = new List<(Felt, long)>();
        world.Wrist.Shown = (what, atUs) => felt.Add((what, atUs / 1000));
        world.RunFor(20_000);
        if (fallen)
        {
            world.Motion = SyntheticMotion.FallSequence(Adxl343.RateHz, 5, 8000);
            world.RunUntil(() => world.Band.FallGuardState == FallState.Countdown, 20_000).ShouldBeTrue();
        }

        return (world, felt);
    }

    [Theory]
    [InlineData(80)]
    [InlineData(2100)]
    [InlineData(2500)]
    [InlineData(2990)]
    [InlineData(6800)]
    [InlineData(7500)]
    [InlineData(9800)]
    [InlineData(15_000)]
    [InlineData(30_000)]
    public void P45_a_grip_in_the_countdown_is_one_SOS_and_cancels_nothing(int heldMs)
    {
        foreach (var afterMs in AfterTheFallMs)
        {
            var (world, felt) = Worn(true);
            world.RunFor(afterMs);
            world.Press(heldMs);
            var pressed = world.Now;
            world.RunUntil(() => world.RowsOf(FrameType.Sos).Count == 1, 8000)
                .ShouldBeTrue($"{heldMs} ms, {afterMs} ms after the fall");
            (world.Now - pressed).ShouldBeLessThan(Math.Min(heldMs, 6700) + 300);
            world.RunFor(heldMs + 60_000);
            world.RowsOf(FrameType.Sos).ShouldHaveSingleItem();
            world.RowsOf(FrameType.FallCancelled).ShouldBeEmpty();
            world.RowsOf(FrameType.NotNeeded).ShouldBeEmpty();
            world.Power.Resets.ShouldBe(0);
            felt.ShouldNotContain(f => f.What == Felt.Understood);
        }
    }

    [Theory]
    [InlineData(3000)]
    [InlineData(3300)]
    [InlineData(4600)]
    [InlineData(6500)]
    public void P45_letting_go_when_asked_cancels_the_fall_and_is_understood_700_ms_after_the_request(int heldMs)
    {
        foreach (var afterMs in AfterTheFallMs)
        {
            var (world, felt) = Worn(true);
            world.RunFor(afterMs);
            var pressed = world.Now;
            world.Press(heldMs);
            world.RunFor(20_000);
            var because = $"{heldMs} ms, {afterMs} ms after the fall";
            world.RowsOf(FrameType.FallCancelled).Count.ShouldBe(1, because);
            world.RowsOf(FrameType.Sos).ShouldBeEmpty(because);
            world.RunFor(40_000);
            world.RowsOf(FrameType.FallConfirmed).ShouldBeEmpty(because);
            var letGo = felt.ShouldHaveSingleItem(Felt.LetGo);
            (letGo - pressed).ShouldBeInRange(3000, 3010);
            (felt.ShouldHaveSingleItem(Felt.Understood) - letGo - 1650).ShouldBeGreaterThanOrEqualTo(700);
            felt.ShouldAllBe(f => f.What == Felt.LetGo || f.What == Felt.Understood || f.What == Felt.Tick
                || f.What == Felt.Countdown);
        }
    }

    [Theory]
    [InlineData(2900, false)]
    [InlineData(3000, true)]
    [InlineData(6500, true)]
    [InlineData(6900, false)]
    [InlineData(25_000, false)]
    public void P45_a_second_grip_after_an_SOS_says_not_needed_only_where_it_lets_go_when_asked(int heldMs, bool says)
    {
        var (world, felt) = Worn(false);
        world.Press(200);
        world.RunFor(10_000);
        world.Press(heldMs);
        world.RunFor(heldMs + 20_000);
        world.RowsOf(FrameType.NotNeeded).Count.ShouldBe(says ? 1 : 0);
        felt.Count(f => f.What == Felt.Understood).ShouldBe(says ? 1 : 0);
        felt.Count(f => f.What == Felt.LetGo).ShouldBe(heldMs < 3000 ? 0 : 1);
        world.RowsOf(FrameType.Sos).Count.ShouldBe(2);
        world.Power.Resets.ShouldBe(0, "an alarm is open");
        felt.ShouldNotContain(f => f.What == Felt.Unknown);
    }

    [Fact]
    public void P45_the_request_to_let_go_is_felt_also_where_eight_stages_wait()
    {
        var (clock, motor) = (new ManualClock { Now = 10_000 }, new ManualPin());
        var signal = new WristSignal(motor, new ManualPin(), clock);
        signal.Hold(true);
        signal.Now(WristPattern.LetGo);
        for (var i = 0; i < 9; i++)
        {
            signal.ShowStage(new LatchSlot(), Stage.Home);
        }

        var ended = false;
        for (var ms = 0; ms < 3000 && !ended; ms++)
        {
            signal.Step(++clock.Now);
            ended = signal.TakeLetGoEnd(out _);
        }

        ended.ShouldBeTrue();
        motor.Rises.ShouldBe(7);
    }

    [Fact]
    public void P45_a_hold_of_20_s_resets_the_band_only_where_no_alarm_is_open()
    {
        var (world, _) = Worn(false);
        world.Press(25_000);
        world.RunFor(40_000);
        world.Power.Resets.ShouldBe(0);
        var sos = world.RowsOf(FrameType.Sos).ShouldHaveSingleItem();
        world.Down(world.StageFrame(sos, Stage.Closed, 3));
        world.RunFor(10_000);
        world.Press(25_000);
        world.RunFor(15_000);
        world.Down(world.StageFrame(world.RowsOf(FrameType.Sos)[1], Stage.Closed, 3));
        world.RunFor(10_000);
        world.Power.Resets.ShouldBe(1);
    }
}

/// <summary>What a test asks of a list of patterns.</summary>
internal static class FeltList
{
    /// <summary>When the only pattern of this kind began, ms.</summary>
    public static long ShouldHaveSingleItem(this List<(Felt What, long AtMs)> felt, Felt what) =>
        felt.Where(f => f.What == what).ShouldHaveSingleItem().AtMs;
}
