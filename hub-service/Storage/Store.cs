using System.Collections.Concurrent;
using ElderBand.BandProtocol;
using Microsoft.Data.Sqlite;

namespace ElderBand.HubService.Storage;

/// <summary>Something is wrong at the start that a person has to put right; the message says what to do.</summary>
public sealed class StartException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>
/// The database: one writer thread with two bounded lanes (alarms first) that commits many jobs together, and readers.
/// A write's task ends after its commit has reached the disk, never before (R2). When the database refuses (locked,
/// disk full, I/O error) the writer keeps the jobs and tries until it works, so nothing is lost and no receipt is given
/// meanwhile (P31); the full lanes then slow the senders down.
/// </summary>
public sealed class Store : IDisposable
{
    private const int LaneCapacity = 4096;
    private const int MaxBatch = 256;
    private const int MaxRetryMs = 1000;

    private readonly string? _path;
    private readonly Clock _clock;
    private readonly WriteLane _alarms = new(LaneCapacity);
    private readonly WriteLane _vitals = new(LaneCapacity);
    private readonly SemaphoreSlim _work = new(0);
    private readonly ConcurrentBag<Db> _readers = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly Thread? _thread;
    private Db _db;

    private Store(string? path, Db db, Clock clock)
    {
        _path = path;
        _db = db;
        _clock = clock;
        LastCommitAtMs = clock.NowMs;
        _thread = path is null ? null : new Thread(Run) { Name = "writer", IsBackground = true };
        _thread?.Start();
    }

    /// <summary>
    /// After each commit, on the writer's thread: what it changed and the monotonic µs of the commit. Set before the
    /// first write; must be quick and must not throw.
    /// </summary>
    public Action<IReadOnlyList<Change>, long>? Committed { get; set; }

    /// <summary>Why the last attempt to commit failed; null while all is well.</summary>
    public string? Trouble { get; private set; }

    /// <summary>UTC ms of the last commit (of the start before the first).</summary>
    public long LastCommitAtMs { get; private set; }

    /// <summary>Commits since the start.</summary>
    public long Commits { get; private set; }

    /// <summary>Jobs committed since the start.</summary>
    public long JobsCommitted { get; private set; }

    /// <summary>Attempts that the database refused.</summary>
    public long Refusals { get; private set; }

    /// <summary>
    /// Jobs that are not committed yet, alarm lane and vitals lane: those in the batch and those that wait for a place
    /// in a full lane are among them.
    /// </summary>
    public (int Alarms, int Vitals) Waiting => (_alarms.Waiting, _vitals.Waiting);

    /// <summary>Opens or makes <c>elderband.db</c> in the folder, migrates it and starts the writer.</summary>
    /// <exception cref="StartException">The folder or the file cannot be used; says what to do.</exception>
    public static Store Open(string dataDir, Clock clock)
    {
        string path = Path.Combine(dataDir, "elderband.db");
        try
        {
            Directory.CreateDirectory(dataDir);
            string probe = Path.Combine(dataDir, $".write-{Environment.ProcessId}");
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException(
                $"The data folder '{dataDir}' cannot be written ({e.Message}). Make it writable or choose another with "
                    + "--data DIR.", e);
        }

        try
        {
            var db = new Db(path, create: true);
            try
            {
                Schema.Migrate(db);
                Incarnation.Begin(db, dataDir, clock.NowMs);
            }
            catch
            {
                db.Dispose();
                throw;
            }
            return new Store(path, db, clock);
        }
        catch (Exception e) when (e is SqliteException or IOException)
        {
            throw new StartException(
                $"The database '{path}' cannot be opened ({e.Message}). Close other programs that use it; if it is "
                    + "damaged, move it away and put the last backup in its place.", e);
        }
    }

    /// <summary>
    /// Notes beside the database that it has committed a heartbeat of that time; a disk that refuses is not told here,
    /// because the heartbeat itself tells it.
    /// </summary>
    public void NoteHeartbeat(long heartbeatMs)
    {
        try
        {
            if (_path is { } path)
            {
                Incarnation.Note(Path.GetDirectoryName(path)!, Read(Incarnation.Value), heartbeatMs);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without the note a restore is found all the same: the next one to be written tells a later time.
        }
    }

    /// <summary>
    /// A store without a writer thread, over a database in memory: for worlds in virtual time (docs/adr/0063).
    /// <see cref="WriteAsync{T}"/> commits on the caller's thread before it returns. <see cref="Dispose"/> leaves the
    /// database open, because a simulated restart of the service opens the next store over the same one.
    /// </summary>
    public static Store Over(Db memory, Clock clock)
    {
        Schema.Migrate(memory);
        return new Store(null, memory, clock);
    }

    /// <summary>
    /// Runs a job on the writer in its own savepoint; the task ends after the commit with the job's result.
    /// </summary>
    /// <exception cref="Exception">What the job threw; then nothing of it was stored.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before the job began, or the store is
    /// closing.</exception>
    public async Task<T> WriteAsync<T>(Lane lane, Func<Tx, T> job, CancellationToken cancellationToken = default)
    {
        var work = new WriteJob<T>(job, cancellationToken);
        WriteLane waiting = lane == Lane.Alarm ? _alarms : _vitals;
        waiting.Enter();
        try
        {
            await waiting.AddAsync(work, cancellationToken);
            if (_thread is null)
            {
                CommitWaiting([]);
            }
            else
            {
                _work.Release();
            }
            return await work.Done;
        }
        finally
        {
            waiting.Leave();
        }
    }

    /// <summary>The same for a job without a result.</summary>
    public Task WriteAsync(Lane lane, Action<Tx> job, CancellationToken cancellationToken = default) =>
        WriteAsync(
            lane,
            tx =>
            {
                job(tx);
                return true;
            },
            cancellationToken);

    /// <summary>Reads on the caller's thread; sees everything committed before.</summary>
    public T Read<T>(Func<Db, T> query)
    {
        if (_path is null)
        {
            return query(_db);
        }
        Db reader = _readers.TryTake(out Db? free) ? free : new Db(_path, readOnly: true);
        bool good = false;
        try
        {
            T result = query(reader);
            good = true;
            return result;
        }
        finally
        {
            if (good && !_stopping.IsCancellationRequested)
            {
                _readers.Add(reader);
            }
            else
            {
                reader.Dispose();
            }
        }
    }

    /// <summary>Commits what waits (where the database lets it within 5 s) and closes the file.</summary>
    public void Dispose()
    {
        _alarms.Complete();
        _vitals.Complete();
        _stopping.CancelAfter(TimeSpan.FromSeconds(5));
        _work.Release();
        _thread?.Join();
        _stopping.Cancel();
        while (_readers.TryTake(out Db? reader))
        {
            reader.Dispose();
        }
        if (_path is not null)
        {
            _db.Dispose();
        }
        _stopping.Dispose();
        // A late WriteAsync may still release _work, so _work is not disposed. A SemaphoreSlim holds no handle.
    }

    private void Run()
    {
        var batch = new List<WriteJob>(MaxBatch);
        while (true)
        {
            try
            {
                _work.Wait(_stopping.Token);
            }
            catch (OperationCanceledException)
            {
                break;
            }
            batch.Clear();
            if (!CommitWaiting(batch) && _alarms.IsOver && _vitals.IsOver)
            {
                break;
            }
        }
        while (_alarms.TryTake(out WriteJob? left) || _vitals.TryTake(out left))
        {
            left.Abandon();
        }
    }

    /// <summary>Commits the jobs that wait, at most <see cref="MaxBatch"/>; false where none waits.</summary>
    private bool CommitWaiting(List<WriteJob> batch)
    {
        // Alarms first. Vitals get what is left of the batch, so that a flood of vitals delays an alarm by one batch at
        // most.
        while (batch.Count < MaxBatch && _alarms.TryTake(out WriteJob? alarm))
        {
            batch.Add(alarm);
        }
        while (batch.Count < MaxBatch && _vitals.TryTake(out WriteJob? vitals))
        {
            batch.Add(vitals);
        }
        if (batch.Count > 0)
        {
            CommitUntilItWorks(batch);
        }
        return batch.Count > 0;
    }

    private void CommitUntilItWorks(List<WriteJob> batch)
    {
        int waitMs = 20;
        while (true)
        {
            batch.RemoveAll(static job => job.IsCancelled);
            Tx tx;
            try
            {
                tx = Attempt(batch);
            }
            catch (SqliteException e)
            {
                Trouble = e.Message;
                Refusals++;
                Recover(e);
                batch.ForEach(static job => job.Undo());
                if (_stopping.Token.WaitHandle.WaitOne(waitMs))
                {
                    batch.ForEach(static job => job.Abandon());
                    return;
                }
                waitMs = Math.Min(waitMs * 2, MaxRetryMs);
                continue;
            }

            long committedUs = _clock.NowUs;
            Trouble = null;
            LastCommitAtMs = _clock.NowMs;
            Commits++;
            JobsCommitted += batch.Count;
            batch.ForEach(static job => job.Complete());
            foreach (Action action in tx.AfterCommit)
            {
                action();
            }
            if (tx.Changes.Count > 0)
            {
                Committed?.Invoke(tx.Changes, committedUs);
            }
            return;
        }
    }

    private Tx Attempt(List<WriteJob> batch)
    {
        if (_path is not null && !File.Exists(_path))
        {
            // The open handle would still take writes, and the next start would not find them: no receipt for that.
            throw new SqliteException("The database file is gone: put it back.", SQLitePCL.raw.SQLITE_CANTOPEN);
        }
        var tx = new Tx(_db);
        _db.Run("BEGIN IMMEDIATE");
        foreach (WriteJob job in batch)
        {
            (int After, int Changes) mark = tx.Mark();
            tx.NowMs = _clock.NowMs;
            tx.ArrivedUs = 0;
            _db.Run("SAVEPOINT job");
            if (!job.Run(tx))
            {
                _db.Run("ROLLBACK TO job");
                tx.BackTo(mark);
            }
            _db.Run("RELEASE job");
        }
        _db.Run("COMMIT");
        return tx;
    }

    /// <summary>Ends the transaction. Opens a new connection where the error may have left this one unusable.</summary>
    private void Recover(SqliteException cause)
    {
        try
        {
            _db.Run("ROLLBACK");
        }
        catch (SqliteException)
        {
            // No transaction is open: a full disk or an I/O error has rolled it back already.
        }
        if (_path is null || cause.SqliteErrorCode is SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED
            or SQLitePCL.raw.SQLITE_FULL)
        {
            return;
        }
        try
        {
            var fresh = new Db(_path);
            _db.Dispose();
            _db = fresh;
        }
        catch (SqliteException e)
        {
            Trouble = e.Message;
        }
    }
}
