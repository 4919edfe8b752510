using System;
using ElderBand.BandProtocol;
using ElderBand.Common.Board;
using nanoFramework.Device.Bluetooth;
using nanoFramework.Device.Bluetooth.Advertisement;
using nanoFramework.Device.Bluetooth.GenericAttributeProfile;
using Buffer = nanoFramework.Device.Bluetooth.Buffer;

namespace ElderBand.Wristband.Board
{
    /// <summary>
    /// The band as a GATT server: one service, one characteristic that notifies, one that is written, and a frame in
    /// the advertisement. The service is made once a boot, because upstream numbers characteristics from a counter that
    /// never resets and reports events with its low 8 bits (docs/adr/0025).
    /// </summary>
    public sealed class BandRadio : IBandLink
    {
        private readonly Inbox _inbox;
        private readonly byte[] _written = new byte[Frame.Size];
        private readonly BluetoothLEServer _server;
        private readonly GattServiceProvider _provider;
        private readonly GattServiceProviderAdvertisingParameters _parameters;
        private readonly GattLocalCharacteristic _fromBand;
        private bool _isAdvertising;

        /// <summary>Makes the service; the radio is still off.</summary>
        /// <exception cref="OutOfMemoryException">At boot, before anything else runs.</exception>
        public BandRadio(Inbox inbox)
        {
            _inbox = inbox;

            // The first access to the instance empties upstream's table of characteristics, so the access comes first.
            _server = BluetoothLEServer.Instance;
            _server.Session.SessionStatusChanged += OnSession;

            _provider = GattServiceProvider.Create(RadioIds.Service).ServiceProvider;
            _fromBand = _provider.Service.CreateCharacteristic(
                RadioIds.FromBand,
                new GattLocalCharacteristicParameters
                {
                    CharacteristicProperties = GattCharacteristicProperties.Notify,
                }).Characteristic;
            GattLocalCharacteristic toBand = _provider.Service.CreateCharacteristic(
                RadioIds.ToBand,
                new GattLocalCharacteristicParameters
                {
                    CharacteristicProperties = GattCharacteristicProperties.Write
                        | GattCharacteristicProperties.WriteWithoutResponse,
                }).Characteristic;
            toBand.WriteRequested += OnWritten;

            _parameters = new GattServiceProviderAdvertisingParameters
            {
                IsConnectable = true,
                IsDiscoverable = true,
                CustomAdvertisement = true,
            };
            _parameters.Advertisement.Flags = BluetoothLEAdvertisementFlags.GeneralDiscoverableMode
                | BluetoothLEAdvertisementFlags.ClassicNotSupported;
        }

        /// <summary>The stack runs; light sleep would stop it.</summary>
        public bool IsOn { get; private set; }

        /// <inheritdoc/>
        public bool Advertise(byte[] frame)
        {
            bool wasOn = IsOn;
            try
            {
                _parameters.Advertisement.ManufacturerData.Clear();
                _parameters.Advertisement.ManufacturerData.Add(
                    new BluetoothLEManufacturerData(RadioIds.Company, new Buffer(frame ?? new byte[0])));
                if (wasOn)
                {
                    Change();
                }
                else
                {
                    Start();
                }
            }
            catch (Exception)
            {
                _isAdvertising = false;
            }

            if (!wasOn && !_isAdvertising)
            {
                Stop(); // the stack may run without the service: the next attempt begins from the stopped state
            }

            return _isAdvertising;
        }

        /// <inheritdoc/>
        public void Stop()
        {
            if (!IsOn)
            {
                return;
            }

            IsOn = false;
            _isAdvertising = false;

            // StopAdvertising frees memory that the host uses while a link is up, so the host is stopped first. A link
            // may come up at any moment: the order is always the same.
            try
            {
                _server.Stop();
            }
            catch (Exception)
            {
                // The host was not running.
            }

            try
            {
                _provider.StopAdvertising();
            }
            catch (Exception)
            {
                // The first start failed before there was an advertisement.
            }
        }

        /// <inheritdoc/>
        public SendResult Notify(byte[] frame)
        {
            if (!IsOn)
            {
                return SendResult.NotConnected;
            }

            try
            {
                GattClientNotificationResult[] results = _fromBand.NotifyValue(new Buffer(frame));
                for (int i = 0; i < results.Length; i++)
                {
                    // A subscriber whose disconnect was lost may precede the live one in the list.
                    if (results[i].Status == GattCommunicationStatus.Success)
                    {
                        return SendResult.Sent;
                    }
                }

                return results.Length == 0 ? SendResult.NotConnected : SendResult.Busy;
            }
            catch (Exception)
            {
                return SendResult.NotConnected;
            }
        }

        /// <inheritdoc/>
        public void Restart()
        {
            Stop();
            Advertise(null);
        }

        private void Start()
        {
            IsOn = true;
            _provider.StartAdvertising(_parameters);

            // A failed first start leaves the status at Created, a later one at Stopped; Aborted is never set.
            GattServiceProviderAdvertisementStatus status = _provider.AdvertisementStatus;
            _isAdvertising = status == GattServiceProviderAdvertisementStatus.Started
                || status == GattServiceProviderAdvertisementStatus.StartedWithoutAllAdvertisementData;
        }

        private void Change()
        {
            // A second StartAdvertising would build the service again under the running host, so a new publisher
            // changes the data. While advertising is on, its status stays Waiting all the same (docs/not-proven.md);
            // only from off to on does Waiting mean that the stack has refused.
            BluetoothLEAdvertisementPublisher publisher =
                new BluetoothLEAdvertisementPublisher(_parameters.Advertisement);
            publisher.Start();
            _isAdvertising |= publisher.Status == BluetoothLEAdvertisementPublisherStatus.Started;
        }

        // Upstream's event thread.
        private void OnSession(object sender, GattSessionStatusChangedEventArgs e)
        {
            // The stack ends advertising with a connect and begins again after a disconnect, unless it was stopped.
            bool isUp = e.Status == GattSessionStatus.Active;
            _isAdvertising = IsOn && !isUp;
            _inbox.Post(isUp ? EventKind.LinkUp : EventKind.LinkDown, 0, 0, null, 0);
        }

        // Upstream's event thread. Every write is answered before anything else: until then the BLE host stands still,
        // for up to 2 s, also after a write without response.
        private void OnWritten(GattLocalCharacteristic sender, GattWriteRequestedEventArgs e)
        {
            try
            {
                GattWriteRequest request = e.GetRequest();
                if (request.Value.Length != Frame.Size)
                {
                    request.RespondWithProtocolError(GattProtocolError.InvalidAttributeValueLength);
                    return;
                }

                request.Respond();
                DataReader.FromBuffer(request.Value).ReadBytes(_written);
                _inbox.Post(EventKind.FrameIn, 0, 0, _written, Frame.Size);
            }
            catch (Exception)
            {
                // An exception here would end the thread that delivers every event.
            }
        }
    }
}
