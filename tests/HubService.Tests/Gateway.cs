using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ElderBand.Tests.HubService;

/// <summary>A stand-in for the text gateway, on a loopback port.</summary>
internal sealed class Gateway : IAsyncDisposable
{
    private readonly WebApplication _app;

    private Gateway(WebApplication app, Uri address)
    {
        _app = app;
        Address = address;
    }

    public Uri Address { get; }

    /// <summary>HTTP status of the answers to requests that <see cref="Refuses"/> selects.</summary>
    public int Status { get; set; } = 200;

    /// <summary>Selects the requests that get <see cref="Status"/>. All others get 200.</summary>
    public Func<JsonElement, bool> Refuses { get; set; } = static _ => true;

    /// <summary>All requests, including refused ones.</summary>
    public ConcurrentQueue<JsonElement> Requests { get; } = new();

    /// <summary>The idempotency keys in the order of the requests.</summary>
    public ConcurrentQueue<string> Keys { get; } = new();

    public static async Task<Gateway> OpenAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication app = builder.Build();
        Gateway? gateway = null;
        app.MapPost("/sms", async (HttpRequest request) =>
        {
            gateway!.Keys.Enqueue(request.Headers["Idempotency-Key"].ToString());
            JsonElement body = (await JsonDocument.ParseAsync(request.Body)).RootElement;
            gateway.Requests.Enqueue(body);
            return gateway.Status == 200 || !gateway.Refuses(body)
                ? Results.Json(new { messageId = $"sms-{gateway.Requests.Count}" })
                : Results.StatusCode(gateway.Status);
        });
        await app.StartAsync();
        string address = app.Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!.Addresses.First();
        gateway = new Gateway(app, new Uri(new Uri(address), "/sms"));
        return gateway;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
