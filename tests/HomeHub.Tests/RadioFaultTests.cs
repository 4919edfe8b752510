using ElderBand.BandProtocol;
using ElderBand.HomeHub;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

/// <summary>A radio that is dead, and one that only has nothing to hear.</summary>
public sealed class RadioFaultTests
{
    [Fact]
    public void P15_a_dead_radio_is_restarted_in_30_s_and_the_hub_in_3_min_with_the_outbox_intact()
    {
        HubRig rig = HubRig.Ready();
        rig.Centre.Reachable = false;
        rig.Centre.Drop();
        byte[] sos = rig.Band.Sos();
        rig.Advertise(rig.Band, sos);
        rig.Advertise(rig.Band, rig.Band.Status(BandMode.Guard));
        rig.Run(1000);
        rig.Radio.Dead = true;
        int before = rig.Radio.Restarts;
        rig.Run(31_000);
        rig.Radio.Restarts.ShouldBe(before + 1);
        rig.Run(149_000);
        rig.Power.Resets.ShouldBe(1);
        rig.Reboot();
        rig.Hub.Outbox.Alarms.Find(rig.Band.Address, sos, 0).ShouldBeGreaterThanOrEqualTo(0);
        rig.Run(1_800_000);
        rig.Power.Resets.ShouldBe(1, "no reset loop while the radio stays dead");
    }

    [Fact]
    public void P15_a_quiet_home_of_a_band_in_daily_mode_is_no_fault()
    {
        HubRig rig = HubRig.Ready();
        int before = rig.Radio.Restarts;
        for (int i = 0; i < 24; i++)
        {
            rig.Advertise(rig.Band, rig.Band.Status(BandMode.Daily));
            rig.Run(300_000);
        }

        rig.Radio.Restarts.ShouldBe(before);
        rig.Power.Resets.ShouldBe(0);
    }

    [Fact]
    public void P15_one_missed_beat_in_Daily_restarts_the_radio_and_two_restart_the_hub()
    {
        HubRig rig = HubRig.Ready();
        int before = rig.Radio.Restarts;
        rig.Advertise(rig.Band, rig.Band.Status(BandMode.Daily));
        rig.Run(600_000);
        rig.Radio.Restarts.ShouldBeGreaterThan(before);
        rig.Power.Resets.ShouldBe(0, "the next beat is due now");
        rig.Run(20_000);
        rig.Power.Resets.ShouldBe(1);
    }
}
