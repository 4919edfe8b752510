using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Wristband;

namespace ElderBand.Tests.Wristband;

public sealed class ReadFaultTests(ITestOutputHelper output)
{
    private const int Lasting = 1_000_000;
    private const int StopsByTime = 45_000;

    [Fact]
    public void P48_a_read_fault_at_any_read_of_boot_and_running_loses_no_press_and_no_boot_count()
    {
        var reads = ReadsOfALife();
        reads.ShouldBeGreaterThan(6);
        var faults = 0;
        for (var at = 0; at < reads; at++)
        {
            foreach (var length in new[] { 1, 2, 3, 5, 12, 30, Lasting })
            {
                var first = at;
                faults += Live($"{length} reads from read {at}", (_, read) => read >= first && read < first + length);
            }
        }

        output.WriteLine($"{reads} reads in a life, {faults} read faults");
        faults.ShouldBeGreaterThan(1000);
    }

    [Fact]
    public void P48_files_that_cannot_be_read_for_a_while_lose_no_press_and_no_boot_count()
    {
        foreach (var names in new[]
        {
            "latch.a", "latch.b", "latch.a latch.b", "boot.a", "boot.b", "boot.a boot.b", "settings.a",
            "settings.a settings.b", "latch.a latch.b boot.a boot.b", "restarts latch.a", "restarts boot.a boot.b",
        })
        {
            var unreadable = names.Split(' ');
            Live(names, (name, _) => unreadable.Contains(name)).ShouldBeGreaterThan(0, names);
        }
    }

    [Fact]
    public void P51_a_bad_copy_of_the_identity_is_told_once_in_the_boot_that_found_it()
    {
        var world = new BandRig { CopyWasBad = true };
        world.Boot();
        world.RunFor(20_000);
        world.Technical(TechnicalCode.ProvisionCopyBad).ShouldBe(1);
        world.CopyWasBad = false;
        world.Boot();
        world.RunFor(20_000);
        world.Technical(TechnicalCode.ProvisionCopyBad).ShouldBe(1);
    }

    [Fact]
    public void P48_a_band_that_cannot_read_restarts_three_times_at_most_and_then_works_and_tells_staff()
    {
        var world = WithAWaitingPress();
        world.Flash.ReadFails = (name, _) => name.StartsWith("latch", StringComparison.Ordinal);
        world.InRange = true;
        Restart(world).ShouldBe(3);
        world.RunFor(20_000);
        world.Technical(TechnicalCode.FlashFault).ShouldBe(1);
        world.Power.Resets.ShouldBe(3);
        world.Flash.ReadFails = null;
        world.RunFor(20_000);
        world.RowsOf(FrameType.Sos).Count.ShouldBe(1, "the press that waited on flash is read and sent");
        world.Technical(TechnicalCode.Recovered).ShouldBe(1);
        Restart(world).ShouldBe(0);
        world.Flash.Files.ShouldNotContainKey("restarts");
    }

    [Fact]
    public void P48_a_press_that_wakes_a_band_whose_flash_cannot_be_read_is_sent_without_a_restart()
    {
        var world = WithAWaitingPress();
        world.Flash.ReadFails = (_, _) => true;
        world.InRange = true;
        world.Boot(WakeCause.Key);
        world.RunFor(8000);
        world.Power.Resets.ShouldBe(0);
        world.RowsOf(FrameType.Sos).Count.ShouldBe(1);
    }

    private static int ReadsOfALife()
    {
        var world = WithAWaitingPress();
        var before = world.Flash.Reads;
        world.InRange = true;
        Restart(world);
        world.RunFor(10_000);
        return world.Flash.Reads - before + 6;
    }

    /// <summary>
    /// A press waits in the latch. The band boots under the fault and is pressed; 45 s later the flash heals. Both
    /// presses must come, the new one within 10 s, no number may be used twice, and no later boot may fall back.
    /// </summary>
    private static int Live(string what, Func<string, int, bool> fails)
    {
        var world = WithAWaitingPress();
        var before = world.Flash.Reads;
        var highest = world.Band.Boot;
        world.Flash.ReadFails = (name, read) => fails(name, read - before);
        world.InRange = true;
        Restart(world).ShouldBeLessThanOrEqualTo(3, what);
        var known = world.Rows.Keys.Count(key => key.Item2 == world.Band.Boot);
        known.ShouldBe(0, what);
        world.RunFor(1000);
        var boot = world.Band.Boot;
        world.Press(200);
        world.RunFor(10_000);
        world.RowsOf(FrameType.Sos).Count(f => Frame.BootOf(f, 0) == boot).ShouldBe(1, $"{what}: the new press");
        world.RunFor(StopsByTime);
        world.Flash.ReadFails = null;
        world.RunFor(5000);
        Restart(world).ShouldBe(0, what);
        world.RunFor(30_000);
        world.RowsOf(FrameType.Sos).Count.ShouldBe(2, $"{what}: both presses");
        world.Band.Pending.ShouldBe(0, what);
        world.Band.Boot.ShouldBeGreaterThan(highest, $"{what}: the boot count fell back");
        foreach (var used in world.Heard.Where(h => Frame.IsFromBand(Frame.TypeOf(h.Frame, 0)))
            .GroupBy(h => (Frame.LaneOf(h.Frame, 0), Frame.BootOf(h.Frame, 0), Frame.SequenceOf(h.Frame, 0))))
        {
            used.Where(h => Frame.TypeOf(h.Frame, 0) != FrameType.LinkChallenge)
                .Select(h => Convert.ToHexString(h.Frame, 0, 16)).Distinct().Count()
                .ShouldBeLessThanOrEqualTo(1, $"{what}: a number with two frames");
        }

        return world.Flash.ReadFaults;
    }

    private static BandRig WithAWaitingPress()
    {
        var world = new BandRig { InRange = false };
        world.Boot();
        world.RunFor(1000);
        world.Boot();
        world.RunFor(1000);
        world.Press(200);
        world.RunFor(2000);
        world.Band.Latch.CountPending(FrameType.Sos).ShouldBe(1);
        return world;
    }

    private static int Restart(BandRig world) => world.Power.BootUntilItStays(() =>
    {
        world.Hold(700); // a reset takes this long
        world.Boot();
    });
}
