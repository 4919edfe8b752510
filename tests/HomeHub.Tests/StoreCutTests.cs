using ElderBand.BandProtocol;
using ElderBand.HomeHub;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

/// <summary>The power of a store of records is cut, or one bit of its flash is corrupt. No hub runs.</summary>
public sealed class StoreCutTests(ITestOutputHelper output)
{
    private static readonly Cut[] Cuts = Enum.GetValues<Cut>();

    /// <summary>
    /// A store without a hub. The store is so small that it rotates and compacts all the time. It holds marks and
    /// copies.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void P17_a_power_cut_while_rotating_and_compacting_loses_nothing_that_was_written(bool keeps)
    {
        List<Point> points = Churn(keeps ? 3000 : 6000, keeps);
        for (int i = 0; i < points.Count; i++)
        {
            Point point = points[i];
            RecordStore store = NewStore(point.Flash, keeps);
            store.Load();
            HashSet<int> found = [.. Ids(store)];
            found.Count.ShouldBe(store.Count, point.Where + ": no record twice");
            point.Alive.Except(found).ShouldBeEmpty(point.Where + ": lost");
            found.Count(id => id >= point.Added).ShouldBe(0, point.Where + ": invented");
            found.Count.ShouldBeLessThanOrEqualTo(
                point.Alive.Count + 30, point.Where + ": hardly anything done comes back");

            // The store goes on: a record that is added now is there after the next boot too.
            if (i % 4 != 0)
            {
                continue;
            }

            AddOne(store, 9999);
            store.Flush(true).ShouldBe(FlashResult.Ok, point.Where);
            RecordStore again = NewStore(point.Flash, keeps);
            again.Load();
            HashSet<int> afterwards = [.. Ids(again)];
            afterwards.ShouldContain(9999, point.Where);
            found.Except(afterwards).ShouldBeEmpty(point.Where + ": lost after recovery");
        }

        output.WriteLine($"{points.Count} power-cut points in the store's churn");
        points.Count.ShouldBeGreaterThan(keeps ? 5_000 : 10_000);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void P17_a_second_cut_during_recovery_and_first_write_loses_nothing_either(bool keeps)
    {
        Random random = new(5);
        List<Point> points = Churn(keeps ? 1000 : 2000, keeps);
        int cuts = 0;
        foreach (Point point in points.Where(_ => random.Next(2) == 0))
        {
            MemoryFlash flash = point.Flash;
            flash.CutAt = random.Next(4);
            flash.CutMode = Cuts[random.Next(Cuts.Length)];
            try
            {
                RecordStore second = NewStore(flash, keeps);
                second.Load();
                AddOne(second, 9998);
                second.Flush(true);
            }
            catch (PowerCutException)
            {
                cuts++;
            }

            flash.CutAt = -1;
            RecordStore store = NewStore(flash, keeps);
            store.Load();
            HashSet<int> found = [.. Ids(store)];
            point.Alive.Except(found).ShouldBeEmpty(point.Where + ": lost");
            found.Remove(9998);
            found.Count(id => id >= point.Added).ShouldBe(0, point.Where + ": invented");
        }

        output.WriteLine($"{cuts} second cuts");
        cuts.ShouldBeGreaterThan(keeps ? 500 : 1000);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void P18_any_single_corrupt_bit_costs_one_record_at_most_and_is_counted(bool keeps)
    {
        MemoryFlash flash = new();
        RecordStore store = NewStore(flash, keeps);
        store.Load();
        for (int i = 0; i < 60; i++)
        {
            AddOne(store, i);
            store.Flush(true).ShouldBe(FlashResult.Ok);
        }

        store.Remove(store.IndexOf(1, 3));
        store.Flush(true);
        int bits = 0;
        foreach (string name in flash.Files.Keys.ToArray())
        {
            for (int bit = 0; bit < flash.Files[name].Length * 8; bit++)
            {
                flash.Files[name][bit / 8] ^= (byte)(1 << (bit % 8));
                RecordStore rotten = NewStore(flash, keeps);
                rotten.Load();
                HashSet<int> found = [.. Ids(rotten)];
                found.ExceptWith([3]); // a mark that rots only means that its record is sent once more
                found.Count.ShouldBeGreaterThanOrEqualTo(58, $"{name} bit {bit}");
                found.Count(id => id >= 60).ShouldBe(0, $"{name} bit {bit}: invented");
                rotten.CorruptSlots.ShouldBe(1, $"{name} bit {bit}");
                flash.Files[name][bit / 8] ^= (byte)(1 << (bit % 8));
                bits++;
            }
        }

        output.WriteLine($"{bits} single bits");
    }

    private static RecordStore NewStore(MemoryFlash flash, bool keeps) =>
        keeps ? new KeepingStore(flash) : new RecordStore(flash, null, "s", 5, 250, 1);

    // The store has three segments more than it needs, so it keeps done records in these and deletes them all the time.
    private sealed class KeepingStore(MemoryFlash flash) : RecordStore(flash, null, "s", 8, 250, 1)
    {
        public override bool KeepsDone => true;
    }

    private static void AddOne(RecordStore store, int id)
    {
        byte[] frame = new byte[Frame.Size];
        Frame.Begin(frame, FrameType.Sos, Lane.Alarm, 1, id);
        store.Add(true, 1, id, 42, -60, Envelope.LinkChecked, AgeQuality.About, 0, 0, frame, 0)
            .ShouldBeGreaterThanOrEqualTo(0);
    }

    private static IEnumerable<int> Ids(RecordStore store)
    {
        for (int i = 0; i < store.Capacity; i++)
        {
            if (store.State(i) != RecordState.Free)
            {
                yield return store.Sequence(i);
            }
        }
    }

    /// <summary>
    /// Adds records in batches of 1 to 9, and removes records in random order so that at most 200 are left. Returns the
    /// flash as each cut of each operation leaves it, with the records that were written and not removed by then.
    /// </summary>
    private static List<Point> Churn(int records, bool keeps)
    {
        Random random = new(8);
        List<Point> points = [];
        MemoryFlash flash = new();
        RecordStore store = NewStore(flash, keeps);
        List<int> alive = [];
        HashSet<int> written = [];
        int next = 0;
        flash.Watch = (name, after) =>
        {
            int[] sure = [.. written];
            foreach (Cut cut in Cuts)
            {
                points.Add(new Point(
                    flash.With(name, after(cut)), sure, next, $"operation {points.Count / Cuts.Length}, {cut}"));
            }
        };
        store.Load();
        while (next < records)
        {
            int batch = 1 + random.Next(9);
            for (int i = 0; i < batch && alive.Count < 200; i++)
            {
                AddOne(store, next);
                alive.Add(next++);
            }

            store.Flush(true).ShouldBe(FlashResult.Ok);
            for (int i = store.First(RecordState.Fresh); i >= 0; i = store.First(RecordState.Fresh))
            {
                written.Add(store.Sequence(i));
                store.Settle(i);
            }

            int gone = random.Next(alive.Count > 150 ? 20 : 7);
            for (int i = 0; i < gone && alive.Count > 0; i++)
            {
                int pick = random.Next(Math.Min(alive.Count, 100));
                written.Remove(alive[pick]);
                store.Remove(store.IndexOf(1, alive[pick]));
                alive.RemoveAt(pick);
            }
        }

        return points;
    }

    private sealed record Point(MemoryFlash Flash, IReadOnlyCollection<int> Alive, int Added, string Where);
}
