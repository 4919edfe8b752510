using ElderBand.HubService.Devices;

namespace ElderBand.Tests.HubService;

/// <summary>P38, R8: the monotonic clock decides who is silent, so a wrong wall clock hides no silence.</summary>
public sealed class SilenceTests
{
    private const long HourMs = 3_600_000;
    private const long DayMs = 24 * HourMs;

    [Fact]
    public async Task P38_a_hub_and_a_band_heard_under_a_clock_that_was_ahead_are_silent_after_the_restart_in_time()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        centre.Clock.Advance(10 * DayMs); // the clock is ten days ahead
        await using (TestHub hub = await centre.HubAsync())
        {
            await hub.HelloAsync("beat");
            TestBand band = centre.Band();
            await hub.SendAsync(band, band.Status(), topic: "vitals");
        }
        await centre.StopAsync();
        centre.Clock.Advance(-10 * DayMs);
        await centre.RunAsync();
        centre.Clock.Advance(Liveness.HubSilentMs + 1000);
        await TestCentre.UntilAsync(
            () => centre.Technicals().Any(static t => t.Kind == "hubSilent"), "the hub is silent", 15_000);
        centre.Clock.Advance(15 * 60_000);
        await TestCentre.UntilAsync(
            () => centre.Technicals().Any(static t => t.Kind == "bandSilent"), "the band is silent", 15_000);
    }

    [Fact]
    public async Task P38_a_clock_that_is_put_forward_at_a_restart_makes_no_band_silent_for_hours()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using (TestHub first = await centre.HubAsync())
        {
            TestBand band = centre.Band();
            await first.SendAsync(band, band.Status(), topic: "vitals");
        }
        await centre.StopAsync();
        centre.Clock.Advance(30 * DayMs);
        await centre.RunAsync();
        await using TestHub hub = await centre.HubAsync();
        centre.Clock.Advance(16 * 60_000);
        await hub.HelloAsync("beat");
        long nowMs = centre.Clock.NowMs;
        await TestCentre.UntilAsync(
            () => centre.Count("heartbeat", $"at_ms>{nowMs}") == 1, "a whole sweep", 15_000);
        centre.Technicals().ShouldContain(static t => t.Kind == "bandSilent");
        centre.Technicals().ShouldNotContain(static t => t.Kind == "visitToday", "nobody listened for these 30 days");
        centre.Clock.Advance(Liveness.VisitAfterMs);
        await hub.HelloAsync("beat");
        await TestCentre.UntilAsync(
            () => centre.Technicals().Any(static t => t.Kind == "visitToday"), "four hours since the start", 15_000);
    }

    [Fact]
    public async Task P64_a_clock_that_is_stepped_while_the_service_runs_raises_a_card()
    {
        var time = new SteppedTime(DateTimeOffset.UtcNow);
        await using TestCentre centre = await TestCentre.StartAsync(time);
        await TestCentre.UntilAsync(() => centre.Count("heartbeat") == 1, "a sweep", 15_000);
        centre.Technicals().ShouldNotContain(static t => t.Kind == "clockWrong");
        time.Step(-2 * HourMs);
        await TestCentre.UntilAsync(
            () => centre.Technicals().Any(static t => t.Kind == "clockWrong" && t.Urgent), "the card", 15_000);
        centre.Technicals().Single(static t => t.Kind == "clockWrong").Detail.ShouldContain("-7200 s");
    }

    [Fact]
    public async Task P64_a_start_with_a_clock_that_lies_before_the_newest_stored_time_raises_a_card()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        centre.Clock.Advance(5 * HourMs);
        await TestCentre.UntilAsync(
            () => centre.Count("heartbeat", $"at_ms>={centre.Clock.NowMs - 20_000}") == 1, "a heartbeat", 15_000);
        await centre.StopAsync();
        centre.Clock.Advance(-5 * HourMs);
        await centre.RunAsync();
        await TestCentre.UntilAsync(
            () => centre.Technicals().Any(static t => t.Kind == "clockWrong" && t.Urgent), "the card", 15_000);
    }
}
