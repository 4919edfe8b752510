namespace ElderBand.Eval;

/// <summary>
/// Which columns of a recording go to which channel of the filter, at what rate, and what of the optics can be judged.
/// </summary>
public sealed record PulseMapping(string[] Channels, string[] Motion, double MilliGFactor, int RateHz, int ShiftRight,
    bool HasLevel, int ContactMin, int[] CameraCurve, string Why)
{
    // Percent x1000 (constant, linear, square): fitted on the development people of oxicam, docs/heart-and-oxygen.md.
    private static readonly int[] FittedCameraCurve = [36500, 61000, 0];

    private const int LowestRateHz = 25;
    private const int HighestRateHz = 125;
    private const int FullScale = 262143;

    // The chip's own channels, in 18-bit counts: less light than this comes back from no skin.
    private const int ContactMinCounts = 5000;
    private const int ContactMinGreenCounts = 1000;

    private static readonly string[] Red = ["red", "r", "ppg_red", "ppgred"];
    private static readonly string[] Infrared = ["ir", "infrared", "nir", "ppg_ir", "ppgir"];
    private static readonly string[] Green = ["green", "g", "ppg_green", "ppggreen"];
    private static readonly string[] Blue = ["blue", "b"];
    private static readonly string[] Axes = ["x", "y", "z"];

    // Flags of a manifest that say: no level left.
    private static readonly string[] NoLevelFlags = [
        "highpass", "bandpass", "band_pass", "high_pass", "filtered", "no_dc", "nodc", "detrend", "normali"];

    // Columns that are no light: time, labels, surroundings, other sensors.
    private static readonly string[] NotLight = [
        "t_ms", "seg", "segment", "rhythm", "label", "activity", "ambient", "temp", "ecg", "hr", "spo2", "resp"];

    /// <summary>
    /// Decides by the manifest's flags, the columns' names and, where both are silent, the values themselves.
    /// </summary>
    /// <exception cref="DamagedException">There is no pulse channel, or not the one asked for.</exception>
    public static PulseMapping For(Entry entry, IReadOnlyList<Recording> pieces, string? chosen)
    {
        var columns = pieces[0].Columns;
        var motion = Axes.Select(axis => columns.FirstOrDefault(c => IsAxis(c, axis)))
            .OfType<string>().ToArray();
        var factor = motion.Length == 3 && !motion[0].EndsWith("_mg", StringComparison.Ordinal)
            ? 1000 / Gravity(pieces, motion) : 1;
        var light = columns.Where(c =>
            !motion.Contains(c) && !NotLight.Contains(Bare(c), StringComparer.Ordinal) && !IsRotation(c)).ToArray();
        var channels = chosen is not null ? Asked(columns, chosen) : Ordered(light);
        var rateHz = Math.Clamp((int)Math.Round(pieces.Max(static p => p.RateHz)), LowestRateHz, HighestRateHz);
        var highest = pieces.Max(p => channels.Max(c => p.Values(c).Max(static v => Math.Abs((long)v))));
        var shift = 0;
        while (highest >> shift > FullScale)
        {
            shift++;
        }

        var flag = entry["flags"].Split(';')
            .FirstOrDefault(static f => NoLevelFlags.Any(word => f.Contains(word, StringComparison.OrdinalIgnoreCase)));
        var mapping = new PulseMapping(
            channels, motion.Length == 3 ? motion : [], factor, rateHz, shift, false, 0, [], "");
        if (flag is not null)
        {
            return mapping with { Why = $"the manifest says {flag}" };
        }

        var names = channels.Select(Bare).ToArray();
        if (names.Any(static n => Blue.Contains(n))
            || channels.Any(static c => c.EndsWith("_x1000", StringComparison.Ordinal)))
        {
            return mapping with
            {
                HasLevel = true,
                CameraCurve = Red.Contains(names[0]) ? FittedCameraCurve : [],
                Why = "a camera"
            };
        }

        if (channels.Any(c => IsCentred(pieces, c)))
        {
            return mapping with { Why = "its values swing around 0: filtered at the source" };
        }

        var red = channels.FirstOrDefault(static c => Red.Contains(Bare(c)));
        var infrared = channels.FirstOrDefault(static c => Infrared.Contains(Bare(c)));
        var isChip = entry["sensor"].Contains("MAX", StringComparison.Ordinal);
        if (!isChip && (red is null || infrared is null))
        {
            return mapping with { Why = "counts of a sensor that is not known" };
        }

        if (!isChip && channels.Any(c => pieces.SelectMany(p => p.Values(c)).Average() < ContactMinGreenCounts))
        {
            return mapping with { Why = "counts far too low for the chip's scale" };
        }

        var least = names.Any(static n => Green.Contains(n)) ? ContactMinGreenCounts : ContactMinCounts;
        return mapping with { HasLevel = true, ContactMin = least >> shift, Why = "counts of the chip" };
    }

    /// <summary>In the range the band's converter has.</summary>
    public int[] Scaled(int[] samples)
    {
        for (var i = 0; ShiftRight > 0 && i < samples.Length; i++)
        {
            samples[i] >>= ShiftRight;
        }

        return samples;
    }

    public override string ToString()
    {
        var level = !HasLevel ? "level not judged: contact and perfusion not applicable"
            : ContactMin > 0 ? $"level judged from {ContactMin} counts"
            : "contact not applicable, perfusion judged"
                + (CameraCurve.Length > 0
                    ? $", SpO2 a trend of the red level by {string.Join(',', CameraCurve)}"
                    : "");
        var motion = Motion.Length == 0
            ? "no accelerometer" : $"accelerometer {Motion[0]}{(MilliGFactor == 1 ? "" : ", scaled to 1 g at rest")}";
        return $"{string.Join('+', Channels)}{(ShiftRight > 0 ? $" / {1 << ShiftRight}" : "")}, {level} ({Why}), "
            + $"{motion}";
    }

    private static string[] Asked(IReadOnlyList<string> columns, string chosen) =>
        columns.Contains(chosen, StringComparer.Ordinal) ? [chosen]
            : throw new DamagedException($"no channel '{chosen}', it has {string.Join(", ", columns.Skip(1))}");

    // Red, infrared, green is the filter's order. On a camera blue stands where infrared does: both are darkened by
    // blood of any colour.
    private static string[] Ordered(string[] light)
    {
        if (light.Length == 0)
        {
            throw new DamagedException("no pulse channel in it");
        }

        string?[] colours = [Find(light, Red), Find(light, Infrared) ?? Find(light, Blue), Find(light, Green)];
        var named = colours.OfType<string>().ToArray();
        return named.Length > 0 ? named : [.. light.Take(3)];
    }

    private static string? Find(string[] light, string[] names) =>
        light.FirstOrDefault(c => names.Contains(Bare(c), StringComparer.Ordinal));

    // The name without what is said about its unit.
    private static string Bare(string column)
    {
        var bare = column.ToLowerInvariant();
        var unit = bare.LastIndexOf("_x1", StringComparison.Ordinal);
        bare = unit > 0 ? bare[..unit] : bare;
        foreach (var ending in new[] { "_mg", "_raw", "_counts" })
        {
            bare = bare.EndsWith(ending, StringComparison.Ordinal) ? bare[..^ending.Length] : bare;
        }

        return bare;
    }

    private static bool IsRotation(string column) =>
        Bare(column) is "gx" or "gy" or "gz" or "mx" or "my" or "mz"
            || column.StartsWith("gyr", StringComparison.OrdinalIgnoreCase)
        || column.StartsWith("mag", StringComparison.OrdinalIgnoreCase)
        || column.StartsWith("acc", StringComparison.OrdinalIgnoreCase)
        || Axes.Any(axis => IsAxis(column, axis));

    // ax, acc_x, accx, and the same after the sensor's place: wrist_ax.
    private static bool IsAxis(string column, string axis) =>
        $"_{Bare(column)}" is var name && new[] { $"_a{axis}", $"_acc_{axis}", $"_acc{axis}" }.Any(
            ending => name.EndsWith(ending, StringComparison.Ordinal));

    // A level that is worth the name is far from 0 compared with what rides on it, and light is never negative.
    private static bool IsCentred(IReadOnlyList<Recording> pieces, string channel)
    {
        var values = pieces.SelectMany(p => p.Values(channel)).ToArray();
        var mean = values.Average(static v => (double)v);
        var deviation = Math.Sqrt(values.Average(v => (v - mean) * (v - mean)));
        return values.Count(static v => v < 0) * 100L > values.Length
            || (deviation > 0 && Math.Abs(mean) < 2 * deviation);
    }

    // The middle of the magnitudes is gravity: people are still, or move around it.
    private static double Gravity(IReadOnlyList<Recording> pieces, string[] motion)
    {
        var axes = motion.Select(c => pieces.SelectMany(p => p.Values(c)).ToArray()).ToArray();
        var magnitudes = Enumerable.Range(0, axes[0].Length).Select(i => Math.Sqrt(axes.Sum(a => (double)a[i] * a[i])))
            .Order().ToArray();
        return Math.Max(magnitudes[magnitudes.Length / 2], 1);
    }
}
