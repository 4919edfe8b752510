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
    /// The hub as a GATT client. Connecting and discovering block for up to 30 s, so one worker thread does both. The
    /// worker stops the scanner before a connect, because a device cannot connect while it scans, and restarts the
    /// scanner after each disconnect, because the last disconnect stops the whole stack while the scanner still says
    /// "started".
    /// </summary>
    public sealed class HubRadio : IHubLink
    {
        /// <summary>Wait after Disconnected, in which the stack's event thread may stop the stack, ms.</summary>
        private const int SettleMs = 200;

        private readonly Inbox _inbox;
        private readonly AutoResetEvent _work = new AutoResetEvent(false);
        private readonly object _gate = new object();
        private readonly Peers _peers;
        private readonly BluetoothLEAdvertisementWatcher _watcher = new BluetoothLEAdvertisementWatcher();
        private readonly byte[] _heard = new byte[Frame.Size];
        private readonly byte[] _notified = new byte[Frame.Size];
        private long _toConnect;
        private bool _restart;
        private bool _scan;

        /// <summary>Makes the radio and its worker; scanning begins with <see cref="Scan"/>.</summary>
        public HubRadio(Inbox inbox, IClock clock)
        {
            _inbox = inbox;
            _peers = new Peers(inbox, clock, _work);
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
            Peer peer = _peers.Find(address);
            if (peer == null || !peer.IsUp)
            {
                return SendResult.NotConnected;
            }

            try
            {
                GattWriteResult result = peer.ToBand.WriteValueWithResult(
                    new Buffer(frame), GattWriteOption.WriteWithoutResponse);
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
            Peer peer = _peers.Find(address);
            if (peer != null)
            {
                peer.MustDrop = true;
                _work.Set();
            }
        }

        /// <inheritdoc/>
        public void Restart()
        {
            lock (_gate)
            {
                _restart = true;
            }

            _work.Set();
        }

        private void Work()
        {
            bool scan = false;
            while (true)
            {
                _work.WaitOne();
                long toConnect;
                bool restart;
                lock (_gate)
                {
                    toConnect = _toConnect;
                    restart = _restart;
                    scan |= _scan || restart;
                    _restart = false;
                    _scan = false;
                }

                if (restart)
                {
                    _peers.FailAll();
                }

                _peers.Tend();
                if (toConnect != 0)
                {
                    StopScanner();
                    Open(toConnect);
                    scan = true;
                }

                bool ended = _peers.TakeEnded();
                if (scan || ended)
                {
                    scan = !RestartScanner(restart, ended);
                }
            }
        }

        /// <summary>
        /// Restarts the scanner when no link is closing, because the end of the last link stops the whole stack. False
        /// where a connect waits, which needs a stopped scanner; the scanner is started after the connect.
        /// </summary>
        private bool RestartScanner(bool restart, bool ended)
        {
            for (int waitedMs = 0; waitedMs < Peers.CloseLimitMs && _peers.IsAnyClosing; waitedMs += Peers.PollMs)
            {
                if (!restart && ConnectWaits())
                {
                    return false;
                }

                Thread.Sleep(Peers.PollMs);
                _peers.Tend();
            }

            if (_peers.TakeEnded() || ended)
            {
                Thread.Sleep(SettleMs);
                _peers.Tend();
            }

            StopScanner();
            if (ConnectWaits())
            {
                return false;
            }

            StartScanner();
            return true;
        }

        private void Open(long address)
        {
            Peer peer = _peers.Claim(address);
            bool found = peer != null && Discover(peer);
            lock (_gate)
            {
                _toConnect = 0;
            }

            if (found && _peers.Up(peer))
            {
                return;
            }

            if (peer != null)
            {
                _peers.Fail(peer);
            }

            _inbox.Post(EventKind.LinkDown, address, 0, null, 0);
        }

        /// <summary>Connects, finds both characteristics, subscribes; false where any of it failed.</summary>
        private bool Discover(Peer peer)
        {
            peer.MustDrop = false; // the request was about the earlier link
            peer.IsAnswered = false;
            try
            {
                // The first query connects; after a failed connect it may say Success and the discovery then throws.
                GattDeviceServicesResult services = peer.Device.GetGattServicesForUuid(RadioIds.Service);
                if (services.Status != GattCommunicationStatus.Success || services.Services.Length != 1)
                {
                    return false;
                }

                if (peer.ToBand == null)
                {
                    GattDeviceService service = services.Services[0];
                    peer.FromBand = service.GetCharacteristicsForUuid(RadioIds.FromBand).Characteristics[0];
                    peer.ToBand = service.GetCharacteristicsForUuid(RadioIds.ToBand).Characteristics[0];
                    peer.FromBand.ValueChanged += OnNotified;
                }

                GattWriteResult subscribed = peer.FromBand.WriteClientCharacteristicConfigurationDescriptorWithResult(
                    GattClientCharacteristicConfigurationDescriptorValue.Notify, GattWriteOption.WriteWithResponse);
                return subscribed.Status == GattCommunicationStatus.Success;
            }
            catch (Exception)
            {
                // Treated like every other failed connect.
                return false;
            }
        }

        private bool ConnectWaits()
        {
            lock (_gate)
            {
                return _toConnect != 0;
            }
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

        private void OnAdvertisement(
            BluetoothLEAdvertisementWatcher sender,
            BluetoothLEAdvertisementReceivedEventArgs e)
        {
            foreach (BluetoothLEManufacturerData section in
                e.Advertisement.GetManufacturerDataByCompanyId(RadioIds.Company))
            {
                int count = section.Data.Length == Frame.Size ? Frame.Size : 0;
                lock (_heard)
                {
                    if (count > 0)
                    {
                        DataReader.FromBuffer(section.Data).ReadBytes(_heard);
                    }

                    long address = (long)e.BluetoothAddress;
                    _inbox.Post(EventKind.Advertisement, address, e.RawSignalStrengthInDBm, _heard, count);
                }
            }
        }
    }
}
