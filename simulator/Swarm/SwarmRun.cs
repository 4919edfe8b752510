using System.Collections.Concurrent;
using System.Diagnostics;
using ElderBand.BandProtocol;
using ElderBand.HubService.Alarms;
using ElderBand.Simulation;

namespace ElderBand.Simulator.Swarm;

/// <summary>What a world of the swarm has shown.</summary>
/// <param name="Seed">Of the world.</param>
/// <param name="Bands">Bands in it.</param>
/// <param name="Findings">Violations; empty where all is well.</param>
/// <param name="Hits">Faults by kind.</param>
/// <param name="Calls">Calls for help.</param>
/// <param name="SlowestMs">Longest way from the key to the commit, ms.</param>
public sealed record SwarmOutcome(
    int Seed, int Bands, IReadOnlyList<Finding> Findings, IReadOnlyDictionary<FaultKind, Hits> Hits, int Calls,
    long SlowestMs);

/// <summary>
/// Plays worlds of five virtual minutes: faults, then everything is healed, then safety and liveness are judged
/// (docs/adr/0064).
/// </summary>
public static class SwarmRun
{
    private const int WithinMs = 90_000;
    private const int QuietMs = 40_000;
    private const int LateMs = 600_000;
    private const int StaffEveryMs = 5000;
    private const int StaffUntilMs = SwarmPlan.HealMs + 55_000;

    /// <summary>
    /// Plays one world and writes each line of its log to <paramref name="log"/>. Calls <paramref name="change"/> with
    /// the world before the devices get power.
    /// </summary>
    public static SwarmOutcome Play(
        int seed, IReadOnlySet<FaultKind> kinds, TextWriter? log, Action<SwarmWorld>? change = null)
    {
        var plan = SwarmPlan.Of(seed, kinds);
        using var swarm = new SwarmWorld(
            seed, plan.Bands, plan.Hubs, Figures.Fixed with { BandBootMs = plan.BandBootMs });
        change?.Invoke(swarm);
        void Say(string line) => log?.WriteLine($"{swarm.World.NowMs / 1000.0,9:0.000} s  {line}");
        swarm.Ledger.Log = swarm.Centre.Log = log is null ? null : Say;
        var faults = new SwarmFaults(swarm, plan, Say);
        try
        {
            swarm.PowerOn();
            swarm.World.RunUntil(SwarmPlan.HealMs);
            Staff(swarm, seed);
            swarm.World.RunUntil(SwarmPlan.HealMs + WithinMs);
            Judge(swarm);
        }
        catch (Exception e)
        {
            // Whatever an App or the service throws is a finding of this seed, and the other seeds go on.
            swarm.Ledger.Report(Violation.Broken, e.Message);
            log?.WriteLine(e);
        }

        return new SwarmOutcome(
            seed, plan.Bands, swarm.Ledger.Findings, faults.Count(), swarm.Ledger.Calls.Count,
            swarm.Ledger.Calls.Select(static c => (c.CommittedMs ?? c.AtMs) - c.AtMs).DefaultIfEmpty().Max());
    }

    /// <summary>Plays worlds until one shows a violation; null where none does.</summary>
    public static SwarmOutcome? FirstFailure(
        int fromSeed, int count, IReadOnlySet<FaultKind> kinds, Action<SwarmWorld>? change = null) =>
        PlayMany(fromSeed, count, kinds, true, change).FirstOrDefault(static o => o.Findings.Count > 0);

    /// <summary>Plays many worlds on all processors, in the order of their seeds.</summary>
    public static IReadOnlyList<SwarmOutcome> PlayMany(
        int fromSeed, int count, IReadOnlySet<FaultKind> kinds, bool endsWithAFailure = false,
        Action<SwarmWorld>? change = null)
    {
        var outcomes = new ConcurrentBag<SwarmOutcome>();
        var next = fromSeed - 1;
        var threads = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(() =>
        {
            for (var seed = Interlocked.Increment(ref next); seed < fromSeed + count;
                seed = Interlocked.Increment(ref next))
            {
                var outcome = Play(seed, kinds, null, change);
                outcomes.Add(outcome);
                if (endsWithAFailure && outcome.Findings.Count > 0)
                {
                    Interlocked.Add(ref next, count);
                }
            }
        })).ToList();
        threads.ForEach(static thread => thread.Start());
        threads.ForEach(static thread => thread.Join());
        return [.. outcomes.OrderBy(static o => o.Seed)];
    }

    /// <summary>
    /// <c>./dev sim SEED</c> and <c>./dev sim --swarm N</c>: one world with its log, or many; 0 where none shows a
    /// violation.
    /// </summary>
    public static int Run(SwarmOptions options)
    {
        var clock = Stopwatch.StartNew();
        var outcomes = options.Worlds is { } worlds
            ? PlayMany(options.Seed, worlds, options.Kinds)
            : [Play(options.Seed, options.Kinds, Console.Out)];
        Print(outcomes);
        var seconds = clock.Elapsed.TotalSeconds;
        Console.WriteLine($"{outcomes.Count} worlds in {seconds:0.0} s, {outcomes.Count / seconds:0.0} a second");
        return outcomes.All(static o => o.Findings.Count == 0) ? 0 : 1;
    }

    private static void Print(IReadOnlyList<SwarmOutcome> outcomes)
    {
        foreach (var outcome in outcomes)
        {
            foreach (var finding in outcome.Findings)
            {
                Console.WriteLine(
                    $"seed {outcome.Seed} ({outcome.Bands} bands): {finding.What} at {finding.AtMs / 1000.0:0.000} s: "
                    + finding.Words);
            }
        }

        foreach (var kind in Enum.GetValues<FaultKind>())
        {
            var hits = outcomes.Aggregate(
                default(Hits), (sum, o) => sum + o.Hits.GetValueOrDefault(kind));
            Console.WriteLine($"  {kind,-18}{hits.Scheduled,8} times, {hits.Effective,8} met something");
        }

        foreach (var what in Enum.GetValues<Violation>())
        {
            var seeds = outcomes.Where(o => o.Findings.Any(f => f.What == what)).Select(static o => o.Seed).ToList();
            Console.WriteLine($"  {what,-18}{seeds.Count,8} worlds  {string.Join(' ', seeds.Take(20))}");
        }

        var slowest = outcomes.MaxBy(static o => o.SlowestMs)!;
        Console.WriteLine(
            $"{outcomes.Sum(static o => o.Calls)} calls for help, the slowest {slowest.SlowestMs / 1000.0:0.0} s after "
            + $"the key (seed {slowest.Seed})");
    }

    // After the heal two of three worlds have officers who close every alarm; in the others all stays as it is.
    private static void Staff(SwarmWorld swarm, int seed)
    {
        if (seed % 3 != 0)
        {
            swarm.World.At(swarm.World.NowMs + StaffEveryMs, Work);
        }

        void Work()
        {
            foreach (var alarm in swarm.Ledger.Alarms.Values.ToList())
            {
                switch (alarm.Row.State)
                {
                    case AlarmState.Ringing:
                        swarm.Centre.Act(StaffAct.Take, alarm.Id, 0);
                        break;
                    case AlarmState.Taken or AlarmState.Coming:
                        swarm.Centre.Act(StaffAct.Close, alarm.Id, alarm.Row.OwnerStaffId == 1 ? 0 : 1);
                        break;
                }
            }

            if (swarm.World.NowMs < StaffUntilMs)
            {
                swarm.World.At(swarm.World.NowMs + StaffEveryMs, Work);
            }
        }
    }

    private static void Judge(SwarmWorld swarm)
    {
        var (ledger, world) = (swarm.Ledger, swarm.World);
        var missing = ledger.Missing();
        foreach (var waiting in ledger.Waiting)
        {
            ledger.Report(Violation.Late, $"{waiting} waits 90 s after the heal");
        }

        ledger.JudgeReports();
        ledger.JudgePersons();
        world.RunUntil(
            () => ledger.Alarms.Values.All(a => !IsEndUnknown(swarm, a)),
            world.NowMs + LinkTiming.BeatMs(BandMode.Daily) + WithinMs);
        foreach (var alarm in ledger.Alarms.Values)
        {
            Judge(swarm, alarm);
        }

        if (missing.Count > 0)
        {
            world.RunUntil(() => missing.TrueForAll(static c => c.CommittedMs is not null), world.NowMs + LateMs);
            foreach (var call in missing)
            {
                ledger.Report(
                    call.CommittedMs is null ? Violation.Lost : Violation.Late,
                    $"{call.Type} of {call.Band.Name} at {call.AtMs} ms");
            }
        }
        else if (ledger.Alarms.Values.All(static a => !AlarmMachine.IsOpen(a.Row.State)))
        {
            Array.ForEach(swarm.Wrists.ToArray(), static wrist => wrist.TakeTicks());
            world.RunUntil(world.NowMs + QuietMs);
            foreach (var (band, wrist) in swarm.Bands.Zip(swarm.Wrists))
            {
                if (wrist.TakeTicks() is > 0 and var ticks && !ledger.HasLostWithReason(band))
                {
                    ledger.Report(Violation.FalseStage, $"{band.Name} ticks {ticks} times though nothing is open");
                }
            }
        }
    }

    // Since when the wrist should have said the alarm's stage. Where the alarm left a stage and returned before the
    // wrist had said the other one, the time before counts: the wrist need not say the same stage twice.
    private static long SinceMs(AlarmTrace alarm, WristWatch wrist)
    {
        var at = alarm.History.Count - 1;
        while (at >= 2 && alarm.History[at - 2].Stage == alarm.History[at].Stage
            && wrist.LastFeltMs.GetValueOrDefault(alarm.History[at - 1].Stage, -1) < alarm.History[at - 1].AtMs)
        {
            at -= 2;
        }

        // The wrist may say "the centre has it" of a suspicion before the suspicion becomes an alarm.
        return at == 0 && alarm.History[0].Stage == Stage.Centre ? alarm.SinceMs : alarm.History[at].AtMs;
    }

    // The band keeps a confirmation in memory only (docs/adr/0024). Where a restart has lost that of an end and no
    // alarm is open, the centre asks again at the band's next beat, in Daily after 5 minutes.
    private static bool IsEndUnknown(SwarmWorld swarm, AlarmTrace alarm) =>
        swarm.Ledger.Wanted(alarm) == Stage.Closed && alarm.ClosedFelt > 0 && alarm.Row.WristStage != (int)Stage.Closed
        && !alarm.IsMerged && !swarm.Ledger.HadNoRoom(alarm.Band) && !swarm.Ledger.MayBeForgotten(alarm);

    private static void Judge(SwarmWorld swarm, AlarmTrace alarm)
    {
        var wanted = swarm.Ledger.Wanted(alarm);
        var named = $"alarm {alarm.Row.Number} ({alarm.Row.Kind}) of {alarm.Band.Name}";
        if (alarm.Row.Kind == "sos" && alarm.Row.Presses != alarm.Presses)
        {
            swarm.Ledger.Report(
                Violation.Doubled, $"{named} counts {alarm.Row.Presses} presses of {alarm.Presses} events");
        }

        if (alarm.IsMerged || wanted < Stage.Centre || swarm.Ledger.MayBeForgotten(alarm))
        {
            return;
        }

        var wrist = swarm.Wrists[swarm.Bands.IndexOf(alarm.Band)];
        var fromMs = SinceMs(alarm, wrist);
        var isFelt = wrist.LastFeltMs.GetValueOrDefault(wanted, -1) >= fromMs;
        var isKnown = alarm.Row.WristStage == (int)wanted
            || (wanted == Stage.Closed && swarm.Ledger.HadNoRoom(alarm.Band))
            || swarm.Ledger.HasLostReport(alarm, wanted);
        if (!isFelt || !isKnown)
        {
            swarm.Ledger.Report(
                Violation.Unfelt,
                $"{named}: {wanted} is {(isFelt ? "felt" : "not felt")}, the centre knows of stage "
                + $"{(Stage)alarm.Row.WristStage}");
        }
    }
}
