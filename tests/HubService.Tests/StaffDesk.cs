using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using ElderBand.BandProtocol;
using ElderBand.HubService;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Family;
using ElderBand.HubService.Ingest;
using ElderBand.HubService.Staff;
using ElderBand.HubService.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ElderBand.Tests.HubService;

/// <summary>A clock that a test can push forward.</summary>
internal sealed class PushedClock : Clock
{
    private long _pushedMs;

    public override long NowMs => base.NowMs + Interlocked.Read(ref _pushedMs);

    public void Push(TimeSpan by) => Interlocked.Add(ref _pushedMs, (long)by.TotalMilliseconds);
}

/// <summary>
/// The staff and family rooms on a real Kestrel port of loopback over a real store. There are two centres. The first
/// has one resident with two contacts, one of whom has not consented. The tests raise alarms without a hub.
/// </summary>
internal sealed class StaffDesk : IAsyncDisposable
{
    public const string Password = "correct horse battery";
    public const string HookSecret = "hook-secret";
    private static readonly string PasswordHash = Passwords.Hash(Password);

    private readonly WebApplication _app;
    private readonly Calls _calls;
    private readonly Falls _falls;
    private readonly List<IDisposable> _owned = [];
    private int _sequence;

    private StaffDesk(WebApplication app, string folder, Store store, PushedClock clock, Changes changes,
        Ringing ringing, Uri address)
    {
        _app = app;
        Folder = folder;
        Store = store;
        Clock = clock;
        Changes = changes;
        _calls = new Calls(ringing);
        _falls = new Falls(ringing);
        Address = address;
    }

    public string Folder { get; }
    public Store Store { get; }
    public PushedClock Clock { get; }
    public Changes Changes { get; }
    public Uri Address { get; }
    public long ResidentId { get; private set; }
    public long HomeId { get; private set; }
    public long BandId { get; private set; }
    public long OtherResidentId { get; private set; }

    public IServiceProvider Services => _app.Services;

    public ConsoleCounter Consoles => _app.Services.GetRequiredService<ConsoleCounter>();

    /// <summary>Opens a desk on a new folder, or on the one of a desk that has ended.</summary>
    public static async Task<StaffDesk> OpenAsync(Uri? webhook = null, string? folder = null)
    {
        bool isNew = folder is null;
        folder ??= Directory.CreateTempSubdirectory("eb-staff-").FullName;
        var clock = new PushedClock();
        Store store = Store.Open(folder, clock);
        VitalsStore vitals = VitalsStore.Open(folder, clock);
        var changes = new Changes(store, vitals, clock);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var consoles = new ConsoleCounter(clock);
        var ringing = new Ringing(consoles);
        builder.Services.AddSingleton<Clock>(clock);
        builder.Services.AddSingleton(store);
        builder.Services.AddSingleton(_ => vitals);
        builder.Services.AddSingleton(changes);
        builder.Services.AddSingleton(consoles);
        builder.Services.AddSingleton(ringing);
        builder.Services.AddSingleton(new AlarmDesk(ringing));
        builder.Services.AddStaff();
        builder.Services.AddFamily(new FamilyOptions
        {
            Webhook = webhook,
            HookSecret = HookSecret,
            PublicUrl = new Uri("https://family.example.invalid"),
            DataDir = folder,
        });
        WebApplication app = builder.Build();
        _ = app.Services.GetRequiredService<VitalsStore>();
        app.MapStaff();
        app.MapFamily();
        if (isNew)
        {
            await EnrolAsync(store);
        }
        await app.StartAsync(TestContext.Current.CancellationToken);
        string address = app.Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!.Addresses.First();
        var desk = new StaffDesk(app, folder, store, clock, changes, ringing, new Uri(address));
        desk.FindIds();
        return desk;
    }

    /// <summary>Ends the processes' parts but keeps the folder.</summary>
    public async Task StopAsync()
    {
        _owned.ForEach(static d => d.Dispose());
        _owned.Clear();
        await _app.StopAsync(TestContext.Current.CancellationToken);
        await _app.DisposeAsync();
        Changes.Dispose();
        Store.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(Folder, recursive: true);
        File.Delete(SecretBox.DefaultFile(Folder));
    }

    /// <summary>A browser without a session.</summary>
    public HttpClient Stranger(bool withHeader = true)
    {
        var client = new HttpClient(
            new SocketsHttpHandler { CookieContainer = new CookieContainer(), AllowAutoRedirect = false })
        {
            BaseAddress = Address,
            Timeout = TimeSpan.FromSeconds(20),
        };
        if (withHeader)
        {
            client.DefaultRequestHeaders.Add("X-ElderBand", "1");
        }
        _owned.Add(client);
        return client;
    }

    /// <summary>
    /// A browser that has signed in: li is an administrator, wang an officer, both of c1; zhao of c2.
    /// </summary>
    public async Task<HttpClient> SignedInAsync(string name)
    {
        HttpClient client = Stranger();
        using HttpResponseMessage answer = await client.PostAsJsonAsync(
            "api/session", new { name, password = Password });
        answer.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        return client;
    }

    /// <summary>An SOS; returns the alarm's id.</summary>
    public Task<long> PressAsync(bool drill = false) => Frame(FrameType.Sos, drill ? AlarmFlags.Drill : 0, _calls.Sos);

    /// <summary>A suspected fall.</summary>
    public Task<long> FallSuspectedAsync() => Frame(FrameType.FallSuspected, 0, _falls.Suspected);

    /// <summary>The wearer cancels the fall that was suspected last.</summary>
    public Task CancelFallAsync() => Frame(FrameType.FallCancelled, 0, _falls.Cancelled, refersTo: _sequence);

    /// <summary>An alarm of c1 as the console gets it.</summary>
    public AlarmView Alarm(long id) => Store.Read(db => Views.Alarm(db, id))!;

    /// <summary>Reads events of a stream in the order in which they come.</summary>
    public async Task<Events> ListenAsync(HttpClient client, string path)
    {
        HttpResponseMessage answer = await client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        var events = new Events(answer, new StreamReader(await answer.Content.ReadAsStreamAsync()));
        _owned.Add(events);
        return events;
    }

    private static Task EnrolAsync(Store store) => store.WriteAsync(Lane.Alarm, tx =>
    {
        Db db = tx.Db;
        ResidentRows.PutCentre(db, new CentreRow("c1", "梧桐社区服务中心", "02100000001"), tx.NowMs);
        ResidentRows.PutCentre(db, new CentreRow("c2", "银杏社区服务中心", "02100000002"), tx.NowMs);
        StaffRows.Insert(db, "c1", "li", "李静", "admin", PasswordHash, tx.NowMs);
        StaffRows.Insert(db, "c1", "wang", "王强", "officer", PasswordHash, tx.NowMs);
        StaffRows.Insert(db, "c2", "zhao", "赵敏", "admin", PasswordHash, tx.NowMs);
        long first = Resident(tx, "c1", "r1", "陈桂英", "3");
        Resident(tx, "c2", "r1", "周福生", "8");
        ResidentRows.InsertContact(
            db, new ContactRow(0, "c1", first, 1, "陈明", "儿子", "13800000001", "陈桂英", tx.NowMs, "书面"), tx.NowMs);
        ResidentRows.InsertContact(
            db, new ContactRow(0, "c1", first, 2, "陈芳", "女儿", "13800000002", null, null, null), tx.NowMs);
        long band = DeviceRows.InsertBand(db, "c1", 0xC0FFEE000001, new byte[32], "手环 1", true, tx.NowMs);
        DeviceRows.AssignBand(db, "c1", band, first, tx.NowMs);
        DeviceRows.InsertHub(db, "c1", "hub-1", new byte[32], tx.NowMs);
    });

    private static long Resident(Tx tx, string centre, string code, string name, string building)
    {
        long id = ResidentRows.PutResident(
            tx.Db, new ResidentRow(
                0, centre, code, name, "", 1941, "02112345678", "物业", "左耳背", "上海话", "高血压", "您现在坐着还是躺着？"), tx.NowMs);
        long home = ResidentRows.PutHome(
            tx.Db, new HomeRow(0, centre, code, "梧桐路 12 弄", building, "5", "502", "g1", 1), tx.NowMs);
        ResidentRows.MoveTo(tx.Db, centre, id, home, tx.NowMs);
        return id;
    }

    private void FindIds() => Store.Read(db =>
    {
        ResidentRow own = ResidentRows.Residents(db, "c1")[0];
        ResidentId = own.Id;
        OtherResidentId = ResidentRows.Residents(db, "c2")[0].Id;
        HomeId = ResidentRows.HomeOf(db, own.Id, Clock.NowMs)!.Value;
        BandId = DeviceRows.Bands(db, "c1")[0].Id;
        return 0;
    });

    private Task<long> Frame(FrameType type, int flags, Action<Tx, FrameEvent> act, int? refersTo = null) =>
        Store.WriteAsync(Lane.Alarm, tx =>
        {
            int sequence = Interlocked.Increment(ref _sequence);
            act(tx, new FrameEvent
            {
                CentreId = "c1",
                Sender = $"b{BandId}",
                Boot = 1,
                Lane = Lane.Alarm,
                Sequence = sequence,
                Type = type,
                Frame = new byte[20],
                BandId = BandId,
                HubId = "hub-1",
                ResidentId = ResidentId,
                HomeId = HomeId,
                Source = "band",
                Flags = flags,
                RefersTo = refersTo,
                AtMs = tx.NowMs,
                Quality = AgeQuality.Measured,
                AgeMs = 0,
                ReceivedAtMs = tx.NowMs,
            });
            return AlarmRows.Find(tx.Db, $"b{BandId}", 1, refersTo ?? sequence)?.Id
                ?? AlarmRows.OpenSos(tx.Db, $"b{BandId}", ResidentId, null)?.Id ?? 0;
        });

    /// <summary>Server-sent events, one after the other.</summary>
    internal sealed class Events(HttpResponseMessage answer, StreamReader reader) : IDisposable
    {
        /// <summary>The next event of that name within 10 s; others are skipped.</summary>
        public async Task<JsonElement> NextAsync(string name, int timeoutMs = 10_000)
        {
            using var limit = new CancellationTokenSource(timeoutMs);
            string current = "";
            while (await reader.ReadLineAsync(limit.Token) is { } line)
            {
                if (line.StartsWith("event: ", StringComparison.Ordinal))
                {
                    current = line[7..];
                }
                else if (line.StartsWith("data: ", StringComparison.Ordinal) && current == name)
                {
                    return JsonDocument.Parse(line[6..]).RootElement;
                }
            }
            throw new EndOfStreamException($"the stream ended before '{name}'");
        }

        public void Dispose()
        {
            reader.Dispose();
            answer.Dispose();
        }
    }
}
