using ElderBand.BandProtocol;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Storage;

namespace ElderBand.Tests.HubService;

/// <summary>Frames and messages that the centre refuses.</summary>
public class QuarantineTests
{
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
        centre.Count("quarantine", "reason='wrongTag'").ShouldBe(11); // ten of the noise, and the one that opens a card
        centre.Count("quarantine", "reason='unknownBand'").ShouldBe(1);
        centre.Technicals().ShouldContain(t => t.Kind == "tamper" && t.Urgent);
        await TestCentre.UntilAsync(
            () => hub.Receipts.Count == 16, "receipts for rejected records: the outbox never blocks (R9)");
        hub.Of(FrameType.Receipt).ShouldBeEmpty();

        await hub.SendAsync(band, band.Sos());
        centre.Alarms().ShouldHaveSingleItem().State.ShouldBe("ringing");
    }

    [Fact]
    public async Task P13_a_hub_reports_on_the_bands_of_its_home_only()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub own = await centre.HubAsync("hub-3");
        await using TestHub liar = await centre.HubAsync();
        await own.SendOwnAsync(
            FrameType.HubTechnical, 1, (byte)TechnicalCode.BandSilent, address: TestCentre.BandThree);
        centre.Technicals().ShouldContain(t => t.Kind == "bandSilent");
        await liar.SendOwnAsync(FrameType.HubTechnical, 1, (byte)TechnicalCode.BandBack, address: TestCentre.BandThree);
        centre.Technicals().ShouldContain(t => t.Kind == "bandSilent", "only the home's own hub hears that band");
        await liar.SendOwnAsync(FrameType.HubTechnical, 2, (byte)TechnicalCode.Tamper, address: TestCentre.BandThree);
        await liar.SendOwnAsync(
            FrameType.HubTechnical, 3, (byte)TechnicalCode.LinkKeyUnknown, address: TestCentre.BandThree);
        centre.Technicals().ShouldNotContain(t => t.Kind == "tamper" || t.Kind == "linkKeyUnknown");
        centre.Count("quarantine").ShouldBe(3);
        centre.Technicals().ShouldContain(t => t.Kind == "quarantine");
        await liar.SendOwnAsync(FrameType.HubTechnical, 4, (byte)TechnicalCode.Tamper, address: TestCentre.BandOne);
        centre.Technicals().ShouldContain(t => t.Kind == "tamper");
        await own.SendOwnAsync(FrameType.HubTechnical, 2, (byte)TechnicalCode.BandBack, address: TestCentre.BandThree);
        centre.Technicals().ShouldNotContain(t => t.Kind == "bandSilent");
    }

    [Fact]
    public async Task P52_an_age_of_more_than_a_week_is_taken_as_at_least_a_week()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        const long DayMs = 86_400_000;
        await hub.SendAsync(band, band.Sos(), 3 * DayMs);
        centre.Alarms().ShouldHaveSingleItem().AgeQuality.ShouldBe("measured");
        TestBand two = centre.Band(TestCentre.BandTwo);
        await hub.SendAsync(two, two.Sos(), 40 * DayMs);
        AlarmView old = centre.Alarms().Single(static a => a.AgeQuality != "measured");
        old.AgeQuality.ShouldBe("atLeast");
        (centre.Clock.NowMs - old.EventAtMs).ShouldBeInRange(7 * DayMs, (7 * DayMs) + 60_000);
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
        await hub.SendAsync(band, newVersion); // sent again: the centre refuses it again and adds no second row
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
    public async Task P33_a_record_that_cannot_be_handled_goes_to_quarantine_and_the_rest_of_its_envelope_is_stored()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        byte[] sos = new TestBand(TestCentre.BandOne, Convert.FromBase64String(
            centre.Enrolled.Bands.Single(b => b.Address == TestCentre.BandOne).Secret!), 1).Sos();
        // The confirmation opens the alarm of sequence 0; the next frame, an SOS, claims the same sequence.
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
}
