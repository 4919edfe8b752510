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
        BandRig world = Bands.ResetByTheKey();
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

    [Fact]
    public void A_band_that_is_asked_sends_its_last_entries_newest_first_and_stores_nothing()
    {
        BandRig world = new();
        world.Boot();
        world.RunFor(5000);
        int pending = world.Band.Pending;
        world.Down(Question(world, version: 3, ask: 7));
        world.RunFor(5000);
        List<byte[]> halves = Halves(world);
        halves.Count.ShouldBe(2 * 5, "boot, mode, radio start, link up and the question");
        halves.ShouldAllBe(f => Payload.TraceAsk(f, 0) == 7 && Frame.LaneOf(f, 0) == Lane.Vitals);
        halves.Select(f => Payload.TraceHalf(f, 0)).ShouldBe([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
        EntryKinds(halves).ShouldBe(
            [TraceKind.Boot, TraceKind.Mode, TraceKind.RadioStart, TraceKind.LinkUp, TraceKind.Asked]);
        world.Band.Pending.ShouldBe(pending);
    }

    [Fact]
    public void A_question_that_is_repeated_is_answered_once_and_a_new_one_ten_minutes_after_the_last_answer()
    {
        BandRig world = new();
        world.Boot();
        world.RunFor(5000);
        byte[] first = Question(world, version: 3, ask: 7);
        world.Down(first);
        world.RunFor(5000);
        int answered = Halves(world).Count;
        world.Down(first);
        world.RunFor(60_000);
        world.Down(Question(world, version: 4, ask: 8));
        world.RunFor(60_000);
        Halves(world).Count.ShouldBe(answered, "ten minutes between two answers");
        world.RunFor(600_000);
        Halves(world).Count.ShouldBeGreaterThan(answered);
        Halves(world)[^1].ShouldSatisfyAllConditions(f => Payload.TraceAsk(f, 0).ShouldBe((byte)8));
    }

    [Fact]
    public void A_configuration_without_the_question_sends_no_trace()
    {
        BandRig world = new();
        world.Boot();
        world.RunFor(5000);
        world.Down(Question(world, version: 3, ask: 0));
        world.RunFor(60_000);
        Halves(world).ShouldBeEmpty();
    }

    [Fact]
    public void A_press_while_the_trace_is_sent_goes_first_and_holds_the_trace_until_a_hub_has_stored_it()
    {
        BandRig world = new();
        world.Boot();
        world.RunFor(5000);
        world.Down(Question(world, version: 3, ask: 7));
        world.RunUntil(() => Halves(world).Count >= 2, 5000).ShouldBeTrue();
        world.AnswersHeard = false;
        world.AnswersReceipt = false;
        world.Press(200);
        world.RunUntil(() => world.Heard.Exists(h => Frame.TypeOf(h.Frame, 0) == FrameType.Sos), 1000).ShouldBeTrue();
        int before = Halves(world).Count;
        world.RunFor(3000);
        Halves(world).Count.ShouldBe(before, "no hub has acknowledged the call");
        world.AnswersHeard = true;
        world.AnswersReceipt = true;
        world.RunFor(6000);
        EntryKinds(Halves(world)).Count.ShouldBe(5);
    }

    [Fact]
    public void An_answer_that_a_lost_link_interrupts_goes_on_over_the_next_link()
    {
        BandRig world = new(guard: false);
        world.Power.IsExternal = false;
        world.Boot();
        world.RunFor(90_000);
        world.Owes = true;
        world.RunUntil(() => world.LinkUp && world.Band.Link.IsTrusted, 400_000).ShouldBeTrue();
        world.Down(Question(world, version: 3, ask: 7));
        world.RunUntil(() => Halves(world).Count >= 3, 5000).ShouldBeTrue();
        world.Owes = false;
        world.InRange = false;
        world.Disconnect();
        world.RunFor(30_000);
        int before = Halves(world).Count;
        world.InRange = true;
        world.RunFor(700_000);
        List<byte[]> halves = Halves(world);
        halves.Count.ShouldBeGreaterThan(before);
        halves.Select(f => Payload.TraceHalf(f, 0)).Order().ShouldBe(Enumerable.Range(0, halves.Count));
        world.Heard.ShouldContain(h => Frame.TypeOf(h.Frame, 0) == FrameType.Status && Payload.AsksForLink(h.Frame, 0));
    }

    private static byte[] Question(BandRig world, int version, byte ask) =>
        world.FromCentre(FrameType.Configuration, version, 0, f =>
        {
            Payload.PutConfiguration(f, guardAlways: world.Band.Mode == BandMode.Guard, 1, walkingAid: false, 0, 0, 0);
            Payload.AskForTrace(f, ask);
        });

    private static List<byte[]> Halves(BandRig world) => world.RowsOf(FrameType.Trace);

    private static List<TraceKind> EntryKinds(List<byte[]> halves)
    {
        byte[] entries = new byte[Payload.TraceHalves * Payload.TraceHalfSize];
        halves.ForEach(f => Payload.TakeTraceHalf(f, 0, entries));
        return [.. Enumerable.Range(0, Payload.TraceEntries).Select(i => (TraceKind)entries[i * TraceRing.EntrySize])
            .Where(kind => kind != TraceKind.None)];
    }

    private static List<TraceKind> Kinds(BandRig world) =>
        [.. Enumerable.Range(0, world.Band.Trace.Count).Select(world.Band.Trace.Kind)];
}
