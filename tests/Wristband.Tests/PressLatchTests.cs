using ElderBand.BandProtocol;
using ElderBand.Simulation;

namespace ElderBand.Tests.Wristband;

public sealed class PressLatchTests
{
    [Fact]
    public void P49_a_press_that_the_latch_remembers_and_the_line_never_showed_is_one_sos_and_is_forgotten_once_stored()
    {
        var world = new BandRig();
        world.Boot();
        world.RunFor(3000);
        world.PressLatch.Level = true;
        world.RunFor(10_000);
        var sos = world.RowsOf(FrameType.Sos).ShouldHaveSingleItem();
        Payload.EventDetail(sos, 0).ShouldBe((byte)SosSource.KeyFromSleep);
        world.PressLatch.Level.ShouldBeFalse();
        world.PressLatch.Clears.ShouldBe(1);
    }

    [Fact]
    public void P49_a_press_that_is_not_on_flash_stays_in_the_latch_until_the_centre_has_it()
    {
        var world = new BandRig { InRange = false };
        world.Boot();
        world.RunFor(3000);
        world.Flash.ReadOnly = true;
        world.Press(200);
        world.RunFor(5000);
        world.PressLatch.Level.ShouldBeTrue();
        world.RowsOf(FrameType.Sos).ShouldBeEmpty();
        world.InRange = true;
        world.Boot(WakeCause.Watchdog);
        world.RunFor(10_000);
        world.RowsOf(FrameType.Sos).Count.ShouldBe(1, "memory is gone, the latch is not");
        world.PressLatch.Level.ShouldBeFalse();
    }

    [Fact]
    public void P49_a_press_of_the_running_band_clears_the_latch_and_leaves_nothing_for_the_next_boot()
    {
        var world = new BandRig();
        world.Boot();
        world.RunFor(3000);
        foreach (var holdMs in new[] { 20, 60, 80, 200, 2900, 3500 })
        {
            var before = world.RowsOf(FrameType.Sos).Count;
            world.Press(holdMs);
            world.RunFor(70_000);
            world.RowsOf(FrameType.Sos).Count.ShouldBe(before + (holdMs >= 80 ? 1 : 0), $"{holdMs} ms");
            world.PressLatch.Level.ShouldBeFalse($"{holdMs} ms");
        }

        var all = world.RowsOf(FrameType.Sos).Count;
        world.Boot();
        world.RunFor(5000);
        world.RowsOf(FrameType.Sos).Count.ShouldBe(all);
    }

    [Fact]
    public void P49_the_hold_that_restarts_the_band_is_no_press_of_the_next_boot()
    {
        var world = Bands.ResetByTheKey();
        world.PressLatch.Level.ShouldBeTrue("a held key sets it");
        world.Key.Level = false;
        world.Boot();
        world.RunFor(10_000);
        world.RowsOf(FrameType.Sos).Count.ShouldBe(1);
        world.PressLatch.Level.ShouldBeFalse();
    }

    [Fact]
    public void P49_a_latch_that_does_not_work_is_reported_and_a_wake_by_the_key_then_counts_as_a_press()
    {
        var world = new BandRig();
        world.PressLatch.IsBroken = true;
        world.Boot(WakeCause.Key);
        world.RunFor(5000);
        world.RowsOf(FrameType.Sos).ShouldBeEmpty("a wake alone may be a contact of 30 ms");
        world.Press(200);
        world.RunFor(5000);
        world.RowsOf(FrameType.Sos).Count.ShouldBe(1);
        world.Technical(TechnicalCode.PressLatchFault).ShouldBe(1);
        world.Boot(WakeCause.Key);
        world.RunFor(5000);
        world.RowsOf(FrameType.Sos).Count.ShouldBe(2);

        world.PressLatch.IsBroken = false;
        world.PressLatch.Level = false;
        world.RunFor(70_000);
        world.Press(200);
        world.RunFor(5000);
        world.RowsOf(FrameType.Sos).Count.ShouldBe(3);
        world.Power.BootCause = WakeCause.Motion;
        world.Boot(WakeCause.Motion);
        world.RunFor(5000);
        world.RowsOf(FrameType.Sos).Count.ShouldBe(3);
    }
}
