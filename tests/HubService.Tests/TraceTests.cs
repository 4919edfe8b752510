using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using ElderBand.BandProtocol;
using ElderBand.HubService;
using ElderBand.HubService.Devices;
using ElderBand.HubService.Storage;

namespace ElderBand.Tests.HubService;

/// <summary>An administrator asks hubs and bands for their traces and reads them (docs/adr/0046).</summary>
public sealed class TraceTests
{
    private static readonly int[] NewestFirst = [.. Enumerable.Range(0, 6).Reverse()];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_hub_is_asked_over_its_line_and_its_answer_is_shown_with_times()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        using HttpClient admin = await AdministratorAsync(centre);
        await using TestHub hub = await centre.HubAsync();
        await hub.HelloAsync();
        await TestCentre.UntilAsync(() => !hub.Tables.IsEmpty, "the greeting");

        using HttpResponseMessage asked = await admin.PostAsync("api/hubs/hub-1/trace", null, Token);
        asked.StatusCode.ShouldBe(HttpStatusCode.OK);
        await TestCentre.UntilAsync(() => !hub.Questions.IsEmpty, "the question");
        byte ask = hub.Questions.ShouldHaveSingleItem();
        (await ReadAsync(admin, "api/hubs/hub-1/trace")).GetProperty("waits").GetBoolean().ShouldBeTrue();

        byte[] answer = Answer(ask);
        (await hub.PublishAsync("eb1/c1/hub-1/up/trace", answer)).ShouldBeTrue();
        JsonElement trace = await ReadAsync(admin, "api/hubs/hub-1/trace");
        trace.GetProperty("waits").GetBoolean().ShouldBeFalse();
        trace.GetProperty("askedBy").GetString()!.ShouldContain("Admin");
        long readAtMs = trace.GetProperty("readAtMs").GetInt64();
        List<JsonElement> entries = [.. trace.GetProperty("entries").EnumerateArray()];
        entries.Select(e => e.GetProperty("kind").GetInt32()).ShouldBe([15, 1, 8, 16]);
        entries[0].GetProperty("atMs").ValueKind.ShouldBe(JsonValueKind.Null, "an entry of an earlier boot");
        entries[0].GetProperty("seconds").GetInt32().ShouldBe(500);
        entries[2].GetProperty("atMs").GetInt64().ShouldBe(readAtMs - 90_000);
        entries[0].GetProperty("first").GetInt32().ShouldBe(4);
        centre.Count("audit", "action='hub.traceAsked' AND subject='hub:hub-1'").ShouldBe(1);

        using HttpResponseMessage again = await admin.PostAsync("api/hubs/hub-1/trace", null, Token);
        again.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        centre.Count("audit", "action='hub.traceAsked'").ShouldBe(1);
    }

    [Fact]
    public async Task A_hub_without_a_line_is_asked_after_its_hello_and_an_answer_nobody_asked_for_is_not_kept()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        using HttpClient admin = await AdministratorAsync(centre);
        (await admin.PostAsync("api/hubs/hub-1/trace", null, Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await using (TestHub first = await centre.HubAsync())
        {
            await first.HelloAsync();
            await TestCentre.UntilAsync(() => !first.Questions.IsEmpty, "the question after the hello");
        }
        await using TestHub hub = await centre.HubAsync();
        await hub.HelloAsync();
        await TestCentre.UntilAsync(() => !hub.Questions.IsEmpty, "the question after the next hello");

        (await hub.PublishAsync("eb1/c1/hub-1/up/trace", Answer(99))).ShouldBeTrue();
        centre.Store.Read(db => TraceRows.Get(db, TraceRows.OfHub("hub-1")))!.Waits.ShouldBeTrue();
        (await hub.PublishAsync("eb1/c1/hub-1/up/trace", [1, 1, 200])).ShouldBeTrue();
        centre.Count("quarantine", "reason LIKE '%up/trace%'").ShouldBe(1);

        await using TestHub other = await centre.HubAsync("hub-2");
        (await other.PublishAsync("eb1/c1/hub-2/up/trace", Answer(1))).ShouldBeTrue();
        centre.Count("trace", "device='hhub-2'").ShouldBe(0);
    }

    [Fact]
    public async Task A_band_is_asked_in_its_configuration_and_its_halves_come_together()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        using HttpClient admin = await AdministratorAsync(centre);
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        await hub.HelloAsync();
        await hub.SendAsync(band.Address, [band.Status(configuration: 1)], topic: "vitals");
        long id = centre.Store.Read(db => DeviceRows.BandByAddress(db, band.Address))!.Id;
        (await admin.PostAsync($"api/bands/{id}/trace", null, Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await hub.SendAsync(band.Address, [band.Status(configuration: 1)], topic: "vitals");
        await TestCentre.UntilAsync(
            () => hub.Of(FrameType.Configuration).Any(f => Frame.BootOf(f, 0) == 2), "the question");
        byte[] question = hub.Of(FrameType.Configuration).First(f => Frame.BootOf(f, 0) == 2);
        band.IsFromCentre(question).ShouldBeTrue();
        byte ask = Payload.ConfigTraceAsk(question, 0);
        ask.ShouldBe((byte)1);
        Payload.ConfigurationIsValid(question, 0).ShouldBeTrue();
        Payload.ConfigBedFrom(question, 0).ShouldBe((byte)84, "the settings stay as they were");

        TraceRing ring = new();
        ring.Add(TraceKind.Boot, 4, 12, 1000);
        ring.Add(TraceKind.Mode, 1, 0, 2000);
        ring.Add(TraceKind.Asked, ask, 0, 62_000);
        byte[] entries = new byte[Payload.TraceHalves * Payload.TraceHalfSize];
        ring.SaveLast(entries, 0, Payload.TraceEntries);
        foreach (int half in NewestFirst.Where(half => half != 3))
        {
            await hub.SendAsync(band.Address, [band.Trace(half, ask, entries)], topic: "vitals");
        }
        TraceRow row = centre.Store.Read(db => TraceRows.Get(db, TraceRows.OfBand(id)))!;
        List<TraceEntry> read = TraceReader.Read(row);
        read.Select(e => e.Kind).ShouldBe([1, 16], "half of the second entry is missing: it is not shown");
        read[0].AtMs.ShouldBe(row.ReadAtMs - 61_000);
        await hub.SendAsync(band.Address, [band.Trace(3, ask, entries)], topic: "vitals");
        TraceReader.Read(centre.Store.Read(db => TraceRows.Get(db, TraceRows.OfBand(id)))!)
            .Select(e => (e.Kind, e.First, e.Second)).ShouldBe([(1, 4, 12), (2, 1, 0), (16, 1, 0)]);
        centre.Count("audit", $"action='band.traceAsked' AND subject='band:{id}'").ShouldBe(1);

        byte[] impossible = band.Trace(0, ask, entries);
        impossible[Frame.PayloadOffset] = Payload.TraceHalves;
        await hub.SendAsync(band.Address, [band.Sign(impossible)], topic: "vitals");
        centre.Count("quarantine", "reason LIKE '%type 23%'").ShouldBe(1);
        await hub.SendAsync(band.Address, [band.Trace(0, 77, entries)], topic: "vitals");
        centre.Store.Read(db => TraceRows.Get(db, TraceRows.OfBand(id)))!.ReadAsk.ShouldBe(1);
    }

    [Fact]
    public async Task Only_an_administrator_of_the_centre_asks_and_a_device_that_is_not_there_is_refused()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        HttpClient officer = await desk.SignedInAsync("wang");
        HttpClient other = await desk.SignedInAsync("zhao");
        HttpClient admin = await desk.SignedInAsync("li");
        foreach (string path in new[] { "api/hubs/hub-1/trace", $"api/bands/{desk.BandId}/trace" })
        {
            (await officer.PostAsync(path, null, Token)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
            (await other.PostAsync(path, null, Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
            (await other.GetAsync(path, Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
            (await desk.Stranger().GetAsync(path, Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
            JsonElement none = await ReadAsync(officer, path);
            none.GetProperty("entries").GetArrayLength().ShouldBe(0);
            (await admin.PostAsync(path, null, Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
            (await admin.PostAsync(path, null, Token)).StatusCode.ShouldBe(HttpStatusCode.Conflict);
            desk.Clock.Push(TimeSpan.FromMinutes(11));
            (await admin.PostAsync(path, null, Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        }
        (await admin.PostAsync("api/hubs/hub-9/trace", null, Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await admin.PostAsync("api/bands/999/trace", null, Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task The_number_of_a_question_goes_from_255_to_1()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        for (int i = 1; i <= 256; i++)
        {
            bool asked = await desk.Store.WriteAsync(
                Lane.Alarm, tx => TraceRows.Ask(tx.Db, "c1", "hx", "test", tx.NowMs), Token);
            asked.ShouldBeTrue();
            desk.Clock.Push(TimeSpan.FromMinutes(10));
        }
        desk.Store.Read(db => TraceRows.Waiting(db, "hx")).ShouldBe((byte)1);
    }

    private static byte[] Answer(byte ask)
    {
        TraceRing ring = new();
        ring.Add(TraceKind.Restart, (int)RestartReason.RadioSilent, 0, 500_000);
        ring.Add(TraceKind.Boot, (int)WakeCause.Watchdog, 3, 1000);
        ring.Add(TraceKind.LineUp, 0, 0, 10_000);
        ring.Add(TraceKind.Asked, ask, 0, 100_000);
        byte[] data = new byte[TraceMessage.MaxSize];
        return data[..TraceMessage.PutAnswer(data, ask, ring)];
    }

    private static async Task<HttpClient> AdministratorAsync(TestCentre centre)
    {
        await centre.Store.WriteAsync(
            Lane.Alarm, tx => Enrolment.AddStaff(tx, "c1", "admin", "Admin", "admin", "password-admin", "test"));
        var client = new HttpClient(new SocketsHttpHandler { CookieContainer = new CookieContainer() })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{centre.HttpPort}/"),
        };
        client.DefaultRequestHeaders.Add("X-ElderBand", "1");
        using HttpResponseMessage session = await client.PostAsJsonAsync(
            "api/session", new { name = "admin", password = "password-admin" }, Token);
        session.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        return client;
    }

    private static async Task<JsonElement> ReadAsync(HttpClient client, string path) =>
        (await client.GetFromJsonAsync<JsonElement>(path, Token))!;
}
