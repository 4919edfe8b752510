using ElderBand.Simulation;
using ElderBand.Simulator.Neighbourhood;
using ElderBand.Simulator.WristPage;

namespace ElderBand.Simulator.Stories;

/// <summary>
/// <c>./dev run</c>: the story of 150 s that anybody can follow, then "now break it yourself" until Ctrl-C.
/// </summary>
public static class Story
{
    /// <summary>Runs until cancelled.</summary>
    public static async Task<int> RunAsync(Options options, CancellationToken cancellation)
    {
        var timeline = new Timeline(Console.Out);
        var recordings = options.Data is null ? null : new Recordings(options.Data);
        var page = new WristServer();
        await using var run = await NeighbourhoodRun.StartAsync(
            options,
            Figures.Fixed,
            People.Homes(options.Homes),
            page.Map,
            static step => Console.WriteLine(step + " ..."),
            cancellation,
            centre => ShowLinksAsync(centre, page, cancellation));
        var people = new StoryPeople(run, timeline, recordings);
        Console.WriteLine("  " + VirtualDelays.InWords(run.World.Figures));
        Console.WriteLine("  Everybody here is invented. Ctrl-C ends it.");
        Console.WriteLine();
        await people.BeginAsync();

        await people.WaitUntilAsync(12, cancellation);
        await SayVitalsAsync(people, timeline);

        await people.WaitUntilAsync(20, cancellation);
        var press = await people.PressAsync(people.First);
        timeline.Note("             take it at the console; if nobody does, the demo's clerk will at 50 s");
        await people.WaitUntilAsync(50, cancellation);
        if (await run.AskAsync(() => press.Alarm?.State == "ringing"))
        {
            timeline.Say(World.MonotonicUs(), "nobody at the console has taken it: the demo's clerk does");
            await people.AnswerAsync(press, "phoneOk", "已电话确认");
        }

        await people.WaitUntilAsync(60, cancellation);
        var fall = await people.FallAsync(people.Second, 0);
        if (await run.UntilAsync(() => fall.ReceivedUs is not null, 60_000))
        {
            await people.PauseAsync(5000, cancellation);
            if (await run.AskAsync(() => fall.Alarm?.State == "ringing"))
            {
                timeline.Say(World.MonotonicUs(), "the demo's clerk takes the fall");
                await people.AnswerAsync(fall, "familyGoing", "女儿在路上");
            }
        }

        await people.WaitUntilAsync(110, cancellation);
        var fine = await people.FallAsync(people.Third, 1);
        fine.IsToBeCancelled = true;
        await people.CancelAsync(fine);

        await people.WaitUntilAsync(130, cancellation);
        timeline.Say(World.MonotonicUs(), "the centre is killed (kill -9)");
        run.Service.Kill();
        await people.PauseAsync(1000, cancellation);
        var kept = await people.PressAsync(people.First);
        timeline.Note("             kept at home: in the band's and in the hub's flash");
        await people.WaitUntilAsync(140, cancellation);
        timeline.Say(World.MonotonicUs(), "the centre is started again on the same data");
        await run.Service.StartAsync(cancellation);
        if (await run.UntilAsync(() => kept.ReceivedUs is not null, 30_000))
        {
            var ageS = await run.AskAsync(() => (kept.ReceivedUs!.Value - kept.BeganUs) / 1e6);
            timeline.Say(World.MonotonicUs(), $"the press is on the screen once, {ageS:0} s old");
            _ = people.AnswerAsync(kept, "phoneOk", "已通话");
        }

        await people.WaitUntilAsync(150, cancellation);
        await SummariseAsync(run, timeline);
        timeline.Note("");
        timeline.Note(
            $"  Now break it yourself: http://localhost:{run.WristPort}/ has keys, falls, plugs and lines. Ctrl-C "
                + "ends it.");
        await Task.Delay(Timeout.Infinite, cancellation);
        return 0;
    }

    private static async Task ShowLinksAsync(NeighbourhoodRun run, WristServer page, CancellationToken cancellation)
    {
        page.Show(run);
        Console.WriteLine();
        Console.WriteLine(
            $"  console       {await run.SignInLinkAsync(cancellation)}   (signs you in, once, within 10 min)");
        Console.WriteLine($"  wrist page    http://localhost:{run.WristPort}/");
        Console.WriteLine($"  family phone  http://localhost:{run.WristPort}/#phone");
        Console.WriteLine();
    }

    private static async Task SayVitalsAsync(StoryPeople people, Timeline timeline)
    {
        // The first summary of 10 s comes 10 s after the band has warmed up.
        await people.Run.UntilAsync(
            () => people.Run.Residents.All(r => !r.Band.Wearer.IsWorn || r.Band.Mode != BandProtocol.BandMode.Guard
                || people.Run.Vitals[r.Id].WithRate > 0),
            6000);
        foreach (var (name, words) in await people.Run.AskAsync(
            () => people.Run.Residents.Select(r => (r.Person.Name, Words(people.Run, r))).ToArray()))
        {
            timeline.Say(World.MonotonicUs(), $"{name}: {words}");
        }
    }

    private static string Words(NeighbourhoodRun run, Resident resident) => run.Vitals[resident.Id].Last switch
    {
        _ when !resident.Band.Wearer.IsWorn && run.Vitals[resident.Id].WithRate == 0 => "not worn, says nothing",
        { Bpm: { } bpm } vitals =>
            $"{bpm} beats a minute, quality {vitals.Confidence} of 100 ({resident.Band.Wearer.Source})",
        { Refusal: { } why } => $"no heart rate: {why}",
        _ => "nothing yet",
    };

    private static async Task SummariseAsync(NeighbourhoodRun run, Timeline timeline)
    {
        var (counts, slowest) = await run.AskAsync(() => (Report.CountsOf(run.IncidentLog), Slowest(run.IncidentLog)));
        timeline.Say(
            World.MonotonicUs(),
            $"presses {counts.Presses}, falls {counts.Falls}, alarms {counts.Alarms}, cancelled {counts.Cancelled}, "
                + $"lost {counts.Lost}, doubled {counts.Doubled}, texts {counts.Texts}; slowest hop: {slowest}");
    }

    private static string Slowest(IncidentLog incidents)
    {
        var hops = incidents.Incidents.Where(static i => i.Kind == "sos")
            .SelectMany(static i => new (string Name, long? Us)[]
        {
            ("key to latch", i.LatchedUs - i.BeganUs),
            ("latch to air", i.OnAirUs - i.LatchedUs),
            ("air to hub's flash", i.HubStoredUs - i.OnAirUs),
            ("hub's flash to commit", i.CommittedUs - i.HubStoredUs),
            ("commit to push", i.PushedUs - i.CommittedUs),
            ("push to screen", i.ReceivedUs - i.PushedUs),
        });
        var slowest = hops.Where(static h => h.Us is not null).OrderByDescending(static h => h.Us).FirstOrDefault();
        return slowest.Name is null ? "none" : $"{slowest.Name}, {slowest.Us / 1000} ms";
    }
}
