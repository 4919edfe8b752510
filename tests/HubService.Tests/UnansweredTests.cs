using ElderBand.HubService.Alarms;

namespace ElderBand.Tests.HubService;

/// <summary>When an alarm that nobody takes counts as unanswered.</summary>
public class UnansweredTests
{
    private static readonly Actor Li = new(1, "Officer Li");

    [Fact]
    public async Task P36_no_console_open_is_unanswered_at_once_else_after_60_s_and_again_after_a_handback()
    {
        await using var d = await DeskRig.OpenAsync();
        await d.Sos(1);
        d.Only().Unanswered.ShouldBeFalse();
        await d.After(59_000);
        d.Only().Unanswered.ShouldBeFalse();
        await d.After(1_500);
        AlarmView alarm = d.Only();
        alarm.Unanswered.ShouldBeTrue();
        d.Messages().ShouldBe(["raised", "unanswered"]);
        await d.Act(tx => d.Desk.Take(tx, "c1", alarm.Id, Li));
        d.Only().Unanswered.ShouldBeFalse();
        d.Timers().ShouldBe(["remind"]);
        await d.Act(tx => d.Desk.HandBack(tx, "c1", alarm.Id, Li));
        d.Timers().ShouldBe(["ring", "unanswered"], ignoreOrder: true);
        await d.After(61_000);
        d.Only().Unanswered.ShouldBeTrue();
        d.Messages().ShouldBe(["raised", "unanswered", "unanswered"]); // twice nobody took the alarm

        d.LeaveConsole();
        await d.After(15_000);
        await d.Sos(2, sender: "b2");
        d.Alarms()[0].Unanswered.ShouldBeTrue();
    }

    [Fact]
    public async Task P36_a_page_that_is_loaded_again_tells_no_family_that_nobody_is_there()
    {
        await using var d = await DeskRig.OpenAsync();
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
        d.Only().Unanswered.ShouldBeTrue(); // 60 s after the press, as if the console had never left
    }

    [Fact]
    public async Task P36_consoles_have_15_s_after_a_start_before_the_family_is_told_that_nobody_is_there()
    {
        await using var d = await DeskRig.OpenAsync();
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
        await using var d = await DeskRig.OpenAsync();
        await d.Sos(1);
        d.LeaveConsole();
        await d.After(30_100);
        d.Only().Unanswered.ShouldBeTrue();
        d.Timers().ShouldBe(["ring"]);
    }
}
