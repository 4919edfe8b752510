using nanoFramework.Device.Bluetooth;
using nanoFramework.Device.Bluetooth.GenericAttributeProfile;

namespace ElderBand.Simulation.Bluetooth;

/// <summary>
/// The Bluetooth stack of one boot of one board: what upstream keeps in statics, the native state below it, and the
/// threads of the boot. Exactly one thread runs at a time; the world's own thread hands over to the others and waits.
/// </summary>
public sealed class BluetoothHost
{
    internal const int UnansweredMs = 2000; // time for which upstream waits for the managed side
    private const int StopLimitMs = 2000; // longest wait of a stop for the end of a link
    private const int NameBytes = 14; // "nanoFramework" and its zero

    [ThreadStatic]
    private static BluetoothHost? _current;

    private readonly List<VirtualThread> _threads = [];
    private readonly List<LinkEnd> _links = [];
    private readonly Queue<Action> _waiting = new();
    private int _blocks;

    /// <summary>A stack that is not running yet.</summary>
    public BluetoothHost(IBluetoothBoard board)
    {
        Board = board;
        Server = new ServerSide(this);
        Client = new ClientSide(this);
        Events = new EventRouting(this);
    }

    /// <summary>The host of the board whose code runs on this thread.</summary>
    public static BluetoothHost Current
    {
        get
        {
            var host = _current ?? throw new InvalidOperationException("no board's code runs on this thread");
            host.ThrowIfEnded();
            return host;
        }

        internal set => _current = value;
    }

    /// <summary>Native memory in use, bytes, leaked memory included.</summary>
    public long NativeBytes { get; private set; }

    /// <summary>Native memory that nothing refers to any more, bytes.</summary>
    public long LeakedBytes { get; private set; }

    /// <summary>Times the stack was started in this boot.</summary>
    public int Starts { get; private set; }

    /// <summary>The scanner runs.</summary>
    public bool IsScanning => Client.IsScanning;

    /// <summary>True while the native side's state is advertising.</summary>
    public bool IsAdvertising => Server.IsAdvertising;

    /// <summary>True while this board knows of a link.</summary>
    public bool IsLinked => _links.Count > 0;

    /// <summary>Power, reset or deep sleep has ended this boot.</summary>
    public bool IsEnded { get; private set; }

    internal IBluetoothBoard Board { get; }

    internal ServerSide Server { get; }

    internal ClientSide Client { get; }

    internal EventRouting Events { get; }

    internal IReadOnlyList<LinkEnd> Links => _links;

    /// <summary>The mode in upstream's managed code, set before the native call.</summary>
    internal BluetoothMode Mode { get; private set; }

    internal bool IsRunning { get; private set; }

    internal bool IsLoopWaiting { get; private set; }

    /// <summary>Upstream numbers characteristics from here and never starts again within a boot.</summary>
    internal ushort LastCharacteristicId { get; set; }

    /// <summary>Upstream's one server object; null until it is asked for, and after its Dispose.</summary>
    internal BluetoothLEServer? Instance { get; set; }

    /// <summary>Upstream's list of services; only the server's Dispose clears it.</summary>
    internal List<GattServiceProvider> Providers { get; } = [];

    /// <summary>Runs code of this board on the calling thread.</summary>
    public void Run(Action action)
    {
        var before = _current;
        _current = this;
        try
        {
            action();
        }
        finally
        {
            _current = before;
        }
    }

    /// <summary>The loop's wait between two steps, which is all that may wait on the world's thread.</summary>
    public void WaitInLoop(Action wait)
    {
        IsLoopWaiting = true;
        try
        {
            Run(wait);
        }
        finally
        {
            IsLoopWaiting = false;
        }
    }

    /// <summary>Ends the boot: its threads end, and nothing of it has any effect from here on.</summary>
    public void End()
    {
        if (IsEnded)
        {
            return;
        }

        IsEnded = true;
        foreach (var thread in _threads)
        {
            thread.EndWithBoard();
        }

        _threads.Clear();
        _links.Clear();
    }

    /// <summary>The controller has made a link.</summary>
    public void OnLinkUp(LinkEnd end, bool isCentral)
    {
        ushort handle = 0;
        while (_links.Exists(link => link.Handle == handle))
        {
            handle++;
        }

        end.Handle = handle;
        end.IsUp = true;
        _links.Add(end);
        if (!isCentral)
        {
            WhenFree(() => Server.OnLinkUp(end));
        }
    }

    /// <summary>The controller has given a link up.</summary>
    public void OnLinkDown(LinkEnd end)
    {
        end.IsUp = false;
        if (_links.Remove(end))
        {
            WhenFree(() =>
            {
                Server.OnLinkDown(end);
                Client.OnLinkDown(end);
            });
        }
    }

    /// <summary>An advertisement of an address that this scan has not reported yet.</summary>
    public void OnHeard(ulong address, short rssiDbm, byte[] data) =>
        WhenFree(() => Events.Watcher?.OnReceived(address, rssiDbm, data));

    /// <summary>A packet for a link of this board has arrived: the host's task handles it.</summary>
    public void OnPacket(Action action) => WhenFree(action);

    internal void ThrowIfEnded()
    {
        if (IsEnded)
        {
            VirtualThread.RefuseToGoOn();
            throw new BoardEndedException();
        }
    }

    internal void Adopt(VirtualThread thread) => _threads.Add(thread);

    internal void Release(VirtualThread thread) => _threads.Remove(thread);

    /// <summary>Queues an event for the managed side; no callback runs inside a call of the API.</summary>
    internal void Post(Action action) => Board.After(0, action);

    internal void CheckMode(BluetoothMode mode)
    {
        if (Mode != mode)
        {
            SetMode(mode);
        }
    }

    internal void SetMode(BluetoothMode mode)
    {
        Mode = mode;
        Server.RenewName(NameBytes);
        var mustRun = mode != BluetoothMode.NotRunning;
        if (!mustRun && IsRunning)
        {
            Stop();
        }
        else if (mustRun && IsRunning)
        {
            if (mode == BluetoothMode.Client != Client.IsUsed)
            {
                throw new InvalidOperationException("the stack runs in the other role");
            }
        }
        else if (mustRun)
        {
            Start(mode);
        }
    }

    internal void Allocate(long bytes) => NativeBytes += bytes;

    internal void Free(long bytes) => NativeBytes -= bytes;

    /// <summary>Allocated native memory loses its last reference.</summary>
    internal void Leak(string what, long bytes)
    {
        if (bytes > 0)
        {
            LeakedBytes += bytes;
            Board.Count(what);
        }
    }

    /// <summary>A request was left unanswered: the host's task waits, and everything behind it.</summary>
    internal void BlockUnanswered()
    {
        Board.Count(Faults.HostBlocked);
        _blocks++;
        Board.After(UnansweredMs, () =>
        {
            _blocks--;
            while (_blocks == 0 && _waiting.TryDequeue(out var action))
            {
                Run(action);
            }
        });
    }

    private void WhenFree(Action action)
    {
        if (IsEnded)
        {
            return;
        }

        if (_blocks > 0)
        {
            _waiting.Enqueue(action);
        }
        else
        {
            Run(action);
        }
    }

    /// <summary>Sends an answer back over a link.</summary>
    internal void Reply(LinkEnd end, Action atPeer) => Board.Carry(end, [], _ => atPeer());

    private void Start(BluetoothMode mode)
    {
        IsRunning = true;
        Starts++;
        Client.IsUsed = mode == BluetoothMode.Client;
        Board.Count(Faults.StackStarts);
        VirtualThread.StandStill(this, Board.StackStartMs);
    }

    private void Stop()
    {
        var waitMs = 0;
        foreach (var link in _links.ToArray())
        {
            waitMs = Math.Max(waitMs, Math.Min(StopLimitMs, Board.Terminate(link, atOnce: true)));
        }

        Board.Count(Faults.SlowStop, waitMs == StopLimitMs ? 1 : 0);

        IsRunning = false;
        Server.OnStackStopped();
        Client.OnStackStopped();
        VirtualThread.StandStill(this, Board.StackStopMs + waitMs);
    }
}

/// <summary>Upstream's run modes of the stack.</summary>
internal enum BluetoothMode
{
    NotRunning,
    Server,
    Client,
}
