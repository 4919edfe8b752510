using ElderBand.Wristband;

namespace ElderBand.Eval;

/// <summary>
/// One recorded trial as a worn band would have lived through it: at an even rate, with a time before and after.
/// </summary>
public sealed class Trial
{
    // A worn band has been running for long before a trial begins and goes on after it. Nothing is known of those
    // times: the wrist holds the mean of the trial's first and last second, with 10 mg of noise. The hold after the end
    // is long enough for the long-lie check, so a weak suspicion in a daily activity costs a false alarm here as it
    // would at home. What begins in it counts; a last stretch only lets countdowns end.
    private const int HoldBeforeMs = 15_000;
    private const int HoldAfterMs = 75_000;
    private const int LastCountdownMs = FallGuard.CountdownMs + 2_000;
    private const double HoldNoiseMg = 10;

    private readonly (int X, int Y, int Z)[] _samples;
    private readonly double _startMs;
    private readonly double _tempo;
    private readonly int _before;

    private Trial(int rateHz, (int X, int Y, int Z)[] samples, double startMs, double tempo, int before, int recorded)
    {
        RateHz = rateHz;
        _samples = samples;
        _startMs = startMs;
        _tempo = tempo;
        _before = before;
        Recorded = recorded;
    }

    public int RateHz { get; }

    /// <summary>Samples in all.</summary>
    public int Count => _samples.Length;

    /// <summary>Samples in which a verdict counts; after them a countdown may only end.</summary>
    public int Judged => Count - (LastCountdownMs * RateHz / 1000);

    /// <summary>Index of the first sample that was recorded, and how many were.</summary>
    public int FirstRecorded => _before;

    public int Recorded { get; }

    public (int X, int Y, int Z) this[int index] => _samples[index];

    /// <summary>Time of a sample on the recording's own axis, ms.</summary>
    public long MsAt(int index) => (long)Math.Round(_startMs + ((index - _before) * 1000.0 / RateHz / _tempo));

    /// <param name="folder">Of the manifest.</param>
    /// <param name="entry">The trial's row.</param>
    /// <param name="rateHz">25 or 50.</param>
    /// <param name="phaseMs">Where between two recorded samples the first one lies.</param>
    /// <param name="continuation">What the wrist does after the end; null holds it.</param>
    /// <param name="variation">0 as recorded, another number one of the ways another band might have recorded
    /// it.</param>
    public static Trial Load(
        string folder, Entry entry, int rateHz, int phaseMs = 0, Continuation? continuation = null, int variation = 0)
    {
        var recording = Recording.Read(Path.Combine(folder, entry["file"]));
        var seed = StableHash(entry["file"]) + phaseMs;
        var other = variation == 0 ? null : new Variation(seed + (variation * 7919));
        var axes = other?.Record(recording, rateHz, phaseMs) ??
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
        var before = Mean(axes, ..second);
        var after = Mean(axes, ^second..);
        var noise = new Random(seed);
        var lead = HoldBeforeMs * rateHz / 1000;
        var samples = new (int X, int Y, int Z)[lead + count + ((HoldAfterMs + LastCountdownMs) * rateHz / 1000)];
        for (var i = 0; i < samples.Length; i++)
        {
            var at = i - lead;
            samples[i] = at < 0 ? Held(before, noise)
                : at < count ? (axes[0][at], axes[1][at], axes[2][at])
                : Held(continuation?.At(after, (at - count) / (double)rateHz) ?? after, noise);
        }

        var tempo = other?.Tempo ?? 1;
        return new Trial(rateHz, samples, recording.StartMs + (phaseMs / tempo), tempo, lead, count);
    }

    private static Pose Mean(int[][] axes, Range range) =>
        new(axes[0][range].Average(), axes[1][range].Average(), axes[2][range].Average());

    private static (int X, int Y, int Z) Held(Pose pose, Random noise) =>
        (Held(pose.X, noise), Held(pose.Y, noise), Held(pose.Z, noise));

    private static int Held(double mean, Random noise) =>
        (int)Math.Round(mean + (
            HoldNoiseMg * Math.Sqrt(-2 * Math.Log(1 - noise.NextDouble())) * Math.Cos(Math.Tau * noise.NextDouble())));

    // string.GetHashCode differs from run to run.
    private static int StableHash(string text) => text.Aggregate(17, static (hash, c) => unchecked((hash * 31) + c));
}
