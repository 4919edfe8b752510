using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using ElderBand.HubService;
using ElderBand.HubService.Storage;
using Lane = ElderBand.BandProtocol.Lane;

namespace ElderBand.Tests.HubService;

/// <summary>The end of staff, devices, consent and residence, through the page's calls.</summary>
public sealed class LifeCycleTests
{
    private const string NewPassword = "another long one";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task P81_who_leaves_is_out_at_once_and_her_alarms_ring_for_the_others()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        HttpClient admin = await desk.SignedInAsync("li");
        HttpClient wang = await desk.SignedInAsync("wang");
        long alarm = await desk.PressAsync();
        (await wang.PostAsync($"api/alarms/{alarm}/take", null, Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        JsonElement staff = await admin.GetFromJsonAsync<JsonElement>("api/staff", Token);
        staff.GetArrayLength().ShouldBe(2);
        long wangId = IdOf(staff, "wang");
        long liId = IdOf(staff, "li");
        (await wang.GetAsync("api/staff", Token)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await wang.DeleteAsync($"api/staff/{liId}", Token)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);

        (await admin.DeleteAsync($"api/staff/{wangId}", Token)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await wang.GetAsync("api/state", Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await SignInAsync(desk, "wang", StaffDesk.Password)).ShouldBe(HttpStatusCode.Unauthorized);
        desk.Alarm(alarm).State.ShouldBe("ringing");
        (await admin.DeleteAsync($"api/staff/{liId}", Token))
            .StatusCode.ShouldBe(HttpStatusCode.Conflict, "somebody must be able to administer the centre");
        HttpClient zhao = await desk.SignedInAsync("zhao");
        (await zhao.DeleteAsync($"api/staff/{liId}", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task P81_her_alarms_are_due_to_ring_at_once_where_the_command_ends_her()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        HttpClient wang = await desk.SignedInAsync("wang");
        long alarm = await desk.PressAsync();
        (await wang.PostAsync($"api/alarms/{alarm}/take", null, Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        using var output = new StringWriter();
        await Commands.RunAsync("staff-leave", ["--name", "wang", "--data", desk.Folder], output);
        desk.Alarm(alarm).State.ShouldBe("ringing");
        desk.Store.Read(db => TimerRows.Due(db, desk.Clock.NowMs))
            .ShouldContain(new DueTimer("c1", alarm, TimerKind.Ring), "the running service rings in its next sweep");
    }

    [Fact]
    public async Task P81_staff_are_invited_change_their_password_and_have_it_reset_which_ends_their_other_sign_ins()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        HttpClient admin = await desk.SignedInAsync("li");
        (await admin.PostAsJsonAsync(
            "api/staff", new { name = "sun", displayName = "孙", role = "officer", password = "short" }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await admin.PostAsJsonAsync(
            "api/staff", new { name = "sun", displayName = "孙", role = "officer", password = NewPassword }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.OK);
        (await SignInAsync(desk, "sun", NewPassword)).ShouldBe(HttpStatusCode.NoContent);

        HttpClient wang = await desk.SignedInAsync("wang");
        HttpClient elsewhere = await desk.SignedInAsync("wang");
        (await wang.PutAsJsonAsync("api/session/password", new { old = "wrong one", password = NewPassword }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await wang.PutAsJsonAsync(
            "api/session/password", new { old = StaffDesk.Password, password = NewPassword }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await elsewhere.GetAsync("api/state", Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await wang.GetAsync("api/state", Token)).StatusCode.ShouldBe(HttpStatusCode.OK, "the one who has changed it");
        (await SignInAsync(desk, "wang", StaffDesk.Password)).ShouldBe(HttpStatusCode.Unauthorized);

        long wangId = IdOf(await admin.GetFromJsonAsync<JsonElement>("api/staff", Token), "wang");
        (await admin.PutAsJsonAsync(
            $"api/staff/{wangId}/password", new { password = "reset by the administrator" }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await wang.GetAsync("api/state", Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await SignInAsync(desk, "wang", "reset by the administrator")).ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task P41_P81_guesses_at_the_present_password_are_locked_out_and_the_sign_in_stays()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        HttpClient wang = await desk.SignedInAsync("wang");
        for (int i = 0; i < 5; i++)
        {
            (await ChangeAsync($"guess {i}")).ShouldBe(HttpStatusCode.Forbidden);
        }
        (await ChangeAsync(StaffDesk.Password)).ShouldBe(HttpStatusCode.TooManyRequests);
        (await wang.GetAsync("api/state", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        desk.Clock.Push(TimeSpan.FromSeconds(31));
        (await ChangeAsync(StaffDesk.Password)).ShouldBe(HttpStatusCode.NoContent);

        async Task<HttpStatusCode> ChangeAsync(string old) => (await wang.PutAsJsonAsync(
            "api/session/password", new { old, password = NewPassword }, Token)).StatusCode;
    }

    [Fact]
    public async Task P40_P81_a_lost_band_and_a_lost_hub_are_refused_within_seconds_and_another_may_take_the_place()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub hub = await centre.HubAsync();
        await using TestHub lost = await centre.HubAsync("hub-2");
        await hub.HelloAsync();
        TestBand band = centre.Band();
        long bandId = centre.Store.Read(db => DeviceRows.BandByAddress(db, TestCentre.BandOne)!.Id);
        int tables = hub.Tables.Count;
        await centre.Store.WriteAsync(Lane.Alarm, tx => LifeCycle.RevokeBand(tx, "c1", bandId, "test"), Token);
        (await hub.SendAsync(band, band.Sos())).ShouldBeTrue();
        centre.Alarms().ShouldBeEmpty();
        centre.Count("quarantine", "reason='unknownBand'").ShouldBe(1);
        await TestCentre.UntilAsync(() => hub.Tables.Count > tables, "the hub's table without the band");

        await centre.Store.WriteAsync(Lane.Alarm, tx => Revocations.RevokeHub(tx, "c1", "hub-2", "test"), Token);
        await lost.Closed.WaitAsync(TimeSpan.FromSeconds(10), Token);
        await Should.ThrowAsync<Exception>(() => centre.HubAsync("hub-2"));
        hub.Closed.IsCompleted.ShouldBeFalse();
        long residentId = centre.Store.Read(db => ResidentRows.ResidentByCode(db, "c1", "r1")!.Id);
        await centre.Store.WriteAsync(
            Lane.Alarm,
            tx => Enrolment.AddBand(tx, "c1", TestCentre.BandOne, "again", false, residentId, "test"), Token);
    }

    [Fact]
    public async Task P71_P81_a_hub_that_the_page_revokes_is_in_the_file_of_revocations()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        HttpClient admin = await desk.SignedInAsync("li");
        await desk.Store.WriteAsync(
            Lane.Alarm, static tx => DeviceRows.InsertHub(tx.Db, "c1", "hub-9", new byte[32], tx.NowMs), Token);
        (await admin.DeleteAsync("api/hubs/hub-9", Token)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await admin.DeleteAsync("api/hubs/hub-9", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        Revocations.Read(Path.Combine(desk.Folder, Revocations.FileName)).ShouldBe(["hub-9"]);
    }

    [Fact]
    public async Task P81_consent_that_is_withdrawn_ends_texts_and_links_at_once()
    {
        await using Gateway gateway = await Gateway.OpenAsync();
        await using StaffDesk desk = await StaffDesk.OpenAsync(gateway.Address);
        HttpClient admin = await desk.SignedInAsync("li");
        long alarm = await desk.PressAsync();
        await TestCentre.UntilAsync(() => !gateway.Requests.IsEmpty, "the first text");
        string link = gateway.Requests.First().GetProperty("text").GetString()!;
        string token = System.Text.RegularExpressions.Regex.Match(link, "/f/([-_0-9A-Za-z]+)").Groups[1].Value;
        HttpClient phone = desk.Stranger();
        (await phone.GetAsync($"api/family/{token}", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);

        long contact = desk.Alarm(alarm).Contacts[0].Id;
        (await admin.DeleteAsync($"api/contacts/{contact}/consent", Token))
            .StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await phone.GetAsync($"api/family/{token}", Token)).StatusCode.ShouldBe(HttpStatusCode.Gone);
        desk.Store.Read(db => ResidentRows.Contact(db, contact)!.ConsentAtMs).ShouldBeNull();
        int texts = gateway.Requests.Count;
        (await admin.PostAsync($"api/alarms/{alarm}/take", null, Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await admin.PostAsJsonAsync($"api/alarms/{alarm}/close", new { outcome = "phoneOk" }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.OK);
        await Task.Delay(1500, Token);
        gateway.Requests.Count.ShouldBe(texts, "not even that it is over");
        desk.Store.Read(db => MessageRows.Backlog(db, 0)).Waiting.ShouldBe(0);
    }

    [Fact]
    public async Task P81_a_resident_who_has_gone_is_in_no_list_and_her_band_is_refused_and_not_while_an_alarm_is_open()
    {
        await using StaffDesk desk = await StaffDesk.OpenAsync();
        HttpClient admin = await desk.SignedInAsync("li");
        long alarm = await desk.PressAsync();
        (await admin.DeleteAsync($"api/residents/{desk.ResidentId}", Token))
            .StatusCode.ShouldBe(HttpStatusCode.Conflict, "an alarm of hers is open");
        (await admin.PostAsync($"api/alarms/{alarm}/take", null, Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await admin.PostAsJsonAsync($"api/alarms/{alarm}/close", new { outcome = "phoneOk" }, Token))
            .StatusCode.ShouldBe(HttpStatusCode.OK);
        (await admin.DeleteAsync($"api/residents/{desk.ResidentId}", Token))
            .StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await admin.GetFromJsonAsync<JsonElement>("api/residents", Token)).GetArrayLength().ShouldBe(0);
        (await admin.GetFromJsonAsync<JsonElement>("api/bands", Token)).GetArrayLength().ShouldBe(0);
        desk.Store.Read(db => ResidentRows.Contacts(db, desk.ResidentId)).ShouldBeEmpty();
        desk.Alarm(alarm).Resident!.Name.ShouldBe("陈桂英", "what happened stays");
        foreach (string action in (string[])["resident.gone", "band.revoked"])
        {
            desk.Store.Read(db => db.Number("SELECT count(*) FROM audit WHERE action=$1", action)).ShouldBe(1);
        }
    }

    [Fact]
    public async Task P81_the_same_ends_are_commands_beside_the_running_service()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using TestHub lost = await centre.HubAsync("hub-2");
        using var output = new StringWriter();
        string[][] commands =
        [
            ["hub-revoke", "--id", "hub-2"], ["band-revoke", "--address", $"{TestCentre.BandTwo:x12}"],
            ["consent-withdraw", "--resident", "r1", "--phone", "139-r1"], ["staff-leave", "--name", "wang"],
            ["resident-gone", "--resident", "r3"],
        ];
        foreach (string[] command in commands)
        {
            string[] words = [.. command.Skip(1), "--data", centre.DataDir];
            (await Commands.RunAsync(command[0], words, output)).ShouldBe(0);
            (await Should.ThrowAsync<StartException>(() => Commands.RunAsync(command[0], words, output)))
                .Message.ShouldContain("there is no");
        }
        await lost.Closed.WaitAsync(TimeSpan.FromSeconds(10), Token);
        centre.Store.Read(db => DeviceRows.BandByAddress(db, TestCentre.BandTwo)).ShouldBeNull();
        centre.Store.Read(db => DeviceRows.BandByAddress(db, TestCentre.BandThree)).ShouldBeNull();
        centre.Count("contact", "consent_at_ms IS NOT NULL").ShouldBe(1); // of r2's daughter
        centre.Count("staff", "disabled_at_ms IS NULL").ShouldBe(1);
        centre.Count("audit", "who='command'").ShouldBeGreaterThanOrEqualTo(4);
        (await Should.ThrowAsync<StartException>(() => Commands.RunAsync("nonsense", [], output)))
            .Message.ShouldContain("no command");
    }

    private static long IdOf(JsonElement staff, string name) => staff.EnumerateArray()
        .Single(s => s.GetProperty("name").GetString() == name).GetProperty("id").GetInt64();

    private static async Task<HttpStatusCode> SignInAsync(StaffDesk desk, string name, string password)
    {
        using HttpResponseMessage answer = await desk.Stranger().PostAsJsonAsync(
            "api/session", new { name, password }, Token);
        return answer.StatusCode;
    }
}
