using System.Security.Cryptography;

namespace ElderBand.HubService.Ingest;

/// <summary>
/// Calls and hellos of one hub that wait for their commit. Such a message is stored even if its connection ends,
/// because a press must not be lost when its hub goes. Two rules bound the messages while the database refuses writes.
/// A message with the same bytes as a waiting one joins that one. At most <see cref="MostWaiting"/> messages wait at a
/// time.
/// </summary>
internal sealed class HubInbox
{
    /// <summary>At most this many messages of one hub wait for their commit.</summary>
    public const int MostWaiting = 64;

    private readonly Dictionary<string, Task<bool>> _waiting = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _places = new(MostWaiting);

    /// <summary>
    /// Stores a message, or waits for a waiting message with the same bytes. True: committed. False: not stored.
    /// </summary>
    /// <param name="kind">The last part of the topic.</param>
    /// <param name="data">The payload.</param>
    /// <param name="connection">Cancelled when the connection that brought the message ends. This ends the wait of the
    /// caller only. A message that has a place is still stored.</param>
    /// <param name="store">Writes the message. True: committed.</param>
    /// <exception cref="OperationCanceledException">The connection has ended, or the store is closing.</exception>
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
