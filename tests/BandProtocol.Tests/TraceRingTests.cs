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
}
