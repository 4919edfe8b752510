using ElderBand.BandProtocol;
using ElderBand.Simulation;

namespace ElderBand.Tests.BandProtocol;

public sealed class StoreTests
{
    [Fact]
    public void P17_an_AB_record_cut_at_every_byte_of_every_save_holds_the_old_or_the_new_content()
    {
        byte[] content = new byte[20];
        for (int saves = 0; saves < 6; saves++)
        {
            for (int kept = -1; kept <= content.Length + 10; kept++)
            {
                MemoryFlash flash = new();
                AbRecord record = new(flash, "r", 20);
                record.Load(content).ShouldBe(-1);
                for (int i = 0; i < saves; i++)
                {
                    Fill(content, i);
                    record.Save(content, content.Length).ShouldBe(FlashResult.Ok);
                }

                flash.FailKeepingBytes = kept;
                Fill(content, saves);
                record.Save(content, content.Length).ShouldBe(FlashResult.Failed);
                flash.FailKeepingBytes = null;

                AbRecord after = new(flash, "r", 20);
                int length = after.Load(content);
                bool whole = kept == content.Length + 10;
                if (saves == 0 && !whole)
                {
                    length.ShouldBe(-1);
                    continue;
                }

                length.ShouldBe(20);
                content[0].ShouldBe((byte)(whole ? saves : saves - 1), $"{saves} saves, {kept} bytes kept");
                Fill(content, 99);
                after.Save(content, 20).ShouldBe(FlashResult.Ok);
                new AbRecord(flash, "r", 20).Load(content).ShouldBe(20);
                content[7].ShouldBe((byte)99);
            }
        }
    }

    [Fact]
    public void P18_any_single_corrupt_bit_leaves_the_other_copy()
    {
        MemoryFlash flash = new();
        AbRecord record = new(flash, "r", 20);
        byte[] content = new byte[20];
        record.Load(content);
        for (int i = 0; i < 2; i++)
        {
            Fill(content, i);
            record.Save(content, 20);
        }

        foreach (string name in new[] { "r.a", "r.b" })
        {
            for (int bit = 0; bit < flash.Files[name].Length * 8; bit++)
            {
                flash.Files[name][bit / 8] ^= (byte)(1 << (bit % 8));
                new AbRecord(flash, "r", 20).Load(content).ShouldBe(20);
                (content[0] is 0 or 1).ShouldBeTrue();
                content.ShouldAllBe(value => value == content[0]);
                flash.Files[name][bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }
    }

    [Fact]
    public void P18_a_length_that_claims_more_than_the_file_is_refused()
    {
        MemoryFlash flash = new();
        flash.Files["r.a"] = [1, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0, 0];
        flash.Files["r.b"] = new byte[3];
        new AbRecord(flash, "r", 20).Load(new byte[20]).ShouldBe(-1);
    }

    [Fact]
    public void P14_a_full_ring_drops_and_counts_the_newest_but_always_takes_a_key_edge()
    {
        EventRing ring = new(5, 20);
        byte[] data = new byte[20];
        for (int i = 0; i < 10; i++)
        {
            ring.Enqueue(EventKind.Advertisement, i, i, 0, data, 20).ShouldBe(i < 3);
        }

        ring.Dropped.ShouldBe(7);
        ring.Enqueue(EventKind.LinkDown, 99, 3, 0, data, 0).ShouldBeTrue("the end of a link is no less news");
        ring.Enqueue(EventKind.UplinkUp, 99, 3, 0, data, 0).ShouldBeFalse();
        ring.Dropped.ShouldBe(8);
        ring.Enqueue(EventKind.KeyEdge, 100, 0, 1, data, 0).ShouldBeTrue();
        ring.Enqueue(EventKind.KeyEdge, 101, 0, 0, data, 0).ShouldBeFalse();
        RingEvent taken = new(20);
        for (int i = 0; i < 4; i++)
        {
            ring.TryDequeue(taken).ShouldBeTrue();
            taken.Address.ShouldBe(i);
        }

        ring.TryDequeue(taken).ShouldBeTrue();
        taken.Kind.ShouldBe(EventKind.KeyEdge);
        ring.TryDequeue(taken).ShouldBeFalse();
    }

    [Fact]
    public void A_ring_keeps_order_and_content_around_its_end_and_refuses_what_does_not_fit_a_slot()
    {
        EventRing ring = new(6, 8);
        RingEvent taken = new(8);
        Queue<byte> model = new();
        Random random = new(2);
        for (int i = 0; i < 10_000; i++)
        {
            if (random.Next(2) == 0)
            {
                byte[] data = [(byte)i, (byte)(i >> 8)];
                ring.Enqueue(EventKind.FrameIn, i, 7, i, data, 2).ShouldBe(model.Count < 4);
                if (model.Count < 4)
                {
                    model.Enqueue((byte)i);
                }
            }
            else if (ring.TryDequeue(taken))
            {
                taken.Count.ShouldBe(2);
                taken.Data[0].ShouldBe(model.Dequeue());
            }
            else
            {
                model.ShouldBeEmpty();
            }
        }

        int dropped = ring.Dropped;
        ring.Enqueue(EventKind.FrameIn, 0, 0, 0, new byte[9], 9).ShouldBeFalse();
        ring.Dropped.ShouldBe(dropped + 1);
    }

    [Fact]
    public async Task A_ring_survives_many_callbacks_at_once()
    {
        EventRing ring = new(64, 8);
        int accepted = 0;
        Task[] writers = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            byte[] data = new byte[8];
            for (int i = 0; i < 20_000; i++)
            {
                if (ring.Enqueue(EventKind.FrameIn, i, 1, i, data, 8))
                {
                    Interlocked.Increment(ref accepted);
                }
            }
        }))];
        Task all = Task.WhenAll(writers);
        RingEvent taken = new(8);
        int read = 0;
        while (!all.IsCompleted)
        {
            read += ring.TryDequeue(taken) ? 1 : 0;
        }

        await all;
        while (ring.TryDequeue(taken))
        {
            read++;
        }

        (accepted + ring.Dropped).ShouldBe(80_000);
        read.ShouldBe(accepted);
    }

    private static void Fill(byte[] content, int value) => Array.Fill(content, (byte)value);
}
