using nanoFramework.Device.Bluetooth;
using nanoFramework.Device.Bluetooth.GenericAttributeProfile;

namespace ElderBand.HomeHub.Board
{
    /// <summary>One band as a GATT peer, and the state of its connection on the native side.</summary>
    internal sealed class Peer
    {
        /// <summary>48-bit address.</summary>
        public readonly long Address;

        /// <summary>Upstream's object; it keeps the services once they are discovered.</summary>
        public readonly BluetoothLEDevice Device;

        /// <summary>Written by the hub; null until discovered.</summary>
        public GattCharacteristic ToBand;

        /// <summary>Notified by the band; null until discovered.</summary>
        public GattCharacteristic FromBand;

        /// <summary>Subscribed: frames go both ways.</summary>
        public bool IsUp;

        /// <summary>The loop has requested the end of this link.</summary>
        public bool MustDrop;

        /// <summary>Close was called or a connect failed; the stack has not said Disconnected yet.</summary>
        public bool IsClosing;

        /// <summary>
        /// Discovery failed or the stack restarts: this object is released once its connection has ended.
        /// </summary>
        public bool IsSpent;

        /// <summary>The stack has reported anything since the last attempt to connect.</summary>
        public bool IsAnswered;

        /// <summary>When <see cref="IsClosing"/> became true, ms.</summary>
        public long ClosingSinceMs;

        /// <summary>Makes a peer without a connection.</summary>
        public Peer(long address)
        {
            Address = address;
            Device = BluetoothLEDevice.FromBluetoothAddress((ulong)address);
        }
    }
}
