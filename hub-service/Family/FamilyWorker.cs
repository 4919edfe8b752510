using System.Text.Json;
using ElderBand.BandProtocol;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Family;

/// <summary>What the family room is given at the start.</summary>
public sealed record FamilyOptions
{
    /// <summary>
    /// Where texts are posted; null = none is configured, which is a fault to show and not a reason to be silent.
    /// </summary>
    public Uri? Webhook { get; init; }

    /// <summary>How texts are posted.</summary>
    public WebhookRequest Request { get; init; } = new();

    /// <summary>Bearer token of the gateway's reports; null = reports are not taken.</summary>
    public string? HookSecret { get; init; }

    /// <summary>What the links in the texts begin with, as families reach it.</summary>
    public required Uri PublicUrl { get; init; }

    /// <summary>Folder of the link key.</summary>
    public required string DataDir { get; init; }

    /// <summary>Time zone of the times in the texts.</summary>
    public string TimeZone { get; init; } = "Asia/Shanghai";
}

/// <summary>
/// Sends the outbox. The worker looks at a committed row within half a second, so a text goes out within 5 s. A text
/// that fails is tried again after 1, 2, 5, 15 and 30 s, then every 60 s, for 24 h. A text that the gateway refuses for
/// good (400, 422) is given up at once and shown, because the gateway would refuse it again (P63). A text is sent at
/// least once: after a crash between the gateway's answer and the stored note the same text goes out again, with the
/// same id and the alarm's number.
/// </summary>
public sealed class FamilyWorker(
    Store store, Clock clock, FamilyOptions options, LinkTokens tokens, ILogger<FamilyWorker> log)
    : BackgroundService
{
    private const int LookEveryMs = 500;
    private const int AtOnce = 16;
    private const int TimeoutMs = 10_000;
    private const long GiveUpMs = 24L * 3_600_000;
    private const int MaxAnswerBytes = 16 * 1024;
    private static readonly long[] RetryMs = [1000, 2000, 5000, 15_000, 30_000, MessageRows.LongestWaitMs];

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false })
    {
        Timeout = TimeSpan.FromMilliseconds(TimeoutMs),
        MaxResponseContentBufferSize = MaxAnswerBytes,
    };

    private readonly HashSet<long> _inFlight = [];
    private readonly SemaphoreSlim _more = new(0);
    private readonly TimeZoneInfo _zone = Zone(options.TimeZone);

    /// <summary>When the next attempt is due after that many failed ones (1 or more); null = given up.</summary>
    public static long? NextDue(long nowMs, long createdAtMs, int failedAttempts)
    {
        long dueAtMs = nowMs + RetryMs[Math.Min(failedAttempts, RetryMs.Length) - 1];
        return dueAtMs - createdAtMs > GiveUpMs ? null : dueAtMs;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _http.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                foreach (DueMessage message in store.Read(db => MessageRows.Due(db, clock.NowMs, AtOnce * 2)))
                {
                    bool starts;
                    lock (_inFlight)
                    {
                        starts = _inFlight.Count < AtOnce && _inFlight.Add(message.Id);
                    }
                    if (starts)
                    {
                        _ = SendAsync(message, stoppingToken);
                    }
                }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // Whatever it is: a fault in telling families must never end the process that takes alarms.
                log.LogError(e, "The family's outbox cannot be worked on; tried again in half a second");
            }
            try
            {
                await _more.WaitAsync(LookEveryMs, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private static TimeZoneInfo Zone(string id) =>
        TimeZoneInfo.TryFindSystemTimeZoneById(id, out TimeZoneInfo? zone)
            ? zone
            : TimeZoneInfo.CreateCustomTimeZone("UTC+8", TimeSpan.FromHours(8), "UTC+8", "UTC+8");

    private async Task SendAsync(DueMessage m, CancellationToken stopping)
    {
        try
        {
            // The list was read before the last attempt ended, so a text in the list may be sent already. It must not
            // go out twice.
            if (!store.Read(db => MessageRows.IsStillDue(db, m.Id, m.Attempts)))
            {
                return;
            }
            string token = tokens.Token(m.CentreId, m.AlarmId, m.ContactId, m.LinkIncarnation);
            if (!m.HasLink)
            {
                // The link is stored before its text leaves: a family that is quick must find the page.
                await store.WriteAsync(
                    Lane.Alarm,
                    tx => LinkRows.Insert(
                        tx.Db, Staff.Sessions.Hash(token)!, m.CentreId, m.AlarmId, m.ContactId, m.LinkIncarnation,
                        tx.NowMs, tx.NowMs + GiveUpMs),
                    stopping);
            }
            string? link = m.LinkIsOver ? null : new Uri(options.PublicUrl, $"/f/{token}").ToString();
            string text = MessageText.Write(m, link, clock.NowMs, _zone);
            Attempt attempt = await PostAsync(m, text, stopping);
            await store.WriteAsync(Lane.Alarm, tx => Keep(tx, m, attempt), stopping);
        }
        catch (OperationCanceledException)
        {
            // Stopping: the row is still there, the next start sends it.
        }
        catch (Exception e)
        {
            log.LogError(e, "Message {Id} stays in the outbox", m.Id);
        }
        finally
        {
            lock (_inFlight)
            {
                _inFlight.Remove(m.Id);
            }
            _more.Release();
        }
    }

    private static void Keep(Tx tx, DueMessage m, Attempt attempt)
    {
        if (attempt.Error is not { } error)
        {
            MessageRows.Sent(tx.Db, m.Id, tx.NowMs, attempt.GatewayId);
            Note(tx, m, TimelineKind.MessageSent, m.ContactName);
            TechnicalRows.Close(tx, Webhook(m), "a text went out");
            return;
        }
        // A refused text would be refused again, so it is not tried again. Every other failure may pass, so the text is
        // tried again.
        long? dueAtMs = attempt.IsGatewayFault ? NextDue(tx.NowMs, m.CreatedAtMs, m.Attempts + 1) : null;
        MessageRows.NotSent(tx.Db, m.Id, tx.NowMs, dueAtMs, error);
        // Every attempt shows in the contact's line; the timeline names the first and the last.
        Note(tx, m, m.Attempts == 0 || dueAtMs is null ? TimelineKind.MessageFailed : null,
            $"{m.ContactName}: {error}");
        if (attempt.IsGatewayFault)
        {
            TechnicalRows.Open(tx, Webhook(m), urgent: true, error);
        }
    }

    private static TechnicalKey Webhook(DueMessage m) => new(m.CentreId, CardKind.WebhookDown, null, null);

    private static void Note(Tx tx, DueMessage m, TimelineKind? kind, string text)
    {
        if (AlarmRows.Get(tx.Db, m.AlarmId) is not { } alarm)
        {
            return;
        }
        if (kind is { } noted)
        {
            AlarmRows.Note(tx, alarm, noted, "", text);
        }
        AlarmRows.Save(tx.Db, alarm);
        tx.AlarmChanged(m.CentreId, m.AlarmId);
    }

    private async Task<Attempt> PostAsync(DueMessage m, string text, CancellationToken stopping)
    {
        if (options.Webhook is null)
        {
            return new Attempt(null, "no webhook is configured: start the service with --webhook URL", true);
        }
        try
        {
            using HttpRequestMessage request = options.Request.Make(options.Webhook, m, text, clock.NowMs);
            using HttpResponseMessage answer = await _http.SendAsync(request, stopping);
            int status = (int)answer.StatusCode;
            return status is >= 200 and < 300
                ? new Attempt(GatewayId(await answer.Content.ReadAsStringAsync(stopping)), null, false)
                : status is 400 or 422
                ? new Attempt(null, $"the gateway answered {status}: it refuses this text for good", false)
                : new Attempt(null, $"the gateway answered {status}", true);
        }
        catch (TaskCanceledException) when (!stopping.IsCancellationRequested)
        {
            return new Attempt(null, "the gateway did not answer within 10 s", true);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new Attempt(null, $"the gateway cannot be reached: {e.Message}", true);
        }
    }

    private static string? GatewayId(string body)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("messageId", out JsonElement id)
                ? id.ToString() is { Length: > 0 and <= 200 } text ? text : null
                : null;
        }
        catch (JsonException)
        {
            return null; // the body is optional
        }
    }

    /// <summary>
    /// The result of one attempt. IsGatewayFault: the attempt failed, and a later attempt may succeed. False where the
    /// text was sent, or the gateway refused this text for good.
    /// </summary>
    private sealed record Attempt(string? GatewayId, string? Error, bool IsGatewayFault);
}
