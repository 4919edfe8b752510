using ElderBand.BandProtocol;
using ElderBand.HubService;
using ElderBand.HubService.Alarms;
using ElderBand.HubService.Ingest;
using ElderBand.HubService.Storage;

namespace ElderBand.Tests.HubService;

/// <summary>Frames straight into the desk, on a real database, in every order.</summary>
public class AlarmTests
{
    private static readonly Actor Li = new(1, "Officer Li");
    private static readonly Actor Wang = new(2, "Officer Wang");

    // Every (state, event) pair, written out by hand: M = moves there, n = a note, - = nothing, x = a person is
    // refused.
    private static readonly string[] Table =
    [
        //            Press Confirm    Cancel       NotNeeded Merge     Deadline   RingAgain Unanswered Take    
        // SendHelp  HandBack   Close
        "Prealarm  |  -     M:Ringing  M:Cancelled  -         M:Closed  M:Ringing  -         -          x        x     "
            + "    x          x",
        "Ringing   |  n     n          n            n         -         -          n         n          M:Taken  x     "
            + "    x          x",
        "Taken     |  n     n          n            n         -         -          -         -          x        "
            + "M:Coming  M:Ringing  M:Closed",
        "Coming    |  n     n          n            n         -         -          -         -          x        x     "
            + "    M:Ringing  M:Closed",
        "Closed    |  -     n          n            n         -         -          -         -          x        x     "
            + "    x          x",
        "Cancelled |  -     M:Ringing  -            -         -         -          -         -          x        x     "
            + "    x          x",
    ];

    [Fact]
    public void Every_pair_of_state_and_event_does_what_the_table_says()
    {
        int pairs = 0;
        foreach (string line in Table)
        {
            string[] halves = line.Split('|');
            AlarmState state = Enum.Parse<AlarmState>(halves[0].Trim());
            string[] cells = halves[1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            cells.Length.ShouldBe(Enum.GetValues<AlarmEvent>().Length);
            foreach (AlarmEvent alarmEvent in Enum.GetValues<AlarmEvent>())
            {
                string cell = cells[(int)alarmEvent];
                AlarmStep expected = cell switch
                {
                    "n" => new AlarmStep(Verdict.Note, state),
                    "-" => new AlarmStep(Verdict.Ignore, state),
                    "x" => new AlarmStep(Verdict.Refuse, state),
                    _ => new AlarmStep(Verdict.Move, Enum.Parse<AlarmState>(cell[2..])),
                };
                AlarmMachine.Next(state, alarmEvent).ShouldBe(expected, $"{alarmEvent} in {state}");
                pairs++;
            }
        }
        pairs.ShouldBe(Enum.GetValues<AlarmState>().Length * Enum.GetValues<AlarmEvent>().Length);
    }

    [Fact]
    public async Task A_suspected_fall_waits_for_its_deadline_then_rings_and_the_family_is_told()
    {
        await using var d = await Desk.OpenAsync();
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
        await using var d = await Desk.OpenAsync();
        await d.Fall(1, ageMs: 45_001);
        d.Only().State.ShouldBe("ringing");
        await d.Fall(2, ageMs: 44_999);
        d.Alarms()[0].State.ShouldBe("prealarm");
        (d.Alarms()[0].DeadlineAtMs - d.Alarms()[0].RaisedAtMs).ShouldBe(15_000);
    }

    [Fact]
    public async Task A_cancel_in_time_ends_it_and_after_the_deadline_the_alarm_stands()
    {
        await using var d = await Desk.OpenAsync();
        await d.Fall(1);
        await d.Cancel(2, to: 1);
        d.Only().State.ShouldBe("cancelled");
        d.Messages().ShouldBeEmpty();
        await d.After(100_000);
        d.Only().State.ShouldBe("cancelled");

        await d.Fall(3);
        d.Clock.Advance(45_001); // no sweep has run in between: the cancel itself finds the deadline passed
        await d.Cancel(4, to: 3);
        AlarmView late = d.Alarms()[0];
        late.State.ShouldBe("ringing");
        late.Timeline.Select(t => t.Kind).ShouldContain("cancelledLate");
    }

    [Fact]
    public async Task Confirm_and_cancel_may_come_before_what_they_refer_to()
    {
        await using var d = await Desk.OpenAsync();
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
        await using var d = await Desk.OpenAsync();
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
        await using var d = await Desk.OpenAsync();
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
        await using var d = await Desk.OpenAsync();
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
        await using var d = await Desk.OpenAsync();
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
    public async Task A_second_press_joins_the_open_card_and_after_closing_it_is_a_new_alarm()
    {
        await using var d = await Desk.OpenAsync();
        await d.Sos(1);
        await d.Sos(2);
        AlarmView alarm = d.Only();
        alarm.Presses.ShouldBe(2);
        await d.Act(tx => d.Desk_.Take(tx, "c1", alarm.Id, Li));
        await d.Sos(3);
        d.Only().Presses.ShouldBe(3);
        d.Only().State.ShouldBe("taken");
        await d.Act(tx => d.Desk_.Close(tx, "c1", alarm.Id, Li, "phoneOk", null));
        await d.Sos(4);
        d.Alarms().Count.ShouldBe(2);
        d.Alarms()[0].State.ShouldBe("ringing");
        d.Alarms()[0].Number.ShouldBe("2");
    }

    [Fact]
    public async Task A_fall_while_an_SOS_is_open_is_its_own_alarm_linked()
    {
        await using var d = await Desk.OpenAsync();
        await d.Sos(1);
        await d.Fall(2, uptimeS: 500);
        AlarmView fall = d.Alarms().Single(a => a.Kind == "fall");
        fall.State.ShouldBe("prealarm");
        fall.Linked.ShouldBe([d.Alarms().Single(a => a.Kind == "sos").Id]);
    }

    [Fact]
    public async Task Not_needed_is_a_note_in_either_order_and_the_alarm_stays()
    {
        await using var d = await Desk.OpenAsync();
        await d.NotNeeded(2, to: 1);
        await d.Sos(1);
        d.Only().NotNeeded.ShouldBeTrue();
        d.Only().State.ShouldBe("ringing");
        await d.Sos(3);
        await d.NotNeeded(4, to: 3);
        d.Only().Timeline.Count(t => t.Kind == "notNeeded").ShouldBe(2);
        d.Only().State.ShouldBe("ringing");
    }

    [Fact]
    public async Task A_drill_goes_the_whole_way_rings_nobody_and_tells_no_family()
    {
        await using var d = await Desk.OpenAsync();
        await d.Sos(1, AlarmFlags.Drill);
        await d.Fall(2, flags: AlarmFlags.Drill);
        d.Alarms().ShouldAllBe(a => a.Drill && a.State == "closed" && a.Outcome == "drill");
        d.Messages().ShouldBeEmpty();
        d.Store.Read(db => db.Number("SELECT count(*) FROM timer")).ShouldBe(0);
        await d.Sos(3);
        d.Alarms()[0].State.ShouldBe("ringing"); // a drill never swallows a call
    }

    [Fact]
    public async Task P36_no_console_open_is_unanswered_at_once_else_after_60_s_and_again_after_a_handback()
    {
        await using var d = await Desk.OpenAsync();
        await d.Sos(1);
        d.Only().Unanswered.ShouldBeFalse();
        await d.After(59_000);
        d.Only().Unanswered.ShouldBeFalse();
        await d.After(1_500);
        AlarmView alarm = d.Only();
        alarm.Unanswered.ShouldBeTrue();
        d.Messages().ShouldBe(["raised", "unanswered"]);
        await d.Act(tx => d.Desk_.Take(tx, "c1", alarm.Id, Li));
        d.Only().Unanswered.ShouldBeFalse();
        d.Timers().ShouldBeEmpty();
        await d.Act(tx => d.Desk_.HandBack(tx, "c1", alarm.Id, Li));
        d.Timers().ShouldBe(["ring", "unanswered"], ignoreOrder: true);
        await d.After(61_000);
        d.Only().Unanswered.ShouldBeTrue();
        d.Messages().ShouldBe(["raised", "unanswered", "unanswered"]); // once for each time that nobody has it

        d.LeaveConsole();
        await d.After(15_000);
        await d.Sos(2, sender: "b2");
        d.Alarms()[0].Unanswered.ShouldBeTrue();
    }

    [Fact]
    public async Task P36_a_page_that_is_loaded_again_tells_no_family_that_nobody_is_there()
    {
        await using var d = await Desk.OpenAsync();
        d.LeaveConsole();
        await d.After(1000);
        await d.Sos(1);
        d.Only().Unanswered.ShouldBeFalse();
        d.OpenConsole();
        await d.After(14_100);
        d.Timers().ShouldBe(["ring", "unanswered"], ignoreOrder: true);
        await d.After(45_000);
        d.Only().Unanswered.ShouldBeFalse();
        await d.After(1000);
        d.Only().Unanswered.ShouldBeTrue(); // 60 s after the press, as if it had never left
    }

    [Fact]
    public async Task P36_consoles_have_15_s_after_a_start_before_the_family_is_told_that_nobody_is_there()
    {
        await using var d = await Desk.OpenAsync();
        d.RestartConsoles();
        await d.After(5000);
        await d.Sos(1);
        await d.After(9900);
        d.Messages().ShouldBe(["raised"]);
        await d.After(200);
        d.Messages().ShouldBe(["raised", "unanswered"]);
        d.Only().Timeline.Last().Text.ShouldBe("noConsole");
    }

    [Fact]
    public async Task A_console_that_leaves_while_it_rings_makes_it_unanswered_at_the_next_ring()
    {
        await using var d = await Desk.OpenAsync();
        await d.Sos(1);
        d.LeaveConsole();
        await d.After(30_100);
        d.Only().Unanswered.ShouldBeTrue();
        d.Timers().ShouldBe(["ring"]);
    }

    [Fact]
    public async Task P36_of_a_hundred_takers_at_the_same_time_exactly_one_gets_it_and_the_others_are_told_who()
    {
        await using var d = await Desk.OpenAsync();
        await d.Sos(1);
        long id = d.Only().Id;
        ActResult[] results = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => Task.Run(
            () => d.Store.WriteAsync(Lane.Alarm, tx =>
                d.Desk_.Take(tx, "c1", id, i % 2 == 0 ? Li : Wang), TestContext.Current.CancellationToken),
            TestContext.Current.CancellationToken)));
        string owner = d.Only().Owner!.DisplayName;
        results.Count(r => r.Act == Act.Done).ShouldBe(50);
        results.Where(r => r.Act != Act.Done).ShouldAllBe(r => r.Act == Act.TakenByOther && r.TakenBy == owner);
        d.Only().Timeline.Count(t => t.Kind == "taken").ShouldBe(1);
    }

    [Fact]
    public async Task Only_the_owner_acts_closing_needs_an_outcome_and_another_centre_sees_nothing()
    {
        await using var d = await Desk.OpenAsync();
        await d.Sos(1);
        long id = d.Only().Id;
        (await d.Try(tx => d.Desk_.Coming(tx, "c1", id, Li))).Act.ShouldBe(Act.NotPossible);
        (await d.Try(tx => d.Desk_.Take(tx, "c2", id, Li))).Act.ShouldBe(Act.NotFound);
        await d.Act(tx => d.Desk_.Take(tx, "c1", id, Li));
        (await d.Try(tx => d.Desk_.Coming(tx, "c1", id, Wang))).Act.ShouldBe(Act.TakenByOther);
        (await d.Try(tx => d.Desk_.Close(tx, "c1", id, Li, null, "words"))).Act.ShouldBe(Act.NoOutcome);
        (await d.Try(tx => d.Desk_.Close(tx, "c1", id, Li, "merged", null))).Act.ShouldBe(Act.NoOutcome);
        await d.Act(tx => d.Desk_.Close(tx, "c1", id, Li, "ambulance", "120 was called"));
        d.Only().ClosingWords.ShouldBe("120 was called");
    }

    [Fact]
    public async Task P25_timers_are_rows_so_a_restart_re_arms_the_deadline_and_the_ringing()
    {
        await using var d = await Desk.OpenAsync();
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
        await using var d = await Desk.OpenAsync();
        await d.Sos(1);
        await d.Store.WriteAsync(
            Lane.Alarm, tx => tx.Db.Run("DELETE FROM timer"), TestContext.Current.CancellationToken);
        long orphan = d.Store.Read(AlarmRows.Orphans).ShouldHaveSingleItem();
        await d.Store.WriteAsync(Lane.Alarm, tx => d.Desk_.Rescue(tx, orphan), TestContext.Current.CancellationToken);
        d.Store.Read(AlarmRows.Orphans).ShouldBeEmpty();
        d.Timers().ShouldContain("ring");
        d.Only().Timeline.Select(t => t.Kind).ShouldContain("rescued");
    }

    [Fact]
    public async Task P34_a_failure_at_any_step_of_a_job_leaves_nothing_of_it_and_its_neighbours_whole()
    {
        await using var d = await Desk.OpenAsync();
        Task<bool>[] jobs = [.. Enumerable.Range(0, 30).Select(i => d.Store.WriteAsync(
            Lane.Alarm,
            tx =>
            {
                tx.Audit("c1", "test", "step", $"{i}");
                return i % 3 == 0 ? throw new InvalidOperationException("fails here") : true;
            },
            TestContext.Current.CancellationToken))];
        await Should.ThrowAsync<InvalidOperationException>(Task.WhenAll(jobs));
        jobs.Select(j => j.IsFaulted).ShouldBe(Enumerable.Range(0, 30).Select(i => i % 3 == 0));
        d.Store.Read(db => db.Number("SELECT count(*) FROM audit WHERE action='step'")).ShouldBe(20);
        ElderBand.HubService.Audit.AuditChain.FindBreak(d.Store.Read(AuditRows.All), out _, out _).ShouldBeNull();
    }

    [Fact]
    public async Task P43_an_altered_or_removed_audit_row_shows_and_the_table_refuses_both()
    {
        await using var d = await Desk.OpenAsync();
        await d.Sos(1);
        List<ElderBand.HubService.Audit.AuditRow> rows = d.Store.Read(AuditRows.All);
        ElderBand.HubService.Audit.AuditChain.FindBreak(rows, out long count, out _).ShouldBeNull();
        count.ShouldBe(rows.Count);
        ElderBand.HubService.Audit.AuditRow second = rows[1];
        rows[1] = second with { Entry = second.Entry with { Detail = "nothing happened" } };
        ElderBand.HubService.Audit.AuditChain.FindBreak(rows, out _, out _).ShouldBe("row 2 was altered");
        rows.RemoveAt(1);
        ElderBand.HubService.Audit.AuditChain.FindBreak(rows, out _, out _).ShouldBe("row 2 is missing");
        foreach (string sql in (string[])["UPDATE audit SET who='x'", "DELETE FROM audit"])
        {
            await Should.ThrowAsync<Microsoft.Data.Sqlite.SqliteException>(
                d.Store.WriteAsync(Lane.Alarm, tx => tx.Db.Run(sql), TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task R9_the_quarantine_is_bounded_and_drops_the_oldest()
    {
        await using var d = await Desk.OpenAsync();
        await d.Store.WriteAsync(
            Lane.Alarm,
            tx =>
            {
                for (int i = 0; i < EventRows.QuarantineLimit + 50; i++)
                {
                    EventRows.Quarantine(tx.Db, "c1", "hub-1", 0, $"{i}", [], tx.NowMs);
                }
            },
            TestContext.Current.CancellationToken);
        d.Store.Read(EventRows.QuarantineCount).ShouldBe(EventRows.QuarantineLimit);
        d.Store.Read(db => db.Value("SELECT reason FROM quarantine ORDER BY id LIMIT 1")).ShouldBe("50");
    }

    /// <summary>The desk on a real store, fed with events as the intake makes them.</summary>
    private sealed class Desk : IAsyncDisposable
    {
        private readonly string _folder;
        private readonly ConsoleCounter _consoles;
        private IDisposable _console;

        private Desk(string folder)
        {
            _folder = folder;
            _consoles = new ConsoleCounter(Clock);
            _console = _consoles.Enter("c1");
            Desk_ = new AlarmDesk(_consoles);
            Store = Store.Open(folder, Clock);
        }

        public TestClock Clock { get; } = new();

        public Store Store { get; private set; }

        public AlarmDesk Desk_ { get; private set; }

        public static async Task<Desk> OpenAsync()
        {
            TestCentre centre = await TestCentre.EnrolAsync();
            return new Desk(centre.DataDir);
        }

        public Task RestartAsync()
        {
            Store.Dispose();
            Store = Store.Open(_folder, Clock);
            return Task.CompletedTask;
        }

        public void LeaveConsole() => _console.Dispose();

        public void OpenConsole() => _console = _consoles.Enter("c1");

        public void RestartConsoles() => Desk_ = new AlarmDesk(new ConsoleCounter(Clock));

        public List<AlarmView> Alarms() => Store.Read(db => Views.Alarms(db, "c1", Clock.NowMs));

        public List<TechnicalView> Tasks() => Store.Read(db => Views.Technicals(db, "c1"));

        public AlarmView Only() => Alarms().ShouldHaveSingleItem();

        public List<string> Messages() =>
            Store.Read(db => db.All("SELECT reason FROM message ORDER BY id", r => r.Text(0)));

        public List<string> Timers() => Store.Read(db => db.All("SELECT kind FROM timer", r => r.Text(0)));

        public Task Sos(int sequence, byte flags = 0, string sender = "b1") =>
            Event(FrameType.Sos, sequence, (tx, e) => Desk_.Sos(tx, e), flags: flags, sender: sender);

        public Task Fall(int sequence, long ageMs = 0, int uptimeS = 95, byte flags = 0) =>
            Event(FrameType.FallSuspected, sequence, (tx, e) =>
                Desk_.FallSuspected(tx, e), ageMs, flags: flags, uptimeS: uptimeS);

        public Task Confirm(int sequence, int to) =>
            Event(FrameType.FallConfirmed, sequence, (tx, e) => Desk_.FallConfirmed(tx, e), to: to);

        public Task Cancel(int sequence, int to) =>
            Event(FrameType.FallCancelled, sequence, (tx, e) => Desk_.FallCancelled(tx, e), to: to);

        public Task NotNeeded(int sequence, int to) =>
            Event(FrameType.NotNeeded, sequence, (tx, e) => Desk_.NotNeeded(tx, e), to: to);

        public Task<ActResult> Try(Func<Tx, ActResult> act) => Store.WriteAsync(Lane.Alarm, act);

        public async Task Act(Func<Tx, ActResult> act) =>
            (await Try(act)).Act.ShouldBe(ElderBand.HubService.Alarms.Act.Done);

        /// <summary>Lets time pass and runs what has come due, as the sweeper does.</summary>
        public async Task After(long ms)
        {
            Clock.Advance(ms);
            foreach (DueTimer timer in Store.Read(db => AlarmRows.DueTimers(db, Clock.NowMs)))
            {
                await Store.WriteAsync(Lane.Alarm, tx => Desk_.TimerDue(tx, timer));
            }
        }

        public ValueTask DisposeAsync()
        {
            Store.Read(AlarmRows.Orphans).ShouldBeEmpty();
            Store.Dispose();
            Directory.Delete(_folder, recursive: true);
            return ValueTask.CompletedTask;
        }

        private Task Event(
            FrameType type, int sequence, Action<Tx, FrameEvent> apply, long ageMs = 0, int? to = null, byte flags = 0,
            int uptimeS = 100, string sender = "b1") => Store.WriteAsync(Lane.Alarm, tx =>
            {
                var e = new FrameEvent
                {
                    CentreId = "c1",
                    Sender = sender,
                    Boot = 1,
                    Lane = Lane.Alarm,
                    Sequence = sequence,
                    Type = type,
                    Frame = new byte[Frame.Size],
                    BandId = sender == "b1" ? 1 : 2,
                    HubId = "hub-1",
                    ResidentId = sender == "b1" ? 1 : 2,
                    HomeId = 1,
                    Source = "band",
                    UptimeS = uptimeS,
                    RefersTo = to,
                    Flags = flags,
                    AtMs = tx.NowMs - ageMs,
                    Quality = AgeQuality.Measured,
                    AgeMs = ageMs,
                    ReceivedAtMs = tx.NowMs,
                };
                apply(tx, e with { EventId = EventRows.Insert(tx.Db, e) });
            });
    }
}
