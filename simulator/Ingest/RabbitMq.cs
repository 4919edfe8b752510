using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using ElderBand.Simulator.Centre;

namespace ElderBand.Simulator.Ingest;

/// <summary>
/// RabbitMQ with its MQTT plugin and one quorum queue, to which all messages go. The queue's log is on the disk before
/// the PUBACK.
/// </summary>
public sealed class RabbitMq : IngestServer
{
    private Process? _ports;
    private Process? _server;

    /// <inheritdoc/>
    public override string Name => "RabbitMQ";

    /// <inheritdoc/>
    protected override int ProcessId => int.Parse(File.ReadAllText(At("pid")), CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override async Task<IReadOnlyList<IngestHome>> StartAsync(int hubs, CancellationToken cancellation)
    {
        var (port, namesPort) = (ServiceProcess.FreePort(), ServiceProcess.FreePort());
        var certificate = WriteCertificate();
        await File.WriteAllTextAsync(At("definitions.json"), JsonSerializer.Serialize(Definitions(hubs)), cancellation);
        await File.WriteAllTextAsync(At("plugins"), "[rabbitmq_mqtt].\n", cancellation);
        await File.WriteAllTextAsync(
            At("rabbitmq.conf"),
            $"""
            listeners.tcp = none
            mqtt.listeners.tcp = none
            mqtt.listeners.ssl.default = 127.0.0.1:{port}
            ssl_options.cacertfile = {At("cert.pem")}
            ssl_options.certfile = {At("cert.pem")}
            ssl_options.keyfile = {At("key.pem")}
            ssl_options.verify = verify_none
            load_definitions = {At("definitions.json")}
            loopback_users = none

            """,
            cancellation);
        // Erlang's port mapper would otherwise go on running after the bench.
        _ports = Begin("/usr/bin/epmd", ["-port", $"{namesPort}", "-address", "127.0.0.1"]);
        await ListensAsync(namesPort, cancellation);
        _server = Begin("/usr/lib/rabbitmq/bin/rabbitmq-server", [], new Dictionary<string, string>
        {
            ["HOME"] = Folder.FullName,
            ["ERL_EPMD_PORT"] = $"{namesPort}",
            ["RABBITMQ_CONF_ENV_FILE"] = "/dev/null",
            ["RABBITMQ_NODENAME"] = "elderband-ingest@localhost",
            ["RABBITMQ_DIST_PORT"] = $"{ServiceProcess.FreePort()}",
            ["RABBITMQ_CONFIG_FILE"] = At("rabbitmq.conf"),
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = At("plugins"),
            ["RABBITMQ_MNESIA_BASE"] = At("data"),
            ["RABBITMQ_LOG_BASE"] = At("log"),
            ["RABBITMQ_PID_FILE"] = At("pid"),
        });
        await ListensAsync(port, cancellation);
        return MadeUp(hubs, port, certificate);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (_server is not null && File.Exists(At("pid")))
        {
            End(Process.GetProcessById(ProcessId)); // the script that was started waits for it
        }

        End(_server);
        End(_ports);
        base.Dispose(disposing);
    }

    private static object Definitions(int hubs) => new
    {
        vhosts = new[] { new { name = "/" } },
        users = Enumerable.Range(1, hubs).Select(static i => new { name = $"hub-{i}", password = "hub", tags = "" }),
        permissions = Enumerable.Range(1, hubs).Select(static i => new
        {
            user = $"hub-{i}",
            vhost = "/",
            configure = ".*",
            write = ".*",
            read = ".*",
        }),
        queues = new[]
        {
            new
            {
                name = "up",
                vhost = "/",
                durable = true,
                auto_delete = false,
                arguments = new Dictionary<string, string> { ["x-queue-type"] = "quorum" },
            },
        },
        bindings = new[]
        {
            new
            {
                source = "amq.topic",
                vhost = "/",
                destination = "up",
                destination_type = "queue",
                routing_key = "eb1.#",
                arguments = new { },
            },
        },
    };
}
