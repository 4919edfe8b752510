using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ElderBand.Mqtt;

namespace ElderBand.Tests.Mqtt;

/// <summary>The client against servers that misbehave, and against certificates that must not pass.</summary>
public class ClientTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static async Task<MqttConnectException> RefusedAsync(
        X509Certificate2 certificate,
        X509Certificate2? ca = null
    )
    {
        int signIns = 0;
        await using var server = new Loopback(certificate);
        server.Endpoint.SignIn = _ =>
        {
            signIns++;
            return new MqttSignIn<Hub>(null);
        };
        var refused = await Should.ThrowAsync<MqttConnectException>(() => server.ConnectAsync(ca: ca));
        refused.Failure.ShouldBe(MqttConnectFailure.TlsRefused);
        signIns.ShouldBe(0, "CONNECT must not be sent");
        return refused;
    }

    [Fact]
    public async Task P27_a_certificate_of_the_pinned_CA_is_accepted_by_name_and_by_address()
    {
        await using var server = new Loopback(Certificates.Server());
        foreach (string host in new[] { "localhost", "127.0.0.1" })
        {
            await using MqttClient client = await MqttClient.ConnectAsync(
                host,
                server.Port,
                Certificates.Ca,
                Loopback.Options(),
                Token
            );
            (await client.PublishAsync("eb1/c/h1/up/a", Bytes(host), MqttQos.AtLeastOnce, Token)).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task P27_a_self_signed_certificate_is_refused() =>
        (await RefusedAsync(Certificates.SelfSigned())).Message.ShouldContain("UntrustedRoot");

    [Fact]
    public async Task P27_a_certificate_for_another_name_is_refused() =>
        (await RefusedAsync(Certificates.Server(name: "centre.example"))).Message.ShouldContain(
            "RemoteCertificateNameMismatch"
        );

    [Fact]
    public async Task P27_an_expired_certificate_is_refused() =>
        (await RefusedAsync(Certificates.Server(daysFromNow: -20, days: 10))).Message.ShouldContain("NotTimeValid");

    [Fact]
    public async Task P27_a_certificate_that_is_not_valid_yet_is_refused() =>
        (await RefusedAsync(Certificates.Server(daysFromNow: 2, days: 10))).Message.ShouldContain("NotTimeValid");

    [Fact]
    public async Task P27_a_certificate_of_an_unknown_CA_is_refused() =>
        (await RefusedAsync(Certificates.Server(Certificates.OtherCa))).Message.ShouldContain(
            "RemoteCertificateChainErrors"
        );

    [Fact]
    public async Task P27_the_CA_of_another_house_does_not_vouch_for_ours() =>
        (await RefusedAsync(Certificates.Server(), Certificates.OtherCa)).Message.ShouldContain(
            "RemoteCertificateChainErrors"
        );

    [Fact]
    public async Task P27_TLS_1_1_is_neither_offered_nor_taken()
    {
        // ServerHello of TLS 1.1: record, handshake type 2, version 0x0302, 32 random bytes, no session, a cipher, no
        // compression.
        byte[] serverHello =
        [
            0x16,
            0x03,
            0x02,
            0x00,
            0x2a,
            0x02,
            0x00,
            0x00,
            0x26,
            0x03,
            0x02,
            .. Enumerable.Repeat((byte)0x5a, 32),
            0x00,
            0xc0,
            0x13,
            0x00,
        ];
        (MqttConnectException refused, byte[] seen) = await AgainstAsync(serverHello);
        refused.Failure.ShouldBe(MqttConnectFailure.TlsRefused);

        // supported_versions with two entries
        int at = seen.AsSpan().IndexOf(new byte[] { 0x00, 0x2b, 0x00, 0x05, 0x04 });
        at.ShouldBeGreaterThan(0);
        seen[(at + 5)..(at + 9)].ShouldBe(new byte[] { 0x03, 0x04, 0x03, 0x03 });
    }

    [Fact]
    public async Task P27_nothing_is_sent_in_clear_to_a_server_without_TLS()
    {
        (MqttConnectException refused, byte[] seen) = await AgainstAsync([
            0x20,
            0x02,
            0x00,
            0x00,
            0xd0,
            0x00,
            0xd0,
            0x00,
        ]);
        refused.Failure.ShouldBe(MqttConnectFailure.TlsRefused);
        seen[0].ShouldBe((byte)0x16);
        Encoding.Latin1.GetString(seen).ShouldNotContain("secret");
        Encoding.Latin1.GetString(seen).ShouldNotContain("MQTT");
    }

    [Fact]
    public async Task A_server_that_never_answers_TLS_is_a_timeout()
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        (MqttConnectException refused, _) = await AgainstAsync([], connectTimeoutMs: 300);
        refused.Failure.ShouldBe(MqttConnectFailure.Timeout);
        clock.ElapsedMilliseconds.ShouldBeLessThan(3_000);
    }

    [Fact]
    public async Task A_port_where_nobody_listens_is_unreachable_and_says_which()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        var refused = await Should.ThrowAsync<MqttConnectException>(() =>
            MqttClient.ConnectAsync("127.0.0.1", port, Certificates.Ca, Loopback.Options(), Token)
        );
        refused.Failure.ShouldBe(MqttConnectFailure.Unreachable);
        refused.Message.ShouldContain($"127.0.0.1:{port}");
    }

    [Fact]
    public async Task Cancelling_a_connect_is_a_cancellation_and_not_a_fault()
    {
        using var cancel = new CancellationTokenSource(200);
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await Should.ThrowAsync<OperationCanceledException>(() =>
            MqttClient.ConnectAsync(
                "127.0.0.1",
                ((IPEndPoint)listener.LocalEndpoint).Port,
                Certificates.Ca,
                Loopback.Options(),
                cancel.Token
            )
        );
        listener.Stop();
    }

    [Fact]
    public async Task In_flight_publishes_are_bounded_and_the_next_caller_waits()
    {
        (RawPeer server, MqttClient client) = await RawPeer.ServeAsync(Loopback.Options() with { MaxInFlight = 3 });
        Task<bool>[] publishes =
        [
            .. Enumerable.Range(1, 5).Select(i => client.PublishAsync("t", Bytes($"{i}"), MqttQos.AtLeastOnce, Token)),
        ];
        for (ushort id = 1; id <= 3; id++)
        {
            (await server.ReceiveAsync()).ShouldBeOfType<PublishPacket>().PacketId.ShouldBe(id);
        }
        Task<MqttPacket?> fourth = server.ReceiveAsync();
        await Task.Delay(100, Token);
        fourth.IsCompleted.ShouldBeFalse();

        await server.SendAsync(new AckPacket(MqttPacketType.PubAck, 2)); // P26: out of order
        (await publishes[1]).ShouldBeTrue();
        (await fourth).ShouldBeOfType<PublishPacket>().PacketId.ShouldBe((ushort)4);
        foreach (ushort id in new ushort[] { 4, 1, 3 })
        {
            await server.SendAsync(new AckPacket(MqttPacketType.PubAck, id));
        }
        ushort last = (await server.ReceiveAsync()).ShouldBeOfType<PublishPacket>().PacketId;
        await server.SendAsync(new AckPacket(MqttPacketType.PubAck, last));
        (await Task.WhenAll(publishes)).ShouldAllBe(acknowledged => acknowledged);
        await EndAsync(server, client);
    }

    [Fact]
    public async Task P26_a_late_PUBACK_of_an_abandoned_publish_answers_no_other()
    {
        (RawPeer server, MqttClient client) = await RawPeer.ServeAsync(Loopback.Options() with { MaxInFlight = 2 });
        using var cancel = new CancellationTokenSource();
        Task<bool> abandoned = client.PublishAsync("t", Bytes("1"), MqttQos.AtLeastOnce, cancel.Token);
        (await server.ReceiveAsync()).ShouldBeOfType<PublishPacket>().PacketId.ShouldBe((ushort)1);
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => abandoned);

        Task<bool> second = client.PublishAsync("t", Bytes("2"), MqttQos.AtLeastOnce, Token);
        (await server.ReceiveAsync()).ShouldBeOfType<PublishPacket>().PacketId.ShouldBe((ushort)2);
        // waits: the abandoned one keeps its place
        Task<bool> third = client.PublishAsync("t", Bytes("3"), MqttQos.AtLeastOnce, Token);
        await server.SendAsync(new AckPacket(MqttPacketType.PubAck, 1));
        (await server.ReceiveAsync()).ShouldBeOfType<PublishPacket>().PacketId.ShouldBe((ushort)3);
        second.IsCompleted.ShouldBeFalse();

        foreach (ushort id in new ushort[] { 1, 999, 2, 2, 3 }) // doubled, unknown, right, doubled, right
        {
            await server.SendAsync(new AckPacket(MqttPacketType.PubAck, id));
        }
        (await second).ShouldBeTrue();
        (await third).ShouldBeTrue();
        await EndAsync(server, client);
    }

    [Fact]
    public async Task Packet_ids_go_round_and_skip_those_that_wait()
    {
        (RawPeer server, MqttClient client) = await RawPeer.ServeAsync(Loopback.Options() with { MaxInFlight = 2 });
        Task<bool> waiting = client.PublishAsync("t", default, MqttQos.AtLeastOnce, Token);
        (await server.ReceiveAsync()).ShouldBeOfType<PublishPacket>().PacketId.ShouldBe((ushort)1);
        for (int i = 2; i <= 65_536; i++)
        {
            Task<bool> publish = client.PublishAsync("t", default, MqttQos.AtLeastOnce, Token);
            ushort id = (await server.ReceiveAsync()).ShouldBeOfType<PublishPacket>().PacketId;
            id.ShouldBe((ushort)(i <= 65_535 ? i : 2));
            await server.SendAsync(new AckPacket(MqttPacketType.PubAck, id));
            (await publish).ShouldBeTrue();
        }
        waiting.IsCompleted.ShouldBeFalse();
        await server.SendAsync(new AckPacket(MqttPacketType.PubAck, 1));
        (await waiting).ShouldBeTrue();
        await EndAsync(server, client);
    }

    [Fact]
    public async Task Who_waits_for_a_PUBACK_or_a_place_learns_of_the_end()
    {
        (RawPeer server, MqttClient client) = await RawPeer.ServeAsync(Loopback.Options() with { MaxInFlight = 1 });
        Task<bool> unanswered = client.PublishAsync("t", default, MqttQos.AtLeastOnce, Token);
        Task<bool> queued = client.PublishAsync("t", default, MqttQos.AtLeastOnce, Token);
        Task<bool> subscription = client.SubscribeAsync("t", MqttQos.AtLeastOnce, Token);
        await server.DisposeAsync();

        (await unanswered).ShouldBeFalse();
        (await queued).ShouldBeFalse();
        (await subscription).ShouldBeFalse();
        (await client.Closed).Reason.ShouldBe(MqttCloseReason.ConnectionLost);
        (await client.PublishAsync("t", default, MqttQos.AtLeastOnce, Token)).ShouldBeFalse();
        (await client.PublishAsync("t", default, MqttQos.AtMostOnce, Token)).ShouldBeFalse();
        (await client.SubscribeAsync("t", MqttQos.AtMostOnce, Token)).ShouldBeFalse();
        await client.DisposeAsync();
    }

    [Fact]
    public async Task A_publish_that_could_not_be_sent_is_an_error_of_the_caller_and_takes_no_place()
    {
        (RawPeer server, MqttClient client) = await RawPeer.ServeAsync(Loopback.Options() with { MaxInFlight = 1 });
        await Should.ThrowAsync<ArgumentException>(() =>
            client.PublishAsync("a/#", default, MqttQos.AtLeastOnce, Token)
        );
        await Should.ThrowAsync<ArgumentException>(() =>
            client.PublishAsync("a", new byte[65_536], MqttQos.AtLeastOnce, Token)
        );
        await Should.ThrowAsync<ArgumentException>(() => client.PublishAsync("a", default, MqttQos.ExactlyOnce, Token));
        await Should.ThrowAsync<ArgumentException>(() => client.PublishAsync("", default, MqttQos.AtMostOnce, Token));
        await Should.ThrowAsync<ArgumentException>(() => client.SubscribeAsync("a#", MqttQos.AtLeastOnce, Token));
        Task<bool> good = client.PublishAsync("a", default, MqttQos.AtLeastOnce, Token);
        await server.SendAsync(
            new AckPacket(MqttPacketType.PubAck, (await server.ReceiveAsync()).ShouldBeOfType<PublishPacket>().PacketId)
        );
        (await good).ShouldBeTrue();
        await EndAsync(server, client);
    }

    [Theory]
    [InlineData("00", false)]
    [InlineData("01", true)]
    [InlineData("80", false)]
    public async Task A_subscription_is_granted_only_at_the_code_of_a_grant(string code, bool asked)
    {
        (RawPeer server, MqttClient client) = await RawPeer.ServeAsync(Loopback.Options());
        Task<bool> subscribing = client.SubscribeAsync("t", asked ? MqttQos.AtLeastOnce : MqttQos.AtMostOnce, Token);
        ushort id = (await server.ReceiveAsync()).ShouldBeOfType<SubscribePacket>().PacketId;
        await server.SendAsync(new AckPacket(MqttPacketType.PubAck, id)); // the wrong kind of answer changes nothing
        await server.SendAsync(new SubAckPacket(id, Convert.FromHexString(code)));
        (await subscribing).ShouldBe(code != "80");
        await EndAsync(server, client);
    }

    [Fact]
    public async Task A_message_is_acknowledged_after_its_callback_and_QoS_0_is_not()
    {
        var got = new List<string>();
        (RawPeer server, MqttClient client) = await RawPeer.ServeAsync(
            Loopback.Options() with
            {
                MessageReceived = (topic, payload) => got.Add($"{topic} {Encoding.UTF8.GetString(payload.Span)}"),
            }
        );
        await server.SendAsync(new PublishPacket("a", Bytes("0")));
        await server.SendAsync(new PublishPacket("b", Bytes("1")) { Qos = MqttQos.AtLeastOnce, PacketId = 77 });
        (await server.ReceiveAsync()).ShouldBe(new AckPacket(MqttPacketType.PubAck, 77));
        got.ShouldBe(["a 0", "b 1"]);
        await EndAsync(server, client);
    }

    [Fact]
    public async Task A_callback_that_throws_ends_the_connection_without_a_PUBACK()
    {
        (RawPeer server, MqttClient client) = await RawPeer.ServeAsync(
            Loopback.Options() with
            {
                MessageReceived = (_, _) => throw new InvalidOperationException("outbox full"),
            }
        );
        await server.SendAsync(new PublishPacket("b", default) { Qos = MqttQos.AtLeastOnce, PacketId = 1 });
        (await client.Closed).ShouldBe(new MqttDisconnect(MqttCloseReason.CallbackFailed, "outbox full"));
        (await server.ReceiveAsync()).ShouldBeNull();
        await client.DisposeAsync();
    }

    [Theory]
    [InlineData("10 0c 00 04 'MQTT' 04 02 00 3c 00 00", MqttCloseReason.ProtocolError)]
    [InlineData("20 02 00 00", MqttCloseReason.ProtocolError)]
    [InlineData("82 06 00 01 00 01 'a' 00", MqttCloseReason.ProtocolError)]
    [InlineData("c0 00", MqttCloseReason.ProtocolError)]
    [InlineData("e0 00", MqttCloseReason.ProtocolError)]
    [InlineData("30 ff ff ff 7f", MqttCloseReason.ProtocolError)]
    [InlineData("34 05 00 01 't' 00 01", MqttCloseReason.Unsupported)]
    public async Task A_packet_that_must_not_come_from_a_server_ends_the_connection(
        string bytes,
        MqttCloseReason reason
    )
    {
        (RawPeer server, MqttClient client) = await RawPeer.ServeAsync(Loopback.Options());
        await server.SendAsync(new Vector("", "", bytes, null, null, false).ToBytes());
        (await client.Closed).Reason.ShouldBe(reason);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Pings_keep_a_silent_connection_and_a_server_that_does_not_answer_them_is_dead()
    {
        (RawPeer server, MqttClient client) = await RawPeer.ServeAsync(
            Loopback.Options() with
            {
                KeepAliveS = 1,
                PingTimeoutMs = 300,
            }
        );
        for (int i = 0; i < 2; i++)
        {
            (await server.ReceiveAsync()).ShouldBe(new EmptyPacket(MqttPacketType.PingReq));
            await server.SendAsync(new EmptyPacket(MqttPacketType.PingResp));
        }
        client.Closed.IsCompleted.ShouldBeFalse();
        (await server.ReceiveAsync()).ShouldBe(new EmptyPacket(MqttPacketType.PingReq));
        (await client.Closed).Reason.ShouldBe(MqttCloseReason.KeepAliveTimeout);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task P28_half_a_packet_from_the_server_ends_the_connection()
    {
        (RawPeer server, MqttClient client) = await RawPeer.ServeAsync(
            Loopback.Options() with
            {
                TransferTimeoutMs = 200,
            }
        );
        await server.SendAsync(new byte[] { 0x30, 0x05, 0x00 });
        (await client.Closed.WaitAsync(TimeSpan.FromSeconds(5), Token)).Reason.ShouldBe(MqttCloseReason.PacketTimeout);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task A_server_that_takes_no_bytes_ends_the_connection()
    {
        (RawPeer server, MqttClient client) = await RawPeer.ServeAsync(
            Loopback.Options() with
            {
                TransferTimeoutMs = 200,
                KeepAliveS = 0,
            }
        );
        while (await client.PublishAsync("t", new byte[60_000], MqttQos.AtMostOnce, Token))
        {
            // until its queue is full, and then until the client gives up on the server
        }
        (await client.Closed).Reason.ShouldBe(MqttCloseReason.WriteTimeout);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Disposing_says_DISCONNECT_after_everything_that_was_published()
    {
        await using var server = new Loopback(Certificates.Server());
        MqttClient client = await server.ConnectAsync();
        for (int i = 0; i < 100; i++)
        {
            (await client.PublishAsync("eb1/c/h1/up/a", Bytes($"{i}"), MqttQos.AtMostOnce, Token)).ShouldBeTrue();
        }
        await client.DisposeAsync();
        await client.DisposeAsync();
        (await client.Closed).Reason.ShouldBe(MqttCloseReason.ByUs);
        await Eventually.HoldsAsync(() => !server.Ends.IsEmpty, "the server saw the end");
        server.Ends.ShouldHaveSingleItem().Reason.ShouldBe(MqttCloseReason.ByPeer);
        server.Endpoint.Received.Count.ShouldBe(100);
    }

    private static async Task EndAsync(RawPeer server, MqttClient client)
    {
        Task closing = client.DisposeAsync().AsTask();
        (await server.ReceiveAsync()).ShouldBe(new EmptyPacket(MqttPacketType.Disconnect));
        await server.DisposeAsync();
        await closing;
    }

    /// <summary>
    /// Connects to a server that answers the first bytes with <paramref name="answer"/>; gives the failure and what the
    /// server saw.
    /// </summary>
    private static async Task<(MqttConnectException Failure, byte[] Seen)> AgainstAsync(
        byte[] answer,
        int connectTimeoutMs = 10_000
    )
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Task<byte[]> serving = Task.Run(
            async () =>
            {
                using Socket socket = await listener.AcceptSocketAsync(Token);
                byte[] buffer = new byte[16_384];
                int length = await socket.ReceiveAsync(buffer, Token);
                await socket.SendAsync(answer, Token);
                try
                {
                    int more;
                    while ((more = await socket.ReceiveAsync(buffer.AsMemory(length), Token)) > 0)
                    {
                        length += more;
                    }
                }
                catch (SocketException)
                {
                    // The client went away.
                }
                return buffer[..length];
            },
            Token
        );
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var failure = await Should.ThrowAsync<MqttConnectException>(() =>
            MqttClient.ConnectAsync(
                "localhost",
                port,
                Certificates.Ca,
                Loopback.Options() with
                {
                    ConnectTimeoutMs = connectTimeoutMs,
                },
                Token
            )
        );
        return (failure, await serving);
    }
}
