namespace ElderBand.HubService.Storage;

/// <summary>One write that waits for the writer of a <see cref="Store"/>.</summary>
internal abstract class WriteJob
{
    /// <summary>True where the caller has given up before the job began.</summary>
    public abstract bool IsCancelled { get; }

    /// <summary>
    /// Runs the job; false where the job failed and its changes must be undone. Throws what <see cref="Db.IsTrouble"/>
    /// is true of.
    /// </summary>
    public abstract bool Run(Tx tx);

    /// <summary>
    /// Says that the transaction was rolled back. The job waits again, and its caller may give up again.
    /// </summary>
    public abstract void Undo();

    /// <summary>After the commit: gives the caller the result, or throws at the caller what the job threw.</summary>
    public abstract void Complete();

    /// <summary>Says that the job cannot be committed. The caller gets the error.</summary>
    public abstract void Fail(Exception error);

    /// <summary>The store closes before the job is committed: the caller gets an OperationCanceledException.</summary>
    public abstract void Abandon();
}

/// <summary>A write with a result for the caller that waits for it.</summary>
internal sealed class WriteJob<T> : WriteJob
{
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationToken _cancellationToken;
    private readonly CancellationTokenRegistration _cancelling;
    private Func<Tx, T>? _work;
    private volatile State _state;
    private T? _result;
    private Exception? _error;

    public WriteJob(Func<Tx, T> work, CancellationToken cancellationToken)
    {
        _work = work;
        _cancellationToken = cancellationToken;
        _cancelling = cancellationToken.UnsafeRegister(static job => ((WriteJob<T>)job!).Cancel(), this);
    }

    private enum State
    {
        Waiting,
        Begun,
        Cancelled,
    }

    public Task<T> Done => _done.Task;

    public override bool IsCancelled => _state == State.Cancelled;

    public override bool Run(Tx tx)
    {
        _error = null;
        if (Interlocked.CompareExchange(ref _state, State.Begun, State.Waiting) == State.Cancelled)
        {
            return false;
        }
        try
        {
            _result = _work!(tx);
            return true;
        }
        catch (Exception e) when (!Db.IsTrouble(e))
        {
            _error = e;
            return false;
        }
    }

    public override void Undo()
    {
        Interlocked.CompareExchange(ref _state, State.Waiting, State.Begun);
        if (_cancellationToken.IsCancellationRequested)
        {
            Cancel();
        }
    }

    public override void Complete()
    {
        _cancelling.Unregister();
        if (_error is not null)
        {
            _done.TrySetException(_error);
        }
        else
        {
            _done.TrySetResult(_result!);
        }
    }

    public override void Fail(Exception error)
    {
        _cancelling.Unregister();
        _done.TrySetException(error);
    }

    public override void Abandon() => Fail(new OperationCanceledException("The store is closing."));

    // Drops the reference to the work too, because the lane may hold this job until the database takes writes again.
    private void Cancel()
    {
        if (Interlocked.CompareExchange(ref _state, State.Cancelled, State.Waiting) == State.Waiting)
        {
            _work = null;
            _done.TrySetCanceled(_cancellationToken);
        }
    }
}
