using ElderBand.BandProtocol;
using ElderBand.HomeHub;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

/// <summary>P02, P23: the hub's wall clock is unknown, or stepped between a press and its receipt.</summary>
public sealed class ClockTests
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

        // The hub has no uptime of this boot of the band: the age counts from when the hub heard it, "at least".
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
    /// A press that waited in the band through a reboot: at least as old as the band's present boot, whether the hub
    /// learns of that boot before or after the press, and whether or not the hub itself restarts in between.
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
