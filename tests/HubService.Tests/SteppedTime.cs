namespace ElderBand.Tests.HubService;

/// <summary>A test can step the wall time of this clock. The monotonic time is that of the machine.</summary>
internal sealed class SteppedTime(DateTimeOffset start) : TimeProvider
{
    private readonly long _startTicks = System.GetTimestamp();
    private long _stepMs;

    public DateTimeOffset Started => start;

    public long StartedMs => start.ToUnixTimeMilliseconds();

    public void Step(long ms) => Interlocked.Add(ref _stepMs, ms);

    public override DateTimeOffset GetUtcNow() =>
        start + System.GetElapsedTime(_startTicks) + TimeSpan.FromMilliseconds(Interlocked.Read(ref _stepMs));
}
