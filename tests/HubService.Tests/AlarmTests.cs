using ElderBand.BandProtocol;
using ElderBand.HubService.Alarms;

namespace ElderBand.Tests.HubService;

/// <summary>How presses, notes, drills and officers change an alarm.</summary>
public class AlarmTests
{
    private static readonly Actor Li = new(1, "Officer Li");
    private static readonly Actor Wang = new(2, "Officer Wang");

    // Every (state, event) pair, written out by hand: M = moves there, n = a note, - = nothing, x = a person is
    // refused.
    private static readonly string[] Columns =
    [
        "Press Confirm Cancel NotNeeded Merge Deadline RingAgain Unanswered",
        "NotAnswered Remind Overdue Take SendHelp StillOn HandBack Close",
    ];

    private static readonly string[] Table =
    [
        "Prealarm|- M:Ringing M:Cancelled - M:Closed M:Ringing - - - - -         x       x        x x         x",
        "Ringing |n n         n           n -        -         n n n - -         M:Taken x        x x         x",
        "Taken   |n n         n           n -        -         - - n n M:Ringing x       M:Coming n M:Ringing M:Closed",
        "Coming  |n n         n           n -        -         - - n n M:Ringing x       x        n M:Ringing M:Closed",
        "Closed  |- n         n           n -        -         - - - - -         x       x        x x         x",
        "Cancelled|- M:Ringing -           - -        -         - - - - -         x       x        x x         x",
    ];

    [Fact]
    public void Every_pair_of_state_and_event_does_what_the_table_says()
    {
        string.Join(' ', Columns).Split(' ').ShouldBe(Enum.GetNames<AlarmEvent>());
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
    public async Task A_second_press_joins_the_open_card_and_after_closing_it_is_a_new_alarm()
    {
        await using var d = await DeskRig.OpenAsync();
        await d.Sos(1);
        await d.Sos(2);
        AlarmView alarm = d.Only();
        alarm.Presses.ShouldBe(2);
        await d.Act(tx => d.Desk.Take(tx, "c1", alarm.Id, Li));
        await d.Sos(3);
        d.Only().Presses.ShouldBe(3);
        d.Only().State.ShouldBe("taken");
        await d.Act(tx => d.Desk.Close(tx, "c1", alarm.Id, Li, "phoneOk", null));
        await d.Sos(4);
        d.Alarms().Count.ShouldBe(2);
        d.Alarms()[0].State.ShouldBe("ringing");
        d.Alarms()[0].Number.ShouldBe("2");
    }

    [Fact]
    public async Task Not_needed_is_a_note_in_either_order_and_the_alarm_stays()
    {
        await using var d = await DeskRig.OpenAsync();
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
        await using var d = await DeskRig.OpenAsync();
        await d.Sos(1, AlarmFlags.Drill);
        await d.Fall(2, flags: AlarmFlags.Drill);
        d.Alarms().ShouldAllBe(a => a.Drill && a.State == "closed" && a.Outcome == "drill");
        d.Messages().ShouldBeEmpty();
        d.Store.Read(db => db.Number("SELECT count(*) FROM timer")).ShouldBe(0);
        await d.Sos(3);
        d.Alarms()[0].State.ShouldBe("ringing"); // a drill never swallows a call
    }

    [Fact]
    public async Task P36_of_a_hundred_takers_at_the_same_time_exactly_one_gets_it_and_the_others_are_told_who()
    {
        await using var d = await DeskRig.OpenAsync();
        await d.Sos(1);
        long id = d.Only().Id;
        ActResult[] results = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => Task.Run(
            () => d.Store.WriteAsync(Lane.Alarm, tx =>
                d.Desk.Take(tx, "c1", id, i % 2 == 0 ? Li : Wang), TestContext.Current.CancellationToken),
            TestContext.Current.CancellationToken)));
        string owner = d.Only().Owner!.DisplayName;
        results.Count(r => r.Act == Act.Done).ShouldBe(50);
        results.Where(r => r.Act != Act.Done).ShouldAllBe(r => r.Act == Act.TakenByOther && r.TakenBy == owner);
        d.Only().Timeline.Count(t => t.Kind == "taken").ShouldBe(1);
    }

    [Fact]
    public async Task Only_the_owner_acts_closing_needs_an_outcome_and_another_centre_sees_nothing()
    {
        await using var d = await DeskRig.OpenAsync();
        await d.Sos(1);
        long id = d.Only().Id;
        (await d.Try(tx => d.Desk.Coming(tx, "c1", id, Li))).Act.ShouldBe(Act.NotPossible);
        (await d.Try(tx => d.Desk.Take(tx, "c2", id, Li))).Act.ShouldBe(Act.NotFound);
        await d.Act(tx => d.Desk.Take(tx, "c1", id, Li));
        (await d.Try(tx => d.Desk.Coming(tx, "c1", id, Wang))).Act.ShouldBe(Act.TakenByOther);
        (await d.Try(tx => d.Desk.Close(tx, "c1", id, Li, null, "words"))).Act.ShouldBe(Act.NoOutcome);
        (await d.Try(tx => d.Desk.Close(tx, "c1", id, Li, "merged", null))).Act.ShouldBe(Act.NoOutcome);
        await d.Act(tx => d.Desk.Close(tx, "c1", id, Li, "ambulance", "120 was called"));
        d.Only().ClosingWords.ShouldBe("120 was called");
    }
}
