using System.Diagnostics;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using ElderBand.Mqtt;

namespace ElderBand.Tests.Mqtt;

/// <summary>One end of a connection that sends what the test says, byte by byte, well behaved or not.</summary>
internal sealed class RawPeer(IDuplexPipe pipe) : IAsyncDisposable
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A bare TCP client of the endpoint.</summary>
    public static async Task<RawPeer> ConnectAsync(Loopback server) => new(new StreamPipe(await server.OpenAsync()));

    /// <summary>A bare TCP client that is signed in as <paramref name="name"/>.</summary>
    public static async Task<RawPeer> SignInAsync(Loopback server, string name = "h1", ushort keepAliveS = 60)
    {
        RawPeer peer = await ConnectAsync(server);
        await peer.SendAsync(Connect(name) with { KeepAliveS = keepAliveS });
        (await peer.ReceiveAsync()).ShouldBe(new ConnAckPacket(MqttConnectCode.Accepted));
        return peer;
    }

    public static ConnectPacket Connect(string name) =>
        new()
        {
            ClientId = name,
            UserName = name,
            Password = Encoding.UTF8.GetBytes("secret-" + name),
            KeepAliveS = 60,
        };

    /// <summary>The server end for an <see cref="MqttClient"/>, in memory; it has answered CONNECT.</summary>
    public static async Task<(RawPeer Server, MqttClient Client)> ServeAsync(MqttClientOptions options)
    {
        var toClient = new Pipe();
        var toServer = new Pipe();
        var server = new RawPeer(new Ends(toServer.Reader, toClient.Writer));
        Task<MqttClient> connecting = MqttClient.ConnectAsync(
            new Ends(toClient.Reader, toServer.Writer),
            options,
            Token
        );
        (await server.ReceiveAsync()).ShouldBeOfType<ConnectPacket>();
        await server.SendAsync(new ConnAckPacket(MqttConnectCode.Accepted));
        return (server, await connecting);
    }

    public Task SendAsync(MqttPacket packet) => SendAsync(MqttCodec.Encode(packet, MqttLimits.Default));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await pipe.Output.WriteAsync(bytes, Token);

    /// <summary>The next packet, or null at the end of the connection.</summary>
    public async Task<MqttPacket?> ReceiveAsync()
    {
        while (true)
        {
            ReadResult read;
            try
            {
                read = await pipe.Input.ReadAsync(Token).AsTask().WaitAsync(TimeSpan.FromSeconds(20), Token);
            }
            catch (IOException e) when (e.InnerException is SocketException)
            {
                return null;
            }
            var buffer = read.Buffer;
            MqttRead outcome = MqttCodec.Read(
                ref buffer,
                MqttLimits.Default,
                out MqttPacket? packet,
                out MqttError error
            );
            pipe.Input.AdvanceTo(buffer.Start, outcome == MqttRead.Packet ? buffer.Start : buffer.End);
            error.ShouldBe(MqttError.None);
            if (outcome == MqttRead.Packet || read.IsCompleted)
            {
                return packet;
            }
        }
    }

    /// <summary>
    /// Waits for the end of the connection, which must come without another packet. Gives the wait in ms.
    /// </summary>
    public async Task<long> ClosedAsync()
    {
        var clock = Stopwatch.StartNew();
        (await ReceiveAsync()).ShouldBeNull();
        return clock.ElapsedMilliseconds;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await pipe.Output.CompleteAsync();
            await pipe.Input.CompleteAsync();
        }
        catch (IOException)
        {
            // The other end went first.
        }
    }

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
