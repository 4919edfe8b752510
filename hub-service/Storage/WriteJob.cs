namespace ElderBand.HubService.Storage;

/// <summary>One write that waits for the writer of a <see cref="Store"/>.</summary>
internal abstract class WriteJob
{
    /// <summary>
    /// Runs the job; false where the job failed and its changes must be undone. Throws what <see cref="Db.IsTrouble"/>
    /// is true of.
    /// </summary>
    public abstract bool Run(Tx tx);

    /// <summary>After the commit: gives the caller the result, or throws at the caller what the job threw.</summary>
    public abstract void Complete();

    /// <summary>The store closes before the job is committed: the caller gets an OperationCanceledException.</summary>
    public abstract void Abandon();
}

/// <summary>A write with a result for the caller that waits for it.</summary>
internal sealed class WriteJob<T>(Func<Tx, T> work, CancellationToken cancellationToken) : WriteJob
{
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _result;
    private Exception? _error;

    public Task<T> Done => _done.Task;

    public override bool Run(Tx tx)
    {
        _error = null;
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            _result = work(tx);
            return true;
        }
        catch (Exception e) when (!Db.IsTrouble(e))
        {
            _error = e;
            return false;
        }
    }

    public override void Complete()
    {
        if (_error is not null)
        {
            _done.TrySetException(_error);
        }
        else
        {
            _done.TrySetResult(_result!);
        }
    }

    public override void Abandon() =>
        _done.TrySetException(new OperationCanceledException("The store is closing."));
}
