using ElderBand.BandProtocol;
using ElderBand.HomeHub;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

/// <summary>
/// P17: what the hub keeps beside its records, with the power cut in each flash operation: the table of its bands, the
/// boot count, the mark of an attempt to connect, the time.
/// </summary>
public sealed class SettingsCutTests(ITestOutputHelper output)
{
    private const long DayMs = 24 * 3_600_000L;

    // Each table has a different number of bands, so the number shows which table the hub uses.
    private static readonly int[] Tables = [3, 1, 2, 4, 1];

    /// <summary>No table is sent after the cut: the hub serves what it has on flash.</summary>
    [Fact]
    public void P17_a_hub_cut_at_any_flash_operation_serves_the_old_or_the_new_table_and_takes_a_press()
    {
        var points = 0;
        var flash = new MemoryFlash();
        foreach (var life in (int[])[1, 2])
        {
            var whole = new HubRig(4, flash.Copy());
            Story(whole, out _, out _);
            for (var at = 0; at < whole.Flash.Operations; at++)
            {
                foreach (var how in Enum.GetValues<Cut>())
                {
                    var rig = new HubRig(4, flash.Copy());
                    rig.Flash.CutAt = at;
                    rig.Flash.CutMode = how;
                    Judge(rig, $"life {life}, operation {at} {how}");
                    points++;
                }
            }

            flash = whole.Flash;
        }

        output.WriteLine($"{points} power-cut points in the hub's settings");
        points.ShouldBeGreaterThan(180);
    }

    private static void Judge(HubRig rig, string because)
    {
        var (stored, sent) = (0, 0);
        Should.Throw<PowerCutException>(() => Story(rig, out stored, out sent));
        var boot = rig.Hub.Boot;
        var spoke = rig.Centre.Hellos > 0;
        rig.Reboot();
        rig.Hub.Bands.Count.ShouldBeOneOf([stored, sent], because);
        rig.Hub.Boot.ShouldBeGreaterThan(spoke ? boot : 0, because);
        if (rig.Hub.Bands.Count > 0)
        {
            var sos = rig.Band.Sos();
            rig.Advertise(rig.Band, sos);
            rig.Run(10_000);
            rig.Band.HasHeard(sos).ShouldBeTrue(because);
            rig.Hub.Online.ShouldBeTrue(because);
            rig.Centre.Rows.Values.Count(row => row.Type == FrameType.Sos).ShouldBe(1, because);
        }
    }

    [Fact]
    public void P17_P23_a_time_cut_at_every_write_is_the_last_or_the_one_before_and_never_before_the_build_date()
    {
        const int days = 6;
        foreach (var how in Enum.GetValues<Cut>())
        {
            for (var cut = 0; cut < days; cut++)
            {
                var flash = new MemoryFlash { CutAt = cut, CutMode = how };
                var keeper = new TimeKeeper(new ManualClock(), flash, HubRig.BuildDateMs, HubRig.AuthorityEndsMs, 0);
                keeper.Start(0);
                var told = HubRig.BuildDateMs;
                Should.Throw<PowerCutException>(() =>
                {
                    for (var day = 1; day <= days; day++)
                    {
                        told = HubRig.BuildDateMs + (day * DayMs);
                        keeper.Take(told, day * DayMs);
                    }
                });

                flash.CutAt = -1;
                var clock = new ManualClock();
                new TimeKeeper(clock, flash, HubRig.BuildDateMs, HubRig.AuthorityEndsMs, 0).Start(0);
                clock.WallMs().ShouldBeOneOf([told - DayMs, told], $"write {cut} {how}");
            }
        }
    }

    /// <summary>
    /// Five tables, and a line that fails and comes back: returns the size of the table that is stored and of the one
    /// that was sent last.
    /// </summary>
    private static void Story(HubRig rig, out int stored, out int sent)
    {
        var kept = new BandTable(rig.Flash);
        kept.Load(0);
        stored = kept.Count;
        sent = stored;
        rig.Hub.Start(0);
        rig.Run(300);
        foreach (var count in Tables)
        {
            sent = count;
            rig.SendTable(count);
            rig.Run(500);
            stored = count;
            rig.Centre.Drop();
            rig.Run(4000);
        }
    }
}
