using ElderBand.Simulation;

namespace ElderBand.Simulator.Stories.Days;

/// <summary>
/// Every press of a band's key, and which event of the centre it became. A press is found by the boot and the uptime in
/// its frame, so a lost and a doubled press cannot make up for each other.
/// </summary>
public sealed class PressBook(BandDevice band)
{
    // The event is 80 ms of contact, a step and perhaps a flash write younger than the press.
    private const int LatestS = 12;

    // The frame's uptime of 24 bits stays at its end.
    private const int MostUptimeS = 0xFFFFFF;

    private readonly List<(int Boot, long UptimeS)> _presses = [];

    /// <summary>Presses so far.</summary>
    public int Count => _presses.Count;

    /// <summary>Notes a press that begins now.</summary>
    public void Note() => _presses.Add((band.BootCount, Math.Min(MostUptimeS, band.UptimeMs / 1000)));

    /// <summary>Presses without an event, and events without a press.</summary>
    public (int Lost, int Doubled) Compare(IEnumerable<PressEvent> events)
    {
        var free = events.ToList();
        var lost = 0;
        foreach (var press in _presses)
        {
            var at = free.FindIndex(e => IsOf(press, e));
            if (at < 0)
            {
                lost++;
            }
            else
            {
                free.RemoveAt(at);
            }
        }

        return (lost, free.Count);
    }

    // In deep sleep the press wakes the band: the event belongs to the boot that it begins.
    private static bool IsOf((int Boot, long UptimeS) press, PressEvent e) =>
        press.Boot == e.Boot
            ? e.UptimeS >= press.UptimeS - 1 && e.UptimeS <= press.UptimeS + LatestS
            : press.Boot < 0 && e.UptimeS <= LatestS;
}
