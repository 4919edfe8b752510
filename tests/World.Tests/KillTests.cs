using System.Diagnostics;

namespace ElderBand.Tests.Worlds;

/// <summary>
/// Real processes: the centre is killed between a press and its receipt and comes back on the same data.
/// </summary>
public class KillTests
{
    [Fact]
    public async Task P25_P30_kill_9_at_random_moments_between_press_and_receipt_leaves_each_press_on_the_screen_once()
    {
        // The bench's own judgement, in a process of its own: it ends what it starts.
        // The centre is started from its own output: beside this test lie device assemblies that count for the worlds.
        var here = AppContext.BaseDirectory;
        var configuration = new DirectoryInfo(here).Parent!.Name;
        var centre = Path.GetFullPath(Path.Combine(
            here, $"../../../../../hub-service/bin/{configuration}/net10.0/hub-service.dll"));
        using var bench = Process.Start(new ProcessStartInfo(
            "dotnet",
            [Path.Combine(here, "simulator.dll"), "bench", "kill", "--rounds", "3", "--seed", "5", "--service", centre])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        var output = bench.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = bench.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await bench.WaitForExitAsync(TestContext.Current.CancellationToken);
        bench.ExitCode.ShouldBe(0, await output + await error);
        (await output).ShouldContain("3 rounds of kill -9: 3 presses on the screen exactly once, 0 not");
    }
}
