using ElderBand.BandProtocol;
using ElderBand.HubService;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Storage;

namespace ElderBand.Tests.HubService;

/// <summary>P04, P55: presses that waited in the band through a reboot, and who wore the band then.</summary>
public class HandOverTests
{
    private const long HourMs = 3_600_000;
    private const int LateMs = 60_000;

    [Fact]
    public async Task P04_a_press_of_a_boot_whose_begin_is_known_has_its_true_age()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        await BootAsync(centre, hub, boot: 3);
        centre.Clock.Advance(5 * HourMs);
        await BootAsync(centre, hub, boot: 4);
        byte[] press = Late(centre, boot: 3, uptimeS: 3600);
        AlarmView alarm = await RaisedAsync(centre, hub, press);
        alarm.AgeQuality.ShouldBe("about");
        (alarm.RaisedAtMs - alarm.EventAtMs).ShouldBeInRange((4 * HourMs) - LateMs, (4 * HourMs) + LateMs);
    }

    [Fact]
    public async Task P04_a_press_of_an_unknown_older_boot_is_at_least_as_old_as_the_next_boot_that_was_heard()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        await HeardAsync(centre, hub, boot: 4);
        centre.Clock.Advance(3 * HourMs);
        AlarmView alarm = await RaisedAsync(centre, hub, Late(centre, boot: 3));
        alarm.AgeQuality.ShouldBe("atLeast");
        (alarm.RaisedAtMs - alarm.EventAtMs).ShouldBeInRange(3 * HourMs, (3 * HourMs) + (2 * LateMs));
        alarm.State.ShouldBe("ringing");
    }

    [Fact]
    public async Task P55_a_press_from_before_the_hand_over_rings_for_its_own_wearer_and_ends_on_the_next_ones_wrist()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        await BootAsync(centre, hub, boot: 3);
        await HandOverAsync(centre, afterMs: 2 * HourMs);
        byte[] press = Late(centre, boot: 3, uptimeS: 1800);
        AlarmView alarm = await RaisedAsync(centre, hub, press);
        alarm.Resident.Name.ShouldBe("Resident r1");
        alarm.OtherResident.ShouldBeNull();
        alarm.State.ShouldBe("ringing");
        alarm.Timeline.ShouldContain(line => line.Kind == "passedOn" && line.Text == "Resident r2");
        await TestCentre.UntilAsync(
            () => StagesOf(hub, press).Contains(Stage.Closed), "the end of the stages on the next wearer's wrist");
        StagesOf(hub, press).ShouldNotContain(Stage.Taken);

        await hub.SendAsync(centre.Band(boot: 9), centre.Band(boot: 9).Sos());
        centre.Alarms().Count.ShouldBe(2);
        AlarmView own = centre.Alarms()[0];
        own.Resident.Name.ShouldBe("Resident r2");
        own.Presses.ShouldBe(1);
    }

    [Fact]
    public async Task P55_an_open_call_of_the_earlier_wearer_ends_on_the_wrist_with_the_hand_over_and_rings_on()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        byte[] press = band.Sos();
        await hub.HelloAsync();
        await hub.SendAsync(band, press);
        await TestCentre.UntilAsync(() => StagesOf(hub, press).Contains(Stage.Centre), "the first stage");
        await HandOverAsync(centre);
        await TestCentre.UntilAsync(() => StagesOf(hub, press).Contains(Stage.Closed), "the end of the stages");
        byte[] last = hub.Of(FrameType.Stage)[^1];
        Payload.StageRevision(last, 0).ShouldBeGreaterThan(Payload.StageRevision(hub.Of(FrameType.Stage)[0], 0));
        centre.Alarms().ShouldHaveSingleItem().State.ShouldBe("ringing");
        centre.Alarms()[0].Resident.Name.ShouldBe("Resident r1");
    }

    [Fact]
    public async Task P55_a_press_that_may_be_of_either_wearer_rings_with_both_names_and_the_contacts_of_both()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        await HeardAsync(centre, hub, boot: 2);
        await HandOverAsync(centre, afterMs: 2 * HourMs);
        await HeardAsync(centre, hub, boot: 4);
        AlarmView alarm = await RaisedAsync(centre, hub, Late(centre, boot: 3));
        alarm.State.ShouldBe("ringing");
        alarm.AgeQuality.ShouldBe("atLeast");
        alarm.Resident.Name.ShouldBe("Resident r2");
        alarm.OtherResident.ShouldNotBeNull().Name.ShouldBe("Resident r1");
        alarm.OtherResident!.Address.ShouldBe("Road 1");
        alarm.Contacts.Select(c => c.Phone).ShouldBe(["139-r2", "137-r2", "139-r1", "137-r1"]);
        // The service writes only to the family of the present wearer. An officer calls the other family.
        centre.Store.Read(db => db.Number(
            "SELECT count(*) FROM message m JOIN contact c ON c.id=m.contact_id WHERE c.resident_id<>2")).ShouldBe(0);
    }

    [Fact]
    public async Task P55_a_press_older_than_a_boot_from_before_the_hand_over_is_of_the_earlier_wearer()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        centre.Clock.Advance(HourMs);
        await HeardAsync(centre, hub, boot: 4);
        await HandOverAsync(centre, afterMs: HourMs);
        AlarmView alarm = await RaisedAsync(centre, hub, Late(centre, boot: 3));
        alarm.Resident.Name.ShouldBe("Resident r1");
        alarm.OtherResident.ShouldBeNull();
        alarm.AgeQuality.ShouldBe("atLeast");
    }

    [Fact]
    public async Task P55_a_call_under_a_boot_that_is_not_proven_has_no_age_of_earlier_boots_and_both_names()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        await BootAsync(centre, hub, boot: 3);
        await HeardAsync(centre, hub, boot: 4);
        await HandOverAsync(centre, afterMs: 2 * HourMs);
        byte[] press = Late(centre, boot: 3, flags: AlarmFlags.Worn | AlarmFlags.BootUnproven);
        AlarmView alarm = await RaisedAsync(centre, hub, press);
        (alarm.RaisedAtMs - alarm.EventAtMs).ShouldBe(0);
        alarm.AgeQuality.ShouldBe("atLeast");
        alarm.Resident.Name.ShouldBe("Resident r2");
        alarm.OtherResident.ShouldNotBeNull().Name.ShouldBe("Resident r1");
    }

    /// <summary>
    /// A band that loses its boot count twice uses a number three times. The hub then takes the age of a press from the
    /// uptime of another start.
    /// </summary>
    [Fact]
    public async Task P55_a_call_under_a_boot_that_is_not_proven_names_both_where_its_age_comes_from_an_uptime()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        await HandOverAsync(centre, afterMs: 2 * HourMs);
        byte[] press = Late(centre, boot: 1, flags: AlarmFlags.Worn | AlarmFlags.BootUnproven);
        await hub.SendAsync(centre.Band(), press, quality: AgeQuality.About);
        AlarmView alarm = centre.Alarms().ShouldHaveSingleItem();
        alarm.Resident.Name.ShouldBe("Resident r2");
        alarm.OtherResident.ShouldNotBeNull().Name.ShouldBe("Resident r1");
    }

    /// <summary>A jump of the boot count does not restart the band, so its uptime goes on.</summary>
    [Fact]
    public async Task P55_a_late_press_after_a_jump_of_the_boot_count_names_the_person_who_may_have_pressed()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        await BootAsync(centre, hub, boot: 3);
        centre.Clock.Advance(HourMs);
        TestBand band = centre.Band(boot: 3);
        band.Event(FrameType.WearChange);
        await hub.SendAsync(band, band.Event(FrameType.WearChange, uptimeS: 3600));
        await HandOverAsync(centre, afterMs: HourMs);
        AlarmView alarm = await RaisedAsync(centre, hub, Late(centre, boot: 5, uptimeS: 5400));
        alarm.AgeQuality.ShouldBe("atLeast");
        alarm.Resident.Name.ShouldBe("Resident r2");
        alarm.OtherResident.ShouldNotBeNull().Name.ShouldBe("Resident r1");
    }

    private static byte[] Late(TestCentre centre, int boot, int uptimeS = 100, byte flags = AlarmFlags.Worn)
    {
        TestBand band = centre.Band(boot: boot);
        for (int i = 0; i < 5; i++)
        {
            band.Event(FrameType.WearChange); // other frames of this boot have used the first numbers
        }
        return band.Event(FrameType.Sos, flags, uptimeS: uptimeS);
    }

    // The hub does not know the age of the press. The press must raise the only alarm, which is returned.
    private static async Task<AlarmView> RaisedAsync(TestCentre centre, TestHub hub, byte[] press)
    {
        await hub.SendAsync(centre.Band(), press, quality: AgeQuality.AtLeast);
        return centre.Alarms().ShouldHaveSingleItem();
    }

    // The first frame of a boot tells the centre when that boot began.
    private static Task BootAsync(TestCentre centre, TestHub hub, int boot) =>
        hub.SendAsync(centre.Band(boot: boot), centre.Band(boot: boot).Event(FrameType.Boot, uptimeS: 0));

    // The centre gets a status of this boot, but no frame that tells when the boot began.
    private static Task HeardAsync(TestCentre centre, TestHub hub, int boot) =>
        hub.SendAsync(centre.Band(boot: boot), centre.Band(boot: boot).Status(), topic: "vitals");

    // The hand-over comes after this time, and an hour passes after the hand-over.
    private static async Task HandOverAsync(TestCentre centre, long afterMs)
    {
        centre.Clock.Advance(afterMs);
        await HandOverAsync(centre);
        centre.Clock.Advance(HourMs);
    }

    private static Task HandOverAsync(TestCentre centre) => centre.Store.WriteAsync(Lane.Alarm, tx =>
    {
        long bandId = DeviceRows.BandByAddress(tx.Db, TestCentre.BandOne)!.Id;
        DeviceRows.AssignBand(tx.Db, "c1", bandId, ResidentRows.ResidentByCode(tx.Db, "c1", "r2")!.Id, tx.NowMs);
    });

    private static List<Stage> StagesOf(TestHub hub, byte[] press) =>
        [.. hub.Of(FrameType.Stage).Where(f => Frame.SequenceOf(f, 0) == Frame.SequenceOf(press, 0))
            .Select(f => Payload.StageOf(f, 0))];
}
