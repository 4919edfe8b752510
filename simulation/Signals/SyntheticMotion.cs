namespace ElderBand.Simulation.Signals;

/// <summary>
/// Synthetic accelerations of a wrist, milli-g, gravity included: a sequence of poses and impacts. They drive every
/// path of the band, but do not measure how well it detects falls. The same seed gives the same samples.
/// </summary>
public sealed class SyntheticMotion
{
    private readonly int _rateHz;
    private readonly Random _random;
    private readonly Func<SyntheticMotion, double, Vector> _model;
    private readonly double _noiseMg;
    private long _index;

    private SyntheticMotion(int rateHz, int seed, double noiseMg, Func<SyntheticMotion, double, Vector> model)
    {
        _rateHz = rateHz;
        _random = new Random(seed);
        _noiseMg = noiseMg;
        _model = model;
    }

    /// <summary>Asleep or sitting: breathing only.</summary>
    public static SyntheticMotion Resting(int rateHz, int seed) =>
        new(rateHz, seed, 6, static (_, t) => Lying + (new Vector(2, 3, 1) * Math.Sin(Math.Tau * 0.25 * t)));

    /// <summary>On a desk: gravity and converter noise.</summary>
    public static SyntheticMotion Desk(int rateHz, int seed) =>
        new(rateHz, seed, 4, static (_, _) => new Vector(0, 0, 1000));

    /// <summary>Walking with a swinging arm.</summary>
    public static SyntheticMotion Walking(int rateHz, int seed) => new(rateHz, seed, 25, static (_, t) => Walk(t));

    /// <summary>A morning in the room, one minute long and repeated: rest, walking, sitting down hard, clapping,
    /// putting down a cup, rest.</summary>
    public static SyntheticMotion Daily(int rateHz, int seed) => new(rateHz, seed, 12, static (_, t) => Day(t % 60));

    /// <summary>
    /// Walking until the onset, then a stumble, the fall, the impact, and lying on the floor until the end.
    /// </summary>
    /// <param name="rateHz">Samples a second.</param>
    /// <param name="seed">Same seed, same samples.</param>
    /// <param name="onsetMs">When the fall begins; the impact follows 0.7 s later.</param>
    public static SyntheticMotion FallSequence(int rateHz, int seed, int onsetMs) =>
        new(rateHz, seed, 10, (_, t) => t * 1000 < onsetMs ? Walk(t) : Fall(t - (onsetMs / 1000.0)));

    /// <summary>The next sample, milli-g.</summary>
    public (int X, int Y, int Z) Next()
    {
        var v = _model(this, _index++ / (double)_rateHz);
        return (Axis(v.X), Axis(v.Y), Axis(v.Z));
    }

    private static Vector Hanging => new(-950, 150, 270);

    private static Vector Lying => new(120, 250, 955);

    private static Vector Floor => new(180, -930, 320);

    private int Axis(double mg) =>
        (int)Math.Clamp(Math.Round(mg + (_noiseMg * Noise.Gaussian(_random))), -16000, 16000);

    private static Vector Walk(double t)
    {
        var step = Math.Tau * 1.7 * t;
        var swing = Math.Tau * 0.85 * t;
        return Hanging
            + (new Vector(-150, 20, 40) * Math.Sin(step))
            + (new Vector(-60, 10, 20) * Math.Sin((2 * step) + 0.6))
            + (new Vector(40, 90, 170) * Math.Sin(swing));
    }

    private static Vector Fall(double t)
    {
        // 0-0.35 s the arm is thrown up, 0.35-0.7 s it falls with the body, 0.7 s hand and hip strike, then it comes to
        // rest.
        var pose = t < 0.35 ? Hanging.Toward(new Vector(420, 300, 750), t / 0.35)
            : t < 0.7 ? new Vector(420, 300, 750).Toward(new Vector(60, -80, 120), (t - 0.35) / 0.25)
            : new Vector(500, -500, 500).Toward(Floor, (t - 0.7) / 1.1);
        return pose
            + (new Vector(-500, 250, 350) * Pulse(t, 0.12, 0.09))
            + (new Vector(2300, -3300, 2100) * Pulse(t, 0.72, 0.022))
            + (new Vector(-1500, 1300, -1700) * Pulse(t, 0.80, 0.03))
            + (new Vector(900, -1500, 1100) * Pulse(t, 0.93, 0.035))
            + (new Vector(-350, 420, -250) * Pulse(t, 1.15, 0.06))
            + (new Vector(120, 180, -140) * Pulse(t, 1.6, 0.12));
    }

    private static Vector Day(double t) => t switch
    {
        < 10 => Lying,
        < 25 => Walk(t),
        < 32 => Hanging.Toward(Lying, (t - 25) / 1.2) + (new Vector(-420, 160, 500) * Pulse(t, 26.1, 0.05)),
        < 36 => Lying.Toward(new Vector(500, 600, 620), t - 32) + (new Vector(900, 1500, 500) * Claps(t - 33)),
        < 44 => Lying + (new Vector(350, 120, 420) * Pulse(t, 38, 0.03)),
        _ => Lying,
    };

    private static double Claps(double t)
    {
        var sum = 0.0;
        for (var i = 0; i < 6; i++)
        {
            sum += Pulse(t, 0.3 * (i + 1), 0.02);
        }

        return sum;
    }

    private static double Pulse(double t, double centre, double width)
    {
        var d = (t - centre) / width;
        return Math.Exp(-d * d / 2);
    }

    private readonly record struct Vector(double X, double Y, double Z)
    {
        public static Vector operator +(Vector a, Vector b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z);

        public static Vector operator *(Vector a, double k) => new(a.X * k, a.Y * k, a.Z * k);

        public Vector Toward(Vector to, double share)
        {
            var k = Math.Clamp(share, 0, 1);
            return (this * (1 - k)) + (to * k);
        }
    }
}

/// <summary>Gaussian noise from a seeded source.</summary>
internal static class Noise
{
    /// <summary>Mean 0, standard deviation 1.</summary>
    public static double Gaussian(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(Math.Tau * random.NextDouble());
}
