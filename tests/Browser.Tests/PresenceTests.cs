using System.Diagnostics;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ElderBand.BrowserTests;

/// <summary>A console counts only while its page can ring.</summary>
public sealed class PresenceTests
{
    private const int GoneWithinMs = 17_000;

    [Fact]
    public async Task P36_a_console_whose_page_is_frozen_counts_no_more_and_the_family_is_told_within_17_s()
    {
        await using Centre centre = await Centre.StartAsync(Neighbourhood.Homes());
        await using Browser browser = await Browser.OpenAsync();
        IPage page = await browser.PageAsync();
        await page.GotoAsync(await centre.SignInLinkAsync("li"));
        await Expect(page.Locator(".desk")).ToBeVisibleAsync();
        (await ConsolesAsync(centre)).ShouldBe(1);

        Task frozen = page.EvaluateAsync("() => { const end = Date.now() + 22000; while (Date.now() < end); }");
        var watch = Stopwatch.StartNew();
        await centre.PressAsync(0);
        while (!centre.Texts.Any(static t => t.Words.Contains("还没有人接手", StringComparison.Ordinal)))
        {
            watch.ElapsedMilliseconds.ShouldBeLessThan(GoneWithinMs, "the family is told that nobody answers");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
        (await ConsolesAsync(centre)).ShouldBe(0);
        TestContext.Current.TestOutputHelper!.WriteLine($"told {watch.ElapsedMilliseconds} ms after the press");

        await frozen;
        while (await ConsolesAsync(centre) == 0)
        {
            watch.ElapsedMilliseconds.ShouldBeLessThan(60_000, "the page counts again");
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }
        await Expect(page.Locator(".card h1")).ToContainTextAsync(Neighbourhood.Names[0]);
    }

    private static async Task<int> ConsolesAsync(Centre centre)
    {
        using var http = new HttpClient();
        string metrics = await http.GetStringAsync(
            new Uri($"{centre.Address}/metrics"), TestContext.Current.CancellationToken);
        string line = metrics.Split('\n').Single(
            static l => l.StartsWith("elderband_consoles_open ", StringComparison.Ordinal));
        return int.Parse(line[(line.IndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture);
    }
}
