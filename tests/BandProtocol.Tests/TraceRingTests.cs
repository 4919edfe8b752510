using ElderBand.BandProtocol;

namespace ElderBand.Tests.BandProtocol;

public sealed class TraceRingTests
{
    [Fact]
    public void The_ring_keeps_the_newest_64_entries_in_order()
    {
        TraceRing ring = new();
        for (int i = 0; i < 200; i++)
        {
            ring.Add(TraceKind.Mode, i, 2 * i, 1000L * i);
        }

        ring.Count.ShouldBe(TraceRing.Capacity);
        for (int i = 0; i < TraceRing.Capacity; i++)
        {
            ring.Kind(i).ShouldBe(TraceKind.Mode);
            ring.First(i).ShouldBe(136 + i);
            ring.Second(i).ShouldBe(2 * (136 + i));
            ring.Seconds(i).ShouldBe(136 + i);
        }
    }

    [Fact]
    public void Numbers_and_times_stop_at_their_bounds_and_a_saved_ring_comes_back_in_front()
    {
        TraceRing ring = new();
        ring.Add(TraceKind.FlashFault, -5, 70_000, long.MaxValue);
        ring.Add(TraceKind.Restart, (int)RestartReason.Key, 1, 1_234_567);
        byte[] saved = new byte[TraceRing.SavedSize + 2];
        ring.SaveLast(saved, 2);
        TraceRing next = new();
        next.LoadLast(saved, 2);
        next.Add(TraceKind.Boot, 4, 9, 10);
        next.Count.ShouldBe(3);
        next.Kind(0).ShouldBe(TraceKind.FlashFault);
        next.First(0).ShouldBe(0);
        next.Second(0).ShouldBe(0xFFFF);
        next.Seconds(0).ShouldBe(0xFFFFFF);
        next.Kind(1).ShouldBe(TraceKind.Restart);
        next.Seconds(1).ShouldBe(1234);
        next.Kind(2).ShouldBe(TraceKind.Boot);
    }

    [Fact]
    public void Of_the_entries_that_come_with_each_beat_only_the_newest_two_are_saved()
    {
        TraceRing ring = new();
        ring.Add(TraceKind.SensorFault, 1, 2, 1000);
        for (int beat = 0; beat < 20; beat++)
        {
            ring.Add(TraceKind.RadioStart, beat, 0, 2000);
            ring.Add(TraceKind.LinkUp, 1, 0, 2000);
            ring.Add(TraceKind.LinkDown, 0, 0, 2000);
            ring.Add(TraceKind.RadioStop, beat, 0, 2000);
            if (beat % 5 == 0)
            {
                ring.Add(TraceKind.Mode, beat, 0, 2000);
            }
        }

        byte[] saved = new byte[TraceRing.SavedSize];
        ring.SaveLast(saved, 0);
        TraceRing next = new();
        next.LoadLast(saved, 0);
        Enumerable.Range(0, next.Count).Select(next.Kind).ShouldBe(
            [TraceKind.Mode, TraceKind.Mode, TraceKind.Mode, TraceKind.LinkDown, TraceKind.RadioStop]);
        next.First(next.Count - 1).ShouldBe(19);
    }

    [Fact]
    public void Only_a_step_that_is_a_quarter_longer_than_any_before_is_an_entry()
    {
        TraceRing ring = new();
        foreach (int ms in new[] { 20, 99, 100, 110, 124, 125, 100, 400, 420, 100_000, 200_000 })
        {
            ring.AddStep(ms, 0);
        }

        Enumerable.Range(0, ring.Count).Select(ring.First).ShouldBe([100, 125, 400, 0xFFFF]);
    }

    [Fact]
    public void A_hubs_answer_carries_the_whole_ring_and_one_too_short_or_of_another_version_is_refused()
    {
        TraceRing ring = new();
        for (int i = 0; i < 70; i++)
        {
            ring.Add(TraceKind.LineUp, i, 1, 1000L * i);
        }

        byte[] data = new byte[TraceMessage.MaxSize];
        int size = TraceMessage.PutAnswer(data, 200, ring);
        size.ShouldBe(TraceMessage.MaxSize);
        TraceMessage.AnswerIsValid(data, size).ShouldBeTrue();
        TraceMessage.Ask(data).ShouldBe((byte)200);
        Bytes.GetU24(data, TraceMessage.HeaderSize + 1).ShouldBe(6);
        Bytes.GetU16(data, size - 4).ShouldBe(69);
        TraceMessage.AnswerIsValid(data, size - 1).ShouldBeFalse();
        TraceMessage.AnswerIsValid(data, 2).ShouldBeFalse();
        data[0] = 2;
        TraceMessage.AnswerIsValid(data, size).ShouldBeFalse();
        data[0] = 1;
        data[2] = TraceRing.Capacity + 1;
        TraceMessage.AnswerIsValid(data, TraceMessage.HeaderSize + (65 * TraceRing.EntrySize)).ShouldBeFalse();
        TraceMessage.AskIsValid(data, TraceMessage.PutAsk(data, 5)).ShouldBeTrue();
        TraceMessage.AskIsValid(data, 3).ShouldBeTrue("a later program may add bytes");
        TraceMessage.AskIsValid(data, 1).ShouldBeFalse();
    }

    [Fact]
    public void Half_entries_of_a_band_come_together_in_any_order()
    {
        TraceRing ring = new();
        ring.Add(TraceKind.SensorFault, 0x0102, 0xABCD, 0x123456 * 1000L);
        ring.Add(TraceKind.Asked, 3, 0, 0x123457 * 1000L);
        byte[] entries = new byte[Payload.TraceHalves * Payload.TraceHalfSize];
        ring.SaveLast(entries, 0, Payload.TraceEntries);
        byte[] joined = new byte[entries.Length];
        byte[] frame = new byte[Frame.Size];
        foreach (int half in Enumerable.Range(0, Payload.TraceHalves).Reverse())
        {
            Frame.Begin(frame, FrameType.Trace, Lane.Vitals, 5, half);
            Payload.PutTraceHalf(frame, half, 3, entries);
            Payload.TraceAsk(frame, 0).ShouldBe((byte)3);
            Payload.TraceHalf(frame, 0).ShouldBe(half);
            Payload.TakeTraceHalf(frame, 0, joined);
        }

        joined.ShouldBe(entries);
        joined[..16].ShouldBe(
            [12, 0x56, 0x34, 0x12, 0x02, 0x01, 0xCD, 0xAB, 16, 0x57, 0x34, 0x12, 3, 0, 0, 0]);
    }
}
