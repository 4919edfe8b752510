using System;
using System.Threading;
using ElderBand.BandProtocol;
using ElderBand.Common.Board;
using nanoFramework.Device.Bluetooth;
using nanoFramework.Device.Bluetooth.Advertisement;
using nanoFramework.Device.Bluetooth.GenericAttributeProfile;
using Buffer = nanoFramework.Device.Bluetooth.Buffer;

namespace ElderBand.HomeHub.Board
{
    /// <summary>
    /// The hub as a GATT client. Connecting and discovering block for up to 30 s, so one worker thread does it, and starts
    /// and stops the scanner around it: a device cannot connect while it scans. After each disconnect the scanner is
    /// started anew, because the last disconnect stops the whole stack while the scanner still says "started".
    /// </summary>
    public sealed class HubRadio : IHubLink
    {
        /// <summary>Bands whose services are kept; the controller allows 3 links at once.</summary>
        private const int MaxBands = 8;

        private readonly Inbox _inbox;
        private readonly AutoResetEvent _work = new AutoResetEvent(false);
        private readonly object _gate = new object();
        private readonly Band[] _bands = new Band[MaxBands];
        private readonly BluetoothLEAdvertisementWatcher _watcher = new BluetoothLEAdvertisementWatcher();
        private readonly byte[] _heard = new byte[Frame.Size];
        private readonly byte[] _notified = new byte[Frame.Size];
        private long _toConnect;
        private bool _restart;
        private bool _scan;

        /// <summary>Makes the radio and its worker; it scans when asked.</summary>
        public HubRadio(Inbox inbox)
        {
            _inbox = inbox;
            _watcher.ScanningMode = BluetoothLEScanningMode.Passive;
            _watcher.SignalStrengthFilter.InRangeThresholdInDBm = -127;
            _watcher.Received += OnAdvertisement;
            new Thread(Work).Start();
        }

        /// <inheritdoc/>
        public void Scan()
        {
            lock (_gate)
            {
                _scan = true;
            }

            _work.Set();
        }

        /// <inheritdoc/>
        public SendResult Connect(long address)
        {
            lock (_gate)
            {
                if (_toConnect != 0)
                {
                    return SendResult.Busy;
                }

                _toConnect = address;
            }

            _work.Set();
            return SendResult.Sent;
        }

        /// <inheritdoc/>
        public SendResult Write(long address, byte[] frame)
        {
            Band band = Find(address);
            if (band == null || !band.IsUp)
            {
                return SendResult.NotConnected;
            }

            try
            {
                GattWriteResult result = band.ToBand.WriteValueWithResult(new Buffer(frame), GattWriteOption.WriteWithoutResponse);
                return result.Status == GattCommunicationStatus.Success ? SendResult.Sent : SendResult.Busy;
            }
            catch (Exception)
            {
                return SendResult.NotConnected;
            }
        }

        /// <inheritdoc/>
        public void Disconnect(long address)
        {
            Band band = Find(address);
            if (band != null)
            {
                band.MustDrop = true;
                _work.Set();
            }
        }

        /// <inheritdoc/>
        public void Restart()
        {
            lock (_gate)
            {
                _restart = true;
                _scan = true;
            }

            _work.Set();
        }

        private void Work()
        {
            while (true)
            {
                _work.WaitOne();
                long toConnect;
                bool restart;
                bool scan;
                lock (_gate)
                {
                    toConnect = _toConnect;
                    restart = _restart;
                    scan = _scan;
                    _restart = false;
                    _scan = false;
                }

                for (int i = 0; i < MaxBands; i++)
                {
                    if (restart)
                    {
                        Forget(i);
                    }
                    else if (_bands[i] != null && _bands[i].MustDrop)
                    {
                        Drop(_bands[i]);
                        scan = true;
                    }
                }

                if (toConnect != 0)
                {
                    StopScanner();
                    Open(toConnect);
                    scan = true;
                    lock (_gate)
                    {
                        _toConnect = 0;
                    }
                }

                if (scan)
                {
                    StopScanner();
                    StartScanner();
                }
            }
        }

        private void Open(long address)
        {
            Band band = Find(address) ?? Take(address);
            band.MustDrop = false; // it was about the link before this one
            try
            {
                // The first query connects; after a failed connect it may say Success and the discovery then throws.
                GattDeviceServicesResult services = band.Device.GetGattServicesForUuid(RadioIds.Service);
                if (services.Status == GattCommunicationStatus.Success && services.Services.Length == 1)
                {
                    GattDeviceService service = services.Services[0];
                    if (band.ToBand == null)
                    {
                        band.ToBand = service.GetCharacteristicsForUuid(RadioIds.ToBand).Characteristics[0];
                        band.FromBand = service.GetCharacteristicsForUuid(RadioIds.FromBand).Characteristics[0];
                        band.FromBand.ValueChanged += OnNotified;
                    }

                    GattWriteResult subscribed = band.FromBand.WriteClientCharacteristicConfigurationDescriptorWithResult(
                        GattClientCharacteristicConfigurationDescriptorValue.Notify, GattWriteOption.WriteWithResponse);
                    lock (_gate)
                    {
                        // Under the lock a link that is lost this moment is reported after this, or not at all.
                        if (subscribed.Status == GattCommunicationStatus.Success
                            && band.Device.ConnectionStatus == BluetoothConnectionStatus.Connected)
                        {
                            band.IsUp = true;
                            _inbox.Post(EventKind.LinkUp, address, 0, null, 0);
                            return;
                        }
                    }
                }
            }
            catch (Exception)
            {
                // Treated like every other connect that came to nothing.
            }

            Forget(IndexOf(address));
            _inbox.Post(EventKind.LinkDown, address, 0, null, 0);
        }

        private void StartScanner()
        {
            try
            {
                _watcher.Start();
            }
            catch (Exception)
            {
                // Nothing is heard: the loop's supervision restarts the radio.
            }
        }

        private void StopScanner()
        {
            try
            {
                _watcher.Stop();
            }
            catch (Exception)
            {
                // It was not running.
            }
        }

        private Band Find(long address)
        {
            int index = IndexOf(address);
            return index < 0 ? null : _bands[index];
        }

        private int IndexOf(long address)
        {
            for (int i = 0; i < MaxBands; i++)
            {
                Band band = _bands[i];
                if (band != null && band.Address == address)
                {
                    return i;
                }
            }

            return -1;
        }

        /// <summary>A free place, or that of a band without a link.</summary>
        private Band Take(long address)
        {
            int place = 0;
            for (int i = 0; i < MaxBands; i++)
            {
                if (_bands[i] == null)
                {
                    place = i;
                    break;
                }

                if (!_bands[i].IsUp)
                {
                    place = i;
                }
            }

            Forget(place);
            Band band = new Band(address);
            band.Device.ConnectionStatusChanged += OnConnection;
            _bands[place] = band;
            return band;
        }

        private static void Drop(Band band)
        {
            band.MustDrop = false;
            try
            {
                band.Device.Close();
            }
            catch (Exception)
            {
                // It was gone already.
            }
        }

        private void Forget(int place)
        {
            if (place < 0 || _bands[place] == null)
            {
                return;
            }

            Band band = _bands[place];
            _bands[place] = null;
            band.Device.ConnectionStatusChanged -= OnConnection;
            Down(band);
            try
            {
                band.Device.Dispose();
            }
            catch (Exception)
            {
                // The native side had let go of it.
            }
        }

        private void OnConnection(object sender, EventArgs e)
        {
            BluetoothLEDevice device = (BluetoothLEDevice)sender;
            Band band = Find((long)device.BluetoothAddress);
            if (band == null || device.ConnectionStatus == BluetoothConnectionStatus.Connected)
            {
                return;
            }

            if (Down(band))
            {
                Scan();
            }
        }

        /// <summary>Reports the end of a link, once; false where there was none.</summary>
        private bool Down(Band band)
        {
            lock (_gate)
            {
                if (!band.IsUp)
                {
                    return false;
                }

                band.IsUp = false;
                _inbox.Post(EventKind.LinkDown, band.Address, 0, null, 0);
                return true;
            }
        }

        private void OnNotified(GattCharacteristic sender, GattValueChangedEventArgs e)
        {
            if (e.CharacteristicValue.Length != Frame.Size)
            {
                return;
            }

            lock (_notified)
            {
                DataReader.FromBuffer(e.CharacteristicValue).ReadBytes(_notified);
                _inbox.Post(EventKind.FrameIn, (long)sender.Service.Device.BluetoothAddress, 0, _notified, Frame.Size);
            }
        }

        private void OnAdvertisement(BluetoothLEAdvertisementWatcher sender, BluetoothLEAdvertisementReceivedEventArgs e)
        {
            foreach (BluetoothLEManufacturerData section in e.Advertisement.GetManufacturerDataByCompanyId(RadioIds.Company))
            {
                int count = section.Data.Length == Frame.Size ? Frame.Size : 0;
                lock (_heard)
                {
                    if (count > 0)
                    {
                        DataReader.FromBuffer(section.Data).ReadBytes(_heard);
                    }

                    _inbox.Post(EventKind.Advertisement, (long)e.BluetoothAddress, e.RawSignalStrengthInDBm, _heard, count);
                }
            }
        }

        private sealed class Band
        {
            public readonly long Address;
            public readonly BluetoothLEDevice Device;
            public GattCharacteristic ToBand;
            public GattCharacteristic FromBand;
            public bool IsUp;
            public bool MustDrop;

            public Band(long address)
            {
                Address = address;
                Device = BluetoothLEDevice.FromBluetoothAddress((ulong)address);
            }
        }
    }
}
