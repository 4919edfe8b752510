using ElderBand.Simulation.Bluetooth;

namespace nanoFramework.Device.Bluetooth.GenericAttributeProfile;

/// <summary>Services of a peripheral.</summary>
public class GattDeviceServicesResult
{
    internal GattDeviceServicesResult(GattDeviceService[] services) => Services = services;

    /// <summary>The services.</summary>
    public GattDeviceService[] Services { get; }

    /// <summary>Success: a query by id says nothing else.</summary>
    public GattCommunicationStatus Status => GattCommunicationStatus.Success;
}

/// <summary>Characteristics of a service.</summary>
public class GattCharacteristicsResult
{
    internal GattCharacteristicsResult(GattCharacteristic[] characteristics) => Characteristics = characteristics;

    /// <summary>The characteristics.</summary>
    public GattCharacteristic[] Characteristics { get; }

    /// <summary>Success, also where the discovery timed out.</summary>
    public GattCommunicationStatus Status => GattCommunicationStatus.Success;
}

/// <summary>How a write went.</summary>
public class GattWriteResult
{
    internal GattWriteResult(GattCommunicationStatus status) => Status = status;

    /// <summary>Without response, Success means handed to the host.</summary>
    public GattCommunicationStatus Status { get; }
}

/// <summary>A service of a peripheral.</summary>
public class GattDeviceService
{
    private readonly BluetoothHost _host;
    private readonly List<GattCharacteristic> _characteristics = [];

    internal GattDeviceService(BluetoothLEDevice device, BluetoothHost host, Guid uuid)
    {
        Device = device;
        Uuid = uuid;
        _host = host;
    }

    /// <summary>Its id.</summary>
    public Guid Uuid { get; }

    /// <summary>Its peripheral.</summary>
    public BluetoothLEDevice Device { get; }

    /// <summary>The characteristics of one id; discovers all of the service where none is cached.</summary>
    public GattCharacteristicsResult GetCharacteristicsForUuid(Guid characteristicUuid)
    {
        _host.ThrowIfEnded();
        if (_characteristics.Count == 0)
        {
            Discover();
        }

        return new GattCharacteristicsResult([.. _characteristics.Where(c => c.Uuid == characteristicUuid)]);
    }

    internal void OnNotified(Guid characteristic, byte[] value)
    {
        foreach (var known in _characteristics.Where(c => c.Uuid == characteristic))
        {
            known.OnNotified(value);
        }
    }

    private void Discover()
    {
        if (!_host.Client.HasContext(Device.ConnectionHandle))
        {
            throw new NullReferenceException("the native context of the connection is gone");
        }

        if (_host.Client.LinkOf(Device.ConnectionHandle) is not { } link)
        {
            throw new InvalidOperationException("the discovery could not begin");
        }

        IReadOnlyList<ServedCharacteristic> served = [];
        Device.Await(done => _host.Board.After(_host.Board.DrawDiscoveryMs(), () =>
        {
            served = link is { IsUp: true, Peer: { } peer } ? peer.Host.Server.Served : [];
            done(link.IsUp);
        }), 20_000);
        foreach (var found in served.Where(c => c.Service == Uuid))
        {
            _characteristics.Add(new GattCharacteristic(this, _host, found.Uuid, found.Properties));
        }
    }
}

/// <summary>A notification.</summary>
public class GattValueChangedEventArgs
{
    internal GattValueChangedEventArgs(byte[] value) => CharacteristicValue = new Buffer(value);

    /// <summary>The value.</summary>
    public Buffer CharacteristicValue { get; }
}

/// <summary>A characteristic of a peripheral.</summary>
public class GattCharacteristic
{
    /// <summary>Handler of a notification.</summary>
    public delegate void GattCharacteristicVlaueChangedEventHandler(
        GattCharacteristic sender, GattValueChangedEventArgs valueChangedEventArgs);

    private readonly BluetoothHost _host;
    private bool _hasDescriptors;

    internal GattCharacteristic(
        GattDeviceService service, BluetoothHost host, Guid uuid, GattCharacteristicProperties properties)
    {
        Service = service;
        Uuid = uuid;
        CharacteristicProperties = properties;
        _host = host;
    }

    /// <summary>What can be done with it.</summary>
    public GattCharacteristicProperties CharacteristicProperties { get; }

    /// <summary>Its id.</summary>
    public Guid Uuid { get; }

    /// <summary>Its service.</summary>
    public GattDeviceService Service { get; }

    /// <summary>The peripheral has notified.</summary>
    public event GattCharacteristicVlaueChangedEventHandler? ValueChanged;

    /// <summary>Writes; without response it is Success as soon as the host has it.</summary>
    public GattWriteResult WriteValueWithResult(
        Buffer value, GattWriteOption writeOption = GattWriteOption.WriteWithoutResponse)
    {
        _host.ThrowIfEnded();
        var withResponse = writeOption == GattWriteOption.WriteWithResponse;
        var needed = withResponse
            ? GattCharacteristicProperties.Write
            : GattCharacteristicProperties.WriteWithoutResponse;
        if (!CharacteristicProperties.HasFlag(needed))
        {
            return new GattWriteResult(GattCommunicationStatus.AccessDenied);
        }

        var bytes = value.Data.AsSpan(0, (int)value.Length).ToArray();
        return Write(
            bytes,
            withResponse,
            (server, answer) =>
            {
                if (Served(server) is { } target)
                {
                    server.Host.Server.OnWrite(target, bytes, answer);
                }
                else
                {
                    answer(false);
                }
            });
    }

    /// <summary>Switches notifications on or off; discovers the descriptors the first time.</summary>
    public GattWriteResult WriteClientCharacteristicConfigurationDescriptorWithResult(
        GattClientCharacteristicConfigurationDescriptorValue clientCharacteristicConfigurationDescriptorValue,
        GattWriteOption gattWriteOption = GattWriteOption.WriteWithoutResponse)
    {
        _host.ThrowIfEnded();
        if (!_hasDescriptors && !DiscoverDescriptors())
        {
            return new GattWriteResult(GattCommunicationStatus.AccessDenied);
        }

        var isOn = clientCharacteristicConfigurationDescriptorValue
            != GattClientCharacteristicConfigurationDescriptorValue.None;
        return Write(
            [],
            gattWriteOption == GattWriteOption.WriteWithResponse,
            (server, answer) =>
            {
                if (Served(server) is { } target)
                {
                    server.Host.Server.OnSubscribed(server, target, isOn);
                }

                answer(Served(server) is not null);
            });
    }

    internal void OnNotified(byte[] value) => ValueChanged?.Invoke(this, new GattValueChangedEventArgs(value));

    private ServedCharacteristic? Served(LinkEnd server) =>
        server.Host.Server.Served.FirstOrDefault(c => c.Service == Service.Uuid && c.Uuid == Uuid);

    private bool DiscoverDescriptors()
    {
        if (!_host.Client.HasContext(Service.Device.ConnectionHandle))
        {
            throw new NullReferenceException("the native context of the connection is gone");
        }

        if (_host.Client.LinkOf(Service.Device.ConnectionHandle) is { } link)
        {
            _hasDescriptors = Service.Device.Await(
                done => _host.Board.After(_host.Board.DrawDiscoveryMs(), () => done(link.IsUp)),
                BluetoothLEDevice.OperationMs);
        }

        return _hasDescriptors && CharacteristicProperties.HasFlag(GattCharacteristicProperties.Notify);
    }

    private GattWriteResult Write(byte[] bytes, bool withResponse, Action<LinkEnd, Action<bool>> atServer)
    {
        var handle = Service.Device.ConnectionHandle;
        if (!withResponse)
        {
            var rc = _host.Client.Write(handle, server => atServer(server, static _ => { }), bytes);
            return new GattWriteResult(rc == 0 ? GattCommunicationStatus.Success : GattCommunicationStatus.Unreachable);
        }

        var wasSent = false;
        var accepted = Service.Device.Await(
            done =>
            {
                void AtServer(LinkEnd server) => atServer(server, ok => server.Host.Reply(server, () => done(ok)));
                wasSent = _host.Client.Write(handle, AtServer, bytes) == 0;
                if (!wasSent)
                {
                    done(false);
                }
            },
            BluetoothLEDevice.OperationMs);
        return new GattWriteResult(
            wasSent && accepted ? GattCommunicationStatus.Success : GattCommunicationStatus.Unreachable);
    }
}
