using ElderBand.BandProtocol;
using ElderBand.Common.Board;
using ElderBand.HomeHub;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

/// <summary>The real FlashFiles on the device's file API, which knows neither a size nor a reason (F4).</summary>
public sealed class FlashTests(ITestOutputHelper output)
{
    private const int DayOfTenMinutes = 144;

    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    public void P21_an_offline_hub_on_the_device_s_flash_keeps_24_h_of_ten_minute_frames(int bands)
    {
        HubRig rig = OfflineHub(bands, out LittleFs drive);
        int sent = DayOffline(rig);
        rig.Run(120_000);
        output.WriteLine($"{rig.Hub.WaitingVitals} of {sent} in memory, {drive.UsedBlocks} of 64 blocks used");
        rig.Reboot();
        output.WriteLine($"{rig.Hub.WaitingVitals} of {sent} after a power cut");
        rig.Hub.WaitingVitals.ShouldBe(sent);
        drive.OutOfBlocks.ShouldBe(0);
    }

    [Fact]
    public void P21_a_hub_offline_for_72_h_with_8_bands_never_runs_out_of_blocks_and_keeps_a_full_alarm_lane_s_room()
    {
        HubRig rig = OfflineHub(8, out LittleFs drive);
        for (int day = 0; day < 3; day++)
        {
            DayOffline(rig);
        }

        rig.Hub.WaitingVitals.ShouldBeGreaterThanOrEqualTo(8 * DayOfTenMinutes);
        for (int i = 0; i < Outbox.AlarmCapacity; i++)
        {
            rig.Advertise(rig.Bands[i % 8], rig.Bands[i % 8].Sos());
            rig.Run(100);
        }

        rig.Run(10_000);
        rig.Hub.Outbox.FlashFailing.ShouldBeFalse();
        rig.Hub.Outbox.Alarms.PendingCount.ShouldBe(0);
        rig.Hub.Outbox.Alarms.Count.ShouldBe(Outbox.AlarmCapacity);
        drive.OutOfBlocks.ShouldBe(0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void P19_a_flash_that_answers_with_faults_keeps_its_vitals(bool readsFailToo)
    {
        HubRig rig = OfflineHub(4, out LittleFs drive);
        int sent = DayOffline(rig);
        rig.Run(120_000);
        drive.WritesFail = true;
        drive.AllFails = readsFailToo;
        for (int minute = 0; minute < 60; minute++)
        {
            rig.Advertise(rig.Band, rig.Band.Vitals(tenMinutes: true));
            rig.Advertise(rig.Band, rig.Band.Sos());
            rig.Run(60_000);
            sent++;
        }

        rig.Hub.Outbox.FlashFailing.ShouldBeTrue();
        rig.Hub.Outbox.VitalsDropped.ShouldBe(0, "a fault is no reason to delete");
        rig.Hub.WaitingVitals.ShouldBe(sent);
        drive.WritesFail = false;
        drive.AllFails = false;
        rig.Run(120_000);
        rig.Reboot();
        rig.Hub.WaitingVitals.ShouldBe(sent, "what waited in memory is on flash now");
    }

    [Theory]
    [InlineData("read-only")]
    [InlineData("full")]
    [InlineData("torn")]
    public void P19_a_broken_flash_is_one_light_and_one_card_loses_nothing_and_everything_else_goes_on(string how)
    {
        HubRig rig = HubRig.Ready();
        byte[] before = rig.Band.Sos();
        rig.Centre.Reachable = false;
        rig.Centre.Drop();
        rig.Advertise(rig.Band, before);
        rig.Run(2000);
        rig.Band.HasHeard(before).ShouldBeTrue();
        int capacity = rig.Flash.CapacityBytes;
        rig.Flash.ReadOnly = how == "read-only";
        rig.Flash.CapacityBytes = how == "full" ? rig.Flash.Used - 4096 : capacity;
        rig.Flash.FailKeepingBytes = how == "torn" ? 30 : null;
        byte[] during = rig.Band.Sos();
        rig.Advertise(rig.Band, during);
        rig.Run(1000);
        rig.Hub.Signal.ShouldBe(SignalMode.StoreFault, "two flashes every 2 s");
        rig.Hub.Outbox.FlashState.ShouldBe(how == "full" ? FlashResult.Full : FlashResult.Failed);
        rig.Band.HasHeard(during).ShouldBeFalse("what a power cut would lose is not acknowledged");

        // The line, vitals, the hub's own key and the links go on.
        rig.Centre.Reachable = true;
        rig.Advertise(rig.Band, rig.Band.Vitals(tenMinutes: false));
        rig.Key.Level = true;
        rig.Raise(EventKind.KeyEdge, 0, 1);
        rig.Run(200);
        rig.Key.Level = false;
        rig.Raise(EventKind.KeyEdge, 0, 0);
        rig.Run(180_000);
        Rows(rig, FrameType.Sos).ShouldBe(2);
        Rows(rig, FrameType.HubKey).ShouldBe(1);
        rig.Centre.Vitals.ShouldNotBeEmpty();
        rig.Technical(TechnicalCode.FlashFault).ShouldBe(1);
        rig.Technical(TechnicalCode.Recovered).ShouldBe(0);

        rig.Flash.ReadOnly = false;
        rig.Flash.CapacityBytes = capacity;
        rig.Flash.FailKeepingBytes = null;
        rig.Run(70_000);
        byte[] after = rig.Band.Sos();
        rig.Advertise(rig.Band, after);
        rig.Run(3000);
        rig.Band.HasHeard(after).ShouldBeTrue();
        rig.Hub.Signal.ShouldBe(SignalMode.Online);
        rig.Technical(TechnicalCode.Recovered).ShouldBe(1, "the card closes by itself");
        rig.Technical(TechnicalCode.FlashFault).ShouldBe(1);
    }

    [Fact]
    public void Full_is_what_the_count_of_blocks_says_and_every_other_fault_is_failed()
    {
        LittleFs drive = new();
        LittleFs.Mounted = drive;
        FlashFiles files = new();
        byte[] block = new byte[4096];
        int free = files.FreeBytes();
        free.ShouldBe(FlashSpace.PartitionBytes - (FlashSpace.ReservedBlocks * FlashSpace.BlockBytes));
        int written = 0;
        FlashResult result;
        while ((result = files.Write($"f{written}", block, block.Length)) == FlashResult.Ok)
        {
            written++;
        }

        result.ShouldBe(FlashResult.Full);
        (written * 4096).ShouldBe(free);
        files.FreeBytes().ShouldBe(0);
        drive.OutOfBlocks.ShouldBe(0, "the reserve lets littlefs copy and split");
        files.Delete("f3").ShouldBe(FlashResult.Ok);
        files.Write("small", block, 1).ShouldBe(FlashResult.Ok);
        files.FreeBytes().ShouldBe(0, "one byte takes a whole block");
        files.Append("small", block, 4095).ShouldBe(FlashResult.Ok);
        files.Append("small", block, 1).ShouldBe(FlashResult.Full);
        files.Length("small").ShouldBe(4096);
        files.Delete("small").ShouldBe(FlashResult.Ok);

        drive.WritesFail = true;
        files.Write("small", block, 1).ShouldBe(FlashResult.Failed);
        files.Append("f0", block, 1).ShouldBe(FlashResult.Failed, "one block is free");
        files.Delete("f1").ShouldBe(FlashResult.Failed);
    }

    private static int Rows(HubRig rig, FrameType type) => rig.Centre.Rows.Values.Count(row => row.Type == type);

    private static HubRig OfflineHub(int bands, out LittleFs drive)
    {
        drive = new LittleFs();
        LittleFs.Mounted = drive;
        HubRig rig = HubRig.Ready(bands, new FlashFiles());
        rig.Centre.Reachable = false;
        rig.Centre.Drop();
        rig.Run(1000);
        return rig;
    }

    private static int DayOffline(HubRig rig)
    {
        int sent = 0;
        for (int tenMinutes = 0; tenMinutes < DayOfTenMinutes; tenMinutes++)
        {
            foreach (ScriptedBand band in rig.Bands)
            {
                rig.Advertise(band, band.Vitals(tenMinutes: true));
                rig.Run(10_000);
                sent++;
            }

            rig.Run(600_000 - (rig.Bands.Count * 10_000));
        }

        return sent;
    }
}
