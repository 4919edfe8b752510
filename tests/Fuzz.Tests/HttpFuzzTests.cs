using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using ElderBand.BandProtocol;
using ElderBand.HubService;
using ElderBand.HubService.Devices;
using ElderBand.HubService.Ingest;
using ElderBand.HubService.Storage;
using ElderBand.Mqtt;
using Microsoft.Extensions.DependencyInjection;

namespace ElderBand.Tests.Fuzz;

/// <summary>
/// Requests of a corpus and their JSON bodies, changed at random, sent to the service's own pipeline over the loopback.
/// </summary>
public sealed class HttpFuzzTests
{
    private const string Password = "a-long-password";
    private const int MostMs = 20_000;
    private const int RoundInputs = 50;

    private static readonly string[] ContentTypes =
        ["application/json", "text/plain", "application/json; charset=utf-16", "multipart/form-data; boundary=x", ""];

    private static readonly string[] OtherValues =
    [
        "null", "true", "0", "-1", "1e300", "9223372036854775807", "\"\"", "\" \"", "\"\\u0000\"", "[]", "{}", "[null]",
    ];

    private static readonly string[] Words =
    [
        "", " ", "null", "-1", "9223372036854775808", "\u0000", "\ud800", "<script>", "' OR 1=1 --", "../../etc",
        "EB0000000001", "老人", "1e999", "true",
    ];

    [Fact]
    public async Task Http_no_body_makes_the_service_fail_and_what_is_refused_changes_nothing()
    {
        var requests = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "corpus", "http.txt"))
            .Where(static line => line.Length > 0 && line[0] != '#')
            .Select(static line => line.Split(' ', 3)).ToArray();
        var folder = Directory.CreateTempSubdirectory("eb-fuzz-");
        try
        {
            var enrolled = await EnrolAsync(folder.FullName);
            await using var app = Service.Build(new ServiceOptions
            {
                DataDir = folder.FullName,
                HttpPort = 0,
                MqttPort = 0,
            });
            await Service.StartAsync(app);
            await PressAsync(app.Services, enrolled);
            using var http = Client(Service.Ports(app).Http);
            var store = app.Services.GetRequiredService<Store>();
            store.Read(static db => db.Number("SELECT count(*) FROM alarm")).ShouldBe(1);
            foreach (var (request, body) in requests.SelectMany(static r => FieldByField(r).Select(b => (r, b))))
            {
                Check(request, request[1], body, ContentTypes[0], http, store);
            }

            Fuzzer.Run(
                random => CheckChanged(random, requests[random.Next(requests.Length)], http, store), RoundInputs);
            var ready = await http.GetStringAsync("/health/ready", TestContext.Current.CancellationToken);
            ready.ShouldBe("ready\n");
            AuditIsWhole(store);
            await app.StopAsync(TestContext.Current.CancellationToken);
        }
        finally
        {
            folder.Delete(recursive: true);
            File.Delete(SecretBox.DefaultFile(folder.FullName));
        }
    }

    // For each field of the request: the body without that field, and the body with each of the other values in it.
    // Chance alone tries few of these in 12 s.
    private static IEnumerable<byte[]> FieldByField(string[] request)
    {
        var whole = JsonNode.Parse(request[2])!.AsObject();
        foreach (var name in whole.Select(static p => p.Key).ToArray())
        {
            var without = whole.DeepClone().AsObject();
            without.Remove(name);
            yield return Encoding.UTF8.GetBytes(without.ToJsonString());
            foreach (var value in OtherValues)
            {
                var changed = whole.DeepClone().AsObject();
                changed[name] = JsonNode.Parse(value);
                yield return Encoding.UTF8.GetBytes(changed.ToJsonString());
            }
        }
    }

    private static void CheckChanged(Random random, string[] request, HttpClient http, Store store) => Check(
        request, Target(random, request[1]), Changed(random, request[2]),
        ContentTypes[random.Next(20) == 0 ? random.Next(ContentTypes.Length) : 0], http, store);

    private static void Check(
        string[] request, string target, byte[] body, string contentType, HttpClient http, Store store)
    {
        using var message = new HttpRequestMessage(new HttpMethod(request[0]), target);
        message.Content = new ByteArrayContent(body);
        message.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        var before = Rows(store);
        using var limit = new CancellationTokenSource(MostMs);
        using var answer = http.Send(message, limit.Token);
        var because = $"{request[0]} {message.RequestUri} {Convert.ToBase64String(body)} gave {(int)answer.StatusCode}";
        ((int)answer.StatusCode).ShouldBeLessThan(500, because);
        if ((int)answer.StatusCode >= 400 && !request[1].EndsWith("/session", StringComparison.Ordinal))
        {
            Rows(store).ShouldBe(before, because);
        }
    }

    // Rows that a refused request must not add or change. The service itself may write to the audit, for instance that
    // it has refused a sign-in.
    private static long Rows(Store store) => store.Read(static db => db.Number(
        "SELECT (SELECT count(*) FROM resident) + (SELECT count(*) FROM contact) + (SELECT count(*) FROM hub) + "
        + "(SELECT count(*) FROM band) + (SELECT count(*) FROM alarm) + "
        + "(SELECT count(*) FROM audit WHERE who<>'service') + "
        + "(SELECT coalesce(sum(config_version), 0) FROM band)"));

    private static void AuditIsWhole(Store store) => ElderBand.HubService.Audit.AuditChain
        .FindBreak(store.Read(AuditRows.All), out _, out _).ShouldBeNull();

    private static string Target(Random random, string path) => random.Next(10) == 0
        ? path.Replace("/1", "/" + Uri.EscapeDataString(Words[random.Next(Words.Length)].Replace("\ud800", "")),
            StringComparison.Ordinal)
        : path;

    private static byte[] Changed(Random random, string json)
    {
        if (random.Next(3) == 0)
        {
            return Fuzzer.Mutated(random, [Encoding.UTF8.GetBytes(json)]);
        }

        var node = JsonNode.Parse(json)!.AsObject();
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            var names = node.Select(static p => p.Key).ToArray();
            if (names.Length == 0)
            {
                break;
            }

            var name = names[random.Next(names.Length)];
            if (random.Next(5) == 0)
            {
                node.Remove(name);
            }
            else
            {
                node[name] = Value(random, 0);
            }
        }

        return Encoding.UTF8.GetBytes(node.ToJsonString());
    }

    private static JsonNode? Value(Random random, int depth) => random.Next(10) switch
    {
        0 => null,
        1 => JsonValue.Create(random.Next(2) == 0),
        2 => JsonValue.Create(random.NextInt64()),
        3 => JsonValue.Create(-random.NextInt64()),
        4 => JsonValue.Create(random.NextDouble() * 1e300),
        5 => JsonValue.Create(random.Next(-2, 300)),
        6 => JsonValue.Create(new string('x', random.Next(1 << random.Next(17)))),
        7 when depth < 40 => new JsonArray(Value(random, depth + 1)),
        8 when depth < 40 => new JsonObject { ["a"] = Value(random, depth + 1) },
        _ => JsonValue.Create(Words[random.Next(Words.Length)].Replace("\ud800", "?", StringComparison.Ordinal)),
    };

    private static HttpClient Client(int port)
    {
        var http = new HttpClient(new SocketsHttpHandler
        {
            CookieContainer = new CookieContainer(),
            AllowAutoRedirect = false,
        })
        {
            BaseAddress = new Uri($"http://localhost:{port}"),
        };
        http.DefaultRequestHeaders.Add("X-ElderBand", "1");
        using var message = new HttpRequestMessage(HttpMethod.Post, "/api/session");
        message.Content = new StringContent(
            $$"""{"name":"admin","password":"{{Password}}"}""", Encoding.UTF8, "application/json");
        using var answer = http.Send(message, TestContext.Current.CancellationToken);
        answer.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        return http;
    }

    // Opens an alarm, so that requests about alarms have one to act on.
    private static async Task PressAsync(IServiceProvider services, EnrolResult enrolled)
    {
        var (band, frame, tagger) = (enrolled.Bands[0], new byte[Frame.Size], new Tagger(new HmacSha256()));
        var keys = new BandKeys();
        keys.Derive(new HmacSha256(), Convert.FromBase64String(band.Secret!), (uint)band.Group, band.Epoch);
        Frame.Begin(frame, FrameType.Sos, Lane.Alarm, 1, 0);
        Payload.PutEvent(frame, 100, AlarmFlags.Worn, 80, 0);
        tagger.SignCentre(keys.CentreUp, frame);
        tagger.SignLink(keys.LinkUp, frame);
        var envelope = new byte[Envelope.MaxSize];
        Envelope.Begin(envelope, 1, 100, 0);
        var size = Envelope.Add(
            envelope, 1, 0, band.Address, -60, Envelope.LinkChecked, AgeQuality.Measured, 0, frame, 0);
        var endpoint = services.GetRequiredService<HubEndpoint>();
        var signIn = await endpoint.AuthenticateAsync(
            new MqttCredentials("hub-1", "hub-1", Encoding.ASCII.GetBytes(enrolled.Hubs[0].Password!), null),
            TestContext.Current.CancellationToken);
        (await endpoint.PublishReceived(
            signIn.Session!, signIn.Session!.UpPrefix + "alarm", envelope[..size], MqttQos.AtLeastOnce)).ShouldBeTrue();
    }

    private static async Task<EnrolResult> EnrolAsync(string folder)
    {
        using var store = Store.Open(folder, new Clock());
        using var certificates = ServiceCertificates.Open(folder);
        var ca = await File.ReadAllTextAsync(certificates.CaFile);
        return await store.WriteAsync(Lane.Alarm, tx => Enrolment.Apply(
            tx,
            new EnrolFile(
                new EnrolCentre("c1", "Centre", "021"),
                [new EnrolStaff("admin", "Admin", "admin", Password)],
                [
                    new EnrolHome("h1", "Road 1", "1", "1", "101", null, [new EnrolHub("hub-1")],
                    [
                        new EnrolResident("r1", "Resident", null, 1940, "138", null, null, null, null, null,
                            [new EnrolContact(1, "Daughter", "daughter", "139", "herself", 1, "signed")],
                            new EnrolBand(0xEB_0000_0001, "band", GuardAlways: false)),
                    ]),
                ]),
            ca));
    }
}
