using ElderBand.BandProtocol;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ElderBand.BrowserTests;

/// <summary>An administrator asks a hub for its trace on the page of residents and devices, and reads it.</summary>
public sealed class TraceTests
{
    [Fact]
    public async Task An_administrator_asks_a_hub_for_its_trace_and_reads_it_as_a_table_in_both_languages()
    {
        await using Centre centre = await Centre.StartAsync(Neighbourhood.Homes());
        await using Browser browser = await Browser.OpenAsync();
        await centre.ConnectHubsAsync();
        IPage page = await browser.PageAsync(1440, 900);
        await page.GotoAsync(await centre.SignInLinkAsync("li"));
        await page.GetByRole(AriaRole.Button, new() { Name = "老人与设备" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "运行记录 hub-0" }).ClickAsync();
        await Expect(page.Locator(".trace")).ToContainTextAsync("还没有向这台设备索取过");
        await page.GetByRole(AriaRole.Button, new() { Name = "向设备索取" }).ClickAsync();
        await Expect(page.Locator(".trace")).ToContainTextAsync("设备还没有回答");
        await page.GetByRole(AriaRole.Button, new() { Name = "向设备索取" }).ClickAsync();
        await Expect(page.Locator(".trace .error")).ToHaveTextAsync("同一台设备 10 分钟内只能索取一次。");

        TraceRing ring = new();
        ring.Add(TraceKind.Restart, (int)RestartReason.RadioSilent, 0, 900_000);
        ring.Add(TraceKind.Boot, (int)WakeCause.Watchdog, 3, 1000);
        ring.Add(TraceKind.Asked, 1, 0, 100_000);
        await centre.AnswerTraceAsync("hub-0", ask: 1, ring);
        await page.GetByRole(AriaRole.Button, new() { Name = "重新读取" }).ClickAsync();
        ILocator rows = page.Locator(".trace tbody tr");
        await Expect(rows).ToHaveCountAsync(3);
        await Expect(rows.Nth(0)).ToContainTextAsync("上一次启动后 900 秒");
        await Expect(rows.Nth(0).Locator("td").Nth(2)).ToHaveTextAsync("4");
        await Expect(rows.Nth(1)).ToContainTextAsync("启动：原因、第几次启动");
        await page.GetByRole(AriaRole.Button, new() { Name = "English" }).ClickAsync();
        await Expect(rows.Nth(1)).ToContainTextAsync("Start: cause, start number");
    }
}
