using System.Text;
using ElderBand.Simulation.Chips;
using ElderBand.VitalsFilter;
using ElderBand.Wristband;
using Iot.Device.Adxl343;
using Iot.Device.RegisterBus;

namespace ElderBand.Eval;

/// <summary>One thing that the detector said.</summary>
/// <param name="Index">The sample that completed it.</param>
/// <param name="HeardIndex">The newest sample when the band hears of it: the same, or the last of its batch.</param>
/// <param name="Verdict">What it said.</param>
/// <param name="Score">0-100.</param>
/// <param name="StillAtTheEnd">The wearer lay still when the countdown that it started ended.</param>
public sealed record Heard(int Index, int HeardIndex, FallVerdict Verdict, int Score, bool StillAtTheEnd)
{
    public bool IsSuspicion => Verdict is FallVerdict.Suspected or FallVerdict.SuspectedLate;
}

/// <summary>What the centre may set.</summary>
/// <param name="Sensitivity">0 low, 1 normal, 2 high.</param>
/// <param name="WalkingAid">A stick or a frame.</param>
public sealed record FallProfile(byte Sensitivity, bool WalkingAid)
{
    public static FallProfile From(Options options) =>
        new((byte)options.Number("sensitivity", 1, 0, 1, 2), options.Has("walking-aid"));
}

/// <summary>Fall trials through the band's detector.</summary>
public static class Falls
{
    /// <summary>
    /// Samples that the band lets the accelerometer collect at most before it reads them: the FIFO holds 32.
    /// </summary>
    public const int BatchSamples = 25;

    public static int Evaluate(Options options, TextWriter report)
    {
        var folder = options.Required("data");
        var outFile = options.Required("out");
        var rateHz = options.Number("rate", 50, 25, 50);
        var profile = FallProfile.From(options);
        var batch = options.Has("batch");
        var all = new List<Heard>();
        var trials = 0;
        var same = 0;
        var sameVerdicts = 0;
        var code = Batch.Run(Entry.ReadManifest(folder, report), report, outFile, "file,t_ms,kind,score",
            $"falls at {rateHz} Hz", entry =>
        {
            var trial = Trial.Load(folder, entry, rateHz);
            var heard = batch ? InBatches(trial, profile) : OneByOne(trial, profile);
            var rounded = batch ? OneByOne(trial, profile, Rounded) : heard;
            var whole = batch ? OneByOne(trial, profile) : heard;
            lock (all)
            {
                all.AddRange(heard);
                trials++;
                same += Same(heard, rounded) ? 1 : 0;
                sameVerdicts += heard.Select(static h => (h.Index, h.Verdict))
                    .SequenceEqual(whole.Select(static h => (h.Index, h.Verdict))) ? 1 : 0;
            }

            if (!Same(heard, rounded))
            {
                report.WriteLine($"eval: {entry["file"]}: other verdicts in batches than sample by sample");
            }

            return Rows(entry["file"], trial, heard);
        });
        report.WriteLine(
            $"  suspected {all.Count(static h => h.IsSuspicion)} (by lying still "
                + $"{all.Count(static h => h.Verdict == FallVerdict.SuspectedLate)}), "
            + $"confirmed {all.Count(static h => h.StillAtTheEnd)} (lying still when the countdown ended), near falls "
                + $"for the log {all.Count(static h => !h.IsSuspicion)}");
        if (!batch)
        {
            return code;
        }

        report.WriteLine(
            $"  through the chip's FIFO and the band's driver in batches of {BatchSamples}: {same} of {trials} trials "
                + "the same verdicts, moments and scores as");
        report.WriteLine(
            $"  sample by sample in the chip's steps of 3.9 mg; {sameVerdicts} of {trials} the same verdicts and "
                + "moments as in whole milli-g");
        return same == trials ? code : 1;
    }

    public static int DumpFeatures(Options options, TextWriter report)
    {
        var folder = options.Required("data");
        var outFile = options.Required("out");
        var rateHz = options.Number("rate", 50, 25, 50);
        var phaseMs = options.Number("phase", 0);
        var variation = options.Number("variation", 0);
        var header =
            "file,dataset,subject,age_group,activity_code,is_fall,onset_ms,impact_ms,rate_hz,phase_ms,t_ms,peak_ms,"
            + "lies_still,"
            + string.Join(',', Enumerable.Range(0, FallFeatures.Count).Select(static i => $"f{i}"));
        return Batch.Run(
            Entry.ReadManifest(folder, report), report, outFile, header, $"features at {rateHz} Hz", entry =>
        {
            var rows = new StringBuilder();
            var trial = Trial.Load(folder, entry, rateHz, phaseMs, variation: variation);
            var detector = new FallDetector(rateHz);
            var events = 0;
            for (var i = 0; i < trial.Judged; i++)
            {
                var (x, y, z) = trial[i];
                detector.Push(x, y, z);
                if (detector.EventCount > events)
                {
                    events = detector.EventCount;
                    var ms = trial.MsAt(i);
                    rows.Append($"{entry["file"]},{entry["dataset"]},{entry["subject"]},{entry["age_group"]},");
                    rows.Append($"{entry["activity_code"]},{entry["is_fall"]},{entry["onset_ms"]},");
                    rows.Append($"{entry["impact_ms"]},{rateHz},{phaseMs},{ms},{ms - detector.LastImpactAgeMs},");
                    rows.Append($"{(LiesStill(trial, i) ? 1 : 0)},");
                    rows.AppendJoin(',', detector.LastFeatures).Append('\n');
                }
            }

            return rows.ToString();
        });
    }

    // Would the long-lie check confirm a weak suspicion that begins here?
    private static bool LiesStill(Trial trial, int from)
    {
        var still = 0;
        var moved = 0;
        for (var second = 0; second < LongLieWatch.WindowS && moved < LongLieWatch.MovedS; second++)
        {
            var samples = Enumerable.Range(from + 1 + (second * trial.RateHz), trial.RateHz)
                .TakeWhile(i => i < trial.Count).Select(i => trial[i]).ToArray();
            if (samples.Length < trial.RateHz)
            {
                return false;
            }

            var (x, y, z) = (
                samples.Average(static s => s.X), samples.Average(static s => s.Y), samples.Average(static s => s.Z));
            var variance = samples.Average(
                s => ((s.X - x) * (s.X - x)) + ((s.Y - y) * (s.Y - y)) + ((s.Z - z) * (s.Z - z)));
            var quiet = variance <= LongLieWatch.StillDeviationMg * LongLieWatch.StillDeviationMg;
            still = quiet ? still + 1 : 0;
            moved += quiet ? 0 : 1;
            if (still >= LongLieWatch.StillS)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Every sample as it comes.</summary>
    public static List<Heard> OneByOne(Trial trial, FallProfile profile, Func<int, int>? step = null)
    {
        var listener = new Listener(trial, profile);
        for (var i = 0; i < trial.Count; i++)
        {
            var (x, y, z) = trial[i];
            listener.Push(i, step is null ? (x, y, z) : (step(x), step(y), step(z)));
            listener.Read(i);
        }

        return listener.Said;
    }

    /// <summary>Through the registers of the accelerometer, its FIFO and the band's own driver.</summary>
    public static List<Heard> InBatches(Trial trial, FallProfile profile)
    {
        var taken = 0;
        var chip = new Adxl343Chip(_ =>
        {
            var (x, y, z) = trial[Math.Min(taken++, trial.Count - 1)];
            return new MotionSample(x, y, z);
        });
        var driver = Adxl343.OnBus(chip);
        chip.Advance(0);
        if (driver.Validate() != SensorHealth.Ok || driver.Start() != SensorHealth.Ok)
        {
            throw new InvalidOperationException("the accelerometer's model and driver do not understand each other");
        }

        // The band's driver chooses 25 Hz (0x08); 0x09 is 50 Hz (ADXL343 rev 0, table 7). The first sample keeps its 40
        // ms.
        var periodMs = 1000 / trial.RateHz;
        if (trial.RateHz == 50)
        {
            chip.Write((byte)Adxl343Register.BandwidthRate, 0x09);
        }

        var listener = new Listener(trial, profile);
        var next = 0;
        while (next < trial.Count)
        {
            var wanted = Math.Min(next + BatchSamples, trial.Count);
            chip.Advance((1000 / Adxl343.RateHz) + ((wanted - 1) * (long)periodMs));
            if (driver.ReadBurst() != SensorHealth.Ok || driver.Count != wanted - next)
            {
                throw new InvalidOperationException($"the FIFO gave {driver.Count} samples, not {wanted - next}");
            }

            for (var i = 0; i < driver.Count; i++)
            {
                listener.Push(next + i, (driver.X(i), driver.Y(i), driver.Z(i)));
            }

            next = wanted;
            listener.Read(next - 1);
        }

        return listener.Said;
    }

    /// <summary>In steps of the part at full resolution, 256 a g, as the driver turns them into milli-g.</summary>
    public static int Rounded(int milliG)
    {
        var counts = Math.Clamp((int)Math.Round(milliG * 0.256), -4096, 4095);
        return (int)Math.Floor(counts * 3.90625);
    }

    public static bool Same(List<Heard> a, List<Heard> b) =>
        a.Select(static h => (h.Index, h.Verdict, h.Score))
            .SequenceEqual(b.Select(static h => (h.Index, h.Verdict, h.Score)));

    private static string Rows(string file, Trial trial, List<Heard> heard)
    {
        var rows = new StringBuilder();
        foreach (var h in heard.Where(static h => h.IsSuspicion))
        {
            rows.Append($"{file},{trial.MsAt(h.HeardIndex)},suspected,{h.Score}\n");
            if (h.StillAtTheEnd)
            {
                rows.Append($"{file},{trial.MsAt(h.HeardIndex) + FallGuard.CountdownMs},confirmed,{h.Score}\n");
            }
        }

        return rows.ToString();
    }

    /// <summary>The detector, and the countdowns that its suspicions start.</summary>
    private sealed class Listener
    {
        private readonly FallDetector _detector;
        private readonly int _countdown;
        private readonly int _judged;
        private readonly List<int> _running = [];
        private int _told;

        public Listener(Trial trial, FallProfile profile)
        {
            _detector = new FallDetector(trial.RateHz);
            _detector.Configure(profile.Sensitivity, profile.WalkingAid);
            _countdown = FallGuard.CountdownMs / 1000 * trial.RateHz;
            _judged = trial.Judged;
        }

        public List<Heard> Said { get; } = [];

        public void Push(int index, (int X, int Y, int Z) sample)
        {
            var verdict = _detector.Push(sample.X, sample.Y, sample.Z);
            if (verdict != FallVerdict.None && index < _judged)
            {
                Said.Add(new Heard(index, index, verdict, _detector.LastScore, false));
            }

            if (_running.Count > 0 && index == Said[_running[0]].HeardIndex + _countdown)
            {
                Said[_running[0]] = Said[_running[0]] with { StillAtTheEnd = _detector.LyingStill };
                _running.RemoveAt(0);
            }
        }

        /// <summary>What was pushed so far has been read off the chip.</summary>
        public void Read(int index)
        {
            for (; _told < Said.Count; _told++)
            {
                Said[_told] = Said[_told] with { HeardIndex = index };
                if (Said[_told].IsSuspicion)
                {
                    _running.Add(_told);
                }
            }
        }
    }
}
