using ElderBand.BandProtocol;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Storage;

namespace ElderBand.Tests.HubService;

/// <summary>A fall, its confirmation and its cancel, in every order.</summary>
public class FallAlarmTests
{
    [Fact]
    public async Task A_suspected_fall_waits_for_its_deadline_then_rings_and_the_family_is_told()
    {
        await using var d = await DeskRig.OpenAsync();
        await d.Fall(1, ageMs: 4000);
        AlarmView fall = d.Only();
        fall.State.ShouldBe("prealarm");
        (fall.DeadlineAtMs - fall.RaisedAtMs).ShouldBe(26_000 + 15_000);
        d.Messages().ShouldBeEmpty();
        await d.After(40_900);
        d.Only().State.ShouldBe("prealarm");
        await d.After(200);
        d.Only().State.ShouldBe("ringing");
        d.Messages().ShouldBe(["raised"]);
    }

    [Fact]
    public async Task A_fall_that_arrives_older_than_its_deadline_rings_at_once()
    {
        await using var d = await DeskRig.OpenAsync();
        await d.Fall(1, ageMs: 45_001);
        d.Only().State.ShouldBe("ringing");
        await d.Fall(2, ageMs: 44_999);
        d.Alarms()[0].State.ShouldBe("prealarm");
        (d.Alarms()[0].DeadlineAtMs - d.Alarms()[0].RaisedAtMs).ShouldBe(15_000);
    }

    [Fact]
    public async Task A_cancel_in_time_ends_it_and_after_the_deadline_the_alarm_stands()
    {
        await using var d = await DeskRig.OpenAsync();
        await d.Fall(1);
        await d.Cancel(2, to: 1);
        d.Only().State.ShouldBe("cancelled");
        d.Messages().ShouldBeEmpty();
        await d.After(100_000);
        d.Only().State.ShouldBe("cancelled");

        await d.Fall(3);
        d.Clock.Advance(45_001); // no sweep has run, so the cancel itself finds that the deadline has passed
        await d.Cancel(4, to: 3);
        AlarmView late = d.Alarms()[0];
        late.State.ShouldBe("ringing");
        late.Timeline.Select(t => t.Kind).ShouldContain("cancelledLate");
    }

    [Fact]
    public async Task Confirm_and_cancel_may_come_before_what_they_refer_to()
    {
        await using var d = await DeskRig.OpenAsync();
        await d.Cancel(2, to: 1);
        d.Alarms().ShouldBeEmpty();
        await d.Fall(1);
        d.Only().State.ShouldBe("cancelled");
        await d.After(100_000);
        d.Only().State.ShouldBe("cancelled");

        await d.Confirm(4, to: 3);
        d.Alarms()[0].State.ShouldBe("ringing");
        await d.Fall(3, ageMs: 31_000);
        d.Alarms().Count.ShouldBe(2);
        AlarmView fall = d.Alarms()[0];
        fall.State.ShouldBe("ringing");
        (fall.RaisedAtMs - fall.EventAtMs).ShouldBeInRange(30_000, 31_000); // the time of the fall itself
        d.Messages().ShouldBe(["raised"]);
    }

    [Fact]
    public async Task A_confirmation_rings_even_where_a_cancel_came_first()
    {
        await using var d = await DeskRig.OpenAsync();
        await d.Fall(1);
        await d.Cancel(2, to: 1);
        await d.Confirm(3, to: 1);
        d.Only().State.ShouldBe("ringing");
        d.Messages().ShouldBe(["raised"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task P45_a_cancelled_fall_is_grey_and_leaves_a_routine_task_to_ask_the_same_day(bool fallFirst)
    {
        await using var d = await DeskRig.OpenAsync();
        await (fallFirst ? d.Fall(1) : d.Cancel(2, to: 1));
        d.Tasks().ShouldBeEmpty();
        await (fallFirst ? d.Cancel(2, to: 1) : d.Fall(1));
        d.Only().State.ShouldBe("cancelled");
        var task = d.Tasks().ShouldHaveSingleItem();
        task.Kind.ShouldBe("askAfterFall");
        task.Urgent.ShouldBeFalse();
        task.Detail.ShouldBe($"no. {d.Only().Number}");
        task.ResidentId.ShouldBe(d.Only().Resident.Id);

        await d.Cancel(3, to: 1);
        await d.Fall(4);
        await d.Cancel(5, to: 4);
        d.Tasks().ShouldHaveSingleItem("one call answers both falls");
        (await d.Store.WriteAsync(
            Lane.Alarm, tx => TechnicalRows.Close(tx, "c1", task.Id, "staff:1", "she is well"),
            TestContext.Current.CancellationToken)).ShouldBeTrue();
        d.Tasks().ShouldBeEmpty();
    }

    [Fact]
    public async Task P45_a_cancelled_fall_that_rings_after_all_and_a_cancel_that_came_too_late_leave_no_task()
    {
        await using var d = await DeskRig.OpenAsync();
        await d.Fall(1);
        await d.Cancel(2, to: 1);
        await d.Confirm(3, to: 1);
        d.Only().State.ShouldBe("ringing");
        d.Tasks().ShouldBeEmpty();

        await d.Fall(4);
        d.Clock.Advance(45_001);
        await d.Cancel(5, to: 4);
        d.Alarms()[0].State.ShouldBe("ringing");
        d.Tasks().ShouldBeEmpty("it rings: an officer calls anyway");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_press_during_the_countdown_leaves_one_thing_to_do_in_either_order(bool fallFirst)
    {
        await using var d = await DeskRig.OpenAsync();
        if (fallFirst)
        {
            await d.Fall(1);
            await d.Sos(2, AlarmFlags.DuringCountdown);
        }
        else
        {
            await d.Sos(2, AlarmFlags.DuringCountdown);
            await d.Fall(1);
        }
        AlarmView sos = d.Alarms().Single(a => a.Kind == "sos");
        AlarmView fall = d.Alarms().Single(a => a.Kind == "fall");
        sos.State.ShouldBe("ringing");
        fall.State.ShouldBe("closed");
        fall.Outcome.ShouldBe("merged");
        sos.Linked.ShouldBe([fall.Id]);
        d.Messages().ShouldBe(["raised"]);
        d.Store.Read(db => EventRows.Followed(db, sos.Id)).Select(p => p.Sequence).ShouldBe([2, 1]);
        await d.After(100_000);
        d.Alarms().Single(a => a.Kind == "fall").State.ShouldBe("closed");
    }

    [Fact]
    public async Task A_fall_while_an_SOS_is_open_is_its_own_alarm_linked()
    {
        await using var d = await DeskRig.OpenAsync();
        await d.Sos(1);
        await d.Fall(2, uptimeS: 500);
        AlarmView fall = d.Alarms().Single(a => a.Kind == "fall");
        fall.State.ShouldBe("prealarm");
        fall.Linked.ShouldBe([d.Alarms().Single(a => a.Kind == "sos").Id]);
    }
}
