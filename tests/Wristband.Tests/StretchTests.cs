using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulation.Signals;
using ElderBand.Wristband;
using Iot.Device.Adxl343;

namespace ElderBand.Tests.Wristband;

/// <summary>
/// P46: while flash writes hold loop and motor, no tick feels like a stage and no stage like another.
/// </summary>
public sealed class StretchTests
{
    private const int LongestWriteMs = 240;

    /// <summary>A band whose flash writes take this long, and what the wrist says.</summary>
    private static (BandRig World, List<Felt> Wrist) Band(int writeMs, bool worn)
    {
        var world = new BandRig(worn);
        world.Flash.Watch = (_, _) => world.Hold(writeMs);
        var felt = new List<Felt>();
        world.Wrist.Shown = (what, _) => felt.Add(what);
        return (world, felt);
    }

    private static Stage StageOf(Felt what) => what is >= Felt.Home and <= Felt.Closed ? (Stage)what : Stage.Waiting;

    [Fact]
    public void P46_where_nobody_hears_a_flash_write_of_any_length_makes_no_tick_a_stage()
    {
        var ticks = 0;
        for (var writeMs = 0; writeMs <= LongestWriteMs; writeMs++)
        {
            var (world, felt) = Band(writeMs, false);
            world.InRange = false;
            world.Boot();
            world.RunFor(3000);
            for (var press = 0; press < 6; press++)
            {
                world.Press(150);
                world.RunFor(5030 + (press * 7)); // the next press falls into a tick
            }

            felt.ShouldAllBe(what => what == Felt.Tick || what == Felt.Countdown, $"{writeMs} ms a write");
            ticks += felt.Count;
        }

        ticks.ShouldBeGreaterThan(241 * 5);
    }

    [Fact]
    public void P46_a_flash_write_of_any_length_makes_no_stage_another_one()
    {
        for (var writeMs = 0; writeMs <= LongestWriteMs; writeMs++)
        {
            var (world, felt) = Band(writeMs, false);
            world.Boot();
            world.RunFor(5000);
            world.Press(150);
            world.RunFor(800 + writeMs);
            world.Press(150); // its frame is written while the stages of the first are played
            world.RunFor(4000);
            var sos = world.RowsOf(FrameType.Sos)[0];
            var (stage, revision) = (Stage.Taken, 2);
            foreach (var atMs in (int[])[700, 1900, 8000])
            {
                world.Down(world.StageFrame(sos, stage++, revision++));
                world.RunFor(atMs);
                world.Press(150);
                world.RunFor(1200);
            }

            world.RunFor(10_000);
            world.Press(150);
            world.RunFor(10_000);
            var shown = world.RowsOf(FrameType.StageShown).Select(f => Payload.ShownStage(f, 0)).ToList();
            shown.ShouldContain(Stage.Closed);
            shown.Count.ShouldBeGreaterThanOrEqualTo(9);
            var stages = felt.Select(StageOf).Where(static s => s != Stage.Waiting).ToList();
            stages.ShouldBe(shown, $"{writeMs} ms a write");
            felt.ShouldNotContain(Felt.Unknown);
        }
    }

    [Fact]
    public void P46_a_flash_write_of_any_length_makes_no_stage_of_a_countdown()
    {
        for (var writeMs = 0; writeMs <= LongestWriteMs; writeMs += 10)
        {
            var (world, felt) = Band(writeMs, true);
            world.Boot();
            world.RunFor(20_000);
            world.Motion = SyntheticMotion.FallSequence(Adxl343.RateHz, 5, 8000);
            world.RunUntil(() => world.Band.FallGuardState == FallState.Countdown, 20_000).ShouldBeTrue();
            felt.Clear();
            world.RunFor(29_000);
            felt.Count.ShouldBeGreaterThan(15);
            felt.Skip(1).ShouldAllBe(what => what == Felt.Countdown, $"{writeMs} ms a write");
            world.RunFor(10_000);
            felt.Select(StageOf).Where(static s => s != Stage.Waiting).ShouldBe([Stage.Home, Stage.Centre]);
        }
    }
}
