using ElderBand.BandProtocol;

namespace ElderBand.Tests.HubService;

/// <summary>A centre of today and a hub that runs a later program.</summary>
public class VersionTests
{
    private const int MoreInARecord = 3;

    [Fact]
    public async Task P60_a_hub_that_adds_bytes_to_its_hello_and_records_is_served_as_any_other()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        byte[] hello = new byte[HubMessage.HelloSize + 5];
        HubMessage.PutHello(hello, 7, 1000, 0, 1, 0, HubMessage.OnMains);
        (await hub.PublishAsync("eb1/c1/hub-1/up/hello", hello)).ShouldBeTrue();
        await TestCentre.UntilAsync(
            () => !hub.Hellos.IsEmpty && !hub.Tables.IsEmpty, "the centre's hello and the table");
        hub.Hellos.First().ShouldBe([HubMessage.Version, HubMessage.LowestVersion, HubMessage.Version]);

        byte[] data = new byte[Envelope.MaxSize];
        Envelope.Begin(data, 7, 1000, 0);
        byte[][] presses = [band.Sos(), band.Sos()];
        List<byte> later = [.. data[..Envelope.HeaderSize]];
        later[^2] = (byte)presses.Length;
        later[^1] = Envelope.RecordSize + MoreInARecord;
        for (int i = 0; i < presses.Length; i++)
        {
            Envelope.Begin(data, 7, 1000, 0);
            int size = Envelope.Add(
                data, 7, i, band.Address, -60, Envelope.LinkChecked, AgeQuality.Measured, 0, presses[i], 0);
            later.AddRange(data[Envelope.HeaderSize..size]);
            later.AddRange(new byte[MoreInARecord]);
        }
        (await hub.PublishAsync("eb1/c1/hub-1/up/alarm", [.. later, 1, 2, 3])).ShouldBeTrue();
        centre.Alarms().ShouldHaveSingleItem();
        centre.Count("event", "type=1").ShouldBe(2);
        await TestCentre.UntilAsync(() => hub.Receipts.Count == 2, "receipts of both records");
        centre.Technicals().ShouldBeEmpty();
    }

    [Fact]
    public async Task P60_a_hub_that_speaks_an_unknown_version_is_an_urgent_card_and_is_told_what_the_centre_speaks()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        byte[] hello = new byte[HubMessage.HelloSize];
        HubMessage.PutHello(hello, 7, 1000, 0, 1, 0, HubMessage.OnMains);
        hello[0]++;
        (await hub.PublishAsync("eb1/c1/hub-1/up/hello", hello)).ShouldBeTrue();
        byte[] envelope = new byte[Envelope.MaxSize];
        Envelope.Begin(envelope, 7, 1000, 0);
        int size = Envelope.Add(
            envelope, 7, 0, band.Address, -60, Envelope.LinkChecked, AgeQuality.Measured, 0, band.Sos(), 0);
        envelope[0]++;
        for (int i = 0; i < 20; i++)
        {
            (await hub.PublishAsync("eb1/c1/hub-1/up/alarm", envelope[..size])).ShouldBeTrue();
        }
        centre.Technicals().Where(static t => t.Kind == "unknownFrame").ShouldHaveSingleItem().Urgent.ShouldBeTrue();
        await TestCentre.UntilAsync(() => hub.Hellos.Count == 21, "the centre's hello after each");
        hub.Hellos.ShouldAllBe(static h => HubMessage.CommonVersion(h, h.Length) == HubMessage.Version);
        hub.Receipts.ShouldBeEmpty("nothing that was not read has a receipt");

        // The hub takes the lower version.
        await hub.HelloAsync();
        envelope[0] = HubMessage.Version;
        (await hub.PublishAsync("eb1/c1/hub-1/up/alarm", envelope[..size])).ShouldBeTrue();
        centre.Alarms().ShouldHaveSingleItem();
        centre.Technicals().ShouldNotContain(static t => t.Kind == "unknownFrame");
    }
}
