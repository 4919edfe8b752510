using ElderBand.BandProtocol;
using ElderBand.HubService;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Devices;
using ElderBand.HubService.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace ElderBand.Tests.HubService;

/// <summary>Reports of bands and hubs about themselves, and what the centre sends to them.</summary>
public class DeviceTests
{
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
        Notice notice = await feed.Notices.ReadAsync(TestContext.Current.CancellationToken).AsTask()
            .WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        notice.Vitals!.Single().Bpm.ShouldBe(72);
        await hub.SendAsync(band, band.Vitals(70, Wear.Off, refusal: 1), topic: "vitals");
        centre.Count("vitals").ShouldBe(2);
        VitalsView latest = centre.App.Services.GetRequiredService<VitalsStore>().Latest(1)!;
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
        hub.Tables.First()[9].ShouldBe((byte)2); // the number of bands: the home has two
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
        // No console is open, so the service tells the contacts at once that nobody answers.
        alarm.Contacts.SelectMany(c => c.Messages).Select(m => m.Reason).ShouldBe(["raised", "unanswered"]);
        centre.Technicals().ShouldHaveSingleItem().Kind.ShouldBe("mainsLost");
        await hub.SendOwnAsync(FrameType.HubTechnical, 3, (byte)TechnicalCode.MainsBack);
        centre.Technicals().ShouldBeEmpty();
    }

    [Fact]
    public async Task The_key_of_a_hub_that_has_moved_calls_for_its_new_home_on_a_card_of_its_own()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync("hub-3");
        await hub.SendOwnAsync(FrameType.HubKey, 1);
        await centre.Store.WriteAsync(Lane.Alarm, static tx => DeviceRows.PlaceHub(
            tx.Db, "c1", "hub-3", ResidentRows.HomeByCode(tx.Db, "c1", "h1")!.Id, tx.NowMs),
            TestContext.Current.CancellationToken);
        await hub.SendOwnAsync(FrameType.HubKey, 2);
        centre.Alarms().Select(static alarm => alarm.Presses).ShouldBe([1, 1]);
        centre.Count("alarm", "home_id=(SELECT id FROM home WHERE code='h1')").ShouldBe(1);
        await hub.SendOwnAsync(FrameType.HubKey, 3);
        centre.Count("alarm", "presses=2 AND home_id=(SELECT id FROM home WHERE code='h1')").ShouldBe(1);
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
        centre.Clock.Advance(3_500_000);
        await Task.Delay(6000, TestContext.Current.CancellationToken); // silent bands are looked for every 5 s
        centre.Technicals().ShouldBeEmpty();
        centre.Clock.Advance(110_000);
        await TestCentre.UntilAsync(() => centre.Technicals().Count == 3, "a card for each of the three bands");
        centre.Technicals().ShouldAllBe(t => t.Kind == "bandSilent");
    }

    [Fact]
    public async Task P38_a_band_silent_for_4_hours_beside_a_working_hub_is_a_visit_today_until_it_is_heard()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand[] bands = [centre.Band(), centre.Band(TestCentre.BandTwo), centre.Band(TestCentre.BandThree)];
        foreach (TestBand band in bands)
        {
            await hub.SendAsync(band, band.Status(), topic: "vitals");
        }
        centre.Clock.Advance(Liveness.VisitAfterMs - 20_000);
        await hub.HelloAsync("beat");
        await TestCentre.UntilAsync(() => centre.Count("technical", "kind='bandSilent'") == 3, "silent bands");
        Visits(centre).ShouldBeEmpty();
        centre.Clock.Advance(30_000);
        await hub.HelloAsync("beat");
        await TestCentre.UntilAsync(() => Visits(centre).Count == 2, "a visit to each band of the hub's home");
        centre.Technicals().Where(t => t.Kind == "visitToday").ShouldAllBe(t => t.Urgent && t.ResidentName != null);

        await hub.SendAsync(bands[0], bands[0].Status(), topic: "vitals");
        TechnicalView other = Visits(centre).ShouldHaveSingleItem();
        other.ResidentName.ShouldBe("Resident r2");
        await centre.Store.WriteAsync(
            Lane.Alarm, tx => TechnicalRows.Close(tx, "c1", other.Id, "staff:1", "at her daughter's"),
            TestContext.Current.CancellationToken);
        centre.Clock.Advance(10_000);
        await hub.HelloAsync("beat");
        await TestCentre.UntilAsync(
            () => centre.Count("heartbeat", $"at_ms>={centre.Clock.NowMs}-4000") == 1, "a sweep");
        Visits(centre).ShouldBeEmpty("staff have dealt with it");
        centre.Clock.Advance(Liveness.VisitAgainMs);
        await hub.HelloAsync("beat");
        await TestCentre.UntilAsync(() => Visits(centre).Count == 2, "asked again the next day");
    }

    private static List<TechnicalView> Visits(TestCentre centre) =>
        centre.Technicals().FindAll(static t => t.Kind == "visitToday");

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

        // The band goes back to its first home, to another resident: the epoch must rise again.
        long neighbour = centre.Store.Read(db => ResidentRows.ResidentByCode(db, "c1", "r2")!.Id);
        await centre.Store.WriteAsync(Lane.Alarm, tx =>
            DeviceRows.AssignBand(tx.Db, "c1", 1, neighbour, tx.NowMs), TestContext.Current.CancellationToken);
        BandLink link = centre.Store.Read(db => DeviceRows.Link(db, 1))!;
        link.LinkEpoch.ShouldBeGreaterThan(Payload.LinkEpochOf(group, 0));
    }
}
