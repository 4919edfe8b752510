using System.Diagnostics;
using System.Globalization;
using System.Text;
using ElderBand.Simulation;

namespace ElderBand.Simulator.Ingest;

/// <summary>
/// <c>./dev bench ingest</c>: messages a second at QoS 1 over TLS, of the service and of two brokers that store too.
/// Load and server have one core each. The servers take turns in every round, each with an empty data folder.
/// </summary>
public static class IngestBench
{
    private const int MeasureMs = 10_000;
    private const int PressesMs = 13_000; // the warm-up too
    private const int UsualRounds = 5;
    private const int LoadCore = 0;
    private const int BarWidth = 50;
    private static readonly int[] Sizes = [50, 200, 500];

    /// <summary>Runs all rounds; returns 0 where every press had its receipt.</summary>
    public static async Task<int> RunAsync(string program, int rounds, CancellationToken cancellation)
    {
        Pin();
        Console.WriteLine(
            "each message: one measurement in an envelope, signed with the band's tag; 16 in flight for each hub");
        var complete = true;
        foreach (var hubs in Sizes)
        {
            var results = new Dictionary<string, List<Round>>(StringComparer.Ordinal);
            for (var round = 1; round <= (rounds == 0 ? UsualRounds : rounds); round++)
            {
                foreach (var make in Servers(program))
                {
                    using var server = make();
                    var result = await MeasureAsync(server, hubs, cancellation);
                    if (!results.TryGetValue(server.Name, out var list))
                    {
                        results[server.Name] = list = [];
                    }

                    list.Add(result);
                    complete &= result.CommittedMs.All(double.IsFinite);
                    Console.WriteLine(
                        $"{hubs,3} hubs, round {round}: {server.Name,-12}{result.Load.PerSecond,8:N0} a second, "
                            + $"load uses {result.Load.LoadCpu:P0} of its core");
                }
            }

            Tell(hubs, results);
        }

        return complete ? 0 : 1;
    }

    private static IEnumerable<Func<IngestServer>> Servers(string program) =>
        [() => new HubServiceServer(program), () => new RabbitMq(), () => new Mosquitto()];

    private static async Task<Round> MeasureAsync(IngestServer server, int hubs, CancellationToken cancellation)
    {
        var homes = await server.StartAsync(hubs, cancellation);
        var calls = (server as HubServiceServer)?.Calls;
        await (calls?.ConnectAsync(cancellation) ?? Task.CompletedTask);
        var pressing = calls?.PressAsync(PressesMs, cancellation) ?? Task.CompletedTask;
        var load = await IngestLoad.RunAsync(homes, MeasureMs, cancellation);
        var memory = server.WorkingSetBytes;
        await pressing;
        return new Round(load, memory >> 20, calls?.CommittedMs ?? [], calls?.PushedMs ?? []);
    }

    private static void Tell(int hubs, Dictionary<string, List<Round>> results)
    {
        var own = Median(results.First().Value, static r => r.Load.PerSecond);
        var most = results.Max(static r => Median(r.Value, static x => x.Load.PerSecond));
        Console.WriteLine();
        Console.WriteLine(
            $"  {hubs} hubs     messages a second (min - max)   p50 PUBACK   p99 PUBACK      RSS   hub-service is");
        foreach (var (name, rounds) in results)
        {
            var perSecond = Median(rounds, static r => r.Load.PerSecond);
            Console.WriteLine(
                $"  {name,-12}{perSecond,8:N0} ({rounds.Min(static r => r.Load.PerSecond):N0} - "
                    + $"{rounds.Max(static r => r.Load.PerSecond):N0})"
                    + $"{Median(rounds, static r => r.Load.P50Ms),14:0.0} ms"
                    + $"{Median(rounds, static r => r.Load.P99Ms),10:0.0} ms{rounds.Max(static r => r.RssMiB),6} MiB"
                    + $"{own / perSecond,10:0.00} x");
            Console.WriteLine(
                "  " + new StringBuilder().Append('#', (int)(BarWidth * perSecond / most)).ToString());
        }

        var calls = results.First().Value;
        Console.WriteLine(
            $"  a press each second meanwhile: {calls.Sum(static r => r.CommittedMs.Count)} presses; press to receipt "
                + $"{InWords([.. calls.SelectMany(static r => r.CommittedMs).Order()])}; press to console "
                + InWords([.. calls.SelectMany(static r => r.PushedMs).Order()]));
        Console.WriteLine();
    }

    private static string InWords(double[] ms) => ms.Length == 0 ? "none" : string.Create(
        CultureInfo.InvariantCulture,
        $"p50 {ms[ms.Length / 2]:0} ms, p99 {ms[(int)((ms.Length - 1) * 0.99)]:0} ms, worst {ms[^1]:0} ms");

    private static double Median(IEnumerable<Round> rounds, Func<Round, double> of)
    {
        var sorted = rounds.Select(of).Order().ToArray();
        return sorted[sorted.Length / 2];
    }

    // All threads of this process share one core, so that the load never takes time from the server.
    private static void Pin()
    {
        using var pin = Process.Start(new ProcessStartInfo(
            "taskset", ["-a", "-c", "-p", $"{LoadCore}", $"{Environment.ProcessId}"])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        });
        if (pin is null || !pin.WaitForExit(5000) || pin.ExitCode != 0)
        {
            throw new SimulationException("This bench needs Linux with taskset: load and server get a core each.");
        }
    }

    private sealed record Round(
        IngestFigures Load, long RssMiB, IReadOnlyList<double> CommittedMs, IReadOnlyList<double> PushedMs);
}
