using System.Text;
using ElderBand.VitalsFilter;

namespace ElderBand.Eval;

/// <summary>Fall trials through the band's detector.</summary>
public static class Falls
{
    // A worn band has been running for long before a trial begins and goes on after it. Nothing is known of those times: the
    // wrist holds the mean of the trial's first and last second, with 10 mg of noise. The hold after the end is long enough
    // for the long-lie check, so a weak suspicion in a daily activity costs a false alarm here as it would at home.
    private const int HoldBeforeMs = 15_000;
    private const int HoldAfterMs = 75_000;
    private const double HoldNoiseMg = 10;

    public static int Evaluate(Options options, TextWriter report)
    {
        var folder = options.Required("data");
        var outFile = options.Required("out");
        var rateHz = options.Number("rate", 50, 25, 50);
        return Batch.Run(Entry.ReadManifest(folder, report), report, outFile, "file,t_ms,kind,score", $"falls at {rateHz} Hz", entry =>
        {
            var rows = new StringBuilder();
            Play(folder, entry, rateHz, 0, (detector, verdict, ms) =>
            {
                if (verdict is FallVerdict.Suspected or FallVerdict.SuspectedLate)
                {
                    rows.Append($"{entry["file"]},{ms},suspected,{detector.LastScore}\n");
                }
            });
            return rows.ToString();
        });
    }

    public static int DumpFeatures(Options options, TextWriter report)
    {
        var folder = options.Required("data");
        var outFile = options.Required("out");
        var rateHz = options.Number("rate", 50, 25, 50);
        var phaseMs = options.Number("phase", 0);
        var header = "file,dataset,subject,age_group,activity_code,is_fall,onset_ms,impact_ms,rate_hz,phase_ms,t_ms,peak_ms,"
            + string.Join(',', Enumerable.Range(0, FallFeatures.Count).Select(static i => $"f{i}"));
        return Batch.Run(Entry.ReadManifest(folder, report), report, outFile, header, $"features at {rateHz} Hz", entry =>
        {
            var rows = new StringBuilder();
            var events = 0;
            Play(folder, entry, rateHz, phaseMs, (detector, _, ms) =>
            {
                if (detector.EventCount > events)
                {
                    events = detector.EventCount;
                    rows.Append($"{entry["file"]},{entry["dataset"]},{entry["subject"]},{entry["age_group"]},{entry["activity_code"]},");
                    rows.Append($"{entry["is_fall"]},{entry["onset_ms"]},{entry["impact_ms"]},{rateHz},{phaseMs},{ms},{ms - detector.LastImpactAgeMs},");
                    rows.AppendJoin(',', detector.LastFeatures).Append('\n');
                }
            });
            return rows.ToString();
        });
    }

    private static void Play(string folder, Entry entry, int rateHz, int phaseMs, Action<FallDetector, FallVerdict, long> heard)
    {
        var recording = Recording.Read(Path.Combine(folder, entry["file"]));
        int[][] axes =
        [
            recording.Resample("ax_mg", rateHz, phaseMs),
            recording.Resample("ay_mg", rateHz, phaseMs),
            recording.Resample("az_mg", rateHz, phaseMs),
        ];
        var count = axes[0].Length;
        if (count == 0)
        {
            throw new DamagedException("shorter than one sample");
        }

        var second = Math.Min(rateHz, count);
        var before = axes.Select(a => a[..second].Average()).ToArray();
        var after = axes.Select(a => a[^second..].Average()).ToArray();
        var noise = new Random(StableHash(entry["file"]) + phaseMs);
        var detector = new FallDetector(rateHz);
        var from = -HoldBeforeMs * rateHz / 1000;
        var to = count + (HoldAfterMs * rateHz / 1000);
        for (var i = from; i < to; i++)
        {
            var verdict = i < 0 ? detector.Push(Held(before[0], noise), Held(before[1], noise), Held(before[2], noise))
                : i < count ? detector.Push(axes[0][i], axes[1][i], axes[2][i])
                : detector.Push(Held(after[0], noise), Held(after[1], noise), Held(after[2], noise));
            heard(detector, verdict, (long)Math.Round(recording.StartMs + phaseMs + (i * 1000.0 / rateHz)));
        }
    }

    private static int Held(double mean, Random noise) =>
        (int)Math.Round(mean + (HoldNoiseMg * Math.Sqrt(-2 * Math.Log(1 - noise.NextDouble())) * Math.Cos(Math.Tau * noise.NextDouble())));

    // string.GetHashCode differs from run to run.
    private static int StableHash(string text) => text.Aggregate(17, static (hash, c) => unchecked((hash * 31) + c));
}
