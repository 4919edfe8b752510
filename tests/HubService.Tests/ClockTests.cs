using ElderBand.BandProtocol;
using ElderBand.HubService;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Storage;

namespace ElderBand.Tests.HubService;

/// <summary>P02, P37: the computer's clock is stepped, shows a rare date, or shows two o'clock twice.</summary>
public sealed class ClockTests
{
    private const long HourMs = 3_600_000;

    [Theory]
    [InlineData(HourMs, -30 * 24 * HourMs)]
    [InlineData(-HourMs, 30 * 24 * HourMs)]
    public async Task P02_a_clock_that_steps_during_a_press_changes_no_order_and_no_timer(long stepMs, long nextMs)
    {
        var time = new SteppedTime(DateTimeOffset.UtcNow);
        await using TestCentre centre = await TestCentre.StartAsync(time);
        await using TestHub hub = await centre.HubAsync();
        using IDisposable console = centre.Consoles.Enter("c1");
        TestBand first = centre.Band();
        TestBand second = centre.Band(TestCentre.BandTwo);
        await hub.SendAsync(first, first.Sos());
        time.Step(stepMs);
        await hub.SendAsync(second, second.Sos());
        time.Step(nextMs);
        await hub.SendAsync(first, first.Sos());

        List<AlarmView> alarms = centre.Alarms();
        alarms.Count.ShouldBe(2);
        AlarmView one = alarms.Single(a => a.Resident.Name == "Resident r1");
        AlarmView two = alarms.Single(a => a.Resident.Name == "Resident r2");
        one.Presses.ShouldBe(2, "the second press of the same person joins her card");
        (two.RaisedAtMs - one.RaisedAtMs).ShouldBeInRange(0, 10_000, "order and distance are those of the presses");
        await TestCentre.UntilAsync(() => hub.Receipts.Count == 3, "a receipt for each press");
        alarms.ShouldAllBe(a => !a.Unanswered);
        centre.Count("timer", $"due_at_ms>{centre.Clock.NowMs + 60_000}").ShouldBe(0, "no timer was put off");

        centre.Clock.Advance(45_000);
        await Task.Delay(300, TestContext.Current.CancellationToken);
        centre.Alarms().ShouldAllBe(a => !a.Unanswered);
        centre.Clock.Advance(16_000);
        await TestCentre.UntilAsync(() => centre.Alarms().All(a => a.Unanswered), "60 s after the presses, no earlier");
    }

    [Fact]
    public async Task P02_a_press_while_the_centres_clock_is_a_year_behind_names_the_wearer_and_joins_the_open_card()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        centre.Clock.Advance(-365L * 86_400_000);
        await hub.SendAsync(band, band.Sos());
        centre.Alarms().ShouldHaveSingleItem().Resident.Name.ShouldBe("Resident r1");
        centre.Clock.Advance(365L * 86_400_000);
        await hub.SendAsync(band, band.Sos());
        centre.Alarms().ShouldHaveSingleItem().Presses.ShouldBe(2);
    }

    /// <summary>
    /// Ages and order are differences of UTC: the night in which Berlin's clocks show two o'clock twice, the night in
    /// which they skip it, and 29 February. Presses of 0, 30 and 90 minutes ago arrive in any order.
    /// </summary>
    [Theory]
    [InlineData("2026-10-25T00:20:00Z")]
    [InlineData("2026-03-29T01:10:00Z")]
    [InlineData("2028-02-29T00:30:00Z")]
    [InlineData("2028-03-01T00:30:00Z")]
    public async Task P37_in_a_night_of_changed_clocks_and_on_29_February_ages_and_order_are_right(string utc)
    {
        var time = new SteppedTime(DateTimeOffset.Parse(utc, System.Globalization.CultureInfo.InvariantCulture));
        await using TestCentre centre = await TestCentre.StartAsync(time);
        await using TestHub hub = await centre.HubAsync();
        await using TestHub other = await centre.HubAsync("hub-3");
        (TestHub Hub, long Band, long AgeMs)[] presses =
        [
            (hub, TestCentre.BandTwo, HourMs / 2),
            (hub, TestCentre.BandOne, 3 * HourMs / 2),
            (other, TestCentre.BandThree, 0),
        ];
        foreach ((TestHub by, long address, long ageMs) in presses)
        {
            TestBand band = centre.Band(address);
            await by.SendAsync(band, band.Sos(), ageMs);
        }

        List<AlarmView> alarms = centre.Alarms();
        alarms.Count.ShouldBe(3);
        long nowMs = centre.Clock.NowMs;
        nowMs.ShouldBeInRange(time.StartedMs, time.StartedMs + 60_000);
        string[] oldestFirst = [.. alarms.OrderBy(a => a.EventAtMs).Select(a => a.Resident.Name)];
        oldestFirst.ShouldBe(["Resident r1", "Resident r2", "Resident r3"]);
        foreach ((TestHub _, long address, long ageMs) in presses)
        {
            AlarmView alarm = alarms.Single(a => a.Resident.Name == $"Resident r{address - TestCentre.BandOne + 1}");
            (nowMs - alarm.EventAtMs).ShouldBeInRange(ageMs, ageMs + 60_000, alarm.Resident.Name);
            DateTimeOffset.FromUnixTimeMilliseconds(alarm.RaisedAtMs).UtcDateTime
                .ShouldBeInRange(time.Started.UtcDateTime, time.Started.UtcDateTime.AddMinutes(1));
        }
    }
}
