using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ElderBand.HubService;
using ElderBand.HubService.Family;
using ElderBand.HubService.Storage;

namespace ElderBand.Tests.HubService;

/// <summary>What the gateway gets, and where secrets come from.</summary>
public sealed class WebhookTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task P80_a_text_goes_out_with_its_length_a_token_and_a_signature_that_the_gateway_can_check()
    {
        using var gateway = new HttpListener();
        int port = FreePort();
        gateway.Prefixes.Add($"http://127.0.0.1:{port}/");
        gateway.Start();
        await using TestCentre centre = await TestCentre.EnrolAsync();
        await centre.RunAsync(o => o with
        {
            Webhook = new Uri($"http://127.0.0.1:{port}/sms"),
            WebhookToken = "token-1",
            WebhookKey = "key-1",
        });
        await using TestHub hub = await centre.HubAsync();
        (await hub.SendAsync(centre.Band(), centre.Band().Sos())).ShouldBeTrue();
        HttpListenerContext call = await gateway.GetContextAsync().WaitAsync(TimeSpan.FromSeconds(20), Token);
        using var content = new MemoryStream();
        await call.Request.InputStream.CopyToAsync(content, Token);
        byte[] body = content.ToArray();
        call.Response.Close();

        call.Request.ContentLength64.ShouldBe(body.Length);
        call.Request.Headers["Transfer-Encoding"].ShouldBeNull();
        call.Request.Headers["Authorization"].ShouldBe("Bearer token-1");
        string[] signature = call.Request.Headers[WebhookRequest.SignatureHeader]!.Split(',');
        byte[] signed = [.. Encoding.ASCII.GetBytes($"{signature[0][2..]}."), .. body];
        signature[1].ShouldBe(
            "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes("key-1"), signed)));
        JsonDocument.Parse(body).RootElement.GetProperty("to").GetString().ShouldBe("139-r1");
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded\nto={to}&message={text}&ref={id}",
        "to=%2B86%201&message=A%20%26%20%22B%22%20%7Bto%7D&ref=m7-000000ab")]
    [InlineData("application/json\n{\"n\":\"{to}\",\"m\":[\"{text}\"],\"a\":\"{alarm}\"}",
        """{"n":"\u002B86 1","m":["A \u0026 \u0022B\u0022 {to}"],"a":"5"}""")]
    [InlineData("text/plain\n{to}\n{text}", "+86 1\nA & \"B\" {to}")]
    public async Task P80_a_template_puts_number_and_text_in_as_its_type_asks(string template, string expected)
    {
        var request = new WebhookRequest(template);
        var m = new DueMessage(
            7, "c1", 1, 1, "raised", 0, 0, 5, "sos", 0, null, "ringing", null, "R", "C", "+86 1", "021", false, false,
            0xAB, 0xAB);
        using HttpRequestMessage made = request.Make(new Uri("http://gateway.invalid/"), m, "A & \"B\" {to}", 1000);
        (await made.Content!.ReadAsStringAsync(Token)).ShouldBe(expected);
        made.Content.Headers.ContentType!.MediaType.ShouldBe(template.Split('\n')[0]);
        made.Content.Headers.ContentLength.ShouldBe(Encoding.UTF8.GetByteCount(expected));
        made.Headers.Authorization.ShouldBeNull();
    }

    [Theory]
    [InlineData("text/html\n{to}{text}", "text/html")]
    [InlineData("text/plain\n{to}", "{text}")]
    [InlineData("", "first line")]
    public void P80_a_template_that_can_tell_nobody_anything_is_refused_at_the_start(string template, string says) =>
        Should.Throw<StartException>(() => new WebhookRequest(template)).Message.ShouldContain(says);

    [Theory]
    [InlineData("hook-secret", "--hook-secret-file")]
    [InlineData("webhook-token", "ELDERBAND_WEBHOOK_TOKEN")]
    [InlineData("webhook-key", "--webhook-key-file")]
    [InlineData("password", "asked")]
    public void P80_a_secret_on_the_command_line_is_refused_with_what_to_do(string name, string says) =>
        Should.Throw<StartException>(() => new Arguments([$"--{name}", "secret"], [name], []))
            .Message.ShouldContain(says);

    [Fact]
    public async Task P80_a_secret_comes_from_its_file_or_the_environment()
    {
        string file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "from the file\n", Token);
        var given = new Arguments(["--hook-secret-file", file], ["hook-secret-file"], []);
        given.Secret("hook-secret").ShouldBe("from the file");
        await File.WriteAllTextAsync(file, "\n", Token);
        Should.Throw<StartException>(() => given.Secret("hook-secret")).Message.ShouldContain("empty");
        File.Delete(file);
        Should.Throw<StartException>(() => given.Secret("hook-secret")).Message.ShouldContain("cannot be read");
        Environment.SetEnvironmentVariable("ELDERBAND_TEST_OF_SECRETS", "from the environment");
        new Arguments([], [], []).Secret("test-of-secrets").ShouldBe("from the environment");
        new Arguments([], [], []).Secret("test-of-nothing").ShouldBeNull();
    }

    private static int FreePort()
    {
        using var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
