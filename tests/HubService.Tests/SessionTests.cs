using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace ElderBand.Tests.HubService;

/// <summary>Signing out, handing over, the list of sign-ins, wall screens.</summary>
public sealed class SessionTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task P77_signing_out_ends_acting_and_reading_and_the_stream_too()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        HttpClient li = await desk.SignedInAsync("li");
        using StaffDesk.Events stream = await desk.ListenAsync(li, "api/events");
        await stream.NextAsync("state");
        (await li.DeleteAsync("api/session", Token)).StatusCode.ShouldBe(HttpStatusCode.NoContent);

        (await li.GetAsync("api/session", Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await li.GetAsync("api/state", Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        long alarm = await desk.PressAsync();
        (await li.PostAsync($"api/alarms/{alarm}/take", null, Token))
            .StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        await Should.ThrowAsync<EndOfStreamException>(() => stream.NextAsync("never", 8000));
    }

    [Fact]
    public async Task P77_at_the_last_screen_with_an_open_alarm_signing_out_needs_a_hand_over()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        HttpClient li = await desk.SignedInAsync("li");
        using StaffDesk.Events own = await desk.ListenAsync(li, "api/events");
        await own.NextAsync("state");
        using StaffDesk.Events ownTab = await desk.ListenAsync(li, "api/events");
        await ownTab.NextAsync("state");
        long alarm = await desk.PressAsync();
        using HttpResponseMessage refused = await li.DeleteAsync("api/session", Token);
        refused.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await refused.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("error").GetString()
            .ShouldBe("lastScreen");
        (await li.PostAsync($"api/alarms/{alarm}/take", null, Token)).StatusCode.ShouldBe(HttpStatusCode.OK);

        // The hand-over: the next person signs in at this browser.
        (await li.PostAsJsonAsync("api/session", new { name = "wang", password = StaffDesk.Password }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await li.GetFromJsonAsync<JsonElement>("api/session", Token)).GetProperty("displayName").GetString()
            .ShouldBe("王强");
        desk.Store.Read(db => db.Number("SELECT count(*) FROM audit WHERE action='staff.handOver'")).ShouldBe(1);

        // With another screen open nothing is lost when this one goes.
        HttpClient other = await desk.SignedInAsync("li");
        using StaffDesk.Events second = await desk.ListenAsync(other, "api/events");
        await second.NextAsync("state");
        (await li.DeleteAsync("api/session", Token)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task P77_without_an_open_alarm_the_last_screen_may_go()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        HttpClient li = await desk.SignedInAsync("li");
        using StaffDesk.Events own = await desk.ListenAsync(li, "api/events");
        await own.NextAsync("state");
        (await li.DeleteAsync("api/session", Token)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task P77_sign_ins_are_listed_and_one_that_is_ended_elsewhere_neither_acts_nor_reads()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        HttpClient li = await desk.SignedInAsync("li");
        HttpClient wang = await desk.SignedInAsync("wang");
        HttpClient lost = await desk.SignedInAsync("wang");
        HttpClient zhao = await desk.SignedInAsync("zhao");

        List<JsonElement> all = await ListAsync(li, "api/sessions");
        all.Select(static s => s.GetProperty("displayName").GetString()).ShouldBe(
            ["李静", "王强", "王强"], ignoreOrder: true);
        all.Count(static s => s.GetProperty("isThis").GetBoolean()).ShouldBe(1);
        all[0].GetProperty("address").GetString().ShouldBe("127.0.0.1");
        List<JsonElement> own = await ListAsync(wang, "api/sessions");
        own.Count.ShouldBe(2, "an officer sees her own");
        long lostId = own.Single(static s => !s.GetProperty("isThis").GetBoolean()).GetProperty("id").GetInt64();
        long liId = all.Single(static s => s.GetProperty("isThis").GetBoolean()).GetProperty("id").GetInt64();

        (await wang.DeleteAsync($"api/sessions/{liId}", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await zhao.DeleteAsync($"api/sessions/{lostId}", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await lost.GetAsync("api/state", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await wang.DeleteAsync($"api/sessions/{lostId}", Token)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await lost.GetAsync("api/state", Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await wang.GetAsync("api/state", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await ListAsync(li, "api/sessions")).Count.ShouldBe(2);
    }

    [Fact]
    public async Task P77_a_wall_screen_is_registered_named_and_revoked_by_an_administrator_and_rings_without_a_person()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        HttpClient officer = await desk.SignedInAsync("wang");
        (await officer.PostAsJsonAsync("api/screens", new { name = "墙" }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        HttpClient wall = await desk.SignedInAsync("li");
        using HttpResponseMessage made = await wall.PostAsJsonAsync("api/screens", new { name = "值班室墙" }, Token);
        made.StatusCode.ShouldBe(HttpStatusCode.OK);
        long id = (await made.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("id").GetInt64();

        // An alarm is open and no other page is: the administrator may go all the same, because the screen stays.
        using StaffDesk.Events stream = await desk.ListenAsync(wall, "api/events");
        await stream.NextAsync("state");
        long alarm = await desk.PressAsync();
        (await wall.DeleteAsync("api/session", Token)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        JsonElement me = await wall.GetFromJsonAsync<JsonElement>("api/session", Token);
        me.GetProperty("canAct").GetBoolean().ShouldBeFalse();
        me.GetProperty("screen").GetString().ShouldBe("值班室墙");
        (await wall.PostAsync($"api/alarms/{alarm}/take", null, Token))
            .StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await wall.GetAsync("api/residents", Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        JsonElement now = await stream.NextAsync("state");
        now.GetProperty("me").GetProperty("canAct").GetBoolean().ShouldBeFalse();
        now.GetProperty("alarms").GetArrayLength().ShouldBe(1);
        desk.Consoles.Open("c1").ShouldBe(1, "it counts as a console");

        // An officer acts at the wall for a moment; the wall stays when she goes.
        (await wall.PostAsJsonAsync("api/session", new { name = "wang", password = StaffDesk.Password }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await wall.PostAsync($"api/alarms/{alarm}/take", null, Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await wall.DeleteAsync("api/session", Token)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await wall.GetAsync("api/state", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);

        HttpClient admin = await desk.SignedInAsync("li");
        (await admin.PutAsJsonAsync($"api/screens/{id}", new { name = "大厅" }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.NoContent);
        JsonElement row = (await ListAsync(admin, "api/screens")).ShouldHaveSingleItem();
        row.GetProperty("name").GetString().ShouldBe("大厅");
        row.GetProperty("isOpen").GetBoolean().ShouldBeTrue();
        (await officer.DeleteAsync($"api/screens/{id}", Token)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        HttpClient zhao = await desk.SignedInAsync("zhao");
        (await zhao.DeleteAsync($"api/screens/{id}", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await admin.DeleteAsync($"api/screens/{id}", Token)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await wall.GetAsync("api/state", Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        await Should.ThrowAsync<EndOfStreamException>(() => stream.NextAsync("never", 8000));
        (await ListAsync(admin, "api/screens")).ShouldBeEmpty();
    }

    private static async Task<List<JsonElement>> ListAsync(HttpClient client, string path) =>
        [.. (await client.GetFromJsonAsync<JsonElement>(path, Token)).EnumerateArray()];
}
