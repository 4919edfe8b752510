using ElderBand.BandProtocol;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Ingest;

/// <summary>
/// Measurements that wait for their file. All that wait are stored in one job, while the next ones gather. What a
/// connection has brought is dropped when the connection ends, because the hub sends it again (docs/adr/0098).
/// </summary>
public sealed class VitalsQueue(VitalsStore store, VitalsIntake intake)
{
    private const int MessagesInOneJob = 1024;

    private readonly Lock _gate = new();
    private List<Entry> _waiting = [];
    private bool _isStoring;
    private int _dropDeadAt = MessagesInOneJob;

    /// <summary>Stores the measurements of one message; ends after the commit.</summary>
    /// <exception cref="DamageException">The file is damaged where these measurements belong.</exception>
    /// <exception cref="OperationCanceledException">The connection has ended or the store is closing.</exception>
    public Task StoreAsync(IReadOnlyList<VitalsRow> rows, CancellationToken ended)
    {
        var entry = new Entry(rows, ended);
        lock (_gate)
        {
            if (_waiting.Count >= _dropDeadAt)
            {
                DropDead();
            }
            _waiting.Add(entry);
            if (_isStoring)
            {
                return entry.Done;
            }
            _isStoring = true;
        }
        _ = StoreAllAsync();
        return entry.Done;
    }

    private async Task StoreAllAsync()
    {
        while (Take() is { } batch)
        {
            try
            {
                await StoreAsync(batch);
            }
            catch (DamageException) when (batch.Count > 1)
            {
                foreach (Entry entry in batch)
                {
                    await StoreAloneAsync(entry);
                }
            }
            catch (Exception e)
            {
                batch.ForEach(entry => entry.Fail(e));
            }
        }
    }

    private async Task StoreAloneAsync(Entry entry)
    {
        try
        {
            await StoreAsync([entry]);
        }
        catch (Exception e)
        {
            entry.Fail(e);
        }
    }

    private async Task StoreAsync(List<Entry> batch)
    {
        List<VitalsRow> rows = batch.Count == 1 ? [.. batch[0].Rows] : [.. batch.SelectMany(static e => e.Rows)];
        await store.WriteAsync(Lane.Vitals, tx => intake.Store(tx, rows));
        batch.ForEach(static entry => entry.Complete());
    }

    private List<Entry>? Take()
    {
        lock (_gate)
        {
            DropDead();
            _isStoring = _waiting.Count > 0;
            if (!_isStoring)
            {
                return null;
            }
            List<Entry> batch = _waiting.Count <= MessagesInOneJob ? _waiting : _waiting[..MessagesInOneJob];
            _waiting = _waiting.Count <= MessagesInOneJob ? [] : _waiting[MessagesInOneJob..];
            return batch;
        }
    }

    // The list holds at most twice what living connections may have in flight.
    private void DropDead()
    {
        _waiting.RemoveAll(static entry => entry.Done.IsCompleted);
        _dropDeadAt = Math.Max(MessagesInOneJob, 2 * _waiting.Count);
    }

    private sealed class Entry
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly CancellationToken _ended;
        private readonly CancellationTokenRegistration _ending;

        public Entry(IReadOnlyList<VitalsRow> rows, CancellationToken ended)
        {
            Rows = rows;
            _ended = ended;
            _ending = ended.UnsafeRegister(static entry => ((Entry)entry!).Cancel(), this);
        }

        public IReadOnlyList<VitalsRow> Rows { get; }

        public Task Done => _done.Task;

        public void Complete()
        {
            _ending.Unregister();
            _done.TrySetResult();
        }

        public void Fail(Exception error)
        {
            _ending.Unregister();
            _done.TrySetException(error);
        }

        private void Cancel() => _done.TrySetCanceled(_ended);
    }
}
