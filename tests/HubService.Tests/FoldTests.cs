using System.Net.Http.Json;
using System.Text.Json;
using ElderBand.BandProtocol;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Storage;

namespace ElderBand.Tests.HubService;

/// <summary>What many presses on one card leave on its timeline and in the event stream (docs/adr/0101).</summary>
public sealed class FoldTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task P69_after_ten_presses_within_a_minute_further_ones_are_counted_in_one_line_and_all_have_receipts()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        for (int i = 0; i < 14; i++)
        {
            (await hub.SendAsync(band, band.Sos())).ShouldBeTrue();
        }
        AlarmView alarm = centre.Alarms().ShouldHaveSingleItem();
        alarm.Presses.ShouldBe(14);
        alarm.Timeline.Count(static l => l.Kind == "press").ShouldBe(9, "the first press is the line 'raised'");
        Counted(alarm).ShouldBe(4);
        centre.Count("event", $"type={(int)FrameType.Sos} AND alarm_id={alarm.Id}").ShouldBe(14);
        await TestCentre.UntilAsync(() => hub.Receipts.Distinct().Count() == 14, "a receipt for each press");

        centre.Clock.Advance(61_000);
        (await hub.SendAsync(band, band.Sos())).ShouldBeTrue();
        centre.Alarms()[0].Timeline.Last(static l => l.Kind.EndsWith("ress", StringComparison.Ordinal))
            .Text.ShouldBe("15", "a minute later a press has its line again");
    }

    [Fact]
    public async Task P69_an_honest_backlog_of_72_hours_has_a_line_for_each_press_in_pages()
    {
        const int Presses = 260;
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        TestBand band = centre.Band();
        long stepMs = 72L * 3_600_000 / Presses;
        Task<bool>[] sent = [.. Enumerable.Range(0, Presses).Select(i =>
            hub.SendAsync(band.Address, [band.Event(FrameType.Sos, uptimeS: 100 + (int)(i * stepMs / 1000))],
                (Presses - i) * stepMs))];
        (await Task.WhenAll(sent)).ShouldAllBe(static stored => stored);

        AlarmView alarm = centre.Alarms().ShouldHaveSingleItem();
        alarm.Presses.ShouldBe(Presses);
        alarm.Timeline.Count.ShouldBe(Views.TimelinePage);
        alarm.HasEarlier.ShouldBeTrue();
        List<TimelineView> lines = [.. alarm.Timeline];
        for (bool hasEarlier = true; hasEarlier;)
        {
            TimelinePageView page = centre.Store.Read(db => Views.Timeline(db, alarm.Id, lines[0].Id));
            lines.InsertRange(0, page.Entries);
            hasEarlier = page.HasEarlier;
        }
        lines.Count(static l => l.Kind is "raised" or "press").ShouldBe(Presses);
        lines.Count(static l => l.Kind == "manyPresses").ShouldBe(0);
        lines.Select(static l => l.Id).ShouldBeInOrder(SortDirection.Ascending);
    }

    [Fact]
    public async Task P69_a_hub_that_uses_its_numbers_again_and_again_fills_one_card()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        for (int i = 0; i < 20; i++)
        {
            (await hub.SendOwnAsync(FrameType.HubKey, sequence: 1, uptimeS: 1000 + i)).ShouldBeTrue();
        }
        AlarmView alarm = centre.Alarms().ShouldHaveSingleItem();
        alarm.Presses.ShouldBe(20);
        Counted(alarm).ShouldBe(10);
    }

    [Fact]
    public async Task P69_the_stream_sends_a_card_once_and_then_what_has_changed()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        HttpClient console = await desk.SignedInAsync("li");
        using StaffDesk.Events stream = await desk.ListenAsync(console, "api/events");
        await stream.NextAsync("state");
        long id = await desk.PressAsync();
        JsonElement whole = await stream.NextAsync("alarm");
        whole.GetProperty("contacts").GetArrayLength().ShouldBe(2);
        whole.GetProperty("calls").GetInt32().ShouldBe(1);

        await desk.PressAsync();
        JsonElement change = await stream.NextAsync("alarmChanged");
        change.GetProperty("id").GetInt64().ShouldBe(id);
        change.GetProperty("presses").GetInt32().ShouldBe(2);
        change.GetProperty("revision").GetInt32().ShouldBeGreaterThan(whole.GetProperty("revision").GetInt32());
        change.GetProperty("timeline").EnumerateArray().Select(static l => l.GetProperty("kind").GetString())
            .ShouldBe(["press"]);
        change.TryGetProperty("resident", out _).ShouldBeFalse("the resident has not changed");
        change.TryGetProperty("contacts", out _).ShouldBeFalse("no text has changed");
    }

    [Fact]
    public async Task The_earlier_lines_are_for_who_may_read_alarms_of_the_centre()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        long id = await desk.PressAsync();
        HttpClient li = await desk.SignedInAsync("li");
        JsonElement page = await li.GetFromJsonAsync<JsonElement>($"api/alarms/{id}/timeline", Token);
        page.GetProperty("hasEarlier").GetBoolean().ShouldBeFalse();
        page.GetProperty("entries")[0].GetProperty("kind").GetString().ShouldBe("raised");
        long first = page.GetProperty("entries")[0].GetProperty("id").GetInt64();
        (await li.GetFromJsonAsync<JsonElement>($"api/alarms/{id}/timeline?before={first}", Token))
            .GetProperty("entries").GetArrayLength().ShouldBe(0);
        ((int)(await (await desk.SignedInAsync("zhao")).GetAsync($"api/alarms/{id}/timeline", Token)).StatusCode)
            .ShouldBe(404, "another centre's");
        ((int)(await desk.Stranger().GetAsync($"api/alarms/{id}/timeline", Token)).StatusCode).ShouldBe(401);
    }

    /// <summary>
    /// The presses that are counted in lines. Another line in between, such as a text that was not sent, begins another
    /// one.
    /// </summary>
    private static int Counted(AlarmView alarm)
    {
        List<TimelineView> lines = [.. alarm.Timeline.Where(static l => l.Kind == "manyPresses")];
        lines.Count.ShouldBeLessThanOrEqualTo(
            1 + alarm.Timeline.Count(static l => l.Kind is not ("raised" or "press" or "manyPresses")));
        return lines.Sum(static l => int.Parse(l.Text));
    }
}
