using System.Security.Cryptography.X509Certificates;
using ElderBand.BandProtocol;
using ElderBand.Mqtt;
using ElderBand.Simulation;

namespace ElderBand.Simulator;

/// <summary>Where and as whom a hub signs in.</summary>
/// <param name="Port">MQTT over TLS on this machine.</param>
/// <param name="CentreId">First segment of its topics.</param>
/// <param name="HubId">User name, client id and second segment.</param>
/// <param name="Password">256 random bits as they are sent: the ASCII bytes of their base64 text
/// (docs/service-api.md).</param>
/// <param name="Ca">The one CA that the hub trusts.</param>
public sealed record MqttAccount(int Port, string CentreId, string HubId, byte[] Password, X509Certificate2 Ca);

/// <summary>
/// A hub's line to the centre: real MQTT over TLS on TCP. The client's threads only hand in what they have; the hub's
/// App hears of it as events in its own time.
/// </summary>
public sealed class MqttUplink(Device device, MqttAccount account) : IVirtualLine
{
    private readonly InFlight _inFlight = new();
    private MqttClient? _client;
    private int _attempt;

    /// <summary>Called with topic, payload and the moment (µs) for everything that is handed to the line.</summary>
    public Action<UplinkTopic, byte[], long>? Publishing { get; set; }

    /// <summary>Signed in now.</summary>
    public bool IsUp => _client is not null;

    /// <inheritdoc/>
    public void Connect() => device.Effect(() =>
    {
        Drop();
        var attempt = _attempt;
        _ = ConnectAsync(attempt);
    });

    /// <inheritdoc/>
    public void Disconnect() => device.Effect(() =>
    {
        Drop();
        device.Raise(EventKind.UplinkDown, 0, 0, null);
    });

    /// <inheritdoc/>
    public int Publish(UplinkTopic topic, byte[] payload, int count)
    {
        if (_client is null || _inFlight.Take() is not (> 0 and var id))
        {
            return 0;
        }

        var copy = payload.AsSpan(0, count).ToArray();
        var attempt = _attempt;
        device.Effect(() =>
        {
            if (attempt == _attempt && _client is { } client)
            {
                Publishing?.Invoke(topic, copy, device.World.NowUs);
                _ = PublishAsync(client, attempt, topic, copy, id);
            }
        });
        return id;
    }

    /// <inheritdoc/>
    public void PowerLost() => Drop();

    private void Drop()
    {
        _attempt++;
        _inFlight.Clear();
        if (_client is { } client)
        {
            _client = null;
            _ = DisposeAsync(client);
        }
    }

    private static async Task DisposeAsync(MqttClient client) => await client.DisposeAsync();

    private async Task ConnectAsync(int attempt)
    {
        MqttClient? client = null;
        try
        {
            client = await MqttClient.ConnectAsync("localhost", account.Port, account.Ca, new MqttClientOptions
            {
                ClientId = account.HubId,
                UserName = account.HubId,
                Password = account.Password,
                KeepAliveS = 30,
                MessageReceived = (topic, payload) => Receive(attempt, topic, payload),
            });
            if (!await client.SubscribeAsync($"eb1/{account.CentreId}/{account.HubId}/down/#", MqttQos.AtLeastOnce))
            {
                throw new MqttConnectException(MqttConnectFailure.SignInRefused, "the subscription was refused");
            }
        }
        catch (MqttConnectException e)
        {
            LastFailure = e.Message;
            if (client is not null)
            {
                await client.DisposeAsync();
            }

            device.World.Post(() => Raise(attempt, EventKind.UplinkDown, 0, null));
            return;
        }

        var connected = client;
        device.World.Post(() =>
        {
            if (attempt != _attempt)
            {
                _ = DisposeAsync(connected);
                return;
            }

            _client = connected;
            Raise(attempt, EventKind.UplinkUp, 0, null);
        });
        await connected.Closed;
        device.World.Post(() =>
        {
            if (attempt == _attempt)
            {
                _client = null;
                _inFlight.Clear();
                Raise(attempt, EventKind.UplinkDown, 0, null);
            }
        });
    }

    /// <summary>Why the last attempt failed, in one sentence.</summary>
    public string LastFailure { get; private set; } = "";

    private async Task PublishAsync(MqttClient client, int attempt, UplinkTopic topic, byte[] payload, int id)
    {
        var acknowledged = await client.PublishAsync(
            $"eb1/{account.CentreId}/{account.HubId}/up/{TopicNames.Of(topic)}", payload, MqttQos.AtLeastOnce);
        device.World.Post(() =>
        {
            if (attempt == _attempt)
            {
                _inFlight.Done();
                if (acknowledged)
                {
                    Raise(attempt, EventKind.Published, id, null);
                }
            }
        });
    }

    private void Receive(int attempt, string topic, ReadOnlyMemory<byte> payload)
    {
        if (TopicNames.Down(topic) is { } which)
        {
            var copy = payload.ToArray();
            device.World.Post(() => Raise(attempt, EventKind.Downlink, (int)which, copy));
        }
    }

    private void Raise(int attempt, EventKind kind, int arg, byte[]? data)
    {
        if (attempt == _attempt)
        {
            device.Raise(kind, 0, arg, data);
        }
    }
}
