using System.Globalization;
using ElderBand.BandProtocol;
using ElderBand.HubService.Devices;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Staff;

/// <summary>
/// The traces of hubs and bands. All staff may read them; only administrators may ask, because a question costs the
/// device a message or a link. Each question is audited.
/// </summary>
public static class TraceEndpoints
{
    /// <summary>Maps the endpoints under /api.</summary>
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/hubs/{id}/trace", static (string id, HttpContext context, Store store) =>
            store.Read(db => OwnHub(db, context, id) is null ? NotFound("hub") : View(db, TraceRows.OfHub(id))));
        api.MapGet("/bands/{id:long}/trace", static (long id, HttpContext context, Store store) =>
            store.Read(db => OwnBand(db, context, id) is null ? NotFound("band") : View(db, TraceRows.OfBand(id))));

        RouteGroupBuilder admin = EnrolmentEndpoints.AdministratorsOnly(
            api, "Only an administrator may ask for a trace.").At(Door.Management);
        admin.MapPost("/hubs/{id}/trace", static (string id, HttpContext context, Store store) => AskAsync(
            context, store, "hub", id, TraceRows.OfHub(id), tx => OwnHub(tx.Db, context, id) is not null));
        admin.MapPost("/bands/{id:long}/trace", static (long id, HttpContext context, Store store) => AskAsync(
            context, store, "band", $"{id}", TraceRows.OfBand(id), tx => OwnBand(tx.Db, context, id) is not null));
    }

    private static async Task<IResult> AskAsync(
        HttpContext context, Store store, string kind, string id, string device, Func<Tx, bool> isOwn)
    {
        Caller caller = StaffEndpoints.CallerOf(context);
        string who = StaffEndpoints.Actor(caller).Who;
        string centreId = caller.Staff.CentreId;
        IResult? refused = await store.WriteAsync<IResult?>(Lane.Alarm, tx =>
        {
            if (!isOwn(tx))
            {
                return NotFound(kind);
            }
            if (!TraceRows.Ask(tx.Db, centreId, device, who, tx.NowMs))
            {
                return Shield.Refuse(
                    409, "tooSoon", $"A device is asked once in {TraceRows.AskEveryMs / 60_000} minutes.");
            }
            if (kind == "band")
            {
                // The question travels in the band's next configuration, whose other settings stay as they are.
                DeviceRows.RaiseConfiguration(tx.Db, long.Parse(id, CultureInfo.InvariantCulture));
            }
            tx.Audit(centreId, who, $"{kind}.traceAsked", $"{kind}:{id}");
            return null;
        });
        return refused ?? store.Read(db => View(db, device));
    }

    private static HubRow? OwnHub(Db db, HttpContext context, string id) =>
        DeviceRows.Hub(db, id) is { RevokedAtMs: null } hub && hub.CentreId == Centre(context) ? hub : null;

    private static BandRow? OwnBand(Db db, HttpContext context, long id) =>
        DeviceRows.Band(db, id) is { RevokedAtMs: null } band && band.CentreId == Centre(context) ? band : null;

    private static string Centre(HttpContext context) => StaffEndpoints.CallerOf(context).Staff.CentreId;

    private static IResult NotFound(string what) => Shield.Refuse(404, "notFound", $"There is no such {what}.");

    private static IResult View(Db db, string device)
    {
        TraceRow? row = TraceRows.Get(db, device);
        return Results.Json(new
        {
            row?.AskedAtMs,
            row?.AskedBy,
            Waits = row is { Waits: true },
            row?.ReadAtMs,
            Entries = row is null ? [] : TraceReader.Read(row),
        });
    }
}
