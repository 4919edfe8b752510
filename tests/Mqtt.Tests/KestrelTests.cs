using System.Diagnostics;
using System.Net;
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
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

/// <summary>The endpoint where the service runs it: on Kestrel, with TLS.</summary>
[Collection(nameof(Alone))]
public class KestrelTests(ITestOutputHelper output)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private sealed class Handler(MqttServer<Hub> server) : ConnectionHandler
    {
        public override Task OnConnectedAsync(ConnectionContext connection) =>
            server.RunAsync(connection.Transport, connection.RemoteEndPoint, connection.ConnectionClosed);
    }

    private sealed record Host(WebApplication App, MqttServer<Hub> Server, TestEndpoint Endpoint, int Port)
        : IAsyncDisposable
    {
        public static async Task<Host> StartAsync(bool tls)
        {
            var endpoint = new TestEndpoint();
            var server = new MqttServer<Hub>(endpoint);
            WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.Services.AddSingleton(server);
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
            WebApplication app = builder.Build();
            await app.StartAsync(Token);
            string address = app
                .Services.GetRequiredService<IServer>()
                .Features.Get<IServerAddressesFeature>()!
                .Addresses.Single();
            return new Host(app, server, endpoint, new Uri(address).Port);
        }

        public Task<MqttClient> ConnectAsync(MqttClientOptions options) =>
            MqttClient.ConnectAsync("localhost", Port, Certificates.Ca, options, Token);

        public async ValueTask DisposeAsync()
        {
            await Server.StopAsync();
            await App.DisposeAsync();
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
    public async Task P28_two_hundred_half_packets_keep_less_than_64_KiB_each()
    {
        await using Host host = await Host.StartAsync(tls: false);
        byte[] half = new byte[32 * 1024];
        new byte[] { 0x30, 0xfc, 0xff, 0x03, 0x00, 0x0d }.CopyTo(half, 0); // of 64 KiB in all
        Encoding.ASCII.GetBytes("eb1/c/h1/up/a").CopyTo(half, 6);
        byte[] connect = MqttCodec.Encode(RawPeer.Connect("h1") with { ClientId = "" }, MqttLimits.Default);

        const int Peers = 200;
        var sockets = new List<System.Net.Sockets.Socket>();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < Peers; i++)
        {
            var socket = new System.Net.Sockets.Socket(
                System.Net.Sockets.SocketType.Stream,
                System.Net.Sockets.ProtocolType.Tcp
            );
            sockets.Add(socket);
            await socket.ConnectAsync(IPAddress.Loopback, host.Port, Token);
            await socket.SendAsync(connect, Token);
            await socket.ReceiveAsync(new byte[4], Token);
            await socket.SendAsync(half, Token);
        }
        await Task.Delay(500, Token);
        long perPeer = (GC.GetTotalMemory(forceFullCollection: true) - before) / Peers;
        host.Server.ConnectionCount.ShouldBe(Peers);
        output.WriteLine($"{perPeer} bytes kept per connection with half a packet of 64 KiB");
        perPeer.ShouldBeLessThan(64 * 1024);

        var clock = Stopwatch.StartNew();
        await Eventually.HoldsAsync(() => host.Server.ConnectionCount == 0, "all are closed");
        output.WriteLine($"all closed {clock.ElapsedMilliseconds} ms after the measurement");
        sockets.ForEach(socket => socket.Dispose());
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

    /// <summary>A measurement, run by itself: <c>dotnet run -c Release --project tests/Mqtt.Tests -- --explicit only</c>.</summary>
    [Theory(Explicit = true)]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(50, false)]
    [InlineData(50, true)]
    public async Task Messages_a_second_at_QoS_1(int clients, bool tls)
    {
        const int Total = 200_000;
        const int Window = 64;
        await using Host host = await Host.StartAsync(tls);
        host.Endpoint.Quiet = true;
        MqttClient[] all = await Task.WhenAll(
            Enumerable
                .Range(1, clients)
                .Select(async i =>
                {
                    MqttClientOptions options = Loopback.Options($"h{i}");
                    if (tls)
                    {
                        return await host.ConnectAsync(options);
                    }
                    var socket = new System.Net.Sockets.Socket(
                        System.Net.Sockets.SocketType.Stream,
                        System.Net.Sockets.ProtocolType.Tcp
                    )
                    {
                        NoDelay = true,
                    };
                    await socket.ConnectAsync(IPAddress.Loopback, host.Port, Token);
                    return await MqttClient.ConnectAsync(
                        new StreamPipe(new System.Net.Sockets.NetworkStream(socket, ownsSocket: true)),
                        options,
                        Token
                    );
                })
        );
        byte[] payload = new byte[40]; // an envelope with one frame
        for (int round = 0; round < 2; round++)
        {
            int left = Total;
            int failed = 0;
            long allocated = GC.GetTotalAllocatedBytes();
            var clock = Stopwatch.StartNew();
            await Task.WhenAll(
                all.SelectMany(
                    (client, i) =>
                        Enumerable
                            .Range(0, Math.Max(1, Window))
                            .Select(_ =>
                                Task.Run(
                                    async () =>
                                    {
                                        while (Interlocked.Decrement(ref left) >= 0)
                                        {
                                            if (
                                                !await client.PublishAsync(
                                                    $"eb1/c/h{i + 1}/up/alarm",
                                                    payload,
                                                    MqttQos.AtLeastOnce,
                                                    Token
                                                )
                                            )
                                            {
                                                Interlocked.Increment(ref failed);
                                            }
                                        }
                                    },
                                    Token
                                )
                            )
                )
            );
            double seconds = clock.Elapsed.TotalSeconds;
            failed.ShouldBe(0);
            output.WriteLine(
                $"{clients} clients, {(tls ? "TLS" : "plain")}, round {round + 1}: {Total / seconds:N0} messages a second at QoS 1, "
                    + $"{(GC.GetTotalAllocatedBytes() - allocated) / Total} bytes allocated per message (client and server together)"
            );
        }
        host.Endpoint.Count.ShouldBe(2 * Total);
        foreach (MqttClient client in all)
        {
            await client.DisposeAsync();
        }
    }
}
