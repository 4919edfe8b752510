using ElderBand.BandProtocol;
using ElderBand.Simulation;

namespace ElderBand.Tests.Wristband;

/// <summary>Frames that are replayed or altered, or that somebody else than the centre has made.</summary>
public sealed class LinkForgeryTests
{
    [Fact]
    public void P12_hub_states_of_an_earlier_link_neither_hide_a_dead_hub_nor_report_its_line()
    {
        var world = Bands.WornAndLinked();
        var recorded = world.State();
        world.Disconnect();
        world.RunFor(500);
        world.Online = false;
        world.Connect();
        world.RunFor(1000);
        world.Band.Link.IsTrusted.ShouldBeTrue();
        world.SendsState = false;
        var restarts = world.RadioRestarts;
        for (var i = 0; i < 8 && world.RadioRestarts == restarts; i++)
        {
            world.Down(recorded);
            world.RunFor(5000);
            world.Band.Link.HubOnline.ShouldBeFalse();
        }

        world.RadioRestarts.ShouldBe(restarts + 1);
    }

    [Fact]
    public void P12_every_recorded_frame_replayed_in_another_boot_shows_no_stage_and_changes_nothing()
    {
        var recorded = new List<byte[]>();
        var world = Bands.WornAndLinked();
        world.Loses = (frame, up) =>
        {
            if (!up)
            {
                recorded.Add((byte[])frame.Clone());
            }

            return false;
        };
        world.Press(200);
        world.RunFor(4000);
        var sos = world.RowsOf(FrameType.Sos)[0];
        world.Configure(5, guard: false, inactivity: 3);
        world.Configure(6, guard: false, sensitivity: 2, inactivity: 9);
        for (var stage = Stage.Taken; stage <= Stage.Closed; stage++)
        {
            world.Down(world.StageFrame(sos, stage, (int)stage));
            world.RunFor(4000);
        }

        recorded.Count.ShouldBeGreaterThan(8);
        world.Loses = (_, _) => false;
        world.Disconnect();
        world.Boot();
        world.RunFor(6000);
        world.Press(200);
        world.AnswersReceipt = false;
        world.RunFor(500);
        world.AnswersHeard = false;
        world.RunFor(4000);
        var rows = world.Rows.Count;
        var shown = world.Band.ShownStage;
        var pending = world.Band.Pending;
        foreach (var frame in recorded)
        {
            world.Down(frame);
            world.RunFor(3000);
        }

        world.Band.ShownStage.ShouldBe(shown);
        world.Band.Pending.ShouldBe(pending, "no replayed receipt releases the new press");
        world.RowsOf(FrameType.StageShown).Count(f => Payload.ShownBoot(f, 0) == world.Band.Boot)
            .ShouldBeLessThanOrEqualTo(1);
        world.RowsOf(FrameType.Status).Select(f => Payload.StatusConfigVersion(f, 0)).Last().ShouldBe((byte)6);
    }

    [Fact]
    public void P13_no_flipped_bit_of_a_stage_frame_is_shown()
    {
        var world = Bands.WornAndLinked();
        world.Press(200);
        world.RunFor(5000);
        var sos = world.RowsOf(FrameType.Sos)[0];
        var good = world.StageFrame(sos, Stage.Taken, 2);
        for (var bit = 0; bit < Frame.LinkTagOffset * 8; bit++)
        {
            var bad = (byte[])good.Clone();
            bad[bit / 8] ^= (byte)(1 << (bit % 8));
            world.Band.Link.Admit(bad, Frame.Size, world.Now + (bit * 60_000L)).ShouldBeFalse($"bit {bit}");
        }

        world.RunFor(1000);
        world.Band.ShownStage.ShouldBe(Stage.Centre);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(19)]
    public void P13_a_truncated_frame_is_refused(int count)
    {
        var world = Bands.WornAndLinked();
        world.Band.Link.Admit(new byte[Frame.Size], count, world.Now).ShouldBeFalse();
        world.Band.Link.BadTags.ShouldBe(1);
    }

    [Fact]
    public void P13_a_hub_that_was_broken_into_cannot_show_a_stage_beyond_heard_at_home()
    {
        var world = Bands.WornAndLinked();
        world.AnswersReceipt = false;
        world.Press(200);
        world.RunFor(3000);
        var sos = world.RowsOf(FrameType.Sos)[0];
        world.Band.ShownStage.ShouldBe(Stage.Home);
        var forged = world.FromHub(
            FrameType.Stage,
            Lane.Alarm,
            Frame.BootOf(sos, 0),
            Frame.SequenceOf(sos, 0),
            f => Payload.PutStage(f, Stage.Taken, 9));
        world.Down(forged);
        var receipt = world.FromHub(
            FrameType.Receipt,
            Lane.Alarm,
            Frame.BootOf(sos, 0),
            Frame.SequenceOf(sos, 0));
        world.Down(receipt);
        world.RunFor(5000);
        world.Band.ShownStage.ShouldBe(Stage.Home);
        world.Band.Pending.ShouldBe(1);
    }

    [Fact]
    public void P13_after_10_bad_tags_a_minute_staff_are_told_once_and_the_true_hub_is_still_served()
    {
        var world = Bands.WornAndLinked();
        for (var i = 0; i < 15; i++)
        {
            world.Down(new byte[Frame.Size]);
            world.RunFor(100);
        }

        world.Band.Link.Restarts.ShouldBe(1, "that link is gone");
        world.RunFor(5000);
        world.Technical(TechnicalCode.Tamper).ShouldBe(1);
        world.Press(200);
        world.RunFor(3000);
        world.RowsOf(FrameType.Sos).Count.ShouldBe(1);
        ((int)world.Band.ShownStage).ShouldBeGreaterThanOrEqualTo((int)Stage.Home);
        world.RunFor(70_000);
        world.Band.ShownStage.ShouldBe(
            Stage.Centre, "the centre's receipt counts again when the minute is over, at the latest");
    }

    [Fact]
    public void A_recorded_hello_opens_no_link()
    {
        byte[]? hello = null;
        var world = new BandRig();
        world.Loses = (frame, up) =>
        {
            hello = !up && Frame.TypeOf(frame, 0) == FrameType.LinkHello ? (byte[])frame.Clone() : hello;
            return false;
        };
        world.Boot();
        world.RunFor(5000);
        hello.ShouldNotBeNull();
        world.AnswersHello = false;
        world.Disconnect();
        world.RunFor(3000);
        world.Down(hello);
        world.RunFor(1000);
        world.Band.Link.IsTrusted.ShouldBeFalse();
    }
}
