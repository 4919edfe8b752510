using System.Threading.Channels;

namespace ElderBand.HubService.Storage;

/// <summary>
/// Jobs that wait for the writer, first in, first out, at most <paramref name="capacity"/>. While the lane is full a
/// caller waits for a place. A caller that is cancelled during this wait leaves nothing in memory. The waiters of a
/// bounded channel would stay in memory until a place is free.
/// </summary>
internal sealed class WriteLane(int capacity)
{
    private readonly Channel<WriteJob> _jobs = Channel.CreateUnbounded<WriteJob>();
    private readonly SemaphoreSlim _places = new(capacity);
    private readonly CancellationTokenSource _closing = new();
    private int _waiting;

    /// <summary>Number of callers between <see cref="Enter"/> and <see cref="Leave"/>.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>True where the lane is closed and empty.</summary>
    public bool IsOver => _jobs.Reader.Completion.IsCompleted;

    /// <summary>Counts a caller that brings a job.</summary>
    public void Enter() => Interlocked.Increment(ref _waiting);

    /// <summary>Counts the caller out, because it has its result or has given up.</summary>
    public void Leave() => Interlocked.Decrement(ref _waiting);

    /// <summary>Adds a job as soon as a place is free.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up before a place was free, or the lane is
    /// closed.</exception>
    public async ValueTask AddAsync(WriteJob job, CancellationToken cancellationToken)
    {
        if (!_places.Wait(0, CancellationToken.None))
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
            await _places.WaitAsync(limit.Token);
        }
        if (!_jobs.Writer.TryWrite(job))
        {
            throw new OperationCanceledException("The store is closing.");
        }
    }

    /// <summary>Takes the oldest job; false where none waits.</summary>
    public bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out WriteJob? job)
    {
        if (!_jobs.Reader.TryRead(out job))
        {
            return false;
        }
        _places.Release();
        return true;
    }

    /// <summary>Closes the lane to further jobs. Cancels the callers that wait for a place.</summary>
    public void Complete()
    {
        _jobs.Writer.TryComplete();
        _closing.Cancel();
    }
}
