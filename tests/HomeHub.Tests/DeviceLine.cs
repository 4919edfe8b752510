using System.Collections;

// The hub's MQTT code (MqttUplink.cs) is compiled into this project, and these types stand where it looks for the
// device's network and MQTT client. They count the sockets that are open, because on a board nothing else would.

namespace System.Net.NetworkInformation
{
    public sealed class NetworkInterface
    {
        public string IPv4Address { get; } = "192.0.2.7";

        public static NetworkInterface[] GetAllNetworkInterfaces() => [new()];
    }
}

namespace System.Security.Cryptography.X509Certificates
{
    public sealed class X509Certificate(string pem)
    {
        public string Pem { get; } = pem;

        public DateTime GetExpirationDate() => new(2060, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    }
}

namespace System.Device.Wifi
{
    public enum WifiReconnectionKind
    {
        Automatic,
        Manual,
    }
}

namespace nanoFramework.Networking
{
    public static class WifiNetworkHelper
    {
        public static bool ConnectDhcp(
            string ssid,
            string password,
            System.Device.Wifi.WifiReconnectionKind kind,
            bool date,
            int adapter,
            CancellationToken token) => true;
    }
}

namespace nanoFramework.M2Mqtt.Messages
{
    public enum MqttQoSLevel
    {
        AtMostOnce,
        AtLeastOnce,
    }

    public enum MqttReasonCode
    {
        Success,
        NotAuthorized = 135,
    }

    public sealed class MqttMsgPublishEventArgs(string topic, byte[] message) : EventArgs
    {
        public string Topic { get; } = topic;

        public byte[] Message { get; } = message;
    }

    public sealed class MqttMsgPublishedEventArgs(ushort id, bool isPublished) : EventArgs
    {
        public ushort MessageId { get; } = id;

        public bool IsPublished { get; } = isPublished;
    }

    public sealed class MqttMsgSubscribedEventArgs : EventArgs
    {
    }
}

namespace nanoFramework.M2Mqtt
{
    using System.Security.Cryptography.X509Certificates;
    using nanoFramework.M2Mqtt.Messages;

    public enum MqttSslProtocols
    {
        TLSv1_2,
    }

    public enum Fault
    {
        None,
        NoName,
        NoHandshake,
        Refused,
        LostBeforeSubscribe,
    }

    public sealed class MqttSettings
    {
        public int InflightQueueSize { get; set; }

        public bool ValidateServerCertificate { get; set; }
    }

    /// <summary>Upstream's client as far as the hub uses it: Disconnect throws where nothing is connected.</summary>
    public sealed class MqttClient : IDisposable
    {
        private bool _socket;
        private bool _connected;

        public MqttClient(
            string host,
            int port,
            bool secure,
            X509Certificate authority,
            X509Certificate client,
            MqttSslProtocols protocol)
        {
            if (Next == Fault.NoName)
            {
                throw new InvalidOperationException("no address found for the name");
            }

            Last = this;
        }

        public event EventHandler<MqttMsgPublishEventArgs> MqttMsgPublishReceived;

        public event EventHandler<MqttMsgPublishedEventArgs> MqttMsgPublished;

        public event EventHandler<MqttMsgSubscribedEventArgs> MqttMsgSubscribed;

        public event EventHandler ConnectionClosed;

        /// <summary>What the next attempt meets.</summary>
        public static Fault Next { get; set; }

        public static int OpenSockets { get; private set; }

        public static MqttClient Last { get; private set; }

        public MqttSettings Settings { get; } = new();

        public MqttReasonCode Connect(string id, string user, string password, bool clean, ushort keepAliveS)
        {
            _socket = true;
            OpenSockets++;
            if (Next == Fault.NoHandshake)
            {
                throw new InvalidOperationException("handshake");
            }

            _connected = Next != Fault.Refused;
            return _connected ? MqttReasonCode.Success : MqttReasonCode.NotAuthorized;
        }

        public ushort Subscribe(string[] topics, MqttQoSLevel[] levels)
        {
            if (Next == Fault.LostBeforeSubscribe)
            {
                _connected = false;
                throw new InvalidOperationException("connection lost");
            }

            MqttMsgSubscribed?.Invoke(this, new MqttMsgSubscribedEventArgs());
            return 1;
        }

        public ushort Publish(
            string topic, byte[] message, string type, ArrayList properties, MqttQoSLevel level, bool retain) => 1;

        public void Disconnect()
        {
            if (!_connected)
            {
                throw new InvalidOperationException("not connected");
            }

            _connected = false;
        }

        public void Dispose()
        {
            if (_socket)
            {
                _socket = false;
                OpenSockets--;
            }

            ConnectionClosed?.Invoke(this, EventArgs.Empty);
        }

        public void Receive(string topic) =>
            MqttMsgPublishReceived?.Invoke(this, new MqttMsgPublishEventArgs(topic, [1]));

        public void Acknowledge(ushort id) => MqttMsgPublished?.Invoke(this, new MqttMsgPublishedEventArgs(id, true));
    }
}
