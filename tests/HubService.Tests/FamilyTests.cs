using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using ElderBand.BandProtocol;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Family;
using ElderBand.HubService.Storage;

namespace ElderBand.Tests.HubService;

public sealed class FamilyTests
{
    [Fact]
    public async Task P71_after_a_restore_no_key_id_link_or_number_of_a_text_is_used_again()
    {
        await using Gateway gateway = await Gateway.OpenAsync();
        StaffDesk first = await StaffDesk.OpenAsync(gateway.Address);
        string path = Path.Combine(first.Folder, "elderband.db");
        string night = Path.Combine(first.Folder, "night.db");
        using (var db = new Db(path, readOnly: true))
        using (var backup = new Db(night, create: true))
        {
            db.CopyTo(backup);
        }
        long alarm = await first.PressAsync();
        await Until(() => first.Alarm(alarm).Contacts[0].Messages is [{ SentAtMs: not null }]);
        await first.StopAsync();
        foreach (string file in Directory.GetFiles(first.Folder, "elderband.db*"))
        {
            File.Delete(file);
        }
        File.Move(night, path);
        using (var db = new Db(path))
        {
            Incarnation.Renew(db, first.Clock.NowMs);
        }

        await using StaffDesk second = await StaffDesk.OpenAsync(gateway.Address, first.Folder);
        (await second.PressAsync()).ShouldBe(alarm, "ids begin again where the backup ends");
        await Until(() => gateway.Requests.Count == 2);
        gateway.Keys.Distinct().Count().ShouldBe(2, "the gateway would drop a text under a used key");
        gateway.Requests.Select(static r => r.GetProperty("id").GetString()).Distinct().Count().ShouldBe(2);
        gateway.Requests.Select(static r => r.GetProperty("alarm").ToString()).Distinct().Count().ShouldBe(2);
        gateway.Requests.Select(static r => Link(r)).Distinct().Count()
            .ShouldBe(2, "the old link would open another resident's alarm");
    }

    [Fact]
    public async Task A_contact_who_has_consented_is_told_within_five_seconds_and_nobody_else()
    {
        await using Gateway gateway = await Gateway.OpenAsync();
        await using StaffDesk desk = await StaffDesk.OpenAsync(gateway.Address);
        using IDisposable console = desk.Consoles.Enter("c1");
        long alarm = await desk.PressAsync();
        await Until(() => desk.Alarm(alarm).Contacts[0].Messages is [{ SentAtMs: not null }]);

        JsonElement text = gateway.Requests.ShouldHaveSingleItem();
        text.GetProperty("to").GetString().ShouldBe("13800000001");
        text.GetProperty("id").GetString().ShouldBe(Id(desk, alarm));
        string words = text.GetProperty("text").GetString()!;
        words.ShouldContain("陈桂英");
        words.ShouldContain($"{desk.Alarm(alarm).Number} 号求助");
        words.ShouldContain("https://family.example.invalid/f/");
        words.ShouldNotContain("高血压");
        words.ShouldNotContain("梧桐路");
        AlarmView view = desk.Alarm(alarm);
        (view.Contacts[0].Messages[0].SentAtMs!.Value - view.RaisedAtMs).ShouldBeLessThan(5000);
        view.Contacts[1].Messages.ShouldBeEmpty("no consent, no text");
        view.Timeline.Select(static e => e.Kind).ShouldContain("messageSent");
    }

    [Fact]
    public async Task A_drill_a_suspected_fall_and_a_cancelled_one_tell_nobody()
    {
        await using Gateway gateway = await Gateway.OpenAsync();
        await using StaffDesk desk = await StaffDesk.OpenAsync(gateway.Address);
        await desk.PressAsync(drill: true);
        await desk.FallSuspectedAsync();
        await desk.CancelFallAsync();
        await Task.Delay(1500, Token);
        gateway.Requests.ShouldBeEmpty();
        desk.Store.Read(db => MessageRows.Backlog(db, 0)).Waiting.ShouldBe(0);
    }

    [Fact]
    public async Task A_gateway_that_is_down_shows_on_the_alarm_and_as_a_card_and_gets_the_same_text_again()
    {
        await using Gateway gateway = await Gateway.OpenAsync();
        gateway.Status = 503;
        await using StaffDesk desk = await StaffDesk.OpenAsync(gateway.Address);
        using IDisposable console = desk.Consoles.Enter("c1");
        long alarm = await desk.PressAsync();
        await Until(() => desk.Alarm(alarm).Contacts[0].Messages[0].Attempts >= 2);
        desk.Alarm(alarm).Contacts[0].Messages[0].LastError.ShouldBe("the gateway answered 503");
        desk.Alarm(alarm).Timeline.Count(static e => e.Kind == "messageFailed").ShouldBe(1);
        Cards(desk).ShouldBe(["webhookDown"]);

        gateway.Status = 200;
        await Until(() => desk.Alarm(alarm).Contacts[0].Messages[0].SentAtMs is not null);
        Cards(desk).ShouldBeEmpty();
        gateway.Requests.Select(static r => r.GetProperty("id").GetString()).Distinct().Count().ShouldBe(1);
        gateway.Requests.Select(static r => r.GetProperty("text").GetString()).Distinct().Count().ShouldBe(1);
        gateway.Keys.Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public async Task Without_a_webhook_the_fault_is_a_card_and_not_silence()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        long alarm = await desk.PressAsync();
        await Until(() => Cards(desk) is ["webhookDown"]);
        desk.Alarm(alarm).Contacts[0].Messages[0].LastError.ShouldNotBeNull().ShouldContain("--webhook");
    }

    [Theory]
    [InlineData(422)]
    [InlineData(503)]
    public async Task P63_a_text_that_is_not_taken_holds_back_neither_please_call_nor_the_next_contact(int status)
    {
        await using Gateway gateway = await Gateway.OpenAsync();
        gateway.Status = status;
        gateway.Refuses = static r => r.GetProperty("to").GetString() == "13800000001"
            && r.GetProperty("text").GetString()!.Contains("正在呼叫", StringComparison.Ordinal);
        await using StaffDesk desk = await StaffDesk.OpenAsync(gateway.Address);
        await desk.Store.WriteAsync(
            Lane.Alarm, tx => tx.Db.Run("UPDATE contact SET consent_at_ms=1 WHERE consent_at_ms IS NULL"), Token);
        desk.Clock.Push(TimeSpan.FromSeconds(20)); // no console has opened, so the contacts are told at once
        long alarm = await desk.PressAsync();
        await Until(() => desk.Alarm(alarm).Contacts is [{ Messages: [{ Attempts: > 0 }, ..] }, ..]);
        await Until(() => desk.Alarm(alarm).Contacts.All(
            static c => c.Messages.Any(static m => m is { Reason: "unanswered", SentAtMs: not null })));

        AlarmView view = desk.Alarm(alarm);
        MessageView raised = view.Contacts[0].Messages.Single(static m => m.Reason == "raised");
        raised.SentAtMs.ShouldBeNull();
        raised.LastError.ShouldNotBeNull().ShouldContain($"{status}");
        (raised.FailedAtMs is not null).ShouldBe(status == 422, "a text that is refused for good is not sent again");
        view.Contacts[1].Messages.ShouldAllBe(static m => m.SentAtMs != null);
        List<string> failed =
            [.. view.Timeline.Where(static e => e.Kind == "messageFailed").Select(static e => e.Text)];
        failed.Count.ShouldBe(1, string.Join("; ", failed));
        if (status == 422)
        {
            raised.Attempts.ShouldBe(1);
            view.Timeline.Single(static e => e.Kind == "messageFailed").Text.ShouldContain("陈明");
        }
    }

    [Fact]
    public async Task She_has_called_that_comes_after_the_end_says_that_it_is_over()
    {
        await using Gateway gateway = await Gateway.OpenAsync();
        gateway.Status = 503;
        await using StaffDesk desk = await StaffDesk.OpenAsync(gateway.Address);
        using IDisposable console = desk.Consoles.Enter("c1");
        HttpClient li = await desk.SignedInAsync("li");
        long alarm = await desk.PressAsync();
        await li.PostAsync($"api/alarms/{alarm}/take", null, Token);
        await li.PostAsJsonAsync($"api/alarms/{alarm}/close", new { outcome = "phoneOk", words = "一切平安" }, Token);
        await Until(() => gateway.Requests.Count >= 2);
        gateway.Status = 200;
        await Until(() => desk.Alarm(alarm).Contacts[0].Messages is [{ SentAtMs: not null }, { SentAtMs: not null }]);
        string[] words = [.. gateway.Requests.Select(static r => r.GetProperty("text").GetString()!)];
        words[^2..].ShouldAllBe(static w => w.Contains("处理完毕", StringComparison.Ordinal));
        words[^2..].ShouldContain(static w => w.Contains("一切平安", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_text_that_waits_while_the_service_is_down_goes_out_after_the_restart_with_the_same_link()
    {
        await using Gateway gateway = await Gateway.OpenAsync();
        gateway.Status = 503;
        StaffDesk first = await StaffDesk.OpenAsync(gateway.Address);
        long alarm = await first.PressAsync();
        await Until(() => !gateway.Requests.IsEmpty);
        await first.StopAsync();
        int before = gateway.Requests.Count;
        gateway.Status = 200;
        await using StaffDesk second = await StaffDesk.OpenAsync(gateway.Address, first.Folder);
        await Until(() => second.Alarm(alarm).Contacts[0].Messages[0].SentAtMs is not null);
        gateway.Requests.Count.ShouldBeGreaterThan(before);
        gateway.Requests.Where(
            r => r.GetProperty("id").GetString() == Id(second, alarm))
            .Select(static r => Link(r)).Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public async Task A_text_that_has_waited_says_who_has_it_now_and_not_that_nobody_has()
    {
        await using Gateway gateway = await Gateway.OpenAsync();
        gateway.Status = 503;
        await using StaffDesk desk = await StaffDesk.OpenAsync(gateway.Address);
        desk.Clock.Push(TimeSpan.FromSeconds(16)); // no console since the start: unanswered at once
        HttpClient li = await desk.SignedInAsync("li");
        long alarm = await desk.PressAsync();
        // The two texts are sent at the same time, so either may come first.
        await Until(() => gateway.Requests.Any(static r => r.GetProperty("text").GetString()!
            .Contains("正在呼叫值班人员", StringComparison.Ordinal)));
        await li.PostAsync($"api/alarms/{alarm}/take", null, Token);
        gateway.Requests.Clear();
        gateway.Status = 200;
        await Until(() => desk.Alarm(alarm).Contacts[0]
            .Messages is [{ SentAtMs: not null }, { SentAtMs: not null, Reason: "unanswered" }]);
        gateway.Requests.Last().GetProperty("text").GetString()!.ShouldSatisfyAllConditions(
            static t => t.ShouldContain("李静 正在处理"), static t => t.ShouldNotContain("还没有人接手"));
        desk.Alarm(alarm).State.ShouldBe("taken");
    }

    [Fact]
    public void Attempts_back_off_to_one_a_minute_and_end_after_a_day()
    {
        Enumerable.Range(1, 8).Select(static n => FamilyWorker.NextDue(0, 0, n)).ShouldBe(
            [1000, 2000, 5000, 15_000, 30_000, 60_000, 60_000, 60_000]);
        const long DayMs = 24L * 3_600_000;
        FamilyWorker.NextDue(DayMs - 60_000, 0, 9).ShouldBe(DayMs);
        FamilyWorker.NextDue(DayMs - 59_999, 0, 9).ShouldBeNull();
    }

    [Fact]
    public async Task The_page_says_what_happened_and_who_has_it_and_not_a_word_of_health_or_address()
    {
        await using Gateway gateway = await Gateway.OpenAsync();
        await using StaffDesk desk = await StaffDesk.OpenAsync(gateway.Address);
        using IDisposable console = desk.Consoles.Enter("c1");
        HttpClient li = await desk.SignedInAsync("li");
        long alarm = await desk.PressAsync();
        await Until(() => !gateway.Requests.IsEmpty);
        string token = Link(gateway.Requests.First()).Split("/f/")[1];
        token.Length.ShouldBe(43);
        HttpClient phone = desk.Stranger(withHeader: false);

        JsonElement view = await phone.GetFromJsonAsync<JsonElement>($"api/family/{token}", Token);
        view.EnumerateObject().Select(static p => p.Name).ShouldBe(
            ["number", "kind", "residentName", "state", "raisedAtMs", "nowMs", "unanswered", "who", "takenAtMs",
                "comingAtMs",
                "closedAtMs", "closingWords", "callResident", "callCentre", "timeline"]);
        view.GetProperty("residentName").GetString().ShouldBe("陈桂英");
        view.GetProperty("callCentre").GetString().ShouldBe("02100000001");
        await Until(() => desk.Alarm(alarm).Contacts[0].Messages[0].OpenedAtMs is not null);

        using StaffDesk.Events stream = await desk.ListenAsync(phone, $"api/family/{token}/events");
        (await stream.NextAsync("family")).GetProperty("state").GetString().ShouldBe("ringing");
        await li.PostAsync($"api/alarms/{alarm}/take", null, Token);
        JsonElement taken = await NextState(stream, "taken");
        taken.GetProperty("who").GetString().ShouldBe("李静");
        await li.PostAsJsonAsync(
            $"api/alarms/{alarm}/call", new { contactId = desk.Alarm(alarm).Contacts[1].Id, result = "spoke" }, Token);
        await li.PostAsJsonAsync($"api/alarms/{alarm}/close", new { outcome = "phoneOk", words = "一切平安" }, Token);
        JsonElement closed = await NextState(stream, "closed");
        closed.GetProperty("closingWords").GetString().ShouldBe("一切平安");
        string everything = string.Join('\n', NamesAndTexts(closed));
        everything.ShouldContain("陈桂英");
        foreach (string secret in (string[])["高血压", "梧桐路", "502", "左耳背", "陈芳", "13800000002", "bpm", "vitals"])
        {
            everything.ShouldNotContain(secret);
        }
    }

    [Fact]
    public async Task A_link_ends_after_a_day_or_when_it_is_revoked_and_an_invented_one_never_was()
    {
        await using Gateway gateway = await Gateway.OpenAsync();
        await using StaffDesk desk = await StaffDesk.OpenAsync(gateway.Address);
        using IDisposable console = desk.Consoles.Enter("c1");
        HttpClient li = await desk.SignedInAsync("li");
        long alarm = await desk.PressAsync();
        await Until(() => !gateway.Requests.IsEmpty);
        string token = Link(gateway.Requests.First()).Split("/f/")[1];
        HttpClient phone = desk.Stranger(withHeader: false);
        (await phone.GetAsync($"api/family/{token}x", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await phone.GetAsync($"api/family/{new string('x', 500)}", Token))
            .StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await phone.GetAsync($"api/family/{token}", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);

        using StaffDesk.Events stream = await desk.ListenAsync(phone, $"api/family/{token}/events");
        await stream.NextAsync("family");
        long contact = desk.Alarm(alarm).Contacts[0].Id;
        (await li.PostAsJsonAsync($"api/alarms/{alarm}/revoke-link", new { contactId = contact }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.OK);
        await stream.NextAsync("over");
        (await phone.GetAsync($"api/family/{token}", Token)).StatusCode.ShouldBe(HttpStatusCode.Gone);
        (await li.PostAsJsonAsync($"api/alarms/{alarm}/revoke-link", new { contactId = contact }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.NotFound);

        await li.PostAsync($"api/alarms/{alarm}/take", null, Token);
        await li.PostAsJsonAsync($"api/alarms/{alarm}/close", new { outcome = "other", words = "好" }, Token);
        await Until(() => gateway.Requests.Any(
            static r => r.GetProperty("text").GetString()!.Contains("已处理完毕", StringComparison.Ordinal)));
        gateway.Requests.Last().GetProperty("text")
            .GetString()!.ShouldNotContain("/f/", customMessage: "a revoked link is not sent again");

        long second = await desk.PressAsync();
        await Until(() => desk.Alarm(second).Contacts[0].Messages is [{ SentAtMs: not null }]);
        string fresh = Link(gateway.Requests.Last()).Split("/f/")[1];
        fresh.ShouldNotBe(token);
        (await phone.GetAsync($"api/family/{fresh}", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        desk.Clock.Push(TimeSpan.FromHours(24.1));
        (await phone.GetAsync($"api/family/{fresh}", Token)).StatusCode.ShouldBe(HttpStatusCode.Gone);
    }

    [Fact]
    public async Task The_gateways_reports_are_noted_once_and_a_failed_text_is_tried_again()
    {
        await using Gateway gateway = await Gateway.OpenAsync();
        await using StaffDesk desk = await StaffDesk.OpenAsync(gateway.Address);
        using IDisposable console = desk.Consoles.Enter("c1");
        long alarm = await desk.PressAsync();
        await Until(() => desk.Alarm(alarm).Contacts[0].Messages is [{ SentAtMs: not null }]);
        string id = Id(desk, alarm);
        HttpClient hook = desk.Stranger(withHeader: false);
        (await hook.PostAsJsonAsync(Hook, new { id, status = "delivered" }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.NotFound);
        hook.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "guess");
        (await hook.PostAsJsonAsync(Hook, new { id, status = "delivered" }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.NotFound);
        hook.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", StaffDesk.HookSecret);
        (await hook.PostAsJsonAsync(Hook, new { id = $"m99999{id[^9..]}", status = "delivered" }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.NotFound);
        long number = desk.Alarm(alarm).Contacts[0].Messages[0].Id;
        (await hook.PostAsJsonAsync(Hook, new { id = number, status = "delivered" }, Token)).StatusCode
            .ShouldBe(HttpStatusCode.NotFound, "a bare number is the gateway's, and this gateway has given none");
        (await hook.PostAsJsonAsync(Hook, new { id, status = "eaten" }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.BadRequest);

        (await hook.PostAsJsonAsync(Hook, new { id, status = "failed", detail = "关机" }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.NoContent);
        desk.Alarm(alarm).Timeline.Last().Text.ShouldBe("陈明 关机");
        await Until(
            () => gateway.Requests.Count == 2 && desk.Alarm(alarm).Contacts[0].Messages[0].SentAtMs is not null);

        // By the gateway's own number this time, and twice: noted once.
        for (int i = 0; i < 2; i++)
        {
            (await hook.PostAsJsonAsync(Hook, new { id = "sms-2", status = "delivered" }, Token))
                .StatusCode.ShouldBe(HttpStatusCode.NoContent);
        }
        desk.Alarm(alarm).Contacts[0].Messages[0].DeliveredAtMs.ShouldNotBeNull();
        desk.Alarm(alarm).Timeline.Count(static e => e.Kind == "messageDelivered").ShouldBe(1);
    }

    private const string Hook = "hooks/messages";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string Link(JsonElement request) =>
        request.GetProperty("text").GetString()!.Split(' ')
            .Single(static w => w.Contains("/f/", StringComparison.Ordinal)).Split('：')[^1];

    // Names and texts are decoded, because JSON escapes Chinese characters. Numbers are left out, because a time in ms
    // may contain the digits of a door.
    private static IEnumerable<string> NamesAndTexts(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject().SelectMany(static p => NamesAndTexts(p.Value).Prepend(p.Name)),
        JsonValueKind.Array => json.EnumerateArray().SelectMany(NamesAndTexts),
        JsonValueKind.String => [json.GetString()!],
        _ => [],
    };

    private static List<string> Cards(StaffDesk desk) =>
        desk.Store.Read(static db => Views.Technicals(db, "c1")).ConvertAll(static t => t.Kind);

    private static async Task<JsonElement> NextState(StaffDesk.Events stream, string state)
    {
        while (true)
        {
            JsonElement view = await stream.NextAsync("family");
            if (view.GetProperty("state").GetString() == state)
            {
                return view;
            }
        }
    }

    private static string Id(StaffDesk desk, long alarm) => MessageRows.PublicId(
        desk.Alarm(alarm).Contacts[0].Messages[0].Id, desk.Store.Read(Incarnation.Value));

    private static async Task Until(Func<bool> holds)
    {
        for (int i = 0; i < 300 && !holds(); i++)
        {
            await Task.Delay(50, Token);
        }
        holds().ShouldBeTrue();
    }
}
