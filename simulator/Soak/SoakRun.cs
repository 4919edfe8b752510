using System.Collections.Concurrent;
using System.Threading.Channels;
using ElderBand.Simulation;

namespace ElderBand.Simulator.Soak;

/// <summary>
/// <c>./dev soak --minutes N</c>: 1,000 hubs send presses all the time over TLS to the service, a real process that
/// meets one fault after the other. Every press must be committed once, and within seconds once a fault is over.
/// </summary>
public sealed class SoakRun : IDisposable
{
    private const int Hubs = 1000;
    private const int PressEveryMs = 100;
    private const int FaultMs = 10_000;
    private const int CalmMs = 30_000;
    private const int BackWithinMs = 90_000;
    private const int StartWithinMs = 300_000;
    private const int SayEveryMs = 10_000;
    private const double LimitMs = 2000;
    private const long RssLimitMiB = 1024;

    private readonly SoakBook _book = new();
    private readonly SoakCentre _centre;
    private readonly List<SoakRow> _table = [];
    private readonly CancellationTokenSource _end;
    private readonly CancellationTokenSource _pressing;
    private readonly Channel<long> _alarms = Channel.CreateUnbounded<long>();
    private readonly ConcurrentDictionary<long, bool> _known = [];
    private readonly long _beganUs = World.MonotonicUs();
    private IReadOnlyList<SoakHub> _hubs = [];
    private string _now = "starting";

    private SoakRun(string program, CancellationToken cancellation)
    {
        _centre = new SoakCentre(program, wantsSmall: true);
        _end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _pressing = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
    }

    /// <summary>Runs for this many minutes; returns 0 where no press was lost, doubled or late.</summary>
    public static async Task<int> RunAsync(string program, int minutes, CancellationToken cancellation)
    {
        using var run = new SoakRun(program, cancellation);
        return await run.RunAsync(minutes, cancellation) ? 0 : 1;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _end.Cancel();
        _centre.Dispose();
        _pressing.Dispose();
        _end.Dispose();
    }

    private async Task<bool> RunAsync(int minutes, CancellationToken cancellation)
    {
        Console.WriteLine(_centre.IsSmall
            ? "the data folder is a file system of 512 MiB"
            : "no file system could be mounted here (root is needed): the disk is NOT filled in this run");
        _hubs = [.. (await _centre.StartAsync(Hubs, cancellation)).Select(home => new SoakHub(home, _book))];
        var work = _hubs.Select(hub => Task.Run(() => Quietly(() => hub.RunAsync(_end.Token)))).ToList();
        work.Add(Task.Run(() => Quietly(TellAsync)));
        work.Add(Task.Run(() => Quietly(WorkAsync)));
        if (!await UntilAsync(() => _hubs.All(static h => h.IsUp), StartWithinMs, cancellation))
        {
            Console.WriteLine($"{_hubs.Count(static h => h.IsUp)} of {Hubs} hubs were up after {StartWithinMs} ms");
            return false;
        }

        work.Add(Task.Run(() => Quietly(PressAsync)));
        await StepAsync("no fault", () => Task.FromResult(true), cancellation);
        var untilUs = _beganUs + (minutes * 60_000_000L);
        for (var i = 0; World.MonotonicUs() < untilUs || i < Faults().Count; i++)
        {
            var (name, fault) = Faults()[i % Faults().Count];
            await StepAsync(name, () => fault(cancellation), cancellation);
        }

        _now = "ending";
        await _pressing.CancelAsync();
        await UntilAsync(() => _book.WaitingSince(long.MaxValue) == 0, BackWithinMs, cancellation);
        await _end.CancelAsync();
        await Task.WhenAll(work);
        return Judge(await _centre.ReadAsync(cancellation));
    }

    private List<(string Name, Func<CancellationToken, Task<bool>> Fault)> Faults()
    {
        List<(string, Func<CancellationToken, Task<bool>>)> faults =
        [
            ("kill -9", c => _centre.KillAsync(FaultMs / 3, c)),
            ("database locked", c => _centre.LockAsync(() => Task.Delay(FaultMs, c), c)),
            ("certificate changed", _centre.ChangeCertificateAsync),
            ("reconnect storm", _ => Task.FromResult(Storm())),
        ];
        if (_centre.IsSmall)
        {
            faults.Insert(1, ("disk full", c => _centre.FillDiskAsync(FaultMs, c)));
        }

        return faults;
    }

    private bool Storm()
    {
        var up = _hubs.Count(static h => h.IsUp);
        foreach (var hub in _hubs)
        {
            hub.Drop();
        }

        return up > Hubs / 2;
    }

    // Makes one fault and waits until all hubs are connected and all presses from before have their receipts. Then 30 s
    // pass without a fault.
    private async Task StepAsync(string name, Func<Task<bool>> fault, CancellationToken cancellation)
    {
        _now = name;
        var fromUs = World.MonotonicUs();
        var hadEffect = await fault();
        var overUs = World.MonotonicUs();
        _now = $"after: {name}";
        await Task.Delay(500, cancellation); // by now the hubs have noticed the loss of their connections
        var isBack = await UntilAsync(
            () => _hubs.All(static h => h.IsUp) && _book.WaitingSince(overUs) == 0, BackWithinMs, cancellation);
        var backUs = World.MonotonicUs();
        _now = $"calm after: {name}";
        await Task.Delay(CalmMs, cancellation);
        await UntilAsync(() => _book.WaitingSince(backUs + (CalmMs * 1000L)) == 0, BackWithinMs, cancellation);
        var (during, after) = (_book.Between(fromUs, backUs), _book.Between(backUs, backUs + (CalmMs * 1000L)));
        var row = new SoakRow(
            name, hadEffect, isBack, during.Count, SoakBook.WithinMs(during, 1), (backUs - overUs) / 1e6, after.Count,
            SoakBook.WithinMs(after, 0.5), SoakBook.WithinMs(after, 0.99), _centre.Process.WorkingSetBytes >> 20);
        _table.Add(row);
        Console.WriteLine(row.InWords);
    }

    private bool Judge(SoakRows rows)
    {
        Console.WriteLine();
        Console.WriteLine(SoakRow.Heading);
        _table.ForEach(static row => Console.WriteLine(row.InWords));
        var committed = rows.Presses.ToDictionary(static r => (r.Address, r.Sequence), static r => r.Rows);
        var presses = _book.Presses.ToList();
        var lost = presses.Count(p => !committed.ContainsKey((p.Address, p.Sequence)));
        var lied = presses.Count(p => p.ReceiptUs > 0 && !committed.ContainsKey((p.Address, p.Sequence)));
        var doubled = committed.Values.Count(static n => n > 1) + Math.Abs(rows.OnCards - committed.Count);
        var invented = committed.Keys.Except(presses.Select(static p => (p.Address, p.Sequence))).Count();
        var silent = _table.Where(static r => !r.HadEffect).Select(static r => r.Name).Distinct().ToList();
        var late = _table.Count(static r => !r.IsBack || !(r.AfterP99Ms <= LimitMs));
        var rssMiB = _table.Max(static r => r.RssMiB);
        Console.WriteLine(
            $"{presses.Count} presses of {Hubs} hubs in {(World.MonotonicUs() - _beganUs) / 6e7:0} min, "
            + $"{presses.Count(static p => p.ReceiptUs > 0)} receipts; lost {lost}, receipts without a row {lied}, "
            + $"doubled {doubled}, invented {invented}, in quarantine {rows.Quarantined}");
        Console.WriteLine(
            $"{_hubs.Sum(static h => h.Connections)} connections; database {rows.Bytes >> 20} MiB; service at most "
            + $"{rssMiB} MiB (limit {RssLimitMiB}); {late} times slower than p99 {LimitMs} ms after a fault");
        Console.WriteLine(rows.Audit);
        if (silent.Count > 0)
        {
            Console.WriteLine($"changed nothing: {string.Join(", ", silent)}");
        }

        return lost + lied + doubled + invented + late + silent.Count == 0 && rows.Quarantined == 0
            && rssMiB <= RssLimitMiB && presses.Count > 0;
    }

    private async Task PressAsync()
    {
        var random = new Random(1);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(PressEveryMs));
        while (await timer.WaitForNextTickAsync(_pressing.Token))
        {
            _hubs[random.Next(_hubs.Count)].Press();
        }
    }

    // The officer takes every alarm and closes it as a drill.
    private async Task WorkAsync()
    {
        _centre.Staff.Alarm = (alarm, _, _) =>
        {
            if (alarm.State is "ringing" or "taken" && _known.TryAdd(alarm.Id, true))
            {
                _alarms.Writer.TryWrite(alarm.Id);
            }
        };
        _centre.Staff.Listen();
        await foreach (var id in _alarms.Reader.ReadAllAsync(_end.Token))
        {
            try
            {
                await _centre.Staff.TakeAsync(id);
                await _centre.Staff.CloseAsync(id, "drill", "soak");
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException)
            {
                await Task.Delay(1000, _end.Token); // the service is down or refuses; it reports the alarm again later
            }

            _known.TryRemove(id, out _);
        }
    }

    private async Task TellAsync()
    {
        while (true)
        {
            await Task.Delay(SayEveryMs, _end.Token);
            var nowUs = World.MonotonicUs();
            Console.WriteLine(
                $"{(nowUs - _beganUs) / 1e6,6:0} s  {_now,-28} {_hubs.Count(static h => h.IsUp),5} hubs up, "
                + $"{_book.Presses.Count()} presses, {_book.WaitingSince(nowUs)} wait, "
                + $"{_centre.Process.WorkingSetBytes >> 20} MiB");
        }
    }

    /// <summary>Waits until something is so; false where it is not in time.</summary>
    internal static async Task<bool> UntilAsync(Func<bool> condition, int timeoutMs, CancellationToken cancellation)
    {
        var untilUs = World.MonotonicUs() + (timeoutMs * 1000L);
        while (!condition())
        {
            if (World.MonotonicUs() > untilUs)
            {
                return false;
            }

            await Task.Delay(50, cancellation);
        }

        return true;
    }

    /// <summary>Runs work that ends by being cancelled.</summary>
    internal static async Task Quietly(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (OperationCanceledException)
        {
            // The end of the run cancels all work.
        }
    }
}

/// <summary>One fault of a soak and the presses during and after it.</summary>
/// <param name="Name">Name of the fault.</param>
/// <param name="HadEffect">True: the fault had the effect that it should have.</param>
/// <param name="IsBack">True: in time all hubs were connected and all presses had their receipts again.</param>
/// <param name="During">Number of presses from the begin of the fault until then.</param>
/// <param name="DuringWorstMs">The longest time from one of those presses to its receipt.</param>
/// <param name="BackS">Time from the end of the fault until then.</param>
/// <param name="After">Number of presses in the 30 s after that, in which no fault is made.</param>
/// <param name="AfterP50Ms">Time within which half of the presses of these 30 s had their receipts.</param>
/// <param name="AfterP99Ms">Time within which 99 of 100 of them had their receipts.</param>
/// <param name="RssMiB">Memory of the service at the end of these 30 s.</param>
public sealed record SoakRow(
    string Name, bool HadEffect, bool IsBack, int During, double DuringWorstMs, double BackS, int After,
    double AfterP50Ms, double AfterP99Ms, long RssMiB)
{
    /// <summary>Heading of the table of faults.</summary>
    public const string Heading =
        "  fault                 changed  back after  presses  slowest  | calm: presses      p50      p99     RSS";

    /// <summary>The row of the table.</summary>
    public string InWords =>
        $"  {Name,-22}{(HadEffect ? "yes" : "NO"),-9}{(IsBack ? $"{BackS,6:0.0} s" : "NOT"),10}{During,9}"
        + $"{DuringWorstMs / 1000,7:0.0} s  |{After,14}{AfterP50Ms,6:0} ms{AfterP99Ms,6:0} ms{RssMiB,4} MiB";
}
