using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulation.Signals;
using ElderBand.Wristband;
using Iot.Device.Adxl343;

namespace ElderBand.Tests.Wristband;

/// <summary>P47: eight calls wait and nobody hears: the wrist says only what the latch has stored.</summary>
public sealed class FullLatchTests
{
    /// <summary>A worn band out of range, whose latch is full of calls; what the wrist says.</summary>
    private static (BandRig World, List<Felt> Wrist) Full()
    {
        var world = new BandRig { InRange = false }.Boot();
        var felt = new List<Felt>();
        world.Wrist.Shown = (what, _) => felt.Add(what);
        world.RunFor(20_000);
        for (var i = 0; i < AlarmLatch.Slots; i++)
        {
            world.Press(150);
            world.RunFor(1000);
        }

        world.Band.Pending.ShouldBe(AlarmLatch.Slots);
        world.RunFor(70_000);
        felt.Clear();
        return (world, felt);
    }

    private static void Deliver(BandRig world)
    {
        world.InRange = true;
        world.ConnectWhenAdvertised();
        world.RunFor(60_000);
        world.Band.Pending.ShouldBe(0);
    }

    [Fact]
    public void P47_a_cancel_that_the_full_latch_refuses_is_not_understood_and_the_fall_stands()
    {
        var (world, felt) = Full();
        world.Motion = SyntheticMotion.FallSequence(Adxl343.RateHz, 5, 8000);
        world.RunUntil(() => world.Band.FallGuardState == FallState.Countdown, 20_000).ShouldBeTrue();
        world.RunFor(5000);
        world.Press(3500);
        world.RunFor(10_000);
        felt.ShouldContain(Felt.LetGo);
        felt.ShouldNotContain(Felt.Understood);
        world.Band.FallGuardState.ShouldBe(FallState.Countdown, "nothing has been taken back");
        world.RunFor(20_000);
        Deliver(world);
        world.RowsOf(FrameType.FallSuspected).Count.ShouldBe(1);
        world.RowsOf(FrameType.FallConfirmed).Count.ShouldBe(1);
        world.RowsOf(FrameType.FallCancelled).ShouldBeEmpty();
        felt.ShouldNotContain(Felt.Understood);
    }

    [Fact]
    public void P47_not_needed_that_the_full_latch_refuses_is_not_understood()
    {
        var (world, felt) = Full();
        world.Press(150);
        world.RunFor(5000);
        world.Press(3500);
        world.RunFor(10_000);
        felt.ShouldContain(Felt.LetGo);
        felt.ShouldNotContain(Felt.Understood);
        Deliver(world);
        world.RowsOf(FrameType.NotNeeded).ShouldBeEmpty();
    }

    [Fact]
    public void P47_a_cancel_that_finds_room_is_understood_also_where_nobody_hears()
    {
        var world = new BandRig { InRange = false }.Boot();
        var felt = new List<Felt>();
        world.Wrist.Shown = (what, _) => felt.Add(what);
        world.RunFor(20_000);
        world.Motion = SyntheticMotion.FallSequence(Adxl343.RateHz, 5, 8000);
        world.RunUntil(() => world.Band.FallGuardState == FallState.Countdown, 20_000).ShouldBeTrue();
        world.Press(3500);
        world.RunFor(10_000);
        felt.ShouldContain(Felt.Understood);
        Deliver(world);
        world.RowsOf(FrameType.FallCancelled).Count.ShouldBe(1);
    }

    [Fact]
    public void P44_the_newest_press_takes_the_next_advertisement_however_long_the_older_ones_have_waited()
    {
        for (var afterMs = 0; afterMs < 90_000; afterMs += 4700)
        {
            var (world, _) = Full();
            world.RunFor(afterMs);
            var sequence = world.Band.Latch.At(0).Sequence;
            for (var i = 1; i < AlarmLatch.Slots; i++)
            {
                sequence = Math.Max(sequence, world.Band.Latch.At(i).Sequence);
            }

            world.Press(150);
            world.RunFor(500);
            var air = world.OnAir.ShouldNotBeNull();
            Frame.SequenceOf(air, 0).ShouldBeGreaterThan(sequence, $"{afterMs} ms");
            var heard = world.Advertisements;
            world.RunFor(600_000);
            (world.Advertisements - heard).ShouldBeInRange(10, 25, "and the older ones go on in turn");
        }
    }

    [Fact]
    public void P47_one_hold_across_a_brown_out_is_at_most_one_press_too_many_and_never_one_too_few()
    {
        for (var cutMs = 10; cutMs <= 400; cutMs += 10)
        {
            var world = new BandRig(worn: false).Boot();
            world.RunFor(5000);
            world.KeyEdge(true);
            world.RunFor(cutMs);
            world.Disconnect();
            world.Hold(700);
            world.Boot();
            world.RunFor(300);
            world.KeyEdge(false);
            world.RunFor(20_000);
            world.RowsOf(FrameType.Sos).Count.ShouldBe(cutMs < SosKey.FireMs ? 1 : 2, $"cut after {cutMs} ms");
            world.RowsOf(FrameType.NotNeeded).ShouldBeEmpty();
            world.Band.Pending.ShouldBe(0);
        }
    }
}
