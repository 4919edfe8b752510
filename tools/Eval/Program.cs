namespace ElderBand.Eval;

/// <summary>Judges the band's filter core on a folder of recordings.</summary>
public static class Program
{
    private const string Usage = """
        usage:
          eval falls    --data DIR --out FILE [--rate 25|50] [--batch] [--sensitivity 0|1|2] [--walking-aid]
                        verdicts on every trial of DIR/manifest.csv; --batch reads them through the accelerometer's FIFO and
                        compares with sample by sample
          eval longlie  --data DIR --out FILE [--rate 25|50] [--sensitivity 0|1|2] [--walking-aid]
                        the falls with invented continuations: lying still, rolling, trying to get up, crawling, walking away
          eval hr       --data DIR --out FILE [--channel NAME]   heart rate and SpO2 every 2 s on every recording
                        [--oxygen-curve C,L,S]           a camera's SpO2 = C + L x + S x x, percent x1000
          eval steps    --data DIR --out FILE [--rate 25|50]     steps of every trial, and the cadence of every movement
          eval cost     [--data DIR] [--methods]   instructions, allocations and RAM against their budgets; 1 where one is over
          eval features --data DIR --out FILE [--rate 25|50] [--phase MS] [--variation N]
                        what the trees are trained on; N > 0: as another band might have recorded it
          eval pulse-features --data DIR --out FILE              what the trees of the heart rate in motion are trained on
          eval plot     --data DIR --file NAME --out X.svg|X.html [--from S] [--to S]
                        one recording as a picture: for a fall trial [--rate 25|50] [--sensitivity 0|1|2] [--walking-aid] the
                        acceleration, the detector's states and verdicts; for a pulse [--channel NAME] wave, reference, answers
        DIR has a manifest.csv and the recordings it names. A trial: t_ms,ax_mg,ay_mg,az_mg; a pulse: t_ms, one to three channels, ax_mg
        to az_mg where there is an accelerometer; whole numbers, 25 to 125 Hz. How trials are resampled and padded: docs/fall-model.md.
        What cannot be used is named, skipped and counted. Code 0, 1 where nothing could be evaluated, 2 for wrong use.
        """;

    public static int Main(string[] args) => Run(args, Console.Error);

    /// <param name="args">As in the usage.</param>
    /// <param name="report">Where progress and complaints go.</param>
    /// <returns>0 done (skipped recordings are named and counted), 1 nothing could be evaluated, 2 wrong use.</returns>
    public static int Run(string[] args, TextWriter report)
    {
        try
        {
            if (args is ["help" or "--help" or "-h"])
            {
                report.WriteLine(Usage);
                return 0;
            }

            return args.FirstOrDefault() switch
            {
                "falls" => Falls.Evaluate(
                    Options.Parse(args, "data", "out", "rate", "batch", "sensitivity", "walking-aid"), report),
                "longlie" =>
                    LongLie.Evaluate(Options.Parse(args, "data", "out", "rate", "sensitivity", "walking-aid"), report),
                "features" =>
                    Falls.DumpFeatures(Options.Parse(args, "data", "out", "rate", "phase", "variation"), report),
                "steps" => Steps.Evaluate(Options.Parse(args, "data", "out", "rate"), report),
                "pulse-features" => PulseFeatures.Dump(Options.Parse(args, "data", "out"), report),
                "cost" => Cost.Evaluate(Options.Parse(args, "data", "methods")),
                "plot" => Plot.Draw(Options.Parse(args, "data", "file", "out", "from", "to", "rate", "sensitivity",
                    "walking-aid", "channel"), report),
                "hr" => Heart.Evaluate(Options.Parse(args, "data", "out", "channel", "oxygen-curve"), report),
                _ => throw new UsageException(
                    args.Length == 0 ? "say what to evaluate" : $"unknown evaluation '{args[0]}'"),
            };
        }
        catch (UsageException e)
        {
            report.WriteLine($"eval: {e.Message}");
            report.WriteLine(Usage);
            return 2;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DamagedException)
        {
            report.WriteLine($"eval: {e.Message}");
            return 1;
        }
    }
}

/// <summary>The command line is not what the usage says.</summary>
public sealed class UsageException(string message) : Exception(message);

/// <summary>Options of the form --name value, and a few that stand alone.</summary>
public sealed class Options
{
    private static readonly string[] Alone = ["batch", "walking-aid", "methods"];

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    public static Options Parse(string[] args, params string[] known)
    {
        var options = new Options();
        for (var i = 1; i < args.Length; i++)
        {
            var name = args[i].StartsWith("--", StringComparison.Ordinal) ? args[i][2..] : "";
            if (!known.Contains(name, StringComparer.Ordinal))
            {
                throw new UsageException($"unknown option '{args[i]}'");
            }

            if (Alone.Contains(name, StringComparer.Ordinal))
            {
                options._values[name] = "";
                continue;
            }

            options._values[name] = ++i < args.Length ? args[i] : throw new UsageException($"--{name} needs a value");
        }

        return options;
    }

    public string Required(string name) =>
        _values.TryGetValue(name, out var value) ? value : throw new UsageException($"--{name} is missing");

    public string? Optional(string name) => _values.GetValueOrDefault(name);

    public bool Has(string name) => _values.ContainsKey(name);

    public int Number(string name, int fallback, params int[] allowed)
    {
        if (!_values.TryGetValue(name, out var text))
        {
            return fallback;
        }

        if (!int.TryParse(text, out var value) || (allowed.Length > 0 && !allowed.Contains(value)))
        {
            throw new UsageException($"--{name} {text}: "
                + (allowed.Length > 0 ? $"one of {string.Join(", ", allowed)}" : "a whole number"));
        }

        return value;
    }
}
