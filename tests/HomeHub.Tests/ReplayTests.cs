using ElderBand.BandProtocol;
using ElderBand.HomeHub;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

/// <summary>Frames that arrive again: repeats, replays and frames of an earlier boot.</summary>
public sealed class ReplayTests
{
    [Fact]
    public void P12_a_replayed_frame_gets_the_same_acknowledgement_and_no_second_row()
    {
        HubRig rig = HubRig.Ready();
        byte[] sos = rig.Band.Sos();
        rig.Advertise(rig.Band, sos);
        rig.Run(2000);
        rig.Centre.SendBandFrame(rig.Band.Address, rig.Band.FromCentre(FrameType.Receipt, sos));
        rig.Run(10_000);
        int arrived = rig.Centre.Arrivals.Count;
        rig.Band.Received.Clear();

        for (int i = 0; i < 100; i++)
        {
            rig.Notify(rig.Band, sos);
            rig.Run(100);
        }

        rig.Centre.Arrivals.Count.ShouldBe(arrived, "the centre is not even told");
        rig.Band.Count(FrameType.HubHeard).ShouldBe(100);
        rig.Band.Received.Where(frame => Frame.TypeOf(frame, 0) == FrameType.HubHeard)
            .Select(ScriptedBand.Identity).Distinct().ShouldHaveSingleItem();
    }

    [Fact]
    public void P12_a_repeat_while_the_centre_is_away_is_answered_and_stored_once()
    {
        HubRig rig = HubRig.Ready();
        rig.Centre.Reachable = false;
        rig.Centre.Drop();
        byte[] sos = rig.Band.Sos();
        for (int i = 0; i < 60; i++)
        {
            rig.Advertise(rig.Band, sos);
            rig.Run(1000);
        }

        rig.Hub.WaitingAlarms.ShouldBe(1);
        rig.Band.Count(FrameType.HubHeard).ShouldBeGreaterThan(30);
    }

    [Fact]
    public void P12_frames_of_older_boots_reach_the_centre_bounded_and_make_no_second_row()
    {
        HubRig rig = HubRig.Ready();
        List<byte[]> recorded = [];
        for (int i = 0; i < 40; i++)
        {
            recorded.Add(rig.Band.Sos());
            rig.Advertise(rig.Band, recorded[^1]);
            rig.Run(500);
        }

        rig.Band.Reboot();
        rig.Advertise(rig.Band, rig.Band.Event(FrameType.Boot));
        rig.Run(120_000);
        int rows = rig.Centre.Rows.Count;
        int arrived = rig.Centre.Arrivals.Count;
        foreach (byte[] frame in recorded)
        {
            rig.Advertise(rig.Band, frame);
            rig.Run(250);
        }

        rig.Run(5000);
        (rig.Centre.Arrivals.Count - arrived).ShouldBeInRange(1, 20, "audited, at most 10 a minute");
        rig.Centre.Rows.Count.ShouldBe(rows);
    }

    [Fact]
    public void P12_a_replay_after_the_hubs_reboot_is_known_from_the_checkpoint()
    {
        HubRig rig = HubRig.Ready();
        byte[] sos = rig.Band.Sos();
        rig.Advertise(rig.Band, sos);
        rig.Run(2000);
        rig.Reboot();
        rig.Hub.Bands.At(0).AlarmWindow.Judge(Frame.BootOf(sos, 0), Frame.SequenceOf(sos, 0)).ShouldBe(Freshness.Seen);
    }

    [Fact]
    public void P12_after_the_hubs_reboot_a_replayed_status_of_an_earlier_boot_does_not_count_as_a_beat()
    {
        HubRig rig = HubRig.Ready();
        byte[] old = rig.Band.Status(BandMode.Guard);
        rig.Band.Reboot();
        rig.Advertise(rig.Band, rig.Band.Sos());
        rig.Run(2000);
        rig.Reboot();
        rig.Run(1000);
        rig.Advertise(rig.Band, old);
        rig.Run(1000);
        rig.Hub.BandsHeard.ShouldBe(0);
        rig.Hub.Bands.At(0).ClockBoot.ShouldBe(-1, "an old uptime makes wrong ages");
        rig.Hub.Repeats.ShouldBe(1);

        rig.Advertise(rig.Band, rig.Band.Status(BandMode.Daily));
        rig.Run(1000);
        rig.Hub.BandsHeard.ShouldBe(1);
    }

    [Fact]
    public void A_call_latched_before_the_bands_reboot_is_stored_and_answered()
    {
        HubRig rig = HubRig.Ready();
        byte[] sos = rig.Band.Sos();
        rig.Band.Reboot();
        rig.Advertise(rig.Band, rig.Band.Event(FrameType.Boot));
        rig.Run(2000);
        rig.Notify(rig.Band, sos);
        rig.Run(1000);
        rig.Band.HasHeard(sos).ShouldBeTrue();
        rig.Centre.Rows.Values.ShouldContain(row => row.Type == FrameType.Sos);
    }

    [Fact]
    public void A_band_that_missed_the_receipt_asks_again_and_the_centre_is_asked_again()
    {
        HubRig rig = HubRig.Ready();
        byte[] sos = rig.Band.Sos();
        rig.Advertise(rig.Band, sos);
        rig.Run(2000);
        rig.Reboot();
        rig.Run(2000);
        int before = rig.Centre.Arrivals.Count(arrived => arrived.Type == FrameType.Sos);
        rig.Advertise(rig.Band, sos);
        rig.Run(2000);
        rig.Centre.Arrivals.Count(arrived => arrived.Type == FrameType.Sos).ShouldBe(before + 1);
        rig.Centre.Rows.Values.Count(row => row.Type == FrameType.Sos).ShouldBe(1);
        rig.Band.HasHeard(sos).ShouldBeTrue();
    }
}
