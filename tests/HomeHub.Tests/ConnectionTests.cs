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
    public void P14_P53_a_flood_of_strangers_does_not_delay_the_calls_of_eight_bands()
    {
        HubRig rig = HubRig.Ready(8);
        Random random = new(3);
        byte[] junk = new byte[Frame.Size];
        byte[][] calls = [.. rig.Bands.Select(static band => band.Sos())];
        for (int i = 0; i < 20_000; i++)
        {
            random.NextBytes(junk);
            rig.Raise(EventKind.Advertisement, 0xAA0000000000 + random.Next(), -50, junk);
            if (i >= 100 && i % 10 == 0)
            {
                int band = i / 10 % 8;
                rig.Advertise(rig.Bands[band], calls[band]);
            }

            if (i % 20 == 19)
            {
                rig.Run(40);
            }
        }

        List<Arrived> rows = [.. rig.Centre.Rows.Values.Where(static row => row.Type == FrameType.Sos)];
        rows.Count.ShouldBe(8);
        rows.ShouldAllBe(row => row.AtMs < 10_000);
        rig.Bands.Zip(calls).ShouldAllBe(pair => pair.First.HasHeard(pair.Second));
        rig.Hub.Strangers.ShouldBeGreaterThan(10_000);
    }

    [Fact]
    public void P53_a_call_in_a_home_with_more_bands_than_links_waits_for_the_scanner_before_it_is_connected()
    {
        HubRig rig = HubRig.Ready(5);
        rig.Run(20_000);
        rig.Advertise(rig.Bands[0], rig.Bands[0].Sos());
        rig.Run(900);
        rig.Radio.Connects.ShouldBeEmpty("a connect would end the scan while others may be calling");
        for (int i = 1; i < 5; i++)
        {
            rig.Advertise(rig.Bands[i], rig.Bands[i].Sos());
        }

        rig.Run(50);
        rig.Radio.Connects.ShouldNotBeEmpty("every band has called, none is waited for");
        rig.Centre.Rows.Values.Count(static row => row.Type == FrameType.Sos).ShouldBe(5);
    }

    [Fact]
    public void P53_a_band_that_presses_without_end_does_not_hold_back_the_connects()
    {
        HubRig rig = HubRig.Ready(5);
        rig.Run(20_000);
        byte[] first = rig.Bands[0].Sos();
        for (int i = 0; i < 30; i++)
        {
            rig.Advertise(rig.Bands[0], i == 0 ? first : rig.Bands[0].Sos());
            rig.Run(100);
        }

        rig.Bands[0].HasHeard(first).ShouldBeTrue();
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
