namespace ElderBand.HubService.Staff;

/// <summary>
/// Slows guessing of passwords, per (name, address): five wrong ones are free, then that pair waits 30 s, and twice as
/// long after each further wrong one, up to 15 min. Sessions that exist are not looked at here, so a lock-out can never
/// take an alarm screen away (P41). Kept in memory and bounded: the oldest pair is forgotten first.
/// </summary>
public sealed class LockOut(Clock clock)
{
    private const int Free = 5;
    private const long FirstMs = 30_000;
    private const long LongestMs = 15 * 60_000;
    private const int MaxPairs = 4096;

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Name, string Address), Entry> _pairs = [];

    /// <summary>How long the pair still has to wait, ms; 0 = may try.</summary>
    public long WaitMs(string name, string address)
    {
        lock (_gate)
        {
            return _pairs.TryGetValue(Key(name, address), out Entry entry)
                ? Math.Max(0, entry.UntilMs - clock.NowMs) : 0;
        }
    }

    /// <summary>A wrong password; true where the pair has to wait from now on.</summary>
    public bool Wrong(string name, string address)
    {
        lock (_gate)
        {
            (string, string) key = Key(name, address);
            long nowMs = clock.NowMs;
            // Forgotten a quarter of an hour after its last wrong one: an honest slip does not add up over weeks.
            int wrong = _pairs.TryGetValue(key, out Entry entry) && nowMs - entry.LastMs < LongestMs
                ? entry.Wrong + 1 : 1;
            long waitMs = wrong < Free ? 0 : Math.Min(LongestMs, FirstMs << Math.Min(wrong - Free, 16));
            if (!_pairs.ContainsKey(key) && _pairs.Count >= MaxPairs)
            {
                _pairs.Remove(_pairs.MinBy(static pair => pair.Value.LastMs).Key);
            }
            _pairs[key] = new Entry(wrong, nowMs, nowMs + waitMs);
            return waitMs > 0;
        }
    }

    /// <summary>A right password: the pair starts anew.</summary>
    public void Right(string name, string address)
    {
        lock (_gate)
        {
            _pairs.Remove(Key(name, address));
        }
    }

    private static (string, string) Key(string name, string address) => (name.Trim().ToUpperInvariant(), address);

    private readonly record struct Entry(int Wrong, long LastMs, long UntilMs);
}
