namespace ElderBand.HubService;

/// <summary>
/// The service's time. Wall time is read once, at the start; from then on it advances with the monotonic clock, so a
/// stepped wall clock neither fires nor delays a timer while the process lives (R8, P02).
/// </summary>
/// <param name="time">The machine's clocks; null for the system's.</param>
public class Clock(TimeProvider? time = null)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly long _startWallMs = (time ?? TimeProvider.System).GetUtcNow().ToUnixTimeMilliseconds();
    private readonly long _startTicks = (time ?? TimeProvider.System).GetTimestamp();

    /// <summary>Milliseconds since 1970 UTC; never goes back within one process.</summary>
    public virtual long NowMs => _startWallMs + (long)_time.GetElapsedTime(_startTicks).TotalMilliseconds;

    /// <summary>The machine's wall clock as it is now, UTC ms: to compare with others' only.</summary>
    public long WallMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>
    /// How far the machine's wall clock was stepped since the start, ms. <see cref="NowMs"/> follows the step only
    /// after the next start.
    /// </summary>
    public long SteppedMs =>
        _time.GetUtcNow().ToUnixTimeMilliseconds() - _startWallMs
            - (long)_time.GetElapsedTime(_startTicks).TotalMilliseconds;

    /// <summary>Monotonic microseconds of this machine, the same scale in every process on it.</summary>
    public virtual long NowUs => (long)(_time.GetTimestamp() * (1_000_000.0 / _time.TimestampFrequency));
}
