using System.Globalization;
using ElderBand.Simulation;

namespace ElderBand.Simulator.Stories.Days;

/// <summary>What <c>./dev sim SEED --days N</c> plays.</summary>
/// <param name="Seed">Of the world and of everything that happens in it.</param>
/// <param name="Days">Virtual days.</param>
/// <param name="NsPerIl">Time of one IL instruction, ns.</param>
/// <param name="FromDay">Days that band and hub have been up when the world begins.</param>
/// <param name="FromSequence">Next sequence of the band's two lanes when the world begins.</param>
/// <param name="FromBoot">Boot count stored in band and hub when the world begins.</param>
/// <param name="NotesMethods">Also show what the costliest steps executed.</param>
/// <param name="JsonFile">Where the outcome goes as well; null: nowhere.</param>
public sealed record DaysOptions(
    int Seed, int Days, int NsPerIl, int FromDay, int FromSequence, int FromBoot, bool NotesMethods, string? JsonFile)
{
    /// <summary>How the command is used.</summary>
    public const string Usage =
        "./dev sim SEED --days N [--ns-per-il N] [--from day:193,sequence:0xFE00,boot:0xFFFF] "
        + "[--methods] [--json FILE]";

    private const int MostDays = 3660;
    private const int MostNs = 100_000;
    private const int MostUptimeDays = 10_000;

    /// <summary>Reads the words after <c>sim</c>.</summary>
    public static DaysOptions Parse(IReadOnlyList<string> words)
    {
        var seed = Number(words.ElementAtOrDefault(0), "SEED", int.MaxValue);
        var options = new DaysOptions(seed, 0, 0, 0, 0, 0, false, null);
        for (var i = 1; i < words.Count; i += 2)
        {
            if (words[i] == "--methods")
            {
                options = options with { NotesMethods = true };
                i--;
                continue;
            }

            var value = words.ElementAtOrDefault(i + 1) ?? throw Wrong($"{words[i]} needs a value");
            options = words[i] switch
            {
                "--days" => options with { Days = Number(value, words[i], MostDays) },
                "--ns-per-il" => options with { NsPerIl = Number(value, words[i], MostNs) },
                "--json" => options with { JsonFile = value },
                "--from" => options.From(value),
                _ => throw Wrong($"'{words[i]}' is not known"),
            };
        }

        return options.Days > 0 ? options : throw Wrong("--days wants a number of days");
    }

    private DaysOptions From(string value)
    {
        var options = this;
        foreach (var part in value.Split(','))
        {
            var colon = part.IndexOf(':');
            var number = colon < 0 ? "" : part[(colon + 1)..];
            options = (colon < 0 ? "" : part[..colon]) switch
            {
                "day" => options with { FromDay = Number(number, part, MostUptimeDays) },
                "sequence" => options with { FromSequence = Number(number, part, 0xFFFF) },
                "boot" => options with { FromBoot = Number(number, part, 0xFFFFFF) },
                _ => throw Wrong($"--from knows day, sequence and boot, not '{part}'"),
            };
        }

        return options;
    }

    private static int Number(string? text, string what, int most)
    {
        var isHex = text?.StartsWith("0x", StringComparison.Ordinal) == true;
        var style = isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None;
        var digits = isHex ? text![2..] : text;
        return int.TryParse(digits, style, CultureInfo.InvariantCulture, out var number) && number <= most
            ? number
            : throw Wrong($"{what}: '{text}' is not a whole number up to {most}");
    }

    private static SimulationException Wrong(string what) => new($"{what}: {Usage}");
}
