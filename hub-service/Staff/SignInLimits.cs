using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;

namespace ElderBand.HubService.Staff;

/// <summary>
/// Bounds what a flood of sign-ins may cost. Hashing a password takes a core for a fifth of a second. Each client
/// hashes one password at a time, and so do all strangers together; a browser that can read already waits in a line of
/// its own, behind no stranger. Who finds the line full is refused at once and tries again (P75, docs/adr/0103).
/// </summary>
internal static class SignInLimits
{
    private const int WaitingOfAClient = 4;
    private const int WaitingOfAll = 8;

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

    private static PartitionedRateLimiter<HttpContext> Line(int waiting, Func<HttpContext, string?, string> keyOf) =>
        PartitionedRateLimiter.Create<HttpContext, string>(context => IsSignIn(context.Request)
            ? RateLimitPartition.GetConcurrencyLimiter(keyOf(context, Reader(context)), _ =>
                new ConcurrencyLimiterOptions { PermitLimit = 1, QueueLimit = waiting })
            : RateLimitPartition.GetNoLimiter(""));

    private static bool IsSignIn(HttpRequest request) =>
        HttpMethods.IsPost(request.Method) && request.Path == "/api/session";

    private static System.Net.IPAddress Address(HttpContext context) =>
        ClientAddress.Of(context.Connection.RemoteIpAddress);

    /// <summary>A browser that can read already; null for a stranger.</summary>
    private static string? Reader(HttpContext context) =>
        context.RequestServices.GetRequiredService<Sessions>().Find(context) is { } caller
            ? caller.Browser : null;
}
