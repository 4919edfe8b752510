using nanoFramework.Device.Bluetooth;
using nanoFramework.Device.Bluetooth.GenericAttributeProfile;

namespace ElderBand.Simulation.Bluetooth;

/// <summary>
/// Upstream's managed routing of events: by the low 8 bits of a characteristic's id, by a connection's handle, and to
/// the one watcher. An event without a target is lost without an error.
/// </summary>
internal sealed class EventRouting(BluetoothHost host)
{
    private readonly List<GattLocalCharacteristic> _characteristics = [];
    private readonly List<BluetoothLEDevice> _devices = [];

    public BluetoothLEServer? Server { get; set; }

    public BluetoothLEAdvertisementWatcher? Watcher { get; set; }

    public int Devices => _devices.Count;

    /// <summary>Upstream does this for every new server object.</summary>
    public void Reset()
    {
        _characteristics.Clear();
        _devices.Clear();
        Watcher = null;
    }

    public void Add(GattLocalCharacteristic characteristic) => _characteristics.Add(characteristic);

    public void Add(BluetoothLEDevice device)
    {
        if (!_devices.Contains(device))
        {
            _devices.Add(device);
        }
    }

    public void Remove(BluetoothLEDevice device) => _devices.Remove(device);

    public BluetoothLEDevice? Find(ushort handle) => _devices.Find(d => d.ConnectionHandle == handle);

    public void OnClientConnected() => Server?.Session.OnStatus(GattSessionStatus.Active);

    public void OnClientDisconnected() => Server?.Session.OnStatus(GattSessionStatus.Closed);

    public void OnWrite(ushort id, GattWriteRequest request)
    {
        if (Find8(id) is not { } characteristic)
        {
            host.Board.Count(Faults.WriteLost);
        }
        else if (id >> 8 != 0)
        {
            // The high bits are read as the number of a descriptor, which there is not.
            host.Board.Count(Faults.WriteLost);
            request.RespondWithProtocolError(GattProtocolError.UnlikelyError);
        }
        else
        {
            characteristic.OnWrite(request);
        }
    }

    public void OnSubscription(ushort id, ushort handle, bool isOn)
    {
        if (Find8(id) is { } characteristic)
        {
            characteristic.OnSubscribed(handle, isOn);
        }
        else if (isOn)
        {
            host.Board.Count(Faults.SubscriptionLost);
        }
    }

    private GattLocalCharacteristic? Find8(ushort id) => _characteristics.Find(c => c.Id == (id & 0xFF));
}
