using System.Diagnostics;

namespace ElderBand.Tests.Worlds;

/// <summary>Real processes: the centre is killed between a press and its receipt and comes back on the same data.</summary>
public class KillTests
{
    [Fact]
    public async Task P25_P30_kill_9_at_random_moments_between_press_and_receipt_leaves_each_press_on_the_screen_once()
    {
        // The bench's own judgement, in a process of its own: it ends what it starts.
        var here = AppContext.BaseDirectory;
        using var bench = Process.Start(new ProcessStartInfo(
            "dotnet",
            [Path.Combine(here, "simulator.dll"), "bench", "kill", "--rounds", "3", "--seed", "5", "--service", Path.Combine(here, "hub-service.dll")])
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
