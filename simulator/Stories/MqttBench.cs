using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ElderBand.Mqtt;
using ElderBand.Simulation;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace ElderBand.Simulator.Stories;

/// <summary>
/// <c>./dev bench mqtt</c>: the MQTT endpoint on Kestrel and its clients in one process, over TLS on the loopback. The
/// application behind the endpoint stores nothing: the figure is that of the protocol alone.
/// </summary>
public static class MqttBench
{
    private const int Messages = 200_000;

    // How many publishes of one client wait for their PUBACK at a time.
    private const int Window = 64;

    // The first round warms up.
    private const int Rounds = 2;

    /// <summary>Measures 1 and 50 hubs; returns 0 where every message was acknowledged and counted.</summary>
    public static async Task<int> RunAsync(CancellationToken cancellation)
    {
        using var certificate = Certificate();
        return await MeasureAsync(1, certificate, cancellation) & await MeasureAsync(50, certificate, cancellation)
            ? 0 : 1;
    }

    private static async Task<bool> MeasureAsync(int hubs, X509Certificate2 certificate, CancellationToken cancellation)
    {
        var endpoint = new Counter();
        var server = new MqttServer<string>(endpoint);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(server);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(
            IPAddress.Loopback, 0, listen => listen.UseHttps(certificate).UseConnectionHandler<Handler>()));
        await using var app = builder.Build();
        await app.StartAsync(cancellation);
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        var port = new Uri(addresses.Single()).Port;

        var clients = new MqttClient[hubs];
        for (var i = 0; i < hubs; i++)
        {
            var options = new MqttClientOptions { ClientId = $"hub-{i}", UserName = $"hub-{i}" };
            clients[i] = await MqttClient.ConnectAsync("localhost", port, certificate, options, cancellation);
        }

        var lost = 0;
        for (var round = 1; round <= Rounds; round++)
        {
            var allocated = GC.GetTotalAllocatedBytes();
            var clock = Stopwatch.StartNew();
            lost += await PublishAsync(clients, cancellation);
            var perSecond = Messages / clock.Elapsed.TotalSeconds;
            var bytes = (GC.GetTotalAllocatedBytes() - allocated) / Messages;
            Console.WriteLine(
                $"{hubs,2} hubs over TLS, round {round}: {perSecond:N0} messages a second at QoS 1, {bytes} bytes "
                    + "allocated a message");
        }

        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }

        await server.StopAsync();
        if (lost > 0 || endpoint.Count != Rounds * Messages)
        {
            Console.WriteLine($"{lost} without a PUBACK, {endpoint.Count} of {Rounds * Messages} received");
            return false;
        }

        return true;
    }

    /// <returns>How many messages got no PUBACK.</returns>
    private static async Task<int> PublishAsync(MqttClient[] clients, CancellationToken cancellation)
    {
        var payload = new byte[40]; // an envelope with one frame
        var left = Messages;
        var lost = 0;
        await Task.WhenAll(clients.SelectMany((client, i) => Enumerable.Range(0, Window).Select(_ => Task.Run(
            async () =>
            {
                while (Interlocked.Decrement(ref left) >= 0)
                {
                    if (!await client.PublishAsync(
                        $"eb1/c/hub-{i}/up/alarm", payload, MqttQos.AtLeastOnce, cancellation))
                    {
                        Interlocked.Increment(ref lost);
                    }
                }
            },
            cancellation))));
        return lost;
    }

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }

    private sealed class Handler(MqttServer<string> server) : ConnectionHandler
    {
        public override Task OnConnectedAsync(ConnectionContext connection) =>
            server.RunAsync(connection.Transport, connection.RemoteEndPoint);
    }

    /// <summary>Lets everybody in and counts.</summary>
    private sealed class Counter : IMqttEndpoint<string>
    {
        private long _count;

        public long Count => Interlocked.Read(ref _count);

        public ValueTask<MqttSignIn<string>> AuthenticateAsync(
            MqttCredentials credentials, CancellationToken cancellationToken) =>
            ValueTask.FromResult(new MqttSignIn<string>(credentials.ClientId));

        public bool AuthorizePublish(string session, string topic) => true;

        public bool AuthorizeSubscribe(string session, string filter) => true;

        public void AccessRefused(string session, MqttPacketType attempt, string topic)
        {
        }

        public void Connected(string session, MqttServerConnection<string> connection)
        {
        }

        public ValueTask<bool> PublishReceived(string session, string topic, ReadOnlyMemory<byte> payload, MqttQos qos)
        {
            Interlocked.Increment(ref _count);
            return ValueTask.FromResult(true);
        }

        public void Disconnected(string session, MqttServerConnection<string> connection, MqttDisconnect why)
        {
        }
    }
}
