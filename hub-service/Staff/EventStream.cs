using System.Text.Json;

namespace ElderBand.HubService.Staff;

/// <summary>Server-sent events on one response.</summary>
public sealed class EventStream
{
    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private readonly HttpResponse _response;

    private EventStream(HttpResponse response) => _response = response;

    /// <summary>Sends the header.</summary>
    public static async Task<EventStream> OpenAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        // A proxy that collects a stream before it passes it on would hold an alarm back.
        context.Response.Headers["X-Accel-Buffering"] = "no";
        context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpResponseBodyFeature>()?.DisableBuffering();
        var stream = new EventStream(context.Response);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        return stream;
    }

    /// <summary>One event, flushed.</summary>
    public async Task SendAsync<T>(string name, T data, CancellationToken cancellationToken)
    {
        await _response.WriteAsync(
            $"event: {name}\ndata: {JsonSerializer.Serialize(data, Json)}\n\n", cancellationToken);
        await _response.Body.FlushAsync(cancellationToken);
    }
}
