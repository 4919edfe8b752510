using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;

namespace ElderBand.HubService.Staff;

/// <summary>The refusal that every call answers with: a code for programs, and what to do for people.</summary>
public sealed record Refusal(string Error, string Message, string? TakenBy = null);

/// <summary>
/// What holds for every request: headers, bounded bodies, writes only with our own header, no stack traces.
/// </summary>
public static class Shield
{
    /// <summary>Largest body of any request, bytes.</summary>
    public const int MaxBodyBytes = 64 * 1024;

    /// <summary>
    /// Header that every write carries; a foreign page cannot add it without being asked first (CSRF).
    /// </summary>
    public const string WriteHeader = "X-ElderBand";

    private const string Policy =
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
            + "frame-ancestors 'none'";

    /// <summary>Puts the shield in front of everything that is mapped after it.</summary>
    public static void UseShield(this IApplicationBuilder app) => app.Use(static async (context, next) =>
    {
        HttpRequest request = context.Request;
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XFrameOptions = "DENY";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()";
        bool isApi = request.Path.StartsWithSegments("/api");
        if (isApi)
        {
            headers.CacheControl = "no-store";
        }
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = MaxBodyBytes;
        }
        bool reads = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        if (isApi && !reads && request.Headers[WriteHeader] != "1")
        {
            await Write(context, 403, new Refusal("noHeader", $"Send the header {WriteHeader}: 1 with every write."));
            return;
        }

        try
        {
            await next(context);
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            await Write(context, e.StatusCode, e.StatusCode == 413
                ? new Refusal("tooLarge", "The body is larger than this call takes.")
                : new Refusal("badRequest", "The request is not what docs/service-api.md describes."));
        }
        catch (JsonException) when (!context.Response.HasStarted)
        {
            await Write(context, 400,
                new Refusal("badRequest", "The body is not the JSON that docs/service-api.md describes."));
        }
        catch (OperationCanceledException) when (
            !context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            await Write(context, 503, new Refusal("stopping", "The service is stopping; try again in a moment."));
        }
        catch (Microsoft.Data.Sqlite.SqliteException) when (!context.Response.HasStarted)
        {
            await Write(context, 503, new Refusal("database", "The database does not answer; try again in a moment."));
        }
        catch (OperationCanceledException)
        {
            // The browser has gone, or the service is stopping in the middle of a stream: nobody is left to tell.
        }
    });

    /// <summary>Answers with a refusal.</summary>
    public static IResult Refuse(int status, string error, string message, string? takenBy = null) =>
        Results.Json(new Refusal(error, message, takenBy), statusCode: status);

    private static Task Write(HttpContext context, int status, Refusal refusal) =>
        Refuse(status, refusal.Error, refusal.Message).ExecuteAsync(context);
}
