namespace ElderBand.Simulation.Signals;

/// <summary>
/// A synthetic resting pulse in counts of a MAX30102: a systolic and a dicrotic wave per beat, breathing in level and
/// interval, converter noise. The same seed gives the same samples.
/// </summary>
public sealed class SyntheticPpg
{
    /// <summary>Largest value of the 18-bit converter.</summary>
    public const int FullScale = 262143;

    private readonly int _rateHz;
    private readonly Random _random;
    private double _phase;
    private double _interval;
    private double _breath;

    /// <param name="rateHz">Samples a second.</param>
    /// <param name="seed">Same seed, same samples.</param>
    public SyntheticPpg(int rateHz, int seed)
    {
        _rateHz = rateHz;
        _random = new Random(seed);
        _phase = _random.NextDouble();
        _breath = _random.NextDouble() * Math.Tau;
    }

    /// <summary>Heart rate, beats a minute.</summary>
    public double Bpm { get; set; } = 68;

    /// <summary>Oxygen saturation in percent; sets the ratio of the red and the infrared wave.</summary>
    public double Spo2 { get; set; } = 97;

    /// <summary>Peak to peak of the infrared wave as a share of its level (0.01 = 1 %).</summary>
    public double Perfusion { get; set; } = 0.01;

    /// <summary>Height of the dicrotic wave against the systolic one.</summary>
    public double Dicrotic { get; set; } = 0.35;

    /// <summary>
    /// Standard deviation of the interval between beats as a share of it; 0.02 is normal, 0.2 is atrial fibrillation.
    /// </summary>
    public double Irregularity { get; set; } = 0.02;

    /// <summary>Converter noise, standard deviation in counts.</summary>
    public double NoiseCounts { get; set; } = 15;

    /// <summary>Red level, counts.</summary>
    public double RedLevel { get; set; } = 88_000;

    /// <summary>Infrared level, counts.</summary>
    public double IrLevel { get; set; } = 104_000;

    /// <summary>Green level, counts; its wave is three times as deep.</summary>
    public double GreenLevel { get; set; } = 42_000;

    /// <summary>Ambient light, added to every channel, counts.</summary>
    public double Ambient { get; set; }

    /// <summary>False: the sensor is uncovered and sees only <see cref="Ambient"/>, cross-talk and noise.</summary>
    public bool Worn { get; set; } = true;

    /// <summary>The next sample of the three channels, raw counts.</summary>
    public (int Red, int Ir, int Green) Next()
    {
        _breath += Math.Tau * 0.25 / _rateHz;
        if (!Worn)
        {
            return (Count(900 + Ambient), Count(1_200 + Ambient), Count(700 + Ambient));
        }

        if (_interval <= 0)
        {
            _interval = NewInterval();
        }

        _phase += 1.0 / (_rateHz * _interval);
        if (_phase >= 1)
        {
            _phase -= 1;
            _interval = NewInterval();
        }

        var wave = Wave(_phase);
        var wander = 1 + (0.0015 * Math.Sin(_breath));
        var ratio = RatioFor(Spo2);
        return (
            Count((RedLevel * wander * (1 - (Perfusion * ratio * wave))) + Ambient),
            Count((IrLevel * wander * (1 - (Perfusion * wave))) + Ambient),
            Count((GreenLevel * wander * (1 - (3 * Perfusion * wave))) + Ambient));
    }

    /// <summary>The ratio of ratios at which the default curve of the band gives this saturation (percent).</summary>
    public static double RatioFor(double spo2)
    {
        const double a = 1.596, b = -34.660;
        var c = 112.690 - spo2;
        return (-b - Math.Sqrt((b * b) - (4 * a * c))) / (2 * a);
    }

    // One beat over phase 0..1, height about 1: the steep systolic wave and the later, lower and wider dicrotic one.
    private double Wave(double phase) =>
        Bump(phase, 0.16, 0.055, 0.11) + (Dicrotic * Bump(phase, 0.46, 0.07, 0.13));

    private static double Bump(double phase, double centre, double rise, double fall)
    {
        var sum = 0.0;
        for (var turn = -1; turn <= 1; turn++)
        {
            var d = phase - centre + turn;
            var width = d < 0 ? rise : fall;
            sum += Math.Exp(-d * d / (2 * width * width));
        }

        return sum;
    }

    private double NewInterval()
    {
        var breathing = 1 + (0.015 * Math.Sin(_breath));
        return Math.Max(0.25, 60 / Bpm * breathing * (1 + (Irregularity * Noise.Gaussian(_random))));
    }

    private int Count(double value) =>
        (int)Math.Clamp(Math.Round(value + (NoiseCounts * Noise.Gaussian(_random))), 0, FullScale);
}
