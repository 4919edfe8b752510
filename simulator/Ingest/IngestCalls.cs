using System.Collections.Concurrent;
using System.Globalization;
using ElderBand.Simulation;
using ElderBand.Simulator.Centre;
using ElderBand.Simulator.Soak;

namespace ElderBand.Simulator.Ingest;

/// <summary>
/// Presses during the load: one a second, each from another home. An officer takes and closes every alarm. Two times
/// are measured from the press: until the receipt is at the hub, which follows the commit, and until the alarm is at
/// the officer's console.
/// </summary>
public sealed class IngestCalls : IDisposable
{
    /// <summary>Homes that press.</summary>
    public const int Homes = 60;

    private const int EveryMs = 1000;
    private const int LastReceiptWithinMs = 10_000;

    private readonly SoakBook _book = new();
    private readonly SoakHub[] _hubs;
    private readonly string[] _residents;
    private readonly StaffClient _staff;
    private readonly CancellationTokenSource _end;
    private readonly ConcurrentDictionary<string, long> _pressedUs = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<double> _pushedMs = new();
    private readonly Task[] _connections;

    /// <summary>Connects the hubs and the officer's console.</summary>
    public IngestCalls(StaffClient staff, IReadOnlyList<EnrolledHome> homes, CancellationToken cancellation)
    {
        _staff = staff;
        _end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _hubs = [.. homes.Select(home => new SoakHub(home, _book))];
        _residents = [.. homes.Select(static home => "resident " + home.Account.HubId["hub-".Length..])];
        staff.Alarm = (alarm, us, _) => Told(alarm, us);
        staff.Listen();
        _connections = [.. _hubs.Select(hub => Task.Run(() => QuietlyAsync(hub.RunAsync(_end.Token)), cancellation))];
    }

    /// <summary>From the press to the receipt, ms, smallest first; infinity for none.</summary>
    public IReadOnlyList<double> CommittedMs => [.. _book.Presses
        .Select(static p => p.ReceiptUs == 0 ? double.PositiveInfinity : (p.ReceiptUs - p.BeganUs) / 1000.0).Order()];

    /// <summary>From the press to the console, ms, smallest first.</summary>
    public IReadOnlyList<double> PushedMs => [.. _pushedMs.Order()];

    /// <summary>Waits until all hubs are connected.</summary>
    public async Task ConnectAsync(CancellationToken cancellation)
    {
        while (!_hubs.All(static hub => hub.IsUp))
        {
            await Task.Delay(100, cancellation);
        }
    }

    /// <summary>Presses once a second for this long, then waits for the last receipt.</summary>
    public async Task PressAsync(int forMs, CancellationToken cancellation)
    {
        for (var i = 0; i < forMs / EveryMs; i++)
        {
            _pressedUs[_residents[i % Homes]] = World.MonotonicUs();
            _hubs[i % Homes].Press();
            await Task.Delay(EveryMs, cancellation);
        }

        var untilMs = Environment.TickCount64 + LastReceiptWithinMs;
        while (_book.WaitingSince(long.MaxValue) > 0 && Environment.TickCount64 < untilMs)
        {
            await Task.Delay(50, cancellation);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _end.Cancel();
        Task.WaitAll(_connections);
        _end.Dispose();
    }

    private void Told(AlarmView alarm, long us)
    {
        if (alarm.State == "ringing" && _pressedUs.TryRemove(alarm.Resident.Name, out var pressedUs))
        {
            _pushedMs.Enqueue((us - pressedUs) / 1000.0);
            _ = CloseAsync(alarm.Id);
        }
    }

    private async Task CloseAsync(long alarm)
    {
        await _staff.TakeAsync(alarm);
        await _staff.CloseAsync(alarm, "drill", string.Create(CultureInfo.InvariantCulture, $"bench {alarm}"));
    }

    private static async Task QuietlyAsync(Task work)
    {
        try
        {
            await work;
        }
        catch (OperationCanceledException)
        {
            // The end of the round.
        }
    }
}
