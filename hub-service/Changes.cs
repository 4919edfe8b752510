using System.Collections.Concurrent;
using System.Threading.Channels;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService;

/// <summary>A change as a subscriber gets it: exactly one of the views is set, or Reload.</summary>
/// <param name="Alarm">An alarm was raised or changed; revisions only rise.</param>
/// <param name="Technical">A technical card was raised, changed or closed.</param>
/// <param name="Vitals">The latest vitals of each resident who has new ones.</param>
/// <param name="Reload">This subscriber was too slow and has missed changes: read the whole state anew.</param>
public sealed record Notice(
    AlarmView? Alarm = null, TechnicalView? Technical = null, IReadOnlyList<VitalsView>? Vitals = null,
    bool Reload = false);

/// <summary>
/// The change feed inside the process. After each commit it reads what changed (once, however often it changed
/// meanwhile) on a thread of its own and hands it to the subscribers of that centre; without one it reads nothing.
/// Alarms go before technical cards. Vitals go out once a second, all of them in one notice. A subscriber has 256
/// places; when they are full it loses everything and finds one Reload instead, so a sleeping browser costs bounded
/// memory and never misses a change unknowingly.
/// </summary>
public sealed class Changes : IDisposable
{
    private const int Places = 256;
    private const int TracesKept = 4096;

    private const int VitalsEveryMs = 1000;

    private readonly Store _store;
    private readonly VitalsStore _vitals;
    private readonly Clock _clock;
    private readonly ConcurrentDictionary<Subscription, byte> _subscribers = new();
    private readonly ConcurrentDictionary<long, TraceView> _traces = new();
    private readonly ConcurrentQueue<long> _traceOrder = new();
    private readonly ConcurrentDictionary<(ChangeKind Kind, long Id), string> _pending = new();
    private readonly ConcurrentDictionary<long, string> _pendingVitals = new();
    private readonly SemaphoreSlim _work = new(0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Thread _thread;
    private long _vitalsDueUs;

    /// <summary>Asks both stores to report their commits to this object.</summary>
    public Changes(Store store, VitalsStore vitals, Clock clock)
    {
        _store = store;
        _vitals = vitals;
        _clock = clock;
        store.Committed = Committed;
        vitals.Committed = Committed;
        _thread = new Thread(Run) { Name = "changes", IsBackground = true };
        _thread.Start();
    }

    /// <summary>
    /// Subscribes to one centre, or with null to all; dispose it to leave. Subscribe first, read the state then.
    /// </summary>
    public Subscription Subscribe(string? centreId)
    {
        var subscription = new Subscription(this, centreId, Places);
        _subscribers.TryAdd(subscription, 0);
        return subscription;
    }

    /// <summary>The alarm with its trace and its latest vitals. Null where no alarm has this id.</summary>
    public AlarmView? Read(Db db, long alarmId) => Whole(Views.Alarm(db, alarmId));

    /// <summary>Open and last closed alarms of a centre with their traces, newest first.</summary>
    public List<AlarmView> ReadAll(Db db, string centreId, long nowMs) =>
        Views.Alarms(db, centreId, nowMs).ConvertAll(a => Whole(a)!);

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopping.Cancel();
        _thread.Join();
        _stopping.Dispose();
        // _work stays: the last commit may still release it, and without its wait handle it holds nothing.
    }

    internal void Leave(Subscription subscription) => _subscribers.TryRemove(subscription, out _);

    private AlarmView? Whole(AlarmView? alarm) => alarm is null ? null : alarm with
    {
        Trace = _traces.TryGetValue(alarm.Id, out TraceView? trace) ? trace : alarm.Trace,
        Vitals = _vitals.Latest(alarm.Resident.Id),
    };

    private void Committed(IReadOnlyList<Change> changes, long committedUs)
    {
        foreach (Change change in changes)
        {
            if (change.StartsTrace)
            {
                if (!_traces.ContainsKey(change.Id))
                {
                    _traceOrder.Enqueue(change.Id);
                }
                _traces[change.Id] = new TraceView(change.ArrivedUs, committedUs, 0);
                if (_traceOrder.Count > TracesKept && _traceOrder.TryDequeue(out long oldest))
                {
                    _traces.TryRemove(oldest, out _);
                }
            }
            if (change.Kind == ChangeKind.Vitals)
            {
                _pendingVitals[change.Id] = change.CentreId;
            }
            else
            {
                _pending[(change.Kind, change.Id)] = change.CentreId;
            }
        }
        _work.Release();
    }

    private void Run()
    {
        try
        {
            while (true)
            {
                // Vitals that are not due yet go out even where nothing else happens.
                _work.Wait(_pendingVitals.IsEmpty ? Timeout.Infinite : VitalsEveryMs, _stopping.Token);
                Publish();
                PublishVitals();
            }
        }
        catch (OperationCanceledException)
        {
            // The service is stopping.
        }
    }

    private void Publish()
    {
        foreach ((ChangeKind kind, long id) in _pending.Keys.OrderBy(static key => key.Kind)
            .ThenBy(static key => key.Id))
        {
            if (!_pending.TryRemove((kind, id), out string? centreId)
                || !_subscribers.Keys.Any(subscriber => subscriber.Sees(centreId)))
            {
                continue;
            }
            Notice? notice;
            try
            {
                notice = kind == ChangeKind.Alarm
                    ? _store.Read(db => Read(db, id)) is { } alarm ? new Notice(Alarm: alarm) : null
                    : _store.Read(db => Views.Technical(db, id)) is { } card ? new Notice(Technical: card) : null;
            }
            catch (Microsoft.Data.Sqlite.SqliteException)
            {
                notice = new Notice(Reload: true);
            }
            if (notice is null)
            {
                continue;
            }
            if (notice.Alarm is { Trace: { CommittedUs: > 0, PushedUs: 0 } } first)
            {
                TraceView trace = first.Trace with { PushedUs = _clock.NowUs };
                _traces[id] = trace;
                notice = notice with { Alarm = first with { Trace = trace } };
            }
            Offer(centreId, notice);
        }
    }

    private void PublishVitals()
    {
        if (_pendingVitals.IsEmpty || _clock.NowUs < _vitalsDueUs)
        {
            return;
        }
        _vitalsDueUs = _clock.NowUs + (VitalsEveryMs * 1000L);
        var residents = new List<(string CentreId, long Id)>();
        foreach (long id in _pendingVitals.Keys)
        {
            if (_pendingVitals.TryRemove(id, out string? centreId)
                && _subscribers.Keys.Any(subscriber => subscriber.Sees(centreId)))
            {
                residents.Add((centreId, id));
            }
        }
        foreach (IGrouping<string, long> centre in residents.GroupBy(static r => r.CentreId, static r => r.Id))
        {
            Offer(centre.Key, new Notice(Vitals: [.. centre.Select(_vitals.Latest).OfType<VitalsView>()]));
        }
    }

    private void Offer(string centreId, Notice notice)
    {
        foreach (Subscription subscriber in _subscribers.Keys)
        {
            if (subscriber.Sees(centreId))
            {
                subscriber.Offer(notice);
            }
        }
    }
}

/// <summary>One subscriber's bounded queue.</summary>
public sealed class Subscription : IDisposable
{
    private readonly Changes _changes;
    private readonly Channel<Notice> _queue;

    internal Subscription(Changes changes, string? centreId, int places)
    {
        _changes = changes;
        CentreId = centreId;
        _queue = Channel.CreateBounded<Notice>(places);
    }

    /// <summary>The centre, null for all.</summary>
    public string? CentreId { get; }

    /// <summary>What has changed; never completes by itself.</summary>
    public ChannelReader<Notice> Notices => _queue.Reader;

    /// <inheritdoc/>
    public void Dispose() => _changes.Leave(this);

    internal bool Sees(string centreId) => CentreId is null || CentreId == centreId;

    internal void Offer(Notice notice)
    {
        if (_queue.Writer.TryWrite(notice))
        {
            return;
        }
        while (_queue.Reader.TryRead(out _))
        {
            // Too slow: what it has not read is stale; one Reload stands for all of it.
        }
        _queue.Writer.TryWrite(new Notice(Reload: true));
    }
}
