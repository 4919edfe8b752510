using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.WebUtilities;

namespace ElderBand.HubService.Staff;

/// <summary>
/// Bounds what a flood of sign-ins and of changes of a password may cost. Hashing a password takes a core for a fifth
/// of a second. Each client hashes one password at a time, and so do all strangers together; a browser that can read
/// already waits in a line of its own, behind no stranger. Who finds the line full is refused at once and tries
/// again (P75, docs/adr/0103).
/// </summary>
internal static class SignInLimits
{
    private const int WaitingOfAClient = 4;
    private const int WaitingOfAll = 8;

    /// <summary>Largest body with passwords, bytes: two of 200 characters, each written as \uXXXX.</summary>
    private const int MaxBodyBytes = 4 * 1024;

    /// <summary>Registers the limits.</summary>
    public static void AddSignInLimits(this IServiceCollection services) => services.AddRateLimiter(static options =>
    {
        options.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        options.OnRejected = static async (rejected, _) =>
        {
            rejected.HttpContext.Response.Headers.RetryAfter = "1";
            await Shield.Refuse(429, "busy", "Too many at the same time: try again in a second.")
                .ExecuteAsync(rejected.HttpContext);
        };
        // One client's own line comes first: a client that waits there takes no place in the line of all.
        options.GlobalLimiter = PartitionedRateLimiter.CreateChained(
            Line(WaitingOfAClient, static (context, knows) => knows ?? $"{Address(context)}"),
            Line(WaitingOfAll, static (_, knows) => knows is null ? "strangers" : "those who read"));
    });

    /// <summary>
    /// Puts the lines in front of what hashes. The body is read before: a client that sends its body slowly holds no
    /// place in a line (P75).
    /// </summary>
    public static void UseSignInLimits(this IApplicationBuilder app)
    {
        app.Use(static async (context, next) =>
        {
            if (Hashes(context.Request))
            {
                if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
                {
                    size.MaxRequestBodySize = MaxBodyBytes;
                }
                context.Request.EnableBuffering(MaxBodyBytes);
                await context.Request.Body.DrainAsync(context.RequestAborted);
                context.Request.Body.Position = 0;
            }
            await next(context);
        });
        app.UseRateLimiter();
    }

    private static PartitionedRateLimiter<HttpContext> Line(int waiting, Func<HttpContext, string?, string> keyOf) =>
        PartitionedRateLimiter.Create<HttpContext, string>(context => Hashes(context.Request)
            ? RateLimitPartition.GetConcurrencyLimiter(keyOf(context, Reader(context)), _ =>
                new ConcurrencyLimiterOptions { PermitLimit = 1, QueueLimit = waiting })
            : RateLimitPartition.GetNoLimiter(""));

    private static bool Hashes(HttpRequest request)
    {
        PathString path = request.Path.Value?.TrimEnd('/'); // routing takes a slash at the end for the same call
        return (HttpMethods.IsPost(request.Method) && path == "/api/session")
            || (HttpMethods.IsPut(request.Method) && path == "/api/session/password");
    }

    private static System.Net.IPAddress Address(HttpContext context) =>
        ClientAddress.Of(context.Connection.RemoteIpAddress);

    /// <summary>A browser that can read already; null for a stranger.</summary>
    private static string? Reader(HttpContext context) =>
        context.RequestServices.GetRequiredService<Sessions>().Find(context) is { } caller
            ? caller.Browser : null;
}
