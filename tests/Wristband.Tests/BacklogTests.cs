using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Wristband;

namespace ElderBand.Tests.Wristband;

/// <summary>
/// While a slow flash write holds the loop, frames and edges of the key collect in the ring. A step may take 60,000 IL
/// instructions at most, because a press waits for the end of the step (docs/step.md).
/// </summary>
public sealed class BacklogTests
{
    // Three flash operations of a worn flash.
    private const int HeldMs = 600;

    [Fact]
    public void P01_a_full_ring_of_frames_is_handled_in_bounded_steps_and_a_press_behind_them_counts_once()
    {
        IlCounter.IsThere.ShouldBeTrue();
        var world = new BandRig { AnswersHeard = false, AnswersReceipt = false };
        world.Boot();
        world.RunFor(4000);
        for (var i = 0; i < AlarmLatch.Slots; i++)
        {
            world.Press(100);
            world.RunFor(3000);
        }

        // All answers to eight presses come while the loop is held, and the key closes behind them.
        var presses = world.RowsOf(FrameType.Sos);
        foreach (var press in presses)
        {
            var (boot, sequence) = (Frame.BootOf(press, 0), Frame.SequenceOf(press, 0));
            world.Down(world.FromHub(FrameType.HubHeard, Lane.Alarm, boot, sequence));
            world.Down(world.FromCentre(FrameType.Receipt, boot, sequence));
            world.Down(world.StageFrame(press, Stage.Centre, 1));
        }

        foreach (var press in presses.Skip(1))
        {
            world.Down(world.StageFrame(press, Stage.Taken, 2));
        }

        world.Hold(HeldMs);
        world.KeyEdge(true);
        world.After(90, () => world.KeyEdge(false));
        var (before, most) = (IlCounter.Executed(), 0L);
        world.RunUntil(
            () =>
            {
                most = Math.Max(most, IlCounter.Executed() - before);
                before = IlCounter.Executed();
                return false;
            },
            5000);
        TestContext.Current.TestOutputHelper?.WriteLine($"the longest step: {most} IL instructions");
        most.ShouldBeLessThan(BandDevice.MostInstructions);
        world.RowsOf(FrameType.Sos).Count.ShouldBe(presses.Count + 1);
    }
}
