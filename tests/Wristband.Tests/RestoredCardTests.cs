using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Wristband;

namespace ElderBand.Tests.Wristband;

/// <summary>
/// After the restore of a backup the hubs send calls again, and another press may be the first on the card than before
/// (docs/adr/0058).
/// </summary>
public sealed class RestoredCardTests
{
    [Theory]
    [InlineData(Stage.Centre)]
    [InlineData(Stage.Taken)]
    public void P56_a_press_that_opened_a_card_ends_with_the_card_that_another_press_has_opened_after_a_restore(
        Stage before)
    {
        var world = new BandRig();
        world.Boot();
        world.RunFor(4000);
        world.Press(100);
        world.RunFor(5000);
        world.Press(100);
        world.RunFor(5000);
        var (first, second) = (world.RowsOf(FrameType.Sos)[0], world.RowsOf(FrameType.Sos)[1]);
        world.Down(world.StageFrame(first, before, 4));
        world.RunFor(10_000);

        Receive(world, second, second);
        Receive(world, first, second);
        world.Down(world.StageFrame(second, Stage.Centre, 1000));
        world.RunFor(10_000);
        world.Band.Tick.ShouldBe(WristTick.NotTaken, "the card rings again");
        world.Down(world.StageFrame(second, Stage.Closed, 1001));
        world.RunFor(10_000);
        world.Band.Tick.ShouldBe(WristTick.Silent, "the card is closed");
        world.Band.Latch.HasOpen.ShouldBeFalse();
    }

    private static void Receive(BandRig world, byte[] press, byte[] opener)
    {
        world.Down(world.FromCentre(
            FrameType.Receipt, Frame.BootOf(press, 0), Frame.SequenceOf(press, 0), frame =>
            {
                Payload.PutReceipt(frame, 0);
                Payload.TellOpener(frame, Frame.BootOf(opener, 0), Frame.SequenceOf(opener, 0));
            }));
        world.RunFor(500);
    }
}
