using System.Diagnostics;

namespace ElderBand.HubService;

/// <summary>
/// The service's time. Wall time is read once, at the start; from then on it advances with the monotonic clock, so a
/// stepped wall clock neither fires nor delays a timer while the process lives (R8).
/// </summary>
public class Clock
{
    private readonly long _startWallMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
    private readonly long _startTicks = Stopwatch.GetTimestamp();

    /// <summary>Milliseconds since 1970 UTC; never goes back within one process.</summary>
    public virtual long NowMs => _startWallMs + (long)Stopwatch.GetElapsedTime(_startTicks).TotalMilliseconds;

    /// <summary>Monotonic microseconds of this machine, the same scale in every process on it.</summary>
    public virtual long NowUs => (long)(Stopwatch.GetTimestamp() * (1_000_000.0 / Stopwatch.Frequency));
}
