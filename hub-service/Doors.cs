using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ElderBand.HubService;

/// <summary>A part of the HTTP interface that a centre opens without the others.</summary>
public enum Door
{
    /// <summary>The duty console.</summary>
    Console,

    /// <summary>The family's pages and the gateway's reports.</summary>
    Family,

    /// <summary>Health and metrics.</summary>
    Operations,

    /// <summary>Enrolment and traces, with the console around them.</summary>
    Management,
}

/// <summary>
/// The listeners of the HTTP interface, all of this machine only, and the proxies in front of them. A door without a
/// port of its own is open at the console's. Cookies do not tell ports apart, so a proxy gives each door a host name
/// (docs/adr/0106).
/// </summary>
public static class Doors
{
    /// <summary>Opens a listener for each door that has a port, in the order of the doors.</summary>
    public static void Listen(KestrelServerOptions kestrel, ServiceOptions options)
    {
        foreach (Door door in Own(options))
        {
            HashSet<Door> open = [door];
            if (door == Door.Console)
            {
                open.UnionWith(Enum.GetValues<Door>().Except(Own(options)));
            }
            if (door == Door.Management)
            {
                open.Add(Door.Console);
            }
            void Mark(ListenOptions listen) => listen.Use(next => connection =>
            {
                connection.Features.Set(new OpenDoors(open));
                return next(connection);
            });
            int port = options.Port(door)!.Value;
            if (port == 0)
            {
                kestrel.Listen(IPAddress.Loopback, 0, Mark);
            }
            else
            {
                kestrel.ListenLocalhost(port, Mark);
            }
        }
    }

    /// <summary>The port at which a door is really open.</summary>
    public static int PortOf(WebApplication app, Door door)
    {
        List<Door> own = [.. Own(app.Services.GetRequiredService<ServiceOptions>())];
        List<string> addresses = [.. app.Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!.Addresses
            .Where(static a => a.StartsWith("http://", StringComparison.Ordinal))];
        string address = addresses[Math.Max(0, own.IndexOf(door))];
        return int.Parse(address[(address.LastIndexOf(':') + 1)..].TrimEnd('/'));
    }

    /// <summary>Says behind which door an endpoint is; without a word it is the console's.</summary>
    public static TBuilder At<TBuilder>(this TBuilder endpoint, Door door)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new Mark(door));

    /// <summary>True where the request came in at a listener at which the door is open.</summary>
    public static bool IsOpen(HttpContext context, Door door) =>
        context.Features.Get<OpenDoors>() is not { } doors || doors.Open.Contains(door);

    /// <summary>
    /// True where the request comes from this machine and no proxy has brought it. A proxy that is not configured
    /// shows by the headers that nobody has taken off.
    /// </summary>
    public static bool IsFromThisMachine(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address)
        && !context.Request.Headers.ContainsKey(ForwardedHeadersDefaults.XForwardedForHeaderName)
        && !context.Request.Headers.ContainsKey(ForwardedHeadersDefaults.XOriginalForHeaderName)
        && !context.Request.Headers.ContainsKey("Forwarded");

    /// <summary>An endpoint is not there at a listener at which its door is not open.</summary>
    public static void UseDoors(this IApplicationBuilder app) => app.Use(static (context, next) =>
    {
        if (context.GetEndpoint() is { } endpoint
            && !IsOpen(context, endpoint.Metadata.GetMetadata<Mark>()?.Door ?? Door.Console))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }
        return next(context);
    });

    /// <summary>Believes the configured proxies, and nobody else, who asks and how.</summary>
    public static void UseProxies(this IApplicationBuilder app, IReadOnlyCollection<System.Net.IPNetwork> proxies)
    {
        if (proxies.Count == 0)
        {
            return;
        }
        var forwarded = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto,
            ForwardLimit = null, // as far as the addresses are those of proxies
        };
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (System.Net.IPNetwork proxy in proxies)
        {
            forwarded.KnownIPNetworks.Add(proxy);
        }
        app.UseForwardedHeaders(forwarded);
        app.UseHsts();
    }

    private static IEnumerable<Door> Own(ServiceOptions options) =>
        Enum.GetValues<Door>().Where(door => options.Port(door) is not null);

    private sealed record Mark(Door Door);

    private sealed record OpenDoors(IReadOnlySet<Door> Open);
}
