using ElderBand.Simulation;
using ElderBand.Simulator.Neighbourhood;

namespace ElderBand.Simulator.Stories;

/// <summary>The residents of a scripted run, the clerk who answers them, and what each of them can do.</summary>
public sealed class StoryPeople(NeighbourhoodRun run, Timeline timeline, Recordings? recordings)
{
    private const int WalkMs = 3000;

    private long _startUs;

    /// <summary>The neighbourhood that runs.</summary>
    public NeighbourhoodRun Run { get; } = run;

    /// <summary>The resident who presses the key.</summary>
    public Resident First => Run.Residents[0];

    /// <summary>The resident who falls and needs help.</summary>
    public Resident Second => Run.Residents[Math.Min(1, Run.Residents.Count - 1)];

    /// <summary>The resident who falls and cancels.</summary>
    public Resident Third => Run.Residents[Math.Min(2, Run.Residents.Count - 1)];

    /// <summary>The resident whose band lies on a table.</summary>
    public Resident Last => Run.Residents[^1];

    /// <summary>
    /// Starts the story's clock. The last band is off the wrist; the others play recorded pulses where there are some.
    /// </summary>
    public async Task BeginAsync()
    {
        _startUs = World.MonotonicUs();
        timeline.Begin(_startUs);
        Run.IncidentLog.Hop += timeline.Hop;
        await Run.DoAsync(() =>
        {
            for (var i = 0; i < Run.Residents.Count; i++)
            {
                var resident = Run.Residents[i];
                if (resident == Last && i > 0)
                {
                    resident.Band.Wearer.SetWorn(false, Run.World.NowMs);
                }
                else if (recordings is not null)
                {
                    resident.Band.Wearer.Play(recordings.Pulse(i), Run.World.NowMs);
                }
            }
        });
        var modes = await Run.AskAsync(
            () => Run.Residents.Select(r => $"{r.Person.Name} {r.Band.Mode}; {r.Band.Wearer.Source}").ToArray());
        timeline.Say(_startUs, "everybody is connected");
        foreach (var mode in modes)
        {
            timeline.Note("             " + mode);
        }
    }

    /// <summary>Waits until this second of the story.</summary>
    public Task WaitUntilAsync(double second, CancellationToken cancellation)
    {
        var leftMs = (int)((second * 1000) - ((World.MonotonicUs() - _startUs) / 1000.0));
        return leftMs > 0 ? PauseAsync(leftMs, cancellation) : Task.CompletedTask;
    }

    /// <summary>Waits; fails early when the world has ended.</summary>
    public async Task PauseAsync(int ms, CancellationToken cancellation)
    {
        await Task.Delay(ms, cancellation);
        await Run.DoAsync(static () => { });
    }

    /// <summary>A short press on the key.</summary>
    public async Task<Incident> PressAsync(Resident who)
    {
        var incident = await Run.AskAsync(() =>
        {
            var begun = Run.IncidentLog.Begin(who, "sos", "short press on the key");
            who.Band.Key.Press(400);
            return begun;
        });
        timeline.Say(incident.BeganUs, $"{who.Person.Name} presses the key ({who.Band.Mode})");
        return incident;
    }

    /// <summary>
    /// A fall. Its motion is recorded where there is a recording, else synthetic. The pulse is always synthetic.
    /// </summary>
    public async Task<Incident> FallAsync(Resident who, int recordingIndex)
    {
        var recording = recordings?.Fall(recordingIndex);
        var incident = await Run.AskAsync(() =>
        {
            var what = recording is null
                ? "fall, invented motion" : $"fall, motion recorded in {recording.Name}, heart invented";
            var begun = Run.IncidentLog.Begin(who, "fall", what);
            if (recording is null)
            {
                who.Band.Wearer.Fall(WalkMs, Run.World.NowMs);
            }
            else
            {
                who.Band.Wearer.Fall(recording, Run.World.NowMs);
            }

            return begun;
        });
        timeline.Say(incident.BeganUs, $"{who.Person.Name}: {incident.What}");
        return incident;
    }

    /// <summary>During the countdown the wearer holds the key and lets go when asked: "I am fine".</summary>
    public async Task<bool> CancelAsync(Incident incident)
    {
        if (!await Run.UntilAsync(() => incident.PrealarmUs is not null, 20_000))
        {
            return false;
        }

        await Task.Delay(2000);
        var name = incident.Who.Person.Name;
        timeline.Say(World.MonotonicUs(), $"{name} is fine, holds the key and lets go when the wrist asks");
        await Run.DoAsync(() => incident.Who.Band.Key.Press(3400));
        return await Run.UntilAsync(() => incident.CancelledUs is not null, 10_000);
    }

    /// <summary>
    /// The clerk takes the alarm, sends help and closes the alarm. Each step follows a second after the wrist has shown
    /// the stage before.
    /// </summary>
    public async Task AnswerAsync(Incident incident, string outcome, string words)
    {
        if (!await Run.UntilAsync(() => incident.ReceivedUs is not null && incident.StageTimes(2) > 0, 60_000))
        {
            return;
        }

        var alarm = incident.Alarm!.Id;
        await Task.Delay(1000);
        await ActAsync("take", () => Run.Staff.TakeAsync(alarm));
        await Run.UntilAsync(() => incident.StageTimes(3) > 0, 10_000);
        await Task.Delay(1000);
        await ActAsync("say that help is on the way", () => Run.Staff.ComingAsync(alarm));
        await Run.UntilAsync(() => incident.StageTimes(4) > 0, 10_000);
        await Task.Delay(1000);
        await ActAsync("close", () => Run.Staff.CloseAsync(alarm, outcome, words));
        await Run.UntilAsync(() => incident.StageTimes(5) > 0 && incident.FamilySentUs is not null, 10_000);

        async Task ActAsync(string what, Func<Task<bool>> act)
        {
            for (var tries = 0; tries < 3; tries++)
            {
                try
                {
                    if (await act())
                    {
                        return;
                    }
                }
                catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
                {
                    // The service is not up again yet.
                }

                await Task.Delay(500);
            }

            timeline.Say(World.MonotonicUs(), $"the clerk could not {what} alarm {incident.Alarm!.Number}");
        }
    }

    /// <summary>Waits until every worn band in Guard has sent this many summaries, at most 30 s.</summary>
    public Task EnoughVitalsAsync(int count) => Run.UntilAsync(
        () => Run.Residents.All(r => !r.Band.Wearer.IsWorn || r.Band.Mode != BandProtocol.BandMode.Guard
            || Run.Vitals[r.Id].Summaries >= count),
        30_000);
}
