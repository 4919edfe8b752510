using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace ElderBand.Dev;

/// <summary>Runs every test there is and adds up what they say.</summary>
internal static partial class Tests
{
    /// <summary>Returns 0 where nothing failed. The last line is the sum: "N passed, N failed, N skipped".</summary>
    public static int Run(string root, Builder builder)
    {
        var watch = Stopwatch.StartNew();
        if (!builder.BuildConsole() || !builder.BuildAll())
        {
            return 1;
        }

        SystemPackages.Install(root, SystemPackages.OfTests);
        var sum = new Sum(0, 0, 0);
        var failures = 0;
        var projects = Directory.EnumerateFiles(Path.Combine(root, "tests"), "*.csproj", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal);
        foreach (var project in projects)
        {
            var name = Path.GetFileNameWithoutExtension(project);
            var program = Path.Combine(Path.GetDirectoryName(project)!, "bin/Release/net10.0", name + ".dll");
            var result = RunOne(name, "dotnet", [program, "--no-progress", "--no-ansi"], root, DotnetSum, out var code);

            // Microsoft.Testing.Platform says 8 where a project holds no tests; that is no failure.
            failures += code is 0 or 8 ? 0 : 1;
            sum = sum.And(result);
        }

        if (builder.NodeModules())
        {
            var console = Path.Combine(root, "hub-service/console");
            var result = RunOne("console", "npx", ["vitest", "run", "--no-color"], console, VitestSum, out var code);
            failures += code == 0 ? 0 : 1;
            sum = sum.And(result);
        }
        else
        {
            failures++;
        }

        Console.WriteLine($"all of it took {watch.Elapsed:mm\\:ss}");
        Console.WriteLine($"{sum.Passed} passed, {sum.Failed} failed, {sum.Skipped} skipped");
        return failures == 0 && sum.Failed == 0 ? 0 : 1;
    }

    private static Sum RunOne(
        string name, string file, string[] arguments, string directory, Func<string, Sum, Sum> read, out int code)
    {
        var said = new List<string>();
        var sum = new Sum(0, 0, 0);
        var watch = Stopwatch.StartNew();
        code = Processes.Run(file, arguments, directory, line =>
        {
            said.Add(line);
            sum = read(line, sum);
        });
        var broken = code != 0 && sum.Failed == 0;
        Console.WriteLine(
            $"{name,-24} {sum.Passed,5} passed {sum.Failed,3} failed {sum.Skipped,3} skipped  "
                + $"{watch.Elapsed.TotalSeconds,6:0.0} s"
            + (broken ? $"  (ended with code {code})" : ""));
        if (sum.Failed > 0 || broken)
        {
            foreach (var line in said)
            {
                Console.WriteLine("    " + line);
            }
        }
        else if (sum.Skipped > 0)
        {
            foreach (var line in said.Where(static l => l.Contains("skipped", StringComparison.OrdinalIgnoreCase))
                .Take(20))
            {
                Console.WriteLine("    " + line.Trim());
            }
        }

        return sum;
    }

    // "  total: 12", "  failed: 0", "  succeeded: 12", "  skipped: 0"
    private static Sum DotnetSum(string line, Sum sum)
    {
        var match = DotnetLine().Match(line);
        if (!match.Success)
        {
            return sum;
        }

        var n = int.Parse(match.Groups["n"].ValueSpan, CultureInfo.InvariantCulture);
        return match.Groups["what"].Value switch
        {
            "succeeded" => sum with { Passed = n },
            "failed" => sum with { Failed = n },
            _ => sum with { Skipped = n },
        };
    }

    // "      Tests  3 failed | 34 passed | 1 skipped (38)"
    private static Sum VitestSum(string line, Sum sum) => VitestLine().IsMatch(line)
        ? new Sum(VitestCount(line, "passed"), VitestCount(line, "failed"), VitestCount(line, "skipped"))
        : sum;

    private static int VitestCount(string line, string word)
    {
        var match = Regex.Match(line, $@"(\d+) {word}", RegexOptions.None, TimeSpan.FromSeconds(1));
        return match.Success ? int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : 0;
    }

    [GeneratedRegex(@"^\s*(?<what>succeeded|failed|skipped):\s*(?<n>\d+)\s*$", RegexOptions.None, 1000)]
    private static partial Regex DotnetLine();

    [GeneratedRegex(@"^\s*Tests\s+.*\(\d+\)\s*$", RegexOptions.None, 1000)]
    private static partial Regex VitestLine();

    private sealed record Sum(int Passed, int Failed, int Skipped)
    {
        public Sum And(Sum other) => new(Passed + other.Passed, Failed + other.Failed, Skipped + other.Skipped);
    }
}
