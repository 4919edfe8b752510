using ElderBand.BandProtocol;
using ElderBand.HubService.Devices;
using ElderBand.Mqtt;
using ElderBand.Simulation;

namespace ElderBand.Simulator.Swarm;

/// <summary>
/// A hub's line to the service in virtual time: what MQTT over TLS promises and no more. Messages of a connection keep
/// their order in each direction; a message is gone with its connection; PUBACK leaves after the commit (P24).
/// </summary>
public sealed class ServiceLine(ServiceCentre centre, HubDevice hub, string hubId, byte[] password)
    : IVirtualLine, IMqttConnection
{
    private const int ConnectTimeoutMs = 15_000;
    private static readonly (int Min, int Max) NetworkMs = (5, 40);
    private static readonly (int Min, int Max) CommitMs = (2, 10);
    private static readonly (int Min, int Max) HandshakeMs = (300, 1500);

    private readonly InFlight _inFlight = new();
    private int _connection;
    private long _upFreeMs;
    private long _downFreeMs;
    private bool _isConnecting;
    private bool _isDead;
    private HubSession? _session;

    /// <summary>Nothing passes and neither end is told, as when a router loses its upstream.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Added to the time of a TLS handshake, ms.</summary>
    public int SlowHandshakeMs { get; set; }

    private World World => hub.World;

    /// <summary>Cuts the line.</summary>
    public void Cut()
    {
        IsCut = true;
        _isDead = true;
    }

    /// <summary>
    /// Mends the line; a connection from before is gone. The hub is told at once, or has to find out by the silence.
    /// </summary>
    public void Mend(bool isTold)
    {
        if (IsCut)
        {
            IsCut = false;
            if (isTold)
            {
                Reset();
            }
        }
    }

    /// <inheritdoc/>
    public void Connect() => hub.Effect(() =>
    {
        Leave();
        centre.Log?.Invoke($"{hub.Name}: connects");
        _isConnecting = true;
        var connection = _connection;
        var takesMs = World.Draw(HandshakeMs) + SlowHandshakeMs;
        World.At(World.NowMs + takesMs, () =>
        {
            if (connection != _connection)
            {
                return;
            }

            if (IsCut)
            {
                World.At(World.NowMs + Math.Max(0, ConnectTimeoutMs - takesMs), () => Fail(connection));
                return;
            }

            _session = centre.SignIn(hubId, password, this);
            if (_session is null)
            {
                Fail(connection);
                return;
            }

            _isConnecting = false;
            _isDead = false;
            centre.Log?.Invoke($"{hub.Name}: signed in");
            _upFreeMs = _downFreeMs = World.NowMs;
            hub.Raise(EventKind.UplinkUp, 0, 0, null);
        });
    });

    /// <inheritdoc/>
    public void Disconnect() => hub.Effect(() =>
    {
        Leave();
        centre.Log?.Invoke($"{hub.Name}: hangs up");
        hub.Raise(EventKind.UplinkDown, 0, 0, null);
    });

    /// <inheritdoc/>
    public int Publish(UplinkTopic topic, byte[] payload, int count)
    {
        if (_session is null || _inFlight.Take() is not (> 0 and var id))
        {
            return 0;
        }

        var copy = payload.AsSpan(0, count).ToArray();
        var connection = _connection;
        hub.Effect(() => World.At(
            After(ref _upFreeMs) + World.Draw(CommitMs), () => Arrive(connection, TopicNames.Of(topic), copy, id)));
        return id;
    }

    /// <inheritdoc/>
    public void PowerLost() => Leave(isTold: false);

    /// <inheritdoc/>
    public ValueTask<MqttSent> PublishAsync(
        string topic, ReadOnlyMemory<byte> payload, MqttQos qos, CancellationToken cancellationToken = default)
    {
        var which = TopicNames.Down(topic)
            ?? throw new InvalidOperationException($"the service publishes {topic}, which no hub knows");
        var copy = payload.ToArray();
        var connection = _session is null ? -1 : _connection;
        World.At(After(ref _downFreeMs), () =>
        {
            if (connection == _connection && !_isDead)
            {
                hub.Raise(EventKind.Downlink, 0, (int)which, copy);
            }
        });
        return new(MqttSent.Sent);
    }

    /// <inheritdoc/>
    public void Close(string why) => Reset();

    /// <summary>
    /// The service's end has closed the connection, or refuses the one that is being made: the hub is told unless the
    /// line is cut. Over a cut line an attempt ends by its timeout and a connection by the hub's own patience.
    /// </summary>
    internal void Reset()
    {
        if (!IsCut && (_session is not null || _isConnecting))
        {
            Fail(_connection);
        }
    }

    private void Arrive(int connection, string topic, byte[] payload, int id)
    {
        if (connection != _connection || _isDead || _session is null
            || !centre.Receive(_session, topic, payload))
        {
            return;
        }

        World.At(After(ref _downFreeMs), () =>
        {
            if (connection == _connection && !_isDead)
            {
                _inFlight.Done();
                hub.Raise(EventKind.Published, 0, id, null);
            }
        });
    }

    private void Fail(int connection)
    {
        if (connection == _connection)
        {
            centre.Log?.Invoke($"{hub.Name}: {(_session is null ? "an attempt has failed" : "the line is gone")}");
            Leave();
            hub.Raise(EventKind.UplinkDown, 0, 0, null);
        }
    }

    // Without power or over a cut line nobody tells the service: it goes on sending to nobody.
    private void Leave(bool isTold = true)
    {
        _connection++;
        _inFlight.Clear();
        _isConnecting = false;
        if (_session is { } session)
        {
            _session = null;
            if (isTold && !_isDead)
            {
                centre.SignedOut(session, this);
            }
        }
    }

    private long After(ref long freeMs) => freeMs = Math.Max(freeMs, World.NowMs + World.Draw(NetworkMs));
}
