using ElderBand.BandProtocol;
using ElderBand.HubService;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Storage;

namespace ElderBand.Tests.HubService;

/// <summary>Presses and falls go from the hub to the officer, and stages go back to the wrist.</summary>
public class FlowTests
{
    private static readonly Actor Li = new(1, "Officer Li");
    private static readonly Actor Wang = new(2, "Officer Wang");

    [Fact]
    public async Task A_press_is_committed_receipted_pushed_taken_and_every_stage_goes_back_to_the_wrist()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        using IDisposable console = centre.Consoles.Enter("c1");
        using Subscription feed = centre.Changes.Subscribe("c1");
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        byte[] press = band.Sos();

        (await hub.SendAsync(band, press)).ShouldBeTrue();

        AlarmView alarm = centre.Alarms().ShouldHaveSingleItem();
        alarm.State.ShouldBe("ringing");
        alarm.Resident.Name.ShouldBe("Resident r1");
        alarm.Unanswered.ShouldBeFalse();
        centre.Count("message").ShouldBe(1); // one contact with consent, the neighbour has none
        await TestCentre.UntilAsync(() => hub.Receipts.Contains((7, 0)), "the hub's receipt");
        await TestCentre.UntilAsync(() => hub.Of(FrameType.Receipt).Count > 0, "the centre's receipt for the band");
        byte[] receipt = hub.Of(FrameType.Receipt)[0];
        band.IsFromCentre(receipt).ShouldBeTrue();
        Payload.ReceiptRefusal(receipt, 0).ShouldBe((byte)0);
        Frame.SequenceOf(receipt, 0).ShouldBe(Frame.SequenceOf(press, 0));
        Notice pushed = await feed.Notices.ReadAsync(TestContext.Current.CancellationToken).AsTask()
            .WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        pushed.Alarm!.Id.ShouldBe(alarm.Id);
        pushed.Alarm.Trace.CommittedUs.ShouldBeGreaterThan(pushed.Alarm.Trace.ArrivedUs);
        pushed.Alarm.Trace.PushedUs.ShouldBeGreaterThan(pushed.Alarm.Trace.CommittedUs);

        await StageAsync(centre, hub, band, press, Stage.Centre, null);
        await StageAsync(centre, hub, band, press, Stage.Taken, tx => centre.Desk.Take(tx, "c1", alarm.Id, Li));
        await StageAsync(centre, hub, band, press, Stage.Centre, tx => centre.Desk.HandBack(tx, "c1", alarm.Id, Li));
        await StageAsync(centre, hub, band, press, Stage.Taken, tx => centre.Desk.Take(tx, "c1", alarm.Id, Wang));
        await StageAsync(centre, hub, band, press, Stage.Coming, tx => centre.Desk.Coming(tx, "c1", alarm.Id, Wang));
        await StageAsync(centre, hub, band, press, Stage.Closed, tx =>
            centre.Desk.Close(tx, "c1", alarm.Id, Wang, "officerSent", "all well"));

        List<byte[]> stages = hub.Of(FrameType.Stage);
        stages.Select(f => Payload.StageRevision(f, 0)).ShouldBeInOrder();
        centre.Alarms()[0].State.ShouldBe("closed");
        centre.Count("message", "reason='closed'").ShouldBe(1);
        centre.Count("timer").ShouldBe(0);
    }

    [Fact]
    public async Task P24_no_PUBACK_and_no_receipt_while_the_commit_cannot_be_made_and_both_after_it()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        using (var locker = new Db(Path.Combine(centre.DataDir, "elderband.db")))
        {
            locker.Run("BEGIN IMMEDIATE");
            Task<bool> sending = hub.SendAsync(band, band.Sos());
            // P31 with a shorter lock: the same mechanism, the writer waits and tries again
            await Task.Delay(4000, TestContext.Current.CancellationToken);
            sending.IsCompleted.ShouldBeFalse();
            hub.Receipts.ShouldBeEmpty();
            centre.Store.Trouble.ShouldNotBeNull();
            centre.Alarms().ShouldBeEmpty();
            locker.Run("ROLLBACK");
            (await sending.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken)).ShouldBeTrue();
        }
        await TestCentre.UntilAsync(() => !hub.Receipts.IsEmpty, "the receipt after the lock");
        centre.Alarms().ShouldHaveSingleItem();
        centre.Store.Trouble.ShouldBeNull();
        centre.Store.Refusals.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task P31_a_database_file_that_is_gone_gives_no_PUBACK_and_no_empty_one_in_its_place()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        string file = Path.Combine(centre.DataDir, "elderband.db");
        File.Move(file, file + ".away");
        Task<bool> sending = hub.SendAsync(band, band.Sos());
        await Task.Delay(1500, TestContext.Current.CancellationToken);
        sending.IsCompleted.ShouldBeFalse();
        centre.Store.Trouble.ShouldNotBeNull();
        File.Exists(file).ShouldBeFalse();
        File.Move(file + ".away", file);
        (await sending.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken)).ShouldBeTrue();
        centre.Alarms().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task P12_P34_the_same_press_1000_times_in_parallel_over_two_hubs_is_one_row_and_one_card()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub one = await centre.HubAsync();
        await using TestHub two = await centre.HubAsync("hub-2");
        TestBand band = centre.Band();
        byte[] press = band.Sos();

        bool[] acknowledged = await Task.WhenAll(
            Enumerable.Range(0, 1000).Select(i => (i % 2 == 0 ? one : two).SendAsync(band, press)));

        acknowledged.ShouldAllBe(a => a);
        centre.Count("event").ShouldBe(1);
        centre.Count("alarm").ShouldBe(1);
        centre.Alarms()[0].Presses.ShouldBe(1);
        await TestCentre.UntilAsync(() => one.Receipts.Count + two.Receipts.Count == 1000, "a receipt for each record");
        one.Of(FrameType.Receipt).Concat(two.Of(FrameType.Receipt)).Select(Convert.ToHexString).Distinct().Count()
            .ShouldBe(1);
    }

    [Fact]
    public async Task P12_a_replay_after_a_reboot_of_the_band_is_audited_and_has_no_other_effect()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand before = centre.Band(boot: 3);
        byte[] press = before.Sos();
        await hub.SendAsync(before, press);
        TestBand after = centre.Band(boot: 4);
        await hub.SendAsync(after, after.Event(FrameType.Boot));
        await hub.SendAsync(before, press);
        centre.Count("event").ShouldBe(2);
        centre.Alarms()[0].Presses.ShouldBe(1);
        centre.Count("audit", "action='frame.replayed'").ShouldBe(1);
    }

    [Fact]
    public async Task P04_a_press_of_an_older_boot_that_was_never_seen_still_rings_and_is_marked_with_its_age()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand after = centre.Band(boot: 4);
        await hub.SendAsync(after, after.Event(FrameType.Boot));
        TestBand before = centre.Band(boot: 3);
        await hub.SendAsync(before, before.Sos(), ageMs: 3_600_000, quality: AgeQuality.AtLeast);
        AlarmView alarm = centre.Alarms().ShouldHaveSingleItem();
        alarm.State.ShouldBe("ringing");
        alarm.AgeQuality.ShouldBe("atLeast");
        (alarm.RaisedAtMs - alarm.EventAtMs).ShouldBe(3_600_000);
        centre.Count("audit", "action='frame.olderBoot'").ShouldBe(1);
    }

    [Fact]
    public async Task P07_a_fall_and_its_cancel_that_come_together_do_not_ring_and_a_confirmation_still_does()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        using IDisposable console = centre.Consoles.Enter("c1");
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        byte[] fall = band.Event(FrameType.FallSuspected);
        await hub.SendAsync(band.Address, [fall, band.Answer(FrameType.FallCancelled, fall)], ageMs: 60_000);
        centre.Alarms().ShouldHaveSingleItem().State.ShouldBe("cancelled");

        byte[] real = band.Event(FrameType.FallSuspected, uptimeS: 300);
        byte[] cancel = band.Answer(FrameType.FallCancelled, real, 310);
        byte[] confirm = band.Answer(FrameType.FallConfirmed, real, 330);
        await hub.SendAsync(band.Address, [confirm, real, cancel], ageMs: 60_000);
        centre.Alarms()[0].State.ShouldBe("ringing");
        byte[] other = band.Event(FrameType.FallSuspected, uptimeS: 500);
        await hub.SendAsync(
            band.Address, [other, band.Answer(FrameType.FallCancelled, other, 510),
                band.Answer(FrameType.FallConfirmed, other, 530)],
            ageMs: 60_000);
        centre.Alarms()[0].State.ShouldBe("ringing");
        centre.Alarms().Count.ShouldBe(3);
    }

    [Fact]
    public async Task P35_300_presses_in_10_seconds_have_their_rows_within_5()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand[] bands = [centre.Band(), centre.Band(TestCentre.BandTwo), centre.Band(TestCentre.BandThree)];
        byte[][] presses = [.. Enumerable.Range(0, 300).Select(i => bands[i % 3].Sos())];
        var slowest = TimeSpan.Zero;
        var all = new List<Task>();
        for (int i = 0; i < presses.Length; i++)
        {
            long start = System.Diagnostics.Stopwatch.GetTimestamp();
            TestBand band = bands[i % 3];
            byte[] press = presses[i];
            all.Add(Task.Run(
                async () =>
                {
                    (await hub.SendAsync(band, press)).ShouldBeTrue();
                    TimeSpan took = System.Diagnostics.Stopwatch.GetElapsedTime(start);
                    lock (all)
                    {
                        slowest = took > slowest ? took : slowest;
                    }
                },
                TestContext.Current.CancellationToken));
            await Task.Delay(30, TestContext.Current.CancellationToken);
        }
        await Task.WhenAll(all);
        TestContext.Current.TestOutputHelper!.WriteLine($"slowest press to PUBACK {slowest.TotalMilliseconds:F0} ms");
        slowest.ShouldBeLessThan(TimeSpan.FromSeconds(5));
        centre.Count("event").ShouldBe(300);
        centre.Alarms().Select(a => a.Presses).ShouldBe([100, 100, 100]);
    }

    private static async Task StageAsync(
        TestCentre centre, TestHub hub, TestBand band, byte[] press, Stage stage, Func<Tx, ActResult>? act)
    {
        int before = hub.Of(FrameType.Stage).Count;
        if (act is not null)
        {
            (await centre.Store.WriteAsync(Lane.Alarm, act, TestContext.Current.CancellationToken))
                .Act.ShouldBe(Act.Done);
        }
        else
        {
            before = 0;
        }
        await TestCentre.UntilAsync(
            () => hub.Of(FrameType.Stage).Skip(before).Any(f => Payload.StageOf(f, 0) == stage),
                $"stage {stage} on its way to the wrist");
        hub.Of(FrameType.Stage)
            .ShouldAllBe(f => band.IsFromCentre(f) && Frame.SequenceOf(f, 0) == Frame.SequenceOf(press, 0));
        await hub.SendAsync(band, band.Shown(press, stage));
        WristView wrist = centre.Alarms()[0].Wrist;
        wrist.Stage.ShouldBe((int)stage);
        wrist.WantedStage.ShouldBe((int)stage);
    }
}
