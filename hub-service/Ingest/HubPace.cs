using System.Collections.Concurrent;

namespace ElderBand.HubService.Ingest;

/// <summary>The pace of each hub. A world in virtual time has none, because there nothing can wait.</summary>
public sealed class HubPaces(Clock clock)
{
    private readonly ConcurrentDictionary<string, HubPace> _hubs = new(StringComparer.Ordinal);

    /// <summary>Waits until the hub may bring so many frames more.</summary>
    /// <exception cref="OperationCanceledException">The connection has ended first.</exception>
    public Task WaitAsync(string hubId, Func<int> frames, CancellationToken connection) =>
        _hubs.GetOrAdd(hubId, _ => new HubPace(clock)).WaitAsync(frames, connection);
}

/// <summary>
/// How fast the frames of one hub are taken: <see cref="FramesAtOnce"/> at once, then <see cref="FramesPerSecond"/>.
/// More frames wait, in the order in which they came, and their connection is read more slowly (docs/adr/0101). A frame
/// whose connection ends while it waits has not been taken, and costs nothing.
/// </summary>
/// <param name="clock">For the monotonic time.</param>
internal sealed class HubPace(Clock clock)
{
    /// <summary>Frames a second that one hub may keep up.</summary>
    public const int FramesPerSecond = 20;

    /// <summary>
    /// Frames that one hub may bring at once: more than a hub has under way in its three queues of 64, so that what a
    /// hub sends first after an outage does not wait.
    /// </summary>
    public const int FramesAtOnce = 200;

    private const int UsPerFrame = 1_000_000 / FramesPerSecond;
    private const long AheadUs = (long)FramesAtOnce * UsPerFrame;

    private readonly SemaphoreSlim _turn = new(1);
    private long _paidUntilUs;

    /// <summary>Waits until the hub may bring so many frames more.</summary>
    /// <exception cref="OperationCanceledException">The connection has ended first.</exception>
    /// <param name="frames">How many, asked when it is their turn: by then forged ones may be known.</param>
    /// <param name="connection">Ends the wait.</param>
    public async Task WaitAsync(Func<int> frames, CancellationToken connection)
    {
        await _turn.WaitAsync(connection);
        try
        {
            if (frames() == 0)
            {
                return;
            }
            while (_paidUntilUs - AheadUs - clock.NowUs is > 0 and long earlyUs)
            {
                await Task.Delay((int)(earlyUs / 1000) + 1, connection);
            }
            _paidUntilUs = Math.Max(_paidUntilUs, clock.NowUs) + ((long)frames() * UsPerFrame);
        }
        finally
        {
            _turn.Release();
        }
    }
}
