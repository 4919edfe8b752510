using ElderBand.BandProtocol;
using ElderBand.HomeHub;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

/// <summary>Receipts and PUBACKs that are lost, late or doubled: each press is one row at the centre.</summary>
public sealed class DeliveryTests
{
    [Fact]
    public void P24_a_puback_without_a_receipt_deletes_nothing()
    {
        HubRig rig = HubRig.Ready();
        rig.Centre.Commits = false;
        byte[] sos = rig.Band.Sos();
        rig.Advertise(rig.Band, sos);
        rig.Run(3000);
        rig.Hub.WaitingAlarms.ShouldBe(1);
        rig.Run(60_000);
        rig.Centre.Arrivals.Count(arrived => arrived.Type == FrameType.Sos).ShouldBeInRange(4, 6);
        rig.Hub.WaitingAlarms.ShouldBe(1);
        rig.Centre.Commits = true;
        rig.Run(16_000);
        rig.Hub.WaitingAlarms.ShouldBe(0);
        rig.Centre.Rows.Values.Count(row => row.Type == FrameType.Sos).ShouldBe(1);
    }

    [Fact]
    public void P26_pubacks_lost_late_unknown_doubled_and_out_of_order_neither_stick_nor_double()
    {
        HubRig rig = HubRig.Ready();
        Random random = new(3);
        rig.Centre.Acknowledges = false;
        for (int i = 0; i < 400; i++)
        {
            byte[] frame = i % 3 == 0 ? rig.Band.Sos() : rig.Band.Vitals(tenMinutes: false);
            rig.Advertise(rig.Band, frame);
            rig.Run(random.Next(1000));
            int id = rig.Centre.Ids[random.Next(rig.Centre.Ids.Count)];
            rig.Message(EventKind.Published, random.Next(4) == 0 ? random.Next(70_000) : id, []);
            rig.Centre.SendReceipt(random.Next(3), random.Next(65_536));
        }

        rig.Centre.Acknowledges = true;
        rig.Run(120_000);
        rig.Hub.WaitingAlarms.ShouldBe(0);
        rig.Hub.WaitingVitals.ShouldBe(0);
        rig.Centre.Rows.Values.Count(row => row.Type == FrameType.Sos).ShouldBe(134);
    }

    [Fact]
    public void P26_every_third_receipt_lost_still_ends_with_an_empty_outbox_and_one_row_each()
    {
        HubRig rig = HubRig.Ready();
        rig.Centre.LoseReceipt = n => n % 3 == 0;
        for (int i = 0; i < 100; i++)
        {
            rig.Advertise(rig.Band, rig.Band.Sos());
            rig.Run(500);
        }

        rig.Run(200_000);
        rig.Hub.WaitingAlarms.ShouldBe(0);
        rig.Centre.Rows.Values.Count(row => row.Type == FrameType.Sos).ShouldBe(100);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(30)]
    [InlineData(60)]
    public void P10_lost_doubled_and_late_frames_end_in_one_row_per_press(int lossPct)
    {
        HubRig rig = HubRig.Ready(2);
        Random random = new(lossPct + 1);
        List<(ScriptedBand Band, byte[] Frame, long AtMs)> open = [];
        List<long> delays = [];
        int pressed = 0;
        for (int tick = 0; tick < 6000; tick++)
        {
            if (tick % 100 == 0 && pressed < 50)
            {
                ScriptedBand band = rig.Bands[pressed++ % 2];
                open.Add((band, band.Sos(), rig.World.NowMs));
            }

            if (tick % 5 == 0)
            {
                foreach ((ScriptedBand band, byte[] frame, long _) in open)
                {
                    for (int copy = 0; copy < 1 + random.Next(2); copy++)
                    {
                        if (random.Next(100) >= lossPct)
                        {
                            rig.Advertise(band, frame);
                        }
                    }
                }
            }

            if (random.Next(400) == 0)
            {
                rig.Radio.Lose(rig.Bands[random.Next(2)].Address);
            }

            rig.Run(100);
            for (int i = open.Count - 1; i >= 0; i--)
            {
                if (open[i].Band.HasHeard(open[i].Frame))
                {
                    delays.Add(rig.World.NowMs - open[i].AtMs);
                    open.RemoveAt(i);
                }
            }
        }

        open.ShouldBeEmpty();
        rig.Centre.Rows.Values.Count(row => row.Type == FrameType.Sos).ShouldBe(50);
        delays.Sort();
        delays[(delays.Count * 99 / 100) - 1].ShouldBeLessThanOrEqualTo(10_000);
    }

    [Fact]
    public void Malformed_messages_from_the_centre_are_counted_and_change_nothing()
    {
        HubRig rig = HubRig.Ready();
        Random random = new(4);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] data = new byte[random.Next(HubMessage.MaxDownSize + 1)];
            random.NextBytes(data);
            if (data.Length > 1 && random.Next(2) == 0)
            {
                data[0] = HubMessage.Version;
            }

            rig.Message(EventKind.Downlink, random.Next(10), data);
            if (i % 4 == 3)
            {
                rig.Hub.Step(rig.Clock.Now);
            }
        }

        rig.Run(1000);
        rig.Hub.BadMessages.ShouldBeGreaterThan(10_000);
        byte[] sos = rig.Band.Sos();
        rig.Advertise(rig.Band, sos);
        rig.Run(3000);
        rig.Band.HasHeard(sos).ShouldBeTrue();
    }
}
