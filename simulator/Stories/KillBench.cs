using ElderBand.Simulation;
using ElderBand.Simulator.Neighbourhood;

namespace ElderBand.Simulator.Stories;

/// <summary>
/// <c>./dev bench kill</c>: kill -9 of the centre at a random moment between a press and its receipt, real processes;
/// each press must be on the screen once (P25, P30).
/// </summary>
public static class KillBench
{
    private const int Rounds = 20;

    // From the press to the wrist's second stage takes about this long; the kill falls somewhere in it.
    private const int WindowMs = 450;

    /// <summary>Runs the rounds; returns 0 where every press was on the screen exactly once.</summary>
    public static async Task<int> RunAsync(Options options, CancellationToken cancellation)
    {
        var rounds = options.Rounds == 0 ? Rounds : options.Rounds;
        Console.WriteLine(VirtualDelays.InWords(Figures.Fixed));
        await using var run = await NeighbourhoodRun.StartAsync(
            options, Figures.Fixed, People.Homes(1), null, Console.WriteLine, cancellation);
        var random = new Random(options.Seed);
        var failed = 0;
        for (var round = 1; round <= rounds; round++)
        {
            var resident = run.Residents[round % run.Residents.Count];
            var killAfterMs = random.Next(WindowMs);
            var press = await run.AskAsync(() =>
            {
                var begun = run.IncidentLog.Begin(resident, "sos", $"press, centre killed {killAfterMs} ms later");
                resident.Band.Key.Press(200);
                return begun;
            });
            await Task.Delay(killAfterMs, cancellation);
            run.Service.Kill();
            await Task.Delay(300, cancellation);
            await run.Service.StartAsync(cancellation);
            var restartedUs = World.MonotonicUs();
            var arrived = await run.UntilAsync(() => press.ReceivedUs is not null && press.StageTimes(2) > 0, 60_000);
            var doubled = await run.AskAsync(() => run.IncidentLog.Unexplained.Count);
            var presses = press.Alarm?.Presses ?? 0;
            var ok = arrived && doubled == 0 && presses == 1;
            failed += ok ? 0 : 1;
            var when = press.ReceivedUs is { } us ? us < restartedUs
                ? "before the kill" : $"{(us - restartedUs) / 1e6:0.0} s after the restart" : "never";
            Console.WriteLine(
                $"round {round,2}: killed {killAfterMs,3} ms after the press; on the screen {when}; presses on the "
                    + $"card {presses}, cards without a cause {doubled}{(ok ? "" : "   FAILED")}");
            if (press.Alarm is { } alarm)
            {
                await run.Staff.TakeAsync(alarm.Id);
                await run.Staff.CloseAsync(alarm.Id, "drill", "bench");
                await run.UntilAsync(() => press.StageTimes(5) > 0, 15_000);
            }
        }

        Console.WriteLine(
            $"{rounds} rounds of kill -9: {rounds - failed} presses on the screen exactly once, {failed} not");
        return failed == 0 ? 0 : 1;
    }
}
