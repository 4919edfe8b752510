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
    /// The band as a GATT server: one service, one characteristic that notifies, one that is written, and the alarm frame
    /// in the advertisement itself. The service is started once: a second StartAdvertising breaks the native stack, so
    /// what is advertised changes through a new publisher over the same advertisement.
    /// </summary>
    public sealed class BandRadio : IBandLink
    {
        private readonly Inbox _inbox;
        private readonly byte[] _written = new byte[Frame.Size];
        private BluetoothLEAdvertisement _advertisement;
        private GattLocalCharacteristic _fromBand;
        private bool _isAdvertising;

        /// <summary>Makes a radio that is still off.</summary>
        public BandRadio(Inbox inbox)
        {
            _inbox = inbox;
        }

        /// <summary>The stack runs; light sleep would stop it.</summary>
        public bool IsOn
        {
            get { return _advertisement != null; }
        }

        /// <inheritdoc/>
        public bool Advertise(byte[] frame)
        {
            bool isFirst = _advertisement == null;
            try
            {
                GattServiceProviderAdvertisingParameters parameters = null;
                GattServiceProvider provider = null;
                if (isFirst)
                {
                    provider = CreateService();
                    if (provider == null)
                    {
                        Dispose();
                        return false;
                    }

                    parameters = new GattServiceProviderAdvertisingParameters
                    {
                        IsConnectable = true,
                        IsDiscoverable = true,
                        CustomAdvertisement = true,
                    };
                    _advertisement = parameters.Advertisement;
                    _advertisement.Flags = BluetoothLEAdvertisementFlags.GeneralDiscoverableMode
                        | BluetoothLEAdvertisementFlags.ClassicNotSupported;
                }

                _advertisement.ManufacturerData.Clear();
                _advertisement.ManufacturerData.Add(
                    new BluetoothLEManufacturerData(RadioIds.Company, new Buffer(frame ?? new byte[0])));
                if (isFirst)
                {
                    provider.StartAdvertising(parameters);
                    _isAdvertising = provider.AdvertisementStatus != GattServiceProviderAdvertisementStatus.Aborted;
                }
                else
                {
                    // While advertising is on the data changes in place, and the status stays Waiting all the same
                    // (docs/not-proven.md); only from off to on does Waiting mean that the stack has refused.
                    BluetoothLEAdvertisementPublisher publisher = new BluetoothLEAdvertisementPublisher(_advertisement);
                    publisher.Start();
                    _isAdvertising |= publisher.Status == BluetoothLEAdvertisementPublisherStatus.Started;
                }
            }
            catch (Exception)
            {
                _isAdvertising = false;
            }

            if (isFirst && !_isAdvertising)
            {
                Stop(); // a service that never went on the air cannot be advertised by a publisher later
            }

            return _isAdvertising;
        }

        /// <inheritdoc/>
        public void Stop()
        {
            if (_advertisement == null)
            {
                return;
            }

            Dispose();
        }

        /// <inheritdoc/>
        public SendResult Notify(byte[] frame)
        {
            GattLocalCharacteristic characteristic = _fromBand;
            if (characteristic == null)
            {
                return SendResult.NotConnected;
            }

            try
            {
                GattClientNotificationResult[] results = characteristic.NotifyValue(new Buffer(frame));
                if (results == null || results.Length == 0)
                {
                    return SendResult.NotConnected;
                }

                return results[0].Status == GattCommunicationStatus.Success ? SendResult.Sent : SendResult.Busy;
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

        private void Dispose()
        {
            _advertisement = null;
            _fromBand = null;
            _isAdvertising = false;
            try
            {
                BluetoothLEServer.Instance.Session.SessionStatusChanged -= OnSession;
                BluetoothLEServer.Instance.Dispose();
            }
            catch (Exception)
            {
                // It was not running: stopped is what was asked for.
            }
        }

        private GattServiceProvider CreateService()
        {
            GattServiceProviderResult created = GattServiceProvider.Create(RadioIds.Service);
            if (created.Error != BluetoothError.Success)
            {
                return null;
            }

            GattLocalService service = created.ServiceProvider.Service;
            GattLocalCharacteristicResult fromBand = service.CreateCharacteristic(
                RadioIds.FromBand,
                new GattLocalCharacteristicParameters { CharacteristicProperties = GattCharacteristicProperties.Notify });
            GattLocalCharacteristicResult toBand = service.CreateCharacteristic(
                RadioIds.ToBand,
                new GattLocalCharacteristicParameters
                {
                    CharacteristicProperties = GattCharacteristicProperties.Write | GattCharacteristicProperties.WriteWithoutResponse,
                });
            if (fromBand.Error != BluetoothError.Success || toBand.Error != BluetoothError.Success)
            {
                return null;
            }

            toBand.Characteristic.WriteRequested += OnWritten;
            BluetoothLEServer.Instance.Session.SessionStatusChanged += OnSession;
            _fromBand = fromBand.Characteristic;
            return created.ServiceProvider;
        }

        private void OnSession(object sender, GattSessionStatusChangedEventArgs e)
        {
            // The stack ends advertising with a connect and begins it again after a disconnect.
            bool isUp = e.Status == GattSessionStatus.Active;
            _isAdvertising = !isUp;
            _inbox.Post(isUp ? EventKind.LinkUp : EventKind.LinkDown, 0, 0, null, 0);
        }

        private void OnWritten(GattLocalCharacteristic sender, GattWriteRequestedEventArgs e)
        {
            GattWriteRequest request = e.GetRequest();
            if (request.Value.Length != Frame.Size)
            {
                request.RespondWithProtocolError(GattProtocolError.InvalidAttributeValueLength);
                return;
            }

            DataReader.FromBuffer(request.Value).ReadBytes(_written);
            if (request.Option == GattWriteOption.WriteWithResponse)
            {
                request.Respond();
            }

            _inbox.Post(EventKind.FrameIn, 0, 0, _written, Frame.Size);
        }
    }
}
