using ElderBand.BandProtocol;

namespace ElderBand.HubService.Ingest;

/// <summary>
/// Limits guesses of the centre's tags, a minute for each hub and band. A frame whose link tag the hub has not checked
/// may come from anybody in the street: after ten bad ones such frames of that band are not looked at until the minute
/// is over, and at ten a minute a tag of four bytes holds for centuries (docs/adr/0002). Frames that the hub has
/// checked go on, because a true band must not be silenced by a stranger; their limit stops only a stolen hub that
/// says so and guesses. All addresses that are no band's share one count (P76, docs/adr/0104). For any thread.
/// </summary>
internal sealed class GuessLimits
{
    private const int Unchecked = TagLimiter.PerMinute;
    private const int Checked = 600;
    private const int Kept = 4096;
    private const long WindowMs = 60_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<(string HubId, long Address), Window> _windows = [];

    /// <summary>True where the frame must be dropped without a look at its tag.</summary>
    public bool MustDrop(string hubId, long address, bool isChecked, long nowMs)
    {
        lock (_gate)
        {
            return Of(hubId, address, nowMs) is { } window
                && (isChecked ? window.Checked > Checked : window.Unchecked > Unchecked);
        }
    }

    /// <summary>
    /// Counts a bad tag. Returns how many this minute has seen. Address 0 stands for all that are no band's.
    /// </summary>
    public int CountBad(string hubId, long address, bool isChecked, long nowMs)
    {
        lock (_gate)
        {
            if (Of(hubId, address, nowMs) is not { } window)
            {
                MakeRoom(nowMs);
                _windows[(hubId, address)] = window = new Window(nowMs);
            }
            if (isChecked)
            {
                window.Checked++;
            }
            else
            {
                window.Unchecked++;
            }
            return window.Checked + window.Unchecked;
        }
    }

    private Window? Of(string hubId, long address, long nowMs) =>
        _windows.TryGetValue((hubId, address), out Window? window) && nowMs - window.SinceMs < WindowMs
            ? window : null;

    private void MakeRoom(long nowMs)
    {
        if (_windows.Count < Kept)
        {
            return;
        }
        foreach ((string, long) over in _windows.Where(w => nowMs - w.Value.SinceMs >= WindowMs)
            .Select(static w => w.Key).DefaultIfEmpty(_windows.MinBy(static w => w.Value.SinceMs).Key).ToList())
        {
            _windows.Remove(over);
        }
    }

    private sealed class Window(long sinceMs)
    {
        public long SinceMs { get; } = sinceMs;

        public int Unchecked { get; set; }

        public int Checked { get; set; }
    }
}
