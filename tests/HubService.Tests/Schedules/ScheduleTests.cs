using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using ElderBand.HubService;

namespace ElderBand.Tests.HubService.Schedules;

/// <summary>
/// Tests P61 with seeded schedules. A push plays as many seeds as 20 s allow. ELDERBAND_SCHEDULES=1-10000 plays those
/// seeds.
/// </summary>
public sealed class ScheduleTests(ITestOutputHelper output)
{
    private const int FewestOfAPush = 40;
    private const int MutantSchedules = 100;
    private const string Nothing = "nothing";
    private static readonly TimeSpan PushTime = TimeSpan.FromSeconds(20);

    [Fact]
    public void P61_in_seeded_schedules_an_open_alarm_has_a_live_timer_and_nobody_is_told_twice()
    {
        string? asked = Environment.GetEnvironmentVariable("ELDERBAND_SCHEDULES");
        int[] seeds =
            [.. (asked ?? "1-100000").Split('-').Select(static n => int.Parse(n, CultureInfo.InvariantCulture))];
        var results = new ConcurrentBag<Schedule.Result>();
        var watch = Stopwatch.StartNew();
        Parallel.ForEach(
            Enumerable.Range(seeds[0], seeds[1] - seeds[0] + 1), new ParallelOptions { MaxDegreeOfParallelism = 2 },
            (seed, loop) =>
            {
                results.Add(Schedule.Play(seed));
                if (asked is null && results.Count >= FewestOfAPush && watch.Elapsed > PushTime)
                {
                    loop.Stop();
                }
            });

        output.WriteLine($"{results.Count} schedules, {results.Sum(static r => r.Steps)} steps, {watch.Elapsed:c}");
        results.Where(static r => r.Finding is not null).Select(static r => $"seed {r.Seed} {r.Finding}")
            .ShouldBeEmpty();
        results.ShouldAllBe(static r => r.Steps == Schedule.Steps);
        foreach (StepKind kind in Enum.GetValues<StepKind>())
        {
            int done = results.Sum(r => r.Done.GetValueOrDefault(kind));
            output.WriteLine($"{kind}: {done}");
            done.ShouldBeGreaterThan(FewestOfAPush, kind.ToString());
        }
        foreach (TimerKind kind in Enum.GetValues<TimerKind>())
        {
            int fired = results.Sum(r => r.Fired.GetValueOrDefault(kind));
            output.WriteLine($"timer {kind}: {fired}");
            fired.ShouldBeGreaterThan(0, $"no {kind} fired");
        }
        output.WriteLine($"texts: {results.Sum(static r => r.Told)}");
    }

    [Fact]
    public void Canary_P61_a_ring_that_is_not_armed_again_is_found() =>
        Found(("                Start(tx, alarm, TimerKind.Ring);\n                if (alarm.Unanswered)",
            "                if (alarm.Unanswered)"));

    [Fact]
    public void Canary_P61_an_owner_who_counts_as_a_timer_is_found() =>
        Found(
            ("            Start(tx, alarm, TimerKind.Remind);\n", ""),
            ("(owner_staff_id IS NULL\n                OR NOT EXISTS (SELECT 1 FROM timer WHERE alarm_id=a.id "
                + "AND kind IN ('remind','overdue'))))", "owner_staff_id IS NULL)"));

    [Fact]
    public void Canary_P61_a_restart_that_forgets_the_timers_is_found() =>
        Found(("        Schema.Migrate(memory, Schema.Migrations);\n",
            "        Schema.Migrate(memory, Schema.Migrations);\n        memory.Run(\"DELETE FROM timer\");\n"));

    [Fact]
    public void Canary_P61_a_start_that_believes_every_timer_is_found() =>
        Found(("dueAtMs > nowMs + AlarmTimers.LengthMs(kind, state)", "dueAtMs < 0"));

    [Fact]
    public void Canary_P61_a_press_on_a_taken_card_that_waits_for_no_answer_is_found() =>
        Found(("alarm.OwnerStaffId is not null || alarm.Unanswered", "alarm.Unanswered"));

    [Fact]
    public void Canary_P61_contacts_who_are_told_of_every_press_are_found() =>
        Found(("AgainAnHour = 3", "AgainAnHour = 300"));

    private void Found(params (string Now, string Then)[] words)
    {
        string found = ServiceMutant.Play(FirstFinding, words);
        output.WriteLine(found);
        found.ShouldNotBe(Nothing);
    }

    private static string FirstFinding() =>
        Enumerable.Range(1, MutantSchedules).Select(Schedule.Play).FirstOrDefault(static r => r.Finding is not null)
            is { } result ? $"seed {result.Seed} {result.Finding}" : Nothing;
}
