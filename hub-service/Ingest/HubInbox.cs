namespace ElderBand.HubService.Ingest;

/// <summary>
/// Calls and hellos of one hub that wait for their commit. Such a message is stored even if its connection ends,
/// because a press must not be lost when its hub goes. Two rules bound the messages while the database refuses writes.
/// A message whose parts all wait already joins the messages that hold them. At most <see cref="MostWaiting"/> messages
/// wait at a time (docs/adr/0098).
/// </summary>
internal sealed class HubInbox
{
    /// <summary>At most this many messages of one hub wait for their commit.</summary>
    public const int MostWaiting = 64;

    private readonly Dictionary<string, Task<bool>> _waiting = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _places = new(MostWaiting);

    /// <summary>
    /// Stores a message, or waits for the waiting messages that hold all its parts. True: committed. False: not stored.
    /// </summary>
    /// <param name="parts">What the message says, a text for each record. It is the same when the hub sends the record
    /// again in another message.</param>
    /// <param name="connection">Cancelled when the connection that brought the message ends. This ends the wait of the
    /// caller only. A message that has a place is still stored.</param>
    /// <param name="store">Writes the message. True: committed.</param>
    /// <exception cref="OperationCanceledException">The connection has ended, or the store is closing.</exception>
    public async Task<bool> StoreAsync(
        IReadOnlyList<string> parts, CancellationToken connection, Func<Task<bool>> store)
    {
        if (!TryJoin(parts, out Task<bool> stored))
        {
            await _places.WaitAsync(connection);
            lock (_waiting)
            {
                if (TryJoin(parts, out stored))
                {
                    _places.Release();
                }
                else
                {
                    stored = store();
                    foreach (string part in parts)
                    {
                        _waiting[part] = stored;
                    }
                    _ = ForgetAsync(parts, stored);
                }
            }
        }
        return await stored.WaitAsync(connection);
    }

    // False where a part does not wait yet.
    private bool TryJoin(IReadOnlyList<string> parts, out Task<bool> stored)
    {
        stored = Task.FromResult(false);
        var found = new HashSet<Task<bool>>();
        lock (_waiting)
        {
            foreach (string part in parts)
            {
                if (!_waiting.TryGetValue(part, out Task<bool>? holder))
                {
                    return false;
                }
                found.Add(holder);
            }
        }
        stored = found.Count == 1 ? found.Single() : AllAsync(found);
        return true;
    }

    private static async Task<bool> AllAsync(HashSet<Task<bool>> tasks) =>
        Array.TrueForAll(await Task.WhenAll(tasks), static stored => stored);

    private async Task ForgetAsync(IReadOnlyList<string> parts, Task<bool> stored)
    {
        await ((Task)stored).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_waiting)
        {
            foreach (string part in parts)
            {
                if (_waiting.GetValueOrDefault(part) == stored)
                {
                    _waiting.Remove(part);
                }
            }
        }
        _places.Release();
    }
}
