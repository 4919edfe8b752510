using System;
using System.Net.NetworkInformation;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using ElderBand.BandProtocol;
using ElderBand.Common.Board;
using nanoFramework.M2Mqtt;
using nanoFramework.M2Mqtt.Messages;
using nanoFramework.Networking;
using System.Device.Wifi;

namespace ElderBand.HomeHub.Board
{
    /// <summary>
    /// The line to the centre: Wi-Fi, TLS with the pinned authority, MQTT 3.1.1. One worker thread connects, because
    /// name look-up and handshake block; each attempt has a client of its own, because a client keeps the address that
    /// it looked up first. PUBACK is only reported: what ends a delivery is the centre's receipt.
    /// </summary>
    public sealed class MqttUplink : IUplink
    {
        private const int WifiTimeoutMs = 20_000;
        private const ushort KeepAliveS = 20;
        private const int MaxInFlight = 32;

        private readonly Inbox _inbox;
        private readonly AutoResetEvent _work = new AutoResetEvent(false);
        private readonly string _ssid;
        private readonly string _wifiPassword;
        private readonly string _host;
        private readonly int _port;
        private readonly string _hub;
        private readonly string _password;
        private readonly string _topics;
        private readonly string _authority;
        private MqttClient _client;
        private bool _wanted;

        /// <summary>Reads the addresses and credentials from the provision.</summary>
        /// <param name="inbox">Where events go.</param>
        /// <param name="provision">A provision without a fault.</param>
        public MqttUplink(Inbox inbox, HubProvision provision)
        {
            _inbox = inbox;
            _ssid = provision.Ssid;
            _wifiPassword = provision.WifiPassword;
            _host = provision.Host;
            _port = provision.Port;
            _hub = provision.Hub;
            _password = provision.Password;
            _topics = "eb1/" + provision.Centre + "/" + _hub + "/";
            _authority = provision.Authority;
            new Thread(Work).Start();
        }

        /// <summary>
        /// When a certificate authority ends, ms since 1970; no end where the text is no certificate, because nothing
        /// connects with it.
        /// </summary>
        /// <param name="authority">The certificate, PEM.</param>
        public static long EndOf(string authority)
        {
            try
            {
                DateTime end = new X509Certificate(authority).GetExpirationDate();
                return (end.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMillisecond;
            }
            catch (Exception)
            {
                return long.MaxValue;
            }
        }

        /// <inheritdoc/>
        public void Connect()
        {
            _wanted = true;
            _work.Set();
        }

        /// <inheritdoc/>
        public void Disconnect()
        {
            _wanted = false;
            _work.Set();
        }

        /// <inheritdoc/>
        public int Publish(UplinkTopic topic, byte[] payload, int count)
        {
            MqttClient client = _client;
            if (client == null)
            {
                return 0;
            }

            byte[] message = new byte[count];
            Array.Copy(payload, 0, message, 0, count);
            try
            {
                return client.Publish(_topics + NameOf(topic), message, null, null, MqttQoSLevel.AtLeastOnce, false);
            }
            catch (Exception)
            {
                return 0;
            }
        }

        private static string NameOf(UplinkTopic topic)
        {
            switch (topic)
            {
                case UplinkTopic.Hello:
                    return "up/hello";
                case UplinkTopic.Alarm:
                    return "up/alarm";
                case UplinkTopic.Vitals:
                    return "up/vitals";
                case UplinkTopic.Trace:
                    return "up/trace";
                default:
                    return "up/beat";
            }
        }

        private void Work()
        {
            while (true)
            {
                _work.WaitOne();
                Close();
                if (_wanted && Open())
                {
                    continue;
                }

                Close();
                _inbox.Post(EventKind.UplinkDown, 0, 0, null, 0);
            }
        }

        private bool Open()
        {
            try
            {
                if (!HasAddress())
                {
                    using CancellationTokenSource timeout = new CancellationTokenSource(WifiTimeoutMs);
                    if (!WifiNetworkHelper.ConnectDhcp(
                        _ssid, _wifiPassword, WifiReconnectionKind.Automatic, false, 0, timeout.Token))
                    {
                        return false;
                    }
                }

                X509Certificate authority = new X509Certificate(_authority);
                MqttClient client = new MqttClient(_host, _port, true, authority, null, MqttSslProtocols.TLSv1_2);
                client.Settings.InflightQueueSize = MaxInFlight;
                client.Settings.ValidateServerCertificate = true;
                client.MqttMsgPublishReceived += OnReceived;
                client.MqttMsgPublished += OnPublished;
                client.MqttMsgSubscribed += OnSubscribed;
                client.ConnectionClosed += OnClosed;
                _client = client;
                if (client.Connect(_hub, _hub, _password, true, KeepAliveS) != MqttReasonCode.Success)
                {
                    return false;
                }

                client.Subscribe(new[] { _topics + "down/#" }, new[] { MqttQoSLevel.AtLeastOnce });
                return true;
            }
            catch (Exception)
            {
                return false;
            }
        }

        private void Close()
        {
            MqttClient client = _client;
            _client = null;
            if (client == null)
            {
                return;
            }

            client.ConnectionClosed -= OnClosed;
            try
            {
                client.Disconnect();
            }
            catch (Exception)
            {
                // The line was down already, or never up.
            }

            try
            {
                // Always: nothing else closes the socket and the TLS context of an attempt that failed.
                client.Dispose();
            }
            catch (Exception)
            {
                // Upstream closes as far as it can.
            }
        }

        private static bool HasAddress()
        {
            NetworkInterface[] all = NetworkInterface.GetAllNetworkInterfaces();
            string address = all.Length > 0 ? all[0].IPv4Address : null;
            return address != null && address.Length > 0 && address != "0.0.0.0";
        }

        private void OnSubscribed(object sender, MqttMsgSubscribedEventArgs e)
        {
            if (sender == _client)
            {
                _inbox.Post(EventKind.UplinkUp, 0, 0, null, 0);
            }
        }

        private void OnPublished(object sender, MqttMsgPublishedEventArgs e)
        {
            if (sender != _client)
            {
                return;
            }

            if (e.IsPublished)
            {
                _inbox.Post(EventKind.Published, 0, e.MessageId, null, 0);
            }
            else
            {
                // The client sent the message three times without an answer and gave up, so the line counts as dead
                // even if the client reports it as connected.
                Disconnect();
            }
        }

        private void OnClosed(object sender, EventArgs e)
        {
            if (sender == _client)
            {
                Disconnect();
            }
        }

        private void OnReceived(object sender, MqttMsgPublishEventArgs e)
        {
            if (sender != _client || e.Topic.Length <= _topics.Length)
            {
                return;
            }

            int topic;
            switch (e.Topic.Substring(_topics.Length))
            {
                case "down/hello":
                    topic = (int)UplinkTopic.Hello;
                    break;
                case "down/receipt":
                    topic = (int)UplinkTopic.Receipt;
                    break;
                case "down/band":
                    topic = (int)UplinkTopic.Band;
                    break;
                case "down/bands":
                    topic = (int)UplinkTopic.Bands;
                    break;
                case "down/centre":
                    topic = (int)UplinkTopic.Centre;
                    break;
                case "down/trace":
                    topic = (int)UplinkTopic.Trace;
                    break;
                default:
                    return;
            }

            _inbox.Post(EventKind.Downlink, 0, topic, e.Message, e.Message.Length);
        }
    }
}
