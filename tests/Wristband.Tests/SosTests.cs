using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Wristband;
using Iot.Device.Adxl343;

namespace ElderBand.Tests.Wristband;

public sealed class SosTests
{
    [Fact]
    public void A_press_reaches_the_centre_and_every_stage_the_wrist_in_order()
    {
        var world = Bands.Linked();
        world.Press(200);
        world.RunUntil(() => world.RowsOf(FrameType.Sos).Count == 1, 2000).ShouldBeTrue();
        var sos = world.RowsOf(FrameType.Sos)[0];
        Payload.EventDetail(sos, 0).ShouldBe((byte)SosSource.Key);
        Payload.EventBatteryPct(sos, 0).ShouldBe((byte)80);

        world.RunFor(4000);
        world.Band.Pending.ShouldBe(0);
        world.StagesShown(sos).ShouldBe([Stage.Home, Stage.Centre]);
        world.Band.Tick.ShouldBe(WristTick.NotTaken);

        world.Down(world.StageFrame(sos, Stage.Centre, 1));
        world.Down(world.StageFrame(sos, Stage.Taken, 2));
        world.RunFor(3000);
        world.Band.Tick.ShouldBe(WristTick.Silent);
        world.Down(world.StageFrame(sos, Stage.Coming, 3));
        world.RunFor(4000);
        world.Down(world.StageFrame(sos, Stage.Closed, 4));
        world.RunFor(4000);
        world.StagesShown(sos).ShouldBe([Stage.Home, Stage.Centre, Stage.Taken, Stage.Coming, Stage.Closed]);
        world.Band.ShownStage.ShouldBe(Stage.Closed);
    }

    [Fact]
    public void A_press_is_on_the_air_and_notified_within_100_ms_of_contact()
    {
        var world = Bands.Linked();
        world.AnswersHeard = false;
        var pressed = world.Now;
        world.Press(200);
        world.RunFor(1000);
        var first = world.Heard.Where(h => Frame.TypeOf(h.Frame, 0) == FrameType.Sos).ToList();
        first.First(h => h.Advertised).AtMs.ShouldBeLessThanOrEqualTo(pressed + 100);
        first.First(h => !h.Advertised).AtMs.ShouldBeLessThanOrEqualTo(pressed + 100);
    }

    [Fact]
    public void A_mistaken_Take_handed_back_lowers_the_stage_and_the_wrist_says_so()
    {
        var world = Bands.Linked();
        world.Press(200);
        world.RunFor(5000);
        var sos = world.RowsOf(FrameType.Sos)[0];
        world.Down(world.StageFrame(sos, Stage.Taken, 2));
        world.RunFor(4000);
        world.Band.Tick.ShouldBe(WristTick.Silent);
        world.Down(world.StageFrame(sos, Stage.Centre, 3));
        world.RunFor(4000);
        world.Band.Tick.ShouldBe(WristTick.NotTaken);
        world.StagesShown(sos).ShouldBe([Stage.Home, Stage.Centre, Stage.Taken, Stage.Centre]);

        world.Down(world.StageFrame(sos, Stage.Taken, 2));
        world.RunFor(4000);
        world.StagesShown(sos).Count.ShouldBe(4, "the replayed Take is older than the hand-back");
    }

    [Fact]
    public void A_waiting_stage_that_is_out_of_date_is_not_shown()
    {
        var world = Bands.Linked();
        world.Press(200);
        world.RunFor(5000);
        var sos = world.RowsOf(FrameType.Sos)[0];
        world.Down(world.StageFrame(sos, Stage.Taken, 2));
        world.Down(world.StageFrame(sos, Stage.Coming, 3));
        world.Down(world.StageFrame(sos, Stage.Centre, 4));
        world.RunFor(6000);
        world.StagesShown(sos)
            .ShouldBe([Stage.Home, Stage.Centre, Stage.Centre], "taken and coming were over before their turn");
    }

    [Fact]
    public void Ten_presses_while_nobody_hears_keep_the_first_and_the_last_and_say_that_the_latch_was_full()
    {
        var world = new BandRig { InRange = false }.Boot();
        world.RunFor(2000);
        for (var i = 0; i < 10; i++)
        {
            world.Press(150);
            world.RunFor(2000);
        }

        world.Band.Pending.ShouldBe(AlarmLatch.Slots);
        world.InRange = true;
        world.After(10, world.Connect);
        world.RunFor(60_000);
        var presses = world.RowsOf(FrameType.Sos).Select(f => Payload.UptimeS(f, 0)).ToList();
        presses.Count.ShouldBe(8);
        presses[0].ShouldBe(2);
        presses[^1].ShouldBe(20);
        world.Technical(TechnicalCode.LatchFull).ShouldBe(1);
        world.Band.Pending.ShouldBe(0);
    }

    [Fact]
    public void P03_out_of_range_for_two_days_the_press_is_delivered_within_6_s_of_radio_contact()
    {
        var world = new BandRig(guard: false) { InRange = false, AnswersHello = true };
        world.Boot();
        world.RunFor(20_000);
        world.Press(150);
        world.RunFor(48 * 3_600_000L);
        world.Band.Tick.ShouldBe(WristTick.Waiting, "the wrist goes on saying that nobody has heard it");
        world.OnAir.ShouldNotBeNull();
        Frame.TypeOf(world.OnAir, 0).ShouldBe(FrameType.Sos);
        world.InRange = true;
        var contact = world.Now;
        world.After(10, world.Connect);
        world.RunUntil(() => world.RowsOf(FrameType.Sos).Count == 1, 10_000).ShouldBeTrue();
        (world.Now - contact).ShouldBeLessThan(6000);
        Payload.UptimeS(world.RowsOf(FrameType.Sos)[0], 0).ShouldBe(20);
    }

    [Fact]
    public void A_flash_that_refuses_delays_no_alarm_and_is_reported()
    {
        var world = Bands.Linked();
        world.Flash.ReadOnly = true;
        world.Press(200);
        world.RunUntil(() => world.RowsOf(FrameType.Sos).Count == 1, 1000).ShouldBeTrue();
        world.RunUntil(() => world.Technical(TechnicalCode.FlashFault) == 1, 5000).ShouldBeTrue();
        world.RunFor(60_000);
        world.Technical(TechnicalCode.FlashFault).ShouldBe(1);
        world.Flash.ReadOnly = false;
        world.RunFor(10_000);
        world.Technical(TechnicalCode.Recovered).ShouldBe(1);
        world.Band.Latch.IsDirty.ShouldBeFalse();
    }

    [Fact]
    public void After_a_reboot_the_stage_of_an_open_alarm_is_shown_and_confirmed_again()
    {
        var world = Bands.Linked();
        world.Press(200);
        world.RunFor(5000);
        var sos = world.RowsOf(FrameType.Sos)[0];
        world.Loses = (frame, up) => up && Frame.TypeOf(frame, 0) == FrameType.StageShown;
        world.Down(world.StageFrame(sos, Stage.Taken, 2));
        world.RunFor(2000);
        world.StagesShown(sos).ShouldNotContain(Stage.Taken, "no word of it got out before the reboot");
        world.Disconnect();
        world.Loses = (_, _) => false;
        world.Boot(WakeCause.Watchdog);
        world.RunFor(5000);
        world.Band.Link.IsTrusted.ShouldBeTrue();
        world.Down(world.StageFrame(sos, Stage.Taken, 2));
        world.RunFor(4000);
        world.Band.ShownStage.ShouldBe(Stage.Taken);
        world.StagesShown(sos).Count(s => s == Stage.Taken).ShouldBe(1);
        world.Down(world.StageFrame(sos, Stage.Taken, 2));
        world.Down(world.StageFrame(sos, Stage.Taken, 2));
        var rises = world.Vibration.Rises;
        world.RunFor(4000);
        world.Vibration.Rises.ShouldBe(rises, "a repeat is confirmed, not played");
    }

    [Fact]
    public void A_card_that_closes_takes_its_joined_presses_along_but_neither_a_fall_nor_the_press_of_another_card()
    {
        var world = Bands.Linked();
        world.Press(200);
        world.RunFor(5000);
        world.Press(200);
        world.RunFor(5000);
        world.Motion = Simulation.Signals.SyntheticMotion.FallSequence(Adxl343.RateHz, 5, 8000);
        world.RunUntil(() => world.RowsOf(FrameType.FallConfirmed).Count == 1, 60_000).ShouldBeTrue();
        world.RunFor(5000);
        var presses = world.RowsOf(FrameType.Sos);
        var fall = world.RowsOf(FrameType.FallSuspected)[0];
        world.Down(world.StageFrame(presses[0], Stage.Closed, 4));
        world.RunFor(2000);
        Slot(world, presses[1]).Open.ShouldBeFalse();
        Slot(world, fall).Open.ShouldBeTrue("nobody has closed the fall");
        world.Down(world.StageFrame(presses[1], Stage.Centre, 1));
        world.RunFor(2000);
        Slot(world, presses[1]).Open.ShouldBeTrue("a stage of its own: it began a card of its own");
    }

    /// <summary>
    /// A worn band whose press waits for an answer of the centre, and what the wrist shows from then on.
    /// </summary>
    private static (BandRig World, byte[] Sos, List<Felt> Felt) Waiting()
    {
        var world = Bands.Linked();
        world.RunFor(20_000); // until it has told that it is worn
        world.AnswersReceipt = false;
        world.Press(200);
        world.RunFor(3000);
        var felt = new List<Felt>();
        world.Wrist.Shown = (what, _) => felt.Add(what);
        return (world, world.RowsOf(FrameType.Sos)[0], felt);
    }

    private static void Refuse(BandRig world, byte[] frame) => world.Down(world.FromCentre(
        FrameType.Receipt, Frame.BootOf(frame, 0), Frame.SequenceOf(frame, 0), f => Payload.PutReceipt(f, 3)));

    [Fact]
    public void P51_a_press_that_the_centre_refuses_is_felt_until_the_next_press_and_no_silence_says_a_person_has_it()
    {
        var (world, sos, felt) = Waiting();
        Refuse(world, sos);
        world.RunFor(6000);
        world.Band.Pending.ShouldBe(0);
        world.Band.Tick.ShouldBe(WristTick.Silent);
        world.StagesShown(sos).ShouldNotContain(Stage.Centre);
        felt.Count(static f => f == Felt.Refused).ShouldBe(1);
        Refuse(world, sos); // a stranger replays the refusal
        world.RunFor(64_000);
        felt.Count(static f => f == Felt.Refused).ShouldBe(3);
        world.Press(200);
        world.RunFor(60_000);
        felt.Count(static f => f == Felt.Refused).ShouldBe(3, "the next press is on its way");
        Refuse(world, world.RowsOf(FrameType.Sos)[1]);
        world.RunFor(600_000);
        felt.Count(static f => f == Felt.Refused).ShouldBe(9, "six times, then the wrist gives up");
        felt.ShouldNotContain(Felt.Unknown);
    }

    [Fact]
    public void P51_a_refusal_says_nothing_while_another_call_of_the_wearer_is_open()
    {
        var (world, sos, felt) = Waiting();
        world.Press(200);
        world.RunFor(3000);
        Refuse(world, sos);
        world.RunFor(60_000);
        felt.ShouldNotContain(Felt.Refused);
        world.Band.Tick.ShouldNotBe(WristTick.Silent, "the second press still waits for the centre");
    }

    [Fact]
    public void P46_a_flash_write_of_any_length_leaves_a_refusal_what_it_is()
    {
        for (var writeMs = 0; writeMs <= 240; writeMs += 20)
        {
            var (world, sos, felt) = Waiting();
            world.Flash.Watch = (_, _) => world.Hold(writeMs);
            Refuse(world, sos);
            for (var i = 0; i < 12; i++)
            {
                world.RunFor(370);
                world.Band.Latch.Touch();
                world.Band.Latch.Save(world.Now);
            }

            world.RunFor(6000);
            felt.Where(static f => f is not Felt.Tick and not Felt.Home).ShouldBe([Felt.Refused], $"{writeMs} ms");
        }
    }

    private static LatchSlot Slot(BandRig world, byte[] frame)
    {
        var slot = world.Band.Latch.Find(Frame.BootOf(frame, 0), Frame.SequenceOf(frame, 0));
        slot.ShouldNotBeNull();
        return slot;
    }
}
