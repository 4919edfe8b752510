using System.Text.Json;
using ElderBand.Simulation;

namespace ElderBand.Simulator.Centre;

/// <summary>A text that reached the gateway.</summary>
/// <param name="Id">The centre's id for it; the same when it is sent again.</param>
/// <param name="To">Phone number.</param>
/// <param name="Text">As the family reads it.</param>
/// <param name="Alarm">The alarm's id.</param>
/// <param name="AtUs">When it came, µs.</param>
public sealed record Text(string Id, string To, string Words, string Alarm, long AtUs);

/// <summary>
/// The phone company: takes the centre's webhook, answers with a number and reports each text as delivered a moment
/// later, as a real gateway's callback does.
/// </summary>
public sealed class SmsGateway(Func<string, Task> delivered)
{
    private readonly Lock _gate = new();
    private readonly List<Text> _texts = [];

    /// <summary>Called for each text, from the web server's thread.</summary>
    public Action<Text>? Received { get; set; }

    /// <summary>Answers 503 to everything.</summary>
    public bool IsDown { get; set; }

    /// <summary>All texts so far.</summary>
    public IReadOnlyList<Text> Texts
    {
        get
        {
            lock (_gate)
            {
                return [.. _texts];
            }
        }
    }

    /// <summary>Adds <c>POST /sms</c>.</summary>
    public void Map(IEndpointRouteBuilder routes) => routes.MapPost("/sms", async (HttpRequest request) =>
    {
        if (IsDown)
        {
            return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
        }

        using var body = await JsonDocument.ParseAsync(request.Body);
        var root = body.RootElement;
        var text = new Text(
            root.GetProperty("id").GetString()!,
            root.GetProperty("to").GetString()!,
            root.GetProperty("text").GetString()!,
            root.GetProperty("alarm").ToString(),
            World.MonotonicUs());
        lock (_gate)
        {
            _texts.Add(text);
        }

        Received?.Invoke(text);
        _ = ReportAsync(text.Id);
        return Results.Json(new { messageId = $"sms-{text.Id}" });
    });

    private async Task ReportAsync(string id)
    {
        await Task.Delay(400);
        try
        {
            await delivered(id);
        }
        catch (HttpRequestException)
        {
            // The centre is down; a real gateway would try again, the centre only shows "sent" until then.
        }
    }
}
