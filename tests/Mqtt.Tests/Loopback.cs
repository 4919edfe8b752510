using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ElderBand.Mqtt;

namespace ElderBand.Tests.Mqtt;

/// <summary>Certificates made in memory, with the faults that P27 names.</summary>
internal static class Certificates
{
    public static readonly X509Certificate2 Ca = MakeCa("CN=ElderBand test CA");
    public static readonly X509Certificate2 OtherCa = MakeCa("CN=Somebody else");

    public static X509Certificate2 Server(
        X509Certificate2? issuer = null,
        string name = "localhost",
        int daysFromNow = -1,
        int days = 10
    )
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        if (name == "localhost")
        {
            names.AddIpAddress(IPAddress.Loopback);
        }
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        DateTimeOffset from = DateTimeOffset.UtcNow.AddDays(daysFromNow);
        using X509Certificate2 signed = (issuer ?? Ca).CopyWithIssue(request, from, from.AddDays(days));
        using X509Certificate2 withKey = signed.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);
    }

    public static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 made = request.CreateSelfSigned(
            DateTimeOffset.UtcNow.AddDays(-1),
            DateTimeOffset.UtcNow.AddDays(1)
        );
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }

    private static X509Certificate2 CopyWithIssue(
        this X509Certificate2 issuer,
        CertificateRequest request,
        DateTimeOffset from,
        DateTimeOffset to
    ) => request.Create(issuer, from, to, RandomNumberGenerator.GetBytes(8));

    private static X509Certificate2 MakeCa(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.DigitalSignature, true)
        );
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddYears(-1), DateTimeOffset.UtcNow.AddYears(1));
    }
}

internal sealed record Hub(string Name);

/// <summary>
/// An application behind the endpoint whose decisions the test makes; hub <c>h1</c> owns <c>eb1/c/h1/#</c>.
/// </summary>
internal sealed class TestEndpoint : IMqttEndpoint<Hub>
{
    public ConcurrentQueue<(string Topic, string Text, MqttQos Qos)> Received { get; } = new();
    public ConcurrentQueue<(string Hub, MqttPacketType Attempt, string Topic)> Refusals { get; } = new();
    public ConcurrentQueue<(string Hub, string What)> Events { get; } = new();
    public ConcurrentDictionary<string, MqttServerConnection<Hub>> Connections { get; } = new();

    public Func<string, ValueTask<bool>> Store { get; set; } = _ => ValueTask.FromResult(true);
    public Task SignInDelay { get; set; } = Task.CompletedTask;
    public Action? OnDisconnected { get; set; }
    public Func<MqttCredentials, MqttSignIn<Hub>>? SignIn { get; set; }

    public async ValueTask<MqttSignIn<Hub>> AuthenticateAsync(
        MqttCredentials credentials,
        CancellationToken cancellationToken
    )
    {
        await SignInDelay;
        if (SignIn is not null)
        {
            return SignIn(credentials);
        }
        bool known =
            credentials.UserName is { } name
            && Encoding.UTF8.GetString((credentials.Password ?? default).Span) == "secret-" + name;
        return known
            ? new MqttSignIn<Hub>(new Hub(credentials.UserName!))
            : new MqttSignIn<Hub>(null, MqttConnectCode.BadUserNameOrPassword);
    }

    public bool AuthorizePublish(Hub session, string topic) =>
        topic.StartsWith($"eb1/c/{session.Name}/", StringComparison.Ordinal);

    public bool AuthorizeSubscribe(Hub session, string filter) =>
        filter.StartsWith($"eb1/c/{session.Name}/", StringComparison.Ordinal);

    public void AccessRefused(Hub session, MqttPacketType attempt, string topic) =>
        Refusals.Enqueue((session.Name, attempt, topic));

    public void Connected(Hub session, MqttServerConnection<Hub> connection)
    {
        Connections[session.Name] = connection;
        Events.Enqueue((session.Name, "connected"));
    }

    public ValueTask<bool> PublishReceived(Hub session, string topic, ReadOnlyMemory<byte> payload, MqttQos qos)
    {
        string text = Encoding.UTF8.GetString(payload.Span);
        Received.Enqueue((topic, text, qos));
        return Store(text);
    }

    public void Disconnected(Hub session, MqttServerConnection<Hub> connection, MqttDisconnect why)
    {
        OnDisconnected?.Invoke();
        Events.Enqueue((session.Name, why.Reason.ToString()));
    }
}

internal sealed class StreamPipe(Stream stream) : IDuplexPipe
{
    public PipeReader Input { get; } = PipeReader.Create(stream);
    public PipeWriter Output { get; } = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
}

/// <summary>An <see cref="MqttServer{TSession}"/> on a loopback port, with TLS if it gets a certificate.</summary>
internal sealed class Loopback : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly X509Certificate2? _certificate;
    private readonly SslProtocols _protocols;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _serving = [];
    private readonly Task _accepting;

    public Loopback(
        X509Certificate2? certificate = null,
        MqttServerOptions? options = null,
        SslProtocols protocols = SslProtocols.None
    )
    {
        _certificate = certificate;
        _protocols = protocols;
        Server = new MqttServer<Hub>(Endpoint, options);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public TestEndpoint Endpoint { get; } = new();
    public MqttServer<Hub> Server { get; }
    public int Port { get; }
    public ConcurrentQueue<MqttDisconnect> Ends { get; } = new();

    public static MqttClientOptions Options(string name = "h1") =>
        new()
        {
            ClientId = name,
            UserName = name,
            Password = Encoding.UTF8.GetBytes("secret-" + name),
        };

    /// <summary>A client over TCP, or over TLS if the server has a certificate.</summary>
    public async Task<MqttClient> ConnectAsync(MqttClientOptions? options = null, X509Certificate2? ca = null)
    {
        options ??= Options();
        return _certificate is not null
            ? await MqttClient.ConnectAsync(
                "localhost",
                Port,
                ca ?? Certificates.Ca,
                options,
                TestContext.Current.CancellationToken
            )
            : await MqttClient.ConnectAsync(
                new StreamPipe(await OpenAsync()),
                options,
                TestContext.Current.CancellationToken
            );
    }

    /// <summary>A bare TCP stream to the server, for clients that misbehave.</summary>
    public async Task<NetworkStream> OpenAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, Port, TestContext.Current.CancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Stop();
        _stop.Dispose();
        await Server.StopAsync();
        await Task.WhenAll(_serving);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket socket = await _listener.AcceptSocketAsync(_stop.Token);
                _serving.Add(ServeAsync(socket));
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        socket.NoDelay = true;
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            if (_certificate is not null)
            {
                var tls = new SslStream(stream);
                stream = tls;
                await tls.AuthenticateAsServerAsync(
                    _certificate,
                    clientCertificateRequired: false,
                    _protocols,
                    checkCertificateRevocation: false
                );
            }
            Ends.Enqueue(await Server.RunAsync(new StreamPipe(stream), socket.RemoteEndPoint));
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            // The client refused the certificate.
        }
        finally
        {
            await stream.DisposeAsync();
        }
    }
}

internal static class Eventually
{
    /// <summary>Waits until <paramref name="condition"/> holds, at most 10 s.</summary>
    public static async Task HoldsAsync(Func<bool> condition, string what)
    {
        long until = Environment.TickCount64 + 10_000;
        while (!condition())
        {
            if (Environment.TickCount64 > until)
            {
                throw new TimeoutException($"did not happen within 10 s: {what}");
            }
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }
}
