using System.Globalization;
using ElderBand.Simulation;
using ElderBand.Simulator.Centre;

namespace ElderBand.Simulator.Neighbourhood;

/// <summary>What the command line says.</summary>
public sealed record Options
{
    /// <summary>The centre's program.</summary>
    public string Service { get; init; } = "";

    /// <summary>Homes; the first three hold four people.</summary>
    public int Homes { get; init; } = 3;

    /// <summary>Guard for all but the last band, or Daily for all.</summary>
    public bool IsDaily { get; init; }

    /// <summary>Recordings, null = everything is invented.</summary>
    public string? Data { get; init; }

    /// <summary>Console and family page; 0 = any free one.</summary>
    public int HttpPort { get; init; } = 8080;

    /// <summary>MQTT over TLS; 0 = any free one.</summary>
    public int MqttPort { get; init; } = 8883;

    /// <summary>Wrist page and text gateway; 0 = any free one.</summary>
    public int WristPort { get; init; } = 8090;

    /// <summary>Ends by itself and judges.</summary>
    public bool IsOnce { get; init; }

    /// <summary>Where the figures go.</summary>
    public string? Json { get; init; }

    /// <summary>Of the virtual world.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Rounds of a bench that has rounds; 0 = its own number.</summary>
    public int Rounds { get; init; }

    /// <summary>How long a soak lasts, min.</summary>
    public int Minutes { get; init; } = 10;

    /// <summary>Words that are no options.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>Reads the command line.</summary>
    /// <exception cref="SimulationException">Something in it is not understood.</exception>
    public static Options Parse(IReadOnlyList<string> args)
    {
        var options = new Options();
        var words = new List<string>();
        var portsGiven = false;
        for (var i = 0; i < args.Count; i++)
        {
            var arg = args[i];
            if (!arg.StartsWith("--", StringComparison.Ordinal))
            {
                words.Add(arg);
                continue;
            }

            if (arg == "--once")
            {
                options = options with { IsOnce = true };
                continue;
            }

            var value = i + 1 < args.Count ? args[++i] : throw new SimulationException($"{arg} needs a value.");
            portsGiven |= arg is "--http-port" or "--mqtt-port" or "--wrist-port";
            options = arg switch
            {
                "--service" => options with { Service = value },
                "--homes" => options with { Homes = Number(arg, value, 1, 200) },
                "--mode" => options with
                {
                    IsDaily = value == "daily" || (value == "guard"
                    ? false : throw new SimulationException($"--mode is guard or daily, not {value}."))
                },
                "--data" => options with { Data = Folder(value) },
                "--http-port" => options with { HttpPort = Number(arg, value, 0, 65535) },
                "--mqtt-port" => options with { MqttPort = Number(arg, value, 0, 65535) },
                "--wrist-port" => options with { WristPort = Number(arg, value, 0, 65535) },
                "--json" => options with { Json = value },
                "--seed" => options with { Seed = Number(arg, value, 0, int.MaxValue) },
                "--rounds" => options with { Rounds = Number(arg, value, 1, 10_000) },
                "--minutes" => options with { Minutes = Number(arg, value, 5, 10_080) },
                _ => throw new SimulationException($"There is no option {arg}; ./dev help lists them."),
            };
        }

        // Whoever looks at a screen wants the same links every time; a judge wants to run beside anything else.
        if (!portsGiven && (options.IsOnce || words.FirstOrDefault() == "bench"))
        {
            options = options with { HttpPort = 0, MqttPort = 0, WristPort = 0 };
        }

        return options with { Words = words };
    }

    private static int Number(string name, string value, int min, int max) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min
            && number <= max
            ? number
            : throw new SimulationException($"{name} is a number from {min} to {max}, not {value}.");

    private static string Folder(string path) => Directory.Exists(path)
        ? Path.GetFullPath(path)
        : throw new SimulationException(
            $"There is no folder {path}: --data wants one with falls/ and ppg/, as docs/simulator.md describes.");
}
