using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using ElderBand.HubService.Alarms;

namespace ElderBand.Tests.HubService;

/// <summary>P36: a console counts only while its page answers the signs of life of its stream.</summary>
public sealed class PresenceTests
{
    private const int GoneMs = ConsoleCounter.BackWithinMs;

    [Fact]
    public async Task P36_a_page_that_answers_counts_for_ever_and_one_that_stops_counts_for_15_s_more()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        using HttpClient li = await desk.SignedInAsync("li");
        using StaffDesk.Events events = await desk.ListenAsync(li, "api/events");
        await events.NextAsync("state");
        var watch = Stopwatch.StartNew();
        string page = "";
        while (watch.ElapsedMilliseconds < GoneMs + 6000)
        {
            page = (await events.NextAsync("alive")).GetProperty("pageId").GetString()!;
            (await AnswerAsync(li, page)).ShouldBe(HttpStatusCode.NoContent);
            desk.Consoles.Open("c1").ShouldBe(1);
        }

        watch.Restart();
        while (desk.Consoles.Open("c1") == 1)
        {
            watch.ElapsedMilliseconds.ShouldBeLessThan(GoneMs + 1000);
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
        watch.ElapsedMilliseconds.ShouldBeGreaterThan(GoneMs - 1000);
        desk.Consoles.GoneAtMs("c1")!.Value.ShouldBeLessThanOrEqualTo(desk.Clock.NowMs);

        (await AnswerAsync(li, page)).ShouldBe(HttpStatusCode.NoContent);
        desk.Consoles.Open("c1").ShouldBe(1);
        (await AnswerAsync(li, "0123")).ShouldBe(HttpStatusCode.NotFound);
    }

    private static async Task<HttpStatusCode> AnswerAsync(HttpClient client, string page)
    {
        using HttpResponseMessage answer = await client.PostAsJsonAsync(
            $"api/events/{page}/alive", new { }, JsonSerializerOptions.Web, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }
}
