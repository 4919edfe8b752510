namespace ElderBand.Simulation.Bluetooth;

/// <summary>An auto-reset event in virtual time, for the threads of one board and for its loop.</summary>
public sealed class VirtualAutoResetEvent(bool initialState)
{
    private readonly BluetoothHost _host = BluetoothHost.Current;
    private readonly Queue<(VirtualThread Thread, int Wait)> _waiters = new();
    private bool _isSet = initialState;
    private bool _isLoops;

    /// <summary>Waits for ever.</summary>
    public bool WaitOne() => WaitOne(Timeout.Infinite, exitContext: false);

    /// <summary>
    /// Waits at most <paramref name="millisecondsTimeout"/>; true where it was set. The world steps the loop, so the
    /// loop's wait between two steps returns at once, and a later <see cref="Set"/> makes the next step due. Inside a
    /// step the loop stands still for the whole time.
    /// </summary>
    public bool WaitOne(int millisecondsTimeout, bool exitContext)
    {
        _host.ThrowIfEnded();
        if (_isSet)
        {
            _isSet = false;
            return true;
        }

        if (VirtualThread.Self is { } self)
        {
            if (millisecondsTimeout == 0)
            {
                return false;
            }

            _waiters.Enqueue((self, self.Wait + 1));
            self.ParkFor(millisecondsTimeout);
            while (_waiters.TryPeek(out var old) && old.Thread.Wait != old.Wait)
            {
                _waiters.Dequeue();
            }

            var wasSet = _isSet;
            _isSet = false;
            return wasSet;
        }

        if (_host.IsLoopWaiting)
        {
            _isLoops = true;
        }
        else if (millisecondsTimeout > 0)
        {
            _host.Board.StandStill(millisecondsTimeout);
        }
        else if (millisecondsTimeout < 0)
        {
            throw new InvalidOperationException("the loop or a callback would wait for ever");
        }

        return false;
    }

    /// <summary>Lets one waiting thread go on, or the next that waits.</summary>
    public bool Set()
    {
        if (_host.IsEnded)
        {
            return true;
        }

        _isSet = true;
        if (_isLoops)
        {
            _host.Board.WakeLoop();
        }

        if (_waiters.Count > 0)
        {
            _host.Board.After(0, ResumeOne);
        }

        return true;
    }

    /// <summary>Takes a set back that nobody has waited for.</summary>
    public bool Reset()
    {
        _isSet = false;
        return true;
    }

    private void ResumeOne()
    {
        while (_isSet && _waiters.TryDequeue(out var waiter))
        {
            if (waiter.Thread.Wait == waiter.Wait)
            {
                waiter.Thread.Resume();
            }
        }
    }
}
