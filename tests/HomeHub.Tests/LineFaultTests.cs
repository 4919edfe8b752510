using ElderBand.BandProtocol;
using ElderBand.HomeHub;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

/// <summary>A line that is down, half open or frozen, and what the hub does meanwhile.</summary>
public sealed class LineFaultTests
{
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
    public void P26_a_message_that_finds_the_ring_full_is_asked_for_again_with_a_hello()
    {
        HubRig rig = HubRig.Ready(2);
        rig.Run(20_000);
        int hellos = rig.Centre.Hellos;
        Overflow(rig);
        rig.Hub.Bands.Count.ShouldBe(2);
        rig.Run(1000);
        rig.Hub.Bands.Count.ShouldBe(2, "the table that revokes a band found the ring full");
        rig.Centre.Hellos.ShouldBe(hellos + 1, "the centre answers a hello with all that the hub should know");

        Overflow(rig);
        rig.Run(5000);
        rig.Centre.Hellos.ShouldBe(hellos + 1, "not more often than every 10 s");
        rig.Run(5000);
        rig.Centre.Hellos.ShouldBe(hellos + 2);
        rig.Run(60_000);
        rig.Centre.Hellos.ShouldBe(hellos + 2, "nothing more was lost");

        static void Overflow(HubRig rig)
        {
            for (int i = 0; i < 6; i++)
            {
                rig.Centre.SendBandFrame(
                    rig.Band.Address, rig.Band.FromCentre(FrameType.Stage, rig.Band.Sos(), Stage.Taken, i));
            }

            rig.SendTable(1);
            rig.Downlinks.Dropped.ShouldBeGreaterThan(0);
        }
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
    public void P21_after_a_frozen_attempt_the_hub_waits_longer_each_time_while_the_rest_works()
    {
        HubRig rig = HubRig.Ready();
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
        rig.Technical(TechnicalCode.WatchdogReset).ShouldBe(5);
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
}
