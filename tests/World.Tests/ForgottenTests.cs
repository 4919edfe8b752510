using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulator.Neighbourhood;
using ElderBand.Simulator.Swarm;

namespace ElderBand.Tests.Worlds;

/// <summary>
/// P16: band and hub make no Bluetooth bond, so none can be lost. A side that has lost what it had stored of the other
/// gets it again from the centre, and nobody has to come.
/// </summary>
public class ForgottenTests
{
    [Fact]
    public void P16_a_hub_that_has_lost_its_flash_gets_its_bands_again_without_a_visit()
    {
        using var town = new VirtualNeighbourhood(3, Figures.Fixed);
        town.PowerOn().ShouldBeTrue();
        var resident = town.Residents[0];
        resident.Hub.PowerOff();
        resident.Hub.Flash.Format();
        town.World.RunUntil(town.World.NowMs + 5000);
        resident.Hub.PowerOn();

        town.World.RunUntil(() => resident.Hub.IsOnline && resident.Band.IsTrusted, town.World.NowMs + 60_000)
            .ShouldBeTrue("a link of both sides' own");
        var pressedMs = town.World.NowMs;
        var incident = town.Press(resident);
        town.World.RunUntil(() => incident.StageTimes((int)Stage.Centre) > 0, pressedMs + 10_000)
            .ShouldBeTrue("the wearer feels that the centre has it");
        town.World.RunUntil(town.World.NowMs + 30_000);
        town.Centre.Alarms.ShouldHaveSingleItem().Presses.ShouldBe(1);
        resident.Band.Pending.ShouldBe(0);
    }

    /// <summary>
    /// The centre has moved the home to the second epoch of its link keys. A band that loses its settings has the keys
    /// of the first epoch again, which its hub does not take.
    /// </summary>
    [Fact]
    public void P16_a_band_that_has_lost_its_moved_link_keys_gets_them_again_without_a_visit()
    {
        using var town = new SwarmWorld(3, bands: 1, hubs: 1);
        var band = town.Bands[0];
        band.SetExternal(true);
        town.PowerOn();
        town.World.RunUntil(() => band.IsTrusted, 60_000).ShouldBeTrue("the first epoch");
        var epochs = new List<int>();
        band.Flash.Written = write =>
        {
            if (write.File.StartsWith("settings", StringComparison.Ordinal))
            {
                epochs.Add(Bytes.GetU16(write.Data, write.Data.Length - 6)); // before the 4 bytes of the CRC
            }
        };
        town.Centre.RaiseLinkEpoch(town.Home);
        town.World.RunUntil(() => epochs.Contains(2) && band.IsTrusted, town.World.NowMs + 60_000)
            .ShouldBeTrue("the second epoch");

        band.PowerOff();
        band.Flash.Delete("settings.a").ShouldBe(FlashResult.Ok);
        band.Flash.Delete("settings.b");
        epochs.Clear();
        town.World.RunUntil(town.World.NowMs + 5000);
        band.PowerOn();
        town.World.RunUntil(() => band.IsTrusted, town.World.NowMs + 60_000).ShouldBeTrue("a link of both sides' own");
        epochs.ShouldContain(2, "the centre has told the band its link keys again");

        var pressedMs = town.World.NowMs;
        town.Ledger.Press(band, 300);
        band.Key.Press(300);
        town.World.RunUntil(() => town.Wrists[0].LastFeltMs.ContainsKey(Stage.Centre), pressedMs + 10_000)
            .ShouldBeTrue("the wearer feels that the centre has it");
        town.World.RunUntil(town.World.NowMs + 30_000);
        town.Ledger.Alarms.Values.ShouldHaveSingleItem().Row.Presses.ShouldBe(1);
        town.Ledger.Findings.ShouldBeEmpty();
        band.Pending.ShouldBe(0);
    }
}
