using ElderBand.BandProtocol;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Staff;

/// <summary>
/// Staff, and the end of staff, devices, consent and residence, for administrators; one's own password.
/// </summary>
public static class LifeCycleEndpoints
{
    private const int ShortestPassword = 8;

    /// <summary>Maps them under /api.</summary>
    public static void Map(RouteGroupBuilder api)
    {
        api.MapPut("/session/password", ChangeOwn);
        RouteGroupBuilder admin = EnrolmentEndpoints.AdministratorsOnly(
            api, "Only an administrator may do this.").At(Door.Management);
        admin.MapGet("/staff", static (HttpContext context, Store store) => Results.Json(
            store.Read(db => StaffRows.All(db, Centre(context))).ConvertAll(static s =>
                new { s.Id, s.Name, s.DisplayName, s.Role })));
        admin.MapPost("/staff", Invite);
        admin.MapPut("/staff/{id:long}/password", Reset);
        admin.MapDelete("/staff/{id:long}", static (long id, HttpContext context, AlarmDesk desk) => EndAsync(
            context, tx => LifeCycle.Leave(
                tx, desk, Centre(context), id, StaffEndpoints.Actor(StaffEndpoints.CallerOf(context)))));
        admin.MapDelete("/bands/{id:long}", static (long id, HttpContext context) =>
            EndAsync(context, tx => LifeCycle.RevokeBand(tx, Centre(context), id, Who(context))));
        admin.MapDelete("/hubs/{id}", static (string id, HttpContext context, Store store, Clock clock) => EndAsync(
            context, tx => Revocations.RevokeHub(tx, Centre(context), id, Who(context)),
            () => Revocations.Add(store.Folder!, id, clock.NowMs)));
        admin.MapDelete("/contacts/{id:long}/consent", static (long id, HttpContext context) =>
            EndAsync(context, tx => LifeCycle.WithdrawConsent(tx, Centre(context), id, Who(context))));
        admin.MapDelete("/residents/{id:long}", static (long id, HttpContext context) =>
            EndAsync(context, tx => LifeCycle.Gone(tx, Centre(context), id, Who(context))));
    }

    private static async Task<IResult> Invite(HttpContext context, Store store, StaffRequest body)
    {
        if (body is not { Name: { } name, DisplayName: { } display, Role: { } role, Password: { } password }
            || password.Length < ShortestPassword)
        {
            return PasswordNeeded("A colleague needs a name, a name to show, a role and a password.");
        }
        // Hashed here: in the writer the hash would hold a call for help up.
        string hash = Passwords.Hash(password);
        try
        {
            long id = await store.WriteAsync(Lane.Alarm, tx => Enrolment.AddStaff(
                tx, Centre(context), name, display, role, password, Who(context), hash));
            return Results.Json(new { Id = id });
        }
        catch (StartException e)
        {
            return Shield.Refuse(400, "badRequest", e.Message);
        }
    }

    private static async Task<IResult> ChangeOwn(HttpContext context, PasswordRequest body)
    {
        if (body?.Password is not { Length: >= ShortestPassword and <= 200 } password)
        {
            return PasswordNeeded("");
        }
        Caller caller = StaffEndpoints.CallerOf(context);
        IResult wrong = Shield.Refuse(403, "wrongPassword", "The present password is wrong.");
        if (body.Old is not { Length: <= 200 } old)
        {
            return wrong;
        }
        if (await PasswordCheck.RefuseAsync(context, caller.Staff.Name, caller.Staff, old, wrong) is { } refusal)
        {
            return refusal;
        }
        string hash = await Task.Run(() => Passwords.Hash(password));
        return await EndAsync(context, tx => LifeCycle.SetPassword(
            tx, caller.Staff.CentreId, caller.Staff.Id, hash, Who(context), caller.SignInId));
    }

    private static async Task<IResult> Reset(long id, HttpContext context, PasswordRequest body)
    {
        if (body?.Password is not { Length: >= ShortestPassword and <= 200 } password)
        {
            return PasswordNeeded("");
        }
        string hash = Passwords.Hash(password);
        return await EndAsync(context, tx => LifeCycle.SetPassword(tx, Centre(context), id, hash, Who(context)));
    }

    private static async Task<IResult> EndAsync(HttpContext context, Func<Tx, bool> end, Action? afterwards = null)
    {
        try
        {
            Store store = context.RequestServices.GetRequiredService<Store>();
            if (!await store.WriteAsync(Lane.Alarm, end))
            {
                return Shield.Refuse(404, "notFound", "There is nothing of that kind any more.");
            }
            afterwards?.Invoke();
            return Results.NoContent();
        }
        catch (StartException e)
        {
            return Shield.Refuse(409, "notPossible", e.Message);
        }
    }

    private static IResult PasswordNeeded(string first) => Shield.Refuse(
        400, "badRequest", $"{first} A password has {ShortestPassword} to 200 characters.".TrimStart());

    private static string Centre(HttpContext context) => StaffEndpoints.CallerOf(context).Staff.CentreId;

    private static string Who(HttpContext context) => StaffEndpoints.Actor(StaffEndpoints.CallerOf(context)).Who;

    private sealed record StaffRequest(string? Name, string? DisplayName, string? Role, string? Password);

    private sealed record PasswordRequest(string? Old, string? Password);
}
