using ElderBand.BandProtocol;
using ElderBand.HomeHub;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

/// <summary>What is left of a hub's last hours after a reset.</summary>
public sealed class TraceTests
{
    [Fact]
    public void The_trace_tells_boot_line_links_and_flash_faults()
    {
        HubRig rig = HubRig.Ready();
        rig.Advertise(rig.Band, rig.Band.Sos());
        rig.Run(5000);
        rig.Flash.ReadOnly = true;
        rig.Advertise(rig.Band, rig.Band.Sos());
        rig.Run(2000);
        rig.Flash.ReadOnly = false;
        rig.Advertise(rig.Band, rig.Band.Sos());
        rig.Run(70_000);
        rig.Centre.Drop();
        rig.Run(100);
        Kinds(rig).ShouldBe([
            TraceKind.Boot, TraceKind.LineUp, TraceKind.LinkUp,
            TraceKind.FlashFault, TraceKind.FlashWorks, TraceKind.LineDown,
        ]);
        TraceRing trace = rig.Hub.Trace;
        trace.First(0).ShouldBe((int)WakeCause.PowerOn);
        trace.Second(0).ShouldBe(rig.Hub.Boot);
        trace.First(3).ShouldBe((int)FlashResult.Failed);
        trace.Second(3).ShouldBe(2, "the call and the report of the fault wait in memory");
    }

    [Fact]
    public void P08_an_attempt_to_connect_that_freezes_the_hub_leaves_what_came_before_it()
    {
        HubRig rig = HubRig.Ready();
        rig.Centre.Hangs = true;
        rig.Centre.Drop();
        rig.Run(60_000);
        rig.Reboot(WakeCause.Watchdog);
        Kinds(rig).ShouldBe([TraceKind.Boot, TraceKind.LineUp, TraceKind.LineDown, TraceKind.Boot]);
        rig.Hub.Trace.First(3).ShouldBe((int)WakeCause.Watchdog);
        rig.Hub.Trace.Second(3).ShouldBe(rig.Hub.Boot);
    }

    [Fact]
    public void P15_a_hub_that_resets_itself_because_its_radio_is_silent_says_so_after_the_reset()
    {
        HubRig rig = HubRig.Ready();
        rig.Advertise(rig.Band, rig.Band.Status(BandMode.Guard));
        rig.Run(1000);
        rig.Radio.Dead = true;
        for (int i = 0; i < 600 && rig.Power.Resets == 0; i++)
        {
            rig.Run(1000);
        }

        rig.Power.Resets.ShouldBe(1);
        rig.Reboot();
        TraceRing trace = rig.Hub.Trace;
        trace.Kind(trace.Count - 1).ShouldBe(TraceKind.Boot);
        trace.Kind(trace.Count - 2).ShouldBe(TraceKind.Restart);
        trace.First(trace.Count - 2).ShouldBe((int)RestartReason.RadioSilent);
        Kinds(rig).ShouldContain(TraceKind.RadioRestart);
    }

    [Fact]
    public void A_mark_of_the_firmware_before_is_still_read()
    {
        HubRig rig = HubRig.Ready();
        AbRecord old = new(rig.Flash, "uplink", 70);
        old.Load(new byte[70]);
        old.Save([1, 0], 2);
        int attempts = rig.Centre.Attempts;
        rig.Reboot(WakeCause.Watchdog);
        rig.Run(59_000);
        rig.Centre.Attempts.ShouldBe(attempts, "the attempt had frozen the hub: 1 min before the next");
        rig.Run(3000);
        rig.Centre.Attempts.ShouldBe(attempts + 1);
    }

    [Fact]
    public void A_hub_that_is_asked_sends_its_whole_trace_once_with_the_question_as_its_last_entry()
    {
        HubRig rig = HubRig.Ready();
        rig.Advertise(rig.Band, rig.Band.Sos());
        rig.Run(5000);
        rig.Centre.AskForTrace(9);
        rig.Run(120_000);
        byte[] answer = rig.Centre.Traces.ShouldHaveSingleItem();
        TraceMessage.Ask(answer).ShouldBe((byte)9);
        KindsOf(answer)[..3].ShouldBe([TraceKind.Boot, TraceKind.LineUp, TraceKind.LinkUp]);
        KindsOf(answer)[^1].ShouldBe(TraceKind.Asked);
        int last = TraceMessage.HeaderSize + ((answer[2] - 1) * TraceRing.EntrySize);
        Bytes.GetU24(answer, last + 1).ShouldBe(6);
        answer[last + 4].ShouldBe((byte)9);
    }

    [Fact]
    public void A_full_trace_of_64_entries_fits_one_message()
    {
        HubRig rig = HubRig.Ready();
        for (int i = 0; i < 40; i++)
        {
            rig.Centre.Drop();
            rig.Run(70_000);
        }

        rig.Centre.AskForTrace(1);
        rig.Run(1000);
        byte[] answer = rig.Centre.Traces.ShouldHaveSingleItem();
        answer[2].ShouldBe((byte)TraceRing.Capacity);
        answer.Length.ShouldBe(TraceMessage.MaxSize);
    }

    [Fact]
    public void A_question_that_is_malformed_is_dropped_and_one_before_a_lost_line_is_asked_again_by_the_centre()
    {
        HubRig rig = HubRig.Ready();
        rig.Message(EventKind.Downlink, (int)UplinkTopic.Trace, [1]);
        rig.Run(1000);
        rig.Hub.BadMessages.ShouldBe(1);
        rig.Centre.AskForTrace(3);
        rig.Centre.Drop();
        rig.Run(70_000);
        rig.Centre.Traces.ShouldBeEmpty();
        rig.Centre.AskForTrace(3);
        rig.Run(1000);
        rig.Centre.Traces.Count.ShouldBe(1);
    }

    private static List<TraceKind> KindsOf(byte[] answer) =>
        [.. Enumerable.Range(0, answer[2])
            .Select(i => (TraceKind)answer[TraceMessage.HeaderSize + (i * TraceRing.EntrySize)])];

    private static List<TraceKind> Kinds(HubRig rig) =>
        [.. Enumerable.Range(0, rig.Hub.Trace.Count).Select(rig.Hub.Trace.Kind)];
}
