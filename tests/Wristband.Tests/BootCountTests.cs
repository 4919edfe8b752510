using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Wristband;

namespace ElderBand.Tests.Wristband;

public sealed class BootCountTests
{
    [Fact]
    public void P50_a_count_that_is_lost_after_any_number_of_boots_goes_on_above_every_boot_that_was_used()
    {
        var flash = new MemoryFlash();
        var highest = 0;
        var latchSaves = 0;
        for (var boot = 1; boot <= 6000; boot++)
        {
            if (boot % 1500 == 0)
            {
                flash.Files.Remove("boot.a");
                flash.Files.Remove("boot.b");
            }

            var latch = new AlarmLatch(flash, new TraceRing());
            latch.Load(0);
            var count = new BootCount(flash);
            count.Start(latch.Boot).ShouldBeTrue();
            count.Value.ShouldBeGreaterThan(highest, $"boot {boot}");
            highest = count.Value;
            latch.NoteBoot(count.Value);
            latchSaves += latch.IsDirty ? 1 : 0;
            latch.Save(0).ShouldBe(FlashResult.Ok);
        }

        latchSaves.ShouldBeLessThan(12, "the latch is written for the boot's sake only once in 1,024 boots");
    }

    [Fact]
    public void P50_a_newer_copy_that_is_torn_brings_no_used_boot_back()
    {
        var flash = new MemoryFlash();
        for (var boot = 1; boot <= 5; boot++)
        {
            new BootCount(flash).Start(0).ShouldBeTrue();
        }

        flash.Files["boot.a"] = flash.Files["boot.a"][..3];
        var afterA = new BootCount(flash);
        afterA.Start(0).ShouldBeTrue();
        afterA.Value.ShouldBeGreaterThan(5);
        flash.Files["boot.b"] = flash.Files["boot.b"][..3];
        var afterB = new BootCount(flash);
        afterB.Start(0).ShouldBeTrue();
        afterB.Value.ShouldBeGreaterThan(afterA.Value);
    }
}
