using System.Diagnostics;
using System.Text;
using ElderBand.Mqtt;

namespace ElderBand.Tests.Mqtt;

/// <summary>Clients that misbehave, applications that fail, and every bound of the endpoint.</summary>
public class EndpointFaultTests
{
    private static readonly MqttServerOptions Impatient = new()
    {
        ConnectTimeoutMs = 400,
        PacketTimeoutMs = 300,
        WriteTimeoutMs = 300,
    };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static PublishPacket Publish(ushort id, string topic = "eb1/c/h1/up/a") =>
        new(topic, Bytes($"{id}")) { Qos = MqttQos.AtLeastOnce, PacketId = id };

    private static async Task EndsAsync(Loopback server, MqttCloseReason reason)
    {
        await Eventually.HoldsAsync(() => !server.Ends.IsEmpty, "the connection ended");
        server.Ends.ShouldHaveSingleItem().Reason.ShouldBe(reason);
    }

    [Fact]
    public async Task P28_a_packet_that_drips_in_does_not_get_more_time()
    {
        await using var server = new Loopback(options: Impatient);
        await using RawPeer peer = await RawPeer.SignInAsync(server);
        byte[] publish = MqttCodec.Encode(Publish(1) with { Payload = new byte[200] }, MqttLimits.Default);
        var clock = Stopwatch.StartNew();
        Task<long> closing = peer.ClosedAsync();
        for (int i = 0; i < publish.Length - 1 && !closing.IsCompleted; i++)
        {
            await peer.SendAsync(publish.AsMemory(i, 1));
            await Task.Delay(50, Token);
        }
        await closing;
        clock.ElapsedMilliseconds.ShouldBeInRange(290, 3_000);
        await EndsAsync(server, MqttCloseReason.PacketTimeout);
    }

    [Fact]
    public async Task P28_every_broken_packet_of_the_vectors_closes_its_connection_at_once_and_no_other()
    {
        await using var server = new Loopback();
        await using MqttClient healthy = await server.ConnectAsync(Loopback.Options("h9"));
        int count = 0;
        foreach (Vector vector in Vector.All.Where(vector => vector.Error is not null))
        {
            await using RawPeer peer =
                vector.Subject == "connect" ? await RawPeer.ConnectAsync(server) : await RawPeer.SignInAsync(server);
            await peer.SendAsync(vector.ToBytes());
            if (vector.Error is nameof(MqttError.UnsupportedProtocolLevel) or nameof(MqttError.EmptyClientId))
            {
                (await peer.ReceiveAsync()).ShouldBeOfType<ConnAckPacket>(vector.ToString());
            }
            (await peer.ClosedAsync()).ShouldBeLessThan(5_000, vector.ToString());
            count++;
        }
        count.ShouldBeGreaterThan(400);
        await Eventually.HoldsAsync(() => server.Ends.Count == count, "all are gone");
        server.Ends.ShouldAllBe(end => end.Reason == MqttCloseReason.ProtocolError);
        (await healthy.PublishAsync("eb1/c/h9/up/a", Bytes("ok"), MqttQos.AtLeastOnce, Token)).ShouldBeTrue();
        server.Server.ConnectionCount.ShouldBe(1);
    }

    [Fact]
    public async Task A_CONNECT_beyond_4_KiB_is_refused_by_its_header()
    {
        await using var server = new Loopback();
        await using RawPeer peer = await RawPeer.ConnectAsync(server);
        await peer.SendAsync(new byte[] { 0x10, 0xff, 0x7f });
        await peer.ClosedAsync();
        server
            .Ends.ShouldHaveSingleItem()
            .ShouldBe(new MqttDisconnect(MqttCloseReason.ProtocolError, MqttError.PacketTooLarge.InWords()));
    }

    [Fact]
    public async Task Silence_of_one_and_a_half_keep_alives_closes_and_a_ping_in_time_does_not()
    {
        await using var server = new Loopback();
        await using RawPeer peer = await RawPeer.SignInAsync(server, keepAliveS: 1);
        var clock = new Stopwatch();
        for (int i = 0; i < 3; i++)
        {
            await Task.Delay(900, Token);
            clock.Restart();
            await peer.SendAsync(new EmptyPacket(MqttPacketType.PingReq));
            (await peer.ReceiveAsync()).ShouldBe(new EmptyPacket(MqttPacketType.PingResp));
        }
        await peer.ClosedAsync();
        clock.ElapsedMilliseconds.ShouldBeInRange(1_490, 4_000);
        await EndsAsync(server, MqttCloseReason.KeepAliveTimeout);
    }

    [Fact]
    public async Task A_client_without_keep_alive_is_held_to_the_longest_silence()
    {
        await using var server = new Loopback(options: new MqttServerOptions { MaxSilenceMs = 300 });
        var clock = Stopwatch.StartNew();
        await using RawPeer peer = await RawPeer.SignInAsync(server, keepAliveS: 0);
        await peer.ClosedAsync();
        clock.ElapsedMilliseconds.ShouldBeInRange(290, 3_000);
        await EndsAsync(server, MqttCloseReason.KeepAliveTimeout);
    }

    public static TheoryData<string, MqttCloseReason> MisplacedPackets =>
        new()
        {
            { "second CONNECT", MqttCloseReason.ProtocolError },
            { "20 02 00 00", MqttCloseReason.ProtocolError },
            { "50 02 00 01", MqttCloseReason.ProtocolError },
            { "62 02 00 01", MqttCloseReason.ProtocolError },
            { "70 02 00 01", MqttCloseReason.ProtocolError },
            { "90 03 00 01 00", MqttCloseReason.ProtocolError },
            { "b0 02 00 01", MqttCloseReason.ProtocolError },
            { "d0 00", MqttCloseReason.ProtocolError },
            { "34 11 00 0d 'eb1/c/h1/up/a' 00 01", MqttCloseReason.Unsupported },
            { "30 0f 00 0d 'eb1/c/h2/up/a'", MqttCloseReason.NotAuthorized },
            { "e0 00", MqttCloseReason.ByPeer },
        };

    [Theory]
    [MemberData(nameof(MisplacedPackets))]
    public async Task A_packet_that_must_not_come_ends_the_connection_with_its_reason(
        string bytes,
        MqttCloseReason reason
    )
    {
        await using var server = new Loopback();
        await using RawPeer peer = await RawPeer.SignInAsync(server);
        await peer.SendAsync(
            bytes == "second CONNECT"
                ? MqttCodec.Encode(RawPeer.Connect("h1"), MqttLimits.Default)
                : new Vector("", "", bytes, null, null, false).ToBytes()
        );
        await peer.ClosedAsync();
        await EndsAsync(server, reason);
        server.Endpoint.Events.ShouldBe([("h1", "connected"), ("h1", reason.ToString())]);
        server.Endpoint.Received.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("30 0f 00 0d 'eb1/c/h1/up/a'")]
    [InlineData("82 06 00 01 00 01 'a' 00")]
    [InlineData("c0 00")]
    [InlineData("e0 00")]
    public async Task The_first_packet_must_be_CONNECT(string bytes)
    {
        await using var server = new Loopback();
        await using RawPeer peer = await RawPeer.ConnectAsync(server);
        await peer.SendAsync(new Vector("", "", bytes, null, null, false).ToBytes());
        await peer.ClosedAsync();
        await EndsAsync(server, MqttCloseReason.ProtocolError);
        server.Endpoint.Events.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("10 10 00 04 'MQTT' 05 02 00 3c 00 00 04 'hub1'", MqttConnectCode.UnacceptableProtocolVersion)]
    [InlineData("10 12 00 06 'MQIsdp' 03 02 00 3c 00 04 'hub1'", MqttConnectCode.UnacceptableProtocolVersion)]
    [InlineData("10 0c 00 04 'MQTT' 04 00 00 3c 00 00", MqttConnectCode.IdentifierRejected)]
    [InlineData("10 0e 00 04 'MQTT' 04 02 00 3c 00 02 'h1'", MqttConnectCode.BadUserNameOrPassword)]
    public async Task A_CONNECT_that_is_refused_is_told_why(string bytes, MqttConnectCode code)
    {
        await using var server = new Loopback();
        await using RawPeer peer = await RawPeer.ConnectAsync(server);
        await peer.SendAsync(new Vector("", "", bytes, null, null, false).ToBytes());
        (await peer.ReceiveAsync()).ShouldBe(new ConnAckPacket(code));
        await peer.ClosedAsync();
        server.Endpoint.Events.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_kept_session_a_will_and_the_retain_flag_are_accepted_without_effect()
    {
        await using var server = new Loopback();
        await using RawPeer peer = await RawPeer.ConnectAsync(server);
        await peer.SendAsync(
            RawPeer.Connect("h1") with
            {
                CleanSession = false,
                Will = new MqttWill("eb1/c/h1/up/will", Bytes("gone"), MqttQos.AtLeastOnce, Retain: true),
            }
        );
        (await peer.ReceiveAsync()).ShouldBe(new ConnAckPacket(MqttConnectCode.Accepted, SessionPresent: false));
        await peer.SendAsync(Publish(7) with { Retain = true, Duplicate = true });
        (await peer.ReceiveAsync()).ShouldBe(new AckPacket(MqttPacketType.PubAck, 7));
        await peer.DisposeAsync();
        await EndsAsync(server, MqttCloseReason.ConnectionLost);
        server.Endpoint.Received.ShouldHaveSingleItem().Topic.ShouldBe("eb1/c/h1/up/a");
    }

    [Fact]
    public async Task An_empty_client_id_gets_a_random_one_so_that_two_of_them_do_not_meet()
    {
        await using var server = new Loopback();
        await using RawPeer one = await RawPeer.ConnectAsync(server);
        await using RawPeer two = await RawPeer.ConnectAsync(server);
        foreach (RawPeer peer in new[] { one, two })
        {
            await peer.SendAsync(RawPeer.Connect("h1") with { ClientId = "" });
            (await peer.ReceiveAsync()).ShouldBe(new ConnAckPacket(MqttConnectCode.Accepted));
        }
        await one.SendAsync(new EmptyPacket(MqttPacketType.PingReq));
        (await one.ReceiveAsync()).ShouldBe(new EmptyPacket(MqttPacketType.PingResp));
        server.Server.ConnectionCount.ShouldBe(2);
    }

    [Fact]
    public async Task Unacknowledged_publishes_are_bounded_and_beyond_the_bound_the_client_is_not_read()
    {
        await using var server = new Loopback(options: new MqttServerOptions { MaxUnacknowledged = 4 });
        var commits = new TaskCompletionSource<bool>[20];
        for (int i = 0; i < commits.Length; i++)
        {
            commits[i] = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        server.Endpoint.Store = text => new ValueTask<bool>(commits[int.Parse(text) - 1].Task);
        await using RawPeer peer = await RawPeer.SignInAsync(server);
        for (ushort id = 1; id <= 20; id++)
        {
            await peer.SendAsync(Publish(id));
        }
        await Eventually.HoldsAsync(() => server.Endpoint.Received.Count == 4, "four are taken");
        await Task.Delay(200, Token);
        server.Endpoint.Received.Count.ShouldBe(4);

        commits[2].SetResult(true); // an alarm that was committed first is acknowledged first
        (await peer.ReceiveAsync()).ShouldBe(new AckPacket(MqttPacketType.PubAck, 3));
        await Eventually.HoldsAsync(() => server.Endpoint.Received.Count == 5, "the place is taken again");
        foreach (TaskCompletionSource<bool> commit in commits)
        {
            commit.TrySetResult(true);
        }
        var acknowledged = new List<int>();
        for (int i = 0; i < 19; i++)
        {
            acknowledged.Add((await peer.ReceiveAsync()).ShouldBeOfType<AckPacket>().PacketId);
        }
        acknowledged.Order().ShouldBe(Enumerable.Range(1, 20).Where(id => id != 3));
        server.Endpoint.Received.Select(message => int.Parse(message.Text)).ShouldBe(Enumerable.Range(1, 20));
    }

    [Fact]
    public async Task P31_a_store_that_takes_longer_than_every_timeout_does_not_close_the_connection()
    {
        await using var server = new Loopback(options: Impatient with { MaxUnacknowledged = 1 });
        var commit = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Endpoint.Store = _ => new ValueTask<bool>(commit.Task);
        await using RawPeer peer = await RawPeer.SignInAsync(server, keepAliveS: 1);
        await peer.SendAsync(Publish(1));
        await peer.SendAsync(Publish(2));
        byte[] third = MqttCodec.Encode(Publish(3), MqttLimits.Default);
        // half a packet that the server does not read yet: not the client's fault
        await peer.SendAsync(third.AsMemory(0, 5));
        await Task.Delay(2_000, Token);
        server.Ends.ShouldBeEmpty();

        commit.SetResult(true);
        await peer.SendAsync(third.AsMemory(5));
        for (ushort id = 1; id <= 3; id++)
        {
            (await peer.ReceiveAsync()).ShouldBe(new AckPacket(MqttPacketType.PubAck, id));
        }
    }

    [Fact]
    public async Task P31_a_publish_that_was_not_stored_gets_no_PUBACK_and_closes_the_connection()
    {
        await using var server = new Loopback();
        server.Endpoint.Store = _ => ValueTask.FromResult(false);
        await using RawPeer peer = await RawPeer.SignInAsync(server);
        await peer.SendAsync(Publish(1));
        await peer.ClosedAsync();
        await EndsAsync(server, MqttCloseReason.NotStored);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_store_that_throws_gets_no_PUBACK_and_closes_the_connection(bool atOnce)
    {
        await using var server = new Loopback();
        server.Endpoint.Store = atOnce
            ? _ => throw new InvalidOperationException("disk full")
            : async _ =>
            {
                await Task.Yield();
                throw new InvalidOperationException("disk full");
            };
        await using RawPeer peer = await RawPeer.SignInAsync(server);
        await peer.SendAsync(Publish(1));
        await peer.ClosedAsync();
        await Eventually.HoldsAsync(() => !server.Ends.IsEmpty, "the connection ended");
        server.Ends.ShouldHaveSingleItem().ShouldBe(new MqttDisconnect(MqttCloseReason.CallbackFailed, "disk full"));
        server.Endpoint.Events.ShouldBe([("h1", "connected"), ("h1", "CallbackFailed")]);
    }

    [Fact]
    public async Task A_sign_in_that_throws_closes_the_connection_without_a_session()
    {
        await using var server = new Loopback();
        server.Endpoint.SignIn = _ => throw new InvalidOperationException("no database");
        await using RawPeer peer = await RawPeer.ConnectAsync(server);
        await peer.SendAsync(RawPeer.Connect("h1"));
        await peer.ClosedAsync();
        await EndsAsync(server, MqttCloseReason.CallbackFailed);
        server.Endpoint.Events.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_sign_in_that_hangs_is_answered_with_server_unavailable()
    {
        await using var server = new Loopback(options: Impatient);
        server.Endpoint.SignInDelay = Task.Delay(Timeout.Infinite, Token);
        await using RawPeer peer = await RawPeer.ConnectAsync(server);
        await peer.SendAsync(RawPeer.Connect("h1"));
        (await peer.ReceiveAsync()).ShouldBe(new ConnAckPacket(MqttConnectCode.ServerUnavailable));
        await peer.ClosedAsync();
        await EndsAsync(server, MqttCloseReason.SignInRefused);
    }

    [Fact]
    public async Task Closing_under_a_lock_does_not_call_back_on_the_same_thread()
    {
        await using var server = new Loopback();
        await using RawPeer peer = await RawPeer.SignInAsync(server);
        int caller = Environment.CurrentManagedThreadId;
        bool sameThread = false;
        server.Endpoint.OnDisconnected = () => sameThread = Environment.CurrentManagedThreadId == caller;
        server.Endpoint.Connections["h1"].Close("revoked");
        bool calledInside = server.Endpoint.Events.Any(one => one.What == "ByUs") && sameThread;
        await EndsAsync(server, MqttCloseReason.ByUs);
        calledInside.ShouldBeFalse();
    }

    [Fact]
    public async Task Subscriptions_are_granted_one_by_one_and_bounded()
    {
        await using var server = new Loopback(options: new MqttServerOptions { MaxSubscriptions = 3 });
        await using RawPeer peer = await RawPeer.SignInAsync(server);
        string[] filters =
        [
            "eb1/c/h1/down/#", // granted
            "eb1/c/h2/down/#", // another hub's
            "eb1/c/h1/+/x", // not a form that is served
            "#",
            "eb1/c/h1/down/a", // granted
            "eb1/c/h1/down/#", // again: replaces
            "eb1/c/h1/x", // granted
            "eb1/c/h1/y", // one too many
        ];
        await peer.SendAsync(
            new SubscribePacket(9, [.. filters.Select(filter => new MqttSubscription(filter, MqttQos.ExactlyOnce))])
        );
        var subAck = (await peer.ReceiveAsync()).ShouldBeOfType<SubAckPacket>();
        subAck.PacketId.ShouldBe((ushort)9);
        subAck.Codes.ToArray().ShouldBe(new byte[] { 1, 0x80, 0x80, 0x80, 1, 1, 1, 0x80 });
        server.Endpoint.Refusals.Select(refusal => refusal.Topic).ShouldBe(["eb1/c/h2/down/#", "eb1/c/h1/+/x", "#"]);
    }

    [Fact]
    public async Task A_publish_to_a_client_ends_as_its_subscription_its_queue_and_its_connection_allow()
    {
        await using var server = new Loopback(options: new MqttServerOptions { MaxQueuedPackets = 4 });
        await using RawPeer peer = await RawPeer.SignInAsync(server);
        MqttServerConnection<Hub> connection = server.Endpoint.Connections["h1"];
        const string Topic = "eb1/c/h1/down/a";

        (await connection.PublishAsync(Topic, default, MqttQos.AtLeastOnce, Token)).ShouldBe(MqttSent.NotSubscribed);
        await peer.SendAsync(new SubscribePacket(1, [new MqttSubscription("eb1/c/h1/down/#", MqttQos.AtLeastOnce)]));
        (await peer.ReceiveAsync()).ShouldBeOfType<SubAckPacket>();
        (await connection.PublishAsync("eb1/c/h1/other", default, MqttQos.AtLeastOnce, Token)).ShouldBe(
            MqttSent.NotSubscribed
        );

        (await connection.PublishAsync(Topic, Bytes("q0"), MqttQos.AtMostOnce, Token)).ShouldBe(MqttSent.Sent);
        (await peer.ReceiveAsync()).ShouldBeOfType<PublishPacket>().Qos.ShouldBe(MqttQos.AtMostOnce);

        Task<MqttSent>[] waiting =
        [
            .. Enumerable
                .Range(0, 4)
                .Select(_ => connection.PublishAsync(Topic, default, MqttQos.AtLeastOnce, Token).AsTask()),
        ];
        (await connection.PublishAsync(Topic, default, MqttQos.AtLeastOnce, Token)).ShouldBe(MqttSent.Full);
        var first = (await peer.ReceiveAsync()).ShouldBeOfType<PublishPacket>();
        await peer.SendAsync(new AckPacket(MqttPacketType.PubAck, 60_000)); // P26: nobody waits for it
        await peer.SendAsync(new AckPacket(MqttPacketType.PubAck, first.PacketId));
        await peer.SendAsync(new AckPacket(MqttPacketType.PubAck, first.PacketId)); // P26: doubled
        (await waiting[0]).ShouldBe(MqttSent.Sent);
        waiting[1].IsCompleted.ShouldBeFalse();

        await peer.SendAsync(new UnsubscribePacket(2, ["eb1/c/h1/down/#"]));
        MqttPacket? answer;
        while ((answer = await peer.ReceiveAsync()) is PublishPacket)
        {
            // those that were sent before
        }
        answer.ShouldBe(new AckPacket(MqttPacketType.UnsubAck, 2));
        (await connection.PublishAsync(Topic, default, MqttQos.AtLeastOnce, Token)).ShouldBe(MqttSent.NotSubscribed);

        connection.Close("the hub's key was revoked");
        await peer.ClosedAsync();
        (await Task.WhenAll(waiting[1..])).ShouldAllBe(sent => sent == MqttSent.Closed);
        (await connection.PublishAsync(Topic, default, MqttQos.AtLeastOnce, Token)).ShouldBe(MqttSent.Closed);
        server
            .Ends.ShouldHaveSingleItem()
            .ShouldBe(new MqttDisconnect(MqttCloseReason.ByUs, "the hub's key was revoked"));
    }

    [Fact]
    public async Task A_publish_to_a_client_that_could_not_be_sent_is_an_error_of_the_caller()
    {
        await using var server = new Loopback();
        await using RawPeer peer = await RawPeer.SignInAsync(server);
        await peer.SendAsync(new SubscribePacket(1, [new MqttSubscription("eb1/c/h1/#", MqttQos.AtLeastOnce)]));
        (await peer.ReceiveAsync()).ShouldBeOfType<SubAckPacket>();
        MqttServerConnection<Hub> connection = server.Endpoint.Connections["h1"];

        await Should.ThrowAsync<ArgumentException>(async () =>
            await connection.PublishAsync("eb1/c/h1/a\n", default, MqttQos.AtLeastOnce, Token)
        );
        await Should.ThrowAsync<ArgumentException>(async () =>
            await connection.PublishAsync("eb1/c/h1/a", new byte[65_536], MqttQos.AtLeastOnce, Token)
        );
        await Should.ThrowAsync<ArgumentException>(async () =>
            await connection.PublishAsync("eb1/c/h1/a", default, MqttQos.ExactlyOnce, Token)
        );
        Task<MqttSent> good = connection.PublishAsync("eb1/c/h1/a", default, MqttQos.AtLeastOnce, Token).AsTask();
        ushort id = (await peer.ReceiveAsync()).ShouldBeOfType<PublishPacket>().PacketId;
        await peer.SendAsync(new AckPacket(MqttPacketType.PubAck, id));
        (await good).ShouldBe(MqttSent.Sent);
    }

    [Fact]
    public async Task A_client_that_takes_no_bytes_fills_its_queue_and_is_closed()
    {
        await using var server = new Loopback(options: Impatient with { MaxQueuedPackets = 8 });
        await using RawPeer peer = await RawPeer.SignInAsync(server);
        await peer.SendAsync(new SubscribePacket(1, [new MqttSubscription("eb1/c/h1/#", MqttQos.AtMostOnce)]));
        (await peer.ReceiveAsync()).ShouldBeOfType<SubAckPacket>();
        MqttServerConnection<Hub> connection = server.Endpoint.Connections["h1"];
        byte[] payload = new byte[60_000];
        var outcomes = new HashSet<MqttSent>();
        var clock = Stopwatch.StartNew();
        while (outcomes.Add(MqttSent.Sent) || !outcomes.Contains(MqttSent.Closed))
        {
            outcomes.Add(await connection.PublishAsync("eb1/c/h1/a", payload, MqttQos.AtMostOnce, Token));
            clock.ElapsedMilliseconds.ShouldBeLessThan(10_000);
        }
        outcomes.ShouldContain(MqttSent.Full);
        await EndsAsync(server, MqttCloseReason.WriteTimeout);
    }

    [Fact]
    public async Task Fifty_connections_with_one_client_id_leave_one_and_are_announced_in_order()
    {
        await using var server = new Loopback();
        // Who is overtaken before its CONNACK never was a client.
        MqttClient?[] tries = await Task.WhenAll(
            Enumerable
                .Range(0, 50)
                .Select(async _ =>
                {
                    try
                    {
                        return await server.ConnectAsync();
                    }
                    catch (MqttConnectException e) when (e.Failure == MqttConnectFailure.Unreachable)
                    {
                        return null;
                    }
                })
        );
        MqttClient[] clients = [.. tries.OfType<MqttClient>()];
        await Eventually.HoldsAsync(() => clients.Count(client => !client.Closed.IsCompleted) == 1, "one is left");
        await Eventually.HoldsAsync(() => server.Server.ConnectionCount == 1, "the server knows one");
        MqttClient last = clients.Single(client => !client.Closed.IsCompleted);
        (await last.PublishAsync("eb1/c/h1/up/a", Bytes("x"), MqttQos.AtLeastOnce, Token)).ShouldBeTrue();

        string[] events = [.. server.Endpoint.Events.Select(one => one.What)];
        for (int i = 0; i < events.Length; i++)
        {
            (events[i] == "connected").ShouldBe(i % 2 == 0, string.Join(' ', events));
        }
        events[^1].ShouldBe("connected");
        foreach (MqttClient client in clients)
        {
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task Stopping_closes_everyone_and_refuses_who_comes_later()
    {
        await using var server = new Loopback();
        MqttClient[] clients = await Task.WhenAll(
            Enumerable.Range(1, 20).Select(i => server.ConnectAsync(Loopback.Options($"h{i}")))
        );
        await server.Server.StopAsync();
        server.Server.ConnectionCount.ShouldBe(0);
        await Task.WhenAll(clients.Select(client => client.Closed));
        (await Should.ThrowAsync<MqttConnectException>(() => server.ConnectAsync())).Failure.ShouldBe(
            MqttConnectFailure.Unreachable
        );
        foreach (MqttClient client in clients)
        {
            await client.DisposeAsync();
        }
    }
}

/// <summary>The waits that a hub really meets; beside the others because it takes its 10 s.</summary>
public class EndpointDefaultsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task P28_with_the_defaults_silence_and_half_packets_are_closed_within_10_s_and_others_are_unaffected()
    {
        await using var server = new Loopback();
        await using MqttClient healthy = await server.ConnectAsync(Loopback.Options("h9"));
        byte[] connect = MqttCodec.Encode(RawPeer.Connect("h2"), MqttLimits.Default);
        byte[] publish = MqttCodec.Encode(new PublishPacket("eb1/c/h1/up/a", "sos"u8.ToArray()), MqttLimits.Default);

        await using RawPeer silent = await RawPeer.ConnectAsync(server);
        await using RawPeer halfHeader = await RawPeer.ConnectAsync(server);
        await using RawPeer halfConnect = await RawPeer.ConnectAsync(server);
        await using RawPeer dripping = await RawPeer.ConnectAsync(server);
        await using RawPeer halfPublish = await RawPeer.SignInAsync(server);
        await halfHeader.SendAsync(connect.AsMemory(0, 1));
        await halfConnect.SendAsync(connect.AsMemory(0, connect.Length / 2));
        await halfPublish.SendAsync(publish.AsMemory(0, publish.Length - 1));

        Task<long>[] closings =
        [
            silent.ClosedAsync(),
            halfHeader.ClosedAsync(),
            halfConnect.ClosedAsync(),
            dripping.ClosedAsync(),
            halfPublish.ClosedAsync(),
        ];
        Task all = Task.WhenAll(closings);
        int drip = 0;
        int published = 0;
        while (!all.IsCompleted)
        {
            if (!closings[3].IsCompleted && drip < connect.Length - 1)
            {
                await dripping.SendAsync(connect.AsMemory(drip++, 1));
            }
            (await healthy.PublishAsync("eb1/c/h9/up/a", "ok"u8.ToArray(), MqttQos.AtLeastOnce, Token)).ShouldBeTrue();
            published++;
            await Task.Delay(500, Token);
        }
        foreach (Task<long> closing in closings)
        {
            (await closing).ShouldBeInRange(5_000, 10_000);
        }
        published.ShouldBeGreaterThan(10);
        server
            .Ends.Select(end => end.Reason)
            .Order()
            .ShouldBe([
                MqttCloseReason.ConnectTimeout,
                MqttCloseReason.PacketTimeout,
                MqttCloseReason.PacketTimeout,
                MqttCloseReason.PacketTimeout,
                MqttCloseReason.PacketTimeout,
            ]);
    }
}
