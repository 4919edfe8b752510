namespace ElderBand.HubService.Alarms;

/// <summary>
/// Counts the consoles of each centre. A console counts while it holds an open event stream and its page answers the
/// stream's signs of life. The stream calls <see cref="Enter"/> when its first bytes are sent. The stream disposes the
/// result when the stream ends or the page stops answering. Where the count is 0, nobody can hear an alarm (P36).
/// </summary>
public sealed class ConsoleCounter(Clock clock)
{
    /// <summary>
    /// A page that is loaded again, or a service that has just started, has its consoles back within this time.
    /// </summary>
    public const int BackWithinMs = 15_000;

    private readonly long _startedAtMs = clock.NowMs;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (int Open, long LeftAtMs)> _centres = new(StringComparer.Ordinal);

    /// <summary>Consoles that are open now, of all centres.</summary>
    public int Total
    {
        get
        {
            lock (_gate)
            {
                return _centres.Values.Sum(static c => c.Open);
            }
        }
    }

    /// <summary>Consoles that are open now.</summary>
    public int Open(string centreId)
    {
        lock (_gate)
        {
            return Of(centreId).Open;
        }
    }

    /// <summary>
    /// UTC ms from which on nobody is at the screens unless a console opens before; null while one is open.
    /// </summary>
    public long? GoneAtMs(string centreId)
    {
        lock (_gate)
        {
            (int open, long leftAtMs) = Of(centreId);
            return open > 0 ? null : leftAtMs + BackWithinMs;
        }
    }

    /// <summary>Counts one console until the result is disposed.</summary>
    public OpenConsole Enter(string centreId)
    {
        Add(centreId, 1, clock.NowMs);
        return new OpenConsole(sinceMs => Add(centreId, -1, sinceMs ?? clock.NowMs));
    }

    private (int Open, long LeftAtMs) Of(string centreId) => _centres.GetValueOrDefault(centreId, (0, _startedAtMs));

    private void Add(string centreId, int consoles, long atMs)
    {
        lock (_gate)
        {
            (int open, long leftAtMs) = Of(centreId);
            _centres[centreId] = (open + consoles, Math.Max(atMs, leftAtMs));
        }
    }
}

/// <summary>A console that is counted. Disposing this object takes the console out of the count.</summary>
public sealed class OpenConsole(Action<long?> leave) : IDisposable
{
    private int _left;

    /// <summary>Takes the console out of the count. It stopped at that time, UTC ms, which may be past.</summary>
    public void LeftAt(long atMs) => Leave(atMs);

    /// <inheritdoc/>
    public void Dispose() => Leave(null);

    private void Leave(long? atMs)
    {
        if (Interlocked.Exchange(ref _left, 1) == 0)
        {
            leave(atMs);
        }
    }
}
