using System.Diagnostics;
using System.Text;
using ElderBand.Mqtt;

namespace ElderBand.Tests.Mqtt;

/// <summary>Debian's mosquitto clients 2.0 against the endpoint, over TLS with the test CA.</summary>
public sealed class MosquittoTests : IDisposable
{
    private const string Pub = "/usr/bin/mosquitto_pub";
    private const string Sub = "/usr/bin/mosquitto_sub";
    private readonly string _caFile = Path.GetTempFileName();

    public MosquittoTests() => File.WriteAllText(_caFile, Certificates.Ca.ExportCertificatePem());

    public void Dispose() => File.Delete(_caFile);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Mosquitto_pub_publishes_over_TLS(int qos)
    {
        await using var server = new Loopback(Certificates.Server());
        (int exitCode, string output) = await RunAsync(
            Pub,
            [
                .. Common(server, "h1"),
                "-i",
                "h1",
                "-q",
                $"{qos}",
                "-t",
                "eb1/c/h1/up/alarm",
                "-m",
                "你好 from mosquitto",
            ]
        );

        exitCode.ShouldBe(0, output);
        await Eventually.HoldsAsync(() => !server.Endpoint.Received.IsEmpty, "the message arrived");
        server
            .Endpoint.Received.ShouldHaveSingleItem()
            .ShouldBe(("eb1/c/h1/up/alarm", "你好 from mosquitto", (MqttQos)qos));
        await Eventually.HoldsAsync(
            () => server.Ends.TryPeek(out MqttDisconnect? end) && end.Reason == MqttCloseReason.ByPeer,
            "mosquitto_pub said DISCONNECT"
        );
    }

    [Fact]
    public async Task Mosquitto_pub_without_a_client_id_publishes_a_thousand_lines_at_QoS_1()
    {
        await using var server = new Loopback(Certificates.Server());
        string lines = string.Concat(Enumerable.Range(0, 1000).Select(i => $"line {i}\n"));
        (int exitCode, string output) = await RunAsync(
            Pub,
            [.. Common(server, "h1"), "-q", "1", "-l", "-t", "eb1/c/h1/up/vitals"],
            lines
        );

        exitCode.ShouldBe(0, output);
        server
            .Endpoint.Received.Select(message => message.Text)
            .ShouldBe(Enumerable.Range(0, 1000).Select(i => $"line {i}"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Mosquitto_sub_receives_over_TLS(int qos)
    {
        await using var server = new Loopback(Certificates.Server());
        Task<(int ExitCode, string Output)> subscriber = RunAsync(
            Sub,
            [
                .. Common(server, "h1"),
                "-i",
                "h1",
                "-q",
                $"{qos}",
                "-t",
                "eb1/c/h1/down/#",
                "-C",
                "2",
                "-W",
                "10",
                "-F",
                "%q %t %p",
            ]
        );
        await Eventually.HoldsAsync(() => server.Endpoint.Connections.ContainsKey("h1"), "mosquitto_sub connected");
        MqttServerConnection<Hub> connection = server.Endpoint.Connections["h1"];

        for (int i = 1; i <= 2; i++)
        {
            MqttSent sent = MqttSent.NotSubscribed;
            while (sent == MqttSent.NotSubscribed) // its SUBSCRIBE may still be on the way
            {
                sent = await connection.PublishAsync(
                    "eb1/c/h1/down/stage",
                    Encoding.UTF8.GetBytes($"stage {i}"),
                    MqttQos.AtLeastOnce,
                    TestContext.Current.CancellationToken
                );
                await Task.Delay(5, TestContext.Current.CancellationToken);
            }
            sent.ShouldBe(MqttSent.Sent);
        }

        (int exitCode, string output) = await subscriber;
        exitCode.ShouldBe(0, output);
        output.ShouldBe($"{qos} eb1/c/h1/down/stage stage 1\n{qos} eb1/c/h1/down/stage stage 2\n");
    }

    [Fact]
    public async Task P29_mosquitto_pub_on_a_foreign_topic_fails_and_is_reported()
    {
        await using var server = new Loopback(Certificates.Server());
        (int exitCode, string output) = await RunAsync(
            Pub,
            [.. Common(server, "h1"), "-i", "h1", "-q", "1", "-t", "eb1/c/h2/up/alarm", "-m", "x"],
            timeoutMs: 3000
        );

        exitCode.ShouldNotBe(0, output);
        output.ShouldContain("connection was lost");
        server.Endpoint.Received.ShouldBeEmpty();
        server.Endpoint.Refusals.ShouldAllBe(refusal =>
            refusal.Hub == "h1" && refusal.Attempt == MqttPacketType.Publish && refusal.Topic == "eb1/c/h2/up/alarm"
        );
        server.Endpoint.Refusals.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Mosquitto_is_told_that_a_password_is_wrong_and_that_MQTT_5_is_not_spoken()
    {
        await using var server = new Loopback(Certificates.Server());
        string[] tls = ["--cafile", _caFile, "-h", "localhost", "-p", $"{server.Port}", "-i", "h1", "-u", "h1"];
        string[] message = ["-t", "eb1/c/h1/up/alarm", "-m", "x"];

        (int wrongPassword, string output) = await RunAsync(Pub, [.. tls, "-P", "wrong", .. message]);
        wrongPassword.ShouldNotBe(0);
        output.ShouldContain("bad user name or password");

        (int wrongLevel, output) = await RunAsync(Pub, [.. tls, "-P", "secret-h1", "-V", "mqttv5", .. message]);
        wrongLevel.ShouldNotBe(0);
        output.ShouldContain("Unsupported Protocol Version");
        server.Endpoint.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task Mosquitto_sub_is_refused_a_foreign_filter()
    {
        await using var server = new Loopback(Certificates.Server());
        (int exitCode, string output) = await RunAsync(
            Sub,
            [.. Common(server, "h1"), "-i", "h1", "-q", "1", "-t", "eb1/c/h2/down/#", "-W", "5"]
        );

        output.ShouldContain("All subscription requests were denied.");
        exitCode.ShouldBe(0, output); // mosquitto_sub's own way to end in this case
        server.Endpoint.Refusals.ShouldHaveSingleItem().ShouldBe(("h1", MqttPacketType.Subscribe, "eb1/c/h2/down/#"));
    }

    private string[] Common(Loopback server, string name) =>
        ["--cafile", _caFile, "-h", "localhost", "-p", $"{server.Port}", "-u", name, "-P", "secret-" + name];

    // Not async: a test that starts the program and then waits for something else must be skipped at the start.
    private static Task<(int ExitCode, string Output)> RunAsync(
        string program,
        string[] arguments,
        string input = "",
        int timeoutMs = 20_000
    )
    {
        Assert.SkipUnless(File.Exists(program), $"{program} is not installed (Debian package mosquitto-clients)");
        return RunInstalledAsync(program, arguments, input, timeoutMs);
    }

    private static async Task<(int ExitCode, string Output)> RunInstalledAsync(
        string program,
        string[] arguments,
        string input,
        int timeoutMs
    )
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(timeoutMs);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        return (process.ExitCode, await output + await errors);
    }
}
