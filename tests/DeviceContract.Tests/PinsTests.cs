using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ElderBand.Tests.DeviceContract;

/// <summary>
/// The pin map says what the code says, the parts are in the list, the picture shows them, and the chip allows it.
/// </summary>
public partial class PinsTests
{
    [Theory]
    [InlineData("hardware/wristband", "firmware/Wristband/Board/Pins.cs")]
    [InlineData("hardware/hub", "firmware/HomeHub/Board/Pins.cs")]
    public void The_pin_map_the_code_the_parts_and_the_picture_agree(string hardware, string pins)
    {
        var folder = Path.Combine(Repository.Root, hardware);
        Problems(
            File.ReadAllText(Path.Combine(folder, "pins.json")),
            File.ReadAllText(Path.Combine(Repository.Root, pins)),
            File.ReadAllText(Path.Combine(folder, "bom.csv")),
            File.ReadAllText(Path.Combine(folder, "wiring.svg"))).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("\"gpio\": 5", "\"gpio\": 6", "Key is GPIO5 in Pins.cs, GPIO6 in pins.json")]
    [InlineData("\"Key\"", "\"Knob\"", "Key is in Pins.cs only")]
    [InlineData("\"Key\"", "\"Knob\"", "Knob is in pins.json only")]
    [InlineData("SW1", "SW9", "SW9 is not in bom.csv")]
    [InlineData("\"active\": \"high\"", "\"active\": \"low\"", "Key wakes and is not active high")]
    [InlineData(
        "\"chip\": \"ESP32-S3\"", "\"chip\": \"ESP32\"", "Key wakes on GPIO5, which is no RTC line of an ESP32")]
    [InlineData("\"gpio\": 5", "\"gpio\": 46", "Key uses GPIO46, which an ESP32-S3 needs itself")]
    public void A_wrong_pin_map_is_refused(string text, string replacement, string complaint)
    {
        const string map = """
            { "board": "U1", "chip": "ESP32-S3",
              "lines": [{ "signal": "Key", "gpio": 5, "direction": "in", "active": "high", "wakes": true, "parts": ["SW1"] }] }
            """;
        const string code = "static class Pins { public const int Key = 5; }";
        const string parts =
            "ref,quantity,description,value,maker,part_number,note\nU1,1,board,x,maker,1,\nSW1,1,button,x,maker,2,\n";
        const string picture = "<svg><text>U1</text><text>SW1</text><text>GPIO5</text></svg>";
        Problems(map, code, parts, picture).ShouldBeEmpty();
        Problems(map.Replace(text, replacement, StringComparison.Ordinal), code, parts, picture)
            .ShouldContain(complaint);
    }

    [Theory]
    [InlineData("SW1,1,button,x,maker,,\n", "SW1 has no maker or part number in bom.csv")]
    [InlineData("SW1,2,button,x,maker,2,\n", "SW1: 2 pieces in bom.csv, 1 named")]
    [InlineData("SW1,1,button,x,maker,2,\nR1,1,resistor,x,maker,3,\n", "R1 is not in the picture")]
    public void A_wrong_parts_list_is_refused(string rows, string complaint)
    {
        const string map = """{ "board": "U1", "chip": "ESP32", "lines": [] }""";
        Problems(
            map,
            "static class Pins { }",
            "ref,quantity,description,value,maker,part_number,note\nU1,1,board,x,maker,1,\n" + rows,
            "<svg><text>U1</text><text>SW1</text></svg>").ShouldBe([complaint]);
    }

    [Fact]
    public void The_lines_that_wake_the_band_are_the_ones_its_code_enables()
    {
        var pins = Constants(File.ReadAllText(Path.Combine(Repository.Root, "firmware/Wristband/Board/Pins.cs")));
        var power = File.ReadAllText(Path.Combine(Repository.Root, "firmware/Wristband/Board/BandPower.cs"));
        power.ShouldContain($"KeyWake = Sleep.WakeupGpioPin.Pin{pins["Key"]};");
        power.ShouldContain($"MotionWake = Sleep.WakeupGpioPin.Pin{pins["MotionInterrupt"]};");
    }

    private static List<string> Problems(string map, string code, string partsList, string picture)
    {
        var problems = new List<string>();
        using var json = JsonDocument.Parse(map);
        var chip = json.RootElement.GetProperty("chip").GetString()!;
        var inCode = Constants(code);
        var parts = Parts(partsList, problems);
        var shown = Word().Matches(TextElement().Replace(picture, " $1 ")).Select(match => match.Value)
            .ToHashSet(StringComparer.Ordinal);
        foreach (var part in parts.Where(part => !shown.Contains(part)))
            problems.Add($"{part} is not in the picture");

        var seen = new HashSet<int>();
        foreach (var line in json.RootElement.GetProperty("lines").EnumerateArray())
        {
            var signal = line.GetProperty("signal").GetString()!;
            var gpio = line.GetProperty("gpio").GetInt32();
            var wakes = line.GetProperty("wakes").GetBoolean();
            if (!inCode.Remove(signal, out var number))
                problems.Add($"{signal} is in pins.json only");
            else if (number != gpio)
                problems.Add($"{signal} is GPIO{number} in Pins.cs, GPIO{gpio} in pins.json");
            if (!seen.Add(gpio))
                problems.Add($"GPIO{gpio} is used twice");
            if (wakes && line.GetProperty("active").GetString() != "high")
                problems.Add($"{signal} wakes and is not active high");
            if (wakes && !RtcLines(chip).Contains(gpio))
                problems.Add($"{signal} wakes on GPIO{gpio}, which is no RTC line of an {chip}");
            if (Reserved(chip).Contains(gpio))
                problems.Add($"{signal} uses GPIO{gpio}, which an {chip} needs itself");
            if (!shown.Contains($"GPIO{gpio}"))
                problems.Add($"GPIO{gpio} ({signal}) is not in the picture");
            problems.AddRange(line.GetProperty("parts").EnumerateArray()
                .Select(part => part.GetString()!)
                .Where(part => !parts.Contains(part))
                .Select(part => $"{part} is not in bom.csv"));
        }

        problems.AddRange(inCode.Keys.Select(signal => $"{signal} is in Pins.cs only"));
        return problems;
    }

    private static Dictionary<string, int> Constants(string code) =>
        CSharpSyntaxTree.ParseText(code, cancellationToken: TestContext.Current.CancellationToken)
            .GetRoot(TestContext.Current.CancellationToken)
            .DescendantNodes()
            .OfType<FieldDeclarationSyntax>()
            .SelectMany(field => field.Declaration.Variables)
            .ToDictionary(
                variable => variable.Identifier.Text,
                variable => int.Parse(variable.Initializer!.Value.ToString(), CultureInfo.InvariantCulture),
                StringComparer.Ordinal);

    /// <summary>Every reference designator of the list; a row may name several: "R2, R3".</summary>
    private static HashSet<string> Parts(string partsList, List<string> problems)
    {
        var all = new HashSet<string>(StringComparer.Ordinal);
        foreach (var row in partsList.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1))
        {
            var fields = Field().Matches(row).Select(match =>
                match.Groups["quoted"].Success ? match.Groups["quoted"].Value : match.Groups["plain"].Value).ToArray();
            var designators = fields[0].Split(',', StringSplitOptions.TrimEntries);
            foreach (var designator in designators)
                if (!all.Add(designator))
                    problems.Add($"{designator} is in bom.csv twice");
            if (int.Parse(fields[1], CultureInfo.InvariantCulture) != designators.Length)
                problems.Add($"{fields[0]}: {fields[1]} pieces in bom.csv, {designators.Length} named");
            if (fields[4].Length == 0 || fields[5].Length == 0)
                problems.Add($"{fields[0]} has no maker or part number in bom.csv");
        }

        return all;
    }

    // ESP32 datasheet, RTC_MUX; ESP32-S3 datasheet, RTC IO 0-21.
    private static IReadOnlySet<int> RtcLines(string chip) => chip == "ESP32-S3"
        ? Enumerable.Range(0, 22).ToHashSet()
        : new HashSet<int> { 0, 2, 4, 12, 13, 14, 15, 25, 26, 27, 32, 33, 34, 35, 36, 37, 38, 39 };

    // Flash, PSRAM, USB, serial console and the lines that are strapped at reset (3 on the S3 only chooses the JTAG
    // source).
    private static IReadOnlySet<int> Reserved(string chip) => chip == "ESP32-S3"
        ? new HashSet<int> { 0, 19, 20, 26, 27, 28, 29, 30, 31, 32, 45, 46 }
        : new HashSet<int> { 0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 15, 16, 17 };

    [GeneratedRegex("<text[^>]*>([^<]*)</text>|<[^>]*>")]
    private static partial Regex TextElement();

    [GeneratedRegex("[A-Z]+[0-9]+")]
    private static partial Regex Word();

    [GeneratedRegex("(?:^|,)(?:\"(?<quoted>[^\"]*)\"|(?<plain>[^,\"]*))", RegexOptions.ExplicitCapture)]
    private static partial Regex Field();
}
