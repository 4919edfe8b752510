using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulation.Chips;
using ElderBand.Wristband;

namespace ElderBand.Tests.Wristband;

/// <summary>What is left of a band's last hours after a reset.</summary>
public sealed class TraceTests
{
    [Fact]
    public void The_trace_tells_boot_radio_link_and_mode()
    {
        BandRig world = new();
        world.Boot();
        world.RunFor(5000);
        Kinds(world).ShouldBe([TraceKind.Boot, TraceKind.Mode, TraceKind.RadioStart, TraceKind.LinkUp]);
        world.Band.Trace.First(0).ShouldBe((int)WakeCause.PowerOn);
        world.Band.Trace.Second(0).ShouldBe(world.Band.Boot);
    }

    [Fact]
    public void The_trace_of_a_band_in_Daily_tells_the_end_of_the_link_and_of_the_radio()
    {
        BandRig world = new(guard: false);
        world.Power.IsExternal = false;
        world.Boot();
        world.RunFor(90_000);
        Kinds(world)[..5].ShouldBe(
            [TraceKind.Boot, TraceKind.RadioStart, TraceKind.LinkUp, TraceKind.LinkDown, TraceKind.RadioStop]);
    }

    [Fact]
    public void A_sensor_fault_is_traced_with_its_register()
    {
        BandRig world = new();
        world.Boot();
        world.RunFor(3000);
        world.PpgChip.Fault = ChipFault.WrongPart;
        world.RunFor(60_000);
        int at = Kinds(world).IndexOf(TraceKind.SensorFault);
        at.ShouldBeGreaterThan(0);
        SensorWatch ppg = world.Band.Vitals.Ppg;
        ppg.IsFaulty.ShouldBeTrue();
        world.Band.Trace.First(at).ShouldBe(1 | ((int)ppg.Fault << 8));
        (world.Band.Trace.Second(at) >> 8).ShouldBe(ppg.FaultRegister);
    }

    [Fact]
    public void P08_a_watchdog_reset_leaves_the_end_of_the_trace_that_the_latch_carried()
    {
        BandRig world = new();
        world.Boot();
        world.RunFor(3000);
        world.Flash.ReadOnly = true;
        world.Press(200);
        world.RunFor(3000);
        world.Flash.ReadOnly = false;
        world.RunFor(3000);
        world.Band.Latch.IsDirty.ShouldBeFalse();
        world.Boot(WakeCause.Watchdog);
        List<TraceKind> kinds = Kinds(world);
        kinds.ShouldContain(TraceKind.FlashFault);
        kinds[^1].ShouldBe(TraceKind.Boot);
        TraceRing trace = world.Band.Trace;
        trace.First(trace.Count - 1).ShouldBe((int)WakeCause.Watchdog);
        int fault = kinds.IndexOf(TraceKind.FlashFault);
        trace.First(fault).ShouldBe((int)FlashResult.Failed);
        trace.Seconds(fault).ShouldBeInRange(3, 4);
    }

    [Fact]
    public void A_reset_by_the_key_says_so_after_the_reset()
    {
        BandRig world = new();
        world.Boot();
        world.RunFor(3000);
        world.Press(21_000);
        world.RunUntil(() => world.Power.Resets > 0, 30_000).ShouldBeTrue();
        world.Boot();
        TraceRing trace = world.Band.Trace;
        trace.Kind(trace.Count - 2).ShouldBe(TraceKind.Restart);
        trace.First(trace.Count - 2).ShouldBe((int)RestartReason.Key);
        trace.Kind(trace.Count - 1).ShouldBe(TraceKind.Boot);
    }

    [Fact]
    public void A_latch_of_the_firmware_before_is_still_read()
    {
        BandRig world = new();
        world.InRange = false;
        world.Boot();
        world.Press(200);
        world.RunFor(3000);
        int waiting = world.Band.Pending;
        AbRecord record = new(world.Flash, "latch", 400);
        byte[] content = new byte[400];
        int length = record.Load(content);
        record.Save(content, length - TraceRing.SavedSize);
        world.Boot(WakeCause.Timer);
        world.Band.Pending.ShouldBe(waiting);
        world.Band.Trace.Count.ShouldBe(1);
    }

    private static List<TraceKind> Kinds(BandRig world) =>
        [.. Enumerable.Range(0, world.Band.Trace.Count).Select(world.Band.Trace.Kind)];
}
