using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ElderBand.BandProtocol;
using ElderBand.HubService.Storage;
using QRCoder;

namespace ElderBand.HubService.Staff;

/// <summary>
/// Bands whose QR code may be shown: once, within 10 minutes of their enrolment, to whoever enrolled them. Kept in
/// memory only, so a restart ends it too.
/// </summary>
public sealed class QrOnce(Clock clock)
{
    private const long OpenMs = 10 * 60_000;
    private const int Most = 256;
    private readonly Lock _gate = new();
    private readonly Dictionary<long, (long StaffId, long UntilMs)> _open = [];

    /// <summary>Allows one showing.</summary>
    public void Allow(long bandId, long staffId)
    {
        lock (_gate)
        {
            if (_open.Count >= Most)
            {
                _open.Clear();
            }
            _open[bandId] = (staffId, clock.NowMs + OpenMs);
        }
    }

    /// <summary>True exactly once.</summary>
    public bool Use(long bandId, long staffId)
    {
        lock (_gate)
        {
            return _open.TryGetValue(bandId, out (long StaffId, long UntilMs) entry)
                && entry.StaffId == staffId && _open.Remove(bandId) && clock.NowMs < entry.UntilMs;
        }
    }
}

/// <summary>
/// Residents, contacts, hubs and bands for the console. Reading is for all staff, changing for administrators.
/// </summary>
public static class EnrolmentEndpoints
{
    private const int MaxContacts = 8;

    /// <summary>Maps them under /api.</summary>
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/residents", static (HttpContext context, Store store) => Results.Json(store.Read(db =>
            ResidentRows.Residents(db, Centre(context)).ConvertAll(r => View(db, r, withContacts: false)))));
        api.MapGet("/residents/{id:long}", static (long id, HttpContext context, Store store) =>
            store.Read(db => OwnResident(db, context, id) is { } r ? View(db, r, withContacts: true) : null) is { } view
                ? Results.Json(view)
                : NotFound("resident"));
        api.MapGet("/hubs", static (HttpContext context, Store store) => Results.Json(store.Read(db =>
            DeviceRows.Hubs(db, Centre(context)).ConvertAll(h => new
            {
                h.Id,
                Place = h.HomeId is { } home && ResidentRows.Home(db, home) is { } at ? Place(at) : null,
                ResidentId = h.HomeId is { } homeId ? ResidentRows.ResidentsOf(db, homeId).FirstOrDefault()?.Id : null,
                h.LastHeardAtMs,
            }))));
        api.MapGet("/bands", static (HttpContext context, Store store, Clock clock) => Results.Json(store.Read(db =>
            DeviceRows.Bands(db, Centre(context)).ConvertAll(b =>
            {
                ResidentRow? r = DeviceRows.ResidentOf(db, b.Id, clock.NowMs) is { } id
                    ? ResidentRows.Resident(db, id) : null;
                return new
                {
                    b.Id,
                    Address = b.Address.ToString("X12", CultureInfo.InvariantCulture),
                    b.Label,
                    ResidentId = r?.Id,
                    ResidentName = r?.Name,
                    b.BatteryPct,
                    b.LastHeardAtMs,
                    b.Configuration.GuardAlways,
                };
            }))));

        RouteGroupBuilder admin = AdministratorsOnly(api, "Only an administrator may enrol people and devices.")
            .At(Door.Management);
        admin.MapPost("/residents", static (HttpContext context, Store store, ResidentRequest body) =>
            Put(context, store, null, body));
        admin.MapPut("/residents/{id:long}",
            static (long id, HttpContext context, Store store, ResidentRequest body) => Put(context, store, id, body));
        admin.MapPost("/residents/{id:long}/contacts", AddContact);
        admin.MapPost("/hubs", AddHub);
        admin.MapPost("/bands", AddBand);
        admin.MapGet("/bands/{id:long}/qr.svg", ShowQr);
        admin.MapPut("/bands/{id:long}/configuration", Configure);
    }

    /// <summary>A group of endpoints that refuses staff who are no administrators, with this reason.</summary>
    public static RouteGroupBuilder AdministratorsOnly(RouteGroupBuilder api, string reason) =>
        api.MapGroup("").AddEndpointFilter(async (invocation, next) =>
            StaffEndpoints.CallerOf(invocation.HttpContext).Staff.Role == "admin"
                ? await next(invocation)
                : Shield.Refuse(403, "role", reason));

    private static string Centre(HttpContext context) => StaffEndpoints.CallerOf(context).Staff.CentreId;

    private static string Who(HttpContext context) => StaffEndpoints.Actor(StaffEndpoints.CallerOf(context)).Who;

    private static IResult NotFound(string what) => Shield.Refuse(404, "notFound", $"There is no such {what}.");

    private static IResult Bad(string message) => Shield.Refuse(400, "badRequest", message);

    private static ResidentRow? OwnResident(Db db, HttpContext context, long id) =>
        ResidentRows.Resident(db, id) is { } r && r.CentreId == Centre(context) ? r : null;

    private static string Place(HomeRow home) => $"{home.Address} {home.Door}".Trim();

    private static object View(Db db, ResidentRow r, bool withContacts)
    {
        HomeRow? home = ResidentRows.HomeOf(db, r.Id, long.MaxValue) is { } id ? ResidentRows.Home(db, id) : null;
        return new
        {
            r.Id,
            r.Name,
            r.NameEn,
            r.BirthYear,
            r.Phone,
            Address = home?.Address ?? "",
            Building = home?.Building ?? "",
            Floor = home?.Floor ?? "",
            Door = home?.Door ?? "",
            r.Keys,
            r.Hearing,
            r.Dialect,
            r.Medical,
            r.FirstQuestion,
            Contacts = withContacts
                ? ResidentRows.Contacts(db, r.Id).ConvertAll(static c => new
                {
                    c.Id,
                    c.Order,
                    c.Name,
                    c.Relation,
                    c.Phone,
                    c.ConsentBy,
                    c.ConsentAtMs,
                    c.ConsentHow,
                })
                : null,
        };
    }

    private static async Task<IResult> Put(HttpContext context, Store store, long? id, ResidentRequest body)
    {
        string[] texts = [
            body.Name ?? "", body.NameEn ?? "", body.Phone ?? "", body.Keys ?? "", body.Hearing ?? "",
            body.Dialect ?? "",
            body.FirstQuestion ?? "", body.Address ?? "", body.Building ?? "", body.Floor ?? "", body.Door ?? ""];
        if (string.IsNullOrWhiteSpace(body.Name))
        {
            return Bad("A resident needs a name.");
        }
        if (texts.Any(static t => t.Length > 200) || body.Medical is { Length: > 1000 })
        {
            return Bad("A field is longer than 200 characters (medical notes: 1000).");
        }
        if (body.BirthYear is < 1900 or > 2100)
        {
            return Bad("The year of birth has four digits.");
        }
        string centreId = Centre(context);
        string who = Who(context);
        long? put = await store.WriteAsync<long?>(Lane.Alarm, tx =>
        {
            ResidentRow? old = id is { } known ? OwnResident(tx.Db, context, known) : null;
            if (id is not null && old is null)
            {
                return null;
            }
            string code = old?.Code ?? $"r-{Guid.NewGuid():N}";
            long residentId = ResidentRows.PutResident(
                tx.Db,
                new ResidentRow(
                    0, centreId, code, body.Name.Trim(), body.NameEn ?? "", body.BirthYear, body.Phone ?? "",
                    body.Keys ?? "",
                    body.Hearing ?? "", body.Dialect ?? "", body.Medical ?? "", body.FirstQuestion ?? ""),
                tx.NowMs);
            // Her home stays hers whatever its address says, since its hub listens for her band: only the enrolment
            // file moves her.
            var place = new HomeRow(
                0, centreId, $"h-{Guid.NewGuid():N}", body.Address ?? "", body.Building ?? "", body.Floor ?? "",
                body.Door ?? "", "",
                Enrolment.FirstLinkEpoch);
            HomeRow? home = ResidentRows.HomeOf(tx.Db, residentId, tx.NowMs) is { } homeId
                ? ResidentRows.Home(tx.Db, homeId)
                : ResidentRows.HomeAt(tx.Db, place);
            ResidentRows.MoveTo(
                tx.Db, centreId, residentId,
                ResidentRows.PutHome(tx.Db, home is null ? place : place with { Code = home.Code, Grid = home.Grid },
                    tx.NowMs), tx.NowMs);
            tx.Audit(centreId, who, old is null ? "resident.add" : "resident.change", $"resident:{residentId}");
            return residentId;
        });
        return put is { } done ? Results.Json(
            store.Read(db => View(db, ResidentRows.Resident(db, done)!, withContacts: true))) : NotFound("resident");
    }

    private static async Task<IResult> AddContact(long id, HttpContext context, Store store, ContactRequest body)
    {
        if (body is not
            {
                Name: { Length: > 0 and <= 100 }, Relation: { Length: > 0 and <= 50 },
                Phone: { Length: > 0 and <= 30 }
            })
        {
            return Bad("A contact needs a name, a relation and a telephone number.");
        }
        if (body is not
            {
                ConsentBy: { Length: > 0 and <= 100 }, ConsentHow: { Length: > 0 and <= 200 },
                ConsentAtMs: > 0
            })
        {
            return Bad("A contact needs recorded consent: who agreed, when and how.");
        }
        if (body.Order is < 1 or > MaxContacts)
        {
            return Bad($"The order is 1 to {MaxContacts}.");
        }
        string who = Who(context);
        long? added = await store.WriteAsync<long?>(Lane.Alarm, tx =>
        {
            if (OwnResident(tx.Db, context, id) is not { } r)
            {
                return null;
            }
            if (ResidentRows.Contacts(tx.Db, id).Count >= MaxContacts)
            {
                return -1;
            }
            return Enrolment.PutContact(
                tx,
                new ContactRow(0, r.CentreId, id, body.Order, body.Name, body.Relation, body.Phone, body.ConsentBy,
                    body.ConsentAtMs, body.ConsentHow),
                who);
        });
        return added switch
        {
            null => NotFound("resident"),
            -1 => Bad($"There are {MaxContacts} contacts already."),
            _ => Results.Json(new { Id = added }),
        };
    }

    private static async Task<IResult> AddHub(HttpContext context, Store store, HubRequest body)
    {
        if (body.Id is not { Length: > 0 and <= 32 } hubId
            || hubId.Any(static c => c is not ((>= 'a' and <= 'z') or (>= '0' and <= '9') or '-')))
        {
            return Bad("A hub's id is 1 to 32 of a-z, 0-9 and '-': it stands in MQTT topics.");
        }
        string centreId = Centre(context);
        string who = Who(context);
        try
        {
            NewHub hub = await store.WriteAsync(Lane.Alarm, tx =>
                OwnResident(tx.Db, context, body.ResidentId) is not null
                    && ResidentRows.HomeOf(tx.Db, body.ResidentId, tx.NowMs) is { } homeId
                        ? Enrolment.AddHub(tx, centreId, hubId, homeId, null, who)
                        : throw new StartException("There is no such resident with a home."));
            return Results.Json(new { hub.Id, Password = Convert.ToBase64String(hub.Password) });
        }
        catch (StartException e)
        {
            return Bad(e.Message);
        }
    }

    private static async Task<IResult> AddBand(HttpContext context, Store store, QrOnce qr, BandRequest body)
    {
        if (body.Address is not { Length: 12 }
            || !long.TryParse(body.Address, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture,
                out long address) || address == 0)
        {
            return Bad("A band's address is 12 hexadecimal digits, as printed on it.");
        }
        Caller caller = StaffEndpoints.CallerOf(context);
        string centreId = caller.Staff.CentreId;
        string who = Who(context);
        try
        {
            NewBand band = await store.WriteAsync(Lane.Alarm, tx =>
                OwnResident(tx.Db, context, body.ResidentId) is { } r
                    ? Enrolment.AddBand(tx, centreId, address, StaffEndpoints.Bounded(body.Label) ?? r.Name,
                        body.GuardAlways, r.Id, who)
                    : throw new StartException("There is no such resident."));
            qr.Allow(band.Id, caller.Staff.Id);
            return Results.Json(new { band.Id, Secret = Convert.ToBase64String(band.Secret) });
        }
        catch (StartException e)
        {
            return Bad(e.Message);
        }
    }

    private static async Task<IResult> ShowQr(long id, HttpContext context, Store store, QrOnce qr)
    {
        Caller caller = StaffEndpoints.CallerOf(context);
        if (store.Read(db => DeviceRows.Link(db, id)) is not { Band: var band } link
            || band.CentreId != caller.Staff.CentreId)
        {
            return NotFound("band");
        }
        if (band.KeyOffered > 0 || !band.HasSecret)
        {
            return Shield.Refuse(410, "replaced", "The label's key has been replaced: enrol the band again.");
        }
        if (!qr.Use(id, caller.Staff.Id))
        {
            return Shield.Refuse(
                410, "shown", "The code has been shown, or its 10 minutes are over: enrol the band again.");
        }
        await store.WriteAsync(Lane.Alarm, tx => tx.Audit(band.CentreId, Who(context), "band.qr", $"band:{id}"));
        using QRCodeData code = QRCodeGenerator.GenerateQrCode(
            new NewBand(id, band.Address, band.Secret, link.HomeId, link.LinkEpoch).QrText, QRCodeGenerator.ECCLevel.M);
        using var svg = new SvgQRCode(code);
        return Results.Text(svg.GetGraphic(4), "image/svg+xml");
    }

    private static async Task<IResult> Configure(long id, HttpContext context, Store store, ConfigurationRequest body)
    {
        if (store.Read(db => DeviceRows.Band(db, id)) is not { } known || known.CentreId != Centre(context))
        {
            return NotFound("band");
        }
        if (body.Fault() is { } fault)
        {
            return Bad(fault);
        }
        bool done = await store.WriteAsync(Lane.Alarm, tx =>
        {
            if (DeviceRows.Band(tx.Db, id) is not { } band || band.CentreId != Centre(context))
            {
                return false;
            }
            DeviceRows.SetConfiguration(tx.Db, id, new BandConfiguration(
                0, body.GuardAlways!.Value, (byte)body.Sensitivity!, body.WalkingAid!.Value,
                (byte)body.BedFromQuarter!, (byte)body.BedToQuarter!,
                (byte)body.InactivityTenMinutes!));
            tx.Audit(band.CentreId, Who(context), "band.configure", $"band:{id}");
            return true;
        });
        return done ? Results.Json(store.Read(db => DeviceRows.Band(db, id)!.Configuration)) : NotFound("band");
    }

    private sealed record ResidentRequest(
        string? Name, string? NameEn, int? BirthYear, string? Phone, string? Address, string? Building, string? Floor,
        string? Door,
        string? Keys, string? Hearing, string? Dialect, string? Medical, string? FirstQuestion);

    private sealed record ContactRequest(
        string? Name, string? Relation, string? Phone, int Order, string? ConsentBy, long? ConsentAtMs,
        string? ConsentHow);

    private sealed record HubRequest(string? Id, long ResidentId);

    private sealed record BandRequest(string? Address, long ResidentId, string? Label, bool GuardAlways);

    /// <summary>All six are wanted: a field left out must not silently switch something off.</summary>
    private sealed record ConfigurationRequest(
        bool? GuardAlways, int? Sensitivity, bool? WalkingAid, int? BedFromQuarter, int? BedToQuarter,
        int? InactivityTenMinutes)
    {
        /// <summary>What is wrong with it, for a person; null for nothing.</summary>
        public string? Fault() =>
            GuardAlways is null || WalkingAid is null
                ? "guardAlways and walkingAid are true or false; neither may be left out."
            : Sensitivity is not (>= 0 and <= Payload.HighestSensitivity)
                ? "sensitivity is 0 (low), 1 (normal) or 2 (high)."
            : BedFromQuarter is not (>= 0 and <= Payload.LastQuarter)
                || BedToQuarter is not (>= 0 and <= Payload.LastQuarter)
                ? "bedFromQuarter and bedToQuarter are quarter hours since midnight, 0 to 95; the same twice means no "
                    + "bed time."
            : InactivityTenMinutes is not (>= 0 and <= Payload.LongestInactivityTenMinutes)
                ? "inactivityTenMinutes is 1 to 144 (10 minutes to a day), or 0 for no inactivity alarm."
            : null;
    }
}
