using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Wristband;

namespace ElderBand.Tests.Wristband;

/// <summary>P44: whoever is afraid presses again and again; the wrist still tells how far help has come.</summary>
public sealed class ManyPressesTests
{
    /// <summary>A band whose first press, the opener, has opened a card at the centre.</summary>
    private static (BandRig World, byte[] Opener) WithACard()
    {
        var world = Bands.Linked();
        Press(world, 1, 2000);
        var opener = world.RowsOf(FrameType.Sos)[0];
        Tell(world, opener, Stage.Centre, 1);
        return (world, opener);
    }

    private static void Press(BandRig world, int presses, int everyMs)
    {
        for (var i = 0; i < presses; i++)
        {
            world.Press(150);
            world.RunFor(everyMs);
        }
    }

    private static void Tell(BandRig world, byte[] alarm, Stage stage, int revision, int forMs = 6000)
    {
        world.Down(world.StageFrame(alarm, stage, revision));
        world.RunFor(forMs);
    }

    private static LatchSlot? Slot(BandRig world, byte[] frame) =>
        world.Band.Latch.Find(Frame.BootOf(frame, 0), Frame.SequenceOf(frame, 0));

    /// <summary>Every stage of the card is felt, and after its end the wrist is silent.</summary>
    private static void ShowsTheCardToItsEnd(BandRig world, byte[] opener, int revision)
    {
        Tell(world, opener, Stage.Taken, revision);
        world.Band.Tick.ShouldBe(WristTick.Silent, "a person has the card");
        Tell(world, opener, Stage.Coming, revision + 1);
        Tell(world, opener, Stage.Closed, revision + 2);
        world.StagesShown(opener)[^3..].ShouldBe([Stage.Taken, Stage.Coming, Stage.Closed]);
        world.Band.Tick.ShouldBe(WristTick.Silent, "the card is closed");
        var rises = world.Vibration.Rises;
        world.RunFor(3_600_000);
        world.Vibration.Rises.ShouldBe(rises, "no tick after the end");
    }

    [Theory]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(12)]
    [InlineData(17)]
    [InlineData(40)]
    public void P44_any_number_of_presses_on_one_card_leaves_the_wrist_its_stages(int presses)
    {
        foreach (var stageComesFirst in (bool[])[true, false])
        {
            var world = Bands.Linked();
            Press(world, 1, 2000);
            var opener = world.RowsOf(FrameType.Sos)[0];
            if (stageComesFirst)
            {
                Tell(world, opener, Stage.Centre, 1, 100);
            }

            Press(world, presses - 1, 2000);
            world.RunFor(20_000);
            world.RowsOf(FrameType.Sos).Count.ShouldBe(presses, "every press stays its own event");
            world.Band.Pending.ShouldBe(0);
            ShowsTheCardToItsEnd(world, opener, 2);
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(9)]
    [InlineData(12)]
    public void P44_that_a_person_has_it_is_felt_within_7_s_however_many_presses_came_before(int presses)
    {
        var world = Bands.Linked();
        var felt = new List<Felt>();
        world.Wrist.Shown = (what, _) => felt.Add(what);
        Press(world, presses, 700);
        var opener = world.RowsOf(FrameType.Sos)[0];
        world.Down(world.StageFrame(opener, Stage.Centre, 1));
        world.Down(world.StageFrame(opener, Stage.Taken, 2));
        var told = world.Now;
        world.RunUntil(() => felt.Contains(Felt.Taken), 60_000).ShouldBeTrue();
        (world.Now - told).ShouldBeLessThan(7000);
        felt.Clear();
        world.RunFor(30_000);
        felt.ShouldBeEmpty("less than that a person has it is not news");
    }

    /// <summary>
    /// The order that tests/Model.Tests found: the end of the card comes before the receipt of a press on it.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void P44_a_press_whose_receipt_comes_after_the_end_of_its_card_leaves_no_tick(bool hasCardOfItsOwn)
    {
        var (world, opener) = WithACard();
        world.AnswersReceipt = false;
        Press(world, 1, 6000);
        var second = world.RowsOf(FrameType.Sos)[1];
        Tell(world, opener, Stage.Closed, 2);
        world.Band.Tick.ShouldNotBe(WristTick.Silent, "the second press waits for the centre");
        world.Down(world.FromCentre(FrameType.Receipt, Frame.BootOf(second, 0), Frame.SequenceOf(second, 0)));
        world.RunFor(6000);
        world.Band.Pending.ShouldBe(0);
        world.StagesShown(second).ShouldNotContain(Stage.Centre, "less than what the wrist has said");
        world.Band.Tick.ShouldBe(WristTick.Silent, "the press was on the card that is closed");
        if (hasCardOfItsOwn)
        {
            Tell(world, second, Stage.Centre, 1);
            world.Band.Tick.ShouldBe(WristTick.NotTaken, "the card of the second press");
            ShowsTheCardToItsEnd(world, second, 2);
        }
    }

    [Theory]
    [InlineData(100)]
    [InlineData(5000)]
    public void P44_a_receipt_that_comes_while_the_end_is_shown_or_after_it_leaves_no_tick(int afterMs)
    {
        var (world, opener) = WithACard();
        world.AnswersReceipt = false;
        Press(world, 1, 6000);
        Tell(world, opener, Stage.Closed, 2, afterMs);
        world.StagesShown(opener).Contains(Stage.Closed).ShouldBe(afterMs > 1000);
        world.AnswersReceipt = true;
        world.RunFor(60_000);
        world.Band.Pending.ShouldBe(0);
        world.Band.Tick.ShouldBe(WristTick.Silent);
        world.StagesShown(opener)[^1].ShouldBe(Stage.Closed);
        world.Band.Latch.HasOpen.ShouldBeFalse();
    }

    [Fact]
    public void P44_a_card_that_opens_while_the_last_one_closes_keeps_its_stages_too()
    {
        var (world, first) = WithACard();
        world.Card = null; // the centre has closed the first card
        Press(world, 1, 2000);
        var second = world.RowsOf(FrameType.Sos)[1];
        Press(world, 6, 2000);
        Tell(world, first, Stage.Closed, 4);
        Press(world, 5, 2000);
        Slot(world, second).ShouldNotBeNull("the receipt says that it has opened a card");
        Tell(world, second, Stage.Centre, 1);
        ShowsTheCardToItsEnd(world, second, 2);
    }

    /// <summary>
    /// The latch has given up the slot of the press that opened the card. The receipt of a later press names that
    /// press.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void P44_the_wrist_shows_the_stages_of_a_card_whose_first_press_it_has_forgotten(bool isCut)
    {
        var world = Bands.Linked();
        world.AnswersReceipt = false;
        var first = -1; // the centre gets the second press first, so that press opens the card
        world.Loses = (f, isUp) =>
        {
            first = isUp && Frame.TypeOf(f, 0) == FrameType.Sos && first < 0 ? Frame.SequenceOf(f, 0) : first;
            return isUp && Frame.TypeOf(f, 0) == FrameType.Sos && Frame.SequenceOf(f, 0) == first;
        };
        Press(world, 2, 2000);
        world.RunUntil(() => world.Card is not null, 10_000).ShouldBeTrue();
        var opener = world.Card.ShouldNotBeNull();
        world.Loses = static (_, _) => true;
        Press(world, AlarmLatch.Slots, 2000);
        Slot(world, opener).ShouldBeNull("the second oldest press has given way");
        world.Loses = static (_, _) => false;
        world.AnswersReceipt = true;
        world.RunUntil(() => world.Band.Pending == 0, 120_000).ShouldBeTrue();
        world.RunFor(20_000);
        if (isCut)
        {
            world.Disconnect();
            world.Boot();
            world.RunFor(10_000);
        }

        Tell(world, opener, Stage.Centre, 1);
        ShowsTheCardToItsEnd(world, opener, 2);
    }

    /// <summary>The centre repeats "closed" until the wrist has shown it.</summary>
    [Theory]
    [InlineData(100, false)]
    [InlineData(100, true)]
    [InlineData(500, true)]
    [InlineData(900, false)]
    [InlineData(4000, false)]
    [InlineData(4000, true)]
    public void P44_the_end_of_a_card_is_felt_once_whenever_power_fails(int cutMs, bool isStoredBefore)
    {
        var (world, opener) = WithACard();
        var felt = new List<Felt>();
        world.Wrist.Shown = (what, _) => felt.Add(what);
        world.Down(world.StageFrame(opener, Stage.Closed, 2));
        world.RunUntil(() => Slot(world, opener)!.Stage == Stage.Closed, 1000).ShouldBeTrue();
        if (isStoredBefore)
        {
            world.Band.Latch.Save(world.Now);
        }

        world.RunFor(cutMs);
        var isShown = world.StagesShown(opener).Contains(Stage.Closed);
        Slot(world, opener).ShouldNotBeNull().Open.ShouldBe(!isShown);
        world.Disconnect();
        world.Vibration.Write(false);
        world.Hold(2000);
        felt.Clear();
        world.Boot();
        world.RunFor(isStoredBefore ? 20_000 : 1000);
        felt.Contains(Felt.Closed).ShouldBe(!isShown && isStoredBefore, "a stored end is shown again");
        Tell(world, opener, Stage.Closed, 2, 20_000);
        felt.Contains(Felt.Closed).ShouldBe(!isShown);
        world.StagesShown(opener).Count(static s => s == Stage.Closed).ShouldBe(isShown ? 2 : 1);
        world.Band.Tick.ShouldBe(WristTick.Silent);
    }

    [Fact]
    public void P44_presses_that_wait_for_the_hub_do_not_take_the_slot_of_the_card()
    {
        var (world, opener) = WithACard();
        world.InRange = false;
        world.Disconnect();
        world.RunFor(1000);
        Press(world, 12, 2000);
        Slot(world, opener).ShouldNotBeNull();
        world.Band.Pending.ShouldBe(AlarmLatch.Slots - 1);
        world.InRange = true;
        world.ConnectWhenAdvertised();
        world.RunFor(60_000);
        world.Band.Pending.ShouldBe(0);
        world.Technical(TechnicalCode.LatchFull).ShouldBe(1);
        ShowsTheCardToItsEnd(world, opener, 2);
    }

    [Fact]
    public void P44_a_report_to_staff_never_takes_the_slot_of_an_open_card()
    {
        var latch = new AlarmLatch(new MemoryFlash(), new TraceRing());
        var opener = Take(latch, FrameType.Sos, 0);
        latch.Delivered(opener);
        opener.Stage = Stage.Centre;
        opener.Revision = 1;
        for (var i = 1; i < AlarmLatch.Slots; i++)
        {
            Take(latch, FrameType.Sos, i);
        }

        latch.Take(FrameType.Technical, 0).ShouldBeNull();
        latch.Take(FrameType.NotNeeded, 0).ShouldBeNull();
        opener.Used.ShouldBeTrue();
        opener.Sequence.ShouldBe(0);
    }

    [Fact]
    public void P44_eight_open_falls_give_way_to_a_press_and_no_call_waits_outside_the_latch()
    {
        var latch = new AlarmLatch(new MemoryFlash(), new TraceRing());
        for (var i = 0; i < AlarmLatch.Slots; i++)
        {
            var fall = Take(latch, FrameType.FallSuspected, i);
            latch.Delivered(fall);
            fall.Revision = 1;
        }

        Take(latch, FrameType.Sos, 100);
        latch.Find(1, 0).ShouldBeNull("the oldest gives way");
        latch.Find(1, 1).ShouldNotBeNull();
        latch.Find(1, 100).ShouldNotBeNull();
    }

    private static LatchSlot Take(AlarmLatch latch, FrameType type, int sequence)
    {
        var slot = latch.Take(type, 0);
        slot.ShouldNotBeNull();
        Frame.Begin(slot.Frame, type, Lane.Alarm, 1, sequence);
        return slot;
    }
}
