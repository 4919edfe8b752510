namespace ElderBand.Simulation.Bluetooth;

/// <summary>
/// The native side of a GATT client: the scan, one connect at a time, and a context for each connection, by
/// handle, that lives until it is disposed.
/// </summary>
internal sealed class ClientSide(BluetoothHost host)
{
    private const int MaxLinks = 3;
    private const int ContextBytes = 32;
    private const byte Busy = 15;
    private const byte NoMemory = 6;
    private const byte NotConnected = 7;

    private readonly Dictionary<ushort, LinkEnd?> _contexts = [];
    private int _connecting;
    private ushort _routing = 0xFF00;

    /// <summary>The board is a central.</summary>
    public bool IsUsed { get; set; }

    public bool IsScanning { get; private set; }

    public bool IsConnecting { get; private set; }

    /// <summary>The next handle that stands for a connect until the link has its own.</summary>
    public ushort NextRouting() => _routing = _routing <= 0xFF00 ? (ushort)0xFFFE : (ushort)(_routing - 1);

    /// <summary>Starts a scan; one that runs goes on with the addresses that it has reported.</summary>
    public void StartScan()
    {
        if (IsConnecting)
        {
            host.Board.Count(Faults.ScanRefused);
        }
        else if (!IsScanning)
        {
            IsScanning = true;
            host.Board.Scan(true);
        }
    }

    public void StopScan()
    {
        if (IsScanning)
        {
            IsScanning = false;
            host.Board.Scan(false);
        }
    }

    /// <summary>
    /// Asks for a link; 0 where the answer comes as an event. A refusal keeps the context, which nothing frees then.
    /// </summary>
    public byte Connect(ulong address, ushort routing)
    {
        host.Allocate(ContextBytes);
        _contexts[routing] = null;
        if (host.Links.FirstOrDefault(l => l.PeerAddress == address) is { } old)
        {
            _contexts.Remove(routing);
            _contexts[old.Handle] = old;
            host.Post(() => host.Events.Find(routing)?.OnConnected(old.Handle));
            return 0;
        }

        var refusal = IsScanning || IsConnecting ? Busy : host.Links.Count >= MaxLinks ? NoMemory : (byte)0;
        if (refusal != 0)
        {
            host.Board.Count(Faults.ConnectRefused);
            host.Leak(Faults.ConnectionLeaked, ContextBytes);
            return refusal;
        }

        IsConnecting = true;
        var connect = ++_connecting;
        host.Board.Connect(address, link =>
        {
            if (connect != _connecting || host.IsEnded)
            {
                return;
            }

            IsConnecting = false;
            if (link is null)
            {
                Forget(routing);
                host.Post(() => host.Events.Find(routing)?.OnConnectFailed());
            }
            else
            {
                _contexts.Remove(routing);
                _contexts[link.Handle] = link;
                host.Post(() => host.Events.Find(routing)?.OnConnected(link.Handle));
            }
        });
        return 0;
    }

    /// <summary>The link of a context; null where the handle has none, or it has ended.</summary>
    public LinkEnd? LinkOf(ushort handle) =>
        _contexts.TryGetValue(handle, out var link) && link is { IsUp: true } ? link : null;

    public bool HasContext(ushort handle) => _contexts.ContainsKey(handle);

    public void Disconnect(ushort handle)
    {
        if (host.Links.FirstOrDefault(l => l.Handle == handle) is { } link)
        {
            host.Board.Terminate(link, atOnce: false);
        }
        else
        {
            host.Post(() => host.Events.Find(handle)?.OnDisconnected());
        }
    }

    /// <summary>Frees a connection's context, whether or not events for it still come.</summary>
    public void Forget(ushort handle)
    {
        if (_contexts.Remove(handle))
        {
            host.Free(ContextBytes);
        }
    }

    /// <summary>Writes to a characteristic or to its configuration; 0 where it was sent.</summary>
    public byte Write(ushort handle, Action<LinkEnd> atServer, byte[] value)
    {
        if (LinkOf(handle) is not { } link)
        {
            return NotConnected;
        }

        host.Board.Carry(link, value, atServer);
        return 0;
    }

    public void OnNotification(LinkEnd end, Guid characteristic, byte[] value)
    {
        if (!_contexts.ContainsKey(end.Handle))
        {
            host.Board.Count(Faults.WriteAfterFree);
            host.BlockUnanswered();
            return;
        }

        host.Post(() => host.Events.Find(end.Handle)?.OnNotified(characteristic, value));
    }

    public void OnLinkDown(LinkEnd end)
    {
        if (IsUsed)
        {
            host.Post(() => host.Events.Find(end.Handle)?.OnDisconnected());
        }
    }

    public void OnStackStopped()
    {
        if (IsScanning && host.Events.Watcher is not null)
        {
            host.Board.Count(Faults.DeafWatcher);
        }

        StopScan();
        IsConnecting = false;
        _connecting++;
    }
}
