using ElderBand.Simulation.Signals;
using ElderBand.Simulation;
using ElderBand.Simulator.Centre;

namespace ElderBand.Simulator.Neighbourhood;

/// <summary>Picks recordings for the demo from a folder of the form in docs/simulator.md.</summary>
public sealed class Recordings
{
    private readonly string _folder;
    private readonly string[][] _falls;
    private readonly string[][] _pulses;

    /// <summary>Reads both manifests.</summary>
    /// <exception cref="SimulationException">A manifest is missing or has no usable row.</exception>
    public Recordings(string folder)
    {
        _folder = folder;
        _falls = Rows("falls/manifest.csv", "file", "dataset", "is_fall", "subject");
        _pulses = Rows("ppg/manifest.csv", "file", "dataset");
    }

    /// <summary>The nth fall of the wrist set that the demo shows.</summary>
    public Recording Fall(int index) => Motion(Nth([.. _falls.Where(static r => r is [_, "weda40", "1", _])], index,
        "falls/manifest.csv holds no fall of weda40")[0]);

    /// <summary>The nth pulse that was taken with a sensor of this family.</summary>
    public Recording Pulse(int index) => Recording.Load(
        Path.Combine(_folder, "ppg"),
        Nth([.. _pulses.Where(static r => r is [_, "ppgtohr"])], index, "ppg/manifest.csv holds no ppgtohr")[0],
        "red", "ir", "green", "ax_mg", "ay_mg", "az_mg");

    /// <summary>The first trials by name of a subject of weda40.</summary>
    public IReadOnlyList<Recording> Trials(string subject, bool falls, int count) =>
        [.. _falls.Where(r => r[1] == "weda40" && r[2] == (falls ? "1" : "0") && r[3] == subject)
            .Select(static r => r[0]).Order(StringComparer.Ordinal).Take(count).Select(Motion)];

    private static string[] Nth(string[][] rows, int index, string none) =>
        rows.Length > 0 ? rows[index % rows.Length] : throw new SimulationException(none + ".");

    private Recording Motion(string file) =>
        Recording.Load(Path.Combine(_folder, "falls"), file, "ax_mg", "ay_mg", "az_mg");

    // A cell in quotes may hold commas; the columns that are read here never do.
    private string[][] Rows(string manifest, params string[] columns)
    {
        var path = Path.Combine(_folder, manifest);
        if (!File.Exists(path))
        {
            throw new SimulationException(
                $"{_folder} has no {manifest}: --data wants a folder as docs/simulator.md describes.");
        }

        var lines = File.ReadAllLines(path);
        var header = Cells(lines[0]);
        var indices = columns.Select(c => header.IndexOf(c)).ToArray();
        return Array.IndexOf(indices, -1) >= 0
            ? throw new SimulationException(
                $"{manifest} is damaged in line 1: it must name {string.Join(", ", columns)}.")
            : [.. lines.Skip(1).Select((line, i) =>
            {
                var cells = Cells(line);
                return cells.Count == header.Count
                    ? indices.Select(index => cells[index]).ToArray()
                    : throw new SimulationException(
                        $"{manifest} is damaged in line {i + 2}: mend or remove that line, then run this again.");
            })];
    }

    private static List<string> Cells(string line)
    {
        var cells = new List<string>();
        var quoted = false;
        var start = 0;
        for (var i = 0; i <= line.Length; i++)
        {
            if (i < line.Length && line[i] == '"')
            {
                quoted = !quoted;
            }
            else if (i == line.Length || (line[i] == ',' && !quoted))
            {
                cells.Add(line[start..i]);
                start = i + 1;
            }
        }

        return cells;
    }
}
