using ElderBand.BandProtocol;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

/// <summary>A stranger without keys records frames of a band and its hub and sends them to the hub again.</summary>
public sealed class StrangerReplayTests(ITestOutputHelper output)
{
    private const int EveryMs = 50;
    private const int Replays = 100_000;

    [Fact]
    public void P12_every_recorded_frame_replayed_100_000_times_adds_no_row_and_presses_arrive_meanwhile()
    {
        HubRig rig = HubRig.Ready();
        List<byte[]> recorded = Record(rig);
        int rows = Rows(rig);
        int presses = 0;
        int worstMinute = 0;
        long slowestMs = 0;
        int atMinute = rig.Flash.Operations;
        for (int i = 0; i < Replays; i++)
        {
            if (i % 20_000 == 10_000)
            {
                byte[] sos = rig.Band.Sos();
                rig.Advertise(rig.Band, sos);
                slowestMs = Math.Max(slowestMs, Arrives(rig, sos, recorded, ref i));
                presses++;
                rows = Rows(rig);
                atMinute = rig.Flash.Operations; // the writes of the press itself do not count
            }

            Replay(rig, recorded, i);
            if (i % (60_000 / EveryMs) == 0)
            {
                worstMinute = Math.Max(worstMinute, rig.Flash.Operations - atMinute);
                atMinute = rig.Flash.Operations;
                Rows(rig).ShouldBe(rows, $"after {i} replays");
            }
        }

        output.WriteLine($"{worstMinute} flash operations in the worst minute, slowest press {slowestMs} ms");
        presses.ShouldBe(5);
        worstMinute.ShouldBeLessThanOrEqualTo(10, "flash operations in a minute");
    }

    [Fact]
    public void P12_replays_of_older_boots_do_not_keep_out_a_true_press_of_an_older_boot()
    {
        HubRig rig = HubRig.Ready();
        List<byte[]> recorded = Record(rig);
        byte[] latched = rig.Band.Sos();
        rig.Band.Reboot();
        rig.Advertise(rig.Band, rig.Band.Event(FrameType.Boot));
        rig.Run(70_000);
        int i = 0;
        for (; i < 1500; i++)
        {
            Replay(rig, recorded, i);
        }

        rig.Advertise(rig.Band, latched);
        Arrives(rig, latched, recorded, ref i);
    }

    /// <summary>
    /// The stranger has 120 calls of older boots, enough that the hub can ask the centre about one of them at any time.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void P12_a_stranger_with_many_old_calls_does_not_use_up_the_places_of_a_true_older_call(bool hasChallenge)
    {
        HubRig rig = HubRig.Ready();
        byte[] oldChallenge = rig.Band.Challenge();
        rig.Raise(EventKind.LinkUp, rig.Band.Address);
        rig.Notify(rig.Band, oldChallenge);
        rig.Run(1000);
        List<byte[]> recorded = [];
        for (int i = 0; i < 120; i++)
        {
            recorded.Add(rig.Band.Sos());
            rig.Advertise(rig.Band, recorded[^1]);
            rig.Run(500);
        }

        byte[] latched = rig.Band.Sos();
        rig.Band.Reboot();
        rig.Advertise(rig.Band, rig.Band.Event(FrameType.Boot));
        rig.Raise(EventKind.LinkDown, rig.Band.Address);
        rig.Run(700_000);
        rig.Raise(EventKind.LinkUp, rig.Band.Address);
        rig.Run(100);
        int arrived = rig.Centre.Arrivals.Count;
        for (int i = 0; i < 20 * 90; i++)
        {
            if (hasChallenge && i % 40 == 0)
            {
                rig.Notify(rig.Band, oldChallenge);
            }

            Replay(rig, recorded, i);
        }

        (rig.Centre.Arrivals.Count - arrived).ShouldBeInRange(6, 12, "the stranger has used up the places of 90 s");
        rig.Raise(EventKind.LinkDown, rig.Band.Address);
        rig.Run(100);
        rig.Raise(EventKind.LinkUp, rig.Band.Address);
        rig.Notify(rig.Band, rig.Band.Challenge());
        rig.Notify(rig.Band, latched);
        int replays = 0;
        output.WriteLine($"the true call is at the centre after {Arrives(rig, latched, recorded, ref replays)} ms");
    }

    [Fact]
    public void P12_other_bytes_under_a_used_number_are_stored_before_they_are_answered()
    {
        HubRig rig = HubRig.Ready();
        byte[] first = rig.Band.Sos();
        rig.Advertise(rig.Band, first);
        rig.Run(2000);
        rig.Centre.SendBandFrame(rig.Band.Address, rig.Band.FromCentre(FrameType.Receipt, first));
        rig.Run(10_000);
        byte[] second = (byte[])first.Clone();
        Payload.PutEvent(second, rig.Band.UptimeS + 5, AlarmFlags.Worn, 70, 0);
        rig.Band.Sign(second);
        int arrived = rig.Centre.Arrivals.Count;
        rig.Band.Received.Clear();
        rig.Band.Heard.Clear();
        rig.Flash.ReadOnly = true;
        rig.Notify(rig.Band, second);
        rig.Run(3000);
        rig.Band.HasHeard(second).ShouldBeFalse("the hub has not stored this press");
        rig.Band.Count(FrameType.Receipt).ShouldBe(0, "that receipt is the first press's");
        rig.Flash.ReadOnly = false;
        rig.Run(8000);
        rig.Notify(rig.Band, second);
        rig.Run(2000);
        rig.Band.HasHeard(second).ShouldBeTrue();
        rig.Centre.Arrivals.Count.ShouldBeGreaterThan(arrived, "the centre judges which press is which");
    }

    /// <summary>Frames of every kind in both directions, of two boots of the band.</summary>
    private static List<byte[]> Record(HubRig rig)
    {
        List<byte[]> recorded = [];
        for (int boot = 0; boot < 2; boot++)
        {
            Say(rig, recorded, rig.Band.Event(FrameType.Boot));
            Say(rig, recorded, rig.Band.Challenge());
            for (int i = 0; i < 4; i++)
            {
                byte[] sos = rig.Band.Sos();
                Say(rig, recorded, sos);
                rig.Centre.SendBandFrame(rig.Band.Address, rig.Band.FromCentre(FrameType.Receipt, sos));
                rig.Centre.SendBandFrame(rig.Band.Address, rig.Band.FromCentre(FrameType.Stage, sos, Stage.Taken, i));
                rig.Run(500);
                Say(rig, recorded, rig.Band.Shown(sos, Stage.Taken));
                Say(rig, recorded, rig.Band.Status(BandMode.Guard));
                Say(rig, recorded, rig.Band.Vitals(true));
                foreach (FrameType type in new[] { FrameType.FallSuspected, FrameType.FallConfirmed,
                    FrameType.FallCancelled, FrameType.NotNeeded, FrameType.WearChange, FrameType.Inactivity,
                    FrameType.Technical })
                {
                    Say(rig, recorded, rig.Band.Event(type));
                }
            }

            rig.Centre.SendBandFrame(
                rig.Band.Address, rig.Band.FromCentre(FrameType.Configuration, rig.Band.Event(FrameType.WearChange)));
            rig.Centre.SendBandFrame(
                rig.Band.Address, rig.Band.FromCentre(FrameType.Rekey, rig.Band.Event(FrameType.WearChange)));
            rig.Run(60_000);
            rig.Band.Reboot();
        }

        Say(rig, recorded, rig.Band.Event(FrameType.Boot));
        rig.Run(120_000);
        recorded.AddRange(rig.Band.Received);
        foreach (FrameType type in Enum.GetValues<FrameType>())
        {
            if (type is not (FrameType.None or FrameType.HubKey or FrameType.HubTechnical or FrameType.LinkGroup
                or FrameType.Trace))
            {
                recorded.ShouldContain(frame => Frame.TypeOf(frame, 0) == type, $"{type} was not recorded");
            }
        }

        return recorded;
    }

    private static void Say(HubRig rig, List<byte[]> recorded, byte[] frame)
    {
        recorded.Add(frame);
        rig.Advertise(rig.Band, frame);
        rig.Run(1500);
        rig.Notify(rig.Band, frame);
        rig.Run(500);
    }

    private static void Replay(HubRig rig, List<byte[]> recorded, int i)
    {
        byte[] frame = recorded[(i / 2) % recorded.Count];
        if (i % 2 == 0)
        {
            rig.Advertise(rig.Band, frame);
        }
        else
        {
            rig.Notify(rig.Band, frame);
        }

        rig.Run(EveryMs);
    }

    private static long Arrives(HubRig rig, byte[] sos, List<byte[]> recorded, ref int i)
    {
        long sentMs = rig.World.NowMs;
        bool there = false;
        while (!there && rig.World.NowMs < sentMs + 10_000)
        {
            Replay(rig, recorded, i++);
            if (i % 20 == 0)
            {
                rig.Notify(rig.Band, sos); // a band repeats a frame each second until a hub acknowledges it
            }

            there = rig.Centre.Rows.Values.Any(row => row.Frame.AsSpan(0, Frame.LinkTagOffset)
                .SequenceEqual(sos.AsSpan(0, Frame.LinkTagOffset)));
        }

        there.ShouldBeTrue($"the press that was sent at {sentMs} ms is not at the centre after 10 s");
        return rig.World.NowMs - sentMs;
    }

    // Rows of the band. Reports of the hub about itself, such as tampering, are not counted.
    private static int Rows(HubRig rig) =>
        rig.Centre.Rows.Values.Count(row => row.Type != FrameType.HubTechnical);
}
