namespace nanoFramework.Device.Bluetooth
{
    /// <summary>Whether a peripheral is linked, as upstream's object believes.</summary>
    public enum BluetoothConnectionStatus
    {
        Disconnected = 0,
        Connected = 1,
    }

    /// <summary>Errors of the API.</summary>
    public enum BluetoothError
    {
        Success = 0,
        RadioNotAvailable = 1,
        ResourceInUse = 2,
        DeviceNotConnected = 3,
        OtherError = 4,
    }

    /// <summary>States of a watcher.</summary>
    public enum BluetoothLEAdvertisementWatcherStatus
    {
        Created = 0,
        Started = 1,
        Stopping = 2,
        Stopped = 3,
        Aborted = 4,
    }
}

namespace nanoFramework.Device.Bluetooth.Advertisement
{
    /// <summary>Flags section of an advertisement.</summary>
    [Flags]
    public enum BluetoothLEAdvertisementFlags : uint
    {
        None = 0,
        LimitedDiscoverableMode = 1,
        GeneralDiscoverableMode = 2,
        ClassicNotSupported = 4,
    }

    /// <summary>States of a publisher; it never becomes Aborted.</summary>
    public enum BluetoothLEAdvertisementPublisherStatus
    {
        Created = 0,
        Waiting = 1,
        Started = 2,
        Stopping = 3,
        Stopped = 4,
        Aborted = 5,
    }

    /// <summary>Whether the scanner asks for scan responses.</summary>
    public enum BluetoothLEScanningMode
    {
        Passive = 0,
        Active = 1,
    }
}

namespace nanoFramework.Device.Bluetooth.GenericAttributeProfile
{
    /// <summary>What can be done with a characteristic.</summary>
    [Flags]
    public enum GattCharacteristicProperties : uint
    {
        None = 0,
        Read = 2,
        WriteWithoutResponse = 4,
        Write = 8,
        Notify = 16,
        Indicate = 32,
    }

    /// <summary>Value of the descriptor that switches notifications on.</summary>
    public enum GattClientCharacteristicConfigurationDescriptorValue
    {
        None = 0,
        Notify = 1,
        Indicate = 2,
    }

    /// <summary>How an operation over a link went, as far as upstream says.</summary>
    public enum GattCommunicationStatus
    {
        Success = 0,
        Unreachable = 1,
        ProtocolError = 2,
        AccessDenied = 3,
    }

    /// <summary>States of a service provider; a refused start leaves it as it was.</summary>
    public enum GattServiceProviderAdvertisementStatus
    {
        Created = 0,
        Stopped = 1,
        Started = 2,
        Aborted = 3,
        StartedWithoutAllAdvertisementData = 4,
    }

    /// <summary>Whether a client is linked.</summary>
    public enum GattSessionStatus
    {
        Closed = 0,
        Active = 1,
    }

    /// <summary>With or without the server's answer.</summary>
    public enum GattWriteOption
    {
        WriteWithResponse = 0,
        WriteWithoutResponse = 1,
    }
}
