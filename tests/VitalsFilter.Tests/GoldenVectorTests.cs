using System.Text.Json;
using ElderBand.Simulator.Signals;
using ElderBand.VitalsFilter;

namespace ElderBand.Tests.VitalsFilter;

/// <summary>
/// Samples in, every number out, as data: what the .NET runtime computes here the device's interpreter must compute too.
/// After a wanted change, set ELDERBAND_WRITE_VECTORS to the source folder Vectors, run once, and read the difference.
/// </summary>
public sealed class GoldenVectorTests
{
    public sealed record FallEvent(int Sample, int Verdict, int Margin, int[] Features);

    public sealed record FallVector(int RateHz, int[][] Samples, FallEvent[] Events);

    public sealed record HeartEstimate(int Sample, int BpmX10, int Confidence, int Refusal, int Spo2X10, int RatioX1000);

    public sealed record HeartVector(int RateHz, int Channels, int[][] Samples, HeartEstimate[] Estimates);

    [Theory]
    [InlineData(25)]
    [InlineData(50)]
    public void Falls_are_judged_bit_for_bit_as_recorded(int rateHz)
    {
        var name = $"fall_{rateHz}hz.json";
        var motion = SyntheticMotion.FallSequence(rateHz, 11, 7000);
        var vector = ReadOr(name, () => new FallVector(rateHz, [.. Enumerable.Range(0, 14 * rateHz).Select(_ => motion.Next()).Select(static s => new[] { s.X, s.Y, s.Z })], []));
        var detector = new FallDetector(vector.RateHz);
        var events = new List<FallEvent>();
        for (var i = 0; i < vector.Samples.Length; i++)
        {
            var verdict = detector.Push(vector.Samples[i][0], vector.Samples[i][1], vector.Samples[i][2]);
            if (detector.EventCount > events.Count)
            {
                events.Add(new FallEvent(i, (int)verdict, detector.LastMargin, [.. detector.LastFeatures]));
            }
        }

        events.ShouldNotBeEmpty();
        Check(name, vector with { Events = [.. events] }, vector);
    }

    [Theory]
    [InlineData(25, 1)]
    [InlineData(50, 2)]
    [InlineData(64, 3)]
    public void Heart_rates_are_estimated_bit_for_bit_as_recorded(int rateHz, int channels)
    {
        var name = $"heart_{rateHz}hz_{channels}.json";
        var ppg = new SyntheticPpg(rateHz, 11) { Bpm = 71.5, Spo2 = 94 };
        var vector = ReadOr(name, () => new HeartVector(rateHz, channels, [.. Enumerable.Range(0, 11 * rateHz).Select(_ => ppg.Next()).Select(static s => new[] { s.Red, s.Ir, s.Green })], []));
        var heart = new HeartRate(vector.RateHz, vector.Channels);
        var estimates = new List<HeartEstimate>();
        for (var i = 0; i < vector.Samples.Length; i++)
        {
            heart.Push(vector.Samples[i][0], vector.Samples[i][1], vector.Samples[i][2]);
            if ((i + 1) % vector.RateHz == 0)
            {
                heart.TryEstimate();
                estimates.Add(new HeartEstimate(i, heart.BpmX10, heart.Confidence, (int)heart.Refusal, heart.Spo2X10, heart.RatioX1000));
            }
        }

        estimates.ShouldContain(static e => e.BpmX10 > 0);
        Check(name, vector with { Estimates = [.. estimates] }, vector);
    }

    private static T ReadOr<T>(string name, Func<T> make) =>
        Folder is null ? JsonSerializer.Deserialize<T>(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Vectors", name)))! : make();

    private static void Check<T>(string name, T computed, T recorded)
    {
        if (Folder is not null)
        {
            File.WriteAllText(Path.Combine(Folder, name), JsonSerializer.Serialize(computed) + "\n");
            return;
        }

        JsonSerializer.Serialize(computed).ShouldBe(JsonSerializer.Serialize(recorded));
    }

    private static string? Folder => Environment.GetEnvironmentVariable("ELDERBAND_WRITE_VECTORS");
}
