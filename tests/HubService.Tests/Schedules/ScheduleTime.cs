namespace ElderBand.Tests.HubService.Schedules;

/// <summary>A machine's two clocks in virtual time. The monotonic clock only rises. Wall time can be stepped.</summary>
/// <param name="start">Wall time at the start. Null: the same fixed time in every run.</param>
internal sealed class ScheduleTime(DateTimeOffset? start = null) : TimeProvider
{
    private readonly DateTimeOffset _start = start ?? new(2026, 11, 28, 20, 0, 0, TimeSpan.Zero);

    /// <summary>Ms since the start of the schedule.</summary>
    public long NowMs { get; private set; }

    /// <summary>How far the wall clock was stepped, ms.</summary>
    public long StepMs { get; set; }

    public override long TimestampFrequency => 1000;

    public void Advance(long ms) => NowMs += ms;

    public override long GetTimestamp() => NowMs;

    public override DateTimeOffset GetUtcNow() => _start.AddMilliseconds(NowMs + StepMs);
}
