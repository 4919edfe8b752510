using ElderBand.Simulation.Signals;
using ElderBand.VitalsFilter;
using static ElderBand.Tests.VitalsFilter.Invented;

namespace ElderBand.Tests.VitalsFilter;

/// <summary>The oxygen saturation of an invented pulse.</summary>
public sealed class OxygenTests
{
    [Fact]
    public void Red_times_infrared_does_not_overflow_at_full_level()
    {
        var heart = new HeartRate(125, 2);
        var ppg = new SyntheticPpg(125, 3) { RedLevel = 250_000, IrLevel = 255_000, Perfusion = 0.02, Spo2 = 95 };
        Estimates(heart, ppg, 125, 60).Where(static e => e.Spo2 > 0)
            .ShouldAllBe(static e => Math.Abs(e.Spo2 - 95) <= 1);
        heart.Spo2X10.ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData(62)]
    [InlineData(66)]
    public void Spo2_under_70_is_refused(double spo2)
    {
        Estimates(new HeartRate(100, 2), new SyntheticPpg(100, 6) { Spo2 = spo2, Perfusion = 0.02 }, 100, 60)
            .ShouldAllBe(static e => e.Spo2 == 0);
    }

    [Theory]
    [InlineData(80)]
    [InlineData(90)]
    [InlineData(97)]
    public void Spo2_of_an_invented_pulse_comes_back_in_whole_percent(double spo2)
    {
        var estimates = Estimates(
            new HeartRate(100, 2), new SyntheticPpg(100, 8) { Spo2 = spo2, Perfusion = 0.02 }, 100, 60);
        var reported = estimates.Where(static e => e.Spo2 > 0).ToList();
        reported.Count.ShouldBeGreaterThan(15);
        reported.ShouldAllBe(e => Math.Abs(e.Spo2 - spo2) <= 1.5 && e.Spo2 == Math.Round(e.Spo2));
    }

    [Fact]
    public void A_camera_follows_the_red_level_down_to_90_and_says_nothing_below_and_nothing_at_first()
    {
        var ppg = new SyntheticPpg(30, 36) { Bpm = 66, Perfusion = 0.02 };
        var heart = new HeartRate(30, 1);
        heart.ConfigureOptics(0, true);
        heart.ConfigureOxygenTrend(36_500, 61_000, 0);
        var seen = new List<(double Level, int Spo2X10)>();
        for (var i = 0; i < 30 * 400; i++)
        {
            var level = i < 30 * 100 ? 1 : 1 - (0.2 * (i - 3000) / 9000.0);
            heart.Push((int)(ppg.Next().Red * level), 0, 0);
            if (i % 60 == 59)
            {
                heart.TryEstimate();
                seen.Add((level, heart.Spo2X10));
            }
        }

        seen.Take(12).ShouldAllBe(static s => s.Spo2X10 == 0);
        seen.Skip(20).Take(28).ShouldAllBe(static s => s.Spo2X10 >= 970 && s.Spo2X10 <= 980);
        seen.Where(static s => s.Level is < 0.93 and > 0.9)
            .ShouldAllBe(static s => s.Spo2X10 >= 910 && s.Spo2X10 <= 950);
        seen.Where(static s => s.Level < 0.84).ShouldAllBe(static s => s.Spo2X10 == 0);
    }
}
