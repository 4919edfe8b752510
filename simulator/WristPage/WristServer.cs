using System.Collections.Concurrent;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading.Channels;
using ElderBand.Simulation;
using ElderBand.Simulator.Centre;
using ElderBand.Simulator.Neighbourhood;

namespace ElderBand.Simulator.WristPage;

/// <summary>
/// The page on which people press, fall and break things: every band with key, light, vibration and the last 10 s of
/// its acceleration, beside it the family's phone. It touches nothing but pins, sensors, radio, power and lines; what
/// happens then, the real App code does. Loopback only, and only from its own page.
/// </summary>
public sealed class WristServer
{
    private const int TickMs = 100;
    private const int MaxSamples = 1000;

    private static readonly JsonSerializerOptions Json = new(
        JsonSerializerDefaults.Web)
    { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ConcurrentDictionary<Channel<string>, bool> _viewers = new();
    private readonly ConcurrentQueue<string> _texts = new();
    private readonly List<List<long[]>> _samples = [];
    private bool _isStarting;

    /// <summary>Adds the page, its stream and its buttons.</summary>
    public void Map(NeighbourhoodRun run, WebApplication web)
    {
        web.Use(OnlyFromHereAsync);
        web.MapGet("/", () => Results.File(
            Path.Combine(AppContext.BaseDirectory, "WristPage", "wrist.html"), "text/html; charset=utf-8"));
        web.MapGet("/console", async (CancellationToken cancellation) =>
            Results.Redirect($"{await run.SignInLinkAsync(cancellation)}"));
        web.MapGet("/events", StreamAsync);
        web.MapPost("/act/band/{id:int}/{what}", (int id, string what) =>
        {
            if (id < 0 || id >= run.Residents.Count)
            {
                return Results.NotFound();
            }

            run.World.Post(() => Act(run, id, what));
            return Results.NoContent();
        });
        web.MapPost("/act/centre/{what}", (string what) => ActOnCentre(run, what));
    }

    /// <summary>Begins to show a neighbourhood that has been built.</summary>
    public void Show(NeighbourhoodRun run) => run.World.Post(() =>
    {
        for (var i = 0; i < run.Residents.Count; i++)
        {
            var id = i;
            var samples = new List<long[]>();
            _samples.Add(samples);
            run.Residents[i].Band.Moved += (atMs, s) =>
            {
                if (samples.Count < MaxSamples)
                {
                    samples.Add([atMs, s.X, s.Y, s.Z]);
                }
            };
            run.Residents[i].Band.Wrist.Shown += (felt, _) => Tell("felt", new { id, what = $"{felt}" });
        }

        run.Gateway.Received += text =>
        {
            var told = Event("text", new { to = text.To, words = text.Words });
            _texts.Enqueue(told);
            Tell(told);
        };
        Tick(run);
    });

    // Another site's page in the same browser must not be able to press keys (DNS rebinding included).
    private static async Task OnlyFromHereAsync(HttpContext context, Func<Task> next)
    {
        var isOwn = context.Request.Host.Host is "127.0.0.1" or "localhost";
        if (!isOwn
            || (context.Request.Path.StartsWithSegments("/act") && context.Request.Headers["X-ElderBand"] != "1"))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        await next();
    }

    private static void Act(NeighbourhoodRun run, int id, string what)
    {
        var resident = run.Residents[id];
        var wearer = resident.Band.Wearer;
        var nowMs = run.World.NowMs;
        switch (what)
        {
            case "down":
                run.IncidentLog.Begin(resident, "sos", "pressed on the wrist page");
                resident.Band.Key.Set(true);
                break;
            case "up":
                resident.Band.Key.Set(false);
                break;
            case "fall":
                run.IncidentLog.Begin(resident, "fall", "fall, invented motion");
                wearer.Fall(1000, nowMs);
                break;
            case "walk":
                wearer.Walk(nowMs);
                break;
            case "off":
                wearer.SetWorn(!wearer.IsWorn, nowMs);
                break;
            case "range":
                foreach (var path in resident.Paths)
                {
                    path.SetInRange(!path.IsInRange);
                }

                break;
            case "plug" when resident.Hub.IsOn:
                resident.Hub.PowerOff();
                break;
            case "plug":
                resident.Hub.PowerOn();
                break;
            case "line":
                var line = run.LineOf(resident.Hub);
                line?.SetCut(!line.IsCut);
                break;
        }
    }

    private IResult ActOnCentre(NeighbourhoodRun run, string what)
    {
        if (what == "kill")
        {
            run.Service.Kill();
        }
        else if (!_isStarting && !run.Service.IsRunning)
        {
            _isStarting = true;
            _ = StartAsync(run);
        }

        return Results.NoContent();
    }

    private async Task StartAsync(NeighbourhoodRun run)
    {
        try
        {
            await run.Service.StartAsync(CancellationToken.None);
        }
        catch (SimulationException e)
        {
            Console.Error.WriteLine(e.Message);
        }
        finally
        {
            _isStarting = false;
        }
    }

    private void Tick(NeighbourhoodRun run)
    {
        if (!_viewers.IsEmpty)
        {
            Tell("tick", State(run));
        }

        foreach (var samples in _samples)
        {
            samples.Clear();
        }

        run.World.At(run.World.NowMs + TickMs, () => Tick(run));
    }

    private object State(NeighbourhoodRun run) => new
    {
        nowMs = run.World.NowMs,
        centre = run.Service.IsRunning,
        bands = run.Residents.Select((resident, id) => new
        {
            id,
            name = resident.Person.Name,
            nameEn = resident.Person.NameEn,
            place = resident.Place,
            key = resident.Band.Key.IsPressed,
            light = resident.Band.Light.IsActive,
            vibrates = resident.Band.Vibration.IsActive,
            mode = $"{resident.Band.Mode}",
            asleep = resident.Band.IsAsleep,
            worn = resident.Band.Wearer.IsWorn,
            linked = resident.Band.IsTrusted,
            inRange = resident.Paths.All(static p => p.IsInRange),
            hubPower = resident.Hub.IsOn,
            hubOnline = resident.Hub.IsOnline,
            lineCut = run.LineOf(resident.Hub)?.IsCut ?? false,
            battery = resident.Band.Battery,
            pending = resident.Band.Pending,
            samples = _samples[id],
        }).ToArray(),
    };

    private void Tell(string kind, object data) => Tell(Event(kind, data));

    private void Tell(string told)
    {
        foreach (var viewer in _viewers.Keys)
        {
            viewer.Writer.TryWrite(told);
        }
    }

    private static string Event(string kind, object data) =>
        $"event: {kind}\ndata: {JsonSerializer.Serialize(data, Json)}\n\n";

    private async Task StreamAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        var viewer = Channel.CreateBounded<string>(
            new BoundedChannelOptions(200) { FullMode = BoundedChannelFullMode.DropOldest });
        viewer.Writer.TryWrite(Event("link", new { console = "console" }));
        foreach (var told in _texts)
        {
            viewer.Writer.TryWrite(told);
        }

        _viewers[viewer] = true;
        try
        {
            await foreach (var told in viewer.Reader.ReadAllAsync(context.RequestAborted))
            {
                await context.Response.WriteAsync(told, context.RequestAborted);
            }
        }
        catch (OperationCanceledException)
        {
            // The page was closed.
        }
        finally
        {
            _viewers.TryRemove(viewer, out _);
        }
    }
}
