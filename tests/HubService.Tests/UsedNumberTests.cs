using ElderBand.BandProtocol;
using ElderBand.HubService;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Storage;

namespace ElderBand.Tests.HubService;

/// <summary>A frame with a boot and sequence that the centre has seen, but with other content.</summary>
public class UsedNumberTests
{
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
            other[6] += (byte)i; // another uptime: a band that has lost its boot count is pressed again
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
    public async Task P50_a_band_that_lost_its_store_rings_on_the_console_each_time_also_after_its_card_was_closed()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        using IDisposable console = centre.Consoles.Enter("c1");
        await using TestHub hub = await centre.HubAsync();
        byte[] press = centre.Band().Sos();
        await hub.SendAsync(TestCentre.BandOne, [press]);
        var li = new Actor(1, "Officer Li");
        for (int life = 1; life <= 2; life++)
        {
            long id = centre.Alarms()[0].Id;
            await centre.Store.WriteAsync(
                Lane.Alarm,
                tx =>
                {
                    centre.Desk.Take(tx, "c1", id, li).Act.ShouldBe(Act.Done);
                    centre.Desk.Close(tx, "c1", id, li, "phoneOk", null).Act.ShouldBe(Act.Done);
                },
                TestContext.Current.CancellationToken);
            using Subscription feed = centre.Changes.Subscribe("c1");

            // Formatted: boot 1 and sequence 0 again, at another moment of that boot.
            byte[] again = centre.Band().Event(FrameType.Sos, uptimeS: 100 + life);
            Frame.SequenceOf(again, 0).ShouldBe(Frame.SequenceOf(press, 0));
            (await hub.SendAsync(TestCentre.BandOne, [again])).ShouldBeTrue();

            AlarmView alarm = centre.Alarms()[0];
            (alarm.State, alarm.Presses, alarm.Resident.Name).ShouldBe(("ringing", 1, "Resident r1"));
            alarm.Id.ShouldNotBe(id);
            centre.Count("message", $"alarm_id={alarm.Id} AND reason='raised'").ShouldBe(1);
            await TestCentre.UntilAsync(
                () => feed.Notices.TryRead(out Notice? pushed) && pushed.Alarm is { State: "ringing" } rings
                    && rings.Id == alarm.Id,
                "the consoles ring");
            await TestCentre.UntilAsync(
                () => hub.Of(FrameType.Receipt).Count == 1 + life, "the wrist's receipt for this press");
        }
    }

    [Fact]
    public async Task P50_a_band_that_has_not_stored_its_count_is_told_a_boot_above_its_own()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        await hub.SendAsync(band, band.Sos());
        await TestCentre.UntilAsync(() => hub.Of(FrameType.Receipt).Count == 1, "a receipt");
        Payload.HighestBoot(hub.Of(FrameType.Receipt)[^1], 0).ShouldBe(band.Boot);
        await hub.SendAsync(band, band.Event(FrameType.Sos, AlarmFlags.Worn | AlarmFlags.BootUnproven));
        await TestCentre.UntilAsync(() => hub.Of(FrameType.Receipt).Count == 2, "a receipt");
        Payload.HighestBoot(hub.Of(FrameType.Receipt)[^1], 0).ShouldBe(band.Boot + 1);
    }

    [Fact]
    public async Task P44_the_receipt_of_a_press_says_which_frame_opened_its_card_the_same_each_time()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        byte[] opener = band.Sos();
        byte[] second = band.Sos();
        byte[] anew = [.. second];
        anew[6] += 1; // other content under the number of the second press: the band counts anew, so a new card opens
        band.Sign(anew);
        foreach (byte[] press in (byte[][])[opener, second, anew, second, band.Event(FrameType.WearChange)])
        {
            await hub.SendAsync(band, press);
        }

        await TestCentre.UntilAsync(() => hub.Of(FrameType.Receipt).Count == 5, "a receipt for each frame");
        List<byte[]> receipts = hub.Of(FrameType.Receipt);
        (int, int) openerKey = (Frame.BootOf(opener, 0), Frame.SequenceOf(opener, 0));
        (int, int) anewKey = (Frame.BootOf(anew, 0), Frame.SequenceOf(anew, 0));
        receipts.Select(f => (Payload.OpenerBoot(f, 0), Payload.OpenerSequence(f, 0)))
            .ShouldBe([openerKey, openerKey, anewKey, openerKey, (-1, 0)]);
        receipts[3].ShouldBe(receipts[1]);
        receipts.ShouldAllBe(f => Payload.ReceiptRefusal(f, 0) == 0 && Payload.HighestBoot(f, 0) == openerKey.Item1);
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
        await hub.SendAsync(band, newer); // sent again: the centre refuses it again and adds no second row

        centre.Count("quarantine").ShouldBe(1);
        centre.Technicals().ShouldContain(t => t.Kind == "unknownFrame" && t.Urgent && t.BandId != null);
        await TestCentre.UntilAsync(() => hub.Of(FrameType.Receipt).Count == 3, "a receipt for each true frame");
        hub.Of(FrameType.Receipt).Select(f => Payload.ReceiptRefusal(f, 0)).ShouldBe([0, 1, 1]);
    }

    [Fact]
    public async Task The_key_of_a_hub_whose_store_came_back_empty_rings_under_numbers_it_has_used()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        using IDisposable console = centre.Consoles.Enter("c1");
        await using TestHub hub = await centre.HubAsync("hub-3");
        await hub.HelloAsync(boot: 1, uptimeS: 5000);
        await hub.SendOwnAsync(FrameType.HubKey, 1, boot: 1, uptimeS: 50);
        await hub.SendOwnAsync(FrameType.HubKey, 1, boot: 1, uptimeS: 50); // sent again
        centre.Alarms().ShouldHaveSingleItem().Presses.ShouldBe(1);

        await hub.HelloAsync(boot: 1, uptimeS: 10, flags: HubMessage.StoreEmpty);
        centre.Technicals().ShouldHaveSingleItem().Kind.ShouldBe("storeLost");
        await hub.SendOwnAsync(FrameType.HubKey, 1, boot: 1, uptimeS: 50); // the bytes of the first press
        centre.Alarms().ShouldHaveSingleItem().Presses.ShouldBe(2, "another press on the open card of this key");
        await hub.HelloAsync(boot: 1, uptimeS: 60, flags: HubMessage.StoreEmpty); // the same boot
        await hub.SendOwnAsync(FrameType.HubKey, 1, boot: 1, uptimeS: 50);
        centre.Alarms().ShouldHaveSingleItem().Presses.ShouldBe(2);
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
        AlarmView alarm = centre.Alarms().ShouldHaveSingleItem();
        (alarm.State, alarm.Presses).ShouldBe(("ringing", 2));
    }
}
