using System.Globalization;

namespace ElderBand.Simulation.Signals;

/// <summary>
/// A recording of the form in docs/simulator.md: a header line, the first column <c>t_ms</c>, integers. Read at once
/// and checked line by line.
/// </summary>
public sealed class Recording
{
    private const int HoldNoiseMg = 10;

    private readonly long[] _timesMs;
    private readonly int[][] _columns;
    private readonly double[] _lastSecond;

    private Recording(string name, long[] timesMs, int[][] columns)
    {
        Name = name;
        _timesMs = timesMs;
        _columns = columns;
        var from = Array.FindIndex(timesMs, t => t > timesMs[^1] - 1000);
        _lastSecond = [.. columns.Select(c => c.Skip(from).Average())];
    }

    /// <summary>Folder and file below the data folder.</summary>
    public string Name { get; }

    /// <summary>Length from the first to the last sample.</summary>
    public long LengthMs => _timesMs[^1] - _timesMs[0];

    /// <summary>
    /// Reads the named columns of a file below <paramref name="folder"/>; a damaged line ends it with one sentence.
    /// </summary>
    /// <exception cref="SimulationException">No such file, a missing column, or a damaged line.</exception>
    public static Recording Load(string folder, string name, params string[] columns)
    {
        var path = Path.Combine(folder, name);
        if (!File.Exists(path))
        {
            throw new SimulationException(
                $"There is no recording {name} in {folder}: --data wants a folder as docs/simulator.md describes.");
        }

        using var reader = new StreamReader(path);
        var header = (reader.ReadLine() ?? "").Split(',');
        var indices = columns.Prepend("t_ms").Select(c => Array.IndexOf(header, c)).ToArray();
        if (Array.IndexOf(indices, -1) is >= 0 and var missing)
        {
            throw new SimulationException(
                $"{name} has no column {columns.Prepend("t_ms").ElementAt(missing)}: its first line is damaged, or it "
                    + "is no such recording.");
        }

        var times = new List<long>();
        var values = columns.Select(static _ => new List<int>()).ToArray();
        for (var number = 2; reader.ReadLine() is { } line; number++)
        {
            var cells = line.Split(',');
            if (cells.Length != header.Length
                || !long.TryParse(
                    cells[indices[0]], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var t)
                || (times.Count > 0 && t <= times[^1]))
            {
                throw Damaged(name, number, line);
            }

            for (var i = 0; i < values.Length; i++)
            {
                if (!int.TryParse(
                    cells[indices[i + 1]], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
                {
                    throw Damaged(name, number, line);
                }

                values[i].Add(value);
            }

            times.Add(t);
        }

        return times.Count > 1
            ? new Recording(name, [.. times], [.. values.Select(static v => v.ToArray())])
            : throw new SimulationException($"{name} holds no samples.");
    }

    /// <summary>
    /// The value of a column at a time since the recording's begin, between two samples by a straight line.
    /// </summary>
    public double At(int column, double sinceBeginMs)
    {
        var t = _timesMs[0] + sinceBeginMs;
        if (t >= _timesMs[^1])
        {
            return _lastSecond[column];
        }

        var next = UpperBound(t);
        if (next == 0)
        {
            return _columns[column][0];
        }

        double from = _timesMs[next - 1];
        var share = (t - from) / (_timesMs[next] - from);
        var values = _columns[column];
        return values[next - 1] + (share * (values[next] - values[next - 1]));
    }

    /// <summary>Three columns as an acceleration; after the end the last second's mean with 10 mg of noise.</summary>
    public (int X, int Y, int Z) Motion(double sinceBeginMs, int firstColumn, Random random)
    {
        var held = sinceBeginMs > LengthMs;
        return (Axis(0), Axis(1), Axis(2));

        int Axis(int axis)
        {
            var mg = At(firstColumn + axis, sinceBeginMs);
            return (int)Math.Round(held ? mg + (HoldNoiseMg * Noise.Gaussian(random)) : mg);
        }
    }

    private static SimulationException Damaged(string name, int number, string line) =>
        new($"{name} is damaged in line {number} (\"{(line.Length > 40 ? line[..40] + "..." : line)}\"): mend or "
            + "remove that file, then run this again.");

    private int UpperBound(double t)
    {
        int low = 0, high = _timesMs.Length;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_timesMs[middle] <= t)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
