using Microsoft.Playwright;

namespace ElderBand.BrowserTests;

/// <summary>The system's Chromium; where there is none, the tests are skipped and say so.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private static readonly string[] Places =
        ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable",
            "/snap/bin/chromium"];

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Browser(IPlaywright playwright, IBrowser browser)
    {
        _playwright = playwright;
        _browser = browser;
    }

    public static async Task<Browser> OpenAsync()
    {
        string? program = Places.FirstOrDefault(File.Exists);
        Assert.SkipWhen(program is null, $"no Chromium at {string.Join(", ", Places)} (Debian package chromium)");
        IPlaywright playwright = await Playwright.CreateAsync();
        IBrowser browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = program,
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--autoplay-policy=document-user-activation-required",
            ],
        });
        return new Browser(playwright, browser);
    }

    /// <summary>A page of its own browser profile. Requests to anywhere but this machine fail the test.</summary>
    public async Task<IPage> PageAsync(int width = 1366, int height = 768, float scale = 1)
    {
        IBrowserContext context = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = height },
            DeviceScaleFactor = scale,
            Locale = "zh-CN",
            TimezoneId = "Asia/Shanghai",
        });
        await context.RouteAsync(
            url => !url.StartsWith("http://localhost:", StringComparison.Ordinal)
                && !url.StartsWith("data:", StringComparison.Ordinal),
            static route => throw new InvalidOperationException($"a request left this machine: {route.Request.Url}"));
        return await context.NewPageAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
