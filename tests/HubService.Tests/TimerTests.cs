using ElderBand.BandProtocol;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Storage;

namespace ElderBand.Tests.HubService;

/// <summary>Timers of alarms are rows in the database.</summary>
public class TimerTests
{
    [Fact]
    public async Task P25_timers_are_rows_so_a_restart_re_arms_the_deadline_and_the_ringing()
    {
        await using var d = await DeskRig.OpenAsync();
        await d.Fall(1);
        await d.Sos(2, sender: "b2");
        d.Timers().ShouldBe(["deadline", "ring", "unanswered"], ignoreOrder: true);
        await d.RestartAsync();
        d.Timers().ShouldBe(["deadline", "ring", "unanswered"], ignoreOrder: true);
        await d.After(61_000);
        d.Alarms().Single(a => a.Kind == "fall").State.ShouldBe("ringing");
        d.Alarms().Single(a => a.Kind == "sos").Unanswered.ShouldBeTrue();
    }

    [Fact]
    public async Task An_open_alarm_without_owner_and_timer_is_found_and_rings()
    {
        await using var d = await DeskRig.OpenAsync();
        await d.Sos(1);
        await d.Store.WriteAsync(
            Lane.Alarm, tx => tx.Db.Run("DELETE FROM timer"), TestContext.Current.CancellationToken);
        long orphan = d.Store.Read(TimerRows.Orphans).ShouldHaveSingleItem();
        await d.Store.WriteAsync(Lane.Alarm, tx => d.Ringing.Rescue(tx, orphan), TestContext.Current.CancellationToken);
        d.Store.Read(TimerRows.Orphans).ShouldBeEmpty();
        d.Timers().ShouldContain("ring");
        d.Only().Timeline.Select(t => t.Kind).ShouldContain("rescued");
    }

    [Fact]
    public async Task One_timer_that_fails_leaves_those_of_the_other_alarms_alone()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        using IDisposable console = centre.Consoles.Enter("c1");
        await using TestHub hub = await centre.HubAsync();
        TestBand one = centre.Band();
        TestBand two = centre.Band(TestCentre.BandTwo);
        await hub.SendAsync(one, one.Sos());
        await hub.SendAsync(two, two.Sos());
        await centre.Store.WriteAsync(
            Lane.Alarm,
            tx => tx.Db.Run(
                "CREATE TRIGGER broken BEFORE UPDATE ON alarm WHEN NEW.id=1 AND NEW.unanswered=1 BEGIN SELECT "
                    + "RAISE(ABORT, 'broken'); END"),
            TestContext.Current.CancellationToken);
        centre.Clock.Advance(61_000);
        await TestCentre.UntilAsync(
            () => centre.Count("message", "alarm_id=2 AND reason='unanswered'") == 1, "the second alarm's timer");
    }

    [Fact]
    public async Task P25_P61_what_was_to_wait_longer_than_its_full_length_is_due_at_the_start()
    {
        await using TestCentre centre = await TestCentre.StartAsync();
        await using (TestHub hub = await centre.HubAsync())
        {
            centre.Clock.Advance(5 * 3_600_000); // the clock is five hours ahead
            using IDisposable console = centre.Consoles.Enter("c1");
            TestBand band = centre.Band();
            await hub.SendAsync(band, band.Event(FrameType.FallSuspected));
            TestBand other = centre.Band(TestCentre.BandTwo);
            await hub.SendAsync(other, other.Sos());
            TestBand third = centre.Band(TestCentre.BandThree);
            await hub.SendAsync(third, third.Sos());
            long taken = centre.Alarms()[0].Id;
            await centre.Store.WriteAsync(
                Lane.Alarm, tx => centre.Desk.Take(tx, "c1", taken, new Actor(1, "Officer Li")),
                TestContext.Current.CancellationToken);
        }
        await centre.StopAsync();
        centre.Clock.Advance(-5 * 3_600_000);
        await centre.RunAsync();
        // The clock does not move, so only the start can make these timers due.
        await TestCentre.UntilAsync(
            () => centre.Count("alarm", "kind='fall' AND state='ringing'") == 1, "the fall rings at once");
        await TestCentre.UntilAsync(
            () => centre.Count("alarm", "kind='sos' AND state='ringing' AND unanswered=1") == 1, "nobody has answered");
        await TestCentre.UntilAsync(() => centre.Count("timer", "kind='overdue'") == 1, "the owner is reminded");
        centre.Count("timer", $"due_at_ms>{centre.Clock.NowMs + 60_000}").ShouldBe(0);
        centre.Count("message", $"sent_at_ms IS NULL AND due_at_ms>{centre.Clock.NowMs + 60_000}").ShouldBe(0);
    }
}
