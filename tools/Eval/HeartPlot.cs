using System.Globalization;
using ElderBand.VitalsFilter;

namespace ElderBand.Eval;

/// <summary>A pulse recording: the wave, the reference, and what the band says or refuses and why.</summary>
public static class HeartPlot
{
    private const string Reference = "#1f2933";
    private const string Told = "#2b8a3e";
    private const string Moving = "#868e96";
    private const int LongestBridgeMs = 3000;

    private static readonly string[] ChannelStroke = ["#c92a2a", "#7048e8", "#2b8a3e"];

    private static readonly (HeartRefusal Reason, string Words, string Fill)[] Reasons =
    [
        (HeartRefusal.NotWorn, "not worn", "#868e96"),
        (HeartRefusal.Motion, "moving", "#e8590c"),
        (HeartRefusal.LowPerfusion, "weak pulse", "#1c7ed6"),
        (HeartRefusal.Saturated, "saturated", "#ae3ec9"),
        (HeartRefusal.Irregular, "irregular", "#d6336c"),
        (HeartRefusal.Warmup, "warming up", "#adb5bd"),
        (HeartRefusal.NoSignal, "no pulse", "#5c7cfa"),
        (HeartRefusal.Disagree, "two ways disagree", "#f08c00"),
        (HeartRefusal.SensorFault, "sensor fault", "#212529"),
    ];

    public static string Draw(string folder, Entry entry, string? chosen, (double FromS, double ToS) span)
    {
        var pieces = Recording.ReadPieces(Path.Combine(folder, entry["file"]));
        var map = PulseMapping.For(entry, pieces, chosen);

        // Segments of a file each begin at 0: they are drawn one after the other.
        var said = new List<(double S, HeartEstimate Answer)>();
        var waves = map.Channels.Select(static _ => new List<(double S, double Value)>()).ToArray();
        var motion = new List<(double S, double Mg)>();
        var offset = 0.0;
        foreach (var piece in pieces)
        {
            var shift = pieces.Count == 1 ? 0 : offset - (piece.StartMs / 1000.0);
            said.AddRange(Heart.Play(piece, map).Select(e => ((e.Ms / 1000.0) + shift, e)));
            for (var c = 0; c < waves.Length; c++)
            {
                waves[c].AddRange(Wave(piece, map.Channels[c], map.RateHz, shift));
            }

            motion.AddRange(Movement(piece, map, shift));
            offset += ((piece.EndMs - piece.StartMs) / 1000.0) + 1;
        }

        var reference = pieces.Count == 1 ? ReadReference(folder, entry) : [];
        var from = double.IsFinite(span.FromS) ? span.FromS : waves[0][0].S;
        var to = double.IsFinite(span.ToS) ? span.ToS : waves[0][^1].S;
        bool Within(double s) => s >= from && s <= to;
        said.RemoveAll(e => !Within(e.S));
        reference.RemoveAll(r => !Within(r.S));
        motion.RemoveAll(m => !Within(m.S));
        if (!waves[0].Exists(w => Within(w.S)))
        {
            throw new DamagedException($"nothing was recorded between {Svg.Number(from)} and {Svg.Number(to)} s");
        }

        var oxygen = said.Exists(static e => e.Answer.Spo2X10 > 0) || reference.Exists(static r => r.Spo2 > 0);
        var below = (oxygen ? 150 : 0) + (motion.Count > 0 ? 110 : 0);
        var svg = new Svg(1200, 690 + below);
        Head(svg, entry, map, said, reference);

        var wave = new Panel(svg, 76, 112, 1090, 60 * waves.Length, from, to, 0, 1);
        wave.Axes("pulse", values: false);
        for (var c = 0; c < waves.Length; c++)
        {
            var row = new Panel(svg, wave.Left, wave.Top + (60 * c), 1090, 60, from, to, 0, 1);
            var shown = waves[c].Where(w => Within(w.S)).ToList();
            var sizes = shown.Select(static w => Math.Abs(w.Value)).Order().ToArray();
            var full = Math.Max(sizes[(int)(sizes.Length * 0.98)] * 1.15, 1e-9);
            row.Trace(shown.Select(w => (w.S, 0.5 + (w.Value / full / 2))), ChannelStroke[c], 0.9);
            svg.Rectangle(row.Left + 3, row.Top + 2, 8 + (map.Channels[c].Length * 7.5), 15, "#ffffff", 0.85);
            svg.Text(row.Left + 6, row.Top + 13, map.Channels[c], 12, ChannelStroke[c], bold: true);
        }

        svg.Text(wave.Right, wave.Top - 6, "level taken away, each channel on its own scale", 12, Svg.Faint, "end");

        var rates = said.Where(static e => e.Answer.BpmX10 > 0).Select(static e => e.Answer.BpmX10 / 10.0)
            .Concat(reference.Select(static r => r.Bpm)).DefaultIfEmpty(70).ToArray();
        var top = wave.Bottom + 24;
        var rate = new Panel(svg, 76, top, 1090, 570 - top, from, to, Math.Floor((rates.Min() - 8) / 10) * 10,
            Math.Ceiling((rates.Max() + 8) / 10) * 10);
        rate.Axes("heart rate, a minute", time: below == 0);
        foreach (var (s, answer) in said)
        {
            var reason = Reasons.FirstOrDefault(r => r.Reason == answer.Refusal);
            var words =
                $"{s.ToString("0", CultureInfo.InvariantCulture)} s: {answer.BpmX10 / 10.0:0.0} a minute, confidence "
                    + $"{answer.Confidence}, {(answer.Reported ? "reported" : $"refused: {reason.Words}")}";
            if (!answer.Reported)
            {
                svg.Rectangle(rate.X(s) - 2, rate.Bottom - 7, 4, 7, reason.Fill ?? Moving, 1, words);
            }

            if (answer.BpmX10 > 0)
            {
                svg.Dot(rate.X(s), rate.Y(answer.BpmX10 / 10.0), answer.Reported ? 3 : 2.4,
                    answer.Reported ? Told : "#ffffff", answer.Reported ? "none" : reason.Fill ?? Moving, words);
            }
        }

        DrawReference(svg, rate, reference.Select(static r => (r.S, r.Bpm)));
        var next = rate.Bottom + 20;
        if (oxygen)
        {
            var values = said.Where(static e => e.Answer.Spo2X10 > 0).Select(static e => e.Answer.Spo2X10 / 10.0)
                .Concat(reference.Where(static r => r.Spo2 > 0).Select(static r => r.Spo2)).ToArray();
            var panel = new Panel(
                svg, 76, next, 1090, 126, from, to, Math.Max(50, Math.Floor((values.Min() - 2) / 5) * 5), 101);
            panel.Axes("SpO2, %", time: motion.Count == 0);
            foreach (var (s, answer) in said.Where(static e => e.Answer.Spo2X10 > 0))
            {
                svg.Dot(panel.X(s), panel.Y(answer.Spo2X10 / 10.0), 3, Told,
                    hover: $"{s:0} s: {answer.Spo2X10 / 10.0:0.0} %");
            }

            DrawReference(svg, panel, reference.Where(static r => r.Spo2 > 0).Select(static r => (r.S, r.Spo2)));
            next = panel.Bottom + 24;
        }

        if (motion.Count > 0)
        {
            var panel = new Panel(svg, 76, next, 1090, 84, from, to, 0,
                Math.Max(100, Math.Ceiling(motion.Max(static m => m.Mg) / 100) * 100));
            panel.Axes("motion, mg", time: true);
            panel.Trace(motion, Moving, 1.4);
        }

        Legend(svg, said, reference.Count > 0, svg.Height - 38);
        return svg.Close($"{entry["file"]}: heart rate");
    }

    private static void Head(Svg svg, Entry entry, PulseMapping map, List<(double S, HeartEstimate Answer)> said,
        List<(double S, double Bpm, double Spo2)> reference)
    {
        svg.Text(76, 34, entry["file"], 20, bold: true);
        svg.Text(
            76, 58, string.Join(
                ", ", new[] { entry["subject"], entry["sensor"], entry["site"], $"{map.RateHz} Hz",
                    entry["ref_kind"] is { Length: > 0 } kind ? $"reference: {kind}" : "no reference" }.Where(
                        static s => s.Length > 0)), 14, Svg.Faint);
        var told = said.Where(static e => e.Answer.Reported).ToList();
        var errors = told.Select(e => (e.Answer.BpmX10, Near: reference.Where(r => e.S > r.S - 2.5 && e.S <= r.S + 0.5)
            .Select(static r => r.Bpm).DefaultIfEmpty(double.NaN).First()))
            .Where(static p => !double.IsNaN(p.Near)).Select(static p => Math.Abs((p.BpmX10 / 10.0) - p.Near))
                .ToArray();
        var answered = said.Count == 0 ? "says nothing" : $"reports {told.Count} of {said.Count} answers";
        var beside = errors.Length == 0
            ? ""
            : string.Create(
                CultureInfo.InvariantCulture,
                $"; {errors.Length} of them beside a reference, {errors.Average():0.0} a minute off on average");
        svg.Text(
            76,
            84,
            $"the band {answered}{beside}",
            14,
            told.Count > 0 ? Told : Svg.Ink,
            bold: true);
    }

    private static void DrawReference(Svg svg, Panel panel, IEnumerable<(double S, double Value)> reference)
    {
        var run = new List<(double X, double Y)>();
        var before = double.NegativeInfinity;
        foreach (var (s, value) in reference)
        {
            if ((s - before) * 1000 > LongestBridgeMs)
            {
                svg.Path(run, Reference, 1.8);
                run.Clear();
            }

            if (run.Count == 0)
            {
                svg.Dot(panel.X(s), panel.Y(value), 1.2, Reference);
            }

            run.Add((panel.X(s), panel.Y(value)));
            before = s;
        }

        svg.Path(run, Reference, 1.8);
    }

    private static void Legend(Svg svg, List<(double S, HeartEstimate Answer)> said, bool hasReference, double y)
    {
        var x = 76.0;
        void Entry(Action<double> mark, string words)
        {
            if (x + 30 + (words.Length * 6.4) > svg.Width - 20)
            {
                x = 76;
                y += 20;
            }

            mark(x);
            svg.Text(x + 22, y, words, 12);
            x += 42 + (words.Length * 6.4);
        }

        if (hasReference)
        {
            Entry(at => svg.Line(at, y - 4, at + 16, y - 4, Reference, 2), "reference");
        }

        Entry(at => svg.Dot(at + 8, y - 4, 3.5, Told), $"reported ({said.Count(static e => e.Answer.Reported)})");
        foreach (var (reason, words, fill) in Reasons)
        {
            var count = said.Count(e => !e.Answer.Reported && e.Answer.Refusal == reason);
            if (count > 0)
            {
                Entry(at => { svg.Dot(at + 4, y - 4, 3, "#ffffff", fill); svg.Rectangle(at + 11, y - 8, 4, 7, fill); },
                    $"refused: {words} ({count})");
            }
        }
    }

    private static List<(double S, double Bpm, double Spo2)> ReadReference(string folder, Entry entry)
    {
        var path = Path.Combine(folder, entry["ref"]);
        if (entry["ref"].Length == 0)
        {
            return [];
        }

        if (!File.Exists(path))
        {
            throw new DamagedException($"its reference {entry["ref"]} is missing");
        }

        var lines = File.ReadAllLines(path);
        var header = lines.Length == 0 ? [] : lines[0].Split(',');
        int Column(string name) => Array.IndexOf(header, name);
        if (Column("t_end_ms") < 0 || Column("hr_bpm_x10") < 0)
        {
            throw new DamagedException($"its reference {entry["ref"]} has no columns t_end_ms and hr_bpm_x10");
        }

        var rows = new List<(double, double, double)>();
        foreach (var cells in lines.Skip(1).Select(static l => l.Split(',')).Where(c => c.Length == header.Length))
        {
            double Cell(string name) => Column(name) >= 0
                && double.TryParse(cells[Column(name)], CultureInfo.InvariantCulture, out var v) ? v : 0;
            if (Cell("suspect") == 0 && Cell("hr_bpm_x10") > 0)
            {
                rows.Add((Cell("t_end_ms") / 1000, Cell("hr_bpm_x10") / 10, Cell("spo2_x10") / 10));
            }
        }

        return rows;
    }

    // The level, and what wanders slower than a beat, is a thousand times the pulse: without it the wave shows.
    private static IEnumerable<(double S, double Value)> Wave(Recording piece, string channel, int rateHz, double shift)
    {
        var samples = piece.Resample(channel, rateHz);
        var half = rateHz / 2;
        var sum = 0.0;
        var count = 0;
        for (var i = -half; i < samples.Length; i++)
        {
            if (i + half < samples.Length)
            {
                sum += samples[i + half];
                count++;
            }

            if (i > half)
            {
                sum -= samples[i - half - 1];
                count--;
            }

            if (i >= 0)
            {
                yield return ((piece.StartMs / 1000.0) + ((double)i / rateHz) + shift, samples[i] - (sum / count));
            }
        }
    }

    // Standard deviation of the acceleration's magnitude over each second.
    private static IEnumerable<(double S, double Mg)> Movement(Recording piece, PulseMapping map, double shift)
    {
        if (map.Motion.Length != 3)
        {
            yield break;
        }

        var axes = map.Motion.Select(c => piece.Resample(c, 25)).ToArray();
        for (var i = 0; i + 25 <= axes[0].Length; i += 25)
        {
            var magnitudes = Enumerable.Range(i, 25)
                .Select(k => Math.Sqrt(axes.Sum(a => (double)a[k] * a[k])) * map.MilliGFactor).ToArray();
            var mean = magnitudes.Average();
            yield return ((piece.StartMs / 1000.0) + (i / 25.0) + 0.5 + shift,
                Math.Sqrt(magnitudes.Average(m => (m - mean) * (m - mean))));
        }
    }
}
