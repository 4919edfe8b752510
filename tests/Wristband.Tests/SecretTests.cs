using ElderBand.BandProtocol;
using ElderBand.Simulation;

namespace ElderBand.Tests.Wristband;

/// <summary>P68: the band's secret changes by frames of the centre (docs/adr/0097).</summary>
public sealed class SecretTests(ITestOutputHelper output)
{
    [Fact]
    public void P68_three_frames_change_the_secret_and_a_frame_of_the_centre_retires_the_old_one()
    {
        var world = Ready();
        var label = world.HubKeys;
        var links = world.RadioRestarts;
        world.SendOffer();
        world.RunFor(3000);
        world.KeyEpoch.ShouldBe(1, "the status after the change is under the new secret");
        world.HubKeys.CentreUp.ShouldNotBe(label.CentreUp);
        world.RadioRestarts.ShouldBe(links, "the link stays");
        Record(world)[68].ShouldBe((byte)1, "kept until the centre has shown that it has the new one");

        world.Configure(2, guard: true, inactivity: 3);
        world.RunFor(15_000);
        Record(world)[68].ShouldBe((byte)0);
        Record(world)[36..68].ShouldAllBe(b => b == 0);
        world.Flash.Files["secret.a"][6..79].ShouldBe(world.Flash.Files["secret.b"][6..79]);
        world.Press(200);
        world.RunFor(5000);
        world.RowsOf(FrameType.Sos).Count.ShouldBe(1);

        // The band takes no frame any more that is signed under the label's secret.
        var sos = world.RowsOf(FrameType.Sos)[0];
        var forged = new byte[Frame.Size];
        Frame.Begin(forged, FrameType.Stage, Lane.Alarm, Frame.BootOf(sos, 0), Frame.SequenceOf(sos, 0));
        Payload.PutStage(forged, Stage.Coming, 9);
        var tagger = new Tagger(new HostMac());
        tagger.SignCentre(label.CentreDown, forged);
        world.Down(forged);
        world.RunFor(3000);
        world.StagesShown(sos).ShouldNotContain(Stage.Coming);
    }

    [Fact]
    public void P68_parts_of_another_epoch_replays_and_parts_alone_change_nothing()
    {
        var world = Ready();
        foreach (var epoch in new[] { 0, 2, 7 })
        {
            for (var part = 0; part < Rekey.Parts; part++)
            {
                world.Down(world.RekeyFrame(epoch, part));
            }
        }

        world.Down(world.RekeyFrame(1, 0));
        world.Down(world.RekeyFrame(1, 1));
        world.Down(world.FromCentre(FrameType.Rekey, 1, 3));
        world.RunFor(5000);
        world.KeyEpoch.ShouldBe(0);
        world.Flash.Files.ShouldNotContainKey("secret.a");
        var recorded = Enumerable.Range(0, Rekey.Parts).Select(part => world.RekeyFrame(part)).ToArray();
        world.Down(world.RekeyFrame(2));
        world.RunFor(3000);
        world.KeyEpoch.ShouldBe(1);
        world.Configure(2, guard: true, inactivity: 3);
        world.RunFor(15_000);
        var record = Record(world);
        var bad = world.Band.Link.BadTags;
        for (var i = 0; i < 3; i++)
        {
            foreach (var frame in recorded)
            {
                world.Down(frame);
            }
        }

        world.RunFor(5000);
        Record(world).ShouldBe(record);
        world.KeyEpoch.ShouldBe(1);
        world.Band.Link.BadTags.ShouldBe(bad + 9, "after the retirement they are frames of a stranger");
    }

    [Fact]
    public void P68_a_second_change_waits_until_the_first_is_done()
    {
        var world = Ready();
        for (var epoch = 1; epoch < 6; epoch += 2)
        {
            world.Press(200);
            world.RunFor(3000);
            world.SendOffer();
            world.RunFor(5000);
            world.KeyEpoch.ShouldBe(epoch);
            world.Configure(epoch + 1, guard: true, inactivity: 3);
            world.RunFor(15_000);
            world.Offer();
            world.SendOffer();
            world.RunFor(5000);
            world.KeyEpoch.ShouldBe(epoch, "the press under the secret before is open, so that secret is still needed");
            world.Down(world.StageFrame(world.RowsOf(FrameType.Sos)[^1], Stage.Closed, 9));
            world.RunFor(25_000);
            world.KeyEpoch.ShouldBe(epoch + 1);
            world.Configure(epoch + 2, guard: true, inactivity: 3);
            world.RunFor(15_000);
            world.ForgetOldSecret();
            world.Boot();
            world.RunFor(5000);
            world.Offer();
        }

        world.RowsOf(FrameType.Sos).Count.ShouldBe(3);
    }

    [Fact]
    public void P68_a_press_before_the_change_keeps_its_bytes_and_is_answered_under_both_secrets()
    {
        var world = Ready();
        world.AnswersReceipt = false;
        world.Press(200);
        world.RunFor(3000);
        var before = world.RowsOf(FrameType.Sos)[0];
        world.SendOffer();
        world.RunFor(3000);
        world.KeyEpoch.ShouldBe(1);
        world.Configure(2, guard: true, inactivity: 3);
        world.RunFor(60_000);
        Record(world)[68].ShouldBe((byte)1, "a frame under the old secret waits for its receipt");
        world.AnswersReceipt = true;
        world.RunFor(20_000);
        world.RowsOf(FrameType.Sos).Count.ShouldBe(1);
        var sent = world.Heard.Where(h => Frame.TypeOf(h.Frame, 0) == FrameType.Sos).Select(h => h.Frame).ToList();
        sent.ShouldAllBe(frame => Bytes.Same(frame, 0, before, 0, Frame.LinkTagOffset));
        sent[^1][16..].ShouldNotBe(before[16..], "the link tag is under the new secret");
        world.Band.Pending.ShouldBe(0);
        world.Down(world.StageFrame(before, Stage.Closed, 5));
        world.RunFor(30_000);
        Record(world)[68].ShouldBe((byte)0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void P17_P68_a_power_cut_at_every_flash_operation_of_the_change_leaves_one_of_the_two_secrets(int presses)
    {
        var whole = Life(presses, out var first, out var last);
        whole.KeyEpoch.ShouldBe(1);
        var points = 0;
        foreach (var how in Enum.GetValues<Cut>())
        {
            for (var cut = first; cut < last; cut++)
            {
                var world = Ready();
                Prepare(world, presses);
                world.Flash.CutAt = cut;
                world.Flash.CutMode = how;
                Should.Throw<PowerCutException>(() => Change(world));
                world.Flash.CutAt = -1;
                var because = $"operation {cut} {how}";
                world.AnswersReceipt = true;
                world.Boot();
                world.RunFor(4000);
                world.Press(200);
                world.RunFor(8000);
                world.RowsOf(FrameType.Sos).Count.ShouldBe(presses + 1, because);
                if (world.KeyEpoch == 0)
                {
                    world.SendOffer();
                    world.RunFor(3000);
                }

                world.KeyEpoch.ShouldBe(1, because);
                world.Configure(3, guard: true, inactivity: 3);
                foreach (var sos in world.RowsOf(FrameType.Sos))
                {
                    world.Down(world.StageFrame(sos, Stage.Closed, 5));
                }

                world.RunFor(30_000);
                Record(world)[68].ShouldBe((byte)0, because);
                world.Band.Pending.ShouldBe(0, because);
                points++;
            }
        }

        output.WriteLine($"{points} power cuts while the secret changed with {presses} presses waiting");
        points.ShouldBeGreaterThan(20);
    }

    [Fact]
    public void P48_P68_a_record_that_cannot_be_read_costs_no_press_once_it_can_be_read()
    {
        var world = Changed();
        world.ForgetOldSecret();
        world.Flash.ReadFails = (name, _) => name.StartsWith("secret", StringComparison.Ordinal);
        for (var i = 0; i < 5; i++)
        {
            world.Boot();
        }

        world.RunFor(3000);
        world.Press(200);
        world.RunFor(5000);
        world.RowsOf(FrameType.Sos).ShouldBeEmpty("the centre refuses what the label's secret has signed");
        world.Flash.ReadFails = null;
        world.RunFor(10_000);
        world.RowsOf(FrameType.Sos).Count.ShouldBe(1);
        world.Band.Pending.ShouldBe(0);
    }

    [Theory]
    [InlineData("secret.a")]
    [InlineData("secret.b")]
    public void P18_P68_one_rotten_or_missing_copy_takes_no_secret_away(string copy)
    {
        foreach (var rot in new[] { true, false })
        {
            var world = Changed();
            world.ForgetOldSecret();
            if (rot)
            {
                world.Flash.Files[copy][40] ^= 1;
            }
            else
            {
                world.Flash.Files.Remove(copy);
            }

            world.Boot();
            world.RunFor(3000);
            world.Press(200);
            world.RunFor(5000);
            world.RowsOf(FrameType.Sos).Count.ShouldBe(1);
            world.Flash.Files["secret.a"][6..79].ShouldBe(world.Flash.Files["secret.b"][6..79]);
        }
    }

    [Fact]
    public void P68_a_flash_that_refuses_writes_leaves_the_old_secret_and_the_offer_is_taken_later()
    {
        var world = Ready();
        world.Flash.ReadOnly = true;
        world.SendOffer();
        world.RunFor(5000);
        world.KeyEpoch.ShouldBe(0);
        world.Press(200);
        world.RunFor(5000);
        world.RowsOf(FrameType.Sos).Count.ShouldBe(1);
        world.Flash.ReadOnly = false;
        world.RunFor(5000);
        world.KeyEpoch.ShouldBe(1);
    }

    private static BandRig Ready()
    {
        var world = new BandRig();
        world.Boot();
        world.RunFor(3000);
        world.Offer();
        return world;
    }

    private static BandRig Changed()
    {
        var world = Ready();
        Change(world);
        Record(world)[68].ShouldBe((byte)0);
        return world;
    }

    private static BandRig Life(int presses, out int first, out int last)
    {
        var world = Ready();
        Prepare(world, presses);
        first = world.Flash.Operations;
        Change(world);
        last = world.Flash.Operations;
        return world;
    }

    private static void Prepare(BandRig world, int presses)
    {
        world.AnswersReceipt = false;
        for (var i = 0; i < presses; i++)
        {
            world.Press(200);
            world.RunFor(3000);
        }
    }

    private static void Change(BandRig world)
    {
        world.SendOffer();
        world.RunFor(3000);
        world.AnswersReceipt = true;
        world.Configure(2, guard: true, inactivity: 3);
        world.RunFor(15_000);
        foreach (var sos in world.RowsOf(FrameType.Sos))
        {
            world.Down(world.StageFrame(sos, Stage.Closed, 4));
        }

        world.RunFor(15_000);
    }

    // Content of the newer copy.
    private static byte[] Record(BandRig world)
    {
        var a = world.Flash.Files["secret.a"];
        var b = world.Flash.Files.GetValueOrDefault("secret.b");
        var newest = b is null || Bytes.GetU32(a, 0) > Bytes.GetU32(b, 0) ? a : b;
        return newest[6..];
    }
}
