using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ElderBand.Simulation.Signals;
using ElderBand.Simulation;
using ElderBand.Simulator.Centre;
using ElderBand.Wristband;

namespace ElderBand.Simulator.Neighbourhood;

/// <summary>
/// A neighbourhood at true speed with the centre as a real process: every band and hub runs its real App, every hub
/// speaks real MQTT over TLS, a signed-in member of staff reads the real event stream, texts arrive at a gateway.
/// </summary>
public sealed class NeighbourhoodRun : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource _worldEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly DirectoryInfo _folder;
    private readonly Options _options;
    private readonly List<Line> _lines = [];
    private readonly HttpClient _http = new();
    private WebApplication? _web;

    private NeighbourhoodRun(Options options, Figures figures)
    {
        _options = options;
        _folder = Directory.CreateTempSubdirectory("elderband-");
        World = new World(options.Seed, figures);
        HttpPort = ServiceProcess.Port(options.HttpPort, "--http-port");
        MqttPort = ServiceProcess.Port(options.MqttPort, "--mqtt-port");
        WristPort = ServiceProcess.Port(options.WristPort, "--wrist-port");
        File.WriteAllText(HookSecretFile, HookSecret);
        Service = new ServiceProcess(
            options.Service,
            [
                "run", "--data", Data, "--http-port", $"{HttpPort}", "--mqtt-port", $"{MqttPort}",
                "--webhook", $"http://127.0.0.1:{WristPort}/sms", "--hook-secret-file", HookSecretFile,
            ],
            new Uri($"http://localhost:{HttpPort}/"),
            Log);
        Gateway = new SmsGateway(ReportDeliveredAsync);
        Staff = new StaffClient(Service.Address);
    }

    /// <summary>The world; only its own thread may touch what is in it.</summary>
    public World World { get; }

    /// <summary>The centre's process.</summary>
    public ServiceProcess Service { get; }

    /// <summary>The demo's clerk.</summary>
    public StaffClient Staff { get; }

    /// <summary>The SMS gateway that receives the texts to families.</summary>
    public SmsGateway Gateway { get; }

    /// <summary>All residents.</summary>
    public IReadOnlyList<Resident> Residents { get; private set; } = [];

    /// <summary>The hubs, one for each home.</summary>
    public IList<HubDevice> Hubs { get; private set; } = [];

    /// <summary>The line of a hub, null where it connects directly.</summary>
    public Line? LineOf(HubDevice hub) => _lines.ElementAtOrDefault(Hubs.IndexOf(hub));

    /// <summary>The presses and falls, with the time of each hop.</summary>
    public IncidentLog IncidentLog { get; private set; } = null!;

    /// <summary>Counts of the vitals that the centre sent, by resident.</summary>
    public Dictionary<long, VitalsTally> Vitals { get; } = [];

    /// <summary>Port of the console and the family page.</summary>
    public int HttpPort { get; }

    /// <summary>Port of MQTT.</summary>
    public int MqttPort { get; }

    /// <summary>Port of the wrist page and the SMS gateway.</summary>
    public int WristPort { get; }

    /// <summary>The event stream is up.</summary>
    public bool IsStreaming { get; private set; }

    /// <summary>Path of the log of the centre's process.</summary>
    public string Log => Path.Combine(_folder.FullName, "centre.log");

    private string Data => Path.Combine(_folder.FullName, "data");

    private string HookSecretFile => Path.Combine(_folder.FullName, "hook-secret");

    private string HookSecret { get; } = Convert.ToHexString(
        System.Security.Cryptography.RandomNumberGenerator.GetBytes(16));

    /// <summary>
    /// Enrols the bands and hubs, starts the centre, powers on every home and waits until every band trusts its hub.
    /// </summary>
    /// <param name="options">Command line.</param>
    /// <param name="figures">Delays of radio and flash.</param>
    /// <param name="homes">Who lives there.</param>
    /// <param name="map">Adds pages to the simulator's own web server.</param>
    /// <param name="say">Progress, for people.</param>
    /// <param name="cancellation">Ctrl-C.</param>
    /// <param name="centreIsUp">Called when pages can be opened, before hubs and bands have power.</param>
    public static async Task<NeighbourhoodRun> StartAsync(
        Options options,
        Figures figures,
        IReadOnlyList<Home> homes,
        Action<NeighbourhoodRun, WebApplication>? map,
        Action<string> say,
        CancellationToken cancellation,
        Func<NeighbourhoodRun, Task>? centreIsUp = null)
    {
        var run = new NeighbourhoodRun(options, figures);

        // Ctrl-C ends the world, and every wait for the world then ends at once.
        cancellation.Register(static ended => ((CancellationTokenSource)ended!).Cancel(), run._end);
        try
        {
            await run.StartAsync(homes, map, say, centreIsUp, cancellation);
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs something on the world's thread and waits for it.</summary>
    public Task<T> AskAsync<T>(Func<T> ask)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        World.Post(() =>
        {
            try
            {
                answer.SetResult(ask());
            }
            catch (Exception e)
            {
                answer.SetException(e);
            }
        });
        return OrWorldEndsAsync(answer.Task);
    }

    /// <summary>Runs something on the world's thread and waits for it.</summary>
    public Task DoAsync(Action action) => AskAsync(() =>
    {
        action();
        return true;
    });

    /// <summary>Waits until the condition holds in the world; false where it did not in time.</summary>
    public Task<bool> UntilAsync(Func<bool> condition, int timeoutMs)
    {
        var answer = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        World.Post(() => Look(World.NowMs + timeoutMs));
        return OrWorldEndsAsync(answer.Task);

        void Look(long untilMs)
        {
            if (condition())
            {
                answer.TrySetResult(true);
            }
            else if (World.NowMs >= untilMs)
            {
                answer.TrySetResult(false);
            }
            else
            {
                World.At(World.NowMs + 10, () => Look(untilMs));
            }
        }
    }

    /// <summary>A single-use link that signs a browser in as the officer on duty.</summary>
    public Task<Uri> SignInLinkAsync(CancellationToken cancellation) =>
        ServiceProcess.SignInLinkAsync(_options.Service, Data, HttpPort, NeighbourhoodEnrolment.Duty, cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        Staff.Dispose();
        World.Dispose();
        if (_worldThread is not null)
        {
            await Task.WhenAny(_worldEnded.Task, Task.Delay(2000));
        }

        Service.Dispose();
        if (_web is not null)
        {
            using var limit = new CancellationTokenSource(1000);
            await _web.StopAsync(limit.Token);
            await _web.DisposeAsync();
        }

        foreach (var line in _lines)
        {
            line.Dispose();
        }

        _http.Dispose();
        if (!KeepFolder)
        {
            _folder.Delete(recursive: true);
        }
    }

    /// <summary>Keep the folder with data and log after the run, for inspection.</summary>
    public bool KeepFolder { get; set; }

    private Thread? _worldThread;

    private async Task StartAsync(
        IReadOnlyList<Home> homes,
        Action<NeighbourhoodRun, WebApplication>? map,
        Action<string> say,
        Func<NeighbourhoodRun, Task>? centreIsUp,
        CancellationToken cancellation)
    {
        say("enrolling the neighbourhood");
        var input = Path.Combine(_folder.FullName, "enrol.json");
        var output = Path.Combine(_folder.FullName, "enrolled.json");
        await File.WriteAllTextAsync(input, NeighbourhoodEnrolment.Write(homes, _options.IsDaily), cancellation);
        await ServiceProcess.CommandAsync(
            _options.Service, ["enrol", "--data", Data, "--file", input, "--out", output], cancellation);
        var enrolled = NeighbourhoodEnrolment.Read(await File.ReadAllTextAsync(output, cancellation));

        Build(homes, enrolled);
        await StartWebAsync(map, cancellation);
        say("starting the centre");
        await Service.StartAsync(cancellation);
        Staff.Alarm = (alarm, atUs, _) => World.Post(() => IncidentLog.Take(alarm, atUs));
        Staff.Vitals = vitals => World.Post(() =>
        {
            if (Vitals.TryGetValue(vitals.ResidentId, out var tally))
            {
                tally.Take(vitals);
            }
        });
        Staff.Connected = up => World.Post(() => IsStreaming = up);
        Gateway.Received = text => World.Post(() => IncidentLog.Take(text));
        var link = await ServiceProcess.SignInLinkAsync(
            _options.Service, Data, HttpPort, NeighbourhoodEnrolment.Clerk, cancellation);
        await Staff.SignInAsync(link, cancellation);
        Staff.Listen();

        if (centreIsUp is not null)
        {
            await centreIsUp(this);
        }

        say("giving power to hubs and bands");
        _worldThread = new Thread(RunWorld) { Name = "world", IsBackground = true };
        _worldThread.Start();
        await DoAsync(() =>
        {
            foreach (var hub in Hubs)
            {
                hub.SetExternal(true);
                hub.PowerOn();
            }

            foreach (var resident in Residents)
            {
                // The bands come off their chargers once everything is connected.
                resident.Band.SetExternal(true);
                resident.Band.PowerOn();
            }
        });
        var ready = await UntilAsync(
            () => IsStreaming && Hubs.All(static h => h.IsOnline)
                && Residents.All(static r => r.Band is { IsTrusted: true, Pending: 0 }),
            60_000);
        if (!ready)
        {
            KeepFolder = true;
            throw new SimulationException(await AskAsync(() =>
                $"Not everything found each other within 60 s: {Hubs.Count(static h => h.IsOnline)} of {Hubs.Count} "
                + $"hubs at the centre ({LastFailure()}), {Residents.Count(static r => r.Band.IsTrusted)} of "
                + $"{Residents.Count} bands at their hubs, {Residents.Sum(static r => r.Band.Pending)} frames without "
                + $"a receipt, event stream {(IsStreaming ? "up" : "down")}; the centre's log is {Log}."));
        }

        await DoAsync(() =>
        {
            foreach (var resident in Residents)
            {
                resident.Band.SetExternal(false);
            }
        });
    }

    private void RunWorld()
    {
        try
        {
            World.RunAtTrueSpeed(_end.Token);
            _worldEnded.TrySetResult();
        }
        catch (Exception e)
        {
            // A device's App must not throw. If it does, every wait for the world ends with that exception.
            _worldEnded.TrySetException(e);
        }
    }

    private async Task<T> OrWorldEndsAsync<T>(Task<T> task)
    {
        if (await Task.WhenAny(task, _worldEnded.Task) != task)
        {
            await _worldEnded.Task;
            throw new OperationCanceledException("the world has ended");
        }

        return await task;
    }

    private async Task StartWebAsync(Action<NeighbourhoodRun, WebApplication>? map, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, WristPort));
        _web = builder.Build();
        Gateway.Map(_web);
        map?.Invoke(this, _web);
        await _web.StartAsync(cancellation);
    }

    private async Task ReportDeliveredAsync(string id)
    {
        using var body = JsonContent.Create(new { id, status = "delivered" });
        using var report = new HttpRequestMessage(HttpMethod.Post, new Uri(Service.Address, "hooks/messages"))
        {
            Content = body,
        };
        report.Headers.Authorization = new System.Net.Http.Headers.AuthenticationHeaderValue("Bearer", HookSecret);
        using var answer = await _http.SendAsync(report);
    }

    private void Build(IReadOnlyList<Home> homes, Enrolled enrolled)
    {
        var ca = X509Certificate2.CreateFromPem(enrolled.CaPem);
        var radio = new VirtualRadio(World);
        var hubs = new List<HubDevice>();
        var residents = new List<Resident>();
        for (var h = 0; h < homes.Count; h++)
        {
            var account = enrolled.Hubs.Single(hub => hub.Home == NeighbourhoodEnrolment.HomeCode(h));
            var port = MqttPort;
            if (_options.Words.FirstOrDefault() != "bench")
            {
                var line = new Line(MqttPort);
                _lines.Add(line);
                port = line.NearPort;
            }

            var mqtt = new MqttAccount(
                port, enrolled.Centre, account.Id, Encoding.ASCII.GetBytes(account.Password), ca);
            var hub = new HubDevice(World, $"hub {h + 1}", radio, device => new MqttUplink(device, mqtt));
            hubs.Add(hub);
            for (var p = 0; p < homes[h].People.Length; p++)
            {
                var person = homes[h].People[p];
                var band = enrolled.Bands.Single(b => b.Resident == NeighbourhoodEnrolment.ResidentCode(h, p));
                var wearer = new Wearer(World.Random.Next(), person.RestingBpm);
                var device = new BandDevice(
                    World, $"band of {person.Name}", radio, band.Address,
                    new BandIdentity
                    {
                        Secret = Convert.FromBase64String(band.Secret),
                        LinkGroup = band.Group, LinkEpoch = band.Epoch
                    },
                    wearer,
                    hasGreen: _options.Data is not null); // the recordings' sensor has the green LED
                var path = radio.AddPath(device.Radio, hub.Radio, -58 - (p * 7));
                residents.Add(new Resident(band.ResidentId, person, device, hub, [path])
                {
                    Place = $"{homes[h].Address} {homes[h].Building} {homes[h].Floor} {homes[h].Door}",
                });
                Vitals[band.ResidentId] = new VitalsTally();
            }
        }

        Hubs = hubs;
        Residents = residents;
        IncidentLog = new IncidentLog(World, residents);
        hubs.ForEach(IncidentLog.Watch);
    }

    private string? LastFailure() =>
        Hubs.Select(static h => (h.Uplink as MqttUplink)?.LastFailure)
            .FirstOrDefault(static f => !string.IsNullOrEmpty(f));
}
