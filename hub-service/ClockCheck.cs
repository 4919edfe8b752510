using System.Collections.Concurrent;

namespace ElderBand.HubService;

/// <summary>
/// What others say of this machine's clock after a start: the file system, which may be another machine's, and the
/// hubs. A hub has its time from the centre and keeps it while the service is down, so its first hello after a start
/// tells the time of before. One hub may be wrong; hubs that agree are believed (docs/adr/0045).
/// </summary>
public sealed class ClockCheck
{
    /// <summary>A difference up to this is none, ms.</summary>
    public const long ToleranceMs = 120_000;

    // Clocks of hubs that were set by the same centre differ by less.
    private const long AgreeWithinMs = 60_000;

    private readonly ConcurrentDictionary<string, long> _hubsAheadMs = new(StringComparer.Ordinal);

    /// <summary>Notes the clock of a hub that says hello. Only its first one after the start counts.</summary>
    /// <param name="hubId">Which.</param>
    /// <param name="wallMs">Its clock, UTC ms; 0 where it has none.</param>
    /// <param name="nowMs">This service's clock.</param>
    public void Heard(string hubId, long wallMs, long nowMs)
    {
        if (wallMs > 0)
        {
            _hubsAheadMs.TryAdd(hubId, wallMs - nowMs);
        }
    }

    /// <summary>
    /// By how much the hubs are ahead of this clock where at least two, and at least half of those heard, agree on a
    /// difference over the tolerance; else null.
    /// </summary>
    public (long AheadMs, int Agreeing, int Heard)? Hubs()
    {
        List<long> ahead = [.. _hubsAheadMs.Values.Order()];
        (int First, int Count) best = (0, 0);
        for (int first = 0, end = 0; first < ahead.Count; first++)
        {
            while (end < ahead.Count && ahead[end] - ahead[first] <= AgreeWithinMs)
            {
                end++;
            }
            if (end - first > best.Count)
            {
                best = (first, end - first);
            }
        }
        return best.Count >= 2 && best.Count * 2 >= ahead.Count
            && ahead[best.First + (best.Count / 2)] is var aheadMs && Math.Abs(aheadMs) > ToleranceMs
            ? (aheadMs, best.Count, ahead.Count)
            : null;
    }

    /// <summary>
    /// By how much the time of a file written now, or of the newest file of the folder, is ahead of the clock; negative
    /// where the file system is behind. Null within the tolerance, and where the folder takes no file.
    /// </summary>
    public static long? FileSystemAheadMs(string folder, long wallMs)
    {
        string probe = Path.Combine(folder, "clock.probe");
        try
        {
            File.WriteAllBytes(probe, []);
            long writtenMs = MsOf(probe) - wallMs;
            File.Delete(probe);
            long newestMs = Directory.EnumerateFiles(folder).Select(MsOf).DefaultIfEmpty(wallMs).Max() - wallMs;
            long aheadMs = Math.Abs(writtenMs) > ToleranceMs ? writtenMs : newestMs;
            return aheadMs > ToleranceMs || writtenMs < -ToleranceMs ? aheadMs : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static long MsOf(string file) =>
        new DateTimeOffset(File.GetLastWriteTimeUtc(file), TimeSpan.Zero).ToUnixTimeMilliseconds();
}
