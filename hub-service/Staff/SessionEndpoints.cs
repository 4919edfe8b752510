using ElderBand.BandProtocol;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Staff;

/// <summary>
/// The lists of sign-ins and of wall screens, and how one of them is ended. Everybody ends her own sign-ins, an
/// administrator all of the centre. Only administrators register, name and revoke wall screens.
/// </summary>
public static class SessionEndpoints
{
    private const int NameChars = 60;

    /// <summary>Maps them under /api.</summary>
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/sessions", List);
        api.MapDelete("/sessions/{id:long}", End);

        RouteGroupBuilder admin = EnrolmentEndpoints.AdministratorsOnly(
            api, "Only an administrator may register or revoke a wall screen.");
        admin.MapGet("/screens", static (HttpContext context, Store store, ConsoleStream stream) =>
        {
            IReadOnlySet<string> open = stream.OpenBrowsers;
            return Results.Json(store.Read(db => ScreenRows.All(db, CentreId(context))).ConvertAll(s => new
            {
                s.Id,
                s.Name,
                s.RegisteredAtMs,
                IsOpen = open.Contains($"screen {s.Id}"),
            }));
        });
        admin.MapPost("/screens", static async (HttpContext context, Sessions sessions, NameRequest body) =>
            NameOf(body) is { } name
                ? Results.Json(new
                {
                    Id = await sessions.RegisterScreenAsync(context, StaffEndpoints.CallerOf(context).Staff, name),
                })
                : NameNeeded());
        admin.MapPut(
            "/screens/{id:long}", static async (long id, HttpContext context, Store store, NameRequest body) =>
            NameOf(body) is not { } name
                ? NameNeeded()
                : await ChangeAsync(context, store, id, "screen.rename", name,
                    tx => ScreenRows.Rename(tx.Db, CentreId(context), id, name)));
        admin.MapDelete("/screens/{id:long}", static (long id, HttpContext context, Store store) =>
            ChangeAsync(context, store, id, "screen.revoke", "",
                tx => ScreenRows.Revoke(tx.Db, CentreId(context), id, tx.NowMs)));
    }

    private static IResult List(HttpContext context, Store store, Clock clock, ConsoleStream stream)
    {
        Caller caller = StaffEndpoints.CallerOf(context);
        IReadOnlySet<string> open = stream.OpenBrowsers;
        return Results.Json(Visible(store, clock, caller).ConvertAll(s => new
        {
            s.Id,
            s.StaffId,
            s.DisplayName,
            s.AtMs,
            s.Address,
            s.Browser,
            s.Acts,
            IsOpen = open.Contains($"signin {s.Id}"),
            IsThis = s.Id == caller.SignInId,
        }));
    }

    private static async Task<IResult> End(long id, HttpContext context, Store store, Clock clock)
    {
        Caller caller = StaffEndpoints.CallerOf(context);
        if (Visible(store, clock, caller).Find(s => s.Id == id) is not { } signIn)
        {
            return Shield.Refuse(404, "notFound", "There is no such sign-in.");
        }
        await store.WriteAsync(Lane.Alarm, tx =>
        {
            if (StaffRows.EndSignIn(tx.Db, id, tx.NowMs))
            {
                tx.Audit(caller.Staff.CentreId, StaffEndpoints.Actor(caller).Who, "staff.endSignIn", $"signin:{id}",
                    $"of staff:{signIn.StaffId}");
            }
        });
        return Results.NoContent();
    }

    private static List<SignInRow> Visible(Store store, Clock clock, Caller caller) => store.Read(db =>
        StaffRows.SignIns(
            db, caller.Staff.CentreId, caller.Staff.Role == "admin" ? null : caller.Staff.Id, clock.NowMs));

    private static async Task<IResult> ChangeAsync(
        HttpContext context, Store store, long id, string action, string detail, Func<Tx, bool> change)
    {
        bool done = await store.WriteAsync(Lane.Alarm, tx =>
        {
            bool changed = change(tx);
            if (changed)
            {
                tx.Audit(
                    CentreId(context), StaffEndpoints.Actor(StaffEndpoints.CallerOf(context)).Who, action,
                    $"screen:{id}", detail);
            }
            return changed;
        });
        return done ? Results.NoContent() : Shield.Refuse(404, "notFound", "There is no such wall screen.");
    }

    private static string? NameOf(NameRequest body) =>
        body?.Name?.Trim() is { Length: > 0 and <= NameChars } name ? name : null;

    private static IResult NameNeeded() =>
        Shield.Refuse(400, "badRequest", $"A screen needs a name of 1 to {NameChars} characters.");

    private static string CentreId(HttpContext context) => StaffEndpoints.CallerOf(context).Staff.CentreId;

    private sealed record NameRequest(string? Name);
}
