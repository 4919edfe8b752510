using System.IO.Pipelines;
using System.Net;

namespace ElderBand.Mqtt;

/// <summary>Outcome of a publish to a client.</summary>
public enum MqttSent
{
    /// <summary>QoS 1: the client acknowledged. QoS 0: queued.</summary>
    Sent,

    /// <summary>The client has no subscription for this topic.</summary>
    NotSubscribed,

    /// <summary>The client has too many packets waiting.</summary>
    Full,

    /// <summary>The connection ended before the acknowledgement.</summary>
    Closed,
}

/// <summary>One client's connection, as the application publishes to it and closes it.</summary>
public interface IMqttConnection
{
    /// <summary>
    /// Publishes to this client at the smaller of <paramref name="qos"/> (0 or 1) and what it subscribed with. At QoS 1
    /// the task ends with the client's PUBACK; a caller that cancels leaves the packet id taken until then.
    /// </summary>
    /// <exception cref="ArgumentException">Not a topic, larger than the limits, or QoS 2.</exception>
    ValueTask<MqttSent> PublishAsync(
        string topic,
        ReadOnlyMemory<byte> payload,
        MqttQos qos,
        CancellationToken cancellationToken = default
    );

    /// <summary>Closes the connection now, for example because the hub's key was revoked.</summary>
    void Close(string why);
}

/// <summary>
/// One client's connection. Made by <see cref="MqttServer{TSession}.RunAsync"/>; all members may be called from any
/// thread.
/// </summary>
public sealed class MqttServerConnection<TSession> : IMqttConnection
    where TSession : class
{
    private readonly MqttServer<TSession> _server;
    private readonly MqttServerOptions _options;
    private readonly MqttLink _link;
    private readonly MqttPending _pending;
    private readonly SemaphoreSlim _places;
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private MqttSubscription[] _subscriptions = [];
    private int _silenceMs;

    internal MqttServerConnection(MqttServer<TSession> server, IDuplexPipe pipe, EndPoint? remote)
    {
        _server = server;
        _options = server.Options;
        Remote = remote;
        var strangerLimits = _options.Limits with
        {
            MaxPacketBytes = Math.Min(_options.MaxConnectBytes, _options.Limits.MaxPacketBytes),
        };
        _link = new MqttLink(
            pipe,
            strangerLimits,
            _options.MaxQueuedPackets,
            _options.PacketTimeoutMs,
            _options.WriteTimeoutMs
        );
        _pending = new MqttPending(_options.MaxQueuedPackets);
        _places = new SemaphoreSlim(_options.MaxUnacknowledged);
    }

    /// <summary>Where the client connects from, as the transport says.</summary>
    public EndPoint? Remote { get; }

    /// <summary>The client id; empty until the client has said CONNECT.</summary>
    public string ClientId { get; private set; } = "";

    /// <summary>Ends when the connection is over and nothing of it runs any more.</summary>
    internal Task Gone => _gone.Task;

    /// <inheritdoc/>
    public async ValueTask<MqttSent> PublishAsync(
        string topic,
        ReadOnlyMemory<byte> payload,
        MqttQos qos,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((int)qos, (int)MqttQos.AtLeastOnce, nameof(qos));
        if (_link.Lifetime.IsCancellationRequested)
        {
            return MqttSent.Closed;
        }
        if (Granted(topic) is not { } granted)
        {
            return MqttSent.NotSubscribed;
        }
        if (granted == MqttQos.AtMostOnce || qos == MqttQos.AtMostOnce)
        {
            byte[] packet = MqttCodec.Encode(new PublishPacket(topic, payload), _options.Limits);
            return _link.TrySend(packet) ? MqttSent.Sent : NotQueued();
        }

        if (!_pending.TryAdd(MqttPacketType.PubAck, out ushort id, out Task<MqttPacket?> acknowledged))
        {
            return NotQueued();
        }
        bool queued = false;
        try
        {
            var publish = new PublishPacket(topic, payload) { Qos = MqttQos.AtLeastOnce, PacketId = id };
            queued = _link.TrySend(MqttCodec.Encode(publish, _options.Limits));
        }
        finally
        {
            if (!queued)
            {
                _pending.Remove(id);
            }
        }
        if (!queued)
        {
            return NotQueued();
        }
        return await acknowledged.WaitAsync(cancellationToken) is null ? MqttSent.Closed : MqttSent.Sent;
    }

    /// <inheritdoc/>
    public void Close(string why) => _link.Close(MqttCloseReason.ByUs, why);

    internal void TakenOver() => _link.Close(MqttCloseReason.TakenOver, "a newer connection uses this client id");

    internal async Task<MqttDisconnect> RunAsync()
    {
        TSession? session = null;
        bool connected = false;
        try
        {
            session = await SignInAsync();
            if (session is not null)
            {
                connected = true;
                _server.Endpoint.Connected(session, this);
                await ServeAsync(session);
            }
        }
        catch (Exception e)
        {
            _link.End(MqttCloseReason.CallbackFailed, e.Message);
        }

        MqttDisconnect why = await _link.FinishAsync(Task.CompletedTask, 0);
        _pending.End();
        try
        {
            if (connected)
            {
                _server.Endpoint.Disconnected(session!, this, why);
            }
        }
        catch (Exception e)
        {
            why = new MqttDisconnect(MqttCloseReason.CallbackFailed, e.Message);
        }
        _server.Forget(this);
        _gone.TrySetResult();
        return why;
    }

    private async Task<TSession?> SignInAsync()
    {
        MqttPacket? first = await _link.ReceiveAsync(_options.ConnectTimeoutMs, MqttCloseReason.ConnectTimeout);
        if (first is not ConnectPacket connect)
        {
            if (first is not null)
            {
                _link.End(MqttCloseReason.ProtocolError, $"the first packet is {first.Type}, not Connect");
            }
            else if (_link.ProtocolError == MqttError.UnsupportedProtocolLevel)
            {
                Refuse(MqttConnectCode.UnacceptableProtocolVersion);
            }
            else if (_link.ProtocolError == MqttError.EmptyClientId)
            {
                Refuse(MqttConnectCode.IdentifierRejected);
            }
            return null;
        }

        string clientId = connect.ClientId.Length > 0 ? connect.ClientId : $"auto-{Guid.NewGuid():N}";
        var credentials = new MqttCredentials(clientId, connect.UserName, connect.Password, Remote);
        MqttSignIn<TSession> signIn = await AuthenticateAsync(credentials);
        if (signIn.Session is null)
        {
            MqttConnectCode code =
                signIn.Code == MqttConnectCode.Accepted ? MqttConnectCode.NotAuthorized : signIn.Code;
            Refuse(code);
            _link.End(MqttCloseReason.SignInRefused, $"sign-in refused: {code}");
            return null;
        }

        ClientId = clientId;
        await _server.TakeOverAsync(this);
        _silenceMs =
            connect.KeepAliveS == 0
                ? _options.MaxSilenceMs
                : Math.Min(connect.KeepAliveS * 1500, _options.MaxSilenceMs);
        _link.Limits = _options.Limits;
        return _link.TrySend(MqttCodec.Encode(new ConnAckPacket(MqttConnectCode.Accepted), _options.Limits))
            ? signIn.Session
            : null;
    }

    /// <summary>Does not wait longer than the client would: who cannot be asked in time is not there.</summary>
    private async Task<MqttSignIn<TSession>> AuthenticateAsync(MqttCredentials credentials)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_link.Lifetime);
        limit.CancelAfter(_options.ConnectTimeoutMs);
        try
        {
            return await _server.Endpoint.AuthenticateAsync(credentials, limit.Token).AsTask().WaitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return new MqttSignIn<TSession>(null, MqttConnectCode.ServerUnavailable);
        }
    }

    private void Refuse(MqttConnectCode code) =>
        _link.TrySend(MqttCodec.Encode(new ConnAckPacket(code), _options.Limits));

    private async Task ServeAsync(TSession session)
    {
        while (await _link.ReceiveAsync(_silenceMs, MqttCloseReason.KeepAliveTimeout) is { } packet)
        {
            switch (packet)
            {
                case PublishPacket { Qos: MqttQos.ExactlyOnce }:
                    _link.End(MqttCloseReason.Unsupported, "QoS 2 is not served: publish at QoS 1");
                    return;
                case PublishPacket publish when !_server.Endpoint.AuthorizePublish(session, publish.Topic):
                    _server.Endpoint.AccessRefused(session, MqttPacketType.Publish, publish.Topic);
                    _link.End(MqttCloseReason.NotAuthorized, $"may not publish to {publish.Topic}");
                    return;
                case PublishPacket publish:
                    await TakeAsync(session, publish);
                    break;
                case AckPacket { Type: MqttPacketType.PubAck } ack:
                    _pending.Answer(ack.PacketId, ack);
                    break;
                case SubscribePacket subscribe:
                    await SubscribeAsync(session, subscribe);
                    break;
                case UnsubscribePacket unsubscribe:
                    Volatile.Write(
                        ref _subscriptions,
                        Array.FindAll(
                            _subscriptions,
                            held => !unsubscribe.Filters.Contains(held.Filter, StringComparer.Ordinal)
                        )
                    );
                    await _link.SendAsync(Encode(new AckPacket(MqttPacketType.UnsubAck, unsubscribe.PacketId)));
                    break;
                case EmptyPacket { Type: MqttPacketType.PingReq }:
                    await _link.SendAsync(Encode(new EmptyPacket(MqttPacketType.PingResp)));
                    break;
                case EmptyPacket { Type: MqttPacketType.Disconnect }:
                    _link.End(MqttCloseReason.ByPeer, "the client said DISCONNECT");
                    return;
                default:
                    _link.End(MqttCloseReason.ProtocolError, $"{packet.Type} must not come from a client now");
                    return;
            }
        }
    }

    /// <summary>
    /// Hands a publish to the application once there is a place for it; until then nothing more is read.
    /// </summary>
    private async ValueTask TakeAsync(TSession session, PublishPacket publish)
    {
        await _places.WaitAsync(_link.Lifetime);
        ValueTask<bool> storing = _server.Endpoint.PublishReceived(
            session,
            publish.Topic,
            publish.Payload,
            publish.Qos
        );
        _ = AcknowledgeAsync(storing, publish);
    }

    private async Task AcknowledgeAsync(ValueTask<bool> storing, PublishPacket publish)
    {
        try
        {
            if (!await storing)
            {
                _link.Close(MqttCloseReason.NotStored, "a publish was not stored");
            }
            else if (publish.Qos == MqttQos.AtLeastOnce)
            {
                await _link.SendAsync(Encode(new AckPacket(MqttPacketType.PubAck, publish.PacketId)));
            }
        }
        catch (Exception e)
        {
            _link.Close(MqttCloseReason.CallbackFailed, e.Message);
        }
        finally
        {
            _places.Release();
        }
    }

    private async ValueTask SubscribeAsync(TSession session, SubscribePacket subscribe)
    {
        var held = new List<MqttSubscription>(_subscriptions);
        byte[] codes = new byte[subscribe.Subscriptions.Count];
        for (int i = 0; i < codes.Length; i++)
        {
            (string filter, MqttQos asked) = subscribe.Subscriptions[i];
            int known = held.FindIndex(other => other.Filter == filter);
            if (!MqttTopic.IsServed(filter) || !_server.Endpoint.AuthorizeSubscribe(session, filter))
            {
                codes[i] = SubAckPacket.Refused;
                _server.Endpoint.AccessRefused(session, MqttPacketType.Subscribe, filter);
                continue;
            }
            if (known < 0 && held.Count >= _options.MaxSubscriptions)
            {
                codes[i] = SubAckPacket.Refused;
                continue;
            }
            var granted = new MqttSubscription(filter, asked == MqttQos.AtMostOnce ? asked : MqttQos.AtLeastOnce);
            codes[i] = (byte)granted.Qos;
            if (known < 0)
            {
                held.Add(granted);
            }
            else
            {
                held[known] = granted;
            }
        }
        Volatile.Write(ref _subscriptions, [.. held]);
        await _link.SendAsync(Encode(new SubAckPacket(subscribe.PacketId, codes)));
    }

    private MqttQos? Granted(string topic)
    {
        MqttQos? best = null;
        foreach (MqttSubscription held in Volatile.Read(ref _subscriptions))
        {
            if ((best is null || held.Qos > best) && MqttTopic.Matches(held.Filter, topic))
            {
                best = held.Qos;
            }
        }
        return best;
    }

    private MqttSent NotQueued() => _link.Lifetime.IsCancellationRequested ? MqttSent.Closed : MqttSent.Full;

    private byte[] Encode(MqttPacket packet) => MqttCodec.Encode(packet, _options.Limits);
}
