using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ElderBand.Simulation;

namespace ElderBand.Simulator.Centre;

/// <summary>
/// An alarm as the centre's event stream tells it (docs/service-api.md); only what the simulator reads.
/// </summary>
public sealed record AlarmView(
    long Id,
    int Revision,
    string Number,
    string Kind,
    string State,
    bool Drill,
    long EventAtMs,
    string AgeQuality,
    long RaisedAtMs,
    int Presses,
    bool NotNeeded,
    bool Unanswered,
    AlarmOwner? Owner,
    long? ClosedAtMs,
    AlarmResident Resident,
    AlarmContact[] Contacts,
    AlarmTrace Trace);

/// <summary>Who has it.</summary>
public sealed record AlarmOwner(long StaffId, string DisplayName);

/// <summary>Whose it is.</summary>
public sealed record AlarmResident(long Id, string Name);

/// <summary>A contact and what was sent.</summary>
public sealed record AlarmContact(long Id, string Name, AlarmMessage[] Messages);

/// <summary>One message to a contact.</summary>
public sealed record AlarmMessage(long Id, string Reason, long? SentAtMs, long? DeliveredAtMs, long? OpenedAtMs);

/// <summary>Moments inside the centre, µs on the machine's monotonic clock; 0 unknown.</summary>
public sealed record AlarmTrace(long ArrivedUs, long CommittedUs, long PushedUs);

/// <summary>Vitals as the stream tells them.</summary>
public sealed record VitalsView(
    long ResidentId, long AtMs, int? Bpm, int Confidence, string? Refusal, int? Spo2Pct, string? Spo2Refusal,
    string Wear);

/// <summary>
/// A signed-in member of staff: reads the real event stream and acts through the real HTTP interface. Its callbacks
/// come from its own thread.
/// </summary>
public sealed class StaffClient : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly HttpClient _http;
    // Each alarm as the stream has told it so far; a change names what differs.
    private readonly Dictionary<long, JsonObject> _alarms = [];
    private readonly CancellationTokenSource _end = new();
    private Task _stream = Task.CompletedTask;

    /// <summary>Not signed in yet.</summary>
    public StaffClient(Uri centre)
    {
        _http = new HttpClient(
            new SocketsHttpHandler { CookieContainer = new CookieContainer(), AllowAutoRedirect = false })
        {
            BaseAddress = centre,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _http.DefaultRequestHeaders.Add("X-ElderBand", "1");
    }

    /// <summary>
    /// An alarm was told; the moment its last byte was here, µs; true when it came in the state after a connect.
    /// </summary>
    public Action<AlarmView, long, bool>? Alarm { get; set; }

    /// <summary>Vitals were told.</summary>
    public Action<VitalsView>? Vitals { get; set; }

    /// <summary>The stream came up or went down.</summary>
    public Action<bool>? Connected { get; set; }

    /// <summary>Uses a single-use link.</summary>
    public async Task SignInAsync(Uri link, CancellationToken cancellation)
    {
        using var answer = await _http.GetAsync(link, cancellation);
        if ((int)answer.StatusCode >= 400)
        {
            throw new SimulationException($"The centre refused the sign-in link: {(int)answer.StatusCode}.");
        }
    }

    /// <summary>Reads the event stream until disposed, and connects again whenever it ends.</summary>
    public void Listen() => _stream = ListenAsync();

    /// <summary>Takes an alarm; false where somebody else has it.</summary>
    public Task<bool> TakeAsync(long alarm) => PostAsync($"api/alarms/{alarm}/take", null);

    /// <summary>Says that help is on the way.</summary>
    public Task<bool> ComingAsync(long alarm) => PostAsync($"api/alarms/{alarm}/coming", null);

    /// <summary>Closes an alarm with its outcome.</summary>
    public Task<bool> CloseAsync(long alarm, string outcome, string words) =>
        PostAsync($"api/alarms/{alarm}/close", new { outcome, words });

    /// <inheritdoc/>
    public void Dispose()
    {
        _end.Cancel();
        _http.Dispose();
        _end.Dispose();
    }

    // The service counts a console only while its page answers.
    private async Task AnswerAsync(string? page)
    {
        try
        {
            await PostAsync($"api/events/{page}/alive", null);
        }
        catch (Exception e) when (
            e is HttpRequestException or OperationCanceledException or ObjectDisposedException)
        {
            // The stream of events ends too, and its loop connects again.
        }
    }

    private async Task<bool> PostAsync(string path, object? body)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        using var answer = await _http.PostAsJsonAsync(path, body ?? new { }, Json, limit.Token);
        return answer.IsSuccessStatusCode;
    }

    private async Task ListenAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                await ReadStreamAsync();
            }
            catch (Exception e) when (
                e is HttpRequestException or IOException or OperationCanceledException or ObjectDisposedException)
            {
                // Down; the loop tries again, as a browser does.
            }

            Connected?.Invoke(false);
            try
            {
                await Task.Delay(500, _end.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ReadStreamAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "api/events");
        using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _end.Token);
        answer.EnsureSuccessStatusCode();
        Connected?.Invoke(true);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(_end.Token), Encoding.UTF8);
        var kind = "";
        var data = new StringBuilder();
        while (await reader.ReadLineAsync(_end.Token) is { } line)
        {
            if (line.StartsWith("event:", StringComparison.Ordinal))
            {
                kind = line[6..].Trim();
            }
            else if (line.StartsWith("data:", StringComparison.Ordinal))
            {
                data.Append(line.AsSpan(5));
            }
            else if (line.Length == 0)
            {
                Take(kind, data.ToString(), World.MonotonicUs());
                kind = "";
                data.Clear();
            }
        }
    }

    private void Take(JsonObject alarm, long atUs, bool inState)
    {
        _alarms[(long)alarm["id"]!] = alarm;
        Alarm?.Invoke(alarm.Deserialize<AlarmView>(Json)!, atUs, inState);
    }

    private void Take(string kind, string data, long atUs)
    {
        switch (kind)
        {
            case "state":
                _alarms.Clear();
                using (var state = JsonDocument.Parse(data))
                {
                    foreach (var alarm in state.RootElement.GetProperty("alarms").EnumerateArray())
                    {
                        Take(JsonObject.Create(alarm.Clone())!, atUs, true);
                    }
                }

                break;
            case "alarm":
                Take(JsonNode.Parse(data)!.AsObject(), atUs, false);
                break;
            case "alarmChanged":
                var change = JsonNode.Parse(data)!.AsObject();
                var whole = _alarms[(long)change["id"]!];
                change.Remove("timeline"); // new lines only, and the simulator reads none
                foreach (var (name, value) in change)
                {
                    whole[name] = value?.DeepClone();
                }

                Take(whole, atUs, false);
                break;
            case "alive":
                using (var alive = JsonDocument.Parse(data))
                {
                    _ = AnswerAsync(alive.RootElement.GetProperty("pageId").GetString());
                }

                break;
            case "vitals":
                Vitals?.Invoke(JsonSerializer.Deserialize<VitalsView>(data, Json)!);
                break;
        }
    }
}
