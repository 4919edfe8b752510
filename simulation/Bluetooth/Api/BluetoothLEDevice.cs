using ElderBand.Simulation.Bluetooth;
using nanoFramework.Device.Bluetooth.GenericAttributeProfile;

namespace nanoFramework.Device.Bluetooth;

/// <summary>
/// A peripheral as a client sees it. The first query connects. The query returns Success also where the connect failed,
/// and the status is then Connected too, because upstream's event handler sets it without checking the result.
/// </summary>
public class BluetoothLEDevice : IDisposable
{
    private const int ConnectMs = 10_000;
    private const int DiscoverMs = 20_000;
    internal const int OperationMs = 7000;

    private readonly BluetoothHost _host;
    private readonly VirtualAutoResetEvent _connectEnded = new(false);
    private readonly List<GattDeviceService> _services = [];
    private BluetoothConnectionStatus _status;
    private VirtualAutoResetEvent? _pending;
    private bool _pendingWorked;
    private bool _isDisposed;

    private BluetoothLEDevice(BluetoothHost host, ulong address)
    {
        _host = host;
        BluetoothAddress = address;
    }

    /// <summary>48 bits.</summary>
    public ulong BluetoothAddress { get; }

    /// <summary>Status by the last event.</summary>
    public BluetoothConnectionStatus ConnectionStatus
    {
        get => _status;
        private set
        {
            _status = value;
            ConnectionStatusChanged?.Invoke(this, EventArgs.Empty);
        }
    }

    internal ushort ConnectionHandle { get; private set; }

    /// <summary>The status was set, changed or not.</summary>
    public event EventHandler? ConnectionStatusChanged;

    /// <summary>An object for an address; nothing is sent.</summary>
    public static BluetoothLEDevice FromBluetoothAddress(ulong bluetoothAddress) =>
        new(BluetoothHost.Current, bluetoothAddress);

    /// <summary>The services of one id, from the cache where there is one; always Success.</summary>
    public GattDeviceServicesResult GetGattServicesForUuid(Guid serviceUuid)
    {
        _host.ThrowIfEnded();
        if (_services.Count == 0 || _status != BluetoothConnectionStatus.Connected)
        {
            ConnectIfNotConnected();
            if (_services.Count == 0)
            {
                DiscoverServices();
            }
        }

        return new GattDeviceServicesResult([.. _services.Where(s => s.Uuid == serviceUuid)]);
    }

    /// <summary>Requests the end of the link; the event follows later.</summary>
    public void Close()
    {
        _host.ThrowIfEnded();
        if (_status == BluetoothConnectionStatus.Connected)
        {
            _host.Client.Disconnect(ConnectionHandle);
        }
    }

    /// <summary>
    /// Requests the end of the link and frees the native context, even where events for it still follow.
    /// </summary>
    public void Dispose()
    {
        _host.ThrowIfEnded();
        if (_isDisposed)
        {
            return;
        }

        if (_host.Client.LinkOf(ConnectionHandle) is not null)
        {
            _host.Board.Count(Faults.DisposedConnected);
        }

        Close();
        _services.Clear();
        _isDisposed = true;
        _host.Client.Forget(ConnectionHandle);
        _host.Events.Remove(this);
        IdleOnLastConnection(_host);
    }

    internal static void IdleOnLastConnection(BluetoothHost host)
    {
        if (host.Events.Devices == 0)
        {
            host.SetMode(BluetoothMode.NotRunning);
        }
    }

    /// <summary>Runs a native procedure and waits; false where the link ended first or it took too long.</summary>
    internal bool Await(Action<Action<bool>> begin, int timeoutMs)
    {
        var ended = new VirtualAutoResetEvent(false);
        _pending = ended;
        _pendingWorked = false;
        begin(worked =>
        {
            if (_pending == ended)
            {
                _pendingWorked = worked;
                ended.Set();
            }
        });
        var wasSet = ended.WaitOne(timeoutMs, false);
        _pending = null;
        return wasSet && _pendingWorked;
    }

    internal void OnConnected(ushort handle)
    {
        _status = BluetoothConnectionStatus.Connected;
        ConnectionHandle = handle;
        _connectEnded.Set();
        ConnectionStatus = BluetoothConnectionStatus.Connected;
    }

    internal void OnConnectFailed()
    {
        _host.Board.Count(Faults.FailedConnectSaidSuccess);
        _connectEnded.Set();
        ConnectionStatus = BluetoothConnectionStatus.Connected;
    }

    internal void OnDisconnected()
    {
        _pendingWorked = false;
        _pending?.Set();
        ConnectionStatus = BluetoothConnectionStatus.Disconnected;
        _host.Events.Remove(this);
        _host.Client.Forget(ConnectionHandle);
        IdleOnLastConnection(_host);
    }

    internal void OnNotified(Guid characteristic, byte[] value)
    {
        foreach (var service in _services)
        {
            service.OnNotified(characteristic, value);
        }
    }

    private void ConnectIfNotConnected()
    {
        _host.CheckMode(BluetoothMode.Client);
        if (_status == BluetoothConnectionStatus.Disconnected)
        {
            ConnectionHandle = _host.Client.NextRouting();
            _host.Events.Add(this);
            if (_host.Client.Connect(BluetoothAddress, ConnectionHandle) == 0)
            {
                _connectEnded.WaitOne(ConnectMs, false);
            }
        }
    }

    private void DiscoverServices()
    {
        if (!_host.Client.HasContext(ConnectionHandle))
        {
            throw new NullReferenceException("the native context of the failed connect is gone");
        }

        if (_host.Client.LinkOf(ConnectionHandle) is not { } link)
        {
            return; // refused: no such link
        }

        IReadOnlyList<ServedCharacteristic> served = [];
        Await(done => _host.Board.After(_host.Board.DrawDiscoveryMs(), () =>
        {
            served = link is { IsUp: true, Peer: { } peer } ? peer.Host.Server.Served : [];
            done(link.IsUp);
        }), DiscoverMs);
        foreach (var service in served.Select(static c => c.Service).Distinct())
        {
            _services.Add(new GattDeviceService(this, _host, service));
        }
    }
}
