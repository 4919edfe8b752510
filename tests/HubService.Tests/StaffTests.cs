using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using ElderBand.HubService.Staff;
using ElderBand.HubService.Storage;
using Lane = ElderBand.BandProtocol.Lane;

namespace ElderBand.Tests.HubService;

public sealed class StaffTests
{
    [Fact]
    public async Task Sign_in_sets_two_cookies_that_no_script_and_no_other_site_can_use()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        using HttpResponseMessage answer = await desk.Stranger().PostAsJsonAsync(
            "api/session", new { name = "li", password = StaffDesk.Password }, Token);
        answer.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        List<string> cookies = [.. answer.Headers.GetValues("Set-Cookie")];
        cookies.Count.ShouldBe(2);
        cookies.ShouldAllBe(static c => c.Contains("httponly", StringComparison.OrdinalIgnoreCase)
            && c.Contains("samesite=strict", StringComparison.OrdinalIgnoreCase));
        cookies.ShouldContain(static c => c.StartsWith("eb_staff=", StringComparison.Ordinal));
        cookies.ShouldContain(static c => c.StartsWith("eb_screen=", StringComparison.Ordinal));

        HttpClient signedIn = await desk.SignedInAsync("li");
        JsonElement me = await signedIn.GetFromJsonAsync<JsonElement>("api/session", Token);
        me.GetProperty("displayName").GetString().ShouldBe("李静");
        me.GetProperty("role").GetString().ShouldBe("admin");
        me.GetProperty("canAct").GetBoolean().ShouldBeTrue();
        me.GetProperty("centre").GetProperty("name").GetString().ShouldBe("梧桐社区服务中心");
    }

    [Fact]
    public async Task Without_a_session_nothing_is_read_and_nothing_is_done()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        long alarm = await desk.PressAsync();
        HttpClient stranger = desk.Stranger();
        foreach (string path in (
            string[])["api/session", "api/state", "api/events", "api/residents", "api/hubs", "api/bands",
            "api/sessions", "api/screens"])
        {
            (await stranger.GetAsync(path, Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized, path);
        }
        foreach (string act in (string[])["take", "coming", "handback", "close", "call", "revoke-link"])
        {
            (await stranger.PostAsJsonAsync(
                $"api/alarms/{alarm}/{act}", new { contactId = 1, result = "spoke" }, Token))
                .StatusCode.ShouldBe(HttpStatusCode.Unauthorized, act);
        }
        desk.Alarm(alarm).State.ShouldBe("ringing");
    }

    [Fact]
    public async Task P41_a_lock_out_slows_the_guesser_and_never_touches_a_colleague_who_is_signed_in()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        HttpClient colleague = await desk.SignedInAsync("li");
        using StaffDesk.Events screen = await desk.ListenAsync(colleague, "api/events");
        await screen.NextAsync("state");

        HttpClient guesser = desk.Stranger();
        for (int i = 0; i < 5; i++)
        {
            (await guesser.PostAsJsonAsync("api/session", new { name = "LI", password = $"guess {i}" }, Token))
                .StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        }
        using HttpResponseMessage locked = await guesser.PostAsJsonAsync(
            "api/session", new { name = "li", password = StaffDesk.Password }, Token);
        locked.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        locked.Headers.RetryAfter!.Delta!.Value.TotalSeconds.ShouldBeInRange(1, 30);

        // The very person whose name was guessed goes on: sees the alarm and takes it. Another name signs in meanwhile.
        long alarm = await desk.PressAsync();
        (await screen.NextAsync("alarm")).GetProperty("id").GetInt64().ShouldBe(alarm);
        (await colleague.PostAsync($"api/alarms/{alarm}/take", null, Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await desk.SignedInAsync("wang");

        desk.Clock.Push(TimeSpan.FromSeconds(31));
        await desk.SignedInAsync("li");
    }

    [Fact]
    public void P41_each_further_wrong_password_doubles_the_wait_up_to_a_quarter_of_an_hour()
    {
        var clock = new PushedClock();
        var lockOut = new LockOut(clock);
        var waitsS = new List<long>();
        for (int i = 0; i < 12; i++)
        {
            lockOut.Wrong("li", "10.0.0.1");
            long waitMs = lockOut.WaitMs("li", "10.0.0.1");
            waitsS.Add((waitMs + 999) / 1000);
            clock.Push(TimeSpan.FromMilliseconds(Math.Max(0, waitMs - 1000)));
        }
        waitsS.ShouldBe([0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]);
        lockOut.WaitMs("li", "10.0.0.2").ShouldBe(0);
        lockOut.WaitMs("wang", "10.0.0.1").ShouldBe(0);
        lockOut.Right("li", "10.0.0.1");
        lockOut.WaitMs("li", "10.0.0.1").ShouldBe(0);
    }

    [Fact]
    public async Task P41_a_write_without_our_header_is_refused()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        long alarm = await desk.PressAsync();
        HttpClient forged = desk.Stranger(withHeader: false);
        (await forged.PostAsJsonAsync("api/session", new { name = "li", password = StaffDesk.Password }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        HttpClient signedIn = await desk.SignedInAsync("li");
        signedIn.DefaultRequestHeaders.Remove("X-ElderBand");
        (await signedIn.PostAsync($"api/alarms/{alarm}/take", null, Token))
            .StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        desk.Alarm(alarm).State.ShouldBe("ringing");
    }

    [Theory]
    [InlineData("{", HttpStatusCode.BadRequest)]
    [InlineData("[]", HttpStatusCode.BadRequest)]
    [InlineData("null", HttpStatusCode.BadRequest)]
    [InlineData("""{"name":7,"password":{}}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"name":"","password":""}""", HttpStatusCode.BadRequest)]
    public async Task P41_a_body_that_is_not_what_was_agreed_is_refused_in_one_line(string body, HttpStatusCode status)
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await desk.Stranger().PostAsync("api/session", content, Token);
        answer.StatusCode.ShouldBe(status);
        (await answer.Content.ReadAsStringAsync(Token)).ShouldNotContain(" at ElderBand");
    }

    [Fact]
    public async Task P41_an_oversized_or_bottomless_body_is_refused()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        using var large = new StringContent($$"""{"name":"{{new string('x', Shield.MaxBodyBytes)}}","password":"x"}""",
            Encoding.UTF8, "application/json");
        (await desk.Stranger().PostAsync("api/session", large, Token))
            .StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        using var deep = new StringContent(new string('[', 5000), Encoding.UTF8, "application/json");
        HttpClient gateway = desk.Stranger();
        gateway.DefaultRequestHeaders.Authorization = new("Bearer", StaffDesk.HookSecret);
        (await gateway.PostAsync("hooks/messages", deep, Token))
            .StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task P41_another_centres_alarms_people_and_bands_do_not_exist()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        long alarm = await desk.PressAsync();
        HttpClient other = await desk.SignedInAsync("zhao");
        foreach (string act in (string[])["take", "coming", "handback", "call", "revoke-link"])
        {
            (await other.PostAsJsonAsync($"api/alarms/{alarm}/{act}", new { contactId = 1, result = "spoke" }, Token))
                .StatusCode.ShouldBe(HttpStatusCode.NotFound, act);
        }
        (await other.PostAsJsonAsync($"api/alarms/{alarm}/close", new { outcome = "other" }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await other.GetAsync($"api/residents/{desk.ResidentId}", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await other.PutAsJsonAsync($"api/residents/{desk.ResidentId}", new { name = "x" }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await other.GetAsync($"api/bands/{desk.BandId}/qr.svg", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await other.PutAsJsonAsync($"api/bands/{desk.BandId}/configuration", new { sensitivity = 1 }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await other.GetFromJsonAsync<JsonElement>("api/state", Token)).GetProperty("alarms").GetArrayLength()
            .ShouldBe(0);
        (await other.GetFromJsonAsync<JsonElement>("api/bands", Token)).GetArrayLength().ShouldBe(0);
        desk.Alarm(alarm).State.ShouldBe("ringing");
    }

    [Theory]
    [InlineData("sensitivity", 3, "sensitivity is 0 (low), 1 (normal) or 2 (high).")]
    [InlineData("sensitivity", -1, "sensitivity is 0 (low), 1 (normal) or 2 (high).")]
    [InlineData("sensitivity", null, "sensitivity is 0 (low), 1 (normal) or 2 (high).")]
    [InlineData("bedFromQuarter", 96, "quarter hours since midnight, 0 to 95")]
    [InlineData("bedToQuarter", 256, "quarter hours since midnight, 0 to 95")]
    [InlineData("bedToQuarter", null, "quarter hours since midnight, 0 to 95")]
    [InlineData("inactivityTenMinutes", 145, "inactivityTenMinutes is 1 to 144 (10 minutes to a day), or 0")]
    [InlineData("inactivityTenMinutes", null, "inactivityTenMinutes is 1 to 144 (10 minutes to a day), or 0")]
    [InlineData("walkingAid", null, "guardAlways and walkingAid are true or false")]
    [InlineData("sensitivity", "high", "not what docs/service-api.md describes")]
    public async Task A_profile_out_of_its_ranges_is_refused_with_the_range_and_changes_nothing(
        string field, object? value, string words)
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        HttpClient admin = await desk.SignedInAsync("li");
        BandConfiguration before = desk.Store.Read(db => DeviceRows.Band(db, desk.BandId)!.Configuration);
        var body = new Dictionary<string, object?>
        {
            ["guardAlways"] = true,
            ["sensitivity"] = 2,
            ["walkingAid"] = true,
            ["bedFromQuarter"] = 86,
            ["bedToQuarter"] = 26,
            ["inactivityTenMinutes"] = 9,
        };
        body[field] = value;
        using HttpResponseMessage refused = await admin.PutAsJsonAsync(
            $"api/bands/{desk.BandId}/configuration", body, Token);
        refused.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await refused.Content.ReadAsStringAsync(Token)).ShouldContain(words);
        desk.Store.Read(db => DeviceRows.Band(db, desk.BandId)!.Configuration).ShouldBe(before);
    }

    [Theory]
    [InlineData(0, 0, 0, 0)]
    [InlineData(2, 95, 95, 144)]
    [InlineData(1, 86, 26, 9)]
    public async Task A_profile_within_its_ranges_is_stored_under_a_new_version(
        int sensitivity, int bedFrom, int bedTo, int inactivity)
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        HttpClient admin = await desk.SignedInAsync("li");
        int version = desk.Store.Read(db => DeviceRows.Band(db, desk.BandId)!.Configuration.Version);
        using HttpResponseMessage done = await admin.PutAsJsonAsync(
            $"api/bands/{desk.BandId}/configuration",
            new
            {
                guardAlways = false,
                sensitivity,
                walkingAid = true,
                bedFromQuarter = bedFrom,
                bedToQuarter = bedTo,
                inactivityTenMinutes = inactivity
            },
            Token);
        done.StatusCode.ShouldBe(HttpStatusCode.OK);
        desk.Store.Read(db => DeviceRows.Band(db, desk.BandId)!.Configuration).ShouldBe(
            new BandConfiguration(
                version + 1, false, (byte)sensitivity, true, (byte)bedFrom, (byte)bedTo, (byte)inactivity));
    }

    [Fact]
    public async Task P41_a_name_with_markup_stays_text_of_a_type_that_no_browser_runs()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        HttpClient admin = await desk.SignedInAsync("li");
        using HttpResponseMessage made = await admin.PostAsJsonAsync(
            "api/residents", new { name = "<img src=x onerror=alert(1)>", birthYear = 1940 }, Token);
        made.StatusCode.ShouldBe(HttpStatusCode.OK);
        made.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
        made.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
    }

    [Fact]
    public async Task Every_answer_carries_the_headers_that_keep_a_page_to_itself()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        foreach (string path in (string[])["/", "/api/session", "/nowhere", "/f/nothing"])
        {
            using HttpResponseMessage answer = await desk.Stranger().GetAsync(path, Token);
            answer.Headers.GetValues("Content-Security-Policy").Single()
                .ShouldStartWith("default-src 'self'", customMessage: path);
            answer.Headers.GetValues("X-Frame-Options").ShouldBe(["DENY"]);
            answer.Headers.GetValues("Referrer-Policy").ShouldBe(["no-referrer"]);
        }
    }

    [Fact]
    public async Task The_stream_begins_with_everything_and_brings_a_press_without_being_asked()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        HttpClient console = await desk.SignedInAsync("li");
        using (StaffDesk.Events stream = await desk.ListenAsync(console, "api/events"))
        {
            JsonElement state = await stream.NextAsync("state");
            state.GetProperty("alarms").GetArrayLength().ShouldBe(0);
            state.GetProperty("me").GetProperty("canAct").GetBoolean().ShouldBeTrue();
            await Until(() => desk.Consoles.Open("c1") == 1);

            long alarm = await desk.PressAsync();
            JsonElement pushed = await stream.NextAsync("alarm", 2000);
            pushed.GetProperty("id").GetInt64().ShouldBe(alarm);
            pushed.GetProperty("resident").GetProperty("name").GetString().ShouldBe("陈桂英");
            pushed.GetProperty("resident").GetProperty("firstQuestion").GetString().ShouldBe("您现在坐着还是躺着？");
            pushed.GetProperty("unanswered").GetBoolean().ShouldBeFalse();

            JsonElement alive = await stream.NextAsync("alive", 6000);
            alive.GetProperty("consoles").GetInt32().ShouldBe(1);
            alive.GetProperty("database").GetProperty("ok").GetBoolean().ShouldBeTrue();
        }
        await Until(() => desk.Consoles.Open("c1") == 0);
    }

    [Fact]
    public async Task An_expired_session_keeps_its_alarms_and_asks_for_sign_in_only_to_act()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        HttpClient console = await desk.SignedInAsync("li");
        using StaffDesk.Events stream = await desk.ListenAsync(console, "api/events");
        (await stream.NextAsync("state")).GetProperty("me").GetProperty("canAct").GetBoolean().ShouldBeTrue();

        desk.Clock.Push(TimeSpan.FromHours(13));
        JsonElement state = await stream.NextAsync("state");
        state.GetProperty("me").GetProperty("canAct").GetBoolean().ShouldBeFalse();
        long alarm = await desk.PressAsync();
        (await stream.NextAsync("alarm")).GetProperty("id").GetInt64().ShouldBe(alarm);
        (await console.GetFromJsonAsync<JsonElement>("api/state", Token)).GetProperty("alarms").GetArrayLength()
            .ShouldBe(1);
        (await console.PostAsync($"api/alarms/{alarm}/take", null, Token))
            .StatusCode.ShouldBe(HttpStatusCode.Unauthorized);

        desk.Clock.Push(TimeSpan.FromDays(30));
        (await console.GetAsync("api/state", Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task P36_of_many_who_take_at_once_one_gets_it_and_the_others_are_told_who()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        HttpClient[] consoles = [await desk.SignedInAsync("li"), await desk.SignedInAsync("wang")];
        for (int round = 0; round < 25; round++)
        {
            long alarm = await desk.PressAsync();
            HttpResponseMessage[] answers = await Task.WhenAll(
                consoles.Select(c => c.PostAsync($"api/alarms/{alarm}/take", null, Token)));
            answers.Count(static a => a.StatusCode == HttpStatusCode.OK).ShouldBe(1);
            HttpResponseMessage loser = answers.Single(static a => a.StatusCode == HttpStatusCode.Conflict);
            JsonElement told = await loser.Content.ReadFromJsonAsync<JsonElement>(Token);
            told.GetProperty("error").GetString().ShouldBe("taken");
            string owner = desk.Alarm(alarm).Owner!.DisplayName;
            told.GetProperty("takenBy").GetString().ShouldBe(owner);
            HttpClient winner = consoles[owner == "李静" ? 0 : 1];
            (await winner.PostAsJsonAsync($"api/alarms/{alarm}/close", new { outcome = "phoneOk", words = "好" }, Token))
                .StatusCode.ShouldBe(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task Acts_follow_the_order_of_an_alarm_and_land_on_its_timeline()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        HttpClient li = await desk.SignedInAsync("li");
        HttpClient wang = await desk.SignedInAsync("wang");
        long alarm = await desk.PressAsync();
        (await li.PostAsync($"api/alarms/{alarm}/coming", null, Token)).StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await li.PostAsync($"api/alarms/{alarm}/take", null, Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await wang.PostAsync($"api/alarms/{alarm}/coming", null, Token)).StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await li.PostAsync($"api/alarms/{alarm}/handback", null, Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        desk.Alarm(alarm).Owner.ShouldBeNull();
        desk.Alarm(alarm).State.ShouldBe("ringing");
        (await wang.PostAsync($"api/alarms/{alarm}/take", null, Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await wang.PostAsJsonAsync($"api/alarms/{alarm}/call", new { result = "noAnswer" }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.OK);
        long contact = desk.Alarm(alarm).Contacts[0].Id;
        (await wang.PostAsJsonAsync($"api/alarms/{alarm}/call", new { contactId = contact, result = "spoke" }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.OK);
        (await wang.PostAsJsonAsync($"api/alarms/{alarm}/call", new { result = "maybe" }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await wang.PostAsync($"api/alarms/{alarm}/coming", null, Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await wang.PostAsJsonAsync($"api/alarms/{alarm}/close", new { words = "好" }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        using HttpResponseMessage closed = await wang.PostAsJsonAsync(
            $"api/alarms/{alarm}/close", new { outcome = "officerSent", words = "已上门" }, Token);
        closed.StatusCode.ShouldBe(HttpStatusCode.OK);
        JsonElement view = await closed.Content.ReadFromJsonAsync<JsonElement>(Token);
        view.GetProperty("state").GetString().ShouldBe("closed");
        desk.Alarm(alarm).Timeline.Select(static e => e.Kind)
            .Where(static k => !k.StartsWith("message", StringComparison.Ordinal) && k != "unanswered")
            .ShouldBe(["raised", "taken", "handedBack", "taken", "callNoAnswer", "callSpoke", "coming", "closed"]);
        desk.Alarm(alarm).Timeline.Single(static e => e.Kind == "callSpoke").ShouldSatisfyAllConditions(
            static e => e.Who.ShouldBe("王强"), static e => e.Text.ShouldBe("陈明"));
    }

    [Fact]
    public async Task P36_a_colleague_frees_the_alarm_of_somebody_who_has_gone_home_and_both_names_are_kept()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        HttpClient li = await desk.SignedInAsync("li");
        HttpClient wang = await desk.SignedInAsync("wang");
        using StaffDesk.Events screen = await desk.ListenAsync(wang, "api/events");
        await screen.NextAsync("state");
        long alarm = await desk.PressAsync();
        await li.PostAsync($"api/alarms/{alarm}/take", null, Token);
        await li.PostAsync($"api/alarms/{alarm}/coming", null, Token);
        (await li.DeleteAsync("api/session", Token)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await wang.PostAsync($"api/alarms/{alarm}/handback", null, Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        desk.Alarm(alarm).State.ShouldBe("ringing");
        desk.Alarm(alarm).Timeline.Single(static e => e.Kind == "handedBack").ShouldSatisfyAllConditions(
            static e => e.Who.ShouldBe("王强"), static e => e.Text.ShouldBe("李静"));
        desk.Store.Read(db => db.Value("SELECT who||' '||detail FROM audit WHERE action='alarm.handedBack'"))
            .ShouldBe("staff:2 王强 from 李静");
        (await wang.PostAsync($"api/alarms/{alarm}/take", null, Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await wang.PostAsJsonAsync($"api/alarms/{alarm}/close", new { outcome = "phoneOk" }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_sign_in_link_works_once_and_for_ten_minutes()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        await AddCode(desk, "code-1");
        await AddCode(desk, "code-2");
        HttpClient browser = desk.Stranger();
        using HttpResponseMessage first = await browser.GetAsync("signin?code=code-1", Token);
        first.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        first.Headers.Location!.ToString().ShouldBe("/");
        (await browser.GetFromJsonAsync<JsonElement>("api/session", Token)).GetProperty("canAct").GetBoolean()
            .ShouldBeTrue();
        (await desk.Stranger().GetAsync("signin?code=code-1", Token)).StatusCode.ShouldBe(HttpStatusCode.Gone);
        (await desk.Stranger().GetAsync("signin?code=guess", Token)).StatusCode.ShouldBe(HttpStatusCode.Gone);
        (await desk.Stranger().GetAsync("signin", Token)).StatusCode.ShouldBe(HttpStatusCode.Gone);
        desk.Clock.Push(TimeSpan.FromMinutes(11));
        (await desk.Stranger().GetAsync("signin?code=code-2", Token)).StatusCode.ShouldBe(HttpStatusCode.Gone);
    }

    [Fact]
    public async Task Enrolment_is_for_administrators_and_a_secret_is_shown_once()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        HttpClient officer = await desk.SignedInAsync("wang");
        (await officer.PostAsJsonAsync("api/residents", new { name = "吴德" }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await officer.GetFromJsonAsync<JsonElement>("api/residents", Token)).GetArrayLength().ShouldBe(1);

        HttpClient admin = await desk.SignedInAsync("li");
        JsonElement resident = await Made(admin, "api/residents",
            new { name = "吴德", birthYear = 1939, building = "7", floor = "2", door = "201", phone = "02155550000" });
        long id = resident.GetProperty("id").GetInt64();
        resident.GetProperty("building").GetString().ShouldBe("7");
        (await admin.PostAsJsonAsync(
            $"api/residents/{id}/contacts", new { name = "吴小", relation = "孙子", phone = "1", order = 1 }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.BadRequest, "no contact without consent");
        await Made(admin, $"api/residents/{id}/contacts", new
        {
            name = "吴小",
            relation = "孙子",
            phone = "13911112222",
            order = 1,
            consentBy = "吴德",
            consentAtMs = 1,
            consentHow = "当面"
        });
        (await admin.GetFromJsonAsync<JsonElement>($"api/residents/{id}", Token)).GetProperty("contacts")
            .GetArrayLength().ShouldBe(1);

        JsonElement hub = await Made(admin, "api/hubs", new { id = "hub-7", residentId = id });
        Convert.FromBase64String(hub.GetProperty("password").GetString()!).Length.ShouldBe(32);
        (await admin.PostAsJsonAsync("api/hubs", new { id = "hub/+/#", residentId = id }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.BadRequest);

        JsonElement band = await Made(
            admin, "api/bands", new { address = "C0FFEE0000AA", residentId = id, guardAlways = true });
        string secret = band.GetProperty("secret").GetString()!;
        long bandId = band.GetProperty("id").GetInt64();
        (await admin.GetStringAsync("api/bands", Token)).ShouldNotContain(secret);
        using HttpResponseMessage qr = await admin.GetAsync($"api/bands/{bandId}/qr.svg", Token);
        qr.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await qr.Content.ReadAsStringAsync(Token)).ShouldContain("<svg");
        (await admin.GetAsync($"api/bands/{bandId}/qr.svg", Token)).StatusCode.ShouldBe(HttpStatusCode.Gone);
        (await admin.PostAsJsonAsync("api/bands", new { address = "C0FFEE0000AA", residentId = id }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_corrected_address_keeps_the_home_that_her_hub_listens_for_and_a_couple_shares_one()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        HttpClient admin = await desk.SignedInAsync("li");
        await desk.Store.WriteAsync(
            Lane.Alarm, tx => DeviceRows.PlaceHub(tx.Db, "c1", "hub-1", desk.HomeId, tx.NowMs), Token);
        var husband = new { name = "陈福", address = "梧桐路 12 弄", building = "3", floor = "5", door = "502" };
        long husbandId = (await Made(admin, "api/residents", husband)).GetProperty("id").GetInt64();
        desk.Store.Read(db => ResidentRows.HomeOf(db, husbandId, desk.Clock.NowMs)).ShouldBe(desk.HomeId);

        using HttpResponseMessage put = await admin.PutAsJsonAsync(
            $"api/residents/{desk.ResidentId}",
            new { name = "陈桂英", address = "梧桐路 21 弄", building = "3", floor = "5", door = "502" }, Token);
        put.StatusCode.ShouldBe(HttpStatusCode.OK);
        desk.Store.Read(db => ResidentRows.Home(db, desk.HomeId))!.ShouldSatisfyAllConditions(
            static h => h.Address.ShouldBe("梧桐路 21 弄"), static h => h.Grid.ShouldBe("g1"));
        desk.Store.Read(db => DeviceRows.BandsOfHome(db, desk.HomeId)).ShouldHaveSingleItem()
            .Band.Id.ShouldBe(desk.BandId);
        (await admin.GetFromJsonAsync<JsonElement>($"api/residents/{husbandId}", Token)).GetProperty("address")
            .GetString().ShouldBe("梧桐路 21 弄");

        // Another door is another home, and so is one that nobody has written down.
        long[] others = [
            (await Made(admin, "api/residents", husband with { door = "503" })).GetProperty("id").GetInt64(),
            (await Made(admin, "api/residents", new { name = "吴德" })).GetProperty("id").GetInt64(),
            (await Made(admin, "api/residents", new { name = "吴芳" })).GetProperty("id").GetInt64()];
        desk.Store.Read(db => others.Select(id => ResidentRows.HomeOf(db, id, desk.Clock.NowMs)).Append(desk.HomeId)
            .Distinct().Count()).ShouldBe(4);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static async Task<JsonElement> Made(HttpClient client, string path, object body)
    {
        using HttpResponseMessage answer = await client.PostAsJsonAsync(path, body, Token);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync(Token));
        return await answer.Content.ReadFromJsonAsync<JsonElement>(Token);
    }

    private static Task AddCode(StaffDesk desk, string code) =>
        desk.Store.WriteAsync(Lane.Alarm, tx => StaffRows.InsertCode(
        tx.Db, "c1", StaffRows.ByName(tx.Db, "li")!.Id, Sessions.Hash(code)!, tx.NowMs + 600_000));

    private static async Task Until(Func<bool> holds)
    {
        for (int i = 0; i < 200 && !holds(); i++)
        {
            await Task.Delay(50, Token);
        }
        holds().ShouldBeTrue();
    }
}
