using ElderBand.VitalsFilter;

namespace ElderBand.Eval;

/// <summary>
/// Trials through the band's step counter: is the cadence one that people walk at, and is there none where nobody
/// walks?
/// </summary>
public static class Steps
{
    public static int Evaluate(Options options, TextWriter report)
    {
        var folder = options.Required("data");
        var outFile = options.Required("out");
        var rateHz = options.Number("rate", 25, 25, 50);
        var cadences = new SortedDictionary<string, List<double>>(StringComparer.Ordinal);
        var code = Batch.Run(Entry.ReadManifest(folder, report), report, outFile,
            "file,steps,duration_ms,steps_a_minute", $"steps at {rateHz} Hz", entry =>
        {
            var trial = Trial.Load(folder, entry, rateHz);
            var fall = new FallDetector(rateHz);
            var activity = new Activity(rateHz);
            for (var i = 0; i < trial.FirstRecorded + trial.Recorded; i++)
            {
                var (x, y, z) = trial[i];
                fall.Push(x, y, z);
                activity.Push(fall.Square);
            }

            var steps = activity.TakeSteps();
            var ms = trial.Recorded * 1000 / rateHz;
            var cadence = steps * 60_000.0 / ms;
            lock (cadences)
            {
                var key = $"{entry["dataset"]} {entry["age_group"]}: {entry["description"]}";
                cadences.TryAdd(key, []);
                cadences[key].Add(cadence);
            }

            return string.Create(
                System.Globalization.CultureInfo.InvariantCulture, $"{entry["file"]},{steps},{ms},{cadence:0.0}\n");
        });
        foreach (var (movement, values) in cadences)
        {
            values.Sort();
            report.WriteLine(
                $"  {movement,-62}{values.Count,5} trials, steps a minute: median {values[values.Count / 2],5:0}, "
                    + $"{values[values.Count / 10],4:0} to {values[values.Count * 9 / 10],4:0}");
        }

        return code;
    }
}
