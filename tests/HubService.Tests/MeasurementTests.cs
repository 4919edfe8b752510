using ElderBand.BandProtocol;
using ElderBand.HubService;
using ElderBand.HubService.Devices;
using ElderBand.HubService.Ingest;
using ElderBand.HubService.Storage;

namespace ElderBand.Tests.HubService;

/// <summary>P85: ordinary measurements go to their own file without a write to the alarm file.</summary>
public sealed class MeasurementTests
{
    [Fact]
    public async Task P85_measurements_are_stored_while_the_alarm_file_refuses_and_the_band_is_heard_afterwards()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        long HeardAtMs() => centre.Store.Read(static db => DeviceRows.BandByAddress(db, TestCentre.BandOne))!
            .LastHeardAtMs ?? 0;
        (await hub.SendAsync(band, band.Vitals(70), topic: "vitals")).ShouldBeTrue();
        await TestCentre.UntilAsync(() => HeardAtMs() > 0, "the band was heard", 3000);
        centre.Clock.Advance(60_000);
        long before = centre.Clock.NowMs;
        using (var locker = new Db(Path.Combine(centre.DataDir, "elderband.db")))
        {
            locker.Run("BEGIN IMMEDIATE");
            for (byte bpm = 71; bpm < 91; bpm++)
            {
                (await hub.SendAsync(band, band.Vitals(bpm), topic: "vitals")).ShouldBeTrue();
            }
            centre.Count("vitals").ShouldBe(21);
            HeardAtMs().ShouldBeLessThan(before);
            locker.Run("ROLLBACK");
        }
        await TestCentre.UntilAsync(() => HeardAtMs() >= before, "the band was heard again");
    }

    [Fact]
    public async Task P85_a_measurement_ends_the_silence_of_its_band_and_tells_its_wear_within_seconds()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        (await hub.SendAsync(band, band.Vitals(70), topic: "vitals")).ShouldBeTrue();
        await Task.Delay(1500, TestContext.Current.CancellationToken);
        centre.Clock.Advance(3_600_000);
        bool IsSilent() => centre.Technicals().Exists(
            static t => t is { Kind: "bandSilent", ResidentName: "Resident r1", ClosedAtMs: null });
        await TestCentre.UntilAsync(IsSilent, "the card", 15_000);
        (await hub.SendAsync(band, band.Vitals(0, Wear.Off, refusal: 1), topic: "vitals")).ShouldBeTrue();
        await TestCentre.UntilAsync(() => !IsSilent(), "the card is closed", 3000);
        centre.Store.Read(static db => DeviceRows.BandByAddress(db, TestCentre.BandOne))!.Wear.ShouldBe(Wear.Off);
    }

    [Fact]
    public async Task P85_measurements_of_300_residents_at_once_are_one_notice_and_no_reload()
    {
        const int Residents = 300;
        await using TestCentre centre = await TestCentre.StartAsync();
        using Subscription feed = centre.Changes.Subscribe("c1");
        var vitals = (VitalsStore)centre.App.Services.GetService(typeof(VitalsStore))!;
        var intake = new VitalsIntake(new Metrics());
        List<VitalsRow> rows = [.. Enumerable.Range(1, Residents).Select(static id => new VitalsRow(
            "c1", id, id, "hub-1", 1, 0, 1, AgeQuality.Measured, 1, 10, 70, 90, 0, 97, 0, Wear.On, 0, 3))];
        await vitals.WriteAsync(Lane.Vitals, tx => intake.Store(tx, rows), TestContext.Current.CancellationToken);
        Notice notice = await feed.Notices.ReadAsync(TestContext.Current.CancellationToken).AsTask()
            .WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        notice.Vitals!.Select(static v => v.ResidentId).Distinct().Count().ShouldBe(Residents);
        feed.Notices.TryRead(out _).ShouldBeFalse();
    }

    [Fact]
    public async Task P55_a_measurement_from_before_a_hand_over_belongs_to_the_earlier_wearer()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        (await hub.SendAsync(band, band.Vitals(61), topic: "vitals")).ShouldBeTrue();
        long Wearer(int bpm) => centre.App.Services.GetService(typeof(VitalsStore)) is VitalsStore vitals
            ? vitals.Read(db => db.Number("SELECT resident_id FROM vitals WHERE bpm=$1", bpm)) : 0;
        long first = Wearer(61);
        long next = centre.Store.Read(db => db.Number("SELECT id FROM resident WHERE id<>$1 ORDER BY id", first));
        centre.Clock.Advance(100_000);
        await centre.Store.WriteAsync(
            Lane.Alarm,
            tx => DeviceRows.AssignBand(
                tx.Db, "c1", DeviceRows.BandByAddress(tx.Db, TestCentre.BandOne)!.Id, next, tx.NowMs),
            TestContext.Current.CancellationToken);
        centre.Clock.Advance(100_000);
        (await hub.SendAsync(band, band.Vitals(62), topic: "vitals")).ShouldBeTrue();
        (await hub.SendAsync(band, band.Vitals(63), ageMs: 150_000, topic: "vitals")).ShouldBeTrue();
        Wearer(62).ShouldBe(next);
        Wearer(63).ShouldBe(first);
    }

    [Fact]
    public async Task P76_after_a_wrong_tag_a_minute_of_measurements_is_judged_by_the_writer_that_counts_guesses()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        var measurements = (Measurements)centre.App.Services.GetService(typeof(Measurements))!;
        var hub = new HubSession("hub-1", "c1");
        TestBand band = centre.Band();
        byte[] wrong = band.Vitals(70);
        wrong[13] ^= 1;
        measurements.Of(hub, Envelope(band, band.Vitals(70))).ShouldNotBeNull();
        measurements.Of(hub, Envelope(band, wrong)).ShouldBeNull();
        measurements.Of(hub, Envelope(band, band.Vitals(71))).ShouldBeNull();
        measurements.Of(new HubSession("hub-2", "c1"), Envelope(band, band.Vitals(72))).ShouldNotBeNull();
        centre.Clock.Advance(60_000);
        measurements.Of(hub, Envelope(band, band.Vitals(73))).ShouldNotBeNull();
    }

    [Fact]
    public async Task P12_what_is_no_ordinary_measurement_is_left_to_the_writer()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        var measurements = (Measurements)centre.App.Services.GetService(typeof(Measurements))!;
        var session = new HubSession("hub-1", "c1");
        TestBand band = centre.Band(boot: 5);
        (await hub.SendAsync(band, band.Vitals(70), topic: "vitals")).ShouldBeTrue();
        await Task.Delay(2100, TestContext.Current.CancellationToken);
        List<VitalsRow>? Of(byte[] frame, byte flags = BandProtocol.Envelope.LinkChecked, string centreId = "c1") =>
            measurements.Of(session with { CentreId = centreId }, Envelope(band, frame, flags));
        Of(band.Vitals(71))!.Single().Bpm.ShouldBe(71);
        Of(band.Vitals(71), flags: 0).ShouldBeNull("the link tag was not checked");
        Of(band.Vitals(71), centreId: "c2").ShouldBeNull("a hub of another centre");
        Of(band.Vitals(255)).ShouldBeNull("impossible");
        Of(band.Status()).ShouldBeNull("a status");
        Of(centre.Band(boot: 4).Vitals(71)).ShouldBeNull("an older boot");
        await centre.Store.WriteAsync(
            Lane.Alarm, static tx => tx.Db.Run("UPDATE band SET revoked_at_ms=1"),
            TestContext.Current.CancellationToken);
        centre.Clock.Advance(1000);
        Of(band.Vitals(72)).ShouldBeNull("a revoked band, a second later (P40)");
    }

    private static byte[] Envelope(
        TestBand band, byte[] frame, byte flags = BandProtocol.Envelope.LinkChecked)
    {
        byte[] data = new byte[BandProtocol.Envelope.MaxSize];
        BandProtocol.Envelope.Begin(data, 7, 1000, 0);
        return data[..BandProtocol.Envelope.Add(
            data, 7, 0, band.Address, -60, flags, AgeQuality.Measured, 0, frame, 0)];
    }
}
