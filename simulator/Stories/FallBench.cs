using ElderBand.Simulation;
using ElderBand.Simulator.Centre;
using ElderBand.Simulator.Neighbourhood;

namespace ElderBand.Simulator.Stories;

/// <summary>
/// <c>./dev bench falls --data DIR</c>: recorded trials through the whole chain at true speed, each on a band of its
/// own:
/// the first 5 falls and the first 5 daily trials by name of three people. Nobody cancels; what counts is a ringing
/// alarm on the event stream.
/// </summary>
public static class FallBench
{
    private const int TrialsEach = 5;
    private const int AlarmWithinMs = 75_000;
    private const int StaggerMs = 100;
    private static readonly string[] Subjects = ["weda_U01", "weda_U03", "weda_U04"];

    /// <summary>
    /// Runs it; returns 0 where every person has at least 4 of 5 falls and at most 1 of 5 daily trials as alarms.
    /// </summary>
    public static async Task<int> RunAsync(Options options, CancellationToken cancellation)
    {
        var recordings = new Recordings(
            options.Data ?? throw new SimulationException("bench falls needs --data DIR with recordings."));
        var trials = Subjects.SelectMany(subject => new[] { true, false }.SelectMany(isFall =>
            recordings.Trials(subject, isFall, TrialsEach)
                .Select(recording => (Subject: subject, IsFall: isFall, Recording: recording)))).ToArray();
        if (trials.Length == 0)
        {
            throw new SimulationException(
                $"{options.Data} holds no trials of {string.Join(", ", Subjects)} in weda40.");
        }

        Console.WriteLine(VirtualDelays.InWords(Figures.Fixed));
        var homes = People.Homes(trials.Length).Select(static home => home with { People = home.People[..1] })
            .ToArray();
        await using var run = await NeighbourhoodRun.StartAsync(
            options, Figures.Fixed, homes, null, Console.WriteLine, cancellation);

        // Everybody sits still until the detector has its seconds of history.
        await Task.Delay(8000, cancellation);
        var incidents = new List<Incident>();
        for (var i = 0; i < trials.Length; i++)
        {
            var resident = run.Residents[i];
            var recording = trials[i].Recording;
            incidents.Add(await run.AskAsync(() =>
            {
                resident.Band.Wearer.Fall(recording, run.World.NowMs);
                return run.IncidentLog.Begin(resident, "fall", recording.Name);
            }));
            await Task.Delay(StaggerMs, cancellation);
        }

        Console.WriteLine(
            $"{trials.Length} recorded trials are played, hearts invented; alarms are counted until "
                + $"{AlarmWithinMs / 1000} s after their begin");
        await Task.Delay(AlarmWithinMs, cancellation);
        var passed = true;
        foreach (var subject in Subjects)
        {
            var falls = 0;
            var daily = 0;
            for (var i = 0; i < trials.Length; i++)
            {
                if (trials[i].Subject != subject)
                {
                    continue;
                }

                var incident = incidents[i];
                var alarmed = await run.AskAsync(() => incident.ReceivedUs is not null);
                falls += alarmed && trials[i].IsFall ? 1 : 0;
                daily += alarmed && !trials[i].IsFall ? 1 : 0;
                var what = alarmed
                    ? $"alarm after {(incident.ReceivedUs!.Value - incident.BeganUs) / 1e6:0.0} s"
                    : "no alarm";
                Console.WriteLine(
                    $"  {trials[i].Recording.Name,-28} {(trials[i].IsFall ? "fall " : "daily")}  {what}");
            }

            var ok = falls >= 4 && daily <= 1;
            passed &= ok;
            Console.WriteLine(
                $"{subject}: {falls} of {TrialsEach} falls raised an alarm, {daily} of {TrialsEach} daily "
                    + $"trials{(ok ? "" : "   FAILED (wanted at least 4 and at most 1)")}");
        }

        var unexplained = await run.AskAsync(() => run.IncidentLog.Unexplained.Count);
        Console.WriteLine($"alarms without a cause: {unexplained}");
        return passed && unexplained == 0 ? 0 : 1;
    }
}
