using System.Security.Cryptography;

namespace ElderBand.HubService.Ingest;

/// <summary>
/// Calls and hellos of one hub that wait for their commit. Such a message outlives its connection, so that a press
/// which has arrived is stored although its hub is gone. Two rules bound them while the database refuses: the same
/// bytes join the message that waits, and <see cref="MostWaiting"/> may wait at a time.
/// </summary>
internal sealed class HubInbox
{
    /// <summary>Messages of one hub that may wait for their commit.</summary>
    public const int MostWaiting = 64;

    private readonly Dictionary<string, Task<bool>> _waiting = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _places = new(MostWaiting);

    /// <summary>
    /// Stores a message, or waits for the one with the same bytes. True = committed, false = not stored.
    /// </summary>
    /// <param name="kind">The last part of the topic.</param>
    /// <param name="data">The payload.</param>
    /// <param name="connection">Cancelled at the end of the connection that brought the message. It ends this wait; a
    /// message that has its place is stored all the same.</param>
    /// <param name="store">Writes the message; true = committed.</param>
    /// <exception cref="OperationCanceledException">The connection is over, or the store is closing.</exception>
    public async Task<bool> StoreAsync(
        string kind, byte[] data, CancellationToken connection, Func<Task<bool>> store)
    {
        string key = kind + Convert.ToHexString(SHA256.HashData(data));
        if (Known(key) is { } first)
        {
            return await first.WaitAsync(connection);
        }
        await _places.WaitAsync(connection);
        Task<bool> stored;
        lock (_waiting)
        {
            if (_waiting.TryGetValue(key, out Task<bool>? same))
            {
                _places.Release();
                stored = same;
            }
            else
            {
                stored = _waiting[key] = store();
                _ = ForgetAsync(key, stored);
            }
        }
        return await stored.WaitAsync(connection);
    }

    private Task<bool>? Known(string key)
    {
        lock (_waiting)
        {
            return _waiting.GetValueOrDefault(key);
        }
    }

    private async Task ForgetAsync(string key, Task<bool> stored)
    {
        await ((Task)stored).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_waiting)
        {
            _waiting.Remove(key);
        }
        _places.Release();
    }
}
