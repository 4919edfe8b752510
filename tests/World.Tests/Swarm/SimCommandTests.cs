using System.Diagnostics;
using ElderBand.Tests.Worlds.Radio;

namespace ElderBand.Tests.Worlds.Swarm;

/// <summary>Runs the command of the README that plays a world.</summary>
public sealed class SimCommandTests
{
    [Theory]
    // The test draws only kinds whose worlds are clean, because the command ends with 1 where a world shows a
    // violation.
    [InlineData("sim 3 --only Press,RadioLoss", "seed 3")]
    [InlineData("sim --swarm 2 --from 5 --only Press,RadioLoss", "2 worlds")]
    public async Task The_command_plays_the_worlds_that_it_is_asked_for(string words, string expected)
    {
        var start = new ProcessStartInfo(Path.Combine(Mutant.Root(), "dev"), words)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using var dev = Process.Start(start)!;
        var errors = dev.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var text = await dev.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await dev.WaitForExitAsync(TestContext.Current.CancellationToken);
        dev.ExitCode.ShouldBe(0, text + await errors);
        text.ShouldContain(expected);
    }
}
