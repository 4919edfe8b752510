using ElderBand.BandProtocol;
using ElderBand.HomeHub;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

/// <summary>P02, P23: the hub's wall clock is unknown, or stepped between a press and its receipt.</summary>
public sealed class ClockTests(ITestOutputHelper output)
{
    private const long HourMs = 3_600_000;
    private const long DayMs = 24 * HourMs;

    /// <summary>What the centre has got of two presses, compared with a hub whose clock nobody has touched.</summary>
    [Theory]
    [InlineData(HourMs)]
    [InlineData(-HourMs)]
    [InlineData(30 * DayMs)]
    [InlineData(-30 * DayMs)]
    [InlineData(20 * 365 * DayMs)]
    [InlineData(-20 * 365 * DayMs)]
    public void P02_P23_a_hub_clock_that_steps_during_a_press_changes_neither_its_time_nor_its_order_nor_its_age(
        long stepMs)
    {
        var untouched = TwoPresses(0);
        untouched.Count.ShouldBe(2);
        TwoPresses(stepMs).ShouldBe(untouched);
    }

    /// <summary>The centre's time never came: age and delivery come from the hub's monotonic clock alone.</summary>
    [Fact]
    public void P23_with_an_unknown_time_a_press_is_delivered_and_its_age_says_how_it_is_known()
    {
        var rig = new HubRig();
        rig.Hub.Start(0);
        rig.Run(300);
        rig.SendTable();
        rig.Run(300);

        // The hub knows no uptime of this boot of the band, so the age counts from when the hub heard the press and is
        // marked as "at least".
        var unknown = rig.Band.Sos();
        rig.Advertise(rig.Band, unknown);
        rig.Run(2000);

        // A beat has told the band's uptime, so the hub knows the age of a press of five minutes ago.
        rig.Run(400_000);
        rig.Advertise(rig.Band, rig.Band.Status(BandMode.Daily));
        rig.Run(1000);
        rig.Advertise(rig.Band, rig.Band.Sos(rig.Band.UptimeS - 300));
        rig.Run(2000);
        var rows = rig.Centre.Rows.Values.Where(row => row.Type == FrameType.Sos).ToList();
        rows.Count.ShouldBe(2);
        rows[0].Quality.ShouldBe(AgeQuality.AtLeast);
        rows[0].AgeMs.ShouldBeLessThan(2000u);
        rows[1].Quality.ShouldBe(AgeQuality.About);
        rows[1].AgeMs.ShouldBeInRange(298_000u, 303_000u);
    }

    /// <summary>
    /// A press that waited in the band through a reboot is at least as old as the present boot of the band. The hub may
    /// learn of that boot before or after the press, and may restart in between.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void P04_P23_a_press_of_an_older_boot_is_at_least_as_old_as_the_present_boot(bool statusFirst)
    {
        var rig = HubRig.Ready(1);
        byte[] press = rig.Band.Sos();
        byte[] unproven = rig.Band.Sos();
        unproven[Frame.PayloadOffset + 3] |= AlarmFlags.BootUnproven;
        rig.Band.Sign(unproven);
        rig.Band.Reboot();
        rig.Run(600_000);
        if (!statusFirst)
        {
            rig.Centre.Reachable = false;
            rig.Centre.Drop();
            rig.Run(1000);
        }
        else
        {
            rig.Advertise(rig.Band, rig.Band.Status(BandMode.Daily));
            rig.Run(1000);
        }

        rig.Advertise(rig.Band, press);
        rig.Run(100);
        rig.Advertise(rig.Band, unproven);
        rig.Run(100);
        if (!statusFirst)
        {
            rig.Advertise(rig.Band, rig.Band.Status(BandMode.Daily));
            rig.Run(1000);
            rig.Centre.Reachable = true;
        }

        rig.Run(120_000);
        var rows = rig.Centre.Rows.Values.Where(row => row.Type == FrameType.Sos).ToList();
        rows.Count.ShouldBe(2);
        rows.ShouldAllBe(row => row.Quality == AgeQuality.AtLeast);
        rows[0].AgeMs.ShouldBeInRange(600_000u, 722_000u);
        rows[1].AgeMs.ShouldBeLessThan(122_000u, "a boot that is not proven tells no age");
    }

    /// <summary>
    /// Twenty hubs learn a time ten years ahead, over 50 starts of each. Then the centre's clock is right again, and
    /// its certificate ends in 13 months.
    /// </summary>
    [Fact]
    public void P52_when_a_centre_clock_ten_years_ahead_is_corrected_all_hubs_are_back_within_10_minutes()
    {
        long slowestMs = 0;
        for (int hub = 0; hub < 20; hub++)
        {
            HubRig rig = HubRig.Ready((hub % 8) + 1);
            rig.CentreAheadMs = 3653 * DayMs;
            for (int start = 0; start < 50 + hub; start++)
            {
                rig.Reboot();
                rig.Run(500);
                rig.SendTable();
                rig.Run(500);
                rig.Hub.Online.ShouldBeTrue($"start {start}");
            }

            rig.Clock.WallMs().ShouldBeGreaterThan(HubRig.BuildDateMs + (3000 * DayMs), "the hub has believed it");
            rig.Centre.Reachable = false;
            rig.Centre.Drop();
            if (hub % 2 == 0)
            {
                rig.Reboot();
            }

            rig.Run((100 + hub) * 1000);
            rig.CentreAheadMs = 0;
            rig.Centre.Certificate = (HubRig.BuildDateMs - (365 * DayMs), rig.CentreTimeMs + (397 * DayMs));
            rig.Centre.Reachable = true;
            long correctedMs = rig.World.NowMs;
            while (!rig.Hub.Online && rig.World.NowMs < correctedMs + (10 * 60_000))
            {
                rig.Run(1000);
            }

            rig.Hub.Online.ShouldBeTrue($"hub {hub} is locked out");
            slowestMs = Math.Max(slowestMs, rig.World.NowMs - correctedMs);
            rig.SendTable();
            rig.Run(500);
            rig.Clock.WallMs().ShouldBeInRange(rig.CentreTimeMs - 1000, rig.CentreTimeMs + 1000);
        }

        output.WriteLine($"the slowest hub was back {slowestMs / 1000} s after the correction");
    }

    [Fact]
    public void P52_a_wrong_centre_clock_moves_the_hubs_date_by_90_days_and_keeps_the_minute_of_the_day()
    {
        HubRig rig = HubRig.Ready();
        long rightMs = rig.CentreTimeMs;
        rig.CentreAheadMs = (3653 * DayMs) + (5 * HourMs);
        for (int i = 0; i < 20; i++)
        {
            rig.SendTable();
            rig.Run(60_000);
        }

        (rig.Clock.WallMs() - rightMs).ShouldBeInRange(88 * DayMs, 90 * DayMs);
        (rig.Clock.WallMs() % DayMs).ShouldBeInRange(
            (rig.CentreTimeMs - 1000) % DayMs, (rig.CentreTimeMs + 1000) % DayMs);
        rig.CentreAheadMs = 0;
        rig.SendTable();
        rig.Run(500);
        rig.Clock.WallMs().ShouldBeInRange(rig.CentreTimeMs - 1000, rig.CentreTimeMs + 1000, "back at once");
    }

    [Fact]
    public void P52_no_centre_moves_the_hubs_clock_past_the_end_of_the_pinned_authority()
    {
        HubRig rig = HubRig.Ready();
        rig.CentreAheadMs = 40 * 365 * DayMs;
        for (int start = 0; start < 200; start++)
        {
            rig.Reboot();
            rig.Run(200);
            rig.SendTable();
            rig.Run(200);
            rig.Clock.WallMs().ShouldBeLessThan(HubRig.AuthorityEndsMs - HourMs);
        }

        rig.Clock.WallMs().ShouldBeGreaterThan(HubRig.AuthorityEndsMs - (3 * DayMs));
    }

    private static List<string> TwoPresses(long stepMs)
    {
        var rig = HubRig.Ready(2);
        foreach (var band in rig.Bands)
        {
            rig.Advertise(band, band.Status(BandMode.Daily));
        }

        rig.Run(5000);
        rig.Advertise(rig.Bands[0], rig.Bands[0].Sos());
        rig.Run(20);
        Step();
        rig.Advertise(rig.Bands[1], rig.Bands[1].Sos());
        rig.Run(20);
        Step();
        rig.Run(5000);
        rig.Bands.ShouldAllBe(band => band.Heard.Count == 1);
        rig.Hub.WaitingAlarms.ShouldBe(0);
        return
        [
            .. rig.Centre.Arrivals.Where(row => row.Type == FrameType.Sos)
                .Select(row => $"{row.Address:x} at {row.AtMs} ms, {row.AgeMs} ms old ({row.Quality})"),
        ];

        void Step()
        {
            if (stepMs != 0)
            {
                rig.Clock.SetWall(rig.Clock.WallMs() + stepMs);
            }
        }
    }
}
