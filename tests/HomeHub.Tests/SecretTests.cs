using ElderBand.BandProtocol;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

/// <summary>P68: a hub whose band changes its secret (docs/adr/0097).</summary>
public sealed class SecretTests
{
    [Fact]
    public void P68_a_hub_serves_the_band_before_and_after_the_change()
    {
        HubRig rig = Offered(out ScriptedBand band);
        Press(rig).ShouldBeTrue("the band has not changed yet");
        band.ChangeSecret(1);
        Press(rig).ShouldBeTrue("the first press under the new secret");
        rig.Advertise(band, band.Status(BandMode.Guard));
        rig.Run(1000);
        rig.SendTable((band, 1));
        rig.Run(1000);
        Press(rig).ShouldBeTrue();
        band.ChangeSecret(0);
        Press(rig).ShouldBeFalse("the old keys are gone");
        rig.Technical(TechnicalCode.LinkKeyUnknown).ShouldBe(1);
    }

    [Fact]
    public void P68_the_change_over_a_link_keeps_the_link()
    {
        HubRig rig = Offered(out ScriptedBand band);
        Press(rig).ShouldBeTrue();
        rig.Raise(EventKind.FrameIn, band.Address, 0, band.Sealed(band.Challenge()));
        rig.Run(500);
        band.Count(FrameType.HubState).ShouldBe(1);
        band.ChangeSecret(1);
        rig.Raise(EventKind.FrameIn, band.Address, 0, band.Sealed(band.Status(BandMode.Guard)));
        rig.Run(500);
        int states = band.Count(FrameType.HubState);
        rig.Run(LinkTiming.HubStateMs + 1000);
        band.Count(FrameType.HubState).ShouldBeGreaterThan(states, "the hub's state is sealed with the new keys");
        rig.Hub.BadFrames.ShouldBe(0);
    }

    [Fact]
    public void P68_a_restart_of_the_hub_during_the_change_takes_no_keys_away()
    {
        foreach (int changes in new[] { 0, 1 })
        {
            HubRig rig = Offered(out ScriptedBand band);
            band.ChangeSecret(changes);
            rig.Centre.Drop();
            rig.Reboot();
            Press(rig).ShouldBeTrue($"{changes} changes");
        }
    }

    [Fact]
    public void P68_P56_a_table_of_a_restored_centre_leaves_the_hub_the_keys_that_the_band_uses()
    {
        HubRig rig = Offered(out ScriptedBand band);
        band.ChangeSecret(1);
        Press(rig).ShouldBeTrue();
        rig.SendTable((band, 1));
        rig.Run(1000);
        rig.SendTable((band, 0));
        rig.Run(1000);
        Press(rig).ShouldBeTrue("the centre has forgotten the change, the hub has not");
        rig.SendTable((band, 1));
        rig.Run(1000);
        Press(rig).ShouldBeTrue();
    }

    [Fact]
    public void P12_P68_replays_under_the_old_secret_do_not_take_the_hub_back_to_it()
    {
        HubRig rig = Offered(out ScriptedBand band);
        List<byte[]> recorded = [];
        for (int i = 0; i < 4; i++)
        {
            byte[] sos = band.Sos();
            recorded.Add(band.Sealed(sos));
            rig.Advertise(band, sos);
            rig.Run(2000);
            recorded.Add(band.Sealed(band.Status(BandMode.Guard)));
            rig.Raise(EventKind.Advertisement, band.Address, -60, recorded[^1]);
            rig.Run(500);
        }

        band.ChangeSecret(1);
        Press(rig).ShouldBeTrue();
        for (int i = 0; i < 200; i++)
        {
            rig.Raise(EventKind.Advertisement, band.Address, -60, recorded[i % recorded.Count]);
            rig.Run(50);
        }

        Press(rig).ShouldBeTrue();
        Press(rig).ShouldBeTrue();
    }

    [Fact]
    public void P68_two_of_eight_bands_may_have_a_second_entry_and_no_table_has_more_than_eight_bands()
    {
        HubRig rig = HubRig.Ready(8);
        (ScriptedBand, int)[] entries =
            [.. rig.Bands.Select(static band => (band, 0)), (rig.Bands[2], 1), (rig.Bands[7], 1)];
        rig.SendTable(entries);
        rig.Run(1000);
        rig.Hub.BadMessages.ShouldBe(0);
        rig.Hub.Bands.Count.ShouldBe(8);
        rig.Bands[7].ChangeSecret(1);
        byte[] sos = rig.Bands[7].Sos();
        rig.Advertise(rig.Bands[7], sos);
        rig.Run(8000);
        rig.Bands[7].HasHeard(sos).ShouldBeTrue();
    }

    private static HubRig Offered(out ScriptedBand band)
    {
        HubRig rig = HubRig.Ready();
        band = rig.Band;
        rig.SendTable((band, 0), (band, 1));
        rig.Run(1000);
        rig.Hub.BadMessages.ShouldBe(0);
        return rig;
    }

    private static bool Press(HubRig rig)
    {
        byte[] sos = rig.Band.Sos();
        rig.Advertise(rig.Band, sos);
        rig.Run(8000);
        return rig.Band.HasHeard(sos);
    }
}
