using ElderBand.BandProtocol;
using ElderBand.HomeHub;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

/// <summary>Frames that are false, of other keys, of a revoked band or of another version.</summary>
public sealed class ForgeryTests
{
    [Fact]
    public void P13_every_single_flipped_bit_is_refused_and_the_true_band_still_served()
    {
        HubRig rig = HubRig.Ready();
        byte[] sos = rig.Band.Sos();
        for (int bit = 0; bit < 160; bit++)
        {
            byte[] flipped = (byte[])sos.Clone();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            rig.Advertise(rig.Band, flipped);
            rig.Run(20);
        }

        rig.Centre.Rows.Values.ShouldNotContain(
            row => row.LinkChecked && row.Address == rig.Band.Address && row.Type == FrameType.Sos);
        rig.Band.Heard.ShouldBeEmpty();
        rig.Advertise(rig.Band, sos);
        rig.Run(2000);
        rig.Band.HasHeard(sos).ShouldBeTrue();
        rig.Centre.Rows.Values.ShouldContain(row => row.LinkChecked && row.Type == FrameType.Sos);
        rig.Technical(TechnicalCode.Tamper).ShouldBe(1);
        rig.Centre.Arrivals.Count(arrived => !arrived.LinkChecked).ShouldBeLessThanOrEqualTo(10);
    }

    [Fact]
    public void P13_over_the_limit_the_senders_link_is_shut_and_tampering_reported_once_a_minute()
    {
        HubRig rig = HubRig.Ready();
        rig.Advertise(rig.Band, []);
        rig.Run(1000);
        Random random = new(1);
        byte[] junk = new byte[Frame.Size];
        for (int i = 0; i < 300; i++)
        {
            random.NextBytes(junk);
            rig.Notify(rig.Band, junk);
            rig.Run(1000);
        }

        rig.Radio.Disconnects.ShouldContain(rig.Band.Address);
        rig.Technical(TechnicalCode.Tamper).ShouldBeInRange(3, 6);
    }

    [Fact]
    public void P13_over_the_limit_no_link_is_made_for_a_minute_unless_the_true_band_calls()
    {
        HubRig rig = HubRig.Ready();
        Random random = new(9);
        byte[] junk = new byte[Frame.Size];
        for (int i = 0; i < 12; i++)
        {
            random.NextBytes(junk);
            rig.Advertise(rig.Band, junk);
            rig.Run(1);
        }

        rig.Radio.Lose(rig.Band.Address);
        rig.Run(700);
        rig.Radio.Lose(rig.Band.Address);
        int connects = rig.Radio.Connects.Count;
        for (int i = 0; i < 20; i++)
        {
            rig.Advertise(rig.Band, []);
            rig.Run(1000);
        }

        rig.Radio.Connects.Count.ShouldBe(connects);
        byte[] sos = rig.Band.Sos();
        rig.Advertise(rig.Band, sos);
        rig.Run(1500);
        rig.Band.HasHeard(sos).ShouldBeTrue();
    }

    [Fact]
    public void P13_a_forged_frame_of_a_high_boot_makes_no_true_call_old_after_a_restart_of_the_hub()
    {
        HubRig rig = HubRig.Ready();
        byte[] forged = rig.Band.Sos();
        Bytes.PutU24(forged, 1, 50_000);
        rig.Advertise(rig.Band, forged);
        rig.Run(5000);
        rig.Centre.Rows.Values.ShouldContain(static row => !row.LinkChecked, "it may be a call under other keys");
        rig.Reboot();
        rig.Run(5000);
        for (int i = 0; i < 9; i++)
        {
            byte[] press = rig.Band.Sos();
            rig.Advertise(rig.Band, press);
            rig.Run(500);
            rig.Band.HasHeard(press).ShouldBeTrue($"press {i + 1}");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(19)]
    public void P13_a_frame_of_the_wrong_length_is_refused(int length)
    {
        HubRig rig = HubRig.Ready();
        rig.Advertise(rig.Band, rig.Band.Sos()[..length]);
        rig.Run(2000);
        rig.Hub.BadFrames.ShouldBe(1);
        rig.Centre.Rows.Values.ShouldNotContain(row => row.Address == rig.Band.Address && row.Type == FrameType.Sos);
    }

    [Fact]
    public void A_call_under_keys_of_another_epoch_reaches_the_centre_unchecked_and_new_keys_can_be_brought()
    {
        HubRig rig = HubRig.Ready();
        rig.Band.MoveTo(2);
        byte[] sos = rig.Band.Sos();
        for (int i = 0; i < 100; i++)
        {
            rig.Advertise(rig.Band, sos);
            rig.Run(500);
        }

        Arrived row = rig.Centre.Rows.Values.Single(row => row.Type == FrameType.Sos);
        row.LinkChecked.ShouldBeFalse();
        rig.Band.Heard.ShouldBeEmpty();
        rig.Technical(TechnicalCode.LinkKeyUnknown).ShouldBe(1);
        rig.Technical(TechnicalCode.Tamper).ShouldBe(0, "one frame repeated is one guess");
        rig.Radio.Up.ShouldContain(rig.Band.Address, "its link stays, so that the centre's words can reach it");
        rig.Centre.SendBandFrame(rig.Band.Address, rig.Band.FromCentre(FrameType.Receipt, sos));
        rig.Run(1000);
        rig.Band.Count(FrameType.Receipt).ShouldBeGreaterThan(0);

        rig.SendTable(epoch: 2);
        rig.Run(500);
        rig.Advertise(rig.Band, sos);
        rig.Run(2000);
        rig.Band.HasHeard(sos).ShouldBeTrue();
    }

    [Fact]
    public void An_unchecked_copy_cannot_keep_the_true_frame_out()
    {
        HubRig rig = HubRig.Ready();
        rig.Centre.Reachable = false;
        rig.Centre.Drop();
        byte[] sos = rig.Band.Sos();
        byte[] forged = (byte[])sos.Clone();
        forged[17] ^= 1;
        rig.Advertise(rig.Band, forged);
        rig.Run(100);
        rig.Advertise(rig.Band, sos);
        rig.Run(2000);
        rig.Band.HasHeard(sos).ShouldBeTrue();
        rig.Centre.Reachable = true;
        rig.Run(120_000);
        rig.Centre.Arrivals.ShouldContain(arrived => arrived.LinkChecked && arrived.Type == FrameType.Sos);
    }

    [Fact]
    public void P33_an_unknown_type_or_version_with_a_right_tag_is_carried_to_the_centres_quarantine()
    {
        HubRig rig = HubRig.Ready();
        foreach (byte first in new byte[] { 0x1F, 0x3F, 0x41, 0xE1 })
        {
            byte[] frame = rig.Band.Sos();
            frame[0] = first;
            rig.Band.Sign(frame);
            rig.Advertise(rig.Band, frame);
            rig.Run(1000);
        }

        rig.Centre.Arrivals.Count(arrived => arrived.Address == rig.Band.Address && arrived.LinkChecked).ShouldBe(4);
        rig.Hub.WaitingAlarms.ShouldBe(0, "the queue goes on");
    }

    [Fact]
    public void P40_a_revoked_band_is_refused_at_once_and_also_after_a_reboot()
    {
        HubRig rig = HubRig.Ready(2);
        rig.SendTable(count: 1);
        rig.Run(500);
        rig.Advertise(rig.Bands[1], rig.Bands[1].Sos());
        rig.Run(1000);
        rig.Reboot();
        rig.Advertise(rig.Bands[1], rig.Bands[1].Sos());
        rig.Run(1000);
        rig.Centre.Rows.Values.ShouldNotContain(row => row.Type == FrameType.Sos);
        byte[] sos = rig.Bands[0].Sos();
        rig.Advertise(rig.Bands[0], sos);
        rig.Run(1500);
        rig.Bands[0].HasHeard(sos).ShouldBeTrue();
    }
}
