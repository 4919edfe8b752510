using ElderBand.BandProtocol;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

/// <summary>
/// A link costs the band's battery and makes the hub deaf: it is made only where something waits for it.
/// </summary>
public sealed class LinkNeedTests
{
    [Fact]
    public void A_status_of_Daily_or_a_summary_is_taken_from_the_advertisement_and_brings_no_link()
    {
        HubRig rig = HubRig.Ready();
        rig.Advertise(rig.Band, rig.Band.Status(BandMode.Daily));
        rig.Run(5000);
        rig.Advertise(rig.Band, rig.Band.Vitals(tenMinutes: true));
        rig.Run(20_000);
        rig.Radio.Connects.ShouldBeEmpty();
        rig.Centre.Vitals.Values.Select(arrived => arrived.Type).ShouldBe([FrameType.Status, FrameType.Vitals]);
        rig.Hub.BandsHeard.ShouldBe(1);
    }

    [Theory]
    [InlineData("status of Guard")]
    [InlineData("status that asks")]
    [InlineData("no frame")]
    [InlineData("press")]
    [InlineData("unknown version")]
    public void A_frame_that_needs_a_link_gets_one(string what)
    {
        HubRig rig = HubRig.Ready();
        byte[] asks = rig.Band.Status(BandMode.Daily);
        Payload.AskForLink(asks);
        byte[] unknown = rig.Band.Sos();
        unknown[0] ^= 0xC0;
        rig.Advertise(rig.Band, what switch
        {
            "status of Guard" => rig.Band.Status(BandMode.Guard),
            "status that asks" => rig.Band.Sign(asks),
            "no frame" => [],
            "press" => rig.Band.Sos(),
            _ => rig.Band.Sign(unknown),
        });
        rig.Run(2000);
        rig.Radio.Connects.ShouldBe([rig.Band.Address]);
    }

    [Fact]
    public void A_frame_of_the_centre_goes_out_with_the_next_beat()
    {
        HubRig rig = HubRig.Ready();
        byte[] press = rig.Band.Sos();
        rig.Centre.SendBandFrame(rig.Band.Address, rig.Band.FromCentre(FrameType.Stage, press, Stage.Taken, 1));
        rig.Run(60_000);
        rig.Radio.Connects.ShouldBeEmpty("nobody is on the air");
        rig.Advertise(rig.Band, rig.Band.Status(BandMode.Daily));
        rig.Run(2000);
        rig.Radio.Connects.ShouldBe([rig.Band.Address]);
        rig.Band.Count(FrameType.Stage).ShouldBe(1);
    }

    [Fact]
    public void A_beat_that_is_over_is_not_connected_to()
    {
        HubRig rig = HubRig.Ready();
        rig.Advertise(rig.Band, rig.Band.Status(BandMode.Daily));
        rig.Run(1500);
        byte[] press = rig.Band.Sos();
        rig.Centre.SendBandFrame(rig.Band.Address, rig.Band.FromCentre(FrameType.Stage, press, Stage.Taken, 1));
        rig.Run(60_000);
        rig.Radio.Connects.ShouldBeEmpty("it would fail, and the hub is deaf for 7 s");
    }

    [Fact]
    public void P38_beats_in_advertisements_keep_a_Daily_band_from_being_silent_and_three_missed_ones_do_not()
    {
        HubRig rig = HubRig.Ready();
        for (int beat = 0; beat < 12; beat++)
        {
            byte[] status = rig.Band.Status(BandMode.Daily);
            rig.Advertise(rig.Band, beat % 2 == 0 ? status : rig.Band.Vitals(tenMinutes: true));
            rig.Run(300_000);
        }

        rig.Centre.Rows.Values.ShouldNotContain(arrived => arrived.Code == TechnicalCode.BandSilent);
        rig.Run(2 * 300_000);
        rig.Centre.Rows.Values.ShouldContain(arrived => arrived.Code == TechnicalCode.BandSilent);
        rig.Radio.Connects.ShouldBeEmpty();
    }

    [Fact]
    public void The_age_of_a_press_is_known_from_an_advertised_status()
    {
        HubRig rig = HubRig.Ready();
        rig.Run(100_000);
        rig.Band.BootedMs = rig.Clock.Now - 50_000;
        rig.Advertise(rig.Band, rig.Band.Status(BandMode.Daily));
        rig.Run(30_000);
        byte[] press = rig.Band.Sos(uptimeS: 60);
        rig.Advertise(rig.Band, press);
        rig.Run(2000);
        Arrived arrived = rig.Centre.Rows.Values.Single(row => row.Type == FrameType.Sos);
        arrived.Quality.ShouldBe(AgeQuality.About);
        arrived.AgeMs.ShouldBeInRange(20_000u, 21_500u);
    }
}
