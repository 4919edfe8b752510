using ElderBand.Simulation;
using ElderBand.Simulator.Centre;
using ElderBand.Simulator.Neighbourhood;

namespace ElderBand.Simulator.Stories;

/// <summary>
/// <c>./dev run --once</c>: one scripted run of a press, a fall, a cancelled fall and a kill -9 of the centre, at true
/// speed and without a browser. The verdict rests on what the event-stream client, the SMS gateway and the wrists saw.
/// </summary>
public static class ScriptedRun
{
    private const int FamilyWithinMs = 5000;
    private const int VitalsPerBand = 5;

    /// <summary>Runs the script; returns 0 where every condition was met.</summary>
    public static async Task<int> RunAsync(Options options, CancellationToken cancellation)
    {
        var timeline = new Timeline(Console.Out);
        var recordings = options.Data is null ? null : new Recordings(options.Data);
        Console.WriteLine(VirtualDelays.InWords(Figures.Fixed));
        await using var run = await NeighbourhoodRun.StartAsync(
            options, Figures.Fixed, People.Homes(options.Homes), null, Console.WriteLine, cancellation);
        var people = new StoryPeople(run, timeline, recordings);
        await people.BeginAsync();

        // SOS at 5 s; two falls begin while the SOS is being answered.
        await people.WaitUntilAsync(5, cancellation);
        var press = await people.PressAsync(people.First);
        var answered = people.AnswerAsync(press, "phoneOk", "老人不小心碰到，已电话确认");
        await people.WaitUntilAsync(9, cancellation);
        var fall = await people.FallAsync(people.Second, 0);
        await people.WaitUntilAsync(12, cancellation);
        var cancelled = await people.FallAsync(people.Third, 1);
        cancelled.IsToBeCancelled = true;
        await answered;
        await people.CancelAsync(cancelled);
        await people.AnswerAsync(fall, "familyGoing", "女儿十分钟到");

        // The centre is killed. A press made meanwhile must be on the screen exactly once after the centre's restart.
        timeline.Say(World.MonotonicUs(), "the centre is killed (kill -9)");
        run.Service.Kill();
        await people.PauseAsync(1500, cancellation);
        var kept = await people.PressAsync(people.First);
        await people.PauseAsync(5000, cancellation);
        timeline.Say(World.MonotonicUs(), "the centre is started again on the same data");
        await run.Service.StartAsync(cancellation);
        await people.AnswerAsync(kept, "phoneOk", "已通话");
        await people.EnoughVitalsAsync(VitalsPerBand);
        await people.PauseAsync(1500, cancellation);

        var unmet = await run.AskAsync(() => Judge(people, press, fall, cancelled, kept));
        var report = await run.AskAsync(() => Report.Of(run, options, unmet));
        if (options.Json is { } file)
        {
            report.Save(file);
        }

        var counts = report.Counts;
        Console.WriteLine(
            $"presses {counts.Presses}, falls {counts.Falls}, alarms {counts.Alarms}, cancelled {counts.Cancelled}, "
                + $"lost {counts.Lost}, doubled {counts.Doubled}, texts {counts.Texts}");
        foreach (var line in unmet)
        {
            Console.WriteLine("UNMET  " + line);
        }

        if (unmet.Count > 0)
        {
            run.KeepFolder = true;
            Console.WriteLine($"the centre's log: {run.Log}");
        }

        Console.WriteLine(
            unmet.Count == 0 ? "all of it happened exactly so" : $"{unmet.Count} conditions were not met");
        return unmet.Count == 0 ? 0 : 1;
    }

    private static List<string> Judge(
        StoryPeople people, Incident press, Incident fall, Incident cancelled, Incident kept)
    {
        var unmet = new List<string>();
        void Want(bool condition, string otherwise)
        {
            if (!condition)
            {
                unmet.Add(otherwise);
            }
        }

        foreach (var (name, alarm) in new[] { ("the press", press), ("the fall", fall),
            ("the press while the centre was dead", kept) })
        {
            Want(alarm.LatchedUs is not null, $"{name} was not latched in the band's flash");
            Want(alarm.HubStoredUs is not null, $"{name} was not stored by a hub");
            Want(alarm.CommittedUs is not null, $"{name}: the centre told no moment of commit");
            Want(alarm.ReceivedUs is not null, $"{name} did not reach the event stream as a ringing alarm");
            Want(alarm.Alarm?.State == "closed", $"{name} was not closed ({alarm.Alarm?.State ?? "no alarm"})");
            for (var stage = 1; stage <= 5; stage++)
            {
                Want(alarm.StageTimes(stage) == 1,
                    $"{name}: the wrist showed stage {stage} {alarm.StageTimes(stage)} times instead of once");
            }

            var familyMs = (alarm.FamilySentUs - alarm.CommittedUs) / 1000;
            Want(familyMs is not null, $"{name}: the family was not told");
            Want(familyMs is null or <= FamilyWithinMs,
                $"{name}: the family was told {familyMs} ms after the commit, not within {FamilyWithinMs}");
        }

        Want(cancelled.PrealarmUs is not null, "the cancelled fall was never suspected at the centre");
        Want(cancelled.CancelledUs is not null, "the cancelled fall was not shown as cancelled");
        Want(cancelled.ReceivedUs is null, "the cancelled fall became an alarm");
        Want(cancelled.FamilySentUs is null, "the family was told of the cancelled fall");
        foreach (var alarm in people.Run.IncidentLog.Unexplained)
        {
            unmet.Add($"alarm {alarm.Number} ({alarm.Kind}, {alarm.Resident.Name}) has no cause: invented or doubled");
        }

        foreach (var resident in people.Run.Residents)
        {
            var tally = people.Run.Vitals[resident.Id];
            var name = resident.Person.Name;
            Want(tally.Unexplained == 0, $"{name}: {tally.Unexplained} vitals without a heart rate or a reason");
            if (!resident.Band.Wearer.IsWorn)
            {
                Want(tally.WithRate == 0, $"{name}: the unworn band gave {tally.WithRate} heart rates");
            }
            else if (resident.Band.Mode == ElderBand.BandProtocol.BandMode.Guard)
            {
                Want(tally.Summaries >= VitalsPerBand,
                    $"{name}: {tally.Summaries} vitals summaries instead of at least {VitalsPerBand}");
            }
        }

        return unmet;
    }
}
