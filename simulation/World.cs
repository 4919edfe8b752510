using System.Collections.Concurrent;
using System.Diagnostics;

namespace ElderBand.Simulation;

/// <summary>
/// A discrete-event loop that runs on one thread. Either time jumps from event to event (<see cref="RunUntil"/>: the
/// same seed gives the same world), or time passes at true speed (<see cref="RunAtTrueSpeed"/>), and other threads
/// queue actions with <see cref="Post"/>.
/// </summary>
public sealed class World : IDisposable
{
    private readonly PriorityQueue<Action, (long AtMs, long Order)> _queue = new();
    private readonly ConcurrentQueue<Action> _inbox = new();
    private readonly List<Action> _atEnd = [];
    private readonly AutoResetEvent _arrived = new(false);
    private long _order;
    private long _startedTicks;
    private bool _trueSpeed;

    /// <summary>Makes a world; time is 0.</summary>
    /// <param name="seed">Every random choice of the world comes from it.</param>
    /// <param name="figures">Delays of radio and flash.</param>
    public World(int seed, Figures figures)
    {
        Random = new Random(seed);
        Figures = figures;
    }

    /// <summary>The only source of random numbers.</summary>
    public Random Random { get; }

    /// <summary>Delays of radio and flash; a world of faults changes them as it goes on.</summary>
    public Figures Figures { get; set; }

    /// <summary>What was injected and what happened, by name (R10).</summary>
    public SortedDictionary<string, long> Counts { get; } = new(StringComparer.Ordinal);

    /// <summary>
    /// True where a step of a board over its bound of instructions fails the world. Never at true speed, because a
    /// demonstration must go on.
    /// </summary>
    public bool FailsOnLongSteps
    {
        get => field && !_trueSpeed;
        set;
    } = true;

    /// <summary>Milliseconds since the world began.</summary>
    public long NowMs { get; private set; }

    /// <summary>Microseconds on the machine's monotonic clock; in virtual time, of the world.</summary>
    public long NowUs => _trueSpeed ? MonotonicUs() : NowMs * 1000;

    /// <summary>The machine's monotonic clock, µs: the same in every process, so hops can be compared.</summary>
    public static long MonotonicUs() => (long)(Stopwatch.GetTimestamp() * (1e6 / Stopwatch.Frequency));

    /// <summary>Runs an action when the world is disposed, such as ending the threads of a board.</summary>
    internal void AtEnd(Action action) => _atEnd.Add(action);

    /// <summary>Runs an action at a time; equal times keep their order. Only from the world's own thread.</summary>
    public void At(long atMs, Action action) => _queue.Enqueue(action, (Math.Max(atMs, NowMs), _order++));

    /// <summary>Runs an action as soon as possible; from any thread.</summary>
    public void Post(Action action)
    {
        _inbox.Enqueue(action);
        _arrived.Set();
    }

    /// <summary>Adds to a count.</summary>
    public void Count(string what, long by = 1)
    {
        Counts.TryGetValue(what, out var before);
        Counts[what] = before + by;
    }

    /// <summary>A whole number of the range, both ends included.</summary>
    public int Draw((int Min, int Max) range) => Random.Next(range.Min, range.Max + 1);

    /// <summary>Jumps from event to event until the time is reached.</summary>
    public void RunUntil(long untilMs)
    {
        DrainInbox();
        while (_queue.TryPeek(out var action, out var due) && due.AtMs <= untilMs)
        {
            _queue.Dequeue();
            NowMs = Math.Max(NowMs, due.AtMs);
            action();
            DrainInbox();
        }

        NowMs = Math.Max(NowMs, untilMs);
    }

    /// <summary>Jumps until the condition holds; false where it did not by then.</summary>
    public bool RunUntil(Func<bool> condition, long untilMs)
    {
        DrainInbox();
        while (!condition())
        {
            if (!_queue.TryPeek(out var action, out var due) || due.AtMs > untilMs)
            {
                NowMs = Math.Max(NowMs, untilMs);
                return false;
            }

            _queue.Dequeue();
            NowMs = Math.Max(NowMs, due.AtMs);
            action();
            DrainInbox();
        }

        return true;
    }

    /// <summary>
    /// Runs the next action that is due by this time. Where none is due, time advances to it and the result is false.
    /// </summary>
    public bool RunNext(long untilMs)
    {
        DrainInbox();
        if (!_queue.TryPeek(out var action, out var due) || due.AtMs > untilMs)
        {
            NowMs = Math.Max(NowMs, untilMs);
            return false;
        }

        _queue.Dequeue();
        NowMs = Math.Max(NowMs, due.AtMs);
        action();
        DrainInbox();
        return true;
    }

    /// <summary>
    /// Runs at true speed until cancelled; blocks the calling thread, which becomes the world's thread.
    /// </summary>
    public void RunAtTrueSpeed(CancellationToken cancellation)
    {
        _trueSpeed = true;
        _startedTicks = Stopwatch.GetTimestamp() - (NowMs * Stopwatch.Frequency / 1000);
        while (!cancellation.IsCancellationRequested)
        {
            // Each event keeps its planned time even when the machine is late. So a busy machine delays what is
            // measured on the real clock, but never turns one vibration pattern into another.
            var elapsedMs = (long)Stopwatch.GetElapsedTime(_startedTicks).TotalMilliseconds;
            if (_queue.TryPeek(out var action, out var due) && due.AtMs <= elapsedMs)
            {
                _queue.Dequeue();
                NowMs = Math.Max(NowMs, due.AtMs);
                action();
                continue;
            }

            NowMs = Math.Max(NowMs, elapsedMs);
            DrainInbox();
            var waitMs = _queue.TryPeek(out _, out due)
                ? due.AtMs - (long)Stopwatch.GetElapsedTime(_startedTicks).TotalMilliseconds : 100;
            if (waitMs > 0)
            {
                _arrived.WaitOne((int)Math.Min(waitMs, 100));
            }
        }
    }

    /// <summary>Ends the threads that other parts hold for this world.</summary>
    public void Dispose()
    {
        foreach (var action in _atEnd)
        {
            action();
        }

        _arrived.Dispose();
    }

    private void DrainInbox()
    {
        while (_inbox.TryDequeue(out var action))
        {
            action();
        }
    }
}
