using ElderBand.BandProtocol;
using ElderBand.HubService;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Storage;

namespace ElderBand.Tests.HubService;

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
    public async Task P13_wrong_tags_and_unknown_bands_are_rejected_bounded_and_receipted_and_the_true_band_is_served()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        for (int i = 0; i < 15; i++)
        {
            byte[] forged = band.Sos();
            forged[8] ^= 1;
            (await hub.SendAsync(band, forged)).ShouldBeTrue();
        }
        (await hub.SendAsync(0x0B0000000009, [band.Sos()])).ShouldBeTrue();
        centre.Alarms().ShouldBeEmpty();
        centre.Count("quarantine", "reason='wrongTag'").ShouldBe(11); // ten, and the one that raises the card
        centre.Count("quarantine", "reason='unknownBand'").ShouldBe(1);
        centre.Technicals().ShouldContain(t => t.Kind == "tamper" && t.Urgent);
        await TestCentre.UntilAsync(
            () => hub.Receipts.Count == 16, "receipts for rejected records: the outbox never blocks (R9)");
        hub.Of(FrameType.Receipt).ShouldBeEmpty();

        await hub.SendAsync(band, band.Sos());
        centre.Alarms().ShouldHaveSingleItem().State.ShouldBe("ringing");
    }

    [Fact]
    public async Task P33_impossible_content_unknown_types_and_versions_are_quarantined_refused_and_the_queue_goes_on()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        await hub.SendAsync(band, band.Vitals(255), topic: "vitals");
        byte[] newType = band.Sos();
        newType[0] = 30;
        await hub.SendAsync(band, band.Sign(newType));
        byte[] newVersion = band.Sos();
        newVersion[0] |= 0x40;
        await hub.SendAsync(band, band.Sign(newVersion));
        await hub.SendAsync(band, newVersion); // again: the same refusal, no second row
        await hub.PublishAsync("eb1/c1/hub-1/up/alarm", [1, 2, 3]);
        await hub.PublishAsync("eb1/c1/hub-1/up/something", [1]);
        (await hub.SendAsync(band, band.Sos())).ShouldBeTrue();

        centre.Count("quarantine").ShouldBe(5);
        centre.Count("vitals").ShouldBe(0);
        centre.Technicals().Where(t => t.Kind == "unknownFrame").ShouldAllBe(t => t.Urgent);
        centre.Technicals().ShouldContain(t => t.Kind == "unknownFrame");
        await TestCentre.UntilAsync(
            () => hub.Of(FrameType.Receipt).Count == 4, "receipts of the four alarm-lane frames");
        hub.Of(FrameType.Receipt).Select(f => Payload.ReceiptRefusal(f, 0)).ShouldBe([1, 1, 1, 0]);
        centre.Alarms().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task The_same_key_with_other_bytes_is_quarantined_with_an_urgent_card()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        byte[] press = band.Sos();
        await hub.SendAsync(band, press);
        byte[] other = [.. press];
        other[0] = (byte)((other[0] & 0xE0) | (int)FrameType.WearChange);
        await hub.SendAsync(band, band.Sign(other));
        centre.Count("event").ShouldBe(1);
        centre.Count("quarantine", "reason='keyReused'").ShouldBe(1);
        centre.Technicals().ShouldContain(t => t.Kind == "tamper" && t.Urgent && t.BandId != null);
    }

    [Fact]
    public async Task P50_a_call_under_a_used_number_with_other_bytes_rings_and_its_replay_does_nothing()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        byte[] press = band.Sos();
        await hub.SendAsync(band, press);
        var calls = new List<byte[]> { press };
        for (int i = 1; i <= 3; i++)
        {
            byte[] other = [.. press];
            other[6] += (byte)i; // the uptime: the band has forgotten its boot count and is pressed again
            calls.Add(band.Sign(other));
            await hub.SendAsync(band, other);
            centre.Count("event").ShouldBe(1 + i);
        }

        int rings = centre.Alarms().Count;
        centre.Alarms().Sum(a => a.Presses).ShouldBe(4);
        centre.Technicals().ShouldContain(t => t.Kind == "bandFault" && t.Urgent && t.BandId != null);
        foreach (byte[] call in calls)
        {
            await hub.SendAsync(band, call);
        }

        byte[] forged = [.. press];
        forged[6] += 9;
        await hub.SendAsync(band, forged);
        centre.Count("event").ShouldBe(4);
        centre.Alarms().Count.ShouldBe(rings);
        await TestCentre.UntilAsync(() => hub.Of(FrameType.Receipt).Count >= 8, "a receipt for each true frame");
        hub.Of(FrameType.Receipt).ShouldAllBe(f => Payload.ReceiptRefusal(f, 0) == 0);
    }

    [Fact]
    public async Task P33_a_call_of_a_newer_version_under_a_used_number_is_refused_with_a_receipt()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        byte[] press = band.Sos();
        await hub.SendAsync(band, press);
        byte[] newer = [.. press];
        newer[0] |= 0x40;
        await hub.SendAsync(band, band.Sign(newer));
        await hub.SendAsync(band, newer); // again: the same refusal, no second row

        centre.Count("quarantine").ShouldBe(1);
        centre.Technicals().ShouldContain(t => t.Kind == "unknownFrame" && t.Urgent && t.BandId != null);
        await TestCentre.UntilAsync(() => hub.Of(FrameType.Receipt).Count == 3, "a receipt for each true frame");
        hub.Of(FrameType.Receipt).Select(f => Payload.ReceiptRefusal(f, 0)).ShouldBe([0, 1, 1]);
    }

    [Fact]
    public async Task P29_a_hub_that_publishes_on_another_hubs_topic_is_refused_and_audited()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        (await hub.PublishAsync("eb1/c1/hub-3/up/alarm", [1])).ShouldBeFalse();
        await hub.Closed.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        await TestCentre.UntilAsync(() => centre.Count(
            "audit", "action='hub.publishRefused' AND detail='eb1/c1/hub-3/up/alarm'") == 1, "the audit row");
        centre.Count("quarantine").ShouldBe(0);
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

    [Fact]
    public async Task Vitals_of_a_band_that_is_not_worn_never_carry_a_heart_rate_and_a_replay_adds_no_row()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        using Subscription feed = centre.Changes.Subscribe("c1");
        TestBand band = centre.Band();
        byte[] worn = band.Vitals(72);
        await hub.SendAsync(band, worn, topic: "vitals");
        await hub.SendAsync(band, worn, topic: "vitals");
        (await feed.Notices.ReadAsync(TestContext.Current.CancellationToken).AsTask()
            .WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken)).Vitals!.Bpm.ShouldBe(72);
        await hub.SendAsync(band, band.Vitals(70, Wear.Off, refusal: 1), topic: "vitals");
        centre.Count("vitals").ShouldBe(2);
        VitalsView latest = centre.Store.Read(db => Views.Vitals(db, 1))!;
        latest.Bpm.ShouldBeNull();
        latest.Refusal.ShouldBe("notWorn");
        latest.Wear.ShouldBe("off");
    }

    [Fact]
    public async Task A_hub_is_greeted_with_its_bands_keys_configuration_and_the_stages_not_yet_shown()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        TestBand band = centre.Band();
        await using (TestHub first = await centre.HubAsync())
        {
            await first.SendAsync(band, band.Sos());
        }
        await using TestHub hub = await centre.HubAsync();
        await hub.HelloAsync();
        await TestCentre.UntilAsync(() => !hub.Tables.IsEmpty && hub.Of(FrameType.Stage).Count > 0, "table and stage");
        hub.Tables.First()[9].ShouldBe((byte)2); // both bands of the home
        byte[] configuration = hub.Of(FrameType.Configuration).First();
        Frame.BootOf(configuration, 0).ShouldBe(1);
        Payload.ConfigurationIsValid(configuration, 0).ShouldBeTrue();
        band.IsFromCentre(configuration).ShouldBeTrue();
    }

    [Fact]
    public async Task A_changed_profile_goes_down_until_the_band_echoes_its_version_and_a_refusal_becomes_a_card()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        TestBand band = centre.Band();
        await using TestHub hub = await centre.HubAsync();
        await hub.HelloAsync();
        await TestCentre.UntilAsync(() => hub.Of(FrameType.Configuration).Any(), "the first configuration");
        await hub.SendAsync(band.Address, [band.Status(configuration: 1)]);
        long id = centre.Store.Read(db => DeviceRows.Bands(db, "c1").Single(b => b.Address == band.Address).Id);
        await centre.Store.WriteAsync(Lane.Alarm, tx =>
        {
            DeviceRows.SetConfiguration(tx.Db, id, new BandConfiguration(0, false, 2, true, 86, 26, 9));
            return true;
        }, TestContext.Current.CancellationToken);
        await hub.SendAsync(band.Address, [band.Status(configuration: 1)]);
        await TestCentre.UntilAsync(
            () => hub.Of(FrameType.Configuration).Any(f => Frame.BootOf(f, 0) == 2), "the new configuration");
        byte[] sent = hub.Of(FrameType.Configuration).First(f => Frame.BootOf(f, 0) == 2);
        band.IsFromCentre(sent).ShouldBeTrue();
        Payload.ConfigurationIsValid(sent, 0).ShouldBeTrue();
        (Payload.ConfigGuardAlways(sent, 0), Payload.ConfigSensitivity(sent, 0), Payload.ConfigWalkingAid(sent, 0))
            .ShouldBe((false, (byte)2, true));
        (Payload.ConfigBedFrom(sent, 0), Payload.ConfigBedTo(sent, 0), Payload.ConfigInactivity(sent, 0))
            .ShouldBe(((byte)86, (byte)26, (byte)9));

        await hub.SendAsync(
            band.Address, [band.Event(FrameType.Technical, detail: (byte)TechnicalCode.ConfigurationRefused)]);
        await TestCentre.UntilAsync(() => centre.Technicals()
            .Any(t => t.Detail.Contains("configuration refused", StringComparison.Ordinal)), "the card");
    }

    [Fact]
    public async Task A_sensor_fault_is_a_card_of_its_kind_with_register_and_value_until_the_band_says_it_is_over()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync("hub-1");
        TestBand band = centre.Band();
        const byte code = (byte)TechnicalCode.PpgWrongPart;
        await hub.SendAsync(
            band.Address, [band.Event(FrameType.Technical, flags: 0x11, battery: 0xFF, detail: code)]);
        await TestCentre.UntilAsync(() => centre.Technicals().Count == 1, "the card");
        centre.Technicals()[0].ShouldSatisfyAllConditions(
            t => t.Kind.ShouldBe("ppgWrongPart"),
            t => t.Detail.ShouldBe("0xFF = 0x11"),
            t => t.Urgent.ShouldBeFalse());
        const byte over = (byte)TechnicalCode.Recovered;
        await hub.SendAsync(band.Address, [band.Event(FrameType.Technical, flags: 0, battery: code, detail: over)]);
        await TestCentre.UntilAsync(() => centre.Technicals().Count == 0, "the end of it");
    }

    [Fact]
    public async Task The_hubs_own_key_calls_for_the_people_of_its_home_and_its_faults_become_cards()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync("hub-3");
        centre.Clock.Advance(ConsoleCounter.BackWithinMs);
        await hub.SendOwnAsync(FrameType.HubKey, 1);
        await hub.SendOwnAsync(FrameType.HubTechnical, 2, (byte)TechnicalCode.MainsLost);
        AlarmView alarm = centre.Alarms().ShouldHaveSingleItem();
        alarm.Source.ShouldBe("hubKey");
        alarm.Resident.Name.ShouldBe("Resident r3");
        // no console is open
        alarm.Contacts.SelectMany(c => c.Messages).Select(m => m.Reason).ShouldBe(["raised", "unanswered"]);
        centre.Technicals().ShouldHaveSingleItem().Kind.ShouldBe("mainsLost");
        await hub.SendOwnAsync(FrameType.HubTechnical, 3, (byte)TechnicalCode.MainsBack);
        centre.Technicals().ShouldBeEmpty();
    }

    [Fact]
    public async Task P38_a_silent_hub_and_a_silent_band_become_cards_that_close_themselves_when_heard_again()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        await hub.HelloAsync("beat");
        await hub.SendAsync(band, band.Status(), topic: "vitals");
        centre.Clock.Advance(200_000);
        await TestCentre.UntilAsync(() => centre.Technicals().Count == 2, "two cards");
        centre.Technicals().Select(t => t.Kind).ShouldBe(["bandSilent", "hubSilent"], ignoreOrder: true);
        await hub.SendAsync(band, band.Status(), topic: "vitals");
        centre.Technicals().ShouldBeEmpty();
    }

    [Fact]
    public async Task P38_a_band_that_no_hub_has_ever_heard_becomes_a_card_an_hour_after_its_enrolment()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        centre.Clock.Advance(3_590_000);
        await Task.Delay(6000, TestContext.Current.CancellationToken); // a slow sweep has been
        centre.Technicals().ShouldBeEmpty();
        centre.Clock.Advance(20_000);
        await TestCentre.UntilAsync(() => centre.Technicals().Count == 3, "a card for each of the three bands");
        centre.Technicals().ShouldAllBe(t => t.Kind == "bandSilent");
    }

    [Fact]
    public async Task A_band_that_changes_its_home_is_told_a_link_group_that_it_takes()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync("hub-3");
        await hub.HelloAsync();
        TestBand band = centre.Band();
        long moved = centre.Store.Read(db => ResidentRows.ResidentByCode(db, "c1", "r1")!.Id);
        HomeRow to = centre.Store.Read(db => ResidentRows.HomeByCode(db, "c1", "h2")!);
        await centre.Store.WriteAsync(Lane.Alarm, tx =>
            ResidentRows.MoveTo(tx.Db, "c1", moved, to.Id, tx.NowMs), TestContext.Current.CancellationToken);
        await hub.SendAsync(band, band.Status(), topic: "vitals");
        await TestCentre.UntilAsync(
            () =>
            {
                hub.HelloAsync().Wait();
                return hub.Of(FrameType.LinkGroup).Count > 0;
            },
            "the link group");
        byte[] group = hub.Of(FrameType.LinkGroup)[0];
        band.IsFromCentre(group).ShouldBeTrue();
        Payload.LinkGroupOf(group, 0).ShouldBe((uint)to.Id);
        Payload.LinkEpochOf(group, 0).ShouldBe(2); // a band takes a higher epoch only, and its QR code said 1

        // The band goes to somebody in the home that it came from: higher again.
        long neighbour = centre.Store.Read(db => ResidentRows.ResidentByCode(db, "c1", "r2")!.Id);
        await centre.Store.WriteAsync(Lane.Alarm, tx =>
            DeviceRows.AssignBand(tx.Db, "c1", 1, neighbour, tx.NowMs), TestContext.Current.CancellationToken);
        BandLink link = centre.Store.Read(db => DeviceRows.Link(db, 1))!;
        link.LinkEpoch.ShouldBeGreaterThan(Payload.LinkEpochOf(group, 0));
    }

    [Fact]
    public async Task The_key_of_a_hub_whose_store_came_back_empty_rings_under_numbers_it_has_used()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        using IDisposable console = centre.Consoles.Enter("c1");
        await using TestHub hub = await centre.HubAsync("hub-3");
        await hub.HelloAsync(boot: 1, uptimeS: 5000);
        await hub.SendOwnAsync(FrameType.HubKey, 1, boot: 1, uptimeS: 50);
        await hub.SendOwnAsync(FrameType.HubKey, 1, boot: 1, uptimeS: 50); // a retry
        centre.Alarms().ShouldHaveSingleItem().Presses.ShouldBe(1);

        await hub.HelloAsync(boot: 1, uptimeS: 10, flags: HubMessage.StoreEmpty);
        centre.Technicals().ShouldHaveSingleItem().Kind.ShouldBe("storeLost");
        await hub.SendOwnAsync(FrameType.HubKey, 1, boot: 1, uptimeS: 50); // the very bytes of its first life
        centre.Alarms().Count.ShouldBe(2);
        await hub.HelloAsync(boot: 1, uptimeS: 60, flags: HubMessage.StoreEmpty); // the line was away: the same life
        await hub.SendOwnAsync(FrameType.HubKey, 1, boot: 1, uptimeS: 50);
        centre.Alarms().Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_hub_key_under_a_used_number_with_other_content_is_a_card_and_rings_too()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        using IDisposable console = centre.Consoles.Enter("c1");
        await using TestHub hub = await centre.HubAsync("hub-3");
        await hub.SendOwnAsync(FrameType.HubKey, 1, boot: 1, uptimeS: 50);
        await hub.SendOwnAsync(FrameType.HubKey, 1, boot: 1, uptimeS: 90);
        centre.Technicals().ShouldHaveSingleItem().Kind.ShouldBe("tamper");
        centre.Alarms().Count.ShouldBe(2);
        centre.Alarms().ShouldAllBe(a => a.State == "ringing");
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
    public async Task P33_a_record_that_cannot_be_handled_goes_to_quarantine_and_the_rest_of_its_envelope_is_stored()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        byte[] sos = new TestBand(TestCentre.BandOne, Convert.FromBase64String(
            centre.Enrolled.Bands.Single(b => b.Address == TestCentre.BandOne).Secret!), 1).Sos();
        // opens the alarm of number 0, which the next frame claims too
        byte[] confirm = band.Answer(FrameType.FallConfirmed, sos);
        byte[] clash = band.Sos();
        Frame.Begin(clash, FrameType.Sos, Lane.Alarm, 1, 0);
        Payload.PutEvent(clash, 100, AlarmFlags.Worn, 80, 0);
        Frame.Begin(confirm, FrameType.FallConfirmed, Lane.Alarm, 1, 5);
        byte[] inactivity = band.Event(FrameType.Inactivity);
        (await hub.SendAsync(band.Address, [band.Sign(confirm), band.Sign(clash), inactivity])).ShouldBeTrue();
        centre.Alarms().Select(a => a.Kind).ShouldBe(["fall", "inactivity"], ignoreOrder: true);
        centre.Count("quarantine").ShouldBe(1);
        centre.Technicals().ShouldHaveSingleItem().Kind.ShouldBe("unknownFrame");
        await TestCentre.UntilAsync(() => hub.Receipts.Count == 3, "the hub's receipts for all of them");
    }

    [Fact]
    public async Task P33_a_hub_frame_in_the_lane_of_vitals_is_quarantined()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        byte[] frame = new byte[Frame.Size];
        Frame.Begin(frame, FrameType.HubKey, Lane.Vitals, 7, 1);
        (await hub.SendAsync(0, [frame])).ShouldBeTrue();
        centre.Alarms().ShouldBeEmpty();
        centre.Count("quarantine").ShouldBe(1);
    }

    [Fact]
    public async Task One_timer_that_fails_leaves_those_of_the_other_alarms_alone()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        using IDisposable console = centre.Consoles.Enter("c1");
        await using TestHub hub = await centre.HubAsync();
        TestBand one = centre.Band();
        TestBand two = centre.Band(TestCentre.BandTwo);
        await hub.SendAsync(one, one.Sos());
        await hub.SendAsync(two, two.Sos());
        await centre.Store.WriteAsync(
            Lane.Alarm,
            tx => tx.Db.Run(
                "CREATE TRIGGER broken BEFORE UPDATE ON alarm WHEN NEW.id=1 AND NEW.unanswered=1 BEGIN SELECT "
                    + "RAISE(ABORT, 'broken'); END"),
            TestContext.Current.CancellationToken);
        centre.Clock.Advance(61_000);
        await TestCentre.UntilAsync(
            () => centre.Count("message", "alarm_id=2 AND reason='unanswered'") == 1, "the second alarm's timer");
    }

    [Fact]
    public async Task P25_what_was_to_wait_by_a_clock_that_has_been_set_back_waits_a_minute_at_most()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using (TestHub hub = await centre.HubAsync())
        {
            centre.Clock.Advance(5 * 3_600_000); // the wrong clock
            using IDisposable console = centre.Consoles.Enter("c1");
            TestBand band = centre.Band();
            await hub.SendAsync(band, band.Event(FrameType.FallSuspected));
            TestBand other = centre.Band(TestCentre.BandTwo);
            await hub.SendAsync(other, other.Sos());
        }
        await centre.StopAsync();
        centre.Clock.Advance(-5 * 3_600_000);
        await centre.RunAsync();
        await TestCentre.UntilAsync(
            () => centre.Count("timer") > 0 && centre.Count("timer", $"due_at_ms>{centre.Clock.NowMs + 60_000}") == 0,
                "timers within a minute");
        centre.Count("message", $"sent_at_ms IS NULL AND due_at_ms>{centre.Clock.NowMs + 60_000}").ShouldBe(0);
        centre.Clock.Advance(60_500);
        await TestCentre.UntilAsync(() =>
            centre.Alarms().All(a => a.State == "ringing" && a.Unanswered), "the fall rings and nobody has answered");
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
