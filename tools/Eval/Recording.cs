using System.Globalization;

namespace ElderBand.Eval;

/// <summary>A recording or a manifest that cannot be used, with the reason for a person.</summary>
public sealed class DamagedException(string message) : Exception(message);

/// <summary>One row of a manifest by column name.</summary>
/// <param name="header">The names.</param>
/// <param name="cells">What the row has.</param>
/// <param name="fault">Why the row cannot be used; null where it can.</param>
public sealed class Entry(string[] header, string[] cells, string? fault)
{
    /// <summary>Nothing speaks against reading what the row names.</summary>
    public bool IsUsable => fault is null;

    /// <summary>The row's cell, empty where the manifest has no such column.</summary>
    public string this[string column]
    {
        get
        {
            var i = Array.IndexOf(header, column);
            return i < 0 || i >= cells.Length ? "" : cells[i];
        }
    }

    /// <summary>Reads DIR/manifest.csv, its columns in any order; quoted cells may hold commas. Rows that cannot be
    /// used are named to the report, and kept so that they are counted with the recordings that cannot.</summary>
    public static List<Entry> ReadManifest(string folder, TextWriter report)
    {
        var path = Path.Combine(folder, "manifest.csv");
        if (!File.Exists(path))
        {
            throw new FileNotFoundException(
                $"no manifest.csv in {folder}: --data wants a folder of recordings with one");
        }

        using var lines = File.ReadLines(path).GetEnumerator();
        if (!lines.MoveNext())
        {
            throw new IOException($"{path} is empty");
        }

        var header = Split(lines.Current).Select(static name => name.Trim()).ToArray();
        if (!header.Contains("file", StringComparer.Ordinal))
        {
            throw new IOException($"{path} has no column 'file'");
        }

        var entries = new List<Entry>();
        var named = new HashSet<string>(StringComparer.Ordinal);
        for (var line = 2; lines.MoveNext(); line++)
        {
            if (lines.Current.Length == 0)
            {
                continue;
            }

            var cells = Split(lines.Current);
            var file = new Entry(header, cells, null)["file"];
            var fault = cells.Length != header.Length
                ? $"line {line} of the manifest has {cells.Length} cells, not {header.Length}"
                : file.Length == 0 ? $"line {line} of the manifest names no file"
                : file.AsSpan().ContainsAny(',', '"')
                    ? "a name with a comma or a quote does not fit into the answer's rows: rename the file"
                : !named.Add(file) ? $"line {line} of the manifest names it again"
                : null;
            entries.Add(new Entry(header, cells, fault));
            if (fault is not null)
            {
                report.WriteLine($"eval: skipped {file}: {fault}");
            }
        }

        return entries;
    }

    private static string[] Split(string line)
    {
        var cells = new List<string>();
        var cell = new System.Text.StringBuilder();
        var quoted = false;
        foreach (var c in line)
        {
            if (c == '"')
            {
                quoted = !quoted;
            }
            else if (c == ',' && !quoted)
            {
                cells.Add(cell.ToString());
                cell.Clear();
            }
            else
            {
                cell.Append(c);
            }
        }

        cells.Add(cell.ToString());
        return [.. cells];
    }
}

/// <summary>Integer channels over time.</summary>
public sealed class Recording
{
    // A longer recording of a wrist is one whose times are wrong; an even grid over it would fill the memory.
    private const long LongestMs = 24 * 3_600_000;

    private readonly string[] _header;
    private readonly List<int[]> _rows = [];

    private Recording(string[] header) => _header = header;

    public int Count => _rows.Count;

    public int StartMs => _rows[0][0];

    public int EndMs => _rows[^1][0];

    public IReadOnlyList<string> Columns => _header;

    /// <summary>Rows a second, holes left out.</summary>
    public double RateHz
    {
        get
        {
            var steps = _rows.Zip(_rows.Skip(1), static (a, b) => b[0] - a[0]).Where(static ms => ms <= 300).ToArray();
            return steps.Sum() == 0
                ? throw new DamagedException("its times do not say a rate") : steps.Length * 1000.0 / steps.Sum();
        }
    }

    /// <summary>The recorded values of one column.</summary>
    public IEnumerable<int> Values(string channel)
    {
        var column = Array.IndexOf(_header, channel);
        return _rows.Select(row => row[column]);
    }

    /// <summary>Where nothing was recorded for longer than this.</summary>
    public IEnumerable<(int FromMs, int ToMs)> Holes(int longerThanMs) =>
        _rows.Zip(_rows.Skip(1), static (a, b) => (FromMs: a[0], ToMs: b[0]))
        .Where(hole => hole.ToMs - hole.FromMs > longerThanMs);

    /// <summary>
    /// The pieces of a file that holds several: its column `seg` counts them and time begins anew in each.
    /// </summary>
    /// <exception cref="DamagedException">With the line and what is wrong with it.</exception>
    public static List<Recording> ReadPieces(string path)
    {
        var pieces = new List<Recording>();
        Recording? recording = null;
        var number = 0;

        // A manifest that was made under Windows.
        path = path.Replace('\\', '/');
        if (Directory.Exists(path))
        {
            throw new DamagedException("it is a folder");
        }

        if (!File.Exists(path))
        {
            throw new DamagedException("the file is missing");
        }

        foreach (var line in File.ReadLines(path))
        {
            number++;
            var cells = line.Split(',');
            if (recording is null)
            {
                cells = [.. cells.Select(static name => name.Trim())];
                if (cells[0] != "t_ms")
                {
                    throw new DamagedException("the first column is not t_ms");
                }

                recording = new Recording(cells);
                pieces.Add(recording);
                continue;
            }

            if (line.Length == 0)
            {
                continue;
            }

            if (cells.Length != recording._header.Length)
            {
                throw new DamagedException($"line {number} has {cells.Length} cells, not {recording._header.Length}");
            }

            var row = new int[cells.Length];
            for (var i = 0; i < cells.Length; i++)
            {
                if (!int.TryParse(cells[i], NumberStyles.Integer, CultureInfo.InvariantCulture, out row[i]))
                {
                    throw new DamagedException(long.TryParse(cells[i], CultureInfo.InvariantCulture, out _)
                        ? $"line {number}: {recording._header[i]} {cells[i]} does not fit into 32 "
                            + $"bits{(i == 0 ? ": let its time begin near 0" : "")}"
                        : $"line {number}: '{cells[i]}' is not a whole number");
                }
            }

            var segment = Array.IndexOf(recording._header, "seg");
            if (recording.Count > 0 && segment >= 0 && row[segment] != recording._rows[^1][segment])
            {
                recording = new Recording(recording._header);
                pieces.Add(recording);
            }

            if (recording.Count > 0 && row[0] < recording.EndMs)
            {
                throw new DamagedException($"line {number}: time runs backwards");
            }

            if (recording.Count > 0 && (long)row[0] - recording.StartMs > LongestMs)
            {
                throw new DamagedException(
                    $"line {number}: more than 24 hours after its beginning, is t_ms in milliseconds?");
            }

            recording._rows.Add(row);
        }

        return pieces.Count > 0 && pieces.TrueForAll(static p => p.Count >= 2)
            ? pieces : throw new DamagedException("fewer than two samples");
    }

    /// <summary>A file that holds one recording.</summary>
    public static Recording Read(string path) =>
        ReadPieces(path) is [var only]
            ? only : throw new DamagedException("several segments where one recording is wanted");

    /// <summary>
    /// One channel at an even rate, linearly between the recorded samples, from the first one (plus the phase) on.
    /// </summary>
    public int[] Resample(string channel, int rateHz, double phaseMs = 0)
    {
        var column = Array.IndexOf(_header, channel);
        if (column < 0)
        {
            throw new DamagedException($"no column '{channel}'");
        }

        var count = (int)((EndMs - StartMs - phaseMs) * rateHz / 1000) + 1;
        var samples = new int[Math.Max(count, 0)];
        var row = 0;
        for (var i = 0; i < samples.Length; i++)
        {
            var t = StartMs + phaseMs + (i * 1000.0 / rateHz);
            while (row < _rows.Count - 2 && _rows[row + 1][0] <= t)
            {
                row++;
            }

            var (from, to) = (_rows[row], _rows[row + 1]);
            var share = to[0] == from[0] ? 0 : Math.Clamp((t - from[0]) / (to[0] - from[0]), 0, 1);
            samples[i] = (int)Math.Round(from[column] + (((double)to[column] - from[column]) * share));
        }

        return samples;
    }
}

/// <summary>
/// Runs one job per recording on all cores, writes the results in the manifest's order, names what it skips.
/// </summary>
public static class Batch
{
    private const int ProgressEveryMs = 5000;

    /// <returns>The exit code.</returns>
    public static int Run(List<Entry> entries, TextWriter report, string outFile, string header, string what,
        Func<Entry, string> evaluate)
    {
        TryToWrite(outFile);
        var results = new string?[entries.Count];
        var done = 0;
        var started = Environment.TickCount64;
        var told = started;
        var line = new object();
        var terminal = report == Console.Error && !Console.IsErrorRedirected;
        Parallel.For(0, entries.Count, i =>
        {
            try
            {
                results[i] = entries[i].IsUsable ? evaluate(entries[i]) : null;
            }
            catch (Exception e) when (e is DamagedException or IOException or UnauthorizedAccessException)
            {
                lock (line)
                {
                    report.WriteLine($"{(terminal ? "\r" : "")}eval: skipped {entries[i]["file"]}: {e.Message}");
                }
            }

            lock (line)
            {
                done++;
                if (terminal && (done % 20 == 0 || done == entries.Count))
                {
                    report.Write($"\r{what}: {done} of {entries.Count}");
                }
                else if (!terminal && Environment.TickCount64 - told >= ProgressEveryMs)
                {
                    told = Environment.TickCount64;
                    report.WriteLine($"{what}: {done} of {entries.Count}");
                }
            }
        });
        if (terminal)
        {
            report.WriteLine();
        }

        using (var writer = new StreamWriter(outFile))
        {
            writer.WriteLine(header);
            foreach (var result in results)
            {
                writer.Write(result);
            }
        }

        var good = results.Count(static r => r is not null);
        report.WriteLine(
            $"{what}: {good} recordings evaluated, {entries.Count - good} skipped, "
                + $"{(Environment.TickCount64 - started) / 1000.0:0.0} s -> {outFile}");
        return good > 0 ? 0 : 1;
    }

    // Whoever waits a minute for the answers should not hear then that they cannot be kept. What stood there stays
    // until there are new ones.
    private static void TryToWrite(string outFile)
    {
        if (Directory.Exists(outFile))
        {
            throw new IOException($"--out {outFile} is a folder: a file is wanted");
        }

        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(outFile))!);
            File.Open(outFile, FileMode.OpenOrCreate, FileAccess.Write).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"--out {outFile} cannot be written: {e.Message}", e);
        }
    }
}
