using System.Text.Json;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ElderBand.BrowserTests;

/// <summary>What several browser tests do with a page.</summary>
internal static class Screens
{
    /// <summary>An alarm is drawn within this time, ms.</summary>
    public const int WithinMs = 2000;

    /// <summary>A console that is signed in; with a gesture it may play sounds.</summary>
    public static async Task<IPage> Console(
        Browser browser, Centre centre, string staff, int width = 1366, int height = 768, float scale = 1,
            bool gesture = true)
    {
        IPage page = await browser.PageAsync(width, height, scale);
        await page.GotoAsync(await centre.SignInLinkAsync(staff));
        await Expect(page.Locator(".desk")).ToBeVisibleAsync();
        if (gesture)
        {
            await page.GetByRole(AriaRole.Button, new() { Name = "试听警报声" }).ClickAsync();
            await Expect(page.Locator(".bar-mute")).ToHaveCountAsync(0);
        }
        return page;
    }

    /// <summary>The first text to a telephone number, within 5 s.</summary>
    public static async Task<FamilyText> TextAsync(Centre centre, string to)
    {
        for (int i = 0; i < 100; i++)
        {
            if (centre.Texts.FirstOrDefault(t => t.To == to) is { } text)
            {
                return text;
            }
            await Task.Delay(50);
        }
        throw new TimeoutException("no text within 5 s");
    }

    /// <summary>No serious or critical finding of axe, contrast of 7:1 included.</summary>
    public static async Task Axe(IPage page, string what)
    {
        await page.EvaluateAsync("async () => { await document.fonts.ready }");
        await page.EvaluateAsync(AxeScript.Value);
        JsonElement found = await page.EvaluateAsync<JsonElement>(
            """
            async () => (await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'wcag2aaa', 'best-practice'],
              rules: { 'color-contrast-enhanced': { enabled: true } } }))
              .violations.filter(v => v.impact === 'serious' || v.impact === 'critical')
              .map(v => v.id + ': ' + v.nodes.slice(0, 4).map(n => n.target + ' ' + (n.any[0]?.message ?? '')).join(' | '))
            """);
        found.EnumerateArray().Select(static f => f.GetString()).ShouldBeEmpty(what);
    }

    private static readonly Lazy<string> AxeScript = new(static () =>
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string script = Path.Combine(at.FullName, "hub-service/console/node_modules/axe-core/axe.min.js");
            if (File.Exists(script))
            {
                return File.ReadAllText(script);
            }
        }
        throw new FileNotFoundException("axe-core is not there: cd hub-service/console && npm ci");
    });

    /// <summary>Pictures to look at, in artifacts/screens of the project's folder, where SCREENS is set.</summary>
    public static async Task Shot(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("SCREENS") is { Length: > 0 } folder)
        {
            await page.EvaluateAsync("async () => { await document.fonts.ready }");
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, name + ".png") });
        }
    }

    /// <summary>Each of these elements is wholly on the screen.</summary>
    public static async Task OnFirstScreen(IPage page, string[] elements)
    {
        foreach (string what in elements)
        {
            LocatorBoundingBoxResult box = (await page.Locator(what).BoundingBoxAsync())!;
            box.Y.ShouldBeGreaterThanOrEqualTo(0, what);
            (box.Y + box.Height).ShouldBeLessThanOrEqualTo(page.ViewportSize!.Height, what);
            (box.X + box.Width).ShouldBeLessThanOrEqualTo(page.ViewportSize.Width, what);
        }
    }

    /// <summary>Distance of each element from the top of the screen, px.</summary>
    public static async Task<double[]> Tops(IPage page, string[] elements) =>
        await Task.WhenAll(elements.Select(async what => (double)(await page.Locator(what).BoundingBoxAsync())!.Y));

    /// <summary>The page does not scroll sideways.</summary>
    public static async Task Sideways(IPage page) =>
        (await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
            .ShouldBeLessThanOrEqualTo(0, "the page scrolls sideways");
}
