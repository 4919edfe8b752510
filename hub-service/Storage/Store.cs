using ElderBand.BandProtocol;
using Microsoft.Data.Sqlite;

namespace ElderBand.HubService.Storage;

/// <summary>
/// A database file: one writer thread with two bounded lanes (alarms first) that commits many jobs together, and
/// readers. A write's task ends after its commit has reached the disk, never before (R2). When the database refuses
/// (locked, disk full, gone) the writer keeps the jobs and tries until it works, so nothing is lost and no receipt is
/// given meanwhile (P31); the full lanes then slow the senders down. When the file is damaged the jobs of a batch are
/// tried alone, and only those that meet the damage fail (docs/adr/0099). This class holds everything but measurements;
/// those are in a <see cref="VitalsStore"/>.
/// </summary>
public class Store : IDisposable
{
    private const int LaneCapacity = 4096;
    private const int MaxBatch = 256;
    private const int FirstRetryMs = 20;
    private const int MaxRetryMs = 1000;
    private const int TriesOfDamage = 3;
    private const int CheckWithinMs = 1500;

    private readonly StoreFile _file;
    private readonly Clock _clock;
    private readonly WriteLane _alarms = new(LaneCapacity);
    private readonly WriteLane _vitals = new(LaneCapacity);
    private readonly SemaphoreSlim _work = new(0);
    private readonly ReaderPool? _readers;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Thread? _thread;
    private readonly ManualResetEventSlim _checked = new();
    private readonly Func<StoreFile, string?> _mend;
    private bool _isMended;

    /// <param name="file">The file.</param>
    /// <param name="clock">Times of jobs and commits.</param>
    /// <param name="mend">Looks for damage and mends it, on the writer's thread (<see cref="StoreFile.Mend"/>).</param>
    /// <param name="mendsFirst">True to look before the first job; reads wait for the end.</param>
    private protected Store(StoreFile file, Clock clock, Func<StoreFile, string?> mend, bool mendsFirst)
    {
        _file = file;
        _clock = clock;
        _mend = mend;
        LastCommitAtMs = clock.NowMs;
        if (!mendsFirst)
        {
            _checked.Set();
        }
        if (file.Path is null)
        {
            return;
        }
        _readers = new ReaderPool(file.OpenReader);
        _thread = new Thread(() =>
        {
            if (mendsFirst)
            {
                Damage = mend(_file);
                _checked.Set();
            }
            Run();
        })
        { Name = "writer", IsBackground = true };
        _thread.Start();
    }

    /// <summary>False while the file is checked at the start.</summary>
    protected bool IsChecked => _checked.IsSet;

    /// <summary>The damage that was found and what was done, in words for a technician; null for none.</summary>
    public string? Damage { get; private protected set; }

    /// <summary>The folder of the file; null for a database in memory.</summary>
    public string? Folder => Path.GetDirectoryName(_file.Path);

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
    /// <param name="dataDir">The folder.</param>
    /// <param name="clock">Times of jobs and commits.</param>
    /// <param name="keyFile">The key of the bands' secrets; null for <see cref="SecretBox.DefaultFile"/>.</param>
    public static Store Open(string dataDir, Clock clock, string? keyFile = null)
    {
        keyFile ??= SecretBox.DefaultFile(dataDir);
        SecretBox secrets = SecretBox.Open(keyFile, dataDir);
        StoreFile file = StoreFile.Open(dataDir, "elderband.db", static _ => { }, secrets);
        try
        {
            // Before anything listens, and not for long: a file that is too large to be read within this time is
            // taken for whole, and a job that meets damage fails alone.
            string? damage = file.Mend(CheckWithinMs, clock.NowMs, startAnew: null);
            VitalsMove.Run(file.Db, dataDir);
            Schema.Migrate(file.Db, Schema.Migrations);
            string? secretTrouble = SecretRows.Begin(file.Db, secrets, keyFile);
            Incarnation.Begin(file.Db, dataDir, clock.NowMs);
            return new Store(
                file, clock, f => f.Mend(Timeout.Infinite, clock.NowMs, startAnew: null), mendsFirst: false)
            {
                Damage = secretTrouble is null ? damage : $"{damage} {secretTrouble}".TrimStart(),
            };
        }
        catch (Exception e)
        {
            file.Dispose();
            if (e is SqliteException or IOException)
            {
                throw StoreFile.CannotOpen(file.Path!, e);
            }
            throw;
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
            if (Folder is { } folder)
            {
                Incarnation.Note(folder, Read(Incarnation.Value), heartbeatMs);
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
        Schema.Migrate(memory, Schema.Migrations);
        return new Store(new StoreFile(null, memory), clock, static _ => null, mendsFirst: false);
    }

    /// <summary>
    /// Runs a job on the writer in its own savepoint; the task ends after the commit with the job's result.
    /// </summary>
    /// <exception cref="Exception">What the job threw; then nothing of it was stored.</exception>
    /// <exception cref="DamageException">The file is damaged where the job needs it; nothing of it was
    /// stored.</exception>
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

    /// <summary>
    /// Reads on the caller's thread; sees everything committed before. Waits while the file is checked at the start.
    /// </summary>
    public T Read<T>(Func<Db, T> query)
    {
        if (_readers is null)
        {
            return query(_file.Db);
        }
        _checked.Wait();
        return _readers.Read(query);
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
        _readers?.Dispose();
        _file.Dispose();
        _stopping.Dispose();
        GC.SuppressFinalize(this);
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
        int waitMs = FirstRetryMs;
        for (int tries = 1; ; tries++)
        {
            batch.RemoveAll(static job => job.IsCancelled);
            if (Commit(batch) is not { } cause)
            {
                return;
            }
            if (StoreFile.IsDamage(cause))
            {
                if (batch.Count > 1)
                {
                    batch.ForEach(job => CommitUntilItWorks([job]));
                    return;
                }
                if (batch.Count == 1 && tries >= TriesOfDamage && _file.TakesWrites())
                {
                    if (MendOnce())
                    {
                        continue;
                    }
                    Trouble = null;
                    batch[0].Fail(new DamageException(cause));
                    return;
                }
            }
            if (_stopping.Token.WaitHandle.WaitOne(waitMs))
            {
                batch.ForEach(static job => job.Abandon());
                return;
            }
            waitMs = Math.Min(waitMs * 2, MaxRetryMs);
        }
    }

    // Once in a run of the program: a file that is damaged again has a disk that fails.
    private bool MendOnce()
    {
        if (_isMended)
        {
            return false;
        }
        _isMended = true;
        Damage = _mend(_file) ?? Damage;
        _readers?.Renew();
        return true;
    }

    /// <summary>One attempt at a batch; the error where the database refuses, null once all are on the disk.</summary>
    private SqliteException? Commit(List<WriteJob> batch)
    {
        Tx tx;
        try
        {
            tx = Attempt(batch);
        }
        catch (SqliteException e)
        {
            Trouble = e.Message;
            Refusals++;
            _file.Recover(e);
            batch.ForEach(static job => job.Undo());
            return e;
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
        return null;
    }

    private Tx Attempt(List<WriteJob> batch)
    {
        _file.ThrowIfGone();
        var tx = new Tx(_file.Db);
        tx.Db.Run("BEGIN IMMEDIATE");
        foreach (WriteJob job in batch)
        {
            (int After, int Changes) mark = tx.Mark();
            tx.NowMs = _clock.NowMs;
            tx.NowUs = _clock.NowUs;
            tx.ArrivedUs = 0;
            tx.Db.Run("SAVEPOINT job");
            if (!job.Run(tx))
            {
                tx.Db.Run("ROLLBACK TO job");
                tx.BackTo(mark);
            }
            tx.Db.Run("RELEASE job");
        }
        tx.Db.Run("COMMIT");
        return tx;
    }
}
