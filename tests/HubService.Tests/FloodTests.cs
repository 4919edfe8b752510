using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using ElderBand.HubService.Ingest;
using Microsoft.Extensions.DependencyInjection;

namespace ElderBand.Tests.HubService;

/// <summary>Floods at the doors. Each address of 127.0.0.0/8 plays another client. Measured alone.</summary>
[Collection("figures")]
public sealed class FloodTests
{
    private const int MostMs = 3000;
    private const int MostPressMs = 150;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task P75_a_hundred_random_names_at_once_from_one_address_leave_sign_in_and_press_alone()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        TestBand other = centre.Band(TestCentre.BandTwo);
        (await hub.SendAsync(other, other.Sos())).ShouldBeTrue(); // the first call also compiles the code
        using HttpClient attacker = Client(centre, "127.0.0.2");
        using HttpClient desk = Client(centre, "127.0.0.1");
        Task<HttpStatusCode[]> flood = Task.WhenAll(
            Enumerable.Range(0, 100).Select(i => SignInAsync(attacker, $"name {i}", $"password {i}")));
        await Task.Delay(50, Token);

        Task<long> signingIn = TimeAsync(async () =>
            (await SignInAsync(desk, "li", "password-li")).ShouldBe(HttpStatusCode.NoContent));
        long pressMs = await TimeAsync(async () =>
        {
            (await hub.SendAsync(band, band.Sos())).ShouldBeTrue();
            centre.Alarms().Count.ShouldBe(2);
        });
        long signInMs = await signingIn;
        TestContext.Current.TestOutputHelper?.WriteLine($"sign-in {signInMs} ms, press {pressMs} ms");
        signInMs.ShouldBeLessThan(MostMs);
        pressMs.ShouldBeLessThan(MostPressMs);
        (await flood).ShouldAllBe(
            static status => status == HttpStatusCode.Unauthorized || status == HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task P75_a_browser_that_has_signed_in_before_signs_in_during_a_flood_from_a_hundred_addresses()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        using HttpClient desk = Client(centre, "127.0.0.1");
        (await SignInAsync(desk, "li", "password-li")).ShouldBe(HttpStatusCode.NoContent);
        HttpClient[] attackers = [.. Enumerable.Range(1, 100).Select(i => Client(centre, $"127.0.1.{i}"))];
        Task<HttpStatusCode[]> flood = Task.WhenAll(
            attackers.Select((attacker, i) => SignInAsync(attacker, $"name {i}", $"password {i}")));
        await Task.Delay(50, Token);

        long signInMs = await TimeAsync(async () =>
            (await SignInAsync(desk, "li", "password-li")).ShouldBe(HttpStatusCode.NoContent));
        TestContext.Current.TestOutputHelper?.WriteLine($"sign-in {signInMs} ms");
        signInMs.ShouldBeLessThan(MostMs);
        (await flood).ShouldAllBe(
            static status => status == HttpStatusCode.Unauthorized || status == HttpStatusCode.TooManyRequests);
        Array.ForEach(attackers, static attacker => attacker.Dispose());
    }

    [Fact]
    public async Task P75_strangers_that_send_their_bodies_slowly_hold_no_sign_in_up()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        using HttpClient desk = Client(centre, "127.0.0.1");
        var slow = new List<Socket>();
        try
        {
            for (int i = 1; i <= 12; i++)
            {
                await SilentAsync(slow, $"127.0.2.{i}", 1, centre.HttpPort);
            }
            byte[] half = Encoding.ASCII.GetBytes(
                "POST /api/session HTTP/1.1\r\nHost: localhost\r\nX-ElderBand: 1\r\n"
                    + "Content-Type: application/json\r\nContent-Length: 60\r\n\r\n{\"name\":");
            foreach (Socket socket in slow)
            {
                await socket.SendAsync(half, Token);
            }
            await Task.Delay(200, Token);
            long signInMs = await TimeAsync(async () =>
                (await SignInAsync(desk, "li", "password-li")).ShouldBe(HttpStatusCode.NoContent));
            signInMs.ShouldBeLessThan(MostMs);
            foreach (string path in (string[])["api/session", "api/session/"])
            {
                (await desk.PostAsJsonAsync(path, new { name = "li", password = new string('x', 4096) }, Token))
                    .StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge, path);
            }
        }
        finally
        {
            slow.ForEach(static socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task P75_a_family_link_has_four_streams_at_most_and_the_place_of_one_that_ends_is_free()
    {
        await using Gateway gateway = await Gateway.OpenAsync();
        await using StaffDesk desk = await StaffDesk.OpenAsync(gateway.Address);
        await desk.PressAsync();
        await TestCentre.UntilAsync(() => !gateway.Requests.IsEmpty, "the text to the family");
        string text = gateway.Requests.First().GetProperty("text").GetString()!;
        string token = Regex.Match(text, "/f/([-_0-9A-Za-z]+)").Groups[1].Value;
        var streams = new List<StaffDesk.Events>();
        for (int i = 0; i < 4; i++)
        {
            streams.Add(await desk.ListenAsync(desk.Stranger(), $"api/family/{token}/events"));
        }
        using HttpClient fifth = desk.Stranger();
        (await fifth.GetAsync(
            $"api/family/{token}/events", HttpCompletionOption.ResponseHeadersRead, Token))
            .StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        (await fifth.GetAsync($"api/family/{token}", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        streams[0].Dispose();
        HttpStatusCode status = HttpStatusCode.TooManyRequests;
        for (int i = 0; i < 100 && status != HttpStatusCode.OK; i++)
        {
            await Task.Delay(50, Token);
            status = (await fifth.GetAsync(
                $"api/family/{token}/events", HttpCompletionOption.ResponseHeadersRead, Token)).StatusCode;
        }
        status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task P75_silent_connections_are_bounded_and_a_hub_signs_in_and_calls_among_them()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        StrangerGate gate = centre.App.Services.GetRequiredService<StrangerGate>();
        var silent = new List<Socket>();
        try
        {
            await SilentAsync(silent, "127.0.0.2", StrangerGate.PerAddress + 50, centre.MqttPort);
            await TestCentre.UntilAsync(
                () => gate.Count == StrangerGate.PerAddress, "the bound of one address");
            for (int i = 3; i < 9; i++)
            {
                await SilentAsync(silent, $"127.0.0.{i}", 200, centre.MqttPort);
            }
            await TestCentre.UntilAsync(() => gate.Count == StrangerGate.InAll, "the bound of all addresses");

            TestHub? hub = null;
            long signInMs = await TimeAsync(async () => hub = await centre.HubAsync());
            TestBand band = centre.Band();
            long pressMs = await TimeAsync(async () => (await hub!.SendAsync(band, band.Sos())).ShouldBeTrue());
            TestContext.Current.TestOutputHelper?.WriteLine($"hub signed in {signInMs} ms, press {pressMs} ms");
            signInMs.ShouldBeLessThan(MostMs);
            pressMs.ShouldBeLessThan(300);
            centre.Alarms().ShouldHaveSingleItem();
            await hub!.DisposeAsync();
        }
        finally
        {
            silent.ForEach(static socket => socket.Dispose());
        }
        await TestCentre.UntilAsync(() => gate.Count == 0, "nobody is left at the gate");
    }

    private static async Task SilentAsync(List<Socket> silent, string from, int count, int port)
    {
        for (int i = 0; i < count; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            silent.Add(socket);
            socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
            try
            {
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), Token);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
            {
                // Refused at the gate.
            }
        }
    }

    private static HttpClient Client(TestCentre centre, string from)
    {
        var handler = new SocketsHttpHandler
        {
            CookieContainer = new CookieContainer(),
            ConnectCallback = async (context, cancel) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, context.DnsEndPoint.Port), cancel);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        var client = new HttpClient(handler) { BaseAddress = new Uri($"http://127.0.0.1:{centre.HttpPort}/") };
        client.DefaultRequestHeaders.Add("X-ElderBand", "1");
        return client;
    }

    private static async Task<HttpStatusCode> SignInAsync(HttpClient client, string name, string password)
    {
        using HttpResponseMessage answer = await client.PostAsJsonAsync("api/session", new { name, password }, Token);
        return answer.StatusCode;
    }

    private static async Task<long> TimeAsync(Func<Task> act)
    {
        var watch = Stopwatch.StartNew();
        await act();
        return watch.ElapsedMilliseconds;
    }
}
