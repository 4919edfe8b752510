using System.Diagnostics;
using ElderBand.Mqtt;
using ElderBand.Simulation;

namespace ElderBand.Simulator.Ingest;

/// <summary>What one server did in one round.</summary>
/// <param name="PerSecond">Messages that got their PUBACK, a second.</param>
/// <param name="P50Ms">From the publish to its PUBACK: half are faster.</param>
/// <param name="P99Ms">The same: 99 of 100 are faster.</param>
/// <param name="LoadCpu">Share of its core that the load itself used, 0 to 1. At 1 the load is the limit.</param>
public sealed record IngestFigures(double PerSecond, double P50Ms, double P99Ms, double LoadCpu);

/// <summary>Hubs that publish measurements over TLS at QoS 1, each with 16 publishes in flight.</summary>
public static class IngestLoad
{
    /// <summary>Publishes of one hub that wait for their PUBACK at a time.</summary>
    public const int InFlight = 16;

    private const int WarmMs = 3000;
    private const int ConnectAtOnce = 8;
    private const int ConnectsWithinMs = 30_000;

    /// <summary>Connects, warms up for 3 s and measures.</summary>
    /// <param name="homes">One hub each.</param>
    /// <param name="measureMs">How long is measured.</param>
    /// <param name="cancellation">Ends the load.</param>
    /// <exception cref="SimulationException">A publish got no PUBACK.</exception>
    public static async Task<IngestFigures> RunAsync(
        IReadOnlyList<IngestHome> homes, int measureMs, CancellationToken cancellation)
    {
        var clients = new MqttClient[homes.Count];
        try
        {
            await Parallel.ForAsync(
                0, homes.Count, new ParallelOptions { MaxDegreeOfParallelism = ConnectAtOnce },
                async (i, _) => clients[i] = await ConnectAsync(homes[i].Account, cancellation));
            return await MeasureAsync(homes, clients, measureMs, cancellation);
        }
        finally
        {
            foreach (var client in clients.OfType<MqttClient>())
            {
                await client.DisposeAsync();
            }
        }
    }

    // A broker may listen some seconds before it lets anybody in.
    private static async Task<MqttClient> ConnectAsync(MqttAccount account, CancellationToken cancellation)
    {
        var options = new MqttClientOptions
        {
            ClientId = account.HubId,
            UserName = account.HubId,
            Password = account.Password,
            MaxInFlight = InFlight,
        };
        for (var untilMs = Environment.TickCount64 + ConnectsWithinMs; ; await Task.Delay(200, cancellation))
        {
            try
            {
                return await MqttClient.ConnectAsync("localhost", account.Port, account.Ca, options, cancellation);
            }
            catch (MqttConnectException) when (Environment.TickCount64 < untilMs)
            {
                // Again.
            }
            catch (MqttConnectException e)
            {
                throw new SimulationException($"{account.HubId} cannot connect: {e.Message}");
            }
        }
    }

    private static async Task<IngestFigures> MeasureAsync(
        IReadOnlyList<IngestHome> homes, MqttClient[] clients, int measureMs, CancellationToken cancellation)
    {
        var fromUs = World.MonotonicUs() + (WarmMs * 1000L);
        var toUs = fromUs + (measureMs * 1000L);
        var work = homes.SelectMany((home, i) => Enumerable.Range(0, InFlight)
            .Select(_ => Task.Run(() => PublishAsync(home, clients[i], fromUs, toUs), cancellation))).ToArray();
        await Task.Delay(WarmMs, cancellation);
        using var self = Process.GetCurrentProcess();
        var cpu = self.TotalProcessorTime;
        await Task.Delay(measureMs, cancellation);
        self.Refresh();
        var used = (self.TotalProcessorTime - cpu).TotalMilliseconds / measureMs;
        var waitsUs = (await Task.WhenAll(work)).SelectMany(static w => w).Order().ToArray();
        return new IngestFigures(
            waitsUs.Length * 1000.0 / measureMs, waitsUs[waitsUs.Length / 2] / 1000.0,
            waitsUs[(int)((waitsUs.Length - 1) * 0.99)] / 1000.0, used);
    }

    private static async Task<List<int>> PublishAsync(IngestHome home, MqttClient client, long fromUs, long toUs)
    {
        var waitsUs = new List<int>();
        for (var beganUs = World.MonotonicUs(); beganUs < toUs;)
        {
            if (!await client.PublishAsync(home.Topic, home.NextEnvelope(), MqttQos.AtLeastOnce))
            {
                throw new SimulationException(
                    $"A publish got no PUBACK: {(await client.Closed).Reason}. The server's log says more.");
            }

            var endedUs = World.MonotonicUs();
            if (endedUs >= fromUs && endedUs < toUs)
            {
                waitsUs.Add((int)(endedUs - beganUs));
            }

            beganUs = endedUs;
        }

        return waitsUs;
    }
}
