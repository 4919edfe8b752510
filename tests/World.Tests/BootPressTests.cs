using System.Diagnostics;
using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulation.Signals;
using ElderBand.Wristband;

namespace ElderBand.Tests.Worlds;

/// <summary>A band alone, pressed at every millisecond of a boot (docs/adr/0018).</summary>
public class BootPressTests(ITestOutputHelper output)
{
    private const int PressMs = 80;
    private const int TapMs = 30;
    private const int SettleMs = 400;

    [Theory]
    [InlineData(WakeCause.PowerOn, 700)]
    [InlineData(WakeCause.PowerOn, 1500)]
    [InlineData(WakeCause.PowerOn, 3000)]
    [InlineData(WakeCause.Motion, 700)]
    [InlineData(WakeCause.Motion, 1500)]
    [InlineData(WakeCause.Motion, 3000)]
    [InlineData(WakeCause.Key, 700)]
    [InlineData(WakeCause.Key, 1500)]
    [InlineData(WakeCause.Key, 3000)]
    [InlineData(WakeCause.Watchdog, 700)]
    [InlineData(WakeCause.Watchdog, 1500)]
    [InlineData(WakeCause.Watchdog, 3000)]
    public void P49_a_press_of_80_ms_at_any_millisecond_of_a_boot_is_one_sos_and_30_ms_are_none(
        WakeCause cause, int bootMs)
    {
        var clock = Stopwatch.StartNew();
        // A press that wakes the band begins the boot: what varies is how long it lasts, to beyond the boot's end.
        for (var atMs = 0; atMs <= bootMs + PressMs; atMs++)
        {
            var setMs = 36 + (atMs % 11);
            if (cause == WakeCause.Key)
            {
                Calls(cause, bootMs, setMs, 0, Math.Max(PressMs, atMs)).ShouldBe(1, $"held for {atMs} ms");
                continue;
            }

            Calls(cause, bootMs, setMs, atMs, PressMs).ShouldBe(1, $"80 ms at {atMs} ms");
            Calls(cause, bootMs, setMs, atMs, TapMs).ShouldBe(0, $"30 ms at {atMs} ms");
        }

        if (cause == WakeCause.Key)
        {
            Calls(cause, bootMs, 36, 0, TapMs).ShouldBe(0, "a contact of 30 ms wakes, and is no press");
        }

        output.WriteLine($"{clock.ElapsedMilliseconds} ms");
    }

    [Theory]
    [InlineData(WakeCause.PowerOn)]
    [InlineData(WakeCause.Motion)]
    [InlineData(WakeCause.Watchdog)]
    public void P49_a_press_that_goes_on_past_the_end_of_the_boot_is_one_sos(WakeCause cause)
    {
        for (var holdMs = 100; holdMs <= 2700; holdMs += 100)
        {
            for (var atMs = 0; atMs < 800; atMs += 50)
            {
                Calls(cause, 700, 41, atMs, holdMs).ShouldBe(1, $"{holdMs} ms at {atMs} ms");
            }
        }
    }

    /// <summary>The presses that the band has latched after a boot with one contact in it.</summary>
    private static int Calls(WakeCause cause, int bootMs, int setMs, int atMs, int holdMs)
    {
        var world = new Simulation.World(1, Figures.Zero with { BandBootMs = bootMs });
        var band = new BandDevice(
            world, "band", new VirtualRadio(world), 1, new BandIdentity { Secret = new byte[32] }, new Wearer(1, 60));
        band.PressLatch.SetMs = setMs;
        if (cause != WakeCause.PowerOn)
        {
            band.PowerOn();
            world.RunUntil(bootMs + 5);
            band.DeepSleep(3_600_000);
            world.RunUntil(bootMs + 10);
        }

        var startMs = world.NowMs;
        world.At(startMs + atMs, () => band.Key.Press(holdMs));
        if (cause == WakeCause.PowerOn)
        {
            band.PowerOn();
        }
        else if (cause != WakeCause.Key)
        {
            band.Wake(cause).ShouldBeTrue();
        }

        world.RunUntil(startMs + bootMs + atMs + holdMs + SettleMs);
        band.BootCause.ShouldBe(cause);
        return band.PendingCalls;
    }
}
