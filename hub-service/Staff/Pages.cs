using Microsoft.Extensions.FileProviders;

namespace ElderBand.HubService.Staff;

/// <summary>
/// The built pages. <c>dotnet build</c> needs no Node: where the console has not been built, the service runs all the
/// same and says at <c>/</c> how to build it.
/// </summary>
public sealed class Pages
{
    private const string HowToBuild =
        "The console has not been built yet. Run ./dev run in the project's folder, or: cd hub-service/console && npm "
            + "ci && npm run build. "
        + "Then start the service again. Alarms are received and stored meanwhile.";

    private readonly string? _folder = Find();

    /// <summary>Serves /assets for a year (their names change with their content) and the rest fresh.</summary>
    public void UseFiles(WebApplication app)
    {
        if (_folder is null)
        {
            return;
        }
        app.UseStaticFiles(new StaticFileOptions
        {
            FileProvider = new PhysicalFileProvider(_folder),
            OnPrepareResponse = static served => served.Context.Response.Headers.CacheControl =
                served.Context.Request.Path.StartsWithSegments("/assets")
                    ? "public, max-age=31536000, immutable" : "no-cache",
        });
    }

    /// <summary>One of the pages: index.html or family.html.</summary>
    public IResult Page(string name, int status = 200)
    {
        if (_folder is null)
        {
            return Results.Text(HowToBuild, "text/plain; charset=utf-8", statusCode: 503);
        }
        return new HtmlPage(Path.Combine(_folder, name), status);
    }

    private static string? Find()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            foreach (string folder in (string[])["wwwroot", "hub-service/wwwroot"])
            {
                string candidate = Path.Combine(at.FullName, folder);
                if (File.Exists(Path.Combine(candidate, "index.html")))
                {
                    return candidate;
                }
            }
        }
        return null;
    }

    private sealed class HtmlPage(string path, int status) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = status;
            httpContext.Response.ContentType = "text/html; charset=utf-8";
            httpContext.Response.Headers.CacheControl = "no-cache";
            await httpContext.Response.SendFileAsync(path, httpContext.RequestAborted);
        }
    }
}
