using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Threading.RateLimiting;
using ElderBand.BandProtocol;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Staff;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Family;

/// <summary>A line of the family's timeline: never vitals, never what was said.</summary>
public sealed record FamilyEntry(long AtMs, string Kind, string? Who);

/// <summary>What a contact sees of one alarm.</summary>
public sealed record FamilyView(
    string Number, string Kind, string ResidentName, string State, long RaisedAtMs, long NowMs, bool Unanswered,
    string? Who,
    long? TakenAtMs, long? ComingAtMs, long? ClosedAtMs, string? ClosingWords, string? CallResident, string? CallCentre,
    IReadOnlyList<FamilyEntry> Timeline);

/// <summary>The family's page, its stream, and the gateway's reports.</summary>
public static class FamilyEndpoints
{
    private const int AliveEveryMs = 5000;
    private const int MaxStreams = 256;
    private const int StreamsOfALink = 4;
    private const string LinkStreams = "streams of a family link";

    // A card that is pressed without end changes 20 times a second; nobody reads that.
    private const int ViewEveryMs = 1000;

    /// <summary>What families are told of the timeline; everything else stays in the centre.</summary>
    public static readonly IReadOnlySet<string> Told = new[]
    {
        TimelineKind.Raised, TimelineKind.Press, TimelineKind.ManyPresses, TimelineKind.Confirmed,
        TimelineKind.Deadline, TimelineKind.NotNeeded,
        TimelineKind.Unanswered, TimelineKind.NotAnswered, TimelineKind.Taken, TimelineKind.Coming,
        TimelineKind.Overdue, TimelineKind.HandedBack, TimelineKind.Closed, TimelineKind.CallSpoke,
        TimelineKind.CallNoAnswer,
    }.Select(static kind => kind.Code()).ToHashSet(StringComparer.Ordinal);

    private static int _streams;

    /// <summary>Registers the worker.</summary>
    public static void AddFamily(this IServiceCollection services, FamilyOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(new LinkTokens(options.DataDir));
        services.AddHostedService<FamilyWorker>();
        services.AddRateLimiter(static limits => limits.AddPolicy(LinkStreams, static context =>
            RateLimitPartition.GetConcurrencyLimiter($"{context.Request.RouteValues["token"]}", static _ =>
                new ConcurrencyLimiterOptions { PermitLimit = StreamsOfALink })));
    }

    /// <summary>Maps the page, its data and the hook.</summary>
    public static void MapFamily(this WebApplication app)
    {
        RouteGroupBuilder family = app.MapGroup("").At(Door.Family);
        family.MapGet("/f/{token}", static (string token, Store store, Clock clock, Pages pages) =>
            pages.Page("family.html", store.Read(db => Status(Find(db, token), clock.NowMs))));
        family.MapGet("/api/family/{token}", ReadOnce);
        family.MapGet("/api/family/{token}/events", Stream).RequireRateLimiting(LinkStreams);
        family.MapPost("/hooks/messages", Report);
    }

    private static LinkRow? Find(Db db, string token) =>
        Sessions.Hash(token) is { } hash ? LinkRows.Find(db, hash) : null;

    private static int Status(LinkRow? link, long nowMs) =>
        link is null ? 404 : link.RevokedAtMs is not null || link.ExpiresAtMs <= nowMs ? 410 : 200;

    private static IResult Refused(int status) => status == 404
        ? Shield.Refuse(404, "unknown", "There is no such page: check the link, or call the centre.")
        : Shield.Refuse(410, "over", "This link is over: call the centre.");

    private static async Task<IResult> ReadOnce(string token, Store store, Clock clock)
    {
        (int status, FamilyView? view) = store.Read(db => Read(db, token, clock.NowMs));
        if (view is null)
        {
            return Refused(status);
        }
        await NoteOpened(token, store);
        return Results.Json(view);
    }

    private static (int Status, FamilyView? View) Read(Db db, string token, long nowMs)
    {
        LinkRow? link = Find(db, token);
        int status = Status(link, nowMs);
        return (status, status == 200 ? View(db, link!, nowMs) : null);
    }

    private static FamilyView? View(Db db, LinkRow link, long nowMs)
    {
        if (Views.Alarm(db, link.AlarmId) is not { } a)
        {
            return null;
        }
        ResidentRow? resident = ResidentRows.Resident(db, link.ResidentId);
        // The timeline's text can hold names of other contacts or free words: families get the code and who acted.
        List<FamilyEntry> timeline = [.. Views.Timeline(db, a.Id, Told)
            .Select(static e => new FamilyEntry(e.AtMs, e.Kind, e.Who.Length > 0 ? e.Who : null))];
        return new FamilyView(
            a.Number, a.Kind, resident?.Name ?? "", a.State, a.RaisedAtMs, nowMs, a.Unanswered, a.Owner?.DisplayName,
            a.TakenAtMs, a.ComingAtMs, a.ClosedAtMs, a.ClosingWords, OrNull(resident?.Phone),
            OrNull(ResidentRows.Centre(db, link.CentreId)?.Phone), timeline);
    }

    private static string? OrNull(string? text) => string.IsNullOrEmpty(text) ? null : text;

    /// <summary>
    /// The first opening is noted on the alarm; a database that does not take it never hides the page.
    /// </summary>
    private static async Task NoteOpened(string token, Store store)
    {
        if (store.Read(db => Find(db, token)) is not { OpenedAtMs: null } link)
        {
            return;
        }
        Task note = store.WriteAsync(Lane.Alarm, tx =>
        {
            if (!LinkRows.Opened(tx.Db, Sessions.Hash(token)!, tx.NowMs)
                || AlarmRows.Get(tx.Db, link.AlarmId) is not { } alarm)
            {
                return;
            }
            MessageRows.Opened(tx.Db, link.AlarmId, link.ContactId, tx.NowMs);
            AlarmRows.Note(tx, alarm, TimelineKind.MessageOpened, "", link.ContactName);
            AlarmRows.Save(tx.Db, alarm);
            tx.AlarmChanged(link.CentreId, link.AlarmId);
        });
        await Task.WhenAny(note, Task.Delay(1000));
    }

    private static async Task Stream(
        string token, HttpContext context, Store store, Clock clock, Changes changes, IHostApplicationLifetime lifetime)
    {
        (int status, FamilyView? view) = store.Read(db => Read(db, token, clock.NowMs));
        if (view is null || store.Read(db => Find(db, token)) is not { } link)
        {
            await Refused(status).ExecuteAsync(context);
            return;
        }
        if (Interlocked.Increment(ref _streams) > MaxStreams)
        {
            Interlocked.Decrement(ref _streams);
            await Shield.Refuse(429, "busy", "Too many pages are open; this one reads again by itself.")
                .ExecuteAsync(context);
            return;
        }
        try
        {
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(
                context.RequestAborted, lifetime.ApplicationStopping);
            using Subscription subscription = changes.Subscribe(link.CentreId);
            EventStream stream = await EventStream.OpenAsync(context);
            // Read again after subscribing: a change in between would be lost.
            view = store.Read(db => Read(db, token, clock.NowMs)).View;
            while (view is not null)
            {
                await stream.SendAsync("family", view, ending.Token);
                await Task.Delay(ViewEveryMs, ending.Token);
                while (!await ChangedAsync(subscription, link.AlarmId, ending.Token))
                {
                    if (store.Read(db => Status(Find(db, token), clock.NowMs)) != 200)
                    {
                        break;
                    }
                    await stream.SendAsync("alive", new { clock.NowMs }, ending.Token);
                }
                view = store.Read(db => Read(db, token, clock.NowMs)).View;
            }
            await stream.SendAsync("over", new { }, ending.Token);
        }
        finally
        {
            Interlocked.Decrement(ref _streams);
        }
    }

    /// <summary>True where the alarm has changed, false after 5 s without.</summary>
    private static async Task<bool> ChangedAsync(Subscription subscription, long alarmId, CancellationToken end)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(end);
        timeout.CancelAfter(AliveEveryMs);
        try
        {
            while (true)
            {
                Notice notice = await subscription.Notices.ReadAsync(timeout.Token);
                if (notice.Reload || notice.Alarm?.Id == alarmId)
                {
                    return true;
                }
            }
        }
        catch (OperationCanceledException) when (!end.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>The gateway says what became of a text.</summary>
    private static async Task<IResult> Report(HttpContext context, JsonElement body, FamilyOptions options, Store store)
    {
        if (options.HookSecret is not { Length: > 0 } expected
            || !CryptographicOperations.FixedTimeEquals(
                Encoding.UTF8.GetBytes(context.Request.Headers.Authorization.ToString()),
                Encoding.UTF8.GetBytes($"Bearer {expected}")))
        {
            return Shield.Refuse(404, "unknown", "There is nothing here.");
        }
        if (body.ValueKind != JsonValueKind.Object
            || !body.TryGetProperty("id", out JsonElement id)
            || id.ValueKind is not (JsonValueKind.Number or JsonValueKind.String)
            || !body.TryGetProperty("status", out JsonElement status)
            || status.ValueKind != JsonValueKind.String || status.GetString() is not ("delivered" or "failed"))
        {
            return Shield.Refuse(400, "badRequest", "Needed: id, and status delivered or failed.");
        }
        bool delivered = status.GetString() == "delivered";
        string detail = body.TryGetProperty("detail", out JsonElement text) && text.ValueKind == JsonValueKind.String
            ? StaffEndpoints.Bounded(text.GetString()) ?? ""
            : "";
        bool known = await store.WriteAsync(Lane.Alarm, tx =>
        {
            if (MessageRows.Reported(tx.Db, id.ToString()) is not { } m
                || AlarmRows.Get(tx.Db, m.AlarmId) is not { } alarm)
            {
                return false;
            }
            if (m.DeliveredAtMs is not null || (!delivered && m.SentAtMs is null))
            {
                return true; // said before, or being tried again already
            }
            if (delivered)
            {
                MessageRows.Delivered(tx.Db, m.Id, tx.NowMs);
            }
            else
            {
                // Not arrived: the same text with the same number is tried again, as after any failure.
                long? dueAtMs = FamilyWorker.NextDue(
                    tx.NowMs, MessageRows.CreatedAt(tx.Db, m.Id), Math.Max(1, m.Attempts));
                MessageRows.NotSent(tx.Db, m.Id, tx.NowMs, dueAtMs, $"the gateway reports: {detail}");
            }
            AlarmRows.Note(
                tx, alarm, delivered ? TimelineKind.MessageDelivered : TimelineKind.MessageFailed, "",
                $"{m.ContactName} {detail}".TrimEnd());
            AlarmRows.Save(tx.Db, alarm);
            tx.AlarmChanged(alarm.CentreId, alarm.Id);
            return true;
        });
        return known ? Results.NoContent() : Shield.Refuse(404, "unknown", "There is no such message.");
    }
}
