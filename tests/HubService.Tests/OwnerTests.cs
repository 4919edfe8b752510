using ElderBand.BandProtocol;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Storage;

namespace ElderBand.Tests.HubService;

/// <summary>P61: an alarm that a person has taken does not wait for ever for that person's acts.</summary>
public class OwnerTests
{
    private const int MinuteMs = 60_000;
    private static readonly Actor Li = new(1, "Officer Li");
    private static readonly Actor Wang = new(2, "Officer Wang");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task P61_a_press_that_the_owner_does_not_answer_within_60_s_tells_the_contacts_again(bool isComing)
    {
        await using var d = await DeskRig.OpenAsync();
        long id = await TakenAsync(d, isComing);
        await d.Sos(2);
        d.Timers().ShouldContain("answer");
        await d.After(30_000);
        await d.Sos(3); // a further press does not lengthen the wait
        await d.After(29_000);
        d.Messages().ShouldBe(["raised"]);
        await d.After(1500);
        d.Messages().ShouldBe(["raised", "again"]);
        d.Only().Timeline.Select(t => t.Kind).ShouldContain("notAnswered");
        d.Only().State.ShouldBe(isComing ? "coming" : "taken");
        await d.Act(tx => d.Desk.Close(tx, "c1", id, Li, "phoneOk", null));
    }

    [Fact]
    public async Task P61_an_act_of_the_owner_answers_a_press_and_that_of_a_colleague_does_not()
    {
        await using var d = await DeskRig.OpenAsync();
        long id = await TakenAsync(d);
        await d.Sos(2);
        await d.Act(tx => d.Desk.LogCall(tx, "c1", id, Wang, "Resident r1", spoke: false));
        d.Timers().ShouldContain("answer");
        await d.Act(tx => d.Desk.LogCall(tx, "c1", id, Li, "Resident r1", spoke: true));
        d.Timers().ShouldBe(["remind"]);
        await d.After(2 * MinuteMs);
        d.Messages().ShouldBe(["raised"]);
    }

    [Fact]
    public async Task P61_the_contacts_are_told_of_unanswered_presses_three_times_an_hour()
    {
        await using var d = await DeskRig.OpenAsync();
        long id = await TakenAsync(d);
        for (int i = 0; i < 40; i++)
        {
            await d.Sos(2 + i);
            await d.After(MinuteMs + 500);
            await d.Act(tx => d.Desk.LogCall(tx, "c1", id, Li, "Resident r1", spoke: false));
        }
        d.Messages().Count(m => m == "again").ShouldBe(3);
        await d.After(20 * MinuteMs);
        d.Alarms()[0].State.ShouldBe("taken");
        await d.After(MinuteMs);
        d.Alarms()[0].State.ShouldBe("ringing");
    }

    [Theory]
    [InlineData(false, 5)]
    [InlineData(true, 15)]
    public async Task P61_without_an_act_the_owner_is_reminded_and_after_a_minute_the_card_rings_for_all(
        bool isComing, int minutes)
    {
        await using var d = await DeskRig.OpenAsync();
        long id = await TakenAsync(d, isComing);
        await d.After((minutes * MinuteMs) - 1000);
        d.Timers().ShouldBe(["remind"]);
        await d.After(1500);
        d.Timers().ShouldBe(["overdue"]);
        d.Only().State.ShouldBe(isComing ? "coming" : "taken");
        await d.After(59_000);
        d.Only().Owner.ShouldNotBeNull();
        await d.After(1500);
        AlarmView alarm = d.Only();
        alarm.State.ShouldBe("ringing");
        alarm.Owner.ShouldBeNull();
        alarm.Timeline.Last(t => t.Kind == "overdue").Who.ShouldBe("Officer Li");
        await d.After(MinuteMs + 500);
        d.Messages().ShouldBe(["raised", "unanswered"]);
        await d.Act(tx => d.Desk.Take(tx, "c1", id, Wang));
        d.Timers().ShouldBe(["remind"]);
    }

    [Fact]
    public async Task P61_every_open_alarm_has_a_live_timer_whether_it_has_an_owner_or_not()
    {
        await using var d = await DeskRig.OpenAsync();
        await TakenAsync(d);
        d.Store.Read(TimerRows.Orphans).ShouldBeEmpty();
        await d.Store.WriteAsync(
            Lane.Alarm, tx => tx.Db.Run("DELETE FROM timer"), TestContext.Current.CancellationToken);
        long orphan = d.Store.Read(TimerRows.Orphans).ShouldHaveSingleItem();
        await d.Store.WriteAsync(Lane.Alarm, tx => d.Ringing.Rescue(tx, orphan), TestContext.Current.CancellationToken);
        d.Only().State.ShouldBe("ringing");
        d.Only().Owner.ShouldBeNull();
    }

    [Fact]
    public async Task P61_still_on_it_answers_a_press_and_a_reminder_and_is_only_the_owners_to_say()
    {
        await using var d = await DeskRig.OpenAsync();
        await d.Sos(1);
        long id = d.Only().Id;
        (await d.Try(tx => d.Desk.StillOn(tx, "c1", id, Li))).Act.ShouldBe(Act.NotPossible);
        await d.Act(tx => d.Desk.Take(tx, "c1", id, Li));
        await d.Sos(2);
        await d.After((5 * MinuteMs) + 500);
        d.Timers().ShouldBe(["overdue"]); // nobody has answered the press, and the owner was reminded
        (await d.Try(tx => d.Desk.StillOn(tx, "c1", id, Wang))).ShouldBe(new ActResult(Act.TakenByOther, "Officer Li"));
        await d.Act(tx => d.Desk.StillOn(tx, "c1", id, Li));
        d.Timers().ShouldBe(["remind"]);
        (d.Only().Timers.ShouldHaveSingleItem().DueAtMs - d.Clock.NowMs).ShouldBeInRange(4 * MinuteMs, 5 * MinuteMs);
        d.Only().State.ShouldBe("taken");
    }

    [Fact]
    public async Task P61_a_press_on_a_card_that_nobody_has_taken_tells_the_contacts_again()
    {
        await using var d = await DeskRig.OpenAsync();
        await d.Sos(1);
        await d.Sos(2);
        d.Timers().ShouldNotContain("answer"); // the contacts were not told that nobody has the alarm
        await d.After(MinuteMs + 500);
        await d.Sos(3);
        await d.After(MinuteMs + 500);
        d.Messages().ShouldBe(["raised", "unanswered", "again"]);
        d.Timers().ShouldBe(["ring"]);
    }

    [Fact]
    public void P61_an_owner_of_the_time_before_is_reminded_after_the_database_has_been_brought_up_to_date()
    {
        using var db = new Db(":memory:", create: true);
        foreach (string migration in Schema.Migrations[..4])
        {
            db.Script(migration);
        }
        db.Script(
            """
            PRAGMA user_version=4;
            INSERT INTO centre VALUES ('c1', 'Centre', '', 0);
            INSERT INTO alarm (id, centre_id, number, sender, boot, sequence, kind, state, source, drill, event_at_ms,
              quality, raised_at_ms, presses, not_needed, unanswered, owner_staff_id, revision, wrist_stage)
            VALUES (7, 'c1', 1, 'b1', 1, 1, 'sos', 'coming', 'band', 0, 1, 0, 1, 1, 0, 0, 1, 1, 0);
            """);
        Schema.Migrate(db, Schema.Migrations);
        db.All("SELECT kind FROM timer WHERE alarm_id=7", static r => r.Text(0)).ShouldBe(["remind"]);
        TimerRows.Orphans(db).ShouldBeEmpty();
    }

    private static async Task<long> TakenAsync(DeskRig d, bool isComing = false)
    {
        await d.Sos(1);
        long id = d.Only().Id;
        await d.Act(tx => d.Desk.Take(tx, "c1", id, Li));
        if (isComing)
        {
            await d.Act(tx => d.Desk.Coming(tx, "c1", id, Li));
        }
        return id;
    }
}
