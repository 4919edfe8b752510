using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ElderBand.Mqtt;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ElderBand.Tests.Mqtt;

/// <summary>Tests that measure the process as a whole, so that no other may run beside them.</summary>
[CollectionDefinition(nameof(NotParallel), DisableParallelization = true)]
public sealed class NotParallel;

/// <summary>The endpoint where the service runs it: on Kestrel, with TLS.</summary>
[Collection(nameof(NotParallel))]
public class KestrelTests(ITestOutputHelper output)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private sealed class Handler(Host host) : ConnectionHandler
    {
        public override async Task OnConnectedAsync(ConnectionContext connection)
        {
            host.Accepted.Enqueue(connection);
            host.Ends.Enqueue(await host.Server.RunAsync(connection.Transport, connection.RemoteEndPoint));
        }
    }

    private sealed class Host : IAsyncDisposable
    {
        private WebApplication? _app;

        // Made here and not at the first use: two connections that came at once made two servers.
        private Host(MqttServerOptions? options) => Server = new MqttServer<Hub>(Endpoint, options);

        public TestEndpoint Endpoint { get; } = new();
        public MqttServer<Hub> Server { get; }
        public ConcurrentQueue<ConnectionContext> Accepted { get; } = new();
        public ConcurrentQueue<MqttDisconnect> Ends { get; } = new();
        public int Port { get; private set; }

        public static async Task<Host> StartAsync(bool tls, MqttServerOptions? options = null)
        {
            var host = new Host(options);
            WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.Services.AddSingleton(host);
            builder.WebHost.ConfigureKestrel(kestrel =>
                kestrel.Listen(
                    IPAddress.Loopback,
                    0,
                    listen =>
                    {
                        if (tls)
                        {
                            listen.UseHttps(Certificates.Server());
                        }
                        listen.UseConnectionHandler<Handler>();
                    }
                )
            );
            host._app = builder.Build();
            await host._app.StartAsync(Token);
            IServer server = host._app.Services.GetRequiredService<IServer>();
            host.Port = new Uri(server.Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
            return host;
        }

        /// <summary>A bare socket on which a client has signed in as h1, under a client id of its own.</summary>
        public async Task<Socket> SignInAsync()
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(IPAddress.Loopback, Port, Token);
            ConnectPacket connect = RawPeer.Connect("h1") with { ClientId = "" };
            await socket.SendAsync(MqttCodec.Encode(connect, MqttLimits.Default), Token);
            await socket.ReceiveAsync(new byte[4], Token);
            return socket;
        }

        public Task<MqttClient> ConnectAsync(MqttClientOptions options) =>
            MqttClient.ConnectAsync("localhost", Port, Certificates.Ca, options, Token);

        public async ValueTask DisposeAsync()
        {
            await Server.StopAsync();
            await _app!.DisposeAsync();
        }
    }

    [Fact]
    public async Task On_Kestrel_with_TLS_publishes_go_both_ways_and_every_end_is_seen()
    {
        await using Host host = await Host.StartAsync(tls: true);
        var got = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        MqttClient first = await host.ConnectAsync(
            Loopback.Options() with
            {
                MessageReceived = (_, payload) => got.TrySetResult(Encoding.UTF8.GetString(payload.Span)),
            }
        );
        (
            await first.PublishAsync("eb1/c/h1/up/a", Encoding.UTF8.GetBytes("sos"), MqttQos.AtLeastOnce, Token)
        ).ShouldBeTrue();
        (await first.SubscribeAsync("eb1/c/h1/down/#", MqttQos.AtLeastOnce, Token)).ShouldBeTrue();
        (
            await host
                .Endpoint.Connections["h1"]
                .PublishAsync("eb1/c/h1/down/a", Encoding.UTF8.GetBytes("taken"), MqttQos.AtLeastOnce, Token)
        ).ShouldBe(MqttSent.Sent);
        (await got.Task).ShouldBe("taken");

        MqttClient second = await host.ConnectAsync(Loopback.Options());
        (await first.Closed).Reason.ShouldBe(MqttCloseReason.ConnectionLost);
        (await second.PublishAsync("eb1/c/h2/up/a", default, MqttQos.AtLeastOnce, Token)).ShouldBeFalse();
        await second.Closed;

        MqttClient third = await host.ConnectAsync(Loopback.Options());
        await third.DisposeAsync();
        MqttClient fourth = await host.ConnectAsync(Loopback.Options());
        await host.Server.StopAsync();
        await fourth.Closed;
        foreach (MqttClient client in new[] { first, second, fourth })
        {
            await client.DisposeAsync();
        }
        host.Endpoint.Events.Select(one => one.What)
            .ShouldBe([
                "connected",
                "TakenOver",
                "connected",
                "NotAuthorized",
                "connected",
                "ByPeer",
                "connected",
                "ByUs",
            ]);
        host.Server.ConnectionCount.ShouldBe(0);
    }

    [Fact]
    public async Task On_Kestrel_what_a_client_sent_before_it_left_is_still_read()
    {
        await using Host host = await Host.StartAsync(tls: false);
        using (Socket socket = await host.SignInAsync())
        {
            byte[] publish = MqttCodec.Encode(new PublishPacket("eb1/c/h1/up/a", "x"u8.ToArray()), MqttLimits.Default);
            await socket.SendAsync(Enumerable.Repeat(publish, 1_000).SelectMany(bytes => bytes).ToArray(), Token);
            socket.Shutdown(SocketShutdown.Send);
            await Eventually.HoldsAsync(() => !host.Ends.IsEmpty, "the connection ended");
        }
        host.Ends.ShouldHaveSingleItem().Reason.ShouldBe(MqttCloseReason.ConnectionLost);
        host.Endpoint.Received.Count.ShouldBe(1_000);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task On_Kestrel_a_reset_or_an_abort_is_a_lost_connection(bool byHost)
    {
        await using Host host = await Host.StartAsync(tls: false);
        using Socket socket = await host.SignInAsync();
        if (byHost)
        {
            host.Accepted.Single().Abort(new ConnectionAbortedException("the host gives up"));
        }
        else
        {
            socket.LingerState = new LingerOption(true, 0);
            socket.Close();
        }
        await Eventually.HoldsAsync(() => !host.Ends.IsEmpty, "the connection ended");
        host.Ends.ShouldHaveSingleItem().Reason.ShouldBe(MqttCloseReason.ConnectionLost);
    }

    [Theory]
    [InlineData(64 * 1024, 32 * 1024)]
    [InlineData(32 * 1024, (32 * 1024) - 1)]
    public async Task P28_two_hundred_half_packets_keep_less_than_64_KiB_each(int packetBytes, int sentBytes)
    {
        var limits = new MqttLimits { MaxPacketBytes = packetBytes };
        await using Host host = await Host.StartAsync(
            tls: false,
            new MqttServerOptions { Limits = limits, PacketTimeoutMs = 4_000 }
        );
        const string Topic = "eb1/c/h1/up/a";
        byte[] packet = MqttCodec.Encode(new PublishPacket(Topic, new byte[packetBytes - 6 - Topic.Length]), limits);
        packet.Length.ShouldBe(packetBytes);

        const int Peers = 200;
        var sockets = new List<Socket>();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < Peers; i++)
        {
            Socket socket = await host.SignInAsync();
            sockets.Add(socket);
            await socket.SendAsync(packet.AsMemory(0, sentBytes), Token);
        }
        await Task.Delay(500, Token);
        long perPeer = (GC.GetTotalMemory(forceFullCollection: true) - before) / Peers;
        host.Server.ConnectionCount.ShouldBe(Peers);
        output.WriteLine($"{perPeer} bytes kept per connection with {sentBytes} of {packetBytes} bytes");
        perPeer.ShouldBeLessThan(64 * 1024);

        await Eventually.HoldsAsync(() => host.Server.ConnectionCount == 0, "all are closed");
        host.Ends.Count.ShouldBe(Peers);
        host.Ends.ShouldAllBe(end => end.Reason == MqttCloseReason.PacketTimeout);
        sockets.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public async Task P22_a_thousand_hubs_return_at_once_and_every_alarm_is_in_within_60_s()
    {
        await using Host host = await Host.StartAsync(tls: true);
        const int Hubs = 1_000;
        int tries = 0;
        var clock = Stopwatch.StartNew();
        MqttClient[] clients = await Task.WhenAll(
            Enumerable
                .Range(1, Hubs)
                .Select(i =>
                    Task.Run(
                        async () =>
                        {
                            while (true)
                            {
                                Interlocked.Increment(ref tries);
                                try
                                {
                                    MqttClient client = await host.ConnectAsync(Loopback.Options($"h{i}"));
                                    (
                                        await client.PublishAsync(
                                            $"eb1/c/h{i}/up/alarm",
                                            "sos"u8.ToArray(),
                                            MqttQos.AtLeastOnce,
                                            Token
                                        )
                                    ).ShouldBeTrue();
                                    return client;
                                }
                                catch (MqttConnectException e)
                                    when (e.Failure is MqttConnectFailure.Timeout or MqttConnectFailure.Unreachable)
                                {
                                    await Task.Delay(500, Token);
                                }
                            }
                        },
                        Token
                    )
                )
        );
        long elapsedMs = clock.ElapsedMilliseconds;
        output.WriteLine($"{Hubs} hubs connected over TLS and acknowledged in {elapsedMs} ms, {tries} tries");
        elapsedMs.ShouldBeLessThan(60_000);
        host.Server.ConnectionCount.ShouldBe(Hubs);
        host.Endpoint.Received.Select(message => message.Topic).Distinct().Count().ShouldBe(Hubs);
        await Task.WhenAll(clients.Select(client => client.DisposeAsync().AsTask()));
    }

    [Fact]
    public async Task A_hundred_disposed_clients_leave_no_timer_and_no_connection()
    {
        await using Host host = await Host.StartAsync(tls: true);
        await (await host.ConnectAsync(Loopback.Options())).DisposeAsync();
        long before = Timer.ActiveCount;
        for (int i = 0; i < 100; i++)
        {
            MqttClient client = await host.ConnectAsync(Loopback.Options());
            (await client.PublishAsync("eb1/c/h1/up/a", default, MqttQos.AtLeastOnce, Token)).ShouldBeTrue();
            await client.DisposeAsync();
            client.Closed.IsCompletedSuccessfully.ShouldBeTrue();
        }
        await Eventually.HoldsAsync(() => host.Server.ConnectionCount == 0, "no connection is left");
        await Eventually.HoldsAsync(() => Timer.ActiveCount <= before + 2, "no timer is left");
    }
}
