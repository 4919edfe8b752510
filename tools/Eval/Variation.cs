namespace ElderBand.Eval;

/// <summary>
/// One way another band might have recorded the same movement: other scale, offset and range, a slower or noisier
/// sensor, a quicker or slower person. The training sees a few of these beside each trial, so that it learns the
/// movement and not the recorder. Number 0 is the trial as it was recorded; the same number and trial always give the
/// same variation.
/// </summary>
public sealed class Variation
{
    private const double ScaleSpread = 0.10;
    private const double AxisScaleSpread = 0.03;
    private const double OffsetMg = 30;
    private const double MostNoiseMg = 30;
    private const double TempoSpread = 0.12;

    // A recorder faster than all of the data, for "as fast as it was recorded".
    private const int FastHz = 100;

    private static readonly int[] RangesMg = [16_000, 8_000, 4_000, 4_000];
    private static readonly int[] RecorderHz = [FastHz, FastHz, 20, 25, 32, 40];

    private readonly Random _random;
    private readonly double[] _scale = new double[3];
    private readonly double[] _offsetMg = new double[3];
    private readonly int _rangeMg;
    private readonly int _recorderHz;
    private readonly double _noiseMg;

    /// <param name="seed">From the trial and the number.</param>
    public Variation(int seed)
    {
        _random = new Random(seed);
        var scale = Math.Exp(Within(ScaleSpread));
        for (var axis = 0; axis < 3; axis++)
        {
            _scale[axis] = scale * (1 + Within(AxisScaleSpread));
            _offsetMg[axis] = Within(OffsetMg);
        }

        _rangeMg = RangesMg[_random.Next(RangesMg.Length)];
        _recorderHz = RecorderHz[_random.Next(RecorderHz.Length)];
        _noiseMg = MostNoiseMg * _random.NextDouble();
        Tempo = Math.Exp(Within(TempoSpread));
    }

    /// <summary>How much longer everything takes than it did.</summary>
    public double Tempo { get; }

    /// <summary>The three axes as that band's 25 or 50 Hz would have had them.</summary>
    public int[][] Record(Recording recording, int rateHz, int phaseMs)
    {
        string[] channels = ["ax_mg", "ay_mg", "az_mg"];
        return [.. channels.Select(
            (channel, axis) => Stretch(Recorded(recording.Resample(channel, _recorderHz), axis), rateHz, phaseMs))];
    }

    private double[] Recorded(int[] samples, int axis) =>
        [.. samples.Select(
            mg => Math.Clamp((mg * _scale[axis]) + _offsetMg[axis], -_rangeMg, _rangeMg) + (_noiseMg * Normal()))];

    private int[] Stretch(double[] samples, int rateHz, int phaseMs)
    {
        var perSample = _recorderHz / Tempo / rateHz;
        var first = phaseMs / 1000.0 * _recorderHz / Tempo;
        var count = (int)((samples.Length - 1 - first) / perSample) + 1;
        var stretched = new int[Math.Max(count, 0)];
        for (var i = 0; i < stretched.Length; i++)
        {
            var at = first + (i * perSample);
            var left = Math.Min((int)at, samples.Length - 1);
            var right = Math.Min(left + 1, samples.Length - 1);
            stretched[i] = (int)Math.Round(samples[left] + ((samples[right] - samples[left]) * (at - left)));
        }

        return stretched;
    }

    private double Within(double spread) => ((2 * _random.NextDouble()) - 1) * spread;

    private double Normal() =>
        Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(Math.Tau * _random.NextDouble());
}
