using System.Text;
using ElderBand.VitalsFilter;

namespace ElderBand.Eval;

/// <summary>Pulse recordings through the band's heart rate and SpO2.</summary>
public static class Heart
{
    private const int EstimateEveryMs = 2000;

    public static int Evaluate(Options options, TextWriter report)
    {
        var folder = options.Required("data");
        var outFile = options.Required("out");
        var chosen = options.Optional("channel");
        var maps = new SortedSet<string>(StringComparer.Ordinal);
        var code = Batch.Run(
            Entry.ReadManifest(folder, report),
            report,
            outFile,
            "file,t_ms,bpm_x10,confidence,reported,spo2_x10,spo2_reported,refusal",
            "heart rate",
            entry =>
            {
                var map = Mapping.For(entry, chosen);
                lock (maps)
                {
                    maps.Add($"{entry["dataset"]}: {map}");
                }

                var rows = new StringBuilder();
                foreach (var piece in Recording.ReadPieces(Path.Combine(folder, entry["file"])))
                {
                    Play(piece, entry["file"], map, rows);
                }

                return rows.ToString();
            });
        foreach (var map in maps)
        {
            report.WriteLine($"  {map}");
        }

        return code;
    }

    private static void Play(Recording recording, string file, Mapping map, StringBuilder rows)
    {
        var rateHz = map.RateHz;
        var channels = map.Channels.Select(c => recording.Resample(c, rateHz)).ToArray();
        var motion = recording.Has("ax_mg")
            ? new[] { recording.Resample("ax_mg", rateHz), recording.Resample("ay_mg", rateHz), recording.Resample("az_mg", rateHz) }
            : null;
        var heart = new HeartRate(rateHz, channels.Length);
        heart.ConfigureOptics(map.ContactMin, map.HasLevel);
        var every = EstimateEveryMs * rateHz / 1000;
        for (var i = 0; i < channels[0].Length; i++)
        {
            heart.Push(channels[0][i], channels.Length > 1 ? channels[1][i] : 0, channels.Length > 2 ? channels[2][i] : 0);
            if (motion is not null)
            {
                heart.PushMotion(motion[0][i], motion[1][i], motion[2][i]);
            }

            if ((i + 1) % every == 0)
            {
                var reported = heart.TryEstimate();
                var ms = recording.StartMs + (long)Math.Round(i * 1000.0 / rateHz);
                rows.Append($"{file},{ms},{heart.GuessBpmX10},{heart.Confidence},{(reported ? 1 : 0)},");
                rows.Append($"{heart.Spo2X10},{(heart.Spo2X10 > 0 ? 1 : 0)},{heart.Refusal}\n");
            }
        }
    }

    /// <summary>Which columns go to which channel, at what rate, and what of the optics can be judged.</summary>
    private sealed record Mapping(string[] Channels, int RateHz, bool HasLevel, int ContactMin, string Why)
    {
        public static Mapping For(Entry entry, string? chosen)
        {
            var columns = entry["channels"].Split(' ');
            var recorded = double.TryParse(entry["rate_hz"], out var rate) ? rate : throw new DamagedException("no rate_hz in the manifest");
            var rateHz = Math.Clamp((int)Math.Round(recorded), 25, 125);
            if (chosen is not null)
            {
                return columns.Contains(chosen, StringComparer.Ordinal)
                    ? new Mapping([chosen], rateHz, false, 0, "as asked")
                    : throw new DamagedException($"no channel '{chosen}'");
            }

            if (columns.Contains("red", StringComparer.Ordinal) && columns.Contains("ir", StringComparer.Ordinal))
            {
                string[] all = columns.Contains("green", StringComparer.Ordinal) ? ["red", "ir", "green"] : ["red", "ir"];
                return new Mapping(all, rateHz, true, columns.Contains("green", StringComparer.Ordinal) ? 1000 : 5000, "counts of the chip");
            }

            if (columns.Contains("r_x1000", StringComparer.Ordinal))
            {
                return new Mapping(["r_x1000"], rateHz, false, 0, "a phone's camera: no contact level, no SpO2 curve");
            }

            var only = columns.FirstOrDefault(static c => c.StartsWith("ppg", StringComparison.Ordinal))
                ?? throw new DamagedException("no pulse channel this tool knows");
            return new Mapping([only], rateHz, false, 0, "contact and perfusion not applicable");
        }

        public override string ToString() =>
            $"{string.Join('+', Channels)} at {RateHz} Hz, {(HasLevel ? $"level judged from {ContactMin} counts" : "level not judged")} ({Why})";
    }
}
