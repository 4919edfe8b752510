using System.Globalization;
using ElderBand.Simulation;
using ElderBand.VitalsFilter;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace ElderBand.Eval;

/// <summary>
/// What the filters cost on the band: IL instructions, which is what an interpreter pays for, counted by
/// <see cref="IlCounter"/> (the device's compiler is the same Roslyn; its metadata processor leaves the instructions as
/// they are), allocated bytes, and the device's RAM.
/// </summary>
public static class Cost
{
    // A call costs the interpreter about as much as 20 additions.
    private const int CallInAdds = 20;

    /// <summary>RAM of all state, bytes: 3 KB of it are the copies that let an estimate be made in slices.</summary>
    public const int StateBudget = 20 * 1024;

    /// <summary>What the filters may do at once, instructions: 60,000 a step of the band (F3) less what the step does
    /// besides.</summary>
    public const int SliceBudget = 40_000;

    /// <summary>A step that feeds samples may need this, and makes no slice.</summary>
    public const int StepBudget = 55_000;

    // The band samples at 25 Hz: an event at 50 Hz, which only the evaluation uses, has no budget of its own. Nor have
    // signals that no arm makes, which keep the detector judging without a pause.
    private static readonly (string Row, string Signals, long Budget, bool ByMean)[] Budgets =
    [
        (Workload.AccelerometerSample, "25 Hz", 180, true),
        (Workload.AccelerometerSample, "25 Hz, " + Workload.Hostile, 0, true),
        (Workload.AccelerometerSample, "50 Hz", 180, true),
        (Workload.PulseSample, "1 ch", 250, true),
        (Workload.PulseSample, "2 ch", 250, true),
        (Workload.PulseSample, "3 ch", 250, true),
        (Workload.BatchSample, "25 Hz, resting", 130, true),
        (Workload.BatchSample, "25 Hz, running", 0, true),
        (Workload.HeartMotionSample, "", 0, true),
        (Workload.SettlingSample, "25 Hz", 2_500, false),
        (Workload.FallEvent, "25 Hz", SliceBudget, false),
        (Workload.FallEvent, "50 Hz", 0, false),
        (Workload.RestUpdate, "", 0, false),
        (Workload.MotionUpdate, "", 0, false),
        (Workload.Slices + Workload.RestUpdate, "", 0, false),
        (Workload.Slices + Workload.MotionUpdate, "", 0, false),
        (Workload.Begin + Workload.RestUpdate, "", SliceBudget, false),
        (Workload.Begin + Workload.MotionUpdate, "", SliceBudget, false),
        (Workload.Slice + Workload.RestUpdate, "", SliceBudget, false),
        (Workload.Slice + Workload.MotionUpdate, "", SliceBudget, false),
        (Workload.FeedingStep, "", StepBudget, false),
        (Workload.MeasuringSecond, "asked every 10 s", 250_000, true),
        (Workload.MeasuringSecond, "asked every 2 s", 250_000, true),
    ];

    /// <summary>One line of the table.</summary>
    /// <param name="What">What is counted, and on which signal.</param>
    /// <param name="Mean">IL instructions, or bytes.</param>
    /// <param name="Adds">The mean with each call weighed as 20 additions; 0 where that has no meaning.</param>
    /// <param name="Worst">The costliest single one.</param>
    /// <param name="Budget">0 where there is none of its own.</param>
    /// <param name="IsOver">Beyond its budget.</param>
    public sealed record Line(string What, double Mean, double Adds, long Worst, long Budget, bool IsOver);

    public static int Evaluate(Options options)
    {
        var (lines, methods) = Measure(options.Optional("data"));
        Console.Out.WriteLine($"{"",-62}{"mean",10}{"in adds",10}{"worst",10}{"budget",10}");
        foreach (var line in lines)
        {
            var adds = line.Adds > 0 ? line.Adds.ToString("0", CultureInfo.InvariantCulture) : "";
            var budget = line.Budget > 0 ? line.Budget.ToString(CultureInfo.InvariantCulture) : "";
            var verdict = line.IsOver ? "OVER" : line.Budget > 0 ? "ok" : "";
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{line.What,-62}{line.Mean,10:0}{adds,10}{line.Worst,10}{budget,10}  {verdict}"));
        }

        if (options.Has("methods"))
        {
            foreach (var text in methods)
            {
                Console.Out.WriteLine(text);
            }
        }

        Console.Out.WriteLine(
            "IL counted in a rewritten copy of the optimised build; 'in adds' weighs a call as 20 instructions.");
        Console.Out.WriteLine(
            "Samples and the second are judged by the mean of the costliest signal, events by the worst one.");
        var (band, hub) = Ram.Measure();
        foreach (var line in Ram.Lines(band).Concat(Ram.Lines(hub)))
        {
            Console.Out.WriteLine(line);
        }

        return lines.Any(static l => l.IsOver) || band.IsOver || hub.IsOver ? 1 : 0;
    }

    /// <param name="data">A folder of recordings that is measured too, or null.</param>
    /// <param name="samples">Length of the run that looks for allocations.</param>
    public static (List<Line> Lines, List<string> Methods) Measure(string? data, int samples = 2_000_000)
    {
        var measured = Workload.Run(data, samples);
        var lines = new List<Line>();
        var methods = new List<string>();
        foreach (var (row, signals, budget, byMean) in Budgets)
        {
            var tallies = measured.Where(m => m.Key.StartsWith(row + "|" + signals, StringComparison.Ordinal))
                .Where(m => !byMean || budget == 0 || !m.Key.Contains(Workload.Hostile, StringComparison.Ordinal))
                .ToList();
            var (key, tally) = tallies.MaxBy(m => byMean ? Mean(m.Value) : m.Value[Workload.WorstAt]);
            var mean = Mean(tally);
            var calls = (double)tally[Workload.CallsAt] / tally[Workload.TimesAt];
            var worst = tallies.Max(static m => m.Value[Workload.WorstAt]);
            lines.Add(new Line(
                InWords(key), mean, mean + ((CallInAdds - 1) * calls), worst,
                budget,
                budget > 0 && (byMean ? mean : worst) > budget));
            methods.AddRange(tallies.Select(m => string.Create(
                CultureInfo.InvariantCulture,
                $"{InWords(m.Key),-62}{Mean(m.Value),10:0}{"",10}{m.Value[Workload.WorstAt],10}")));
            methods.Add("of these, " + InWords(key));
            methods.AddRange(Enumerable.Range(0, IlCounter.Methods.Count)
                .Select(i => (Name: IlCounter.Methods[i], Il: tally[Workload.CountsAt + i],
                    Calls: tally[Workload.CountsAt + IlCounter.MostMethods + i]))
                .OrderByDescending(static m => m.Il)
                .Take(12)
                .Select(m =>
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"  {m.Name,-40}{(double)m.Il / tally[Workload.TimesAt],12:0.0} "
                            + $"IL{(double)m.Calls / tally[Workload.TimesAt],10:0.0} calls")));
        }

        var bytes = measured.Where(static m => m.Value.Length > Workload.BytesAt)
            .Sum(static m => m.Value[Workload.BytesAt]);
        lines.Add(new Line($"bytes allocated in {samples} samples and their estimates", bytes, 0, bytes, 0, bytes > 0));
        var allocating = Allocating();
        lines.Add(new Line(
            "methods that could allocate" + string.Concat(allocating.Select(static a => " " + a)),
            allocating.Count, 0, allocating.Count, 0, allocating.Count > 0));
        long all = 0;
        foreach (var (key, tally) in measured.Where(
            static m => m.Key.StartsWith(Workload.State + "|", StringComparison.Ordinal)))
        {
            all += key.Contains("50 Hz", StringComparison.Ordinal) ? 0 : tally[0];
            lines.Add(new Line("RAM, bytes: " + key[(Workload.State.Length + 1)..], tally[0], 0, tally[0], 0, false));
        }

        lines.Add(new Line("RAM, bytes: all state of the band", all, 0, all, StateBudget, all > StateBudget));
        foreach (var (key, tally) in measured.Where(
            static m => m.Key.StartsWith(Workload.Tables + "|", StringComparison.Ordinal)))
        {
            lines.Add(new Line("constant tables, copied to RAM, bytes: " + key[(Workload.Tables.Length + 1)..],
                tally[0], 0, tally[0], 0, false));
        }

        return (lines, methods);
    }

    // Methods, other than constructors, that could allocate; found by reading the IL, executed or not.
    private static List<string> Allocating()
    {
        using var module = ModuleDefinition.ReadModule(typeof(FallDetector).Assembly.Location);
        return (
            from type in module.GetTypes()
            from method in type.Methods
            where method.HasBody && !method.IsConstructor
            where method.Body.Instructions.Any(static i => i.OpCode.Code is Code.Newobj or Code.Newarr or Code.Box)
            select $"{type.Name}.{method.Name}").ToList();
    }

    private static string InWords(string key) => key.Replace("|", ": ", StringComparison.Ordinal);

    private static double Mean(long[] tally) => (double)tally[Workload.InstructionsAt] / tally[Workload.TimesAt];
}
