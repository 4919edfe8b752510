using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using ElderBand.HubService;
using ElderBand.HubService.Storage;
using Lane = ElderBand.BandProtocol.Lane;

namespace ElderBand.Tests.HubService;

/// <summary>Listeners for each part of the interface, and the proxies in front of them.</summary>
public sealed class DoorTests
{
    private const string Client = "203.0.113.5";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task P79_each_door_serves_its_own_and_no_other_and_without_ports_all_are_at_the_consoles()
    {
        (string Path, Door Door)[] calls =
        [
            ("api/session", Door.Console), ("api/residents", Door.Console), ("api/events", Door.Console),
            ("signin?code=x", Door.Console), ("api/sessions", Door.Console), ("api/screens", Door.Console),
            ("f/x", Door.Family), ("api/family/x", Door.Family), ("api/family/x/events", Door.Family),
            ("health/live", Door.Operations), ("health/ready", Door.Operations), ("metrics", Door.Operations),
            ("api/bands/1/qr.svg", Door.Management),
        ];
        await using TestCentre centre = await TestCentre.EnrolAsync();
        await centre.RunAsync(static o => o with { FamilyPort = 0, OperationsPort = 0, ManagementPort = 0 });
        foreach (Door door in Enum.GetValues<Door>())
        {
            using HttpClient client = At(Doors.PortOf(centre.App, door));
            foreach ((string path, Door of) in calls)
            {
                (await IsThere(client, path)).ShouldBe(
                    of == door || (door == Door.Management && of == Door.Console), $"{path} at {door}");
            }
        }
        Enum.GetValues<Door>().Select(door => Doors.PortOf(centre.App, door)).Distinct().Count().ShouldBe(4);

        await centre.StopAsync();
        await centre.RunAsync();
        using HttpClient all = At(centre.HttpPort);
        foreach ((string path, _) in calls)
        {
            (await IsThere(all, path)).ShouldBeTrue(path);
        }
    }

    [Fact]
    public async Task P79_behind_a_configured_proxy_cookies_are_secure_and_a_lock_out_is_the_clients_alone()
    {
        await using TestCentre centre = await TestCentre.EnrolAsync();
        await centre.RunAsync(static o => o with { Proxies = [IPNetwork.Parse("127.0.0.1/32")] });
        using HttpClient guesser = At(centre.HttpPort, "127.0.0.1", "198.51.100.7");
        for (int i = 0; i < 5; i++)
        {
            (await SignInAsync(guesser, $"guess {i}")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        }
        (await SignInAsync(guesser, "password-li")).StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);

        using HttpClient desk = At(centre.HttpPort, "127.0.0.1", $"127.0.0.1, {Client}");
        using HttpResponseMessage answer = await SignInAsync(desk, "password-li");
        answer.StatusCode.ShouldBe(HttpStatusCode.NoContent, "another client is not locked out");
        answer.Headers.GetValues("Set-Cookie").ShouldAllBe(
            static c => c.Contains("secure", StringComparison.OrdinalIgnoreCase));
        answer.Headers.GetValues("Strict-Transport-Security").Single().ShouldContain("max-age=31536000");
        centre.Count("audit", $"action='staff.signin' AND detail='password from {Client}'").ShouldBe(1);
        (await desk.GetAsync("signin?code=x", Token)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);

        using HttpClient local = At(centre.HttpPort);
        (await local.GetAsync("signin?code=x", Token)).StatusCode.ShouldBe(HttpStatusCode.Gone, "at the machine");
    }

    [Theory]
    [InlineData("127.0.0.1", "10.9.0.0/16")]
    [InlineData("127.0.0.2", "127.0.0.1")]
    [InlineData("127.0.0.1", null)]
    public async Task P79_forwarded_headers_of_anybody_else_change_nothing_and_make_nobody_local(
        string from, string? proxy)
    {
        await using TestCentre centre = await TestCentre.EnrolAsync();
        var given = new Arguments(proxy is null ? [] : ["--proxy", proxy], ["proxy"], []);
        await centre.RunAsync(o => o with { Proxies = given.Networks("proxy") });
        using HttpClient client = At(centre.HttpPort, from, "127.0.0.1");
        using HttpResponseMessage answer = await SignInAsync(client, "password-li");
        answer.Headers.GetValues("Set-Cookie").ShouldAllBe(
            static c => !c.Contains("secure", StringComparison.OrdinalIgnoreCase));
        answer.Headers.Contains("Strict-Transport-Security").ShouldBeFalse();
        centre.Count("audit", $"action='staff.signin' AND detail='password from {from}'").ShouldBe(1);
        await centre.Store.WriteAsync(Lane.Alarm, tx => StaffRows.InsertCode(
            tx.Db, "c1", StaffRows.ByName(tx.Db, "li")!.Id,
            ElderBand.HubService.Staff.Sessions.Hash("code")!, tx.NowMs + 600_000),
            TestContext.Current.CancellationToken);
        (await client.GetAsync("signin?code=code", Token)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public void P79_a_proxy_that_is_no_address_is_refused_with_words()
    {
        var given = new Arguments(["--proxy", "127.0.0.1,nginx"], ["proxy"], []);
        Should.Throw<StartException>(() => given.Networks("proxy")).Message.ShouldContain("not 'nginx'");
    }

    /// <summary>What is not there answers 404 without a word; what refuses says why.</summary>
    private static async Task<bool> IsThere(HttpClient client, string path)
    {
        using HttpResponseMessage answer = await client.GetAsync(path, Token);
        return answer.StatusCode != HttpStatusCode.NotFound
            || (await answer.Content.ReadAsStringAsync(Token)).Length > 0;
    }

    private static Task<HttpResponseMessage> SignInAsync(HttpClient client, string password) =>
        client.PostAsJsonAsync("api/session", new { name = "li", password }, Token);

    /// <summary>A client at an address of this machine, which may say for whom it asks, as a TLS proxy does.</summary>
    private static HttpClient At(int port, string from = "127.0.0.1", string? forwardedFor = null)
    {
        var client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectCallback = async (context, cancel) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancel);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        { BaseAddress = new Uri($"http://127.0.0.1:{port}/") };
        client.DefaultRequestHeaders.Add("X-ElderBand", "1");
        if (forwardedFor is not null)
        {
            client.DefaultRequestHeaders.Host = "alarm.example";
            client.DefaultRequestHeaders.Add("X-Forwarded-For", forwardedFor);
            client.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
        }
        return client;
    }
}
