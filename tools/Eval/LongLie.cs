using System.Text;
using ElderBand.VitalsFilter;

namespace ElderBand.Eval;

/// <summary>Recorded falls with invented continuations: which verdict does each course lead to?</summary>
public static class LongLie
{
    public static int Evaluate(Options options, TextWriter report)
    {
        var folder = options.Required("data");
        var outFile = options.Required("out");
        var rateHz = options.Number("rate", 50, 25, 50);
        var profile = FallProfile.From(options);
        var falls = Entry.ReadManifest(folder, report).FindAll(static e => e["is_fall"] == "1");
        var counts = Continuation.All.ToDictionary(static c => c.Name, static _ => new int[5]);
        var code = Batch.Run(
            falls, report, outFile, "file,continuation,t_ms,kind,score", $"continued falls at {rateHz} Hz", entry =>
        {
            var rows = new StringBuilder();
            foreach (var continuation in Continuation.All)
            {
                var trial = Trial.Load(folder, entry, rateHz, continuation: continuation);
                var heard = Falls.OneByOne(trial, profile);
                foreach (var h in heard)
                {
                    rows.Append($"{entry["file"]},{continuation.Name},{trial.MsAt(h.Index)},{Kind(h)},{h.Score}\n");
                }

                var first = heard.Find(static h => h.IsSuspicion);
                var count = counts[continuation.Name];
                lock (count)
                {
                    count[first?.Verdict == FallVerdict.Suspected
                        ? 0 : first is not null ? 1 : heard.Count > 0 ? 2 : 3]++;
                    count[4] += first is { StillAtTheEnd: true } ? 1 : 0;
                }
            }

            return rows.ToString();
        });
        report.WriteLine(
            $"  {"after the fall",-24}{"at once",8}{"by lying still",16}{"near fall",11}{"nothing",9}   lying still "
                + "when the countdown ended");
        foreach (var (name, count) in counts)
        {
            report.WriteLine(
                $"  {name,-24}{count[0],8}{count[1],16}{count[2],11}{count[3],9}   {count[4]} of "
                    + $"{count[0] + count[1]}");
        }

        return code;
    }

    private static string Kind(Heard heard) => heard.Verdict switch
    {
        FallVerdict.Suspected => "suspected at once",
        FallVerdict.SuspectedLate => "suspected by lying still",
        _ => "near fall",
    };
}
