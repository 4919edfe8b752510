using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Wristband;

namespace ElderBand.Tests.Wristband;

public sealed class LostBootTests
{
    [Fact]
    public void P50_a_band_that_has_lost_its_boot_count_goes_on_above_the_boot_that_the_centre_knows()
    {
        var world = new BandRig();
        for (var i = 0; i < 4; i++)
        {
            world.Boot();
            world.RunFor(4000);
            world.Press(200);
            world.RunFor(6000);
        }

        var highest = world.Band.Boot;
        world.Flash.Files.Clear();
        for (var i = 0; i < 3; i++)
        {
            world.Boot();
            world.RunFor(6000);
            world.Band.Boot.ShouldBeGreaterThan(highest, $"boot {i}: one receipt is enough");
            highest = world.Band.Boot;
            var before = world.RowsOf(FrameType.Sos).Count;
            world.Press(200);
            world.RunFor(6000);
            world.RowsOf(FrameType.Sos).Count.ShouldBe(before + 1);
        }
    }

    [Fact]
    public void P50_a_call_under_a_boot_that_may_have_been_used_says_so_until_the_band_has_caught_up()
    {
        var world = new BandRig();
        world.Boot();
        world.RunFor(4000);
        world.Boot();
        Payload.BootIsProven(PressOne(world), 0).ShouldBeTrue();
        world.Flash.Files.Clear();
        world.Boot();
        Payload.BootIsProven(PressOne(world), 0).ShouldBeFalse();
        Payload.BootIsProven(PressOne(world), 0).ShouldBeTrue("a receipt has told the highest boot");
    }

    private static byte[] PressOne(BandRig world)
    {
        var before = world.RowsOf(FrameType.Sos);
        world.Press(200);
        world.RunFor(6000);
        return world.RowsOf(FrameType.Sos).Except(before).ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void P50_two_boots_under_one_count_make_no_equal_calls_where_the_first_presses_are_some_ms_apart(int ms)
    {
        var first = FivePresses(1000);
        first.Count.ShouldBe(5);
        FivePresses(1000 + ms).Intersect(first).ShouldBeEmpty("the centre takes equal calls for one call");
    }

    // The flash of the band is empty, and no hub is in range.
    private static List<string> FivePresses(int afterMs)
    {
        var world = new BandRig { InRange = false };
        world.Boot();
        world.RunFor(afterMs);
        for (var i = 0; i < 5; i++)
        {
            world.Press(100);
            world.RunFor(300);
        }

        return [.. Enumerable.Range(0, AlarmLatch.Slots).Select(world.Band.Latch.At)
            .Where(static slot => slot.Used && Frame.TypeOf(slot.Frame, 0) == FrameType.Sos)
            .Select(static slot => Convert.ToHexString(slot.Frame, 0, Frame.LinkTagOffset))];
    }

    [Fact]
    public void P50_both_copies_of_the_count_lost_the_latch_knows_the_boot()
    {
        var world = new BandRig { InRange = false };
        for (var i = 0; i < 4; i++)
        {
            world.Boot();
            world.RunFor(1000);
        }

        var highest = world.Band.Boot;
        world.Flash.Files.Remove("boot.a");
        world.Flash.Files.Remove("boot.b");
        world.Boot();
        world.Band.Boot.ShouldBeGreaterThan(highest);
        highest = world.Band.Boot;
        world.Flash.Files.Remove("boot.a");
        world.Flash.Files.Remove("boot.b");
        world.Boot();
        world.Band.Boot.ShouldBeGreaterThan(highest, "the latch was written with the new count at once");
    }

    [Fact]
    public void P50_an_old_receipt_moves_no_boot_back_and_a_held_key_is_waited_for()
    {
        var world = new BandRig();
        world.Boot();
        world.RunFor(4000);
        var boot = world.Band.Boot;
        world.Down(world.FromCentre(FrameType.Receipt, 1, 0, f => Payload.TellHighestBoot(f, boot - 1)));
        world.RunFor(1000);
        world.Band.Boot.ShouldBe(boot);
        world.KeyEdge(true);
        world.RunFor(50);
        world.Down(world.FromCentre(FrameType.Receipt, 1, 0, f => Payload.TellHighestBoot(f, boot + 7)));
        world.RunFor(1000);
        world.Band.Boot.ShouldBe(boot);
        world.KeyEdge(false);
        world.RunFor(1000);
        world.Band.Boot.ShouldBe(boot + 8);
    }
}
