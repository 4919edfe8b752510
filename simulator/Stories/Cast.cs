using ElderBand.Simulation;
using ElderBand.Simulator.Neighbourhood;

namespace ElderBand.Simulator.Stories;

/// <summary>Who does what in a story, and the clerk who answers.</summary>
public sealed class Cast(Town town, Timeline timeline, Recordings? recordings)
{
    private const int WalkMs = 3000;

    private long _startUs;

    /// <summary>The neighbourhood.</summary>
    public Town Town { get; } = town;

    /// <summary>Presses.</summary>
    public Resident First => Town.Residents[0];

    /// <summary>Falls.</summary>
    public Resident Second => Town.Residents[Math.Min(1, Town.Residents.Count - 1)];

    /// <summary>Falls and is fine.</summary>
    public Resident Third => Town.Residents[Math.Min(2, Town.Residents.Count - 1)];

    /// <summary>Nobody wears it.</summary>
    public Resident Last => Town.Residents[^1];

    /// <summary>
    /// Everybody sits down, recorded hearts begin to beat, the last band lies on a table; the story's clock starts.
    /// </summary>
    public async Task BeginAsync()
    {
        _startUs = World.MonotonicUs();
        timeline.Begin(_startUs);
        Town.Ledger.Hop += timeline.Hop;
        await Town.DoAsync(() =>
        {
            for (var i = 0; i < Town.Residents.Count; i++)
            {
                var resident = Town.Residents[i];
                if (resident == Last && i > 0)
                {
                    resident.Band.Wearer.SetWorn(false, Town.World.NowMs);
                }
                else if (recordings is not null)
                {
                    resident.Band.Wearer.Play(recordings.Pulse(i), Town.World.NowMs);
                }
            }
        });
        var modes = await Town.AskAsync(
            () => Town.Residents.Select(r => $"{r.Person.Name} {r.Band.Mode}; {r.Band.Wearer.Source}").ToArray());
        timeline.Say(_startUs, "everybody is connected");
        foreach (var mode in modes)
        {
            timeline.Note("             " + mode);
        }
    }

    /// <summary>Waits for a second of the story.</summary>
    public Task WaitUntilAsync(double second, CancellationToken cancellation)
    {
        var leftMs = (int)((second * 1000) - ((World.MonotonicUs() - _startUs) / 1000.0));
        return leftMs > 0 ? PauseAsync(leftMs, cancellation) : Task.CompletedTask;
    }

    /// <summary>Lets time pass; ends early when the world has ended.</summary>
    public async Task PauseAsync(int ms, CancellationToken cancellation)
    {
        await Task.Delay(ms, cancellation);
        await Town.DoAsync(static () => { });
    }

    /// <summary>A short press on the key.</summary>
    public async Task<Incident> PressAsync(Resident who)
    {
        var incident = await Town.AskAsync(() =>
        {
            var begun = Town.Ledger.Begin(who, "sos", "short press on the key");
            who.Band.Key.Press(400);
            return begun;
        });
        timeline.Say(incident.BeganUs, $"{who.Person.Name} presses the key ({who.Band.Mode})");
        return incident;
    }

    /// <summary>
    /// A fall: recorded where there is a recording, else invented; the heart is invented in any case.
    /// </summary>
    public async Task<Incident> FallAsync(Resident who, int recordingIndex)
    {
        var recording = recordings?.Fall(recordingIndex);
        var incident = await Town.AskAsync(() =>
        {
            var what = recording is null
                ? "fall, invented motion" : $"fall, motion recorded in {recording.Name}, heart invented";
            var begun = Town.Ledger.Begin(who, "fall", what);
            if (recording is null)
            {
                who.Band.Wearer.Fall(WalkMs, Town.World.NowMs);
            }
            else
            {
                who.Band.Wearer.Fall(recording, Town.World.NowMs);
            }

            return begun;
        });
        timeline.Say(incident.BeganUs, $"{who.Person.Name}: {incident.What}");
        return incident;
    }

    /// <summary>Feels the countdown, holds the key for 3 s: "I am fine".</summary>
    public async Task<bool> CancelAsync(Incident incident)
    {
        if (!await Town.UntilAsync(() => incident.PrealarmUs is not null, 20_000))
        {
            return false;
        }

        await Task.Delay(2000);
        timeline.Say(World.MonotonicUs(), $"{incident.Who.Person.Name} is fine and holds the key for 3 s");
        await Town.DoAsync(() => incident.Who.Band.Key.Press(3400));
        return await Town.UntilAsync(() => incident.CancelledUs is not null, 10_000);
    }

    /// <summary>
    /// The clerk takes the alarm, sends help and closes it, each a few seconds after the wrist has shown the last.
    /// </summary>
    public async Task AnswerAsync(Incident incident, string outcome, string words)
    {
        if (!await Town.UntilAsync(() => incident.ReceivedUs is not null && incident.StageTimes(2) > 0, 60_000))
        {
            return;
        }

        var alarm = incident.Alarm!.Id;
        await Task.Delay(1000);
        await ActAsync("take", () => Town.Staff.TakeAsync(alarm));
        await Town.UntilAsync(() => incident.StageTimes(3) > 0, 10_000);
        await Task.Delay(1000);
        await ActAsync("say that help is on the way", () => Town.Staff.ComingAsync(alarm));
        await Town.UntilAsync(() => incident.StageTimes(4) > 0, 10_000);
        await Task.Delay(1000);
        await ActAsync("close", () => Town.Staff.CloseAsync(alarm, outcome, words));
        await Town.UntilAsync(() => incident.StageTimes(5) > 0 && incident.FamilySentUs is not null, 10_000);

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
                    // Not up again yet.
                }

                await Task.Delay(500);
            }

            timeline.Say(World.MonotonicUs(), $"the clerk could not {what} alarm {incident.Alarm!.Number}");
        }
    }

    /// <summary>Waits until every worn band in Guard has told enough, at most 30 s.</summary>
    public Task EnoughVitalsAsync(int count) => Town.UntilAsync(
        () => Town.Residents.All(r => !r.Band.Wearer.IsWorn || r.Band.Mode != BandProtocol.BandMode.Guard
            || Town.Vitals[r.Id].Summaries >= count),
        30_000);
}
