using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using ElderBand.BandProtocol;
using ElderBand.HubService;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Devices;
using ElderBand.HubService.Storage;
using ElderBand.Mqtt;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace ElderBand.Tests.HubService;

/// <summary>Time that a test can move forward; the monotonic µs stay real.</summary>
public sealed class TestClock(TimeProvider? time = null) : Clock(time)
{
    private long _aheadMs;

    public override long NowMs => base.NowMs + Interlocked.Read(ref _aheadMs);

    public void Advance(long ms) => Interlocked.Add(ref _aheadMs, ms);
}

/// <summary>
/// Two homes, three bands, two hubs; a real database in a folder of its own that is removed at the end.
/// </summary>
public sealed class TestCentre : IAsyncDisposable
{
    public const long BandOne = 0x0A0000000001;
    public const long BandTwo = 0x0A0000000002;
    public const long BandThree = 0x0A0000000003;

    private WebApplication? _app;

    private TestCentre(string dataDir, EnrolResult enrolled, TimeProvider? time)
    {
        DataDir = dataDir;
        Enrolled = enrolled;
        Clock = new TestClock(time);
    }

    public string DataDir { get; }

    public EnrolResult Enrolled { get; }

    public TestClock Clock { get; }

    public WebApplication App => _app!;

    public Store Store => App.Services.GetRequiredService<Store>();

    public AlarmDesk Desk => App.Services.GetRequiredService<AlarmDesk>();

    public Changes Changes => App.Services.GetRequiredService<Changes>();

    public ConsoleCounter Consoles => App.Services.GetRequiredService<ConsoleCounter>();

    public int MqttPort => Service.Ports(App).Mqtt;

    public int HttpPort => Service.Ports(App).Http;

    public static async Task<TestCentre> EnrolAsync(TimeProvider? time = null)
    {
        string dataDir = Directory.CreateTempSubdirectory("eb-service-").FullName;
        using Store store = Store.Open(dataDir, new Clock(time));
        using ServiceCertificates certificates = ServiceCertificates.Open(dataDir);
        string ca = await File.ReadAllTextAsync(certificates.CaFile);
        EnrolResult enrolled = await store.WriteAsync(Lane.Alarm, tx => Enrolment.Apply(tx, Neighbourhood(), ca));
        return new TestCentre(dataDir, enrolled, time);
    }

    public static async Task<TestCentre> StartAsync(TimeProvider? time = null)
    {
        TestCentre centre = await EnrolAsync(time);
        await centre.RunAsync();
        return centre;
    }

    /// <summary>Starts the service in this process (again).</summary>
    public async Task RunAsync(Func<ServiceOptions, ServiceOptions>? change = null)
    {
        var options = new ServiceOptions { DataDir = DataDir, HttpPort = 0, MqttPort = 0 };
        _app = Service.Build(change?.Invoke(options) ?? options, Clock);
        await Service.StartAsync(_app);
    }

    /// <summary>Ends the service; the data stay.</summary>
    public async Task StopAsync()
    {
        if (_app is not null)
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
            _app = null;
        }
    }

    public Task<TestHub> HubAsync(string id = "hub-1") => TestHub.ConnectAsync(this, id, MqttPort);

    public TestBand Band(long address = BandOne, int boot = 1) =>
        new(address, Convert.FromBase64String(Enrolled.Bands.Single(b => b.Address == address).Secret!), boot);

    public List<AlarmView> Alarms() => Store.Read(db => Changes.ReadAll(db, "c1", Clock.NowMs));

    public List<TechnicalView> Technicals() => Store.Read(db => Views.Technicals(db, "c1"));

    public long Count(string table, string where = "1=1") =>
        (table == "vitals" ? App.Services.GetRequiredService<VitalsStore>() : Store)
            .Read(db => db.Number($"SELECT count(*) FROM {table} WHERE {where}"));

    /// <summary>Who may read and write a file or folder; 0 on Windows.</summary>
    public static UnixFileMode ModeOf(string path) =>
        OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(path);

    /// <summary>Waits until something is so; fails with what was awaited after a while.</summary>
    public static async Task UntilAsync(Func<bool> isSo, string what, int timeoutMs = 10_000)
    {
        long end = Environment.TickCount64 + timeoutMs;
        while (!isSo())
        {
            (Environment.TickCount64 < end).ShouldBeTrue($"waited {timeoutMs} ms for: {what}");
            await Task.Delay(20);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(DataDir, recursive: true);
        File.Delete(SecretBox.DefaultFile(DataDir));
    }

    private static EnrolFile Neighbourhood()
    {
        EnrolResident Resident(string code, long address) => new(
            code, $"Resident {code}", null, 1940, "138", null, null, null, null, "Are you sitting?",
            [
                new EnrolContact(1, "Daughter", "daughter", $"139-{code}", "herself", 1, "signed"),
                new EnrolContact(2, "Neighbour", "neighbour", $"137-{code}", null, null, null),
            ],
            new EnrolBand(address, $"band {code}", GuardAlways: false));
        return new EnrolFile(
            new EnrolCentre("c1", "Test centre", "021"),
            [
                new EnrolStaff("li", "Officer Li", "officer", "password-li"),
                new EnrolStaff("wang", "Officer Wang", "officer", "password-wang"),
            ],
            [
                new EnrolHome("h1", "Road 1", "3", "5", "502", null, [new EnrolHub("hub-1"), new EnrolHub("hub-2")],
                    [Resident("r1", BandOne), Resident("r2", BandTwo)]),
                new EnrolHome(
                    "h2", "Road 2", "7", "1", "101", null, [new EnrolHub("hub-3")], [Resident("r3", BandThree)]),
            ]);
    }
}

/// <summary>Makes true frames of one band.</summary>
public sealed class TestBand
{
    private readonly Tagger _tagger = new(new HmacSha256());
    private readonly BandKeys _keys = new();
    private int _alarm;
    private int _vitals;

    public TestBand(long address, byte[] secret, int boot)
    {
        Address = address;
        Boot = boot;
        _keys.Derive(new HmacSha256(), secret, 1, 1);
    }

    public long Address { get; }

    public int Boot { get; }

    public byte[] Event(
        FrameType type, byte flags = AlarmFlags.Worn, byte detail = 0, int uptimeS = 100, byte battery = 80)
    {
        byte[] frame = Begin(type, Lane.Alarm);
        Payload.PutEvent(frame, uptimeS, flags, battery, detail);
        return Sign(frame);
    }

    public byte[] Sos() => Event(FrameType.Sos);

    public byte[] Answer(FrameType type, byte[] to, int uptimeS = 110)
    {
        byte[] frame = Begin(type, Lane.Alarm);
        Payload.PutAnswer(frame, uptimeS, Frame.SequenceOf(to, 0), 0);
        return Sign(frame);
    }

    public byte[] Shown(byte[] alarm, Stage stage)
    {
        byte[] frame = Begin(FrameType.StageShown, Lane.Alarm);
        Payload.PutStageShown(frame, Frame.BootOf(alarm, 0), Frame.SequenceOf(alarm, 0), stage);
        return Sign(frame);
    }

    public byte[] Vitals(byte bpm, Wear wear = Wear.On, byte confidence = 90, byte refusal = 0)
    {
        byte[] frame = Begin(FrameType.Vitals, Lane.Vitals);
        Payload.PutVitals(frame, bpm, confidence, 97, refusal, 0, wear, 0, false, 3);
        return Sign(frame);
    }

    public byte[] Status(BandMode mode = BandMode.Guard, byte battery = 80, byte configuration = 1)
    {
        byte[] frame = Begin(FrameType.Status, Lane.Vitals);
        Payload.PutStatus(frame, 100, mode, Wear.On, 0, battery, configuration);
        return Sign(frame);
    }

    public byte[] Trace(int half, byte ask, byte[] entries)
    {
        byte[] frame = Begin(FrameType.Trace, Lane.Vitals);
        Payload.PutTraceHalf(frame, half, ask, entries);
        return Sign(frame);
    }

    /// <summary>Signs again after a test has changed the content.</summary>
    public byte[] Sign(byte[] frame)
    {
        _tagger.SignCentre(_keys.CentreUp, frame);
        _tagger.SignLink(_keys.LinkUp, frame);
        return frame;
    }

    /// <summary>True where the frame comes from the centre unchanged.</summary>
    public bool IsFromCentre(byte[] frame) => _tagger.CentreTagIsRight(_keys.CentreDown, frame, 0);

    private byte[] Begin(FrameType type, Lane lane)
    {
        byte[] frame = new byte[Frame.Size];
        Frame.Begin(frame, type, lane, Boot, lane == Lane.Alarm ? _alarm++ : _vitals++);
        return frame;
    }
}

/// <summary>A hub over real TLS; keeps what comes down.</summary>
public sealed class TestHub : IAsyncDisposable
{
    private readonly MqttClient _client;
    private int _record;

    private TestHub(MqttClient client, string id)
    {
        _client = client;
        Id = id;
    }

    public string Id { get; }

    /// <summary>Records receipted: (boot, sequence).</summary>
    public ConcurrentQueue<(int Boot, int Sequence)> Receipts { get; private init; } = new();

    /// <summary>Frames for bands.</summary>
    public ConcurrentQueue<(long Address, byte[] Frame)> Down { get; private init; } = new();

    /// <summary>The last part of the topic of each message, in the order of arrival.</summary>
    public ConcurrentQueue<string> Topics { get; private init; } = new();

    /// <summary>Tables of bands.</summary>
    public ConcurrentQueue<byte[]> Tables { get; private init; } = new();

    /// <summary>Numbers of the questions for the hub's trace.</summary>
    public ConcurrentQueue<byte> Questions { get; private init; } = new();

    /// <summary>Hellos that the centre has sent.</summary>
    public ConcurrentQueue<byte[]> Hellos { get; private init; } = new();

    /// <summary>Incarnations that the centre's hellos have named.</summary>
    public ConcurrentQueue<uint> Incarnations { get; private init; } = new();

    public Task<MqttDisconnect> Closed => _client.Closed;

    public static async Task<TestHub> ConnectAsync(TestCentre centre, string id, int port, bool subscribe = true)
    {
        var receipts = new ConcurrentQueue<(int, int)>();
        var down = new ConcurrentQueue<(long, byte[])>();
        var topics = new ConcurrentQueue<string>();
        var tables = new ConcurrentQueue<byte[]>();
        var questions = new ConcurrentQueue<byte>();
        var hellos = new ConcurrentQueue<byte[]>();
        var incarnations = new ConcurrentQueue<uint>();
        using X509Certificate2 ca = X509Certificate2.CreateFromPem(centre.Enrolled.CaPem);
        MqttClient client = await MqttClient.ConnectAsync("localhost", port, ca, new MqttClientOptions
        {
            ClientId = id,
            UserName = id,
            Password = Convert.FromBase64String(centre.Enrolled.Hubs.Single(h => h.Id == id).Password!),
            MessageReceived = (topic, payload) =>
            {
                byte[] data = payload.ToArray();
                topics.Enqueue(topic[(topic.LastIndexOf('/') + 1)..]);
                switch (topic[(topic.LastIndexOf('/') + 1)..])
                {
                    case "receipt":
                        HubMessage.ReceiptIsValid(data, data.Length).ShouldBeTrue();
                        for (int i = 0; i < data[9]; i++)
                        {
                            int at = HubMessage.EntryAt(data, HubMessage.CountAt, i);
                            receipts.Enqueue((Bytes.GetU24(data, at), Bytes.GetU16(data, at + 3)));
                        }
                        break;
                    case "band":
                        HubMessage.BandFramesIsValid(data, data.Length).ShouldBeTrue();
                        for (int i = 0; i < data[1]; i++)
                        {
                            int at = HubMessage.EntryAt(data, HubMessage.BandCountAt, i);
                            down.Enqueue((Bytes.GetU48(data, at), data[(at + 6)..(at + 6 + Frame.Size)]));
                        }
                        break;
                    case "bands":
                        HubMessage.BandsIsValid(data, data.Length).ShouldBeTrue();
                        tables.Enqueue(data);
                        break;
                    case "hello":
                        hellos.Enqueue(data);
                        break;
                    case "trace":
                        TraceMessage.AskIsValid(data, data.Length).ShouldBeTrue();
                        questions.Enqueue(TraceMessage.Ask(data));
                        break;
                    case "centre":
                        CentreMessage.IsValid(data, data.Length).ShouldBeTrue();
                        incarnations.Enqueue(CentreMessage.Incarnation(data));
                        break;
                }
            },
        });
        if (subscribe)
        {
            (await client.SubscribeAsync($"eb1/c1/{id}/down/#", MqttQos.AtLeastOnce)).ShouldBeTrue();
        }
        return new TestHub(client, id)
        {
            Receipts = receipts,
            Down = down,
            Topics = topics,
            Tables = tables,
            Questions = questions,
            Hellos = hellos,
            Incarnations = incarnations,
        };
    }

    /// <summary>
    /// Publishes frames of one band in one envelope; true where the PUBACK came. Numbers the records from 0.
    /// </summary>
    public Task<bool> SendAsync(TestBand band, byte[] frame, long ageMs = 0, string topic = "alarm",
        AgeQuality quality = AgeQuality.Measured, byte flags = Envelope.LinkChecked) =>
        SendAsync(band.Address, [frame], ageMs, topic, quality, flags);

    public Task<bool> SendAsync(
        long address, byte[][] frames, long ageMs = 0, string topic = "alarm",
        AgeQuality quality = AgeQuality.Measured, byte flags = Envelope.LinkChecked)
    {
        byte[] data = new byte[Envelope.MaxSize];
        Envelope.Begin(data, 7, 1000, 0);
        int size = Envelope.HeaderSize;
        foreach (byte[] frame in frames)
        {
            size = Envelope.Add(data, 7, Interlocked.Increment(ref _record) - 1, address, -60, flags, quality,
                (uint)ageMs, frame, 0);
        }
        return PublishAsync($"eb1/c1/{Id}/up/{topic}", data[..size]);
    }

    public Task<bool> HelloAsync(
        string topic = "hello", int boot = 7, uint uptimeS = 1000, byte flags = HubMessage.OnMains, long wallMs = 0)
    {
        byte[] data = new byte[HubMessage.HelloSize];
        HubMessage.PutHello(data, boot, uptimeS, wallMs, 1, 0, flags);
        return PublishAsync($"eb1/c1/{Id}/up/{topic}", data);
    }

    /// <summary>The hub's own frame: its key, or something technical.</summary>
    public Task<bool> SendOwnAsync(
        FrameType type, int sequence, byte detail = 0, int boot = 7, int uptimeS = 1000, long address = 0)
    {
        byte[] frame = new byte[Frame.Size];
        Frame.Begin(frame, type, Lane.Alarm, boot, sequence);
        Payload.PutEvent(frame, uptimeS, 0, 255, detail);
        return SendAsync(address, [frame]);
    }

    public Task<bool> PublishAsync(string topic, byte[] payload) =>
        _client.PublishAsync(topic, payload, MqttQos.AtLeastOnce);

    /// <summary>The frames of a type that came down for a band.</summary>
    public List<byte[]> Of(FrameType type, long address = TestCentre.BandOne) =>
        [.. Down.Where(d => d.Address == address && Frame.TypeOf(d.Frame, 0) == type).Select(d => d.Frame)];

    public ValueTask DisposeAsync() => _client.DisposeAsync();
}
