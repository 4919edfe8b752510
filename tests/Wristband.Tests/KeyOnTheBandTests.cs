using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulation.Signals;
using ElderBand.Wristband;
using Iot.Device.Adxl343;

namespace ElderBand.Tests.Wristband;

/// <summary>The key of a whole band: it sticks, its edges are lost, and the wearer takes presses back.</summary>
public sealed class KeyOnTheBandTests
{
    [Fact]
    public void P01_a_key_stuck_for_4_hours_is_reported_within_60_s_resets_once_and_falls_and_beats_go_on()
    {
        var world = new BandRig().Boot();
        world.RunFor(20_000);
        world.KeyEdge(true);
        world.RunFor(15_000);
        world.Down(world.StageFrame(world.RowsOf(FrameType.Sos).ShouldHaveSingleItem(), Stage.Closed, 2));
        world.Technical(TechnicalCode.KeyStuck).ShouldBe(1);
        world.RunFor(10_000);
        world.Power.Resets.ShouldBe(1);
        world.Disconnect();
        world.Boot();
        world.RunFor(60_000);
        world.Motion = SyntheticMotion.FallSequence(Adxl343.RateHz, 5, 8000);
        world.RunFor(4 * 3_600_000L);
        world.Power.Resets.ShouldBe(1);
        world.RowsOf(FrameType.Sos).Count.ShouldBe(1);
        world.RowsOf(FrameType.FallConfirmed).Count.ShouldBe(1);
        world.KeyEdge(false);
        world.RunFor(5000);
        world.Technical(TechnicalCode.Recovered).ShouldBe(1);
        world.Press(200);
        world.RunFor(2000);
        world.RowsOf(FrameType.Sos).Count.ShouldBe(2, "once free, it calls again");
    }

    [Theory]
    [InlineData(200)]
    [InlineData(450)]
    [InlineData(1500)]
    [InlineData(5000)]
    public void P01_the_end_of_a_press_is_seen_within_40_ms_where_no_edge_event_comes(int heldMs)
    {
        var world = Bands.DailyOutOfReach();
        world.KeyEdge(true);
        world.RunFor(heldMs);
        var released = world.Now;
        world.Key.Level = false; // after light sleep an edge makes no event
        world.RunUntil(() => world.Band.Key == KeyState.Up, 5000).ShouldBeTrue();
        (world.Now - released - SosKey.BounceMs).ShouldBeLessThanOrEqualTo(40);
    }

    /// <summary>
    /// A contact ended light sleep, so neither of its edges makes an event, and a flash write holds the loop meanwhile.
    /// The band has seen the key down only once.
    /// </summary>
    [Theory]
    [InlineData(10, 0)]
    [InlineData(29, 0)]
    [InlineData(80, 1)]
    [InlineData(200, 1)]
    public void P01_a_contact_without_edge_events_in_a_held_loop_is_judged_by_its_length(int contactMs, int calls)
    {
        for (var heldMs = 40; heldMs <= 480; heldMs += 40)
        {
            var world = Bands.DailyOutOfReach();
            world.Key.Level = true;
            world.RunUntil(() => world.Band.Key == KeyState.Contact, 5000).ShouldBeTrue();
            world.PressLatch.Level = contactMs > world.PressLatchMs;
            world.After(contactMs, () => world.Key.Level = false);
            world.Hold(heldMs);
            world.RunFor(10_000);
            world.Band.Latch.CountPending(FrameType.Sos).ShouldBe(calls, $"the loop is held for {heldMs} ms");
        }
    }

    [Theory]
    [InlineData(80)]
    [InlineData(240)]
    [InlineData(480)]
    public void P01_a_second_press_while_the_loop_is_held_is_its_own_though_the_first_made_no_edge_events(int heldMs)
    {
        var world = Bands.DailyOutOfReach();
        world.Key.Level = true;
        world.RunUntil(() => world.Band.Latch.CountPending(FrameType.Sos) == 1, 5000).ShouldBeTrue();
        world.After(10, () => world.Key.Level = false);
        world.After(70, () => world.KeyEdge(true));
        world.After(250, () => world.KeyEdge(false));
        world.Hold(heldMs);
        world.RunFor(10_000);
        world.Band.Latch.CountPending(FrameType.Sos).ShouldBe(2);
    }

    [Fact]
    public void Not_needed_names_the_first_of_the_presses()
    {
        var world = new BandRig().Boot();
        world.RunFor(5000);
        world.Press(200);
        world.RunFor(20_000);
        world.Press(3500);
        world.RunFor(6000);
        var presses = world.RowsOf(FrameType.Sos);
        presses.Count.ShouldBe(2);
        Payload.RefersTo(world.RowsOf(FrameType.NotNeeded).ShouldHaveSingleItem(), 0)
            .ShouldBe(Frame.SequenceOf(presses[0], 0));
    }
}
