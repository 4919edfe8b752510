using ElderBand.BandProtocol;
using ElderBand.Simulation;

namespace ElderBand.Tests.Wristband;

/// <summary>Bands in the situations that several tests begin with.</summary>
internal static class Bands
{
    /// <summary>The band is worn and in Daily, because nothing keeps it in Guard.</summary>
    public static BandRig Daily()
    {
        var world = new BandRig(guard: false);
        world.Boot();
        world.RunFor(60_000);
        world.Band.Wear.ShouldBe(Wear.On);
        world.Band.Mode.ShouldBe(BandMode.Daily);
        return world;
    }

    /// <summary>The band of <see cref="Daily"/>, 30 s after it has gone out of reach of every hub.</summary>
    public static BandRig DailyOutOfReach()
    {
        var world = Daily();
        world.InRange = false;
        world.RunFor(30_000);
        return world;
    }

    /// <summary>
    /// The hub owes the band a frame, so its answer to the next beat asks for a link. Ends when the hub has proved on
    /// that link that it has the link keys.
    /// </summary>
    public static void RunToOwedLink(this BandRig world)
    {
        world.Owes = true;
        world.RunUntil(() => world.Band.Link.IsTrusted, 310_000).ShouldBeTrue();
        world.Owes = false;
    }

    /// <summary>The centre configures the band; nights are from 22:00 to 07:00.</summary>
    /// <param name="world">The band and its home.</param>
    /// <param name="version">Version of the configuration, 1 to 255.</param>
    /// <param name="guard">True: the band stays in Guard.</param>
    /// <param name="sensitivity">Sensitivity to falls, 0 to 2.</param>
    /// <param name="inactivity">Limit of inactivity, units of 10 min; 0: none.</param>
    public static void Configure(
        this BandRig world, int version, bool guard, byte sensitivity = 1, byte inactivity = 0) =>
        world.Down(world.FromCentre(
            FrameType.Configuration, version, 0,
            f => Payload.PutConfiguration(f, guard, sensitivity, false, 88, 28, inactivity)));

    /// <summary>The hub on the link has proved that it has the link keys. A worn band is in Guard.</summary>
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
    /// The key was held for 20 s while no alarm was open, so the band has asked for a reset. It has not booted yet, and
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
