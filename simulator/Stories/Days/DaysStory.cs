using System.Diagnostics;
using ElderBand.Simulation;

namespace ElderBand.Simulator.Stories.Days;

/// <summary><c>./dev sim SEED --days N</c>: a band and a hub for many virtual days: cost and losses.</summary>
public static class DaysStory
{
    private const int SettleMs = 30 * 60_000;

    /// <summary>Plays and prints; 0 where no press was lost or doubled and every write was received.</summary>
    public static int Run(DaysOptions options)
    {
        var outcome = Play(options, Console.Error);
        outcome.Print(Console.Out);
        if (options.JsonFile is { } file)
        {
            File.WriteAllText(file, outcome.ToJson());
        }

        return outcome.IsGood ? 0 : 1;
    }

    /// <summary>Plays the days; a line a day goes to <paramref name="progress"/>.</summary>
    public static DaysOutcome Play(DaysOptions options, TextWriter? progress)
    {
        using var days = new DaysWorld(options);
        var meter = new DaysMeter(days);
        var plan = new DaysPlan(days, options.Seed);
        var clock = Stopwatch.StartNew();
        for (var day = 0; day < options.Days; day++)
        {
            plan.Draw(day);
            days.World.RunUntil(days.World.NowMs + DaysPlan.DayMs);
            meter.EndDay();
            progress?.WriteLine(
                $"day {day + 1} of {options.Days}: {days.Presses.Count} presses, "
                + $"{days.Centre.PressEvents.Count} at the centre, {clock.Elapsed.TotalSeconds:0.0} s");
        }

        days.Settle();
        days.World.RunUntil(days.World.NowMs + SettleMs);
        return meter.Read(options);
    }
}
