using ElderBand.BandProtocol;
using ElderBand.HomeHub;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

public sealed class FaultTests
{
    private static int Technical(HubRig rig, TechnicalCode code) =>
        rig.Centre.Rows.Values.Count(row => row.Type == FrameType.HubTechnical && row.Code == code);

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
        Technical(rig, TechnicalCode.Tamper).ShouldBe(1);
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
        Technical(rig, TechnicalCode.Tamper).ShouldBeInRange(3, 6);
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
        Technical(rig, TechnicalCode.LinkKeyUnknown).ShouldBe(1);
        Technical(rig, TechnicalCode.Tamper).ShouldBe(0, "one frame repeated is one guess");
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
                rig.Raise(EventKind.Advertisement, rig.Band.Address, -93, frame);
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

    [Fact]
    public void P08_the_watchdog_is_not_fed_while_an_attempt_to_connect_never_ends()
    {
        HubRig rig = new();
        rig.Centre.Hangs = true;
        rig.Hub.Start(0);
        rig.Run(130_000);
        int fed = rig.Power.Feeds;
        fed.ShouldBeGreaterThan(10);
        rig.Run(60_000);
        rig.Power.Feeds.ShouldBe(fed);
    }

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
        Technical(rig, TechnicalCode.VitalsDropped).ShouldBeGreaterThan(0);
    }

    [Fact]
    public void P19_a_read_only_flash_is_seen_by_staff_within_3_min_and_calls_go_on()
    {
        HubRig rig = HubRig.Ready();
        rig.Flash.ReadOnly = true;
        byte[] sos = rig.Band.Sos();
        rig.Advertise(rig.Band, sos);
        rig.Run(180_000);
        Technical(rig, TechnicalCode.FlashFault).ShouldBe(1);
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
    public void P20_press_while_the_centre_is_down_then_power_lost_arrives_once_within_30_s_of_both()
    {
        HubRig rig = HubRig.Ready();
        rig.Centre.Reachable = false;
        rig.Centre.Drop();
        rig.Run(120_000);
        byte[] sos = rig.Band.Sos();
        rig.Advertise(rig.Band, sos);
        rig.Run(9000);
        rig.Hub.Signal.ShouldBe(SignalMode.Offline);
        rig.Run(3000);
        rig.Hub.Signal.ShouldBe(SignalMode.NotDelivered);
        rig.Buzzer.Rises.ShouldBeGreaterThan(0);
        rig.Run(180_000);
        rig.Reboot();
        rig.Run(60_000);
        rig.Hub.Signal.ShouldBe(SignalMode.NotDelivered, "it waits through the power cut");
        rig.Run(240_000);
        rig.Centre.Attempts.ShouldBeLessThan(130, "a call makes the hub try every 5 to 10 s, not faster");
        rig.Centre.Reachable = true;
        long backMs = rig.World.NowMs;
        rig.Run(120_000);

        Arrived row = rig.Centre.Rows.Values.Single(row => row.Type == FrameType.Sos);
        (row.AtMs - backMs).ShouldBeLessThan(15_000);
        row.Quality.ShouldBe(AgeQuality.AtLeast);
        ((long)row.AgeMs).ShouldBeGreaterThan(240_000);
        rig.Hub.Signal.ShouldBe(SignalMode.Online);
        rig.Hub.WaitingAlarms.ShouldBe(0);
    }

    [Fact]
    public void P21_a_day_offline_keeps_ten_minute_vitals_and_closes_few_files()
    {
        HubRig rig = HubRig.Ready(8);
        rig.Centre.Reachable = false;
        rig.Centre.Drop();
        rig.Run(1000);
        rig.Flash.Closes.Clear();
        int sent = 0;
        for (int tenMinutes = 0; tenMinutes < 144; tenMinutes++)
        {
            foreach (ScriptedBand band in rig.Bands)
            {
                rig.Advertise(band, band.Vitals(tenMinutes: true));
                rig.Run(10_000);
                rig.Advertise(band, band.Vitals(tenMinutes: false));
                sent++;
            }

            rig.Run(520_000);
        }

        rig.Flash.Closes.Where(file => file.Key.StartsWith("vitals", StringComparison.Ordinal)).Sum(file => file.Value)
            .ShouldBeLessThanOrEqualTo(1440);
        rig.Run(120_000);
        rig.Reboot();
        rig.Hub.WaitingVitals.ShouldBe(sent, "24 h of 8 bands survive a power cut");
        rig.Centre.Reachable = true;
        rig.Run(180_000);
        rig.Centre.Vitals.Count.ShouldBe(sent);
        rig.Hub.WaitingVitals.ShouldBe(0);
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
    public void P21_after_a_frozen_attempt_the_hub_waits_longer_each_time_while_the_rest_works()
    {
        HubRig rig = new();
        rig.Hub.Start(0);
        rig.Run(1000);
        rig.SendTable();
        rig.Run(1000);
        rig.Centre.Hangs = true;
        rig.Centre.Drop();
        long[] expectedMs = [60_000, 120_000, 300_000, 900_000, 900_000];
        foreach (long waitMs in expectedMs)
        {
            rig.Run(40_000);
            int attempts = rig.Centre.Attempts;
            rig.Reboot(WakeCause.Watchdog);
            rig.Run(waitMs - 100);
            rig.Centre.Attempts.ShouldBe(attempts);
            byte[] sos = rig.Band.Sos();
            rig.Advertise(rig.Band, sos);
            rig.Run(1500);
            rig.Band.HasHeard(sos).ShouldBeTrue();
            rig.Centre.Attempts.ShouldBe(attempts + 1);
        }

        rig.Centre.Hangs = false;
        rig.Reboot();
        rig.Run(2000);
        rig.Hub.Online.ShouldBeTrue("a power cycle by hand tries at once");
        Technical(rig, TechnicalCode.WatchdogReset).ShouldBe(5);
    }

    [Fact]
    public void P22_backoff_grows_to_about_a_minute_and_two_hubs_do_not_connect_at_the_same_times()
    {
        HubRig one = HubRig.Ready(1);
        HubRig two = HubRig.Ready(2);
        foreach (HubRig rig in new[] { one, two })
        {
            rig.Centre.Reachable = false;
            rig.Centre.Drop();
            rig.Run(600_000);
        }

        long[] gaps = [.. one.Centre.AttemptTimes.Skip(1).Zip(one.Centre.AttemptTimes.Skip(2), (a, b) => b - a)];
        gaps.Max().ShouldBeInRange(60_000, 91_000);
        one.Centre.AttemptTimes.Skip(4).ShouldNotBe(two.Centre.AttemptTimes.Skip(4));
    }

    [Fact]
    public void P23_the_clock_is_at_least_the_build_date_before_tls_and_a_wrong_one_changes_nothing_but_labels()
    {
        HubRig rig = new();
        rig.Hub.Start(0);
        rig.Clock.WallMs().ShouldBe(HubRig.BuildDateMs);
        rig.Run(500);
        rig.SendTable();
        rig.Run(500);
        rig.Clock.WallMs().ShouldBeInRange(rig.CentreTimeMs - 1000, rig.CentreTimeMs + 1000);
        long known = rig.Clock.WallMs();
        rig.Reboot();
        rig.Clock.WallMs().ShouldBeGreaterThanOrEqualTo(known - 1000, "the last stored time");
        rig.Clock.SetWall(4_000_000_000_000);
        byte[] sos = rig.Band.Sos();
        rig.Advertise(rig.Band, sos);
        rig.Run(2000);
        rig.Centre.Rows.Values.ShouldContain(row => row.Type == FrameType.Sos);
        rig.Clock.WallMs().ShouldBeLessThan(2_000_000_000_000);
    }

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

    [Fact]
    public void A_half_open_line_is_noticed_and_connected_again()
    {
        HubRig rig = HubRig.Ready();
        rig.Centre.Acknowledges = false;
        int attempts = rig.Centre.Attempts;
        rig.Run(74_000);
        rig.Centre.Attempts.ShouldBe(attempts);
        rig.Run(6000);
        rig.Centre.Attempts.ShouldBe(attempts + 1);
        rig.Centre.Acknowledges = true;
        rig.Run(5000);
        rig.Hub.Online.ShouldBeTrue();
    }

    [Fact]
    public void A_call_is_not_held_up_by_a_backlog_of_notes()
    {
        HubRig rig = HubRig.Ready();
        rig.Centre.Reachable = false;
        rig.Centre.Drop();
        for (int i = 0; i < 500; i++)
        {
            rig.Advertise(rig.Band, rig.Band.Event(FrameType.WearChange));
            rig.Run(100);
        }

        rig.Advertise(rig.Band, rig.Band.Sos());
        rig.Run(100);
        rig.Centre.Reachable = true;
        rig.Run(100_000);
        rig.Centre.Arrivals.FindIndex(arrived => arrived.Type == FrameType.Sos).ShouldBe(0, "first on the line");
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

    [Fact]
    public void A_day_of_ordinary_life_allocates_nothing_in_the_hub()
    {
        HubRig rig = HubRig.Ready();
        byte[][] frames = new byte[8640 + 600][];
        for (int i = 0; i < frames.Length; i++)
        {
            frames[i] = i % 30 == 29 ? rig.Band.Sos() : rig.Band.Vitals(tenMinutes: false);
        }

        QuietPorts quiet = new();
        Hub hub = quiet.Start(rig);
        long now = quiet.Clock.Now;
        Feed(0, 600);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Feed(600, frames.Length);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
        quiet.Published.ShouldBeGreaterThan(100);

        void Feed(int from, int to)
        {
            for (int i = from; i < to; i++)
            {
                quiet.Events.Enqueue(EventKind.Advertisement, now, rig.Band.Address, -60, frames[i], Frame.Size);
                for (int step = 0; step < 10; step++)
                {
                    now += 1000;
                    quiet.Clock.Now = now;
                    hub.Step(now);
                    quiet.Answer(now);
                }
            }
        }
    }
}
