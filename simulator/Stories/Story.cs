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
        await using var town = await Town.StartAsync(
            options,
            Figures.Fixed,
            People.Homes(options.Homes),
            page.Map,
            static step => Console.WriteLine(step + " ..."),
            cancellation,
            centre => ShowLinksAsync(centre, page, cancellation));
        var cast = new Cast(town, timeline, recordings);
        Console.WriteLine("  " + VirtualDelays.InWords(town.World.Figures));
        Console.WriteLine("  Everybody here is invented. Ctrl-C ends it.");
        Console.WriteLine();
        await cast.BeginAsync();

        await cast.WaitUntilAsync(12, cancellation);
        await SayVitalsAsync(cast, timeline);

        await cast.WaitUntilAsync(20, cancellation);
        var press = await cast.PressAsync(cast.First);
        timeline.Note("             take it at the console; if nobody does, the demo's clerk will at 50 s");
        await cast.WaitUntilAsync(50, cancellation);
        if (await town.AskAsync(() => press.Alarm?.State == "ringing"))
        {
            timeline.Say(World.MonotonicUs(), "nobody at the console has taken it: the demo's clerk does");
            await cast.AnswerAsync(press, "phoneOk", "已电话确认");
        }

        await cast.WaitUntilAsync(60, cancellation);
        var fall = await cast.FallAsync(cast.Second, 0);
        if (await town.UntilAsync(() => fall.ReceivedUs is not null, 60_000))
        {
            await cast.PauseAsync(5000, cancellation);
            if (await town.AskAsync(() => fall.Alarm?.State == "ringing"))
            {
                timeline.Say(World.MonotonicUs(), "the demo's clerk takes the fall");
                await cast.AnswerAsync(fall, "familyGoing", "女儿在路上");
            }
        }

        await cast.WaitUntilAsync(110, cancellation);
        var fine = await cast.FallAsync(cast.Third, 1);
        fine.IsToBeCancelled = true;
        await cast.CancelAsync(fine);

        await cast.WaitUntilAsync(130, cancellation);
        timeline.Say(World.MonotonicUs(), "the centre is killed (kill -9)");
        town.Service.Kill();
        await cast.PauseAsync(1000, cancellation);
        var kept = await cast.PressAsync(cast.First);
        timeline.Note("             kept at home: in the band's and in the hub's flash");
        await cast.WaitUntilAsync(140, cancellation);
        timeline.Say(World.MonotonicUs(), "the centre is started again on the same data");
        await town.Service.StartAsync(cancellation);
        if (await town.UntilAsync(() => kept.ReceivedUs is not null, 30_000))
        {
            var ageS = await town.AskAsync(() => (kept.ReceivedUs!.Value - kept.BeganUs) / 1e6);
            timeline.Say(World.MonotonicUs(), $"the press is on the screen once, {ageS:0} s old");
            _ = cast.AnswerAsync(kept, "phoneOk", "已通话");
        }

        await cast.WaitUntilAsync(150, cancellation);
        await SummariseAsync(town, timeline);
        timeline.Note("");
        timeline.Note(
            $"  Now break it yourself: http://localhost:{town.WristPort}/ has keys, falls, plugs and lines. Ctrl-C "
                + "ends it.");
        await Task.Delay(Timeout.Infinite, cancellation);
        return 0;
    }

    private static async Task ShowLinksAsync(Town town, WristServer page, CancellationToken cancellation)
    {
        page.Show(town);
        Console.WriteLine();
        Console.WriteLine(
            $"  console       {await town.SignInLinkAsync(cancellation)}   (signs you in, once, within 10 min)");
        Console.WriteLine($"  wrist page    http://localhost:{town.WristPort}/");
        Console.WriteLine($"  family phone  http://localhost:{town.WristPort}/#phone");
        Console.WriteLine();
    }

    private static async Task SayVitalsAsync(Cast cast, Timeline timeline)
    {
        // The first summary of 10 s comes 10 s after the band has warmed up.
        await cast.Town.UntilAsync(
            () => cast.Town.Residents.All(r => !r.Band.Wearer.IsWorn || r.Band.Mode != BandProtocol.BandMode.Guard
                || cast.Town.Vitals[r.Id].WithRate > 0),
            6000);
        foreach (var (name, words) in await cast.Town.AskAsync(
            () => cast.Town.Residents.Select(r => (r.Person.Name, Words(cast.Town, r))).ToArray()))
        {
            timeline.Say(World.MonotonicUs(), $"{name}: {words}");
        }
    }

    private static string Words(Town town, Resident resident) => town.Vitals[resident.Id].Last switch
    {
        _ when !resident.Band.Wearer.IsWorn && town.Vitals[resident.Id].WithRate == 0 => "not worn, says nothing",
        { Bpm: { } bpm } vitals =>
            $"{bpm} beats a minute, quality {vitals.Confidence} of 100 ({resident.Band.Wearer.Source})",
        { Refusal: { } why } => $"no heart rate: {why}",
        _ => "nothing yet",
    };

    private static async Task SummariseAsync(Town town, Timeline timeline)
    {
        var (counts, slowest) = await town.AskAsync(() => (Report.CountsOf(town.Ledger), Slowest(town.Ledger)));
        timeline.Say(
            World.MonotonicUs(),
            $"presses {counts.Presses}, falls {counts.Falls}, alarms {counts.Alarms}, cancelled {counts.Cancelled}, "
                + $"lost {counts.Lost}, doubled {counts.Doubled}, texts {counts.Texts}; slowest hop: {slowest}");
    }

    private static string Slowest(Ledger ledger)
    {
        var hops = ledger.Incidents.Where(static i => i.Kind == "sos")
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
