using System.Globalization;
using ElderBand.Simulation;

namespace ElderBand.Simulator.Swarm;

/// <summary>
/// What the command line of <c>./dev sim SEED</c> and <c>./dev sim --swarm N</c> says.
/// </summary>
public sealed record SwarmOptions
{
    /// <summary>First seed.</summary>
    public int Seed { get; private init; } = 1;

    /// <summary>Worlds; null: one, with its log.</summary>
    public int? Worlds { get; private init; }

    /// <summary>Kinds of faults that the plans may draw.</summary>
    public IReadOnlySet<FaultKind> Kinds { get; private init; } = Enum.GetValues<FaultKind>().ToHashSet();

    /// <summary>Reads the words after <c>sim</c>.</summary>
    /// <exception cref="SimulationException">Something in it is not understood.</exception>
    public static SwarmOptions Parse(IReadOnlyList<string> args)
    {
        var options = new SwarmOptions();
        var hasSeed = false;
        for (var i = 0; i < args.Count; i++)
        {
            if (!args[i].StartsWith("--", StringComparison.Ordinal))
            {
                options = options with { Seed = Number("the seed", args[i]) };
                hasSeed = true;
                continue;
            }

            var value = i + 1 < args.Count ? args[i + 1] : throw new SimulationException($"{args[i]} needs a value.");
            options = args[i++] switch
            {
                "--swarm" => options with { Worlds = Number("--swarm", value) },
                "--from" => options with { Seed = Number("--from", value) },
                "--only" => options with { Kinds = Named(value) },
                "--without" => options with { Kinds = options.Kinds.Except(Named(value)).ToHashSet() },
                var other => throw new SimulationException(
                    $"./dev sim knows no {other}; it knows --swarm N, --from SEED, --only and --without KIND,KIND, and "
                    + "with --days what ./dev help lists."),
            };
        }

        return hasSeed || options.Worlds is not null
            ? options
            : throw new SimulationException("./dev sim wants a seed, a whole number: ./dev sim 42, or --swarm N");
    }

    private static int Number(string what, string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new SimulationException($"{what} is a whole number, not {text}.");

    private static HashSet<FaultKind> Named(string text) =>
    [
        .. text.Split(',').Select(static name => Enum.TryParse<FaultKind>(name, out var kind)
            ? kind
            : throw new SimulationException(
                $"There is no fault {name}; there are {string.Join(", ", Enum.GetNames<FaultKind>())}.")),
    ];
}
