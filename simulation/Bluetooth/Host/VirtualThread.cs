using System.Runtime.ExceptionServices;

namespace ElderBand.Simulation.Bluetooth;

/// <summary>The boot of the board whose code this was has ended.</summary>
public sealed class BoardEndedException() : Exception("the board has lost power or was reset");

/// <summary>
/// A thread of a board in virtual time. It has a real thread for its stack, but exactly one thread of a world runs: the
/// world's thread resumes it at a virtual time and waits until it parks again.
/// </summary>
public sealed class VirtualThread(ThreadStart start)
{
    private const int StackBytes = 256 * 1024;
    private const int MostThrowsAfterEnd = 1000;

    [ThreadStatic]
    private static VirtualThread? _self;

    private readonly BluetoothHost _host = BluetoothHost.Current;
    private readonly SemaphoreSlim _go = new(0);
    private readonly SemaphoreSlim _back = new(0);
    private Exception? _failure;
    private bool _hasBegun;
    private bool _hasEnded;
    private int _throwsAfterEnd;

    /// <summary>The virtual thread that runs; null on the world's own thread.</summary>
    internal static VirtualThread? Self => _self;

    /// <summary>Wait that the thread is in; a wake-up for an earlier one is void.</summary>
    internal int Wait { get; private set; }

    /// <summary>Starts it: it runs when the code that starts it has come to a wait.</summary>
    public void Start()
    {
        _host.Adopt(this);
        _host.Board.After(0, Resume);
    }

    /// <summary>Parks the calling thread for a virtual time. The loop cannot park: it stands still instead.</summary>
    public static void Sleep(int ms)
    {
        var host = BluetoothHost.Current;
        if (_self is { } self)
        {
            self.ParkFor(ms);
        }
        else
        {
            host.Board.StandStill(ms);
        }
    }

    /// <summary>A native call that blocks the interpreter: no thread of the board goes on meanwhile.</summary>
    internal static void StandStill(BluetoothHost host, int ms)
    {
        host.Board.StandStill(ms);
        _self?.ParkFor(ms);
    }

    /// <summary>Called before a thread of an ended board is told so: it must end, not catch that for ever.</summary>
    internal static void RefuseToGoOn()
    {
        if (_self is { } self && ++self._throwsAfterEnd > MostThrowsAfterEnd)
        {
            self._failure = new InvalidOperationException("a thread of an ended board catches all and never ends");
            self._back.Release();
            System.Threading.Thread.Sleep(Timeout.Infinite);
        }
    }

    /// <summary>Waits, at most for <paramref name="ms"/> (negative: for ever), until <see cref="Resume"/>.</summary>
    internal void ParkFor(int ms)
    {
        var wait = ++Wait;
        if (ms >= 0)
        {
            _host.Board.After(ms, () =>
            {
                if (Wait == wait)
                {
                    Resume();
                }
            });
        }

        _back.Release();
        _go.Wait();
        Wait++;
        _host.ThrowIfEnded();
    }

    /// <summary>Lets it run until it parks or ends; only from the world's thread.</summary>
    internal void Resume()
    {
        if (_hasEnded)
        {
            return;
        }

        if (_self is not null)
        {
            throw new InvalidOperationException("only the world's thread hands over");
        }

        if (_hasBegun)
        {
            _go.Release();
        }
        else
        {
            _hasBegun = true;
            new System.Threading.Thread(Body, StackBytes) { IsBackground = true, Name = "virtual" }.Start();
        }

        _back.Wait();
        if (_failure is { } failure)
        {
            _failure = null;
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <summary>Ends it with its board.</summary>
    internal void EndWithBoard()
    {
        if (_hasBegun && !_hasEnded)
        {
            Resume();
        }
    }

    private void Body()
    {
        _self = this;
        BluetoothHost.Current = _host;
        try
        {
            start();
        }
        catch (BoardEndedException)
        {
            // Its board has ended, and it with it.
        }
        catch (Exception e)
        {
            _failure = e;
        }
        finally
        {
            _hasEnded = true;
            if (!_host.IsEnded)
            {
                _host.Release(this);
            }

            _back.Release();
        }
    }
}
