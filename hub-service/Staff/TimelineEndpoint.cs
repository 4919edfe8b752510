using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Staff;

/// <summary>The earlier lines of an alarm's timeline; an alarm itself brings the newest ones only.</summary>
internal static class TimelineEndpoint
{
    /// <summary><c>GET /api/alarms/{id}/timeline?before=LINE</c>, for whoever may read alarms.</summary>
    public static void Map(WebApplication app) => app.MapGet(
        "/api/alarms/{id:long}/timeline",
        static (long id, long? before, HttpContext context, Sessions sessions, Store store) =>
        {
            if (sessions.Find(context) is not { } caller)
            {
                return Shield.Refuse(401, "signIn", "Sign in first.");
            }
            return store.Read(db => AlarmRows.Get(db, id)?.CentreId == caller.Staff.CentreId
                ? Results.Json(Views.Timeline(db, id, before ?? long.MaxValue))
                : Shield.Refuse(404, "notFound", "There is no such alarm."));
        });
}
