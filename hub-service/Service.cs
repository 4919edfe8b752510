using System.Net;
using System.Security.Authentication;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Devices;
using ElderBand.HubService.Family;
using ElderBand.HubService.Ingest;
using ElderBand.HubService.Staff;
using ElderBand.HubService.Storage;
using ElderBand.Mqtt;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace ElderBand.HubService;

/// <summary>The composition of the service: one process, HTTP on loopback and MQTT over TLS, one database.</summary>
public static class Service
{
    private const int ReadyWithinMs = 10_000;

    // An envelope is 609 bytes at most; what a half packet may make this end keep stays far below P28's 64 KiB.
    // A hub has 32 publishes under way at most; each waits in memory while the database refuses.
    private static readonly MqttServerOptions HubLimits =
        new() { Limits = MqttLimits.Default with { MaxPacketBytes = 4096 }, MaxUnacknowledged = 32 };

    /// <summary>Opens the data folder and puts everything together; nothing listens yet.</summary>
    /// <exception cref="StartException">The data folder, the database or the certificates cannot be used.</exception>
    public static WebApplication Build(ServiceOptions options, Clock? clock = null)
    {
        clock ??= new Clock();
        Store store = Store.Open(options.DataDir, clock, options.KeyFile);
        VitalsStore? vitals = null;
        try
        {
            VitalsStore measurements = vitals = VitalsStore.Open(options.DataDir, clock);
            ServiceCertificates certificates = ServiceCertificates.Open(options.DataDir);
            WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
            {
                ContentRootPath = AppContext.BaseDirectory,
            });
            builder.Logging.ClearProviders().AddSimpleConsole(static console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "HH:mm:ss ";
            });
            builder.Logging.SetMinimumLevel(LogLevel.Warning);
            // A failed start is told in one line by StartAsync; only the end of a background task is more than that.
            builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);

            // Made by a factory each, so that the container disposes them, the last made first.
            builder.Services
                .AddSingleton(options)
                .AddSingleton(clock)
                .AddSingleton(_ => store)
                .AddSingleton(_ => measurements)
                .AddSingleton(_ => certificates)
                .AddSingleton<Metrics>()
                .AddSingleton<ClockCheck>()
                .AddSingleton<HubPaces>()
                .AddSingleton<ConsoleCounter>()
                .AddSingleton<Changes>()
                .AddSingleton<Ringing>()
                .AddSingleton<Calls>()
                .AddSingleton<Falls>()
                .AddSingleton<AlarmDesk>()
                .AddSingleton<HubLinks>()
                .AddSingleton<Downlink>()
                .AddSingleton<FrameIntake>()
                .AddSingleton<HeardDevices>()
                .AddHostedService(static s => s.GetRequiredService<HeardDevices>())
                .AddSingleton<Measurements>()
                .AddSingleton<VitalsIntake>()
                .AddSingleton<StrangerGate>()
                .AddSingleton<VitalsQueue>()
                .AddSingleton<HubEndpoint>()
                .AddSingleton(static s => new MqttServer<HubSession>(s.GetRequiredService<HubEndpoint>(), HubLimits))
                .AddSingleton<Sweeper>()
                .AddHostedService(static s => s.GetRequiredService<Sweeper>());

            builder.Services.AddHsts(static hsts => hsts.MaxAge = TimeSpan.FromDays(365));
            builder.Services.AddStaff();
            builder.Services.AddFamily(new FamilyOptions
            {
                Webhook = options.Webhook,
                Request = new WebhookRequest(options.WebhookTemplate, options.WebhookToken, options.WebhookKey),
                HookSecret = options.HookSecret,
                PublicUrl = options.PublicUrl ?? new Uri($"http://localhost:{options.HttpPort}"),
                DataDir = options.DataDir,
            });

            builder.WebHost.UseKestrelHttpsConfiguration();
            builder.WebHost.ConfigureKestrel(kestrel =>
            {
                kestrel.AddServerHeader = false;
                kestrel.Limits.MaxRequestBodySize = 1 << 20;
                Doors.Listen(kestrel, options);
                kestrel.Listen(options.MqttAddress, options.MqttPort, listen =>
                {
                    StrangerGate gate = kestrel.ApplicationServices.GetRequiredService<StrangerGate>();
                    listen.Use(next => connection => gate.GuardAsync(connection, next));
                    listen.UseHttps(tls =>
                    {
                        tls.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
                        tls.ServerCertificateSelector = (_, _) => certificates.Server();
                        tls.HandshakeTimeout = TimeSpan.FromSeconds(8); // closed within 10 s in all (P28)
                    });
                    listen.UseConnectionHandler<MqttConnectionHandler>();
                });
            });

            WebApplication app = builder.Build();
            // The databases start first, then the parts that listen to their commits, then the parts that bring
            // messages.
            _ = app.Services.GetRequiredService<Store>();
            _ = app.Services.GetRequiredService<VitalsStore>();
            _ = app.Services.GetRequiredService<Changes>();
            app.Services.GetRequiredService<Downlink>().Start();
            app.UseProxies(options.Proxies);
            MapOperations(app);
            app.MapStaff();
            app.MapFamily();
            app.Lifetime.ApplicationStopping.Register(() =>
                app.Services.GetRequiredService<MqttServer<HubSession>>().StopAsync().Wait(TimeSpan.FromSeconds(5)));
            return app;
        }
        catch
        {
            vitals?.Dispose();
            store.Dispose();
            throw;
        }
    }

    /// <summary>Starts listening.</summary>
    /// <exception cref="StartException">A port is in use or not allowed.</exception>
    public static async Task StartAsync(WebApplication app)
    {
        try
        {
            await app.StartAsync();
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or AddressInUseException)
        {
            ServiceOptions options = app.Services.GetRequiredService<ServiceOptions>();
            throw new StartException(
                $"A port cannot be used: {e.Message.TrimEnd('.')}. End the other program, or choose others with "
                    + $"--http-port (now {options.HttpPort}) and --mqtt-port (now {options.MqttPort}).", e);
        }
    }

    /// <summary>The ports that are really listened on.</summary>
    public static (int Http, int Mqtt) Ports(WebApplication app)
    {
        int mqtt = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
            .Where(static a => a.StartsWith("https://", StringComparison.Ordinal))
            .Select(static a => int.Parse(a[(a.LastIndexOf(':') + 1)..].TrimEnd('/'))).First();
        return (Doors.PortOf(app, Door.Console), mqtt);
    }

    /// <summary>
    /// True while commits get through: the sweeper writes every 5 s, so 10 s without one is trouble (P31).
    /// </summary>
    public static bool DatabaseIsWritten(Store store, long nowMs) =>
        store.Trouble is null && nowMs - store.LastCommitAtMs < ReadyWithinMs;

    private static void MapOperations(WebApplication app)
    {
        IServiceProvider services = app.Services;
        RouteGroupBuilder operations = app.MapGroup("").At(Door.Operations);
        operations.MapGet("/health/live", static () => Results.Text("live\n"));
        operations.MapGet("/health/ready", () =>
        {
            Store store = services.GetRequiredService<Store>();
            return DatabaseIsWritten(store, services.GetRequiredService<Clock>().NowMs)
                ? Results.Text("ready\n")
                : Results.Text(
                    $"not ready: {store.Trouble ?? "the database has not been written for 10 s"}\n", statusCode: 503);
        });
        operations.MapGet("/metrics", () =>
        {
            Store store = services.GetRequiredService<Store>();
            VitalsStore vitalsStore = services.GetRequiredService<VitalsStore>();
            (int alarms, int vitals) = store.Waiting;
            var gauges = new List<(string, double)>
            {
                ("database_commits_total", store.Commits),
                ("vitals_database_commits_total", vitalsStore.Commits),
                ("vitals_database_refusals_total", vitalsStore.Refusals),
                ("vitals_database_waiting", vitalsStore.Waiting.Vitals),
                ("vitals_database_ok", vitalsStore.Trouble is null ? 1 : 0),
                ("database_jobs_total", store.JobsCommitted),
                ("database_refusals_total", store.Refusals),
                ("database_ok", DatabaseIsWritten(store, services.GetRequiredService<Clock>().NowMs) ? 1 : 0),
                ("writer_waiting{lane=\"alarm\"}", alarms),
                ("writer_waiting{lane=\"vitals\"}", vitals),
                ("hub_messages_waiting", services.GetRequiredService<HubEndpoint>().Waiting),
                ("hubs_connected", services.GetRequiredService<HubLinks>().Connected.Count),
                ("mqtt_connections", services.GetRequiredService<MqttServer<HubSession>>().ConnectionCount),
                ("mqtt_strangers", services.GetRequiredService<StrangerGate>().Count),
                ("consoles_open", services.GetRequiredService<ConsoleCounter>().Total),
                ("alarms_orphaned", services.GetRequiredService<Sweeper>().Orphans),
                ("process_working_set_bytes", Environment.WorkingSet),
            };
            store.Read(db =>
            {
                gauges.AddRange(AlarmRows.OpenByState(db)
                    .Select(static s => ($"alarms_open{{state=\"{s.State}\"}}", (double)s.Count)));
                gauges.Add(("quarantine_rows", EventRows.QuarantineCount(db)));
                gauges.Add(("technical_open", TechnicalRows.OpenCount(db)));
                return true;
            });
            return Results.Text(services.GetRequiredService<Metrics>().Write(gauges), "text/plain; version=0.0.4");
        });
    }
}
