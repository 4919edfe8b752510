using System.Collections.Concurrent;

namespace ElderBand.HubService.Alarms;

/// <summary>
/// How many consoles of a centre hold an open event stream. The stream calls <see cref="Enter"/> when its first bytes
/// are out and disposes the result when it ends. None open = nobody can hear an alarm (P36).
/// </summary>
public sealed class ConsoleCounter
{
    private readonly ConcurrentDictionary<string, int> _open = new(StringComparer.Ordinal);

    /// <summary>Consoles that are open now.</summary>
    public int Open(string centreId) => _open.GetValueOrDefault(centreId);

    /// <summary>Consoles that are open now, of all centres.</summary>
    public int Total => _open.Values.Sum();

    /// <summary>Counts one console until the result is disposed.</summary>
    public IDisposable Enter(string centreId)
    {
        _open.AddOrUpdate(centreId, 1, static (_, n) => n + 1);
        return new Leave(this, centreId);
    }

    private sealed class Leave(ConsoleCounter counter, string centreId) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
            {
                counter._open.AddOrUpdate(centreId, 0, static (_, n) => n - 1);
            }
        }
    }
}
