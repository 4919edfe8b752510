using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Wristband;

namespace ElderBand.Tests.Wristband;

public sealed class LatchTests
{
    /// <summary>
    /// A day of a band in a minute: boot, a press, its receipt and stages, a configuration, a second press out of
    /// range. Ends early at a power cut; true where it ran through.
    /// </summary>
    private static bool Live(BandRig world)
    {
        try
        {
            world.Boot();
            world.RunFor(3000);
            world.Press(200);
            world.RunFor(6000);
            var sos = world.RowsOf(FrameType.Sos).LastOrDefault();
            if (sos != null && world.AnswersReceipt)
            {
                world.Down(world.StageFrame(sos, Stage.Taken, 2));
                world.RunFor(5000);
                world.Down(world.StageFrame(sos, Stage.Closed, 3));
            }

            world.Down(world.FromCentre(
                FrameType.Configuration, 4, 0, f => Payload.PutConfiguration(f, true, 2, true, 88, 28, 6)));
            world.RunFor(3000);
            world.InRange = false;
            world.Disconnect();
            world.RunFor(100);
            world.Press(200);
            world.RunFor(2000);
            return true;
        }
        catch (PowerCutException)
        {
            return false;
        }
    }

    private static int WritesOfALife(bool receipts)
    {
        var world = new BandRig(guard: false) { AnswersReceipt = receipts, Power = { IsExternal = true } };
        Live(world).ShouldBeTrue();
        return world.Flash.Operations;
    }

    [Fact]
    public void P04_P17_a_press_that_was_sent_survives_a_power_cut_at_every_flash_write_and_the_loss_of_its_hub()
    {
        var writes = WritesOfALife(false);
        foreach (var how in Enum.GetValues<Cut>())
        {
            for (var cut = 0; cut < writes; cut++)
            {
                // The hub hears, answers, and forgets everything: only the band's latch can bring the press to the
                // centre.
                var world = new BandRig(guard: false) { AnswersReceipt = false, Power = { IsExternal = true } };
                world.Flash.CutAt = cut;
                world.Flash.CutMode = how;
                Live(world).ShouldBeFalse();
                var spoken = world.Heard.Where(h => Frame.TypeOf(h.Frame, 0) == FrameType.Sos)
                    .Select(h => Convert.ToHexString(h.Frame)).ToHashSet();
                world.Rows.Clear();
                world.Flash.CutAt = -1;
                world.AnswersReceipt = true;
                world.InRange = true;
                world.Key.Level = false;
                world.Boot();
                world.RunFor(10_000);
                spoken.ShouldBeSubsetOf(world.RowsOf(FrameType.Sos).Select(Convert.ToHexString), $"write {cut} {how}");
                world.Band.Pending.ShouldBe(0);
            }
        }
    }

    [Fact]
    public void P04_P17_a_power_cut_at_every_flash_write_loses_no_press_that_was_sent_and_invents_none()
    {
        var writes = WritesOfALife(true);
        writes.ShouldBeGreaterThan(8);
        var points = 0;
        foreach (var how in Enum.GetValues<Cut>())
        {
            for (var cut = 0; cut < writes; cut++)
            {
                points++;
                var world = new BandRig(guard: false) { Power = { IsExternal = true } };
                world.Flash.CutAt = cut;
                world.Flash.CutMode = how;
                Live(world).ShouldBeFalse();
                var bootBefore = world.Band.Boot;
                var spoken = world.Heard.Where(h => Frame.TypeOf(h.Frame, 0) == FrameType.Sos)
                    .Select(h => Convert.ToHexString(h.Frame)).ToHashSet();

                // The band has power again and the hub is in reach. Each press that the hub had heard or the flash had
                // stored must arrive once and whole. The press latch beside the key had no power either.
                world.Flash.CutAt = -1;
                world.PressLatch.Level = false;
                world.InRange = true;
                world.Key.Level = false;
                world.Boot();
                world.RunFor(10_000);
                var because = $"write {cut} {how}";
                world.Band.Pending.ShouldBe(0, because);
                var rows = world.RowsOf(FrameType.Sos);
                rows.Count.ShouldBeInRange(spoken.Count, 2, because);
                spoken.ShouldBeSubsetOf(rows.Select(Convert.ToHexString), because);
                if (how is Cut.Unreported)
                {
                    world.Band.Boot.ShouldBeGreaterThan(bootBefore - 1, because);
                }

                // What the cut band never spoke of is either whole or not there: each row is a press of the script.
                rows.Select(f => Payload.UptimeS(f, 0)).ShouldBeSubsetOf([3, 17], because);
            }
        }

        points.ShouldBe(writes * Enum.GetValues<Cut>().Length);
    }

    [Fact]
    public void P09_1000_brown_outs_raise_the_boot_count_each_time_and_use_no_sequence_twice()
    {
        var world = new BandRig { AnswersHeard = false, AnswersReceipt = false };
        var random = new Random(9);
        var used = new HashSet<(Lane, int, int, string)>();
        var identities = new HashSet<(Lane, int, int)>();
        var last = 0;
        for (var i = 0; i < 1000; i++)
        {
            world.Flash.CutAt = world.Flash.Operations + random.Next(0, 4);
            world.Flash.CutMode = (Cut)random.Next(Enum.GetValues<Cut>().Length);
            try
            {
                world.Boot();
                world.Band.Boot.ShouldBeGreaterThan(last);
                last = world.Band.Boot;
                world.Press(100);
                world.RunFor(random.Next(50, 600));
            }
            catch (PowerCutException)
            {
                // A boot that died before it could count itself said nothing.
            }

            world.Key.Level = false;
        }

        foreach (var (_, frame, _) in world.Heard)
        {
            var identity = (Frame.LaneOf(frame, 0), Frame.BootOf(frame, 0), Frame.SequenceOf(frame, 0));
            if (identities.Add(identity))
            {
                used.Add((identity.Item1, identity.Item2, identity.Item3, Convert.ToHexString(frame)));
            }
            else
            {
                used.ShouldContain((identity.Item1, identity.Item2, identity.Item3, Convert.ToHexString(frame)),
                    "one identity, one content");
            }
        }

        last.ShouldBeGreaterThan(300);
        identities.Count.ShouldBeGreaterThan(1000);
    }

    [Fact]
    public void P09_where_the_boot_count_cannot_be_stored_staff_are_told_and_a_press_is_not_taken_for_a_replay()
    {
        var world = new BandRig();
        var sequences = new HashSet<(int, int)>();
        world.Flash.ReadOnly = true;
        for (var i = 0; i < 20; i++)
        {
            world.Rows.Clear();
            world.Boot();
            world.RunFor(3000 + (i * 137));
            world.Technical(TechnicalCode.FlashFault).ShouldBe(1);
            world.Press(200);
            world.RunFor(2000);
            var sos = world.RowsOf(FrameType.Sos).ShouldHaveSingleItem();
            sequences.Add((Frame.BootOf(sos, 0), Frame.SequenceOf(sos, 0)))
                .ShouldBeTrue("the same boot number, another sequence");
            world.Disconnect();
        }
    }

    [Fact]
    public void P08_a_press_that_nobody_heard_is_sent_again_after_the_watchdog()
    {
        var world = new BandRig { InRange = false }.Boot();
        world.RunFor(3000);
        world.Press(200);
        world.RunFor(2000);
        var before = world.OnAir.ShouldNotBeNull();
        Frame.TypeOf(before, 0).ShouldBe(FrameType.Sos);
        world.InRange = true;
        world.Boot(WakeCause.Watchdog);
        world.RunFor(5000);
        world.RowsOf(FrameType.Sos).ShouldHaveSingleItem().ShouldBe(before, "the same frame, bit for bit");
        Payload.EventFlags(world.RowsOf(FrameType.Boot)[^1], 0).ShouldBe((byte)WakeCause.Watchdog);
    }

    [Fact]
    public void The_watchdog_is_fed_by_every_step_and_no_step_asks_for_more_than_half_its_time()
    {
        var world = new BandRig(worn: false);
        world.Power.IsExternal = false;
        world.Boot();
        var steps = 0;
        for (; !world.Band.IsAsleep; steps++)
        {
            var feeds = world.Power.Feeds;
            var wait = world.Band.Step(world.Now);
            wait.ShouldBeInRange(1, 4000);
            world.Hold(wait);
            if (!world.Band.IsAsleep)
            {
                world.Power.Feeds.ShouldBe(feeds + 1);
            }
        }

        steps.ShouldBeGreaterThan(600, "ten minutes until it is put away");
    }

    [Fact]
    public void P12_after_a_reboot_a_replayed_stage_is_still_older_than_what_the_wrist_has_shown()
    {
        var world = new BandRig().Boot();
        world.RunFor(3000);
        world.Press(200);
        world.RunFor(4000);
        var sos = world.RowsOf(FrameType.Sos)[0];
        var take = world.StageFrame(sos, Stage.Taken, 2);
        world.Down(take);
        world.RunFor(3000);
        world.Down(world.StageFrame(sos, Stage.Closed, 5));
        world.RunFor(3000);
        world.Disconnect();
        world.Boot();
        world.RunFor(5000);
        var shown = world.StagesShown(sos).Count;
        world.Down(take);
        world.RunFor(5000);
        world.StagesShown(sos).Count.ShouldBe(shown);
        world.Band.Tick.ShouldBe(WristTick.Silent);
    }
}
