using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using ElderBand.BandProtocol;
using ElderBand.HubService.Alarms;

namespace ElderBand.Tests.HubService;

/// <summary>
/// One hub publishes presses of its own key as fast as the service takes them (docs/adr/0101). Everything runs over
/// real TLS and the real event stream.
/// </summary>
[Collection("figures")]
public sealed class HubFloodTests(ITestOutputHelper output)
{
    private const int Senders = 64;
    private const int Presses = 120;
    private const int PressEveryMs = 50;
    private const double MostMs = 150;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task P69_a_flood_of_one_hub_delays_no_press_of_another_home_and_fills_no_page()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        using HttpClient console = await SignedInAsync(centre);
        using var pushed = new Pushed(console);
        await using TestHub victim = await centre.HubAsync("hub-3");
        await using TestHub attacker = await centre.HubAsync("hub-1");
        TestBand band = centre.Band(TestCentre.BandThree);
        await PressesAsync(victim, band, pushed, 20); // warms up
        double quietMs = Largest(await PressesAsync(victim, band, pushed, 40));

        using var end = CancellationTokenSource.CreateLinkedTokenSource(Token);
        long bytes = pushed.Bytes;
        var clock = Stopwatch.StartNew();
        Task<int> flood = FloodAsync(attacker, end.Token);
        double duringMs = Largest(await PressesAsync(victim, band, pushed, Presses));
        double seconds = clock.Elapsed.TotalSeconds;
        await end.CancelAsync();
        int sent = await flood;
        double bytesASecond = (pushed.Bytes - bytes) / seconds;

        AlarmView flooded = centre.Alarms().Single(static a => a.Source == "hubKey");
        byte[] state = await console.GetByteArrayAsync("api/state", Token);
        output.WriteLine(
            $"quiet {quietMs:0} ms, during the flood {duringMs:0} ms; {flooded.Presses} presses on the flooded card, "
                + $"{sent} sent in {seconds:0} s; state {state.Length} bytes, stream {bytesASecond:0} bytes a second");
        flooded.Presses.ShouldBeGreaterThan(100, "the flood has reached the card");
        // Each press has its key (R1), and each that was acknowledged its receipt.
        centre.Store.Read(static db => db.Number(
            "SELECT (SELECT count(*) FROM frame_key WHERE sender LIKE 'h%') - presses FROM alarm "
                + "WHERE source='hubKey'")).ShouldBe(0);
        await TestCentre.UntilAsync(() => attacker.Receipts.Distinct().Count() >= sent, "a receipt for each press");
        state.Length.ShouldBeLessThan(100_000);
        bytesASecond.ShouldBeLessThan(50_000);
        duringMs.ShouldBeLessThanOrEqualTo(MostMs);
    }

    /// <summary>
    /// Sends presses and returns the ms from each to its PUBACK and to the console, whichever is later.
    /// </summary>
    private static async Task<List<double>> PressesAsync(TestHub hub, TestBand band, Pushed pushed, int count)
    {
        var took = new List<double>();
        for (int i = 0; i < count; i++)
        {
            var clock = Stopwatch.StartNew();
            Task seen = pushed.NextAsync("band");
            (await hub.SendAsync(band, band.Sos())).ShouldBeTrue();
            await seen.WaitAsync(TimeSpan.FromSeconds(10), Token);
            took.Add(clock.Elapsed.TotalMilliseconds);
            await Task.Delay(PressEveryMs, Token);
        }
        return took;
    }

    /// <summary>The 99th of 100.</summary>
    private static double Largest(List<double> took) =>
        took.Order().ElementAt((int)Math.Ceiling(took.Count * 0.99) - 1);

    /// <summary>Presses of the hub's own key in full envelopes; returns how many presses have a PUBACK.</summary>
    private static async Task<int> FloodAsync(TestHub hub, CancellationToken end)
    {
        int sequence = -1;
        int acknowledged = 0;
        byte[] Press()
        {
            byte[] frame = new byte[Frame.Size];
            int number = Interlocked.Increment(ref sequence);
            Frame.Begin(frame, FrameType.HubKey, Lane.Alarm, 7 + (number / 50_000), number % 50_000);
            Payload.PutEvent(frame, 1000, 0, 255, 0);
            return frame;
        }
        async Task SendAsync()
        {
            while (!end.IsCancellationRequested)
            {
                byte[][] frames = [.. Enumerable.Range(0, Envelope.MaxRecords).Select(_ => Press())];
                try
                {
                    if (!await hub.SendAsync(0, frames).WaitAsync(end))
                    {
                        return;
                    }
                }
                catch (OperationCanceledException)
                {
                    return;
                }
                Interlocked.Add(ref acknowledged, frames.Length);
            }
        }
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => SendAsync()));
        return acknowledged;
    }

    private static async Task<HttpClient> SignedInAsync(TestCentre centre)
    {
        var client = new HttpClient(new SocketsHttpHandler { CookieContainer = new CookieContainer() })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{centre.HttpPort}"),
        };
        client.DefaultRequestHeaders.Add("X-ElderBand", "1");
        (await client.PostAsJsonAsync("api/session", new { name = "li", password = "password-li" }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.NoContent);
        return client;
    }

    /// <summary>Reads the event stream, counts its bytes and tells of each change of a card.</summary>
    private sealed class Pushed : IDisposable
    {
        private readonly CancellationTokenSource _end = new();
        private readonly ConcurrentDictionary<long, string> _sources = new();
        private readonly ConcurrentDictionary<string, TaskCompletionSource> _waiting = new();
        private long _bytes;

        public Pushed(HttpClient console) => _ = ReadAsync(console);

        public long Bytes => Interlocked.Read(ref _bytes);

        /// <summary>Ends with the next change of a card of that source.</summary>
        public Task NextAsync(string source) => (_waiting[source] =
            new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

        public void Dispose() => _end.Cancel();

        private async Task ReadAsync(HttpClient console)
        {
            using HttpResponseMessage answer = await console.GetAsync(
                "api/events", HttpCompletionOption.ResponseHeadersRead, _end.Token);
            using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(_end.Token));
            string name = "";
            while (await reader.ReadLineAsync(_end.Token) is { } line)
            {
                Interlocked.Add(ref _bytes, line.Length + 1);
                if (line.StartsWith("event: ", StringComparison.Ordinal))
                {
                    name = line[7..];
                }
                else if (line.StartsWith("data: ", StringComparison.Ordinal) && name is "alarm" or "alarmChanged")
                {
                    using JsonDocument data = JsonDocument.Parse(line[6..]);
                    long id = data.RootElement.GetProperty("id").GetInt64();
                    if (data.RootElement.TryGetProperty("source", out JsonElement source))
                    {
                        _sources[id] = source.GetString()!;
                    }
                    if (data.RootElement.TryGetProperty("presses", out _)
                        && _sources.TryGetValue(id, out string? of)
                        && _waiting.TryRemove(of, out TaskCompletionSource? next))
                    {
                        next.TrySetResult();
                    }
                }
            }
        }
    }
}
