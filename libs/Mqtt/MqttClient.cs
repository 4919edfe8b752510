using System.IO.Pipelines;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace ElderBand.Mqtt;

/// <summary>
/// How <see cref="MqttClient"/> signs in and what it may hold; times in milliseconds unless named otherwise.
/// </summary>
public sealed record MqttClientOptions
{
    public required string ClientId { get; init; }

    public string? UserName { get; init; }

    /// <summary>0 to 65,535 bytes; null = none. Needs a user name.</summary>
    public ReadOnlyMemory<byte>? Password { get; init; }

    /// <summary>Seconds; a PINGREQ goes out every three quarters of it. 0 = never.</summary>
    public ushort KeepAliveS { get; init; } = 30;

    /// <summary>Longest wait for a PINGRESP before the connection counts as dead.</summary>
    public int PingTimeoutMs { get; init; } = 10_000;

    /// <summary>For TCP, TLS and CONNACK together.</summary>
    public int ConnectTimeoutMs { get; init; } = 10_000;

    /// <summary>
    /// How long the server may refuse to take bytes, and how long one packet of it may take to arrive.
    /// </summary>
    public int TransferTimeoutMs { get; init; } = 10_000;

    /// <summary>QoS 1 publishes and subscriptions without an answer; the next caller waits.</summary>
    public int MaxInFlight { get; init; } = 64;

    public MqttLimits Limits { get; init; } = MqttLimits.Default;

    /// <summary>
    /// Gets each message, one after the other, before its PUBACK is sent; the payload may be kept. Enqueue and return:
    /// nothing else is read meanwhile. An exception closes the connection.
    /// </summary>
    public Action<string, ReadOnlyMemory<byte>>? MessageReceived { get; init; }
}

/// <summary>What kept a client from connecting.</summary>
public enum MqttConnectFailure
{
    /// <summary>No TCP connection, or it broke.</summary>
    Unreachable,

    /// <summary>
    /// The server's certificate is not one of the pinned CA for this host, or TLS failed (P27). Nothing was sent in
    /// clear.
    /// </summary>
    TlsRefused,

    /// <summary>The server refused the sign-in; see <see cref="MqttConnectException.Code"/>.</summary>
    SignInRefused,

    /// <summary>The server does not speak MQTT 3.1.1.</summary>
    ProtocolError,

    /// <summary>Not done within <see cref="MqttClientOptions.ConnectTimeoutMs"/>.</summary>
    Timeout,
}

/// <summary>Why <see cref="MqttClient"/> could not connect; the message says it in one sentence.</summary>
public sealed class MqttConnectException(MqttConnectFailure failure, string message, Exception? inner = null)
    : Exception(message, inner)
{
    public MqttConnectFailure Failure { get; } = failure;

    /// <summary>The CONNACK's code when the sign-in was refused, otherwise Accepted.</summary>
    public MqttConnectCode Code { get; init; }
}

/// <summary>
/// One MQTT 3.1.1 connection with a clean session, from its CONNACK to its end; it never reconnects, the owner makes a
/// new one. All members may be called from any thread.
/// </summary>
public sealed class MqttClient : IAsyncDisposable
{
    private const int MaxQueuedPackets = 256;
    private const int LingerMs = 500;

    private readonly MqttClientOptions _options;
    private readonly MqttLink _link;
    private readonly MqttPending _pending;
    private readonly SemaphoreSlim _places;
    private readonly TaskCompletionSource _goodbye = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _pong = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private MqttClient(IDuplexPipe pipe, MqttClientOptions options)
    {
        _options = options;
        _link = new MqttLink(
            pipe,
            options.Limits,
            MaxQueuedPackets,
            options.TransferTimeoutMs,
            options.TransferTimeoutMs
        );
        _pending = new MqttPending(ushort.MaxValue - 1);
        _places = new SemaphoreSlim(options.MaxInFlight);
        Closed = Task.FromResult(new MqttDisconnect(MqttCloseReason.ByUs, "not connected yet"));
    }

    /// <summary>Ends once, when the connection is over, with the reason.</summary>
    public Task<MqttDisconnect> Closed { get; private set; }

    /// <summary>
    /// Connects over TLS 1.2 or newer. The server's certificate must be valid today, name <paramref name="host"/> and
    /// come from <paramref name="trustedCa"/>; the machine's own roots do not count.
    /// </summary>
    /// <exception cref="MqttConnectException">Not connected, and why.</exception>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public static async Task<MqttClient> ConnectAsync(
        string host,
        int port,
        X509Certificate2 trustedCa,
        MqttClientOptions options,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(trustedCa);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.ConnectTimeoutMs);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        SslStream? tls = null;
        string? certificateFault = null;
        try
        {
            await socket.ConnectAsync(host, port, limit.Token);
            tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = host,
                    EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                    CertificateChainPolicy = PinnedTo(trustedCa),
                    RemoteCertificateValidationCallback = (_, _, chain, errors) =>
                    {
                        certificateFault = FaultOf(chain, errors);
                        return errors == SslPolicyErrors.None;
                    },
                },
                limit.Token
            );
            return await ConnectAsync(new StreamPipe(tls), options, limit.Token);
        }
        catch (Exception e)
        {
            if (tls is not null)
            {
                await tls.DisposeAsync();
            }
            socket.Dispose();
            switch (e)
            {
                case OperationCanceledException when !cancellationToken.IsCancellationRequested:
                    throw new MqttConnectException(
                        MqttConnectFailure.Timeout,
                        $"{host}:{port} did not answer within {options.ConnectTimeoutMs} ms",
                        e
                    );
                case AuthenticationException:
                    throw new MqttConnectException(
                        MqttConnectFailure.TlsRefused,
                        $"{host}:{port}: {certificateFault ?? (e.InnerException ?? e).Message}",
                        e
                    );
                case SocketException or IOException:
                    throw new MqttConnectException(MqttConnectFailure.Unreachable, $"{host}:{port}: {e.Message}", e);
                default:
                    throw;
            }
        }
    }

    /// <summary>Connects over a pipe that is already as private as it must be; closes it in the end.</summary>
    /// <exception cref="MqttConnectException">Not connected, and why.</exception>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public static async Task<MqttClient> ConnectAsync(
        IDuplexPipe pipe,
        MqttClientOptions options,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        byte[] connect = MqttCodec.Encode(
            new ConnectPacket
            {
                ClientId = options.ClientId,
                UserName = options.UserName,
                Password = options.Password,
                KeepAliveS = options.KeepAliveS,
            },
            options.Limits
        );
        var client = new MqttClient(pipe, options);
        MqttLink link = client._link;
        link.TrySend(connect);

        MqttPacket? answer;
        await using (cancellationToken.Register(() => link.Close(MqttCloseReason.ByUs, "cancelled")))
        {
            answer = await link.ReceiveAsync(options.ConnectTimeoutMs, MqttCloseReason.ConnectTimeout);
        }
        if (answer is ConnAckPacket { Code: MqttConnectCode.Accepted } && !link.Lifetime.IsCancellationRequested)
        {
            client.Closed = client.RunAsync();
            return client;
        }

        MqttDisconnect why = await link.FinishAsync(Task.CompletedTask, 0);
        cancellationToken.ThrowIfCancellationRequested();
        throw answer switch
        {
            ConnAckPacket refusal => new MqttConnectException(
                MqttConnectFailure.SignInRefused,
                $"the server refused the sign-in: {refusal.Code}"
            )
            {
                Code = refusal.Code,
            },
            not null => new MqttConnectException(
                MqttConnectFailure.ProtocolError,
                $"the server answered CONNECT with {answer.Type}"
            ),
            null => new MqttConnectException(
                why.Reason switch
                {
                    MqttCloseReason.ProtocolError => MqttConnectFailure.ProtocolError,
                    MqttCloseReason.ConnectTimeout or MqttCloseReason.PacketTimeout => MqttConnectFailure.Timeout,
                    _ => MqttConnectFailure.Unreachable,
                },
                why.Text
            ),
        };
    }

    /// <summary>
    /// Publishes at QoS 0 or 1. True = acknowledged (QoS 0: queued); false = the connection ended first, see
    /// <see cref="Closed"/>. Waits while <see cref="MqttClientOptions.MaxInFlight"/> are without an answer.
    /// </summary>
    /// <exception cref="ArgumentException">Not a topic, larger than the limits, or QoS 2.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up; the server may have the message
    /// nevertheless.</exception>
    public async Task<bool> PublishAsync(
        string topic,
        ReadOnlyMemory<byte> payload,
        MqttQos qos,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((int)qos, (int)MqttQos.AtLeastOnce, nameof(qos));
        if (qos == MqttQos.AtMostOnce)
        {
            return await _link.SendAsync(Encode(new PublishPacket(topic, payload)));
        }
        MqttPacket? answer = await AskAsync(
            MqttPacketType.PubAck,
            id => new PublishPacket(topic, payload) { Qos = qos, PacketId = id },
            cancellationToken
        );
        return answer is not null;
    }

    /// <summary>Subscribes at QoS 0 or 1. True = granted; false = refused, or the connection ended first.</summary>
    /// <exception cref="ArgumentException">Not a filter, or QoS 2.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up; the subscription may come
    /// nevertheless.</exception>
    public async Task<bool> SubscribeAsync(string filter, MqttQos qos, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((int)qos, (int)MqttQos.AtLeastOnce, nameof(qos));
        MqttPacket? answer = await AskAsync(
            MqttPacketType.SubAck,
            id => new SubscribePacket(id, [new MqttSubscription(filter, qos)]),
            cancellationToken
        );
        return answer is SubAckPacket { Codes.Length: 1 } subAck && subAck.Codes.Span[0] != SubAckPacket.Refused;
    }

    /// <summary>Says DISCONNECT if the connection still stands, and waits until nothing of it runs any more.</summary>
    public async ValueTask DisposeAsync()
    {
        _goodbye.TrySetResult();
        await Closed;
    }

    private async Task<MqttPacket?> AskAsync(
        MqttPacketType answer,
        Func<ushort, MqttPacket> question,
        CancellationToken cancellationToken
    )
    {
        if (!await WaitForPlaceAsync(cancellationToken))
        {
            return null;
        }
        if (!_pending.TryAdd(answer, out ushort id, out Task<MqttPacket?> answered))
        {
            _places.Release();
            return null;
        }
        byte[] packet;
        try
        {
            packet = Encode(question(id));
        }
        catch (ArgumentException)
        {
            _pending.Remove(id);
            _places.Release();
            throw;
        }
        // From here the place belongs to the packet id and is free again with its answer, also if the caller gives up.
        await _link.SendAsync(packet);
        return await answered.WaitAsync(cancellationToken);
    }

    private async ValueTask<bool> WaitForPlaceAsync(CancellationToken cancellationToken)
    {
        if (_places.Wait(0, CancellationToken.None))
        {
            return true;
        }
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _link.Lifetime);
        try
        {
            await _places.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task<MqttDisconnect> RunAsync()
    {
        Task receiving = ReceiveAsync();
        Task pinging = PingAsync();
        await Task.WhenAny(receiving, _goodbye.Task);
        if (!receiving.IsCompleted)
        {
            _link.End(MqttCloseReason.ByUs, "closed by this end");
            await _link.SendAsync(Encode(new EmptyPacket(MqttPacketType.Disconnect)));
        }
        // The server closes after DISCONNECT; closing first could destroy it on its way (unread bytes make TCP reset).
        MqttDisconnect why = await _link.FinishAsync(receiving, LingerMs);
        _pending.End();
        await pinging;
        return why;
    }

    private async Task ReceiveAsync()
    {
        while (await _link.ReceiveAsync(Timeout.Infinite, MqttCloseReason.ConnectionLost) is { } packet)
        {
            switch (packet)
            {
                case PublishPacket { Qos: MqttQos.ExactlyOnce }:
                    _link.End(MqttCloseReason.Unsupported, "the server published at QoS 2, which was not asked for");
                    return;
                case PublishPacket publish:
                    try
                    {
                        _options.MessageReceived?.Invoke(publish.Topic, publish.Payload);
                    }
                    catch (Exception e)
                    {
                        _link.End(MqttCloseReason.CallbackFailed, e.Message);
                        return;
                    }
                    if (publish.Qos == MqttQos.AtLeastOnce)
                    {
                        await _link.SendAsync(Encode(new AckPacket(MqttPacketType.PubAck, publish.PacketId)));
                    }
                    break;
                case AckPacket { Type: MqttPacketType.PubAck } ack:
                    Answer(ack.PacketId, ack);
                    break;
                case SubAckPacket subAck:
                    Answer(subAck.PacketId, subAck);
                    break;
                case EmptyPacket { Type: MqttPacketType.PingResp }:
                    Volatile.Read(ref _pong).TrySetResult();
                    break;
                default:
                    _link.End(MqttCloseReason.ProtocolError, $"{packet.Type} must not come from a server now");
                    return;
            }
        }
    }

    private void Answer(ushort id, MqttPacket answer)
    {
        if (_pending.Answer(id, answer))
        {
            _places.Release();
        }
    }

    /// <summary>Asks regardless of other traffic: publishes alone would not notice a server that only takes.</summary>
    private async Task PingAsync()
    {
        if (_options.KeepAliveS == 0)
        {
            return;
        }
        try
        {
            while (true)
            {
                await Task.Delay(_options.KeepAliveS * 750, _link.Lifetime);
                var pong = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                Volatile.Write(ref _pong, pong);
                await _link.SendAsync(Encode(new EmptyPacket(MqttPacketType.PingReq)));
                await pong.Task.WaitAsync(TimeSpan.FromMilliseconds(_options.PingTimeoutMs), _link.Lifetime);
            }
        }
        catch (TimeoutException)
        {
            _link.Close(MqttCloseReason.KeepAliveTimeout, $"no PINGRESP within {_options.PingTimeoutMs} ms");
        }
        catch (OperationCanceledException)
        {
            // The connection is over.
        }
    }

    private byte[] Encode(MqttPacket packet) => MqttCodec.Encode(packet, _options.Limits);

    private static X509ChainPolicy PinnedTo(X509Certificate2 trustedCa) =>
        new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { trustedCa },
            // The project's own CA publishes no revocation list; a lost key is answered by a new CA and by revoking
            // hubs.
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };

    private static string? FaultOf(X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
        {
            return null;
        }
        IEnumerable<string> statuses = chain?.ChainStatus.Select(status => status.Status.ToString()) ?? [];
        return "the server's certificate was refused: "
            + $"{string.Join(", ", statuses.Prepend(errors.ToString()).Distinct(StringComparer.Ordinal))}";
    }

    private sealed class StreamPipe(Stream stream) : IDuplexPipe
    {
        public PipeReader Input { get; } = PipeReader.Create(stream);

        public PipeWriter Output { get; } = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
    }
}
