using ElderBand.BandProtocol;
using ElderBand.Simulation;

namespace ElderBand.Tests.Wristband;

/// <summary>Bands in the situations that several tests begin with.</summary>
internal static class Bands
{
    /// <summary>Worn and in Daily: nobody keeps it in Guard.</summary>
    public static BandRig Daily()
    {
        var world = new BandRig(guard: false);
        world.Boot();
        world.RunFor(60_000);
        world.Band.Wear.ShouldBe(Wear.On);
        world.Band.Mode.ShouldBe(BandMode.Daily);
        return world;
    }

    /// <summary>In Guard where worn; the hub on the link has proved that it has the link keys.</summary>
    public static BandRig Linked(bool worn = true)
    {
        var world = new BandRig(worn).Boot();
        world.RunFor(5000);
        world.Band.Link.IsTrusted.ShouldBeTrue();
        return world;
    }

    /// <summary>As <see cref="Linked"/>; the band has found that it is worn, and no frame waits.</summary>
    public static BandRig WornAndLinked()
    {
        var world = Linked();
        world.RunFor(15_000);
        world.Band.Link.IsTrusted.ShouldBeTrue();
        world.Band.Wear.ShouldBe(Wear.On);
        world.Band.Pending.ShouldBe(0);
        return world;
    }

    /// <summary>
    /// The key was held for 20 s and no alarm is open, so the band has asked for a reset. It has not booted yet, and
    /// the key is still down.
    /// </summary>
    public static BandRig ResetByTheKey()
    {
        var world = new BandRig().Boot();
        world.RunFor(3000);
        world.Press(21_000);
        world.RunFor(10_000);
        world.Down(world.StageFrame(world.RowsOf(FrameType.Sos).ShouldHaveSingleItem(), Stage.Closed, 2));
        world.RunUntil(() => world.Power.Resets > 0, 30_000).ShouldBeTrue();
        return world;
    }
}
