using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Wristband;

namespace ElderBand.Tests.Wristband;

/// <summary>
/// The flash refuses writes or reads for a while, so the latch's record is older than what the band knew when it lost
/// its power.
/// </summary>
public sealed class OldRecordTests
{
    private const int SaveAgainMs = 1000;

    [Fact]
    public void P04_a_press_that_the_flash_refused_is_stored_within_a_second_though_the_wrist_plays()
    {
        var world = Bands.WornAndLinked();
        world.Flash.ReadOnly = true;
        for (var i = 0; i < 4; i++)
        {
            world.Press(200);
            world.RunFor(300);
        }

        world.RunFor(1000);
        world.Flash.ReadOnly = false;
        world.RunFor(SaveAgainMs + 100);
        var shown = world.RowsOf(FrameType.StageShown).Count;
        foreach (var press in world.RowsOf(FrameType.Sos))
        {
            IsStored(world, press).ShouldBeTrue("four presses wait on the wrist; none waits for the flash");
        }

        world.RunFor(10_000);
        world.RowsOf(FrameType.StageShown).Count.ShouldBeGreaterThan(shown, "the wrist still played");
    }

    [Fact]
    public void P44_an_alarm_that_an_old_record_holds_open_is_shown_again_and_hears_of_its_end()
    {
        var world = Bands.WornAndLinked();
        var press = Pressed(world);
        world.Down(world.StageFrame(press, Stage.Taken, 2));
        world.RunFor(5000);
        world.Flash.ReadOnly = true;
        world.Down(world.StageFrame(press, Stage.Closed, 3));
        world.RunFor(5000);
        world.StagesShown(press)[^1].ShouldBe(Stage.Closed);
        world.Flash.ReadOnly = false;
        world.Boot();
        world.Band.Latch.HasOpen.ShouldBeTrue("the record is older than the end");
        world.RunFor(10_000);
        world.StagesShown(press)[^1].ShouldBe(Stage.Taken, "the centre learns where the wrist stands");
        world.Down(world.StageFrame(press, Stage.Closed, 3));
        world.RunFor(5000);
        world.StagesShown(press)[^1].ShouldBe(Stage.Closed);
        world.Band.Latch.HasOpen.ShouldBeFalse();
        world.Band.Tick.ShouldBe(WristTick.Silent);
    }

    [Fact]
    public void P44_a_wake_from_sleep_shows_no_stage_again()
    {
        var world = Bands.WornAndLinked();
        var press = Pressed(world);
        world.Down(world.StageFrame(press, Stage.Taken, 2));
        world.RunFor(5000);
        var shown = world.StagesShown(press).Count;
        world.Boot(WakeCause.Timer);
        world.RunFor(10_000);
        world.StagesShown(press).Count.ShouldBe(shown);
    }

    [Fact]
    public void P48_a_record_that_is_read_late_adds_no_second_slot_for_a_card_that_a_press_follows()
    {
        var world = Bands.WornAndLinked();
        var opener = Pressed(world);
        world.Card = opener;
        world.Flash.ReadFails = (name, _) => name.StartsWith("latch", StringComparison.Ordinal);
        world.Power.BootUntilItStays(() => world.Boot());
        world.RunFor(4000);
        Pressed(world);
        world.Flash.ReadFails = null;
        world.RunFor(10_000);
        world.Down(world.StageFrame(opener, Stage.Closed, 9));
        world.RunFor(10_000);
        world.StagesShown(opener)[^1].ShouldBe(Stage.Closed);
        world.Band.Latch.HasOpen.ShouldBeFalse("one slot follows the card");
        world.Band.Tick.ShouldBe(WristTick.Silent);
    }

    [Fact]
    public void P50_a_band_that_reads_its_count_late_goes_on_above_it()
    {
        var world = new BandRig { InRange = false };
        for (var i = 0; i < 3; i++)
        {
            world.Boot();
            world.RunFor(1000);
        }

        var highest = world.Band.Boot;
        world.Flash.ReadFails = (_, _) => true;
        world.Power.BootUntilItStays(() => world.Boot());
        world.RunFor(2000);
        world.Band.Boot.ShouldBeLessThan(highest, "nothing is known of earlier boots");
        world.Flash.ReadFails = null;
        world.RunFor(5000);
        world.Band.Boot.ShouldBeGreaterThan(highest);
        highest = world.Band.Boot;
        world.Boot();
        world.Band.Boot.ShouldBeGreaterThan(highest);
    }

    [Theory]
    [InlineData("boot.a")]
    [InlineData("boot.b")]
    public void P50_a_count_that_has_jumped_does_not_fall_back_where_one_copy_is_lost(string lost)
    {
        var world = Bands.WornAndLinked();
        var boot = world.Band.Boot;
        world.Down(world.FromCentre(FrameType.Receipt, boot, 0, f => Payload.TellHighestBoot(f, boot + 7)));
        world.RunFor(100);
        world.Band.Boot.ShouldBe(boot + 8);
        world.Flash.Files[lost][^1] ^= 1;
        world.Boot();
        world.Band.Boot.ShouldBeGreaterThan(boot + 8);
    }

    [Fact]
    public void P50_a_band_whose_count_is_unread_goes_on_above_boots_of_which_the_centre_has_not_heard()
    {
        var world = Bands.WornAndLinked();
        world.Boot();
        Pressed(world);
        world.InRange = false;
        world.Boot();
        world.RunFor(1000);
        var highest = world.Band.Boot;
        world.Flash.ReadFails = (_, _) => true;
        world.Power.BootUntilItStays(() => world.Boot());
        world.RunFor(1000);
        var boot = world.Band.Boot;
        boot.ShouldBeLessThan(highest, "nothing is known of earlier boots");
        world.InRange = true;
        Pressed(world);
        world.Band.Boot.ShouldBeGreaterThan(highest);
    }

    [Fact]
    public void P50_a_stage_that_was_shown_is_confirmed_again_under_a_higher_count()
    {
        var world = Bands.WornAndLinked();
        var press = Pressed(world);
        var boot = world.Band.Boot;
        world.Down(world.FromCentre(FrameType.Receipt, boot, 0, f => Payload.TellHighestBoot(f, boot + 1)));
        world.RunFor(3000);
        world.Band.Boot.ShouldBe(boot + 2);
        var last = world.RowsOf(FrameType.StageShown)[^1];
        (Frame.BootOf(last, 0), Payload.ShownSequence(last, 0), Payload.ShownStage(last, 0))
            .ShouldBe((boot + 2, Frame.SequenceOf(press, 0), Stage.Centre));
    }

    private static byte[] Pressed(BandRig world)
    {
        var before = world.RowsOf(FrameType.Sos);
        world.Press(200);
        world.RunFor(6000);
        return world.RowsOf(FrameType.Sos).Except(before).ShouldHaveSingleItem();
    }

    private static bool IsStored(BandRig world, byte[] frame) =>
        new[] { "latch.a", "latch.b" }.Any(name => world.Flash.Files.TryGetValue(name, out var file)
            && file.AsSpan().IndexOf(frame.AsSpan(0, Frame.LinkTagOffset)) >= 0);
}
