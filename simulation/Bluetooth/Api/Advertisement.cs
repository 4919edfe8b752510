using System.Collections;
using ElderBand.Simulation.Bluetooth;

namespace nanoFramework.Device.Bluetooth.Advertisement
{
    /// <summary>Company and bytes of a manufacturer section.</summary>
    public class BluetoothLEManufacturerData(ushort companyId, Buffer data)
    {
        /// <summary>Bytes after the company.</summary>
        public Buffer Data { get; set; } = data;

        /// <summary>Bluetooth SIG's number of the company.</summary>
        public ushort CompanyId { get; set; } = companyId;
    }

    /// <summary>Flags and manufacturer sections. 31 bytes hold; a section that does not fit is left out.</summary>
    public class BluetoothLEAdvertisement
    {
        private const int MaxBytes = 31;
        private const byte FlagsType = 1;
        private const byte ManufacturerType = 255;

        /// <summary>Flags; None makes no section.</summary>
        public BluetoothLEAdvertisementFlags Flags { get; set; }

        /// <summary>Sections of <see cref="BluetoothLEManufacturerData"/>.</summary>
        public ArrayList ManufacturerData { get; } = [];

        /// <summary>The sections of one company.</summary>
        public ArrayList GetManufacturerDataByCompanyId(ushort companyId)
        {
            var found = new ArrayList();
            foreach (BluetoothLEManufacturerData section in ManufacturerData)
            {
                if (section.CompanyId == companyId)
                {
                    found.Add(section);
                }
            }

            return found;
        }

        /// <summary>The bytes that fit; <paramref name="fits"/> is false where a section did not.</summary>
        internal byte[] ToBytes(out bool fits)
        {
            var bytes = new List<byte>();
            if (Flags != BluetoothLEAdvertisementFlags.None)
            {
                bytes.AddRange([2, FlagsType, (byte)Flags]);
            }

            fits = true;
            foreach (BluetoothLEManufacturerData section in ManufacturerData)
            {
                var data = section.Data.Data.AsSpan(0, (int)section.Data.Length);
                if (bytes.Count + data.Length + 4 > MaxBytes)
                {
                    fits = false;
                    continue;
                }

                var (low, high) = ((byte)section.CompanyId, (byte)(section.CompanyId >> 8));
                bytes.AddRange([(byte)(data.Length + 3), ManufacturerType, low, high]);
                bytes.AddRange(data);
            }

            return [.. bytes];
        }

        internal static BluetoothLEAdvertisement Parse(byte[] bytes)
        {
            var advertisement = new BluetoothLEAdvertisement();
            for (var at = 0; at + 1 < bytes.Length && bytes[at] > 0; at += bytes[at] + 1)
            {
                var data = bytes.AsSpan(at + 2, bytes[at] - 1);
                if (bytes[at + 1] == FlagsType && data.Length > 0)
                {
                    advertisement.Flags = (BluetoothLEAdvertisementFlags)data[0];
                }
                else if (bytes[at + 1] == ManufacturerType && data.Length >= 2)
                {
                    var company = (ushort)(data[0] | (data[1] << 8));
                    var rest = new Buffer(data[2..].ToArray());
                    advertisement.ManufacturerData.Add(new BluetoothLEManufacturerData(company, rest));
                }
            }

            return advertisement;
        }
    }

    /// <summary>An advertisement that a watcher has received.</summary>
    public class BluetoothLEAdvertisementReceivedEventArgs
    {
        internal BluetoothLEAdvertisementReceivedEventArgs(ulong address, short rssiDbm, byte[] data)
        {
            BluetoothAddress = address;
            RawSignalStrengthInDBm = rssiDbm;
            Advertisement = BluetoothLEAdvertisement.Parse(data);
        }

        /// <summary>The sections.</summary>
        public BluetoothLEAdvertisement Advertisement { get; }

        /// <summary>48 bits.</summary>
        public ulong BluetoothAddress { get; }

        /// <summary>dBm.</summary>
        public short RawSignalStrengthInDBm { get; }
    }

    /// <summary>
    /// Advertises. Over running advertising, the publisher changes the data in place, and its status stays Waiting.
    /// </summary>
    public class BluetoothLEAdvertisementPublisher(BluetoothLEAdvertisement advertisement)
    {
        /// <summary>Started only where advertising went from off to on.</summary>
        public BluetoothLEAdvertisementPublisherStatus Status { get; private set; }

        internal bool DataFits { get; private set; } = true;

        /// <summary>Starts; starts the stack where it does not run as a server.</summary>
        public void Start()
        {
            var host = BluetoothHost.Current;
            if (host.Mode != BluetoothMode.Server)
            {
                BluetoothLEServer.Instance.Start();
            }

            Status = BluetoothLEAdvertisementPublisherStatus.Waiting;
            var data = advertisement.ToBytes(out var fits);
            DataFits = fits;
            if (host.Server.StartLegacyAdvertising(data))
            {
                Status = BluetoothLEAdvertisementPublisherStatus.Started;
            }
        }

        /// <summary>Stops advertising and frees the service context.</summary>
        public void Stop()
        {
            BluetoothHost.Current.Server.StopAdvertising();
            Status = BluetoothLEAdvertisementPublisherStatus.Stopped;
        }
    }
}

namespace nanoFramework.Device.Bluetooth
{
    using nanoFramework.Device.Bluetooth.Advertisement;

    /// <summary>Signal strength below which nothing is reported.</summary>
    public class BluetoothSignalStrengthFilter
    {
        /// <summary>dBm.</summary>
        public short InRangeThresholdInDBm { get; set; } = -127;
    }

    /// <summary>The scanner. Its status is the last request, not the state of the stack.</summary>
    public class BluetoothLEAdvertisementWatcher
    {
        /// <summary>Handler of what was heard.</summary>
        public delegate void BluetoothLEAdvertisementReceivedHandler(
            BluetoothLEAdvertisementWatcher sender, BluetoothLEAdvertisementReceivedEventArgs args);

        /// <summary>Filter by strength.</summary>
        public BluetoothSignalStrengthFilter SignalStrengthFilter { get; set; } = new();

        /// <summary>Passive or active.</summary>
        public BluetoothLEScanningMode ScanningMode { get; set; }

        /// <summary>State after the last request.</summary>
        public BluetoothLEAdvertisementWatcherStatus Status { get; private set; }

        /// <summary>An advertisement of an address that this scan has not reported yet.</summary>
        public event BluetoothLEAdvertisementReceivedHandler? Received;

        /// <summary>Starts the stack where it does not run, and a scan where none runs.</summary>
        public void Start()
        {
            var host = BluetoothHost.Current;
            host.CheckMode(BluetoothMode.Client);
            Status = BluetoothLEAdvertisementWatcherStatus.Started;
            host.Client.StartScan();
            host.Events.Watcher = this;
        }

        /// <summary>Stops the scan, and the whole stack where there is no device.</summary>
        public void Stop()
        {
            var host = BluetoothHost.Current;
            Status = BluetoothLEAdvertisementWatcherStatus.Stopping;
            host.Events.Watcher = null;
            host.Client.StopScan();
            Status = BluetoothLEAdvertisementWatcherStatus.Stopped;
            BluetoothLEDevice.IdleOnLastConnection(host);
        }

        internal void OnReceived(ulong address, short rssiDbm, byte[] data)
        {
            if (rssiDbm >= SignalStrengthFilter.InRangeThresholdInDBm)
            {
                Received?.Invoke(this, new BluetoothLEAdvertisementReceivedEventArgs(address, rssiDbm, data));
            }
        }
    }
}
