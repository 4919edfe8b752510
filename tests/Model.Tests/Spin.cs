using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace ElderBand.Tests.Model;

/// <summary>Translates press.pml with Spin, compiles the search with a C compiler, and runs it to its end.</summary>
internal static partial class Spin
{
    private const string Program = "/usr/bin/spin";
    private const string Compiler = "/usr/bin/cc";
    private const int DepthSteps = 100_000;
    private const int MemoryMiB = 2000;

    /// <summary>Searches all states of the model under these definitions.</summary>
    public static Result Check(string[] definitions, bool liveness)
    {
        Assert.SkipUnless(File.Exists(Program), $"{Program} is not installed (Debian package spin)");
        Assert.SkipUnless(File.Exists(Compiler), $"{Compiler} is not installed (Debian package gcc)");
        var folder = Directory.CreateTempSubdirectory("model");
        try
        {
            var model = Path.Combine(AppContext.BaseDirectory, "press.pml");
            File.Copy(model, Path.Combine(folder.FullName, "press.pml"));
            Run(folder, Program, ["-a", .. definitions, "press.pml"]).Code.ShouldBe(0);
            string[] search = liveness ? [] : ["-DSAFETY", "-DNOCLAIM"];
            var (code, text) = Run(
                folder, Compiler,
                ["-O1", "-w", "-DCOLLAPSE", $"-DMEMLIM={MemoryMiB}", .. search, "-o", "pan", "pan.c"]);
            code.ShouldBe(0, text);
            var said = Run(folder, Path.Combine(folder.FullName, "pan"), [$"-m{DepthSteps}", liveness ? "-a" : "-c1"])
                .Text;
            var result = new Result(
                Number(Errors(), said), Number(States(), said), Violation().Match(said).Value, said);
            if (result.Errors == 0)
            {
                // A search that ended early has not visited every state and proves nothing.
                said.ShouldNotContain("Search not completed", Case.Sensitive, said);
                said.ShouldNotContain("max search depth too small", Case.Sensitive, said);
            }

            return result;
        }
        finally
        {
            folder.Delete(true);
        }
    }

    private static long Number(Regex expression, string said)
    {
        var match = expression.Match(said);
        match.Success.ShouldBeTrue(said);
        return long.Parse(match.Groups["n"].ValueSpan, CultureInfo.InvariantCulture);
    }

    private static (int Code, string Text) Run(DirectoryInfo folder, string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder.FullName,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, text + errors.GetAwaiter().GetResult());
    }

    [GeneratedRegex(@"errors: (?<n>\d+)", RegexOptions.None, 1000)]
    private static partial Regex Errors();

    [GeneratedRegex(@"(?<n>\d+) states, stored", RegexOptions.None, 1000)]
    private static partial Regex States();

    [GeneratedRegex("pan:1: .*", RegexOptions.None, 1000)]
    private static partial Regex Violation();

    /// <summary>
    /// What Spin said: errors found (it stops at the first), states visited, the assertion, all lines.
    /// </summary>
    internal sealed record Result(long Errors, long States, string Violated, string Text);
}
