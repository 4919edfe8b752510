using System.Globalization;

namespace ElderBand.Tests.DeviceContract;

/// <summary>The press latch's times in hardware/README.md are those of the parts in bom.csv.</summary>
public partial class WatchdogTests
{
    private const double KeyRatio = 10.0 / 11.0;
    private const double RatioError = 0.0072;
    private const double LevelError = 0.006;

    [Fact]
    public void P49_the_latch_is_set_by_50_ms_of_contact_and_never_by_30_ms()
    {
        (Value("R1") / (Value("R1") + Value("R2"))).ShouldBe(KeyRatio, 1e-9);
        (Value("R17") / (Value("R16") + Value("R17"))).ShouldBe(0.5, 1e-9);
        double charge = Value("R13") * Value("C5"), fall = Value("R1") * Value("C1"), rise = Value("R2") * Value("C1");
        (double Charge, double Rise, double Level, double Half)[] cases =
        [
            (charge * 0.99 * 0.95 * 0.98, 0, KeyRatio + LevelError, 0.5 - RatioError),
            (charge, rise, KeyRatio, 0.5),
            (charge * 1.01 * 1.05 * 1.02, rise * 1.1, KeyRatio - LevelError, 0.5 + RatioError),
        ];
        double[] set = [.. cases.Select(c => c.Rise + (c.Charge * Math.Log(c.Level / (c.Level - c.Half))))];
        Row("the latch is set by a contact of").ShouldBe([.. set.Select(Milliseconds)]);
        set[2].ShouldBeLessThan(0.050);

        double[] tap = [.. cases.Select(c => Tap(0.030, c.Charge, fall * 1.11, c.Level) / c.Half)];
        Row("C5 after a contact of 30 ms, of what sets the latch").ShouldBe(
            [.. tap.Select(part => (part * 100).ToString("0", CultureInfo.InvariantCulture) + " %")]);
        tap.Max().ShouldBeLessThan(1);
    }

    [Fact]
    public void P49_the_clear_line_empties_the_latch_within_the_boards_wait()
    {
        var typical = (Value("R15") + PinOhm) * Value("C5") * Math.Log(3.0 / 0.2);
        var longest = ((Value("R15") * 1.01) + PinOhm) * Value("C5") * 1.07 * Math.Log(3.1 / 0.2);
        Row("C5 is empty after the clear line goes high").ShouldBe(["-", Tenths(typical), Tenths(longest)]);
        File.ReadAllText(Path.Combine(Repository.Root, "firmware/Wristband/Board/PressLatch.cs"))
            .ShouldContain("ClearMs = 2;");
    }

    /// <summary>Highest voltage on C5 after a contact, as a fraction of the supply voltage.</summary>
    private static double Tap(double contactS, double charge, double fall, double level)
    {
        const double step = 1e-5;
        double held = 0, highest = 0;
        for (double at = 0; at < contactS + 0.05; at += step)
        {
            var line = at < contactS ? level : level * Math.Exp(-(at - contactS) / fall);
            held += (line - held) / charge * step;
            highest = Math.Max(highest, held);
        }

        return highest;
    }

    private static string Tenths(double s) => (s * 1000).ToString("0.0", CultureInfo.InvariantCulture) + " ms";
}
