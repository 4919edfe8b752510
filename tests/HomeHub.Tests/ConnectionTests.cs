using ElderBand.BandProtocol;
using ElderBand.HomeHub;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

/// <summary>Which bands the hub connects to, and for how long, where there are more than links.</summary>
public sealed class ConnectionTests
{
    [Fact]
    public void P14_a_flood_of_strangers_does_not_delay_the_own_bands_call()
    {
        HubRig rig = HubRig.Ready();
        Random random = new(2);
        byte[] junk = new byte[Frame.Size];
        byte[] sos = rig.Band.Sos();
        for (int i = 0; i < 20_000; i++)
        {
            random.NextBytes(junk);
            rig.Raise(EventKind.Advertisement, 0xAA0000000000 + random.Next(), -50, junk);
            if (i % 10 == 0)
            {
                rig.Advertise(rig.Band, sos);
            }

            if (i % 20 == 19)
            {
                rig.Run(10);
            }
        }

        rig.Run(1000);
        rig.Band.HasHeard(sos).ShouldBeTrue();
        rig.Centre.Rows.Values.Single(row => row.Type == FrameType.Sos).AtMs.ShouldBeLessThan(10_000);
        rig.Hub.Strangers.ShouldBeGreaterThan(10_000);
        rig.Radio.Connects.ShouldAllBe(address => address == rig.Band.Address);
    }

    [Fact]
    public void A_band_that_cannot_be_connected_does_not_delay_anothers_call()
    {
        HubRig rig = HubRig.Ready(2);
        ScriptedBand far = rig.Bands[0];
        ScriptedBand near = rig.Bands[1];
        rig.Radio.Unreachable.Add(far.Address);
        byte[] unheard = far.Sos();
        byte[] sos = near.Sos();
        long? heardMs = null;
        for (int i = 0; i < 300 && heardMs is null; i++)
        {
            rig.Advertise(far, unheard);
            if (i >= 5)
            {
                rig.Advertise(near, sos);
            }

            rig.Run(100);
            heardMs = near.HasHeard(sos) ? rig.World.NowMs : null;
        }

        heardMs.ShouldNotBeNull();
        heardMs.Value.ShouldBeLessThan(1500 + 7000 + 1500);
        rig.Centre.Rows.Values.Where(row => row.Type == FrameType.Sos)
            .ShouldAllBe(row => row.AtMs < 2000, "both were stored and sent at once");
    }

    [Fact]
    public void A_band_at_the_edge_of_range_stops_the_scan_only_for_its_call_and_seldom_for_frames_of_the_centre()
    {
        HubRig rig = HubRig.Ready();
        rig.Radio.Unreachable.Add(rig.Band.Address);
        AdvertiseWeakly([], 60);
        rig.Radio.Connects.ShouldBeEmpty("it only asks");

        rig.Centre.SendBandFrame(
            rig.Band.Address, rig.Band.FromCentre(FrameType.Stage, rig.Band.Sos(), Stage.Coming, 3));
        AdvertiseWeakly([], 250);
        rig.Radio.Connects.Count.ShouldBe(1);
        AdvertiseWeakly([], 100);
        rig.Radio.Connects.Count.ShouldBe(2);

        rig.Radio.Unreachable.Clear();
        byte[] sos = rig.Band.Sos();
        AdvertiseWeakly(sos, 5);
        rig.Band.HasHeard(sos).ShouldBeTrue();

        void AdvertiseWeakly(byte[] frame, int seconds)
        {
            for (int i = 0; i < seconds; i++)
            {
                rig.Advertise(rig.Band, frame, -93);
                rig.Run(1000);
            }
        }
    }

    [Fact]
    public void While_a_call_waits_for_its_answer_the_hub_connects_to_no_other_band_for_a_bounded_time()
    {
        HubRig rig = HubRig.Ready(2);
        rig.Radio.Unreachable.Add(rig.Bands[0].Address);
        byte[] sos = rig.Bands[0].Sos();
        rig.Advertise(rig.Bands[0], sos);
        rig.Run(500);
        Both(35);
        rig.Radio.Connects.Count.ShouldBeGreaterThan(3);
        rig.Radio.Connects.ShouldAllBe(address => address == rig.Bands[0].Address);

        Both(60);
        rig.Radio.Up.ShouldContain(rig.Bands[1].Address);

        void Both(int seconds)
        {
            for (int i = 0; i < seconds; i++)
            {
                rig.Advertise(rig.Bands[0], sos);
                rig.Advertise(rig.Bands[1], []);
                rig.Run(1000);
            }
        }
    }

    [Fact]
    public void Four_bands_share_three_links_and_the_one_that_calls_gets_one()
    {
        HubRig rig = HubRig.Ready(4);
        for (int i = 0; i < 30; i++)
        {
            for (int b = 0; b < 3; b++)
            {
                if (!rig.Radio.Up.Contains(rig.Bands[b].Address))
                {
                    rig.Advertise(rig.Bands[b], []);
                }
            }

            rig.Run(500);
        }

        rig.Radio.Up.Count.ShouldBe(3);
        byte[] sos = rig.Bands[3].Sos();
        rig.Advertise(rig.Bands[3], sos);
        rig.Run(3000);
        rig.Bands[3].HasHeard(sos).ShouldBeTrue();
    }
}
