using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using ElderBand.BandProtocol;
using ElderBand.Mqtt;
using ElderBand.Simulation;

namespace ElderBand.BrowserTests;

/// <summary>A contact's text as it reached the gateway.</summary>
internal sealed record FamilyText(string To, string Words)
{
    /// <summary>The personal link in it.</summary>
    public Uri Link =>
        new(Words.Split(' ').Single(static w => w.Contains("/f/", StringComparison.Ordinal)).Split('：')[^1]);
}

/// <summary>
/// The real service as its own process on loopback, enrolled from a file, with a message gateway beside it and bands
/// that speak real MQTT over TLS. Everything ends with it.
/// </summary>
internal sealed class Centre : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("eb-browser-").FullName;
    private readonly HttpListener _gateway = new();
    private readonly Dictionary<string, MqttClient> _hubs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _sequences = new(StringComparer.Ordinal);
    private Process? _process;
    private int _records;
    private JsonElement _enrolled;

    public int HttpPort { get; } = FreePort();

    public int MqttPort { get; } = FreePort();

    public string Address => $"http://localhost:{HttpPort}";

    public ConcurrentQueue<FamilyText> Texts { get; } = new();

    private static string Program { get; } = FindProgram();

    private string Database => Path.Combine(_folder, "data", "elderband.db");

    /// <summary>Enrols the file's people (docs/service-api.md, "Enrolment by file") and starts the service.</summary>
    public static async Task<Centre> StartAsync(object enrolment)
    {
        var centre = new Centre();
        string file = Path.Combine(centre._folder, "in.json");
        string result = Path.Combine(centre._folder, "out.json");
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(enrolment, JsonSerializerOptions.Web));
        await centre.CommandAsync("enrol", "--file", file, "--out", result);
        centre._enrolled = JsonDocument.Parse(await File.ReadAllTextAsync(result)).RootElement;
        centre.OpenGateway();
        await centre.RunAsync();
        return centre;
    }

    /// <summary>Starts the service on the data it left, and waits until it is ready.</summary>
    public async Task RunAsync()
    {
        _process = Begin(
            "run", "--data", Path.Combine(_folder, "data"), "--http-port", $"{HttpPort}", "--mqtt-port", $"{MqttPort}",
            "--webhook", _gateway.Prefixes.First() + "sms", "--public-url", Address);
        using var http = new HttpClient();
        for (int i = 0; i < 200; i++)
        {
            try
            {
                if ((await http.GetAsync(new Uri($"{Address}/health/ready"))).IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
            _process.HasExited.ShouldBeFalse("the service has ended at once");
            await Task.Delay(100);
        }
        throw new TimeoutException("the service was not ready within 20 s");
    }

    /// <summary>kill -9.</summary>
    public void Kill()
    {
        _process!.Kill();
        _process.WaitForExit();
    }

    /// <summary>A single-use link that signs a browser in.</summary>
    public async Task<string> SignInLinkAsync(string staff) =>
        (await CommandAsync("signin-link", "--staff", staff, "--http-port", $"{HttpPort}")).Trim();

    /// <summary>Connects every enrolled hub, so that the screen says they are alive.</summary>
    public async Task ConnectHubsAsync()
    {
        foreach (JsonElement hub in _enrolled.GetProperty("hubs").EnumerateArray())
        {
            await HubAsync(hub.GetProperty("id").GetString()!);
        }
    }

    /// <summary>
    /// Presses the key of the band of that number: a frame with both tags, in an envelope of its home's hub, published
    /// at QoS 1 over TLS. Returns when the broker's PUBACK is here.
    /// </summary>
    public Task PressAsync(int band) =>
        SendAsync(band, FrameType.Sos, static frame => Payload.PutEvent(frame, 100, AlarmFlags.Worn, 80, 0));

    /// <summary>A suspected fall, with its countdown just begun.</summary>
    public Task SuspectFallAsync(int band) =>
        SendAsync(band, FrameType.FallSuspected, static frame => Payload.PutEvent(frame, 100, AlarmFlags.Worn, 80, 60));

    /// <summary>"Not needed, says the wearer", of the band's last press.</summary>
    public Task NotNeededAsync(int band)
    {
        int press = _sequences[$"{band}/{Lane.Alarm}"];
        return SendAsync(band, FrameType.NotNeeded, frame => Payload.PutAnswer(frame, 101, press, AlarmFlags.Worn));
    }

    /// <summary>From now on nothing can be stored: the service does not write to a file that is gone.</summary>
    public void MoveDatabaseAway() => File.Move(Database, Database + ".away");

    public void PutDatabaseBack() => File.Move(Database + ".away", Database);

    /// <summary>A hub answers the question of that number with this trace.</summary>
    public async Task AnswerTraceAsync(string hubId, byte ask, TraceRing trace)
    {
        byte[] answer = new byte[TraceMessage.MaxSize];
        int size = TraceMessage.PutAnswer(answer, ask, trace);
        (await (await HubAsync(hubId)).PublishAsync(
            $"eb1/{_enrolled.GetProperty("centre").GetString()}/{hubId}/up/trace", answer[..size],
            MqttQos.AtLeastOnce)).ShouldBeTrue();
    }

    /// <summary>One summary of heart rate.</summary>
    public Task VitalsAsync(int band, Action<byte[]> put) => SendAsync(band, FrameType.Vitals, put, Lane.Vitals);

    public async ValueTask DisposeAsync()
    {
        foreach (MqttClient hub in _hubs.Values)
        {
            await hub.DisposeAsync();
        }
        if (_process is { HasExited: false })
        {
            Kill();
        }
        _process?.Dispose();
        _gateway.Close();
        Directory.Delete(_folder, recursive: true);
    }

    private static string FindProgram()
    {
        // bin/<configuration>/net10.0 of this project names the configuration to start.
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        string configuration = own.Parent!.Name;
        for (DirectoryInfo? at = own; at is not null; at = at.Parent)
        {
            string program = Path.Combine(at.FullName, "hub-service/bin", configuration, "net10.0/hub-service.dll");
            if (File.Exists(program))
            {
                File.Exists(Path.Combine(at.FullName, "hub-service/wwwroot/index.html"))
                    .ShouldBeTrue("the console is not built: cd hub-service/console && npm ci && npm run build");
                return program;
            }
        }
        throw new FileNotFoundException("hub-service is not built in this configuration");
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private static Process Begin(params string[] words)
    {
        var process = new Process
        {
            StartInfo = new ProcessStartInfo("dotnet", [Program, .. words])
            {
                UseShellExecute =
            false,
                RedirectStandardOutput = true,
                RedirectStandardError = true
            }
        };
        process.ErrorDataReceived += static (_, e) =>
        {
            if (e.Data is not null)
            {
                Console.Error.WriteLine(e.Data);
            }
        };
        process.Start();
        process.BeginErrorReadLine();
        return process;
    }

    private async Task<string> CommandAsync(string command, params string[] words)
    {
        using Process process = Begin([command, "--data", Path.Combine(_folder, "data"), .. words]);
        string said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, command);
        return said;
    }

    private void OpenGateway()
    {
        _gateway.Prefixes.Add($"http://127.0.0.1:{FreePort()}/");
        _gateway.Start();
        _ = Task.Run(async () =>
        {
            while (true)
            {
                HttpListenerContext call;
                try
                {
                    call = await _gateway.GetContextAsync();
                }
                catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }
                using JsonDocument body = await JsonDocument.ParseAsync(call.Request.InputStream);
                Texts.Enqueue(new FamilyText(body.RootElement.GetProperty("to").GetString()!,
                    body.RootElement.GetProperty("text").GetString()!));
                call.Response.Close();
            }
        });
    }

    private async Task<MqttClient> HubAsync(string id)
    {
        if (_hubs.TryGetValue(id, out MqttClient? known))
        {
            return known;
        }
        JsonElement hub = _enrolled.GetProperty("hubs").EnumerateArray()
            .Single(h => h.GetProperty("id").GetString() == id);
        using X509Certificate2 ca = X509Certificate2.CreateFromPem(_enrolled.GetProperty("caPem").GetString());
        MqttClient client = await MqttClient.ConnectAsync("localhost", MqttPort, ca, new MqttClientOptions
        {
            ClientId = id,
            UserName = id,
            Password = Encoding.ASCII.GetBytes(hub.GetProperty("password").GetString()!),
        });
        byte[] hello = new byte[HubMessage.HelloSize];
        HubMessage.PutHello(hello, 1, 10, 0, 1, 0, HubMessage.OnMains);
        (await client.PublishAsync($"eb1/{_enrolled.GetProperty("centre").GetString()}/{id}/up/hello", hello,
            MqttQos.AtLeastOnce)).ShouldBeTrue();
        _hubs[id] = client;
        return client;
    }

    private async Task SendAsync(int number, FrameType type, Action<byte[]> put, Lane lane = Lane.Alarm)
    {
        JsonElement band = _enrolled.GetProperty("bands")[number];
        string home = band.GetProperty("home").GetString()!;
        string hubId = _enrolled.GetProperty("hubs").EnumerateArray()
            .First(h => h.GetProperty("home").GetString() == home).GetProperty("id").GetString()!;
        MqttClient hub = await HubAsync(hubId);
        long address = band.GetProperty("address").GetInt64();
        var mac = new HostMac();
        var tagger = new Tagger(mac);
        var keys = new BandKeys();
        keys.Derive(mac, Convert.FromBase64String(band.GetProperty("secret").GetString()!),
            band.GetProperty("group").GetUInt32(), band.GetProperty("epoch").GetInt32());
        string lanes = $"{number}/{lane}";
        int sequence = _sequences[lanes] = _sequences.GetValueOrDefault(lanes, -1) + 1;
        byte[] frame = new byte[Frame.Size];
        Frame.Begin(frame, type, lane, 1, sequence);
        put(frame);
        tagger.SignCentre(keys.CentreUp, frame);
        tagger.SignLink(keys.LinkUp, frame);
        byte[] envelope = new byte[Envelope.HeaderSize + Envelope.RecordSize];
        Envelope.Begin(envelope, 1, 100, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        Envelope.Add(envelope, 1, ++_records, address, -60, Envelope.LinkChecked, AgeQuality.Measured, 0, frame, 0);
        string topic = lane == Lane.Alarm ? "alarm" : "vitals";
        (await hub.PublishAsync($"eb1/{_enrolled.GetProperty("centre").GetString()}/{hubId}/up/{topic}", envelope,
            MqttQos.AtLeastOnce)).ShouldBeTrue();
    }
}
