using nanoFramework.Device.Bluetooth.GenericAttributeProfile;

namespace ElderBand.Simulation.Bluetooth;

/// <summary>A characteristic as the native side serves it; events carry the low 8 bits of its id.</summary>
internal sealed record ServedCharacteristic(
    Guid Service, Guid Uuid, ushort Id, GattCharacteristicProperties Properties);

/// <summary>
/// The native side of a GATT server: one service context, whose memory only StopAdvertising frees, and the
/// advertisement.
/// </summary>
internal sealed class ServerSide(BluetoothHost host)
{
    // Two services with two characteristics each, summed over upstream's structures on a 32-bit chip.
    private const int ContextBytes = 800;

    private readonly List<ServedCharacteristic> _served = [];
    private long _contextBytes;
    private long _nameBytes;
    private long _advertisementBytes;
    private byte[]? _advertisement;

    /// <summary>On the air, as the native side believes.</summary>
    public bool IsAdvertising { get; private set; }

    /// <summary>What a central finds; empty where no service was started.</summary>
    public IReadOnlyList<ServedCharacteristic> Served => _served;

    /// <summary>Setting the mode sets the name: the context's copy is made again.</summary>
    public void RenewName(int bytes)
    {
        host.Free(_nameBytes);
        _nameBytes = bytes;
        host.Allocate(bytes);
    }

    /// <summary>Zeroes the context, whatever it held, and builds it again; false where the host refuses.</summary>
    public bool InitializeServiceConfig(IEnumerable<GattLocalService> services)
    {
        var isSecond = IsAdvertising || host.Links.Count > 0;
        host.Leak(Faults.NameLeaked, _nameBytes);
        host.Leak(Faults.ContextLeaked, _contextBytes);
        host.Leak(Faults.AdvertisementLeaked, _advertisementBytes);
        var name = _nameBytes;
        _nameBytes = _contextBytes = _advertisementBytes = 0;
        RenewName((int)name);
        if (isSecond)
        {
            // The table of attributes cannot change while the host is busy: refused, and the new context freed again.
            host.Board.Count(Faults.SecondStart);
            FreeContext();
            return false;
        }

        _contextBytes = ContextBytes;
        host.Allocate(ContextBytes);
        _served.Clear();
        foreach (var service in services)
        {
            foreach (var made in service.Characteristics)
            {
                _served.Add(new ServedCharacteristic(service.Uuid, made.Uuid, made.Id, made.CharacteristicProperties));
            }
        }

        return true;
    }

    /// <summary>Takes new data without freeing the old, and advertises; false where that was on or refused.</summary>
    public bool StartLegacyAdvertising(byte[] data)
    {
        host.Leak(Faults.AdvertisementLeaked, _advertisementBytes);
        _advertisement = data;
        _advertisementBytes = data.Length;
        host.Allocate(data.Length);
        return StartAdvertising();
    }

    /// <summary>Ends advertising and frees the context, whether or not a link still runs over it.</summary>
    public void StopAdvertising()
    {
        if (host.IsRunning && host.Links.Count > 0)
        {
            host.Board.Count(Faults.FreedUnderLink);
        }

        if (IsAdvertising)
        {
            IsAdvertising = false;
            host.Board.Advertise(null);
        }

        FreeContext();
    }

    public void FreeContext()
    {
        host.Free(_contextBytes + _nameBytes + _advertisementBytes);
        _contextBytes = _nameBytes = _advertisementBytes = 0;
        _advertisement = null;
    }

    public void OnStackStopped()
    {
        _served.Clear();
        if (IsAdvertising)
        {
            IsAdvertising = false;
            host.Board.Advertise(null);
        }
    }

    public void OnLinkUp(LinkEnd end)
    {
        if (IsAdvertising)
        {
            IsAdvertising = false;
            host.Board.Count(Faults.EndedByConnect);
        }

        host.Post(() => host.Events.OnClientConnected());
    }

    public void OnLinkDown(LinkEnd end)
    {
        if (host.Client.IsUsed)
        {
            return;
        }

        foreach (var characteristic in end.Subscribed)
        {
            OnSubscribed(end, characteristic, isOn: false);
        }

        host.Post(() => host.Events.OnClientDisconnected());
        if (host.IsRunning)
        {
            StartAdvertising();
        }
    }

    /// <summary>A central has switched notifications on or off; the native side answers by itself.</summary>
    public void OnSubscribed(LinkEnd end, ServedCharacteristic characteristic, bool isOn)
    {
        if (isOn)
        {
            end.Subscribed.Add(characteristic);
        }

        // The id is looked up in the context; what was freed is not found.
        if (_contextBytes > 0)
        {
            host.Post(() => host.Events.OnSubscription(characteristic.Id, end.Handle, isOn));
        }
    }

    /// <summary>A central has written; calls back with true where it was accepted.</summary>
    public void OnWrite(ServedCharacteristic characteristic, byte[] value, Action<bool> answer)
    {
        host.Post(() =>
        {
            var request = new GattWriteRequest(value, answer);
            host.Events.OnWrite(characteristic.Id, request);
            if (!request.IsAnswered)
            {
                host.BlockUnanswered();
                host.Board.After(
                    BluetoothHost.UnansweredMs,
                    () => request.RespondWithProtocolError(GattProtocolError.UnlikelyError));
            }
        });
    }

    /// <summary>Notifies over a link; false where the characteristic or the link is gone.</summary>
    public bool Notify(ushort handle, ushort id, byte[] value)
    {
        var link = host.Links.FirstOrDefault(l => l.Handle == handle);
        var characteristic = _served.Find(c => c.Id == id);
        if (link is null || characteristic is null || _contextBytes == 0)
        {
            return false;
        }

        host.Board.Carry(link, value, peer => peer.Host.Client.OnNotification(peer, characteristic.Uuid, value));
        return true;
    }

    private bool StartAdvertising()
    {
        if (!host.IsRunning || _advertisement is null)
        {
            return false;
        }

        if (IsAdvertising)
        {
            host.Board.Advertise(_advertisement); // the data is set, then the start says "already"
            return false;
        }

        if (host.Board.RefusesToAdvertise())
        {
            host.Board.Count(Faults.StartRefused);
            return false;
        }

        IsAdvertising = true;
        host.Board.Advertise(_advertisement);
        return true;
    }
}
