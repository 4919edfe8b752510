using ElderBand.Simulation.Bluetooth;
using nanoFramework.Device.Bluetooth.Advertisement;

namespace nanoFramework.Device.Bluetooth
{
    using nanoFramework.Device.Bluetooth.GenericAttributeProfile;

    /// <summary>The server. Its Dispose stops the stack and forgets the services, but frees no context.</summary>
    public class BluetoothLEServer : IDisposable
    {
        private readonly BluetoothHost _host;
        private bool _isDisposed;

        private BluetoothLEServer(BluetoothHost host)
        {
            _host = host;
            host.Events.Server = this;
            host.Events.Reset();
        }

        /// <summary>The server, made where there is none.</summary>
        public static BluetoothLEServer Instance
        {
            get
            {
                var host = BluetoothHost.Current;
                return host.Instance ??= new BluetoothLEServer(host);
            }
        }

        /// <summary>One session for all clients.</summary>
        public GattSession Session { get; } = new();

        /// <summary>Starts the stack as a server.</summary>
        public void Start() => _host.CheckMode(BluetoothMode.Server);

        /// <summary>Ends every link and stops the stack.</summary>
        public void Stop() => _host.CheckMode(BluetoothMode.NotRunning);

        /// <summary>Stops; the next <see cref="Instance"/> is another.</summary>
        public void Dispose()
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            Stop();
            _host.Events.Reset();
            _host.Events.Server = null;
            _host.Providers.Clear();
            _host.Instance = null;
        }
    }
}

namespace nanoFramework.Device.Bluetooth.GenericAttributeProfile
{
    /// <summary>Errors of the attribute protocol that the model needs.</summary>
    public static class GattProtocolError
    {
        /// <summary>0x0D.</summary>
        public static byte InvalidAttributeValueLength => 0x0D;

        /// <summary>0x0E.</summary>
        public static byte UnlikelyError => 0x0E;
    }

    /// <summary>A client came or went.</summary>
    public class GattSessionStatusChangedEventArgs
    {
        internal GattSessionStatusChangedEventArgs(GattSessionStatus status) => Status = status;

        /// <summary>Active or closed.</summary>
        public GattSessionStatus Status { get; }
    }

    /// <summary>Session of the server.</summary>
    public class GattSession
    {
        /// <summary>Handler of a change.</summary>
        public delegate void GattSessionStatusChangedEventHandler(
            object sender, GattSessionStatusChangedEventArgs args);

        /// <summary>A client came or went.</summary>
        public event GattSessionStatusChangedEventHandler? SessionStatusChanged;

        internal void OnStatus(GattSessionStatus status) =>
            SessionStatusChanged?.Invoke(this, new GattSessionStatusChangedEventArgs(status));
    }

    /// <summary>How advertising starts.</summary>
    public class GattServiceProviderAdvertisingParameters
    {
        /// <summary>General discoverable.</summary>
        public bool IsDiscoverable { get; set; }

        /// <summary>Connectable.</summary>
        public bool IsConnectable { get; set; }

        /// <summary>The sections.</summary>
        public BluetoothLEAdvertisement Advertisement { get; } = new();

        /// <summary>No section of the service's own.</summary>
        public bool CustomAdvertisement { get; set; }
    }

    /// <summary>A provider or an error.</summary>
    public class GattServiceProviderResult
    {
        internal GattServiceProviderResult(GattServiceProvider provider) => ServiceProvider = provider;

        /// <summary>Success: upstream has no other answer.</summary>
        public BluetoothError Error => BluetoothError.Success;

        /// <summary>The provider.</summary>
        public GattServiceProvider ServiceProvider { get; }
    }

    /// <summary>A service that is advertised.</summary>
    public class GattServiceProvider
    {
        private static readonly Guid DeviceInformation = new("0000180A-0000-1000-8000-00805F9B34FB");
        private static readonly Guid ManufacturerName = new("00002A29-0000-1000-8000-00805F9B34FB");
        private static readonly Guid ModelNumber = new("00002A24-0000-1000-8000-00805F9B34FB");

        private BluetoothLEAdvertisementPublisher? _publisher;

        private GattServiceProvider(BluetoothHost host, Guid serviceUuid)
        {
            Service = new GattLocalService(serviceUuid);
            var old = host.Providers.FindIndex(p => p.Service.Uuid == serviceUuid);
            if (old >= 0)
            {
                host.Providers[old] = this;
                return;
            }

            host.Providers.Add(this);
            if (host.Providers.Count == 1)
            {
                var information = new GattServiceProvider(host, DeviceInformation).Service;
                var read = new GattLocalCharacteristicParameters
                {
                    CharacteristicProperties = GattCharacteristicProperties.Read,
                };
                information.CreateCharacteristic(ManufacturerName, read);
                information.CreateCharacteristic(ModelNumber, read);
            }
        }

        /// <summary>Created until a start went through; a refused start changes nothing.</summary>
        public GattServiceProviderAdvertisementStatus AdvertisementStatus { get; private set; }

        /// <summary>The service.</summary>
        public GattLocalService Service { get; }

        /// <summary>Replaces one of the same service, whose characteristics stay in the routing.</summary>
        public static GattServiceProviderResult Create(Guid serviceUuid) =>
            new(new GattServiceProvider(BluetoothHost.Current, serviceUuid));

        /// <summary>Builds the native context and advertises.</summary>
        public void StartAdvertising(GattServiceProviderAdvertisingParameters parameters)
        {
            var host = BluetoothHost.Current;
            if (host.Mode != BluetoothMode.Server)
            {
                BluetoothLEServer.Instance.Start();
            }

            if (host.Server.InitializeServiceConfig(host.Providers.Select(static p => p.Service)))
            {
                _publisher = new BluetoothLEAdvertisementPublisher(parameters.Advertisement);
                _publisher.Start();
                if (_publisher.Status == BluetoothLEAdvertisementPublisherStatus.Started)
                {
                    AdvertisementStatus = _publisher.DataFits
                        ? GattServiceProviderAdvertisementStatus.Started
                        : GattServiceProviderAdvertisementStatus.StartedWithoutAllAdvertisementData;
                }
            }
        }

        /// <summary>Ends advertising, frees the context, stops the stack; throws where it was never started.</summary>
        public void StopAdvertising()
        {
            var host = BluetoothHost.Current;
            var isFirst = _publisher!.Status != BluetoothLEAdvertisementPublisherStatus.Stopped;
            _publisher.Stop();
            if (isFirst)
            {
                // The publisher reports a change of its status, and only then the stack is stopped.
                AdvertisementStatus = GattServiceProviderAdvertisementStatus.Stopped;
                host.Server.FreeContext();
                host.SetMode(BluetoothMode.NotRunning);
            }
        }
    }

    /// <summary>A service of this board.</summary>
    public class GattLocalService
    {
        private readonly List<GattLocalCharacteristic> _characteristics = [];

        internal GattLocalService(Guid uuid) => Uuid = uuid;

        /// <summary>Its id.</summary>
        public Guid Uuid { get; }

        /// <summary>Its characteristics.</summary>
        public GattLocalCharacteristic[] Characteristics => [.. _characteristics];

        /// <summary>Adds a characteristic with the next number of the boot.</summary>
        public GattLocalCharacteristicResult CreateCharacteristic(
            Guid characteristicUuid, GattLocalCharacteristicParameters parameters)
        {
            // Upstream's order: the characteristic joins the routing, then the server's instance is asked for, and a
            // server that is made at that moment clears the routing.
            var host = BluetoothHost.Current;
            var made = new GattLocalCharacteristic(host, characteristicUuid, parameters);
            _characteristics.Add(made);
            _ = BluetoothLEServer.Instance;
            return new GattLocalCharacteristicResult(made);
        }
    }

    /// <summary>How a characteristic is made.</summary>
    public class GattLocalCharacteristicParameters
    {
        /// <summary>What can be done with it.</summary>
        public GattCharacteristicProperties CharacteristicProperties { get; set; }
    }

    /// <summary>A characteristic or an error.</summary>
    public class GattLocalCharacteristicResult
    {
        internal GattLocalCharacteristicResult(GattLocalCharacteristic characteristic) =>
            Characteristic = characteristic;

        /// <summary>The characteristic.</summary>
        public GattLocalCharacteristic Characteristic { get; }

        /// <summary>Success: upstream has no other answer.</summary>
        public BluetoothError Error => BluetoothError.Success;
    }

    /// <summary>A subscriber.</summary>
    public class GattSubscribedClient
    {
        internal GattSubscribedClient(ushort handle) => Handle = handle;

        internal ushort Handle { get; }
    }

    /// <summary>How a notification went.</summary>
    public class GattClientNotificationResult
    {
        internal GattClientNotificationResult(bool sent) =>
            Status = sent ? GattCommunicationStatus.Success : GattCommunicationStatus.Unreachable;

        /// <summary>Success means handed to the host, not arrived.</summary>
        public GattCommunicationStatus Status { get; }
    }

    /// <summary>A characteristic of this board.</summary>
    public class GattLocalCharacteristic
    {
        /// <summary>Handler of a write.</summary>
        public delegate void GattLocalCharacteristicWriteEventHandler(
            GattLocalCharacteristic sender, GattWriteRequestedEventArgs WriteRequestEventArgs);

        private readonly BluetoothHost _host;
        private readonly List<GattSubscribedClient> _clients = [];

        internal GattLocalCharacteristic(BluetoothHost host, Guid uuid, GattLocalCharacteristicParameters parameters)
        {
            _host = host;
            Uuid = uuid;
            CharacteristicProperties = parameters.CharacteristicProperties;
            Id = ++host.LastCharacteristicId;
            host.Events.Add(this);
        }

        /// <summary>What can be done with it.</summary>
        public GattCharacteristicProperties CharacteristicProperties { get; }

        /// <summary>Who gets notifications.</summary>
        public GattSubscribedClient[] SubscribedClients => [.. _clients];

        /// <summary>Its id over the air.</summary>
        public Guid Uuid { get; }

        internal ushort Id { get; }

        /// <summary>A central writes.</summary>
        public event GattLocalCharacteristicWriteEventHandler? WriteRequested;

        /// <summary>Notifies every subscriber; empty where there is none.</summary>
        public GattClientNotificationResult[] NotifyValue(Buffer value)
        {
            _host.ThrowIfEnded();
            var bytes = value.Data.AsSpan(0, (int)value.Length).ToArray();
            return [.. _clients.Select(Notify)];

            GattClientNotificationResult Notify(GattSubscribedClient client) =>
                new(_host.Server.Notify(client.Handle, Id, bytes));
        }

        internal void OnSubscribed(ushort handle, bool isOn)
        {
            if (!isOn)
            {
                _clients.RemoveAll(c => c.Handle == handle);
            }
            else if (!_clients.Exists(c => c.Handle == handle))
            {
                _clients.Add(new GattSubscribedClient(handle));
            }
        }

        internal void OnWrite(GattWriteRequest request)
        {
            if (WriteRequested is { } handler)
            {
                handler(this, new GattWriteRequestedEventArgs(request));
            }
            else
            {
                request.RespondWithProtocolError(GattProtocolError.UnlikelyError);
            }
        }
    }

    /// <summary>A write of a central.</summary>
    public class GattWriteRequestedEventArgs
    {
        private readonly GattWriteRequest _request;

        internal GattWriteRequestedEventArgs(GattWriteRequest request) => _request = request;

        /// <summary>What is written.</summary>
        public GattWriteRequest GetRequest() => _request;
    }

    /// <summary>The value of a write, and the answer that the BLE host waits for.</summary>
    public class GattWriteRequest
    {
        private readonly Action<bool> _answer;

        internal GattWriteRequest(byte[] value, Action<bool> answer)
        {
            Value = new Buffer(value);
            _answer = answer;
        }

        /// <summary>"With response", whatever the central asked for; the host waits in both cases.</summary>
        public GattWriteOption Option => GattWriteOption.WriteWithResponse;

        /// <summary>The value.</summary>
        public Buffer Value { get; }

        internal bool IsAnswered { get; private set; }

        /// <summary>Accepts.</summary>
        public void Respond() => Answer(true);

        /// <summary>Refuses.</summary>
        public void RespondWithProtocolError(byte protocolError) => Answer(false);

        private void Answer(bool accepted)
        {
            if (!IsAnswered)
            {
                IsAnswered = true;
                _answer(accepted);
            }
        }
    }
}
