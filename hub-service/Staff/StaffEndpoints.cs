using ElderBand.BandProtocol;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Staff;

/// <summary>Who is signed in, as the console's state says it.</summary>
public sealed record MeView(long StaffId, string DisplayName, bool CanAct, string? Screen);

/// <summary>The centre, as the console's state says it.</summary>
public sealed record CentreView(string Id, string Name, string Phone);

/// <summary>Everything the console draws.</summary>
public sealed record StateView(
    long NowMs, long StartedAtMs, CentreView Centre, MeView Me, IReadOnlyList<AlarmView> Alarms,
    IReadOnlyList<TechnicalView> Technical, AliveView Alive);

/// <summary>The console's side of docs/service-api.md: sign-in, state, stream and what staff do with alarms.</summary>
public static class StaffEndpoints
{
    /// <summary>Registers what the endpoints need.</summary>
    public static void AddStaff(this IServiceCollection services)
    {
        services.AddSingleton<LockOut>();
        services.AddSingleton<Sessions>();
        services.AddSingleton<Pages>();
        services.AddSingleton<ConsoleStream>();
        services.AddSingleton<QrOnce>();
        services.AddSignInLimits();
        services.Configure<RouteHandlerOptions>(static o => o.ThrowOnBadRequest = true); // Shield answers it, in words
        services.ConfigureHttpJsonOptions(static o => o.SerializerOptions.MaxDepth = 8);
    }

    /// <summary>Shield, pages and every call of the console.</summary>
    public static void MapStaff(this WebApplication app)
    {
        app.UseShield();
        app.UseDoors();
        app.UseSignInLimits();
        Pages pages = app.Services.GetRequiredService<Pages>();
        pages.UseFiles(app);
        app.MapGet("/", () => pages.Page("index.html"));

        app.MapPost("/api/session", SignIn);
        app.MapGet("/api/session", WhoAmI);
        app.MapDelete("/api/session", SignOut);
        app.MapGet("/signin", UseCode);

        app.MapGet("/api/state", static (HttpContext context, Sessions sessions, ConsoleStream stream) =>
            sessions.Find(context) is { } caller ? Results.Json(stream.State(caller)) : NotSignedIn());
        app.MapGet("/api/events", static async (HttpContext context, Sessions sessions, ConsoleStream stream) =>
        {
            if (sessions.Find(context) is not { } caller)
            {
                await NotSignedIn().ExecuteAsync(context);
                return;
            }
            await stream.RunAsync(context, caller);
        });
        app.MapPost("/api/events/{page}/alive", static (string page, HttpContext context, Sessions sessions,
            ConsoleStream stream) => sessions.Find(context) is null ? NotSignedIn()
                : stream.Answered(page) ? Results.NoContent() : Results.NotFound());

        TimelineEndpoint.Map(app);
        RouteGroupBuilder acts = app.MapGroup("/api").AddEndpointFilter(RequireActor);
        acts.MapPost("/alarms/{id:long}/take", static (long id, HttpContext context, AlarmDesk desk) =>
            OnAlarm(context, id, (tx, caller) => desk.Take(tx, caller.Staff.CentreId, id, Actor(caller))));
        acts.MapPost("/alarms/{id:long}/coming", static (long id, HttpContext context, AlarmDesk desk) =>
            OnAlarm(context, id, (tx, caller) => desk.Coming(tx, caller.Staff.CentreId, id, Actor(caller))));
        acts.MapPost("/alarms/{id:long}/still-on", static (long id, HttpContext context, AlarmDesk desk) =>
            OnAlarm(context, id, (tx, caller) => desk.StillOn(tx, caller.Staff.CentreId, id, Actor(caller))));
        acts.MapPost("/alarms/{id:long}/handback", static (long id, HttpContext context, AlarmDesk desk) =>
            OnAlarm(context, id, (tx, caller) => desk.HandBack(tx, caller.Staff.CentreId, id, Actor(caller))));
        acts.MapPost(
            "/alarms/{id:long}/close", static (long id, HttpContext context, AlarmDesk desk, CloseRequest body) =>
            OnAlarm(context, id, (tx, caller) => desk.Close(
                tx, caller.Staff.CentreId, id, Actor(caller), body.Outcome, Bounded(body.Words))));
        acts.MapPost(
            "/alarms/{id:long}/call", static (long id, HttpContext context, AlarmDesk desk, CallRequest body) =>
            body.Result is not ("spoke" or "noAnswer")
                ? Task.FromResult(Shield.Refuse(400, "badRequest", "result is spoke or noAnswer."))
                : OnAlarm(context, id, (tx, caller) => LogCall(tx, desk, id, caller, body)));
        acts.MapPost("/alarms/{id:long}/revoke-link", static (long id, HttpContext context, RevokeRequest body) =>
            OnAlarm(context, id, (tx, caller) => RevokeLink(tx, id, caller, body.ContactId)));
        acts.MapPost(
            "/technical/{id:long}/close", static async (long id, HttpContext context, Store store, WordsRequest body) =>
        {
            Caller caller = CallerOf(context);
            bool closed = await store.WriteAsync(
                Lane.Alarm,
                tx => TechnicalRows.Close(tx, caller.Staff.CentreId, id, Actor(caller).Who, Bounded(body.Words) ?? ""),
                context.RequestAborted);
            return closed ? Results.Json(new { }) : Shield.Refuse(404, "notFound", "There is no such open card.");
        });
        SessionEndpoints.Map(acts);
        LifeCycleEndpoints.Map(acts);
        EnrolmentEndpoints.Map(acts);
        TraceEndpoints.Map(acts);
    }

    internal static Caller CallerOf(HttpContext context) => (Caller)context.Items[typeof(Caller)]!;

    internal static Actor Actor(Caller caller) => new(caller.Staff.Id, caller.Staff.DisplayName);

    internal static CentreView CentreOf(Db db, string centreId) =>
        ResidentRows.Centre(db, centreId) is { } c
            ? new CentreView(c.CentreId, c.Name, c.Phone) : new CentreView(centreId, centreId, "");

    /// <summary>Free words: trimmed, at most 500 characters; null where there are none.</summary>
    internal static string? Bounded(string? words) =>
        string.IsNullOrWhiteSpace(words)
            ? null : words.Trim() is { Length: > 500 } longer ? longer[..500] : words.Trim();

    private static IResult NotSignedIn() => Shield.Refuse(401, "signIn", "Sign in first.");

    private static async ValueTask<object?> RequireActor(
        EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        HttpContext context = invocation.HttpContext;
        if (context.RequestServices.GetRequiredService<Sessions>().Find(context) is not { CanAct: true } caller)
        {
            return Shield.Refuse(401, "signIn", "Your session has expired: sign in again. Alarms are still shown.");
        }
        context.Items[typeof(Caller)] = caller;
        return await next(invocation);
    }

    private static IResult WhoAmI(HttpContext context, Sessions sessions, Store store)
    {
        if (sessions.Find(context) is not { } caller)
        {
            return NotSignedIn();
        }
        sessions.KeepScreen(context);
        return Results.Json(new
        {
            StaffId = caller.Staff.Id,
            caller.Staff.Name,
            caller.Staff.DisplayName,
            caller.Staff.Role,
            Centre = store.Read(db => CentreOf(db, caller.Staff.CentreId)),
            caller.CanAct,
            Screen = caller.Screen?.Name,
            Manages = caller.Staff.Role == "admin" && Doors.IsOpen(context, Door.Management),
        });
    }

    private static async Task<IResult> SignOut(HttpContext context, Sessions sessions, ConsoleStream stream) =>
        await sessions.EndAsync(context, sessions.Find(context) is { } caller && stream.IsLastScreen(caller))
            ? Results.NoContent()
            : Shield.Refuse(
                409, "lastScreen",
                "An alarm is open and this is the last screen: hand over, the next person signs in here.");

    private static async Task<IResult> SignIn(
        HttpContext context, SignInRequest body, Store store, Sessions sessions)
    {
        if (body is not { Name: { Length: > 0 and <= 100 } name, Password: { Length: > 0 and <= 200 } password })
        {
            return Shield.Refuse(
                400, "badRequest", "A name of at most 100 characters and a password of at most 200 are needed.");
        }
        StaffRow? staff = store.Read(db => StaffRows.ByName(db, name));
        if (await PasswordCheck.RefuseAsync(
            context, name, staff, password, Shield.Refuse(401, "wrongPassword", "Name or password is wrong."))
            is { } refusal)
        {
            return refusal;
        }
        await sessions.BeginAsync(context, staff!, $"password from {PasswordCheck.AddressOf(context)}");
        return Results.NoContent();
    }

    private static async Task<IResult> UseCode(HttpContext context, string? code, Store store, Sessions sessions)
    {
        if (!Doors.IsFromThisMachine(context))
        {
            return Results.Text("This link works only on the computer that runs the service.", statusCode: 403);
        }
        StaffRow? staff = Sessions.Hash(code) is { } hash
            ? await store.WriteAsync(Lane.Alarm, tx => StaffRows.UseCode(tx.Db, hash, tx.NowMs), context.RequestAborted)
            : null;
        if (staff is null)
        {
            return Results.Text(
                "This sign-in link has been used or is older than 10 minutes. Make a new one: hub-service signin-link",
                statusCode: 410);
        }
        await sessions.BeginAsync(context, staff, "single-use link");
        return Results.Redirect("/");
    }

    /// <summary>Runs an act on the writer and answers with the alarm as it then is.</summary>
    private static async Task<IResult> OnAlarm(HttpContext context, long id, Func<Tx, Caller, ActResult> act)
    {
        Caller caller = CallerOf(context);
        Store store = context.RequestServices.GetRequiredService<Store>();
        // Not tied to the request: a click that has reached the writer counts, also when the browser leaves meanwhile.
        ActResult result = await store.WriteAsync(Lane.Alarm, tx => act(tx, caller));
        return result.Act switch
        {
            Act.Done =>
                Results.Json(store.Read(db => context.RequestServices.GetRequiredService<Changes>().Read(db, id))),
            Act.NotFound => Shield.Refuse(404, "notFound", "There is no such alarm."),
            Act.TakenByOther => Shield.Refuse(409, "taken", $"{result.TakenBy} has it.", result.TakenBy),
            Act.NoOutcome =>
                Shield.Refuse(400, "noOutcome", "Closing needs an outcome: " + string.Join(' ', AlarmDesk.Outcomes)),
            _ => Shield.Refuse(
                409, "notPossible", "The alarm's state does not allow it: take it first, or it is over."),
        };
    }

    private static ActResult LogCall(Tx tx, AlarmDesk desk, long id, Caller caller, CallRequest body)
    {
        if (AlarmRows.Get(tx.Db, id) is not { } alarm || alarm.CentreId != caller.Staff.CentreId)
        {
            return new ActResult(Act.NotFound);
        }
        string? whom = body.ContactId is { } contactId
            ? ResidentRows.Contact(tx.Db, contactId) is { } contact && contact.CentreId == alarm.CentreId
                ? contact.Name : null
            : alarm.ResidentId is { } residentId ? ResidentRows.Resident(tx.Db, residentId)?.Name : "";
        return whom is null
            ? new ActResult(Act.NotFound)
            : desk.LogCall(tx, caller.Staff.CentreId, id, Actor(caller), whom, body.Result == "spoke");
    }

    private static ActResult RevokeLink(Tx tx, long id, Caller caller, long contactId)
    {
        if (AlarmRows.Get(tx.Db, id) is not { } alarm
            || alarm.CentreId != caller.Staff.CentreId
            || ResidentRows.Contact(tx.Db, contactId) is not { } contact
            || !LinkRows.Revoke(tx.Db, alarm.CentreId, id, contactId, tx.NowMs))
        {
            return new ActResult(Act.NotFound);
        }
        AlarmRows.Note(tx, alarm, TimelineKind.LinkRevoked, caller.Staff.DisplayName, contact.Name);
        tx.Audit(
            alarm.CentreId, Actor(caller).Who, "family.revokeLink", $"alarm:{alarm.Number}", $"contact:{contactId}");
        AlarmRows.Save(tx.Db, alarm);
        tx.AlarmChanged(alarm.CentreId, id);
        return new ActResult(Act.Done);
    }

    private sealed record SignInRequest(string? Name, string? Password);

    private sealed record CloseRequest(string? Outcome, string? Words);

    private sealed record CallRequest(long? ContactId, string? Result);

    private sealed record RevokeRequest(long ContactId);

    private sealed record WordsRequest(string? Words);
}
