using ElderBand.BandProtocol;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Storage;

namespace ElderBand.Tests.HubService;

/// <summary>What the centre knows of the wrist, and what it tells the wrist again (docs/adr/0042).</summary>
public sealed class WristStageTests
{
    private static readonly Actor Li = new(1, "Li");

    [Fact]
    public async Task A_further_press_on_the_card_takes_back_nothing_that_the_wrist_has_shown()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        await WithHelpOnTheWayAsync(centre, hub, band);
        byte[] again = band.Sos();
        await hub.SendAsync(band, again);
        await hub.SendAsync(band, band.Shown(again, Stage.Centre));
        centre.Alarms()[0].Presses.ShouldBe(2);
        centre.Alarms()[0].Wrist.Stage.ShouldBe((int)Stage.Coming);
    }

    [Fact]
    public async Task P12_a_confirmation_that_comes_late_or_again_takes_back_nothing_that_was_shown_after_it()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        byte[] press = band.Sos();
        byte[] home = band.Shown(press, Stage.Home);
        byte[] stored = band.Shown(press, Stage.Centre);
        await hub.SendAsync(band, press);
        await hub.SendAsync(band, stored);
        await hub.SendAsync(band, home);
        centre.Alarms()[0].Wrist.Stage.ShouldBe((int)Stage.Centre, "the first confirmation came late");
        await hub.SendAsync(band, home);
        centre.Alarms()[0].Wrist.Stage.ShouldBe((int)Stage.Centre, "and came again");
    }

    [Fact]
    public async Task A_confirmation_that_came_before_its_press_counts_when_the_band_repeats_it()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        byte[] press = band.Sos();
        byte[] home = band.Shown(press, Stage.Home);
        await hub.SendAsync(band, home);
        await hub.SendAsync(band, press);
        centre.Alarms()[0].Wrist.Stage.ShouldBe((int)Stage.Waiting);
        await hub.SendAsync(band, home);
        centre.Alarms()[0].Wrist.Stage.ShouldBe((int)Stage.Home);
    }

    [Fact]
    public async Task A_fall_that_an_SOS_carries_on_for_is_told_how_far_help_has_come()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        await WithHelpOnTheWayAsync(centre, hub, band);
        byte[] fall = band.Event(FrameType.FallSuspected);
        await hub.SendAsync(band, fall);
        await hub.SendAsync(band, band.Event(FrameType.Sos, AlarmFlags.Worn | AlarmFlags.DuringCountdown));
        await hub.SendAsync(band, band.Shown(fall, Stage.Centre));
        await TestCentre.UntilAsync(
            () => hub.Of(FrameType.Stage).Exists(f => Payload.StageOf(f, 0) == Stage.Coming
                && Frame.SequenceOf(f, 0) == Frame.SequenceOf(fall, 0)),
            "the fall's frame is told that help is coming");
    }

    [Fact]
    public async Task P44_a_press_whose_boot_is_far_from_the_openers_stands_for_the_card_on_the_wrist()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        byte[] opener = band.Sos();
        await hub.SendAsync(band, opener);
        byte[][] later = [band.Sos(), band.Sos()];
        foreach (byte[] press in later)
        {
            // The count was lost, and the band goes on 4,096 boots above the last that its latch knows.
            Bytes.PutU24(press, 1, band.Boot + BootCount.Jump);
            await hub.SendAsync(band, band.Sign(press));
        }

        centre.Alarms().ShouldHaveSingleItem().Presses.ShouldBe(3);
        await TestCentre.UntilAsync(() => hub.Of(FrameType.Receipt).Count == 3, "three receipts");
        hub.Of(FrameType.Receipt)
            .Select(static f => (Payload.OpenerBoot(f, 0), Payload.OpenerSequence(f, 0)))
            .Order().ShouldBe(
            [
                (band.Boot, Frame.SequenceOf(opener, 0)),
                (band.Boot + BootCount.Jump, Frame.SequenceOf(later[0], 0)),
                (band.Boot + BootCount.Jump, Frame.SequenceOf(later[0], 0)),
            ]);
        long id = centre.Alarms()[0].Id;
        await centre.Store.WriteAsync(
            Lane.Alarm, tx => centre.Desk.Take(tx, "c1", id, Li), TestContext.Current.CancellationToken);
        await TestCentre.UntilAsync(
            () => hub.Of(FrameType.Stage).Exists(f => Payload.StageOf(f, 0) == Stage.Taken
                && Frame.BootOf(f, 0) == band.Boot + BootCount.Jump
                && Frame.SequenceOf(f, 0) == Frame.SequenceOf(later[0], 0)),
            "the first press of the later boot is told");
        await hub.SendAsync(band, band.Shown(later[0], Stage.Taken));
        centre.Alarms()[0].Wrist.Stage.ShouldBe((int)Stage.Taken);
    }

    [Fact]
    public async Task P44_a_wrist_that_follows_a_cancelled_fall_is_told_its_end()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        byte[] fall = band.Event(FrameType.FallSuspected);
        await hub.SendAsync(band, fall);
        await hub.SendAsync(band, band.Answer(FrameType.FallCancelled, fall));
        await hub.HelloAsync();
        centre.Alarms()[0].State.ShouldBe("cancelled");
        centre.Alarms()[0].Wrist.WantedStage.ShouldBe((int)Stage.Waiting, "a wrist that was told of nothing");
        hub.Of(FrameType.Stage).ShouldBeEmpty();

        // The band could not store the cancel and then lost its power, so it follows the fall again.
        await hub.SendAsync(band, band.Shown(fall, Stage.Centre));
        await TestCentre.UntilAsync(
            () => hub.Of(FrameType.Stage).Exists(f => Payload.StageOf(f, 0) == Stage.Closed
                && Frame.SequenceOf(f, 0) == Frame.SequenceOf(fall, 0)),
            "the fall's frame is told that it is over");
        int told = hub.Of(FrameType.Stage).Count;
        await hub.HelloAsync();
        await TestCentre.UntilAsync(() => hub.Of(FrameType.Stage).Count > told, "told again until it is shown");
        await hub.SendAsync(band, band.Shown(fall, Stage.Closed));
        centre.Alarms()[0].Wrist.Stage.ShouldBe((int)Stage.Closed);
    }

    [Fact]
    public async Task A_fall_that_a_later_SOS_carries_on_for_hears_nothing_of_an_earlier_one_that_is_closed()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        await WithHelpOnTheWayAsync(centre, hub, band);
        byte[] fall = band.Event(FrameType.FallSuspected);
        await hub.SendAsync(band, fall);
        long id = centre.Alarms().Single(static a => a.Kind == "sos").Id;
        await centre.Store.WriteAsync(
            Lane.Alarm, tx => centre.Desk.Close(tx, "c1", id, Li, "phoneOk", ""),
            TestContext.Current.CancellationToken);
        byte[] second = band.Event(FrameType.Sos, AlarmFlags.Worn | AlarmFlags.DuringCountdown);
        await hub.SendAsync(band, second);
        await TestCentre.UntilAsync(
            () => hub.Of(FrameType.Stage).Exists(f => Frame.SequenceOf(f, 0) == Frame.SequenceOf(second, 0)),
            "the second SOS has a stage");
        centre.Store.Read(db => EventRows.Followed(db, id)).Count.ShouldBe(1, "the closed SOS has its own frame only");
        await hub.HelloAsync();
        await TestCentre.UntilAsync(
            () => hub.Of(FrameType.Stage).Count(f => Payload.StageOf(f, 0) == Stage.Closed) > 1,
            "the closed SOS is told again");
        hub.Of(FrameType.Stage).ShouldNotContain(
            f => Payload.StageOf(f, 0) == Stage.Closed && Frame.SequenceOf(f, 0) == Frame.SequenceOf(fall, 0));
    }

    [Fact]
    public async Task P02_a_stage_goes_to_the_hub_of_the_home_though_by_the_clock_it_has_heard_nothing_for_hours()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        await hub.SendAsync(band, band.Sos());
        centre.Clock.Advance(2 * 3_600_000);
        long id = centre.Alarms()[0].Id;
        await centre.Store.WriteAsync(
            Lane.Alarm, tx => centre.Desk.Take(tx, "c1", id, Li), TestContext.Current.CancellationToken);
        await TestCentre.UntilAsync(
            () => hub.Of(FrameType.Stage).Exists(f => Payload.StageOf(f, 0) == Stage.Taken),
            "the hub of the home is told that a person has it");
    }

    [Fact]
    public async Task P44_a_stage_that_is_taken_back_is_told_before_the_wrist_has_confirmed_it()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        await TakenAndHandedBackAsync(centre, hub, band);
        await TestCentre.UntilAsync(() => LastStage(hub) == Stage.Centre, "the hub replaces what waits for the band");
    }

    [Fact]
    public async Task P44_a_wrist_that_says_that_a_person_has_it_after_she_gave_it_back_is_told_the_present_stage()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        byte[] press = await TakenAndHandedBackAsync(centre, hub, band);
        await Task.Delay(2500, TestContext.Current.CancellationToken); // the centre does not repeat the stage any more
        int before = hub.Of(FrameType.Stage).Count;
        await hub.SendAsync(band, band.Shown(press, Stage.Taken));
        await TestCentre.UntilAsync(() => hub.Of(FrameType.Stage).Count > before, "the wrist is told again");
        LastStage(hub).ShouldBe(Stage.Centre);
    }

    [Fact]
    public async Task P26_the_answers_to_a_full_envelope_come_in_few_messages_for_which_a_hub_has_room()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand first = centre.Band();
        byte[][] frames = [.. Enumerable.Range(0, Envelope.MaxRecords).Select(_ => first.Sos())];
        await hub.SendAsync(first.Address, frames);
        await TestCentre.UntilAsync(() => hub.Receipts.Count == frames.Length, "a receipt for each record");
        hub.Of(FrameType.Receipt).Count.ShouldBe(frames.Length);
        hub.Topics.TakeWhile(static topic => topic != "receipt").Count().ShouldBeLessThanOrEqualTo(
            2, "one message of receipts for the band, one of the stage that the card has at once");
    }

    private static Stage LastStage(TestHub hub) =>
        hub.Of(FrameType.Stage).Select(static f => Payload.StageOf(f, 0)).LastOrDefault();

    // The wrist has confirmed only the stage "the centre has it", and none after it.
    private static async Task<byte[]> TakenAndHandedBackAsync(TestCentre centre, TestHub hub, TestBand band)
    {
        byte[] press = band.Sos();
        await hub.SendAsync(band, press);
        await hub.SendAsync(band, band.Shown(press, Stage.Centre));
        long id = centre.Alarms()[0].Id;
        await centre.Store.WriteAsync(
            Lane.Alarm, tx => centre.Desk.Take(tx, "c1", id, Li), TestContext.Current.CancellationToken);
        await TestCentre.UntilAsync(() => LastStage(hub) == Stage.Taken, "the hub is told that a person has it");
        await centre.Store.WriteAsync(
            Lane.Alarm, tx => centre.Desk.HandBack(tx, "c1", id, Li), TestContext.Current.CancellationToken);
        return press;
    }

    private static async Task WithHelpOnTheWayAsync(TestCentre centre, TestHub hub, TestBand band)
    {
        byte[] press = band.Sos();
        await hub.SendAsync(band, press);
        long id = centre.Alarms()[0].Id;
        await centre.Store.WriteAsync(
            Lane.Alarm, tx => centre.Desk.Take(tx, "c1", id, Li), TestContext.Current.CancellationToken);
        await centre.Store.WriteAsync(
            Lane.Alarm, tx => centre.Desk.Coming(tx, "c1", id, Li), TestContext.Current.CancellationToken);
        await hub.SendAsync(band, band.Shown(press, Stage.Coming));
        centre.Alarms()[0].Wrist.Stage.ShouldBe((int)Stage.Coming);
    }
}
