using System.Globalization;
using System.Text;
using ElderBand.VitalsFilter;

namespace ElderBand.Eval;

/// <summary>
/// Training data: what the tracker of moving arms sees in every window of the recordings. Each recording is taken as it
/// is, made faster and slower, and with fewer channels. Two kinds of signals are made up. To a resting pulse is added
/// what another person's recorded arm movement does to the light, so that no relation between heart rate and stride is
/// learned from the few people who were recorded. And a recorded arm movement gets light without a pulse, so that the
/// absence of a pulse is learned too.
/// </summary>
public static class PulseFeatures
{
    private const string Header = "file,ref,dataset,subject,arm_dataset,arm_subject,channels,speed_x1000,t_ms,features";
    private const int JunkRateHz = 50;

    // Shorter records hold no path to follow.
    private const int ShortestMs = 20000;

    public static int Dump(Options options, TextWriter report)
    {
        var folder = options.Required("data");
        var outFile = options.Required("out");
        var entries = Entry.ReadManifest(folder, report).Where(static e => e["ref"].Length > 0 && IsLong(e)).ToList();
        var arms = new List<Arm>();
        foreach (var entry in entries)
        {
            var pieces = Recording.ReadPieces(Path.Combine(folder, entry["file"]));
            var map = PulseMapping.For(entry, pieces, null);
            if (map.Motion.Length == 3)
            {
                arms.Add(new Arm(entry, pieces[0], map));
            }
        }

        var index = entries.Select(static (e, i) => (e, i))
            .ToDictionary(static x => x.e["file"], static x => x.i, StringComparer.Ordinal);
        return Batch.Run(entries, report, outFile, Header, "pulse features", entry =>
        {
            var pieces = Recording.ReadPieces(Path.Combine(folder, entry["file"]));
            var map = PulseMapping.For(entry, pieces, null);
            var rows = new StringBuilder();
            foreach (var (names, speedPercent) in Variants(map.Channels))
            {
                // The rates are whole numbers, so the speed is not exactly the one asked for.
                var speedX1000 = Math.Round(1000.0 * map.RateHz / Math.Round(map.RateHz * 100.0 / speedPercent));
                foreach (var piece in pieces)
                {
                    Heart.Feed(piece, map, names, speedPercent, (heart, ms) =>
                        Row(rows, entry, null, string.Join('+', names), speedX1000, ms, heart));
                }
            }

            var number = index[entry["file"]];
            for (var k = 0; arms.Count > 0 && k < 3; k++)
            {
                var random = new Random((number * 3) + k);
                var arm = arms[((number * 5) + (k * 7)) % arms.Count];
                if (map.Motion.Length == 0)
                {
                    Slipping(entry, pieces[0], map, arm, random, rows);
                }
                else if (k > 0)
                {
                    NoPulse(entry, arm, random, k, rows);
                }
            }

            return rows.ToString();
        });
    }

    private static bool IsLong(Entry entry) =>
        long.TryParse(entry["duration_ms"], NumberStyles.None, CultureInfo.InvariantCulture, out var ms)
            && ms >= ShortestMs;

    private static void Row(
        StringBuilder rows, Entry entry, Arm? arm, string channels, double speedX1000, long ms, HeartRate heart)
    {
        heart.TryEstimate();
        if (heart.Tracker.BpmX10 > 0)
        {
            rows.Append(
                CultureInfo.InvariantCulture, $"{entry["file"]},{entry["ref"]},{entry["dataset"]},{entry["subject"]},");
            rows.Append(CultureInfo.InvariantCulture, $"{arm?.Dataset},{arm?.Subject},{channels},{speedX1000},{ms},");
            rows.Append(Convert.ToBase64String(heart.Tracker.Features)).Append('\n');
        }
    }

    // All channels first, as they were; then fewer of them, and the same hearts faster and slower, so that neither the
    // number of channels nor the rates of the people recorded are learned.
    private static IEnumerable<(string[] Names, int SpeedPercent)> Variants(string[] all)
    {
        yield return (all, 100);
        yield return (all, 125);
        yield return (all, 84);
        if (all.Length > 1)
        {
            yield return ([all[^1]], 100);
            yield return ([all[1]], 112);
            yield return ([all[1]], 89);
        }

        if (all.Length > 2)
        {
            yield return (all[..2], 100);
        }
    }

    // A resting pulse, and the sensor slips with the arm: 0.5 to 4 times as much as the pulse moves the light.
    private static void Slipping(
        Entry entry, Recording piece, PulseMapping map, Arm arm, Random random, StringBuilder rows)
    {
        var names = map.Channels.Take(1 + random.Next(map.Channels.Length)).ToArray();
        var depth = 0.5 * Math.Pow(8, random.NextDouble());
        var motion = arm.At(70 + random.Next(50));
        var light = names.Select(c => map.Scaled(piece.Resample(c, map.RateHz))).ToArray();
        var slip = light.Select(samples => Slip(motion, map.RateHz, samples.Length, random)).ToArray();
        for (var c = 0; c < light.Length; c++)
        {
            var gain = depth * Swing(light[c], map.RateHz) / Math.Max(1, Swing(slip[c], map.RateHz));
            for (var i = 0; i < light[c].Length; i++)
            {
                light[c][i] += (int)(gain * slip[c][i]);
            }
        }

        Feed(map.RateHz, light, motion, (heart, i) =>
            Row(rows, entry, arm, "slipping " + string.Join('+', names), 1000,
                piece.StartMs + (i * 1000L / map.RateHz), heart));
    }

    // Carried, not worn: noise, drift and what the arm's movement makes of them, in shares that last for the recording.
    private static void NoPulse(Entry entry, Arm arm, Random random, int kind, StringBuilder rows)
    {
        var motion = arm.At(100);
        var count = Math.Min(motion[0].Length * 2, JunkRateHz * 300);
        var channels = 1 + random.Next(3);
        var noise = 20 + random.Next(300);
        var light = Enumerable.Range(0, channels).Select(_ => Slip(motion, JunkRateHz, count, random)).ToArray();
        var (drift, shared) = (0.0, new double[count]);
        for (var i = 0; i < count; i++)
        {
            drift += Gauss(random) * 20 * random.NextDouble();
            shared[i] = (noise * Gauss(random)) + drift;
        }

        for (var c = 0; c < channels; c++)
        {
            for (var i = 0; i < count; i++)
            {
                light[c][i] = 20000 + (kind == 1 ? light[c][i] : 0) + (int)(shared[i] + (noise * Gauss(random) / 3));
            }
        }

        Feed(JunkRateHz, light, motion, (heart, i) => Row(rows, entry, arm, "none", 0, i * 1000L / JunkRateHz, heart));
    }

    private static void Feed(int rateHz, int[][] light, int[][] motion, Action<HeartRate, int> everyStep)
    {
        var heart = new HeartRate(rateHz, light.Length);
        heart.ConfigureOptics(0, false);
        var moved = 0;
        for (var i = 0; i < light[0].Length && moved < motion[0].Length; i++)
        {
            heart.Push(light[0][i], light.Length > 1 ? light[1][i] : 0, light.Length > 2 ? light[2][i] : 0);
            for (; moved < motion[0].Length && (long)moved * rateHz <= (long)i * Heart.MotionRateHz; moved++)
            {
                heart.PushMotion(motion[0][moved], motion[1][moved], motion[2][moved]);
            }

            if ((i + 1) % (MotionTracker.StepMs * rateHz / 1000) == 0)
            {
                everyStep(heart, i);
            }
        }
    }

    // A mixture of the three axes and of the whole acceleration's size, as light would see it.
    private static int[] Slip(int[][] motion, int rateHz, int count, Random random)
    {
        var shares = Enumerable.Range(0, 4).Select(_ => (random.NextDouble() * 2) - 1).ToArray();
        var slip = new int[count];
        for (var i = 0; i < count; i++)
        {
            var at = (double)i * Heart.MotionRateHz / rateHz;
            var j = Math.Min((int)at, motion[0].Length - 2);
            var share = Math.Min(at - j, 1);
            var (sum, squares) = (0.0, 0.0);
            for (var axis = 0; axis < 3; axis++)
            {
                var a = motion[axis][j] + ((motion[axis][j + 1] - motion[axis][j]) * share);
                sum += shares[axis] * a;
                squares += a * a;
            }

            slip[i] = (int)(sum + (shares[3] * Math.Sqrt(squares)));
        }

        return slip;
    }

    // Mean deviation from the mean over 1.2 s.
    private static double Swing(int[] samples, int rateHz)
    {
        var half = rateHz * 6 / 10;
        var sums = new long[samples.Length + 1];
        for (var i = 0; i < samples.Length; i++)
        {
            sums[i + 1] = sums[i] + samples[i];
        }

        var total = 0.0;
        for (var i = half; i < samples.Length - half; i++)
        {
            total += Math.Abs(samples[i] - ((sums[i + half] - sums[i - half]) / (2.0 * half)));
        }

        return total / Math.Max(1, samples.Length - (2 * half));
    }

    private static double Gauss(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(Math.Tau * random.NextDouble());

    private sealed class Arm(Entry entry, Recording recording, PulseMapping map)
    {
        public string Dataset => entry["dataset"];

        public string Subject => entry["subject"];

        /// <summary>The three axes at the band's rate, at some percent of the speed.</summary>
        public int[][] At(int percent) =>
            [.. map.Motion.Select(
                c => Heart.AtBandRate(recording, c, Heart.MotionRateHz * 100 / percent, map.MilliGFactor))];
    }
}
