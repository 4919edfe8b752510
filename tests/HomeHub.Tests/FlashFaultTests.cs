using ElderBand.BandProtocol;
using ElderBand.HomeHub;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

/// <summary>A flash that is full, read-only, damaged or failing.</summary>
public sealed class FlashFaultTests
{
    [Fact]
    public void P19_a_full_flash_still_takes_alarms_because_vitals_give_way()
    {
        HubRig rig = HubRig.Ready(8);
        rig.Flash.CapacityBytes = 100 * 1024;
        rig.Centre.Reachable = false;
        rig.Centre.Drop();
        for (int tenMinutes = 0; tenMinutes < 6 * 48; tenMinutes++)
        {
            foreach (ScriptedBand band in rig.Bands)
            {
                rig.Advertise(band, band.Vitals(tenMinutes: true));
                rig.Run(1000);
            }

            rig.Run(592_000);
        }

        List<byte[]> calls = [];
        for (int i = 0; i < 600; i++)
        {
            byte[] sos = rig.Bands[i % 8].Sos();
            calls.Add(sos);
            rig.Advertise(rig.Bands[i % 8], sos);
            rig.Run(200);
        }

        rig.Hub.Outbox.Alarms.PendingCount.ShouldBe(0, "all on flash");
        rig.Hub.Outbox.Alarms.Count.ShouldBeGreaterThanOrEqualTo(600);
        rig.Centre.Reachable = true;
        rig.Run(180_000);
        rig.Centre.Rows.Values.Count(row => row.Type == FrameType.Sos).ShouldBe(600);
        rig.Technical(TechnicalCode.VitalsDropped).ShouldBeGreaterThan(0);
    }

    [Fact]
    public void P19_a_read_only_flash_is_seen_by_staff_within_3_min_and_calls_go_on()
    {
        HubRig rig = HubRig.Ready();
        rig.Flash.ReadOnly = true;
        byte[] sos = rig.Band.Sos();
        rig.Advertise(rig.Band, sos);
        rig.Run(180_000);
        rig.Technical(TechnicalCode.FlashFault).ShouldBe(1);
        rig.Centre.Rows.Values.Single(row => row.Type == FrameType.Sos).AtMs.ShouldBeLessThan(5000);
        rig.Band.HasHeard(sos).ShouldBeFalse("what a power cut would lose is not acknowledged");
        rig.Hub.WaitingAlarms.ShouldBe(0);
    }

    [Fact]
    public void P19_a_flash_that_fails_for_an_hour_and_recovers_takes_what_waited_in_memory()
    {
        HubRig rig = HubRig.Ready();
        rig.Centre.Reachable = false;
        rig.Centre.Drop();
        byte[] before = rig.Band.Sos();
        rig.Advertise(rig.Band, before);
        rig.Run(2000);
        rig.Flash.AppendsFail = true;
        byte[] during = rig.Band.Sos();
        for (int i = 0; i < 3600; i++)
        {
            rig.Advertise(rig.Band, during);
            rig.Run(1000);
        }

        rig.Band.HasHeard(during).ShouldBeFalse();
        rig.Flash.AppendsFail = false;
        rig.Advertise(rig.Band, during);
        rig.Run(10_000);
        rig.Band.HasHeard(during).ShouldBeTrue();
        rig.Reboot();
        rig.Hub.Outbox.Alarms.Find(rig.Band.Address, before, 0).ShouldBeGreaterThanOrEqualTo(0);
        rig.Hub.Outbox.Alarms.Find(rig.Band.Address, during, 0).ShouldBeGreaterThanOrEqualTo(0);
    }

    [Fact]
    public void P19_a_bad_block_loses_no_record()
    {
        HubRig rig = HubRig.Ready();
        foreach (string bad in new[] { "alarm0", "alarm1", "alarm3" })
        {
            rig.Flash.BadFiles.Add(bad);
        }

        for (int i = 0; i < 300; i++)
        {
            byte[] sos = rig.Band.Sos();
            rig.Notify(rig.Band, sos);
            rig.Advertise(rig.Band, sos);
            rig.Run(1000);
            rig.Band.HasHeard(sos).ShouldBeTrue(i.ToString());
        }

        rig.Centre.Rows.Values.Count(row => row.Type == FrameType.Sos).ShouldBe(300);
    }

    [Fact]
    public void P19_a_full_alarm_lane_refuses_notes_first_then_calls_and_acknowledges_none_of_them()
    {
        HubRig rig = HubRig.Ready();
        rig.Centre.Reachable = false;
        rig.Centre.Drop();
        for (int i = 0; i < 1100; i++)
        {
            rig.Advertise(rig.Band, rig.Band.Event(FrameType.WearChange));
            rig.Run(50);
        }

        rig.Hub.Outbox.Alarms.Count.ShouldBe(Outbox.AlarmCapacity * 3 / 4);
        byte[] sos = rig.Band.Sos();
        rig.Advertise(rig.Band, sos);
        rig.Run(3000);
        rig.Band.HasHeard(sos).ShouldBeTrue("the reserve is for calls");
        for (int i = 0; i < 300; i++)
        {
            rig.Advertise(rig.Band, rig.Band.Sos());
            rig.Run(50);
        }

        rig.Hub.Outbox.Alarms.Count.ShouldBe(Outbox.AlarmCapacity);
        byte[] last = rig.Band.Sos();
        rig.Advertise(rig.Band, last);
        rig.Run(3000);
        rig.Band.HasHeard(last).ShouldBeFalse("the band keeps its latch");
        rig.Centre.Reachable = true;
        rig.Run(200_000);
        rig.Hub.WaitingAlarms.ShouldBe(0);
        rig.Advertise(rig.Band, last);
        rig.Run(3000);
        rig.Band.HasHeard(last).ShouldBeTrue();
    }

    [Fact]
    public void Ten_second_vitals_are_kept_ten_minutes_in_memory_and_never_written()
    {
        HubRig rig = HubRig.Ready();
        rig.Centre.Reachable = false;
        rig.Centre.Drop();
        for (int i = 0; i < 360; i++)
        {
            rig.Advertise(rig.Band, rig.Band.Vitals(tenMinutes: false));
            rig.Run(10_000);
        }

        rig.Hub.WaitingVitals.ShouldBeInRange(59, 62);
        rig.Flash.Files.Keys.ShouldNotContain(name => name.StartsWith("vitals", StringComparison.Ordinal));
    }

    [Fact]
    public void P51_a_bad_copy_of_the_provision_is_told_once_in_the_boot_that_found_it()
    {
        HubRig rig = HubRig.Ready();
        rig.ProvisionCopyWasBad = true;
        rig.Reboot();
        rig.Run(20_000);
        rig.Technical(TechnicalCode.ProvisionCopyBad).ShouldBe(1);
        rig.ProvisionCopyWasBad = false;
        rig.Reboot();
        rig.Run(20_000);
        rig.Technical(TechnicalCode.ProvisionCopyBad).ShouldBe(1);
    }
}
