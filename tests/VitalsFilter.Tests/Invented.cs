using ElderBand.Simulation.Signals;
using ElderBand.VitalsFilter;

namespace ElderBand.Tests.VitalsFilter;

/// <summary>Invented signals for the filter of heart rate and oxygen.</summary>
internal static class Invented
{
    /// <summary>A number of the normal distribution with mean 0 and deviation 1.</summary>
    public static double Gauss(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(Math.Tau * random.NextDouble());

    /// <summary>What the filter says of an invented pulse, every 2 s; rates in bpm, saturation in percent.</summary>
    public static List<(double Bpm, int Confidence, HeartRefusal Refusal, double Spo2)> Estimates(
        HeartRate heart, SyntheticPpg ppg, int rateHz, int seconds)
    {
        var estimates = new List<(double, int, HeartRefusal, double)>();
        for (var i = 0; i < seconds * rateHz; i++)
        {
            var (red, ir, green) = ppg.Next();
            heart.Push(red, ir, green);
            if ((i + 1) % (2 * rateHz) == 0)
            {
                heart.TryEstimate();
                estimates.Add((heart.BpmX10 / 10.0, heart.Confidence, heart.Refusal, heart.Spo2X10 / 10.0));
            }
        }

        return estimates;
    }
}
