using System.Text;
using System.Text.Json;
using ElderBand.VitalsFilter.DeviceTests;

namespace ElderBand.Tests.VitalsFilter;

/// <summary>
/// Every number that comes out of the filters, as data: what the .NET runtime computes here, the device's interpreter
/// must compute too (tests/VitalsFilter.DeviceTests replays the same signals against the same numbers). After a wanted
/// change, <c>./dev vectors</c> writes both files anew; read the difference.
/// </summary>
public sealed class GoldenVectorTests
{
    private const string Json = "tests/VitalsFilter.Tests/Vectors/filters.json";
    private const string DeviceTable = "tests/VitalsFilter.DeviceTests/FilterVectors.cs";

    public static TheoryData<int> Replays { get; } = [.. Enumerable.Range(0, Replay.Names.Length)];

    static GoldenVectorTests()
    {
        if (Environment.GetEnvironmentVariable("ELDERBAND_WRITE_VECTORS") == "1")
        {
            Write();
        }
    }

    [Theory]
    [MemberData(nameof(Replays))]
    public void The_filters_compute_bit_for_bit_what_is_recorded(int index) =>
        Replay.Run(index).ShouldBe(
            Recorded()[Replay.Names[index]], Replay.Names[index] + ": after a wanted change run ./dev vectors");

    [Fact]
    public void The_device_has_the_same_vectors() =>
        File.ReadAllText(At(DeviceTable)).ReplaceLineEndings("\n").ShouldBe(Table(Recorded()), "run ./dev vectors");

    [Fact]
    public void The_vectors_hold_reported_falls_rates_and_oxygen()
    {
        var recorded = Recorded();
        recorded.Keys.ShouldBe(Replay.Names);
        foreach (var name in Replay.Names.Where(static n => n.StartsWith("falls", StringComparison.Ordinal)))
        {
            recorded[name][1].ShouldBe(2, "the first verdict is a suspicion");
        }

        foreach (var name in Replay.Names.Where(static n =>
            n.StartsWith("heart", StringComparison.Ordinal) && !n.EndsWith("motion", StringComparison.Ordinal)))
        {
            recorded[name].Chunk(6).Count(static estimate => estimate[0] > 0).ShouldBeGreaterThan(3, name);
            recorded[name].Chunk(6).Any(static estimate => estimate[4] > 0)
                .ShouldBe(!name.Contains("1 channel", StringComparison.Ordinal), name);
        }

        recorded["activity at 25 Hz"][0].ShouldBeGreaterThan(10);
        recorded["wear"].ShouldContain(2);
    }

    [Theory]
    [InlineData("heart at 25 Hz, red and infrared, means of two", "heart at 50 Hz, 2 channels")]
    [InlineData("heart at 25 Hz, with green, means of two", "heart at 50 Hz, 3 channels")]
    public void Averaging_two_samples_in_the_chip_changes_no_rate_by_more_than_a_tenth(string averaged, string single)
    {
        var recorded = Recorded();
        foreach (var (half, whole) in recorded[averaged].Chunk(6).Zip(recorded[single].Chunk(6)))
        {
            Math.Abs(half[0] - whole[0]).ShouldBeLessThanOrEqualTo(1, "bpm x10");
            Math.Abs(half[2] - whole[2]).ShouldBeLessThanOrEqualTo(10, "confidence");
            half[3].ShouldBe(whole[3], "refusal");
            half[4].ShouldBe(whole[4], "oxygen");
            Math.Abs(half[5] - whole[5]).ShouldBeLessThanOrEqualTo(3, "ratio of ratios");
        }
    }

    private static void Write()
    {
        var computed = Enumerable.Range(0, Replay.Names.Length)
            .ToDictionary(static i => Replay.Names[i], Replay.Run, StringComparer.Ordinal);
        var json = new StringBuilder("{\n");
        json.AppendJoin(",\n", computed.Select(static v => $"  \"{v.Key}\": [{string.Join(',', v.Value)}]"))
            .Append("\n}\n");
        File.WriteAllText(At(Json), json.ToString());
        File.WriteAllText(At(DeviceTable), Table(computed));
    }

    private static Dictionary<string, int[]> Recorded() =>
        JsonSerializer.Deserialize<Dictionary<string, int[]>>(File.ReadAllText(At(Json)))!;

    private static string Table(Dictionary<string, int[]> vectors)
    {
        var text = new StringBuilder("""
            namespace ElderBand.VitalsFilter.DeviceTests
            {
                /// <summary>The same numbers as tests/VitalsFilter.Tests/Vectors/filters.json; written by ./dev vectors.</summary>
                public static class FilterVectors
                {
                    /// <summary>What each replay of <see cref="Replay.Names"/> gives.</summary>
                    public static readonly int[][] Expected =
                    {

            """.ReplaceLineEndings("\n"));
        foreach (var (name, numbers) in vectors)
        {
            text.Append($"            // {name}\n            new int[]\n            {{\n");
            foreach (var line in numbers.Chunk(12))
            {
                text.Append("                ").AppendJoin(", ", line).Append(",\n");
            }

            text.Append("            },\n");
        }

        return text.Append("        };\n    }\n}\n").ToString();
    }

    private static string At(string path)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "ElderBand.sln")))
        {
            folder = folder.Parent
                ?? throw new InvalidOperationException("ElderBand.sln is in no folder above this test");
        }

        return Path.Combine(folder.FullName, path);
    }
}
