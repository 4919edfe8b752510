using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using ElderBand.BandProtocol;
using ElderBand.Simulation;
using Iot.Device.Max30102;

namespace ElderBand.Tests.Wristband;

/// <summary>
/// The table of hardware/wristband/README.md: currents of datasheets (energy.json) times the shares of a virtual Daily
/// day. The shares are measured here, so a change of the firmware changes the table, and the promise with it.
/// </summary>
public sealed partial class EnergyTests
{
    private static readonly string Folder = Path.Combine(Root(), "hardware/wristband");
    private static readonly JsonElement Figures = JsonDocument.Parse(
        File.ReadAllText(Path.Combine(Folder, "energy.json"))).RootElement;

    [Fact]
    public void The_days_on_one_charge_are_what_the_hardware_table_says()
    {
        var day = Measure();
        TestContext.Current.TestOutputHelper?.WriteLine(day.ToString());
        string[] rows =
        [
            $"| radio on | {Percent(day.RadioShare)} | {Percent(day.RadioShare)} |",
            $"| pulse LEDs on | {Percent(day.LedShare)} | {Percent(day.LedShare)} |",
            $"| chip busy, radio off | {Percent(Busy(day, 0))} | {Percent(Busy(day, 1))} |",
            $"| always on | {Ma(Always)} | {Ma(Always)} |",
            $"| light sleep | {Ma(LightSleep(day, 0))} | {Ma(LightSleep(day, 1))} |",
            $"| radio | {Ma(Radio(day, 0))} | {Ma(Radio(day, 1))} |",
            $"| chip busy | {Ma(Busy(day, 0) * Figure("busyMa", 0))} | {Ma(Busy(day, 1) * Figure("busyMa", 1))} |",
            $"| pulse sensor | {Ma(Pulse(day, 0))} | {Ma(Pulse(day, 1))} |",
            $"| together | {Ma(Sum(day, 0))} | {Ma(Sum(day, 1))} |",
            $"| days on {Figures.GetProperty("usableMah").GetDouble():0} mAh | {Days(day, 0)} | {Days(day, 1)} |",
        ];
        var table = Path.Combine(Folder, "README.md");
        var days = $"**{Days(day, 1)}-{Days(day, 0)} ";
        string[] promises = [Path.Combine(Root(), "README.md"), Path.Combine(Root(), "README.zh-CN.md")];
        if (Environment.GetEnvironmentVariable("ELDERBAND_WRITE_ENERGY") == "1")
        {
            Rewrite(table, rows.Select(row => (Begin(row), row)));
            foreach (var promise in promises)
                File.WriteAllText(promise, PromisedDays().Replace(File.ReadAllText(promise), days));
        }

        const string how =
            "ELDERBAND_WRITE_ENERGY=1 with this test writes the rows and the days in both READMEs; read what else they "
                + "say";
        var written = File.ReadAllLines(table);
        rows.Where(
            row => !Agree(row, written.FirstOrDefault(line => line.StartsWith(Begin(row), StringComparison.Ordinal))))
            .ShouldBeEmpty(how);
        promises.Where(promise => !Agree(days, PromisedDays().Match(File.ReadAllText(promise)).Value))
            .ShouldBeEmpty(how);
    }

    [Theory]
    [InlineData("| radio | 1.64 mA | 1.64 mA |", "| radio | 1.70 mA | 1.60 mA |", true)]
    [InlineData("| radio | 1.64 mA | 1.64 mA |", "| radio | 1.64 mA | 1.90 mA |", false)]
    [InlineData("| radio on | 0.9 % | 0.9 % |", "| radio on | 2.2 % | 2.2 % |", false)]
    [InlineData("**2.2-4.7 ", "**2.3-4.8 ", true)]
    [InlineData("**2.2-4.7 ", "**2.2-5.3 ", false)]
    [InlineData("| radio | 1.64 mA | 1.64 mA |", null, false)]
    public void A_figure_agrees_within_7_percent(string computed, string? written, bool agrees) =>
        Agree(computed, written).ShouldBe(agrees);

    // A figure that a change of the firmware moves by less than what the datasheets leave open needs no new table.
    private static bool Agree(string computed, string? written)
    {
        double[] Numbers(string text) =>
            [.. Number().Matches(text).Select(match => double.Parse(match.Value, CultureInfo.InvariantCulture))];
        var (ours, theirs) = (Numbers(computed), Numbers(written ?? ""));
        return ours.Length == theirs.Length
            && ours.Zip(theirs).All(pair => Math.Abs(pair.First - pair.Second) <= Math.Max(0.1, 0.07 * pair.First));
    }

    private static string Begin(string row) => row[..(row.IndexOf('|', 2) + 1)];

    private static void Rewrite(string path, IEnumerable<(string Begin, string Row)> rows)
    {
        // The table of results comes first in the file; the table of currents below has rows of the same names.
        var lines = File.ReadAllLines(path);
        foreach (var (begin, row) in rows)
            lines[Array.FindIndex(lines, line => line.StartsWith(begin, StringComparison.Ordinal))] = row;
        File.WriteAllText(path, string.Join('\n', lines) + "\n");
    }

    private static double Always =>
        Figures.GetProperty("alwaysOnMa").EnumerateObject().Sum(part => part.Value.GetDouble());

    private static Day Measure()
    {
        var world = new BandRig(guard: false);
        world.Power.IsExternal = false;
        world.Boot();
        world.RunFor(60_000);
        world.Band.Mode.ShouldBe(BandMode.Daily);
        IlCounter.IsThere.ShouldBeTrue();
        const long LengthMs = 6 * 3_600_000L;
        var (conversions, began, il) = (world.PpgChip.Conversions, world.Now, IlCounter.Executed());
        long onMs = 0, steps = 0, last = began;
        world.RunUntil(
            () =>
            {
                steps++;
                onMs += world.Advertising || world.LinkUp ? world.Now - last : 0;
                last = world.Now;
                return world.Now >= began + LengthMs;
            },
            LengthMs);
        world.Band.Mode.ShouldBe(BandMode.Daily);
        return new Day(
            onMs / (double)LengthMs,
            (world.PpgChip.Conversions - conversions) / (LengthMs / 1000.0 * Max30102.ConversionsHz),
            (IlCounter.Executed() - il) / (LengthMs / 1000.0),
            steps / (LengthMs / 1000.0));
    }

    // Of the time with the radio off: the chip is awake all the time that the radio is on.
    private static double Busy(Day day, int worst) =>
        ((day.IlPerSecond * Figure("nsPerIl", worst) * 1e-9)
            + (day.StepsPerSecond * Figure("wakeMs", worst) * 1e-3)) * (1 - day.RadioShare);

    private static double LightSleep(Day day, int worst) =>
        Figure("lightSleepMa", worst) * (1 - day.RadioShare - Busy(day, worst));

    private static double Radio(Day day, int worst) => day.RadioShare * Figure("radioMa", worst);

    private static double Pulse(Day day, int worst) => day.LedShare * Figure("pulseMa", worst);

    private static double Sum(Day day, int worst) =>
        Always + LightSleep(day, worst) + Radio(day, worst) + (Busy(day, worst) * Figure("busyMa", worst))
            + Pulse(day, worst);

    private static string Days(Day day, int worst) =>
        (Figures.GetProperty("usableMah").GetDouble() / Sum(day, worst) / 24)
            .ToString("0.0", CultureInfo.InvariantCulture);

    private static double Figure(string name, int worst) => Figures.GetProperty(name)[worst].GetDouble();

    private static string Ma(double ma) => ma.ToString("0.00", CultureInfo.InvariantCulture) + " mA";

    private static string Percent(double share) => (share * 100).ToString("0.0", CultureInfo.InvariantCulture) + " %";

    private static string Root([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../.."));

    [GeneratedRegex(@"\*\*\d\.\d-\d+\.\d ")]
    private static partial Regex PromisedDays();

    [GeneratedRegex(@"\d+(?:\.\d+)?")]
    private static partial Regex Number();

    private sealed record Day(double RadioShare, double LedShare, double IlPerSecond, double StepsPerSecond);
}
