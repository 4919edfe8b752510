using System.Globalization;
using System.Text.RegularExpressions;

namespace ElderBand.Tests.DeviceContract;

/// <summary>
/// The watchdog's times in hardware/README.md are those of the parts in bom.csv, and the firmware respects them.
/// </summary>
public partial class WatchdogTests
{
    private const double LongestBiteS = 7.4;

    // The longest time between two feeds in Daily: one batch of the accelerometer.
    private const double FeedPeriodS = 0.8;
    private const double LeakageA = 50e-9;
    private const double PinOhm = 50;

    private static readonly string Readme = File.ReadAllText(Path.Combine(Repository.Root, "hardware/README.md"));
    private static readonly string Parts = File.ReadAllText(
        Path.Combine(Repository.Root, "hardware/wristband/bom.csv"));

    [Fact]
    public void P08_the_band_keeps_its_watchdog_on_in_light_sleep_for_longer_than_a_bite_and_a_feed_period()
    {
        double r = Value("R6"), c = Value("C4");
        var shortest = Hold(r * 0.99, c * 0.95 * 0.98 * 0.997, 3.20, 0.80, LeakageA);
        var typical = Hold(r, c, 3.30, 0.50, 0);
        var longest = Hold(r * 1.01, c * 1.05 * 1.02, 3.37, 0.25, -LeakageA);
        Row("SET1 stays high after the chip lets go").ShouldBe([Seconds(shortest), Seconds(typical), Seconds(longest)]);
        shortest.ShouldBeGreaterThan(LongestBiteS + FeedPeriodS);
        longest.ShouldBeLessThan(20);
    }

    [Fact]
    public void The_band_switches_its_watchdog_off_before_deep_sleep()
    {
        double r = Value("R9") + PinOhm, c = Value("C4");
        var typical = r * c * Math.Log(3.30 / 0.25);
        var longest = ((Value("R9") * 1.01) + PinOhm) * c * 1.05 * 1.02 * Math.Log(3.37 / 0.25);
        Row("SET1 is low after the firmware drives it low")
            .ShouldBe(["-", Milliseconds(typical), Milliseconds(longest)]);

        var power = File.ReadAllText(Path.Combine(Repository.Root, "firmware/Wristband/Board/BandPower.cs"));
        var waitMs = int.Parse(WatchdogOff().Match(power).Groups["ms"].Value, CultureInfo.InvariantCulture);
        waitMs.ShouldBeGreaterThan((int)(longest * 1000) * 5);
        waitMs.ShouldBeLessThanOrEqualTo(200);
        power.ShouldContain("_watchdogEnable.Write(false);\n            Thread.Sleep(WatchdogOffMs);");
    }

    [Theory]
    [InlineData("wristband", "C3", 8)]
    [InlineData("home hub", "C2", 60)]
    public void P08_the_watchdog_bites_within_its_time(string device, string capacitor, double limitS)
    {
        var parts = File.ReadAllText(Path.Combine(
            Repository.Root, device == "wristband" ? "hardware/wristband/bom.csv" : "hardware/hub/bom.csv"));
        var nF = Value(capacitor, parts) * 1e9;
        double Time(double part, double chip) => ((77.4e-3 * nF * part) + 0.055) * chip;
        var digits = device == "wristband" ? "0.0" : "0";
        Row($"{device} | {nF:0} nF").ShouldBe([

            Time(0.95, 0.905).ToString(digits, CultureInfo.InvariantCulture) + " s",
            Time(1, 1).ToString(digits, CultureInfo.InvariantCulture) + " s",
            Time(1.05, 1.095).ToString(digits, CultureInfo.InvariantCulture) + " s"]);
        Time(1.05, 1.095).ShouldBeLessThan(limitS);
    }

    [Theory]
    [InlineData("R6,1,x,470k,", "R6", 470e3)]
    [InlineData("\"R5, R6\",2,x,2.2k,", "R6", 2.2e3)]
    [InlineData("C4,1,x,82 nF,", "C4", 82e-9)]
    [InlineData("C4,1,x,4.7 µF,", "C4", 4.7e-6)]
    [InlineData("R9,1,x,330,", "R9", 330)]
    public void The_value_of_a_part_is_read_from_the_list(string row, string part, double expected) =>
        Value(part, "ref,quantity,description,value\n" + row + "\n").ShouldBe(expected, expected * 1e-9);

    /// <summary>
    /// Seconds until a capacitor that a resistor empties has fallen from v0 to v1; a positive current helps to empty
    /// it.
    /// </summary>
    private static double Hold(double ohm, double farad, double v0, double v1, double ampere) =>
        ohm * farad * Math.Log((v0 + (ampere * ohm)) / (v1 + (ampere * ohm)));

    private static string Seconds(double s) => s.ToString("0.0", CultureInfo.InvariantCulture) + " s";

    private static string Milliseconds(double s) => (s * 1000).ToString("0", CultureInfo.InvariantCulture) + " ms";

    /// <summary>The first three cells behind what a row of hardware/README.md begins with.</summary>
    private static string[] Row(string begin)
    {
        var row = Readme.Split('\n').Single(line => line.StartsWith($"| {begin} |", StringComparison.Ordinal));
        return row[$"| {begin} |".Length..].Split('|', StringSplitOptions.TrimEntries)[..3];
    }

    private static double Value(string part, string? parts = null)
    {
        var row = (parts ?? Parts).Split('\n')
            .First(line =>
                Regex.IsMatch(line, $"^\"?(?:[A-Z]+\\d+, )*{part}[,\"]", RegexOptions.None, TimeSpan.FromSeconds(1)));
        var value = PartValue().Match(row);
        var number = double.Parse(value.Groups["number"].Value, CultureInfo.InvariantCulture);
        return value.Groups["unit"]
            .Value switch
        { "k" => number * 1e3, "µF" => number * 1e-6, "nF" => number * 1e-9, _ => number };
    }

    // The third field behind the designators: quantity, description, value.
    [GeneratedRegex("^(?:\"[^\"]*\"|[^,]*),[^,]*,[^,]*,(?<number>[0-9.]+) ?(?<unit>k|µF|nF)?,")]
    private static partial Regex PartValue();

    [GeneratedRegex(@"const int WatchdogOffMs = (?<ms>\d+);")]
    private static partial Regex WatchdogOff();
}
