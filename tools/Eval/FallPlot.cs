using System.Globalization;
using ElderBand.VitalsFilter;
using ElderBand.Wristband;

namespace ElderBand.Eval;

/// <summary>A fall trial: the acceleration, what the detector went through, and what it said.</summary>
public static class FallPlot
{
    private const double TriggerG = 1.5;
    private const double MarginS = 2;

    // More than these would lie upon each other.
    private const int MostVerdicts = 4;
    private const int MostLabels = 30;

    private const string Trace = "#1f2933";
    private const string PeakFill = "#e8590c";
    private const string SettleFill = "#f2c94c";
    private const string LongLieFill = "#4c8bf5";
    private const string CountdownFill = "#c92a2a";
    private const string NearFallFill = "#7048e8";
    private const string LabelStroke = "#0b7285";

    public static string Draw(
        string folder, Entry entry, int rateHz, FallProfile profile, (double FromS, double ToS) span)
    {
        var trial = Trial.Load(folder, entry, rateHz);
        var heard = Falls.OneByOne(trial, profile);
        var (phases, scores) = Walk(trial, profile);
        double At(int index) => trial.MsAt(index) / 1000.0;

        var start = At(trial.FirstRecorded);
        var end = At(trial.FirstRecorded + trial.Recorded - 1);
        var last = heard.Count == 0 ? end : Math.Max(end, At(heard[^1].Index) + MarginS);
        last = Math.Max(last, phases.Where(p => p.From <= trial.FirstRecorded + trial.Recorded).Select(p => At(p.To))
            .DefaultIfEmpty(end).Max());
        var from = double.IsFinite(span.FromS) ? span.FromS : start - MarginS;
        var to = double.IsFinite(span.ToS) ? span.ToS : last + MarginS;
        var magnitude = Enumerable.Range(0, trial.Count).Select(i => (S: At(i), G: Magnitude(trial[i])))
            .Where(m => m.S >= from && m.S <= to).ToList();
        if (magnitude.Count == 0)
        {
            throw new DamagedException($"nothing was recorded between {Svg.Number(from)} and {Svg.Number(to)} s");
        }

        var svg = new Svg(1200, 722);
        Head(svg, entry, rateHz, profile, heard, At);
        var top = Math.Ceiling(Math.Max(2, magnitude.Max(static m => m.G) * 1.08));
        var g = new Panel(svg, 76, 118, 1090, 320, from, to, 0, top);
        var states = new Panel(svg, 76, 458, 1090, 46, from, to, 0, 1);
        var score = new Panel(svg, 76, 524, 1090, 104, from, to, 0, 100);

        foreach (var panel in new[] { g, states, score })
        {
            Unrecorded(svg, panel, from, Math.Min(start, to));
            Unrecorded(svg, panel, Math.Max(end, from), to);
        }

        g.Axes("acceleration, g");
        if (g.X(to) - g.X(Math.Max(end, from)) > 240)
        {
            svg.Text(g.X(Math.Max(end, from)) + 8, g.Top + 16, "the recording has ended: pose held", 12, Svg.Faint);
        }

        svg.Line(g.Left, g.Y(TriggerG), g.Right, g.Y(TriggerG), PeakFill, 1.2, "6 4");
        foreach (var (
            column, words) in new[] { ("onset_ms", "fall begins"), ("impact_ms", "impact"), ("end_ms", "fall ends") })
        {
            if (double.TryParse(entry[column], CultureInfo.InvariantCulture, out var ms) && g.Shows(ms / 1000))
            {
                svg.Line(g.X(ms / 1000), g.Top, g.X(ms / 1000), score.Bottom, LabelStroke, 1.3, "3 3");
                svg.Text(g.X(ms / 1000) + (column == "onset_ms" ? -4 : 4), g.Top + (column == "end_ms" ? 30 : 14),
                    words, 12, LabelStroke, column == "onset_ms" ? "end" : "start");
            }
        }

        g.Trace(magnitude, Trace, 1.4);
        states.Axes("state", values: false);
        foreach (var (first, until, phase) in phases)
        {
            svg.Rectangle(states.X(At(first)), states.Top + 4, Math.Max(states.X(At(until)) - states.X(At(first)), 1),
                22, Fill(phase), 1, $"{phase}, {At(first):0.0} to {At(until):0.0} s");
        }

        score.Axes("score, 0-100", time: true);
        svg.Line(score.Left, score.Y(50), score.Right, score.Y(50), CountdownFill, 1.2, "6 4");
        foreach (var (index, value) in scores.Where(s => score.Shows(At(s.Index))))
        {
            var suspected = heard.Exists(h => h.Index == index && h.Verdict == FallVerdict.Suspected);
            var colour = suspected ? CountdownFill : Svg.Faint;
            svg.Line(score.X(At(index)), score.Bottom, score.X(At(index)), score.Y(value), colour, 2);
            svg.Dot(score.X(At(index)), score.Y(value), 4, colour,
                hover: $"judged {At(index).ToString("0.0", CultureInfo.InvariantCulture)} s: score {value}");
            if (scores.Count > MostLabels)
            {
                continue;
            }

            svg.Text(score.X(At(index)) + 8, score.Y(value) + 5, $"{value}", 12, colour, bold: true);
        }

        foreach (var h in heard.Where(h => g.Shows(At(h.Index))))
        {
            var colour = h.IsSuspicion ? CountdownFill : NearFallFill;
            var x = g.X(At(h.Index));
            svg.Line(x, g.Top, x, score.Bottom, colour, heard.Count > MostLabels ? 0.7 : 1.8);
            var anchor = x > g.Right - 260 ? "end" : "start";
            if (heard.Count <= MostVerdicts)
            {
                svg.Text(x + (anchor == "end" ? -6 : 6), g.Top + 56, Words(h), 13, colour, anchor, bold: true);
            }

            if (h.IsSuspicion)
            {
                var stop = At(h.Index) + (FallGuard.CountdownMs / 1000.0);
                svg.Rectangle(x, states.Top + 28, states.X(stop) - x, 14, CountdownFill, 0.35, "the wearer's 30 s");
                if (stop > to && states.X(to) - x > 150)
                {
                    svg.Text(
                        states.X(to) - 6, states.Top + 39, $"until {Svg.Number(stop)} s", 11, CountdownFill, "end");
                }
            }
        }

        svg.Text(g.Right - 6, g.Y(TriggerG) - 5, "1.5 g wakes the detector", 12, PeakFill, "end");
        svg.Text(score.Right - 6, score.Y(50) - 5, "50: suspected at once"
            + (profile.Sensitivity == 1 ? "" : " (normal sensitivity)"), 12, CountdownFill, "end");
        Legend(svg, 706);
        return svg.Close($"{entry["file"]}: fall detector");
    }

    private static void Head(
        Svg svg, Entry entry, int rateHz, FallProfile profile, List<Heard> heard, Func<int, double> at)
    {
        svg.Text(76, 34, entry["file"], 20, bold: true);
        var what = entry["is_fall"] switch { "1" => "a fall", "0" => "daily life", _ => "a stream" };
        var who = string.Join(
            ", ", new[] { entry["description"], entry["subject"], entry["age_group"] }.Where(static s => s.Length > 0));
        svg.Text(76, 58, $"{what}: {who}", 14, Svg.Faint);
        var sensitivity = profile.Sensitivity switch { 0 => "low", 1 => "normal", _ => "high" };
        var settings = $"{rateHz} Hz, sensitivity {sensitivity}{(profile.WalkingAid ? ", walking aid" : "")}";
        var said = heard.Count == 0 ? "says nothing"
            : heard.Count > MostVerdicts
                ? $"{heard.Count(static h => h.IsSuspicion)} suspicions, {heard.Count(static h => !h.IsSuspicion)} "
                    + "near falls"
            : string.Join(
                "; ", heard.Select(h => $"{Words(h)} at {at(h.Index).ToString("0.0", CultureInfo.InvariantCulture)} s"
                + (h.StillAtTheEnd ? " (lying still 30 s later)" : "")));
        svg.Text(76, 84, $"the band ({settings}): {said}", 14,
            heard.Exists(static h => h.IsSuspicion) ? CountdownFill : Svg.Ink, bold: true);
    }

    private static void Legend(Svg svg, double y)
    {
        var x = 76.0;
        foreach (var (fill, opacity, words) in new[]
        {
            (PeakFill, 1.0, "peak: the highest is sought"), (SettleFill, 1.0, "settle: 3 s of signal awaited"),
            (LongLieFill, 1.0, "long lie: weak suspicion, lying still?"),
            (CountdownFill, 0.35, "countdown: the wearer's 30 s"), ("#f1f3f5", 1.0, "not recorded: pose held"),
        })
        {
            svg.Rectangle(x, y - 10, 14, 12, fill, opacity);
            svg.Text(x + 20, y, words, 12);
            x += 38 + (words.Length * 6.5);
        }
    }

    private static void Unrecorded(Svg svg, Panel panel, double from, double to)
    {
        if (to > from)
        {
            svg.Rectangle(panel.X(from), panel.Top, panel.X(to) - panel.X(from), panel.Bottom - panel.Top, "#f1f3f5");
        }
    }

    private static string Words(Heard h) => h.Verdict switch
    {
        FallVerdict.Suspected => $"suspected, score {h.Score}",
        FallVerdict.SuspectedLate => $"suspected by lying still, score {h.Score}",
        _ => "near fall, log only",
    };

    private static string Fill(FallPhase phase) => phase switch
    {
        FallPhase.Peak => PeakFill,
        FallPhase.Settle => SettleFill,
        _ => LongLieFill,
    };

    private static double Magnitude((int X, int Y, int Z) s) =>
        Math.Sqrt(((double)s.X * s.X) + ((double)s.Y * s.Y) + ((double)s.Z * s.Z)) / 1000;

    // The stretches in which the detector was not idle, and the scores of what it judged.
    private static (List<(int From, int To, FallPhase Phase)> Phases, List<(int Index, int Score)> Scores) Walk(
        Trial trial, FallProfile profile)
    {
        var detector = new FallDetector(trial.RateHz);
        detector.Configure(profile.Sensitivity, profile.WalkingAid);
        var phases = new List<(int From, int To, FallPhase Phase)>();
        var scores = new List<(int, int)>();
        var events = 0;
        for (var i = 0; i < trial.Judged; i++)
        {
            var (x, y, z) = trial[i];
            detector.Push(x, y, z);
            if (detector.EventCount > events)
            {
                events = detector.EventCount;
                scores.Add((i, detector.LastScore));
            }

            if (detector.Phase == FallPhase.Idle)
            {
                continue;
            }

            if (phases.Count > 0 && phases[^1].Phase == detector.Phase && phases[^1].To == i)
            {
                phases[^1] = phases[^1] with { To = i + 1 };
            }
            else
            {
                phases.Add((i, i + 1, detector.Phase));
            }
        }

        return (phases, scores);
    }
}
