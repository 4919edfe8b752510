namespace ElderBand.Tests.HubService;

/// <summary>Wall time that a test steps; the monotonic clock is the machine's.</summary>
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
