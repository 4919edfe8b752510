using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulation.Signals;
using ElderBand.VitalsFilter;
using ElderBand.Wristband;
using Iot.Device.Adxl343;

namespace ElderBand.Tests.Wristband;

/// <summary>P07: the wearer has 30 s to say "I am fine", and a short press is an SOS in every state.</summary>
public sealed class FallTests
{
    public static TheoryData<FallState, FallEvent, FallState, FallAction> Pairs => new()
    {
        { FallState.Watching, FallEvent.Suspected, FallState.Countdown, FallAction.Begin },
        { FallState.Watching, FallEvent.Deadline, FallState.Watching, FallAction.None },
        { FallState.Watching, FallEvent.LastDeadline, FallState.Watching, FallAction.None },
        { FallState.Watching, FallEvent.Sos, FallState.Watching, FallAction.None },
        { FallState.Watching, FallEvent.Fine, FallState.Watching, FallAction.None },
        { FallState.Countdown, FallEvent.Suspected, FallState.Countdown, FallAction.Begin },
        { FallState.Countdown, FallEvent.Deadline, FallState.Countdown, FallAction.Confirm },
        { FallState.Countdown, FallEvent.LastDeadline, FallState.Watching, FallAction.Confirm },
        { FallState.Countdown, FallEvent.Sos, FallState.Watching, FallAction.LeaveToSos },
        { FallState.Countdown, FallEvent.Fine, FallState.Watching, FallAction.Cancel },
    };

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Every_state_answers_every_event_as_the_table_says(
        FallState state, FallEvent happened, FallState next, FallAction expected)
    {
        FallGuard.Next(state, happened, out var action).ShouldBe(next);
        action.ShouldBe(expected);
    }

    /// <summary>A worn, linked band whose wearer has just fallen; the countdown has begun.</summary>
    private static (BandRig World, byte[] Suspicion, long BeganMs) Fallen()
    {
        var world = new BandRig().Boot();
        world.RunFor(20_000);
        world.Band.Wear.ShouldBe(Wear.On);
        world.Motion = SyntheticMotion.FallSequence(Adxl343.RateHz, 5, 8000);
        world.RunUntil(() => world.Band.FallGuardState == FallState.Countdown, 20_000).ShouldBeTrue();
        var began = world.Now;
        world.RunUntil(() => world.RowsOf(FrameType.FallSuspected).Count == 1, 500).ShouldBeTrue("sent at once");
        return (world, world.RowsOf(FrameType.FallSuspected)[0], began);
    }

    [Fact]
    public void P07_a_fall_is_suspected_at_once_and_confirmed_after_30_s_without_a_word()
    {
        var (world, suspicion, began) = Fallen();
        Payload.EventDetail(suspicion, 0).ShouldBeInRange((byte)50, (byte)100);
        (Payload.EventFlags(suspicion, 0) & AlarmFlags.Worn).ShouldBe(AlarmFlags.Worn);
        world.Band.Tick.ShouldBe(WristTick.Countdown);
        world.RunUntil(() => world.RowsOf(FrameType.FallConfirmed).Count == 1, 40_000).ShouldBeTrue();
        (world.Now - began).ShouldBeInRange(30_000, 30_500);
        Payload.RefersTo(world.RowsOf(FrameType.FallConfirmed)[0], 0).ShouldBe(Frame.SequenceOf(suspicion, 0));
        world.RowsOf(FrameType.FallCancelled).ShouldBeEmpty();
        world.RunFor(5000);
        world.StagesShown(suspicion).ShouldBe([Stage.Home, Stage.Centre], "held back by the countdown, shown after it");
    }

    [Fact]
    public void P07_a_hold_of_3_s_cancels_and_the_wrist_shows_no_stage_of_the_withdrawn_fall()
    {
        var (world, suspicion, _) = Fallen();
        world.RunFor(10_000);
        world.Press(3200);
        world.RunFor(5000);
        world.RowsOf(FrameType.FallCancelled).Count.ShouldBe(1);
        Payload.RefersTo(world.RowsOf(FrameType.FallCancelled)[0], 0).ShouldBe(Frame.SequenceOf(suspicion, 0));
        world.RunFor(60_000);
        world.RowsOf(FrameType.FallConfirmed).ShouldBeEmpty();
        world.RowsOf(FrameType.Sos).ShouldBeEmpty();
        world.StagesShown(suspicion).ShouldBeEmpty();
        world.Band.Tick.ShouldBe(WristTick.Silent);
    }

    [Fact]
    public void P07_a_short_press_in_the_countdown_is_an_SOS_now_and_ends_the_countdown()
    {
        var (world, _, _) = Fallen();
        world.RunFor(4000);
        world.Press(400);
        world.RunUntil(() => world.RowsOf(FrameType.Sos).Count == 1, 1000).ShouldBeTrue();
        var sos = world.RowsOf(FrameType.Sos)[0];
        Payload.EventDetail(sos, 0).ShouldBe((byte)SosSource.KeyInCountdown);
        (Payload.EventFlags(sos, 0) & AlarmFlags.DuringCountdown).ShouldBe(AlarmFlags.DuringCountdown);
        world.Band.FallGuardState.ShouldBe(FallState.Watching);
        world.RunFor(60_000);
        world.RowsOf(FrameType.FallConfirmed).ShouldBeEmpty("the SOS stands for it");
        world.RowsOf(FrameType.FallCancelled).ShouldBeEmpty("and nobody has withdrawn it");
    }

    [Fact]
    public void P07_a_hold_that_reached_let_go_before_the_deadline_is_judged_on_its_release()
    {
        var (world, _, _) = Fallen();
        world.RunFor(26_000);
        world.Press(5000);
        world.RunFor(10_000);
        world.RowsOf(FrameType.FallCancelled).Count.ShouldBe(1);
        world.RowsOf(FrameType.FallConfirmed).ShouldBeEmpty();
    }

    [Fact]
    public void A_hold_after_the_deadline_cancels_nothing()
    {
        var (world, _, _) = Fallen();
        world.RunFor(31_000);
        world.Press(3500);
        world.RunFor(10_000);
        world.RowsOf(FrameType.FallConfirmed).Count.ShouldBe(1);
        world.RowsOf(FrameType.FallCancelled).ShouldBeEmpty();
        world.RowsOf(FrameType.Sos).Count.ShouldBe(1, "outside a countdown every press means help");
    }

    [Fact]
    public void A_second_fall_in_a_countdown_is_its_own_alarm_with_its_own_30_s()
    {
        var (world, _, _) = Fallen();
        world.Motion = SyntheticMotion.FallSequence(Adxl343.RateHz, 9, 6000);
        world.RunUntil(() => world.RowsOf(FrameType.FallSuspected).Count == 2, 20_000).ShouldBeTrue();
        world.RunFor(35_000);
        world.RowsOf(FrameType.FallConfirmed).Select(f => Payload.RefersTo(f, 0))
            .ShouldBe(world.RowsOf(FrameType.FallSuspected).Select(f => Frame.SequenceOf(f, 0)));
    }

    [Fact]
    public void A_band_on_a_desk_suspects_no_fall_when_it_is_dropped()
    {
        var world = new BandRig(worn: false).Boot();
        world.RunFor(10_000);
        world.Motion = SyntheticMotion.FallSequence(Adxl343.RateHz, 5, 8000);
        world.RunFor(60_000);
        world.RowsOf(FrameType.FallSuspected).ShouldBeEmpty();
    }

    /// <summary>A worn Daily band; the next probe of the skin is most of a minute away.</summary>
    private static BandRig DailyAfterAProbe()
    {
        var world = new BandRig(guard: false);
        world.Boot();
        world.RunFor(60_000);
        world.Band.Mode.ShouldBe(BandMode.Daily);
        world.RunUntil(() => world.PpgChip.IsRunning, 90_000).ShouldBeTrue();
        world.RunUntil(() => !world.PpgChip.IsRunning, 60_000).ShouldBeTrue();
        world.RunFor(2000);
        world.Band.Wear.ShouldBe(Wear.On);
        return world;
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void A_Daily_band_that_is_taken_off_and_dropped_before_the_next_probe_starts_no_countdown(int seed)
    {
        var world = DailyAfterAProbe();
        world.Pulse.Worn = false;
        world.Motion = SyntheticMotion.FallSequence(Adxl343.RateHz, seed, 1000 + (seed * 130));
        world.RunFor(120_000);
        world.RowsOf(FrameType.FallSuspected).ShouldBeEmpty();
        world.Band.Wear.ShouldBe(Wear.Off);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void P07_in_Daily_the_skin_probe_delays_a_fall_no_longer_than_the_signal_after_the_impact(int seed)
    {
        var world = DailyAfterAProbe();
        var onset = 8000 + (seed * 130);
        var blow = world.Now + onset + 700;
        world.Motion = SyntheticMotion.FallSequence(Adxl343.RateHz, seed, onset);
        world.RunUntil(() => world.Band.FallGuardState == FallState.Countdown, 30_000).ShouldBeTrue();
        (world.Now - blow).ShouldBeInRange(2500, 4200);
    }

    [Fact]
    public void P07_a_fall_in_Daily_counts_also_when_the_pulse_sensor_cannot_say_whether_the_band_is_worn()
    {
        var world = DailyAfterAProbe();
        world.PpgChip.Fault = Simulation.Chips.ChipFault.Nak;
        var blow = world.Now + 8700;
        world.Motion = SyntheticMotion.FallSequence(Adxl343.RateHz, 5, 8000);
        world.RunUntil(() => world.Band.FallGuardState == FallState.Countdown, 30_000).ShouldBeTrue();
        (world.Now - blow).ShouldBeInRange(2500, 6000);
    }

    [Fact]
    public void A_band_in_Guard_that_is_taken_off_and_thrown_starts_no_countdown()
    {
        var world = new BandRig().Boot();
        world.RunFor(20_000);
        world.Band.Wear.ShouldBe(Wear.On);
        world.Pulse.Worn = false;
        world.Motion = SyntheticMotion.FallSequence(Adxl343.RateHz, 5, 1000);
        world.RunFor(120_000);
        world.RowsOf(FrameType.FallSuspected).ShouldBeEmpty();
    }

    [Fact]
    public void P05_after_a_FIFO_overrun_two_poses_are_not_taken_for_an_impact()
    {
        var world = new BandRig().Boot();
        world.RunFor(20_000);
        for (var i = 0; i < 10; i++)
        {
            world.Motion = SyntheticMotion.Walking(Adxl343.RateHz, i);
            world.RunFor(10_000);
            world.Hold(5000);
            world.Motion = SyntheticMotion.Resting(Adxl343.RateHz, i);
            world.RunFor(70_000);
        }

        world.AccelerometerChip.Lost.ShouldBeGreaterThan(0);
        world.RowsOf(FrameType.FallSuspected).ShouldBeEmpty();
    }

    [Fact]
    public void P05_a_fall_that_a_stalled_loop_saw_only_in_part_calls_for_help_when_the_wearer_lies_still()
    {
        var world = new BandRig().Boot();
        world.RunFor(20_000);
        world.Motion = SyntheticMotion.FallSequence(Adxl343.RateHz, 5, 8000);
        world.RunFor(9200);
        world.Hold(2500); // the blow has been read; most of what follows is lost
        var blow = world.Now;
        world.RunUntil(() => world.RowsOf(FrameType.FallSuspected).Count == 1, 60_000).ShouldBeTrue();
        world.AccelerometerChip.Lost.ShouldBeGreaterThan(0);
        (world.Now - blow)
            .ShouldBeGreaterThan(25_000, "what lies on the two sides of the hole was not scored together");
        Payload.EventDetail(world.RowsOf(FrameType.FallSuspected)[0], 0).ShouldBeInRange((byte)1, (byte)49);
    }

    [Fact]
    public void The_sensitivity_and_the_walking_aid_from_the_centre_decide_about_impacts_between_their_thresholds()
    {
        // A blow that high suspects at once and low does not; one that the walking aid watches for lying still and
        // nothing else.
        var between = Percent(
            static p => Says(p, 2, false) == FallVerdict.Suspected && Says(p, 0, false) != FallVerdict.Suspected);
        var beside = Percent(
            static p => Says(p, 1, true) == FallVerdict.SuspectedLate && Says(p, 1, false) == FallVerdict.None);
        Countdown(between, 2, false, 10_000).ShouldBeTrue();
        Countdown(between, 0, false, 10_000).ShouldBeFalse();
        Countdown(beside, 1, true, 70_000).ShouldBeTrue();
        Countdown(beside, 1, false, 70_000).ShouldBeFalse();
    }

    private static int Percent(Func<int, bool> holds)
    {
        var range = Enumerable.Range(20, 180).Where(holds).ToList();
        range.ShouldNotBeEmpty();
        return range[range.Count / 2];
    }

    // What the detector alone says, 80 s long.
    private static FallVerdict Says(int percent, byte sensitivity, bool walkingAid)
    {
        var detector = new FallDetector(Adxl343.RateHz);
        detector.Configure(sensitivity, walkingAid);
        var motion = SyntheticMotion.FallSequence(Adxl343.RateHz, 5, 8000);
        for (var i = 0; i < 80 * Adxl343.RateHz; i++)
        {
            var (x, y, z) = motion.Next();
            var verdict = detector.Push(x * percent / 100, y * percent / 100, z * percent / 100);
            if (verdict >= FallVerdict.Suspected)
            {
                return verdict;
            }
        }

        return FallVerdict.None;
    }

    // Whether a band so configured counts down within a while after the same blow.
    private static bool Countdown(int percent, byte sensitivity, bool walkingAid, int withinMs)
    {
        var world = new BandRig().Boot();
        world.RunFor(20_000);
        world.Down(world.FromCentre(
            FrameType.Configuration, 5, 0, f => Payload.PutConfiguration(f, true, sensitivity, walkingAid, 88, 28, 0)));
        world.RunFor(2000);
        world.MotionPercent = percent;
        world.Motion = SyntheticMotion.FallSequence(Adxl343.RateHz, 5, 8000);
        world.RunFor(9000);
        return world.RunUntil(() => world.Band.FallGuardState == FallState.Countdown, withinMs);
    }

    [Fact]
    public void P08_a_reset_in_a_countdown_leaves_the_suspicion_with_the_centre_and_delivers_it_once()
    {
        var world = new BandRig { AnswersHeard = false, AnswersReceipt = false }.Boot();
        world.RunFor(20_000);
        world.Motion = SyntheticMotion.FallSequence(Adxl343.RateHz, 5, 8000);
        world.RunUntil(() => world.Band.FallGuardState == FallState.Countdown, 20_000).ShouldBeTrue();
        world.Disconnect();
        world.Rows.Clear();
        world.AnswersHeard = true;
        world.AnswersReceipt = true;
        world.Boot(WakeCause.Watchdog);
        world.RunFor(10_000);
        world.RowsOf(FrameType.FallSuspected).Count.ShouldBe(1);
        world.Band.Pending.ShouldBe(0);
    }

    [Fact]
    public void P07_a_hold_across_the_deadline_costs_no_more_steps_than_it_needs()
    {
        var (world, _, began) = Fallen();
        world.RunFor(began + 26_500 - world.Now);
        world.KeyEdge(true);
        world.RunFor(4000);
        world.Now.ShouldBeGreaterThan(began + 30_000);
        var steps = world.Power.Feeds;
        world.RunFor(2000);
        (world.Power.Feeds - steps)
            .ShouldBeLessThan(200, "past the deadline the hold is waited for, not polled every millisecond");
    }

    [Fact]
    public void P07_a_hold_that_the_deadline_overtook_calls_at_once_and_is_not_asked_to_let_go()
    {
        var (world, _, began) = Fallen();
        var felt = new List<Felt>();
        world.Wrist.Shown = (what, _) => felt.Add(what);
        world.RunFor(began + 28_000 - world.Now);
        world.KeyEdge(true);
        world.RunFor(began + 30_300 - world.Now);
        world.RowsOf(FrameType.Sos).Count.ShouldBe(1);
        world.RowsOf(FrameType.FallConfirmed).ShouldBeEmpty("the SOS stands for the fall: one card");
        world.RunFor(8000);
        felt.ShouldNotContain(Felt.LetGo, "letting go would take nothing back");
    }
}
