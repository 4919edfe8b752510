using System.Diagnostics;
using ElderBand.Simulator.Centre;

namespace ElderBand.Simulator.Ingest;

/// <summary>
/// mosquitto with persistence and one durable subscriber that is away: the broker keeps all messages for it. mosquitto
/// writes them to its file every half hour, so a crash loses them.
/// </summary>
public sealed class Mosquitto : IngestServer
{
    private Process? _process;

    /// <inheritdoc/>
    public override string Name => "mosquitto";

    /// <inheritdoc/>
    protected override int ProcessId => _process!.Id;

    /// <inheritdoc/>
    public override async Task<IReadOnlyList<IngestHome>> StartAsync(int hubs, CancellationToken cancellation)
    {
        var port = ServiceProcess.FreePort();
        var certificate = WriteCertificate();
        await File.WriteAllTextAsync(
            At("mosquitto.conf"),
            $"""
            user {Environment.UserName}
            listener {port} 127.0.0.1
            cafile {At("cert.pem")}
            certfile {At("cert.pem")}
            keyfile {At("key.pem")}
            allow_anonymous true
            persistence true
            persistence_location {Folder.FullName}/
            max_queued_messages 0
            max_inflight_messages 0
            log_type error

            """,
            cancellation);
        _process = Begin("/usr/sbin/mosquitto", ["-c", At("mosquitto.conf")]);
        await ListensAsync(port, cancellation);
        using (var subscriber = Begin(
            "/usr/bin/mosquitto_sub",
            ["-p", $"{port}", "-h", "localhost", "--cafile", At("cert.pem"), "-i", "centre", "-c", "-q", "1", "-t", "#",
                "-E"]))
        {
            await subscriber.WaitForExitAsync(cancellation);
        }

        return MadeUp(hubs, port, certificate);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        End(_process);
        base.Dispose(disposing);
    }
}
