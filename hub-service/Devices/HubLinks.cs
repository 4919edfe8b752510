using System.Collections.Concurrent;
using ElderBand.BandProtocol;
using ElderBand.Mqtt;

namespace ElderBand.HubService.Devices;

/// <summary>A signed-in hub.</summary>
public sealed record HubSession(string HubId, string CentreId)
{
    /// <summary>Everything it publishes is under here.</summary>
    public string UpPrefix { get; } = $"eb1/{CentreId}/{HubId}/up/";

    /// <summary>Everything it may subscribe to is under here.</summary>
    public string DownPrefix { get; } = $"eb1/{CentreId}/{HubId}/down/";

    /// <summary>Cancelled when the connection that signed in ends.</summary>
    public CancellationToken Ended => _ended.Token;

    private readonly CancellationTokenSource _ended = new();

    /// <summary>Says that the connection has ended.</summary>
    public void End() => _ = _ended.CancelAsync();
}

/// <summary>The connections of signed-in hubs.</summary>
public sealed class HubLinks
{
    private readonly ConcurrentDictionary<string, (HubSession Session, IMqttConnection Connection)> _hubs =
        new(StringComparer.Ordinal);

    /// <summary>Hubs that are connected now.</summary>
    public IReadOnlyCollection<HubSession> Connected => [.. _hubs.Values.Select(static hub => hub.Session)];

    /// <summary>A hub has signed in.</summary>
    public void Add(HubSession session, IMqttConnection connection) =>
        _hubs[session.HubId] = (session, connection);

    /// <summary>A connection is over.</summary>
    public void Remove(HubSession session, IMqttConnection connection) =>
        _hubs.TryRemove(new(session.HubId, (session, connection)));

    /// <summary>Closes the connection of a hub that was revoked.</summary>
    public void Close(string hubId, string why)
    {
        if (_hubs.TryGetValue(hubId, out var hub))
        {
            hub.Connection.Close(why);
        }
    }

    /// <summary>
    /// Publishes at QoS 1 and does not wait: what is lost with a connection is sent again by its owner (the hub repeats
    /// its record, <see cref="Downlink"/> its stage). False where the hub is not connected.
    /// </summary>
    public bool Send(string hubId, string topic, byte[] payload, int count)
    {
        if (!_hubs.TryGetValue(hubId, out var hub))
        {
            return false;
        }
        _ = SendAsync(hub.Connection, hub.Session.DownPrefix + topic, payload.AsMemory(0, count));
        return true;
    }

    /// <summary>Tells a hub which versions of messages this program knows.</summary>
    public void SendHello(string hubId)
    {
        byte[] message = new byte[HubMessage.CentreHelloSize];
        Send(hubId, "hello", message, HubMessage.PutCentreHello(message));
    }

    private static async Task SendAsync(
        IMqttConnection connection, string topic, ReadOnlyMemory<byte> payload)
    {
        try
        {
            await connection.PublishAsync(topic, payload, MqttQos.AtLeastOnce);
        }
        catch (Exception e) when (e is ArgumentException or OperationCanceledException)
        {
            connection.Close(e.Message);
        }
    }
}
