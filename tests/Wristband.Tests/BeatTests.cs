using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Wristband;

namespace ElderBand.Tests.Wristband;

/// <summary>
/// Beats in Daily (docs/adr/0026): short, mostly without a link, and yet everything reaches the band.
/// </summary>
public sealed class BeatTests
{
    /// <summary>A worn band in Daily that has had its first link, and whose radio is off.</summary>
    private static BandRig Daily()
    {
        var world = new BandRig(guard: false) { MinuteOfDay = 600 };
        world.Power.IsExternal = false;
        world.Boot();
        world.RunFor(90_000);
        world.Band.Mode.ShouldBe(BandMode.Daily);
        world.Advertising.ShouldBeFalse();
        return world;
    }

    private static bool Asks(byte[]? frame) =>
        frame != null && Frame.TypeOf(frame, 0) == FrameType.Status && Payload.AsksForLink(frame, 0);

    private static void RunToBeat(BandRig world) =>
        world.RunUntil(() => world.Advertising, 310_000).ShouldBeTrue("a beat");

    [Fact]
    public void A_beat_in_Daily_is_on_the_air_for_1500_ms_and_asks_for_nothing()
    {
        var world = Daily();
        for (var beat = 0; beat < 8; beat++)
        {
            RunToBeat(world);
            var began = world.Now;
            Asks(world.OnAir).ShouldBeFalse();
            world.RunUntil(() => !world.Advertising, 20_000).ShouldBeTrue();
            (world.Now - began).ShouldBeInRange(1400, 1600);
            world.LinkUp.ShouldBeFalse();
        }
    }

    [Fact]
    public void I_am_fine_that_no_hub_has_is_offered_every_minute_in_Daily()
    {
        var world = Daily();
        world.InRange = false;
        var slot = world.Band.Latch.Take(FrameType.FallCancelled, world.Now);
        Frame.Begin(slot.Frame, FrameType.FallCancelled, Lane.Alarm, world.Band.Boot, 60_000);
        Payload.PutAnswer(slot.Frame, 90, 59_999, 0);
        RunToBeat(world);
        var beats = 0;
        var end = world.Now + 300_000;
        while (world.Now < end)
        {
            world.RunUntil(() => !world.Advertising, 60_000).ShouldBeTrue();
            beats += world.RunUntil(() => world.Advertising, 300_000) ? 1 : 0;
        }

        beats.ShouldBeInRange(5, 6);
    }

    [Fact]
    public void A_ten_minute_summary_is_advertised_once_and_never_in_place_of_two_statuses_in_a_row()
    {
        var world = Daily();
        world.Heard.Clear();
        world.RunFor(50 * 60_000);
        var types = world.Heard.Where(h => h.Advertised).Select(h => Frame.TypeOf(h.Frame, 0)).ToList();
        types.Count.ShouldBeInRange(9, 11);
        types.Count(t => t == FrameType.Vitals).ShouldBeInRange(4, 5);
        types.Zip(types.Skip(1)).ShouldNotContain((FrameType.Vitals, FrameType.Vitals));
        var vitals = world.Heard.Where(h => Frame.TypeOf(h.Frame, 0) == FrameType.Vitals).ToList();
        vitals.ShouldAllBe(h => Payload.IsTenMinutes(h.Frame, 0));
        vitals.Select(h => Frame.SequenceOf(h.Frame, 0)).ShouldBeUnique();
    }

    [Fact]
    public void Settings_that_the_hub_owes_reach_a_band_in_Daily_with_the_next_beat()
    {
        var world = Daily();
        world.Owes = true;
        var began = world.Now;
        world.RunUntil(() => world.Band.Link.IsTrusted, 310_000).ShouldBeTrue();
        world.Down(world.FromCentre(
            FrameType.Configuration, 9, 0, f => Payload.PutConfiguration(f, false, 2, true, 88, 28, 3)));
        world.RunUntil(() => world.RowsOf(FrameType.Status).Any(f => Payload.StatusConfigVersion(f, 0) == 9), 5000)
            .ShouldBeTrue();
        (world.Now - began).ShouldBeLessThan(310_000);
        world.Band.Mode.ShouldBe(BandMode.Daily);
    }

    [Fact]
    public void Settings_reach_a_band_in_Daily_within_an_hour_from_a_hub_that_connects_only_where_it_is_asked()
    {
        var world = Daily();
        world.RunUntil(() => world.Band.Link.IsTrusted, 61 * 60_000).ShouldBeTrue();
        world.Down(world.FromCentre(
            FrameType.Configuration, 9, 0, f => Payload.PutConfiguration(f, false, 2, true, 88, 28, 3)));
        world.RunFor(2000);
        Payload.StatusConfigVersion(world.RowsOf(FrameType.Status)[^1], 0).ShouldBe((byte)9);
    }

    [Fact]
    public void The_hubs_state_reaches_a_band_in_Daily_every_hour_and_no_other_link_is_made()
    {
        var states = new List<long>();
        var world = Daily();
        world.Loses = (frame, up) =>
        {
            if (!up && Frame.TypeOf(frame, 0) == FrameType.HubState)
            {
                states.Add(world.Now);
            }

            return false;
        };
        var began = world.Now;
        world.RunFor(12 * 3_600_000L);
        var links = states.Where((at, i) => i == 0 || at - states[i - 1] > 60_000).ToList();
        links.Count.ShouldBeInRange(11, 13);
        links.Prepend(began).Zip(links, (a, b) => b - a).Max().ShouldBeLessThanOrEqualTo(61 * 60_000);
    }

    [Fact]
    public void A_note_that_no_hub_has_stored_asks_for_a_link_in_Daily()
    {
        var world = Daily();
        world.Press(200);
        world.RunFor(61 * 60_000);
        world.Band.Mode.ShouldBe(BandMode.Daily);
        var sos = world.RowsOf(FrameType.Sos).ShouldHaveSingleItem();
        world.RunUntil(() => world.Band.Link.IsTrusted, 310_000)
            .ShouldBeTrue("an open alarm asks: its next stage may come");
        world.Loses = (frame, up) => up && Frame.TypeOf(frame, 0) == FrameType.StageShown;
        world.Down(world.StageFrame(sos, Stage.Closed, 5));
        world.RunUntil(() => !world.Advertising && !world.LinkUp, 30_000).ShouldBeTrue();
        world.StagesShown(sos).ShouldNotContain(Stage.Closed);
        world.Loses = (_, _) => false;
        RunToBeat(world);
        Asks(world.OnAir).ShouldBeTrue();
        world.RunFor(5000);
        world.StagesShown(sos).ShouldContain(Stage.Closed);
        world.RunUntil(() => !world.Advertising && !world.LinkUp, 30_000).ShouldBeTrue();
        RunToBeat(world);
        Asks(world.OnAir).ShouldBeFalse("nothing waits any more");
    }

    [Fact]
    public void A_beat_that_asks_waits_6_s_for_the_link_and_a_link_late_in_a_short_beat_prolongs_it()
    {
        var world = new BandRig(guard: false) { ConnectMs = 5500 };
        world.Power.IsExternal = false;
        world.Boot();
        world.RunUntil(() => world.Band.Link.IsTrusted, 30_000).ShouldBeTrue();
        world.RunUntil(() => !world.Advertising && !world.LinkUp, 120_000).ShouldBeTrue();

        world.ConnectMs = 1400;
        world.Owes = true;
        world.RunUntil(() => world.Band.Link.IsTrusted, 310_000).ShouldBeTrue();
        var linked = world.Now;
        world.RunUntil(() => !world.LinkUp, 60_000).ShouldBeTrue();
        (world.Now - linked).ShouldBeGreaterThan(4000, "time for what the hub owes");
    }

    [Fact]
    public void In_Guard_every_status_asks_for_a_link()
    {
        var world = new BandRig { AnswersHello = false }.Boot();
        world.RunFor(300_000);
        world.Band.Mode.ShouldBe(BandMode.Guard);
        world.RowsOf(FrameType.Status).Count.ShouldBeGreaterThan(3);
        world.RowsOf(FrameType.Status).ShouldAllBe(f => Payload.AsksForLink(f, 0));
    }

    /// <summary>A link of Daily at the moment at which its window ends.</summary>
    private static BandRig AtTheEndOfTheWindow(bool answers)
    {
        var world = Daily();
        world.RunToOwedLink();
        world.RunFor(500);
        world.Loses = (_, _) => !answers;
        world.RunUntil(() => world.Band.Link.IsEnding, 20_000).ShouldBeTrue();
        return world;
    }

    [Fact]
    public void The_radio_goes_off_over_a_link_as_soon_as_the_hub_has_answered_a_last_question()
    {
        var world = AtTheEndOfTheWindow(answers: true);
        var began = world.Now;
        world.RunUntil(() => !world.Band.Link.RadioIsOn, 10_000).ShouldBeTrue();
        (world.Now - began).ShouldBeInRange(1, 100);
    }

    [Fact]
    public void Over_a_silent_link_the_radio_goes_off_when_the_link_ends_and_after_3_s_at_the_latest()
    {
        var ended = AtTheEndOfTheWindow(answers: false);
        ended.RunFor(1000);
        ended.Band.Link.RadioIsOn.ShouldBeTrue();
        ended.Disconnect();
        ended.RunFor(20);
        ended.Band.Link.RadioIsOn.ShouldBeFalse();

        var lost = AtTheEndOfTheWindow(answers: false);
        lost.RunFor(2900);
        lost.Band.Link.RadioIsOn.ShouldBeTrue();
        lost.RunFor(200);
        lost.Band.Link.RadioIsOn.ShouldBeFalse();
    }

    [Fact]
    public void A_press_while_the_radio_waits_for_the_end_of_a_link_keeps_the_radio_on_and_arrives()
    {
        var world = AtTheEndOfTheWindow(answers: false);
        world.Press(200);
        world.RunFor(5000);
        world.Band.Link.RadioIsOn.ShouldBeTrue();
        world.Loses = (_, _) => false;
        world.RunUntil(() => world.RowsOf(FrameType.Sos).Count == 1, 10_000).ShouldBeTrue();
    }

    [Fact]
    public void A_stage_in_the_answer_to_the_last_question_opens_the_window_again()
    {
        var world = Daily();
        world.Owes = true;
        world.Press(200);
        world.RunUntil(() => world.RowsOf(FrameType.Sos).Count == 1, 10_000).ShouldBeTrue();
        var sos = world.RowsOf(FrameType.Sos)[0];
        world.RunUntil(() => world.Band.Link.IsEnding, 70 * 60_000).ShouldBeTrue();
        world.Down(world.StageFrame(sos, Stage.Taken, 2));
        world.RunFor(4000);
        world.Band.Link.RadioIsOn.ShouldBeTrue();
        world.StagesShown(sos).ShouldContain(Stage.Taken);
    }
}
