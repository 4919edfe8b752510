using Microsoft.Playwright;
using static ElderBand.BrowserTests.Screens;
using static Microsoft.Playwright.Assertions;

namespace ElderBand.BrowserTests;

/// <summary>What the pages show without scrolling, and how large and with which contrast they show it.</summary>
public sealed class LayoutTests
{
    [Fact]
    public async Task At_1366_by_768_what_an_officer_needs_is_there_without_scrolling_and_large()
    {
        await using Centre centre = await Centre.StartAsync(Neighbourhood.Homes());
        await using Browser browser = await Browser.OpenAsync();
        // 640 high: a screen of 768 less what a browser keeps for itself.
        IPage page = await Console(browser, centre, "li", height: 640);
        await centre.PressAsync(0);
        await Expect(page.Locator(".actions .button-take")).ToBeVisibleAsync();
        string[] always = [
            ".card h1", ".card .place", ".card .keys dd", ".card .phone", ".card .head-age", ".card .first dd"];
        await OnFirstScreen(page, [.. always, ".actions .button-take"]);
        // The same while another alarm waits beside the one that is being worked on.
        await page.Keyboard.PressAsync("t");
        await Expect(page.Locator(".card.mine")).ToBeVisibleAsync();
        await centre.PressAsync(1);
        await Expect(page.Locator(".others .button-take")).ToBeVisibleAsync();
        await OnFirstScreen(page, [.. always, ".others .button-take"]);
        foreach (string what in (string[])[".card h1", ".card .place", ".head-age", ".head-kind",
            ".item.ringing .item-name", ".item.ringing .item-age", ".item.ringing .item-place"])
        {
            (await FontPx(page.Locator(what).First)).ShouldBeGreaterThanOrEqualTo(32, what);
        }
        (await FontPx(page.Locator(".card .phone"))).ShouldBeGreaterThanOrEqualTo(28);
        (await page.Locator(".card .phone").GetAttributeAsync("href")).ShouldBe("tel:02154321000");
        await Sideways(page);
    }

    [Theory]
    [InlineData(1366, 768)]
    [InlineData(1920, 1080)]
    public async Task Screens_have_no_serious_finding_and_no_text_under_seven_to_one(int width, int height)
    {
        await using Centre centre = await Centre.StartAsync(Neighbourhood.Homes());
        await using Browser browser = await Browser.OpenAsync();
        IPage page = await browser.PageAsync(width, height);
        await page.GotoAsync(centre.Address);
        await Expect(page.Locator("#name")).ToBeVisibleAsync();
        await Axe(page, "sign-in");
        await Shot(page, $"signin-{width}");
        await page.GotoAsync(await centre.SignInLinkAsync("li"));
        await centre.ConnectHubsAsync();
        await Expect(page.Locator(".quiet-page")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "试听警报声" }).ClickAsync();
        await Axe(page, "quiet console");
        await Shot(page, $"quiet-{width}");

        await centre.VitalsAsync(0, Neighbourhood.RestingPulse);
        await centre.PressAsync(0);
        await centre.PressAsync(1);
        await centre.SuspectFallAsync(2);
        await Expect(page.Locator(".item.prealarm")).ToBeVisibleAsync();
        await Axe(page, "ringing console");
        await Shot(page, $"ringing-{width}");
        await page.Keyboard.PressAsync("t");
        await Expect(page.Locator(".card.mine")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("c");
        await page.Keyboard.PressAsync("1");
        await Axe(page, "closing");
        await Shot(page, $"closing-{width}");
        await page.Keyboard.PressAsync("Escape");
        await page.GetByRole(AriaRole.Button, new() { Name = "老人与设备" }).ClickAsync();
        await Expect(page.Locator(".admin table")).ToBeVisibleAsync();
        await Axe(page, "residents");
        await Shot(page, $"residents-{width}");
        await page.GetByRole(AriaRole.Button, new() { Name = "English" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Alarms", Exact = true }).ClickAsync();
        await Expect(page.Locator(".card")).ToBeVisibleAsync();
        await Sideways(page);
        await Shot(page, $"english-{width}");
        await page.ReloadAsync();
        await Expect(page.Locator(".tabs")).ToContainTextAsync("Residents and devices");
    }

    [Fact]
    public async Task At_200_percent_and_on_a_phone_nothing_scrolls_sideways()
    {
        await using Centre centre = await Centre.StartAsync(Neighbourhood.Homes());
        await using Browser browser = await Browser.OpenAsync();
        // 200 % zoom of 1366 x 768 is a page of 683 x 384 CSS pixels drawn twice as large.
        IPage page = await Console(browser, centre, "li", 683, 384, 2);
        await centre.PressAsync(0);
        await Expect(page.Locator(".card")).ToBeVisibleAsync();
        await Sideways(page);
        await Shot(page, "zoom-200");
        await page.SetViewportSizeAsync(390, 844);
        await Sideways(page);
        await Shot(page, "phone");
        await page.GetByRole(AriaRole.Button, new() { Name = "老人与设备" }).ClickAsync();
        await Sideways(page);
    }

    [Fact]
    public async Task P35_in_a_crowd_the_queue_is_grouped_by_building_and_the_newest_is_on_the_first_page()
    {
        const int Homes = 36;
        await using Centre centre = await Centre.StartAsync(Neighbourhood.Crowd(Homes));
        await using Browser browser = await Browser.OpenAsync();
        IPage page = await Console(browser, centre, "li");
        for (int band = 0; band < Homes; band++)
        {
            await centre.PressAsync(band);
        }
        ILocator newest = page.Locator(".queue .item.ringing").First;
        await Expect(newest).ToContainTextAsync($"住户{Homes - 1}", new() { Timeout = WithinMs });
        await OnFirstScreen(page, [".queue .item.ringing"]);
        await Expect(page.Locator(".crowd")).ToHaveCountAsync(3);
        await Expect(page.Locator(".crowd .row")).ToHaveCountAsync(Homes);
        // The first one is still on the card, and its key still takes it.
        await Expect(page.Locator(".card h1")).ToContainTextAsync("住户0");
        await Shot(page, "crowd");
        await page.Keyboard.PressAsync("t");
        await Expect(page.Locator(".card.mine h1")).ToContainTextAsync("住户0");
        await Expect(page.Locator(".crowd .row")).ToHaveCountAsync(Homes - 1);
        await Axe(page, "crowd");
        await Sideways(page);
    }

    [Fact]
    public async Task P41_markup_in_a_residents_name_is_drawn_as_the_text_it_is()
    {
        await using Centre centre = await Centre.StartAsync(
            Neighbourhood.Homes("<img src=x onerror=window.broken=1><b>陈</b>"));
        await using Browser browser = await Browser.OpenAsync();
        IPage page = await Console(browser, centre, "li");
        await centre.PressAsync(0);
        await Expect(page.Locator(".card h1")).ToContainTextAsync("<img src=x onerror=window.broken=1><b>陈</b>");
        (await page.Locator("img[src=x]").CountAsync()).ShouldBe(0);
        (await page.EvaluateAsync<bool>("window.broken === undefined")).ShouldBeTrue();
        await Sideways(page);
    }

    private static Task<double> FontPx(ILocator element) =>
        element.EvaluateAsync<double>("e => parseFloat(getComputedStyle(e).fontSize)");
}
