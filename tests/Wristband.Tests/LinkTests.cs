using ElderBand.BandProtocol;
using ElderBand.Simulation;

namespace ElderBand.Tests.Wristband;

/// <summary>The link between band and hub: losses, keys, strangers, silence and restarts of the radio.</summary>
public sealed class LinkTests
{
    [Fact]
    public void P10_at_60_percent_loss_both_ways_every_one_of_30_presses_arrives_once()
    {
        var random = new Random(10);
        var world = Bands.WornAndLinked();
        world.Loses = (_, _) => random.Next(100) < 60;
        for (var i = 0; i < 30; i++)
        {
            world.Press(150);
            world.RunFor(60_000);
        }

        world.Loses = (_, _) => false;
        world.RunFor(60_000);
        world.RowsOf(FrameType.Sos).Count.ShouldBe(30);
        world.Band.Pending.ShouldBe(0);
    }

    [Fact]
    public void The_centre_moves_the_band_to_new_link_keys_and_waiting_frames_are_tagged_again()
    {
        var world = Bands.WornAndLinked();
        world.AnswersReceipt = false;
        world.Press(200);
        world.RunFor(3000);
        world.Band.Pending.ShouldBe(1);
        var move = world.FromCentre(FrameType.LinkGroup, 0, 0, f => Payload.PutLinkGroup(f, 99, 4));
        world.Down(move);
        world.RunFor(3000);
        world.Band.Link.IsTrusted.ShouldBeFalse("the old hub's keys are worthless");
        world.HubKeys.DeriveLink(new HostMac(), world.Secret, 99, 4);
        world.AnswersReceipt = true;
        world.Disconnect();
        world.RunFor(10_000);
        world.Band.Link.IsTrusted.ShouldBeTrue();
        world.Band.Pending.ShouldBe(0);

        world.Disconnect();
        world.Boot();
        world.RunFor(5000);
        world.Band.Link.IsTrusted.ShouldBeTrue("the move survives a reboot");
        world.Down(world.FromCentre(FrameType.LinkGroup, 0, 0, f => Payload.PutLinkGroup(f, 7, 3)));
        world.RunFor(5000);
        world.Band.Link.IsTrusted.ShouldBeTrue("an older epoch is a replay");
    }

    [Fact]
    public void A_frame_that_only_a_hub_has_is_sent_again_until_the_centre_has_it()
    {
        var world = Bands.WornAndLinked();
        world.AnswersReceipt = false;
        world.Press(200);
        world.RunFor(65_000);
        world.Band.Pending.ShouldBe(1);
        var sent = world.Heard.Count(h => !h.Advertised && Frame.TypeOf(h.Frame, 0) == FrameType.Sos);
        sent.ShouldBeInRange(6, 8, "at once, then every 10 s");
        world.AnswersReceipt = true;
        world.RunFor(11_000);
        world.Band.Pending.ShouldBe(0);
    }

    [Fact]
    public void P14_a_stranger_that_holds_the_link_is_dropped_and_an_SOS_is_heard_within_10_s()
    {
        var world = new BandRig
        {
            AnswersHello = false,
            AnswersHeard = false,
            AnswersReceipt = false,
            SendsState = false
        }.Boot();
        world.RunFor(30_000);
        world.Band.Link.IsTrusted.ShouldBeFalse();
        world.RowsOf(FrameType.Vitals).ShouldBeEmpty("a stranger learns no heart rate");
        world.Heard.ShouldNotContain(h => !h.Advertised && Frame.TypeOf(h.Frame, 0) == FrameType.Status);
        var pressed = world.Now;
        world.Press(200);
        world.RunFor(2000);
        world.Heard.First(h => h.Advertised && Frame.TypeOf(h.Frame, 0) == FrameType.Sos)
            .AtMs.ShouldBeLessThan(pressed + 200);
        for (var i = 0; i < 4; i++)
        {
            world.Disconnect();
            world.RunFor(7000);
        }

        world.RadioRestarts.ShouldBeGreaterThan(0);
        world.AnswersHello = true;
        world.AnswersHeard = true;
        world.AnswersReceipt = true;
        world.SendsState = true;
        world.Disconnect();
        world.RunFor(10_000);
        world.Band.Link.IsTrusted.ShouldBeTrue();
        world.Band.Pending.ShouldBe(0);
    }

    [Fact]
    public void P14_an_advertisement_the_stack_refuses_is_tried_again_at_once_and_then_the_radio_is_restarted()
    {
        var world = new BandRig(guard: false);
        world.Boot();
        world.RunFor(90_000);
        world.Advertising.ShouldBeFalse("between beats the radio is off");
        world.RefusesAdvertising = true;
        world.RestartMends = true;
        var pressed = world.Now;
        world.Press(200);
        world.RunUntil(() => world.RowsOf(FrameType.Sos).Count == 1, 10_000).ShouldBeTrue();
        (world.Now - pressed).ShouldBeLessThan(3000);
        world.Refused.ShouldBe(3);
        world.RadioRestarts.ShouldBe(1);
        world.RunFor(5000);
        world.Band.Pending.ShouldBe(0);
    }

    [Fact]
    public void P14_a_stack_that_takes_an_alarm_and_sends_nothing_is_restarted_after_10_s()
    {
        var world = new BandRig(guard: false);
        world.Boot();
        world.RunFor(90_000);
        world.SilentUntilRestart = true;
        var pressed = world.Now;
        world.Press(200);
        world.RunUntil(() => world.RowsOf(FrameType.Sos).Count == 1, 60_000).ShouldBeTrue();
        (world.Now - pressed).ShouldBeInRange(9_000, 13_000);
        world.RunFor(5000);
        world.Band.Pending.ShouldBe(0);
    }

    [Fact]
    public void P14_out_of_range_an_unheard_press_costs_three_early_restarts_and_then_one_every_5_min()
    {
        var world = new BandRig { InRange = false }.Boot();
        world.RunFor(5000);
        world.Press(200);
        world.RunFor(61_000);
        world.RadioRestarts.ShouldBe(3);
        world.RunFor(290_000);
        world.RadioRestarts.ShouldBe(3);
        world.RunFor(20_000);
        world.RadioRestarts.ShouldBe(4);
    }

    [Fact]
    public void P15_a_hub_that_says_nothing_for_three_intervals_is_gone_and_the_radio_restarted()
    {
        var world = Bands.WornAndLinked();
        world.SendsState = false;
        world.AnswersHello = false;
        world.RunFor(LinkTiming.SilenceMs + 12_000);
        world.RadioRestarts.ShouldBe(1);
        world.Band.Link.IsTrusted.ShouldBeFalse();
        world.SendsState = true;
        world.AnswersHello = true;
        world.Disconnect();
        world.RunFor(5000);
        world.Band.Link.IsTrusted.ShouldBeTrue();
    }

    [Fact]
    public void P15_a_link_whose_end_was_lost_is_given_up_with_the_first_frame_nobody_takes()
    {
        var world = Bands.WornAndLinked();
        world.VanishLink();
        world.Press(200);
        world.RunUntil(() => world.RowsOf(FrameType.Sos).Count == 1, 5000).ShouldBeTrue();
        world.RunFor(2000);
        world.Band.Link.Links.ShouldBe(1, "the hub's new link, and no other");
        world.RunFor(10_000);
        world.Band.Link.IsTrusted.ShouldBeTrue();
        world.Band.Pending.ShouldBe(0);
    }

    [Fact]
    public void P15_strangers_that_come_and_go_do_not_put_off_the_restart_of_a_band_that_hears_no_hub()
    {
        var world = new BandRig
        {
            InRange = true,
            AnswersHello = false,
            SendsState = false,
            AnswersHeard = false,
            AnswersReceipt = false
        }.Boot();
        world.RunFor(8000);
        world.Band.Link.Links.ShouldBe(1);
        world.Band.Link.IsTrusted.ShouldBeFalse();
        world.RunFor(300_000);
        world.RadioRestarts.ShouldBeGreaterThan(0, "one stranger holds the only link for ever");
    }

    [Fact]
    public void P15_a_band_whose_radio_stack_has_leaked_24_KB_restarts_itself_at_a_quiet_moment()
    {
        var world = new BandRig(worn: false) { InRange = false };
        world.Boot();
        world.RunFor(200_000);
        world.Band.Link.RadioStarts.ShouldBe(1, "one start a boot while the radio stays on");
        world.Power.Resets.ShouldBe(0);
        for (var i = 0; i < 2000 && !world.Band.IsAsleep; i++)
        {
            world.AnswersHello = false;
            world.InRange = true;
            world.Connect(); // each link that comes and goes changes the advertisement
            world.RunFor(1000);
            world.Disconnect();
            world.InRange = false;
            world.RunFor(1000);
        }

        world.Power.Resets.ShouldBe(1);
        var leaked = (world.Advertisements * 62) + (world.Band.Link.RadioStarts * 20);
        leaked.ShouldBeInRange(20_000, 26_000);
    }
}
