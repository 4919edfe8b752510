using System.Globalization;
using System.Text;
using ElderBand.VitalsFilter;

namespace ElderBand.Eval;

/// <summary>One answer of the band's heart rate.</summary>
/// <param name="Ms">When, on the recording's own axis.</param>
/// <param name="BpmX10">The guess, also where it is refused; 0 for none.</param>
/// <param name="Confidence">0-100.</param>
/// <param name="Reported">Good enough to be told.</param>
/// <param name="Spo2X10">Oxygen saturation, 0 where refused.</param>
/// <param name="Refusal">Why there is no heart rate.</param>
/// <param name="Spo2Refusal">Why there is no saturation.</param>
public sealed record HeartEstimate(
    long Ms, int BpmX10, int Confidence, bool Reported, int Spo2X10, HeartRefusal Refusal, HeartRefusal Spo2Refusal);

/// <summary>Pulse recordings through the band's heart rate and SpO2.</summary>
public static class Heart
{
    private const int EstimateEveryMs = 2000;

    // The band's accelerometer (Adxl343.RateHz): whatever a recording has, the filter sees it at this rate.
    internal const int MotionRateHz = 25;

    // Longer holes in a recording are told to the filter as lost samples instead of being drawn through.
    private const int LongestBridgeMs = 300;

    public static int Evaluate(Options options, TextWriter report)
    {
        var folder = options.Required("data");
        var outFile = options.Required("out");
        var chosen = options.Optional("channel");
        var curve = Curve(options.Optional("oxygen-curve"));
        var maps = new SortedDictionary<string, (int Files, int LowHz, int HighHz)>(StringComparer.Ordinal);
        var code = Batch.Run(
            Entry.ReadManifest(folder, report),
            report,
            outFile,
            "file,t_ms,bpm_x10,confidence,reported,spo2_x10,spo2_reported,refusal,level",
            "heart rate",
            entry =>
            {
                var pieces = Recording.ReadPieces(Path.Combine(folder, entry["file"]));
                var map = PulseMapping.For(entry, pieces, chosen);
                map = curve is not null && map.CameraCurve.Length > 0 ? map with { CameraCurve = curve } : map;
                lock (maps)
                {
                    var key = $"{entry["dataset"]}: {map}";
                    var (files, low, high) = maps.GetValueOrDefault(key, (0, map.RateHz, map.RateHz));
                    maps[key] = (files + 1, Math.Min(low, map.RateHz), Math.Max(high, map.RateHz));
                }

                var rows = new StringBuilder();
                foreach (var e in pieces.SelectMany(piece => Play(piece, map)))
                {
                    rows.Append(CultureInfo.InvariantCulture,
                        $"{entry["file"]},{e.Ms},{e.BpmX10},{e.Confidence},{(e.Reported ? 1 : 0)},");
                    rows.Append(CultureInfo.InvariantCulture, $"{e.Spo2X10},{(e.Spo2X10 > 0 ? 1 : 0)},{e.Refusal},");
                    rows.Append(map.HasLevel ? "judged\n" : "not-applicable\n");
                }

                return rows.ToString();
            });
        foreach (var (map, (files, low, high)) in maps)
        {
            report.WriteLine($"  {map}; {(low == high ? $"{low}" : $"{low} to {high}")} Hz, {files} files");
        }

        return code;
    }

    private static int[]? Curve(string? text)
    {
        if (text is null)
        {
            return null;
        }

        var curve = text.Split(',').Select(static c => int.TryParse(c, NumberStyles.AllowLeadingSign,
            CultureInfo.InvariantCulture, out var value) ? value : int.MinValue).ToArray();
        return curve.Length == 3 && !curve.Contains(int.MinValue)
            ? curve
            : throw new UsageException(
                $"--oxygen-curve {text}: three whole numbers, percent x1000: constant,linear,square");
    }

    /// <summary>What the band would have said, every 2 s.</summary>
    public static List<HeartEstimate> Play(Recording recording, PulseMapping map)
    {
        var said = new List<HeartEstimate>();
        Feed(recording, map, map.Channels, 100, (heart, ms) =>
        {
            var reported = heart.TryEstimate();
            said.Add(new HeartEstimate(
                ms, heart.GuessBpmX10, heart.Confidence, reported, heart.Spo2X10, heart.Refusal, heart.Spo2Refusal));
        });
        return said;
    }

    /// <summary>Feeds a recording to a new filter and hands it on every 2 s.</summary>
    /// <param name="recording">What was recorded.</param>
    /// <param name="map">How it is read.</param>
    /// <param name="names">The channels to use.</param>
    /// <param name="speedPercent">How fast the wearer lives: at 125 heart and stride are a quarter faster.</param>
    /// <param name="every2s">Gets the filter and the recording's own time, ms.</param>
    public static void Feed(
        Recording recording, PulseMapping map, string[] names, int speedPercent, Action<HeartRate, long> every2s)
    {
        var rateHz = map.RateHz;
        var slowHz = (int)Math.Round(rateHz * 100.0 / speedPercent);
        var channels = names.Select(c => map.Scaled(recording.Resample(c, slowHz))).ToArray();
        var lost = Lost(recording, slowHz, channels[0].Length);
        var motionHz = MotionRateHz * 100 / speedPercent;
        var motion = map.Motion.Select(c => AtBandRate(recording, c, motionHz, map.MilliGFactor)).ToArray();
        var moved = 0;
        var heart = new HeartRate(rateHz, channels.Length);
        heart.ConfigureOptics(map.ContactMin, map.HasLevel);
        if (map.CameraCurve is [var constantX1000, var linearX1000, var squareX1000])
        {
            heart.ConfigureOxygenTrend(constantX1000, linearX1000, squareX1000);
        }

        var every = EstimateEveryMs * rateHz / 1000;
        for (var i = 0; i < channels[0].Length; i++)
        {
            if (lost[i])
            {
                if (i == 0 || !lost[i - 1])
                {
                    heart.Gap(lost.Skip(i).TakeWhile(static l => l).Count());
                }
            }
            else
            {
                heart.Push(
                    channels[0][i], channels.Length > 1 ? channels[1][i] : 0, channels.Length > 2 ? channels[2][i] : 0);
            }

            for (; motion.Length == 3 && moved < motion[0].Length
                && (long)moved * slowHz <= (long)i * motionHz; moved++)
            {
                heart.PushMotion(motion[0][moved], motion[1][moved], motion[2][moved]);
            }

            if ((i + 1) % every == 0)
            {
                every2s(heart, recording.StartMs + (long)Math.Round(i * 1000.0 / slowHz));
            }
        }
    }

    // Which samples of the even grid lie in a hole of the recording.
    private static bool[] Lost(Recording recording, int rateHz, int count)
    {
        var lost = new bool[count];
        foreach (var (fromMs, toMs) in recording.Holes(LongestBridgeMs))
        {
            var end = Math.Min((int)Math.Ceiling((toMs - recording.StartMs) * rateHz / 1000.0), count);
            for (var i = (int)((fromMs - recording.StartMs) * rateHz / 1000.0) + 1; i < end; i++)
            {
                lost[i] = true;
            }
        }

        return lost;
    }

    // Means over 40 ms instead of single values: the band's chip filters before it counts, a recording of 125 Hz would
    // alias.
    internal static int[] AtBandRate(Recording recording, string channel, int motionHz, double milliGFactor)
    {
        var each = Math.Max(1, (int)Math.Ceiling(recording.RateHz / motionHz));
        var fine = recording.Resample(channel, each * motionHz);
        var samples = new int[fine.Length / each];
        for (var i = 0; i < samples.Length; i++)
        {
            var sum = 0L;
            for (var k = 0; k < each; k++)
            {
                sum += fine[(i * each) + k];
            }

            samples[i] = (int)Math.Round(sum * milliGFactor / each);
        }

        return samples;
    }
}
