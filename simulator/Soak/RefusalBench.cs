using System.Globalization;
using ElderBand.Simulation;

namespace ElderBand.Simulator.Soak;

/// <summary>
/// <c>./dev bench refusal</c>: the database refuses writes for ten minutes while 2,000 hubs send presses and
/// measurements and connect again and again. The memory of the service must stay bounded, and no press may be lost.
/// </summary>
public static class RefusalBench
{
    private const int Hubs = 2000;
    private const int RefusalMs = 600_000;
    private const int UpWithinMs = 300_000;
    private const int BackWithinMs = 120_000;
    private const int StepMs = 100;
    private const int SayEverySteps = 300;
    private const long LimitMiB = 200;

    /// <summary>Returns 0 where the memory stayed under 200 MiB and every press has its receipt.</summary>
    public static async Task<int> RunAsync(string program, CancellationToken cancellation)
    {
        var book = new SoakBook();
        using var centre = new SoakCentre(program, wantsSmall: false);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        SoakHub[] hubs = [.. (await centre.StartAsync(Hubs, cancellation)).Select(home => new SoakHub(home, book))];
        var work = hubs.Select(hub => Task.Run(() => SoakRun.Quietly(() => hub.RunAsync(end.Token)), cancellation))
            .ToList();
        if (!await SoakRun.UntilAsync(() => hubs.All(static h => h.IsUp), UpWithinMs, cancellation))
        {
            Console.WriteLine($"{hubs.Count(static h => h.IsUp)} of {Hubs} hubs were up after {UpWithinMs} ms");
            return 1;
        }

        var before = centre.Process.WorkingSetBytes >> 20;
        var most = 0L;
        var refused = await centre.LockAsync(
            async () => most = await PressAsync(hubs, book, centre, cancellation), cancellation);
        var isBack = await SoakRun.UntilAsync(
            () => book.WaitingSince(long.MaxValue) == 0, BackWithinMs, cancellation);
        await end.CancelAsync();
        await Task.WhenAll(work);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{book.Presses.Count()} presses of {Hubs} hubs over {hubs.Sum(static h => h.Connections)} connections in "
                + $"{RefusalMs / 60_000} min of refusal; {book.WaitingSince(long.MaxValue)} without a receipt "
                + $"afterwards; service {before} MiB before, {most} MiB at most (limit {LimitMiB})"));
        return refused && isBack && most <= LimitMiB ? 0 : 1;
    }

    // Ten presses a second, and ten hubs a second lose their connection. Returns the most memory, MiB.
    private static async Task<long> PressAsync(
        SoakHub[] hubs, SoakBook book, SoakCentre centre, CancellationToken cancellation)
    {
        var random = new Random(1);
        var most = 0L;
        for (var step = 0; step < RefusalMs / StepMs; step++)
        {
            hubs[random.Next(hubs.Length)].Press();
            hubs[random.Next(hubs.Length)].Drop();
            await Task.Delay(StepMs, cancellation);
            var now = centre.Process.WorkingSetBytes >> 20;
            most = Math.Max(most, now);
            if (step % SayEverySteps == 0)
            {
                Console.WriteLine(
                    $"{step * StepMs / 1000,4} s  {hubs.Count(static h => h.IsUp),5} hubs up, "
                        + $"{book.WaitingSince(long.MaxValue)} presses wait, {now} MiB");
            }
        }

        return most;
    }
}
