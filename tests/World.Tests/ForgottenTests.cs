using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulator.Neighbourhood;

namespace ElderBand.Tests.Worlds;

/// <summary>
/// P16: no bonds are used, so there is none to lose. What one side knew of the other is gone: the centre and the frames
/// bring it back, without a visit.
/// </summary>
public class ForgottenTests
{
    [Theory]
    [InlineData("hub")]
    [InlineData("band")]
    public void P16_what_one_side_has_forgotten_of_the_other_comes_back_without_a_visit(string side)
    {
        using var town = new VirtualNeighbourhood(3, Figures.Fixed);
        town.PowerOn().ShouldBeTrue();
        var resident = town.Residents[0];
        if (side == "hub")
        {
            resident.Hub.PowerOff();
            resident.Hub.Flash.Format();
            town.World.RunUntil(town.World.NowMs + 5000);
            resident.Hub.PowerOn();
        }
        else
        {
            resident.Band.PowerOff();
            resident.Band.Flash.Delete("settings.a").ShouldBe(FlashResult.Ok);
            resident.Band.Flash.Delete("settings.b").ShouldBe(FlashResult.Ok);
            town.World.RunUntil(town.World.NowMs + 5000);
            resident.Band.PowerOn();
        }

        var backMs = town.World.NowMs;
        town.World.RunUntil(() => resident.Hub.IsOnline && resident.Band.IsTrusted, backMs + 60_000)
            .ShouldBeTrue("a link of both sides' own");
        var pressedMs = town.World.NowMs;
        var incident = town.Press(resident);
        town.World.RunUntil(() => incident.StageTimes((int)Stage.Centre) > 0, pressedMs + 10_000)
            .ShouldBeTrue("the wearer feels that the centre has it");
        town.World.RunUntil(town.World.NowMs + 30_000);
        town.Centre.Alarms.ShouldHaveSingleItem().Presses.ShouldBe(1);
        resident.Band.Pending.ShouldBe(0);
    }
}
