using ElderBand.BandProtocol;
using ElderBand.HomeHub;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

public sealed class PowerCutTests(ITestOutputHelper output)
{
    private static readonly Cut[] Cuts = Enum.GetValues<Cut>();

    /// <summary>
    /// Three bands, calls and notes, the centre there, gone and back, receipts: then the same again with the power cut
    /// at each flash operation in turn, in each of five ways.
    /// </summary>
    [Fact]
    public void P17_a_power_cut_at_any_flash_operation_loses_no_acknowledged_alarm_and_invents_none()
    {
        HubRig whole = new(3);
        Story(whole, out HashSet<string> _);
        int operations = whole.Flash.Operations;
        operations.ShouldBeGreaterThan(250);
        int points = 0;
        for (int at = 0; at < operations; at++)
        {
            foreach (Cut cut in Cuts)
            {
                HubRig rig = new(3);
                rig.Flash.CutAt = at;
                rig.Flash.CutMode = cut;
                HashSet<string> sent = [];
                Should.Throw<PowerCutException>(() => Story(rig, out sent), $"operation {at}");
                points++;
                Judge(rig, sent, $"operation {at} of {operations}, {cut}");
            }
        }

        output.WriteLine($"{points} power-cut points in the hub's story");
        points.ShouldBeGreaterThan(1250);
    }

    /// <summary>
    /// The store alone, small enough that it rotates and compacts all the time, with marks and copies.
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

            // And it goes on: what is added now is there after the next boot too.
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

    [Fact]
    public void P18_1_to_64_corrupt_bytes_anywhere_never_stop_the_hub_nor_bring_an_old_boot_count_back()
    {
        HubRig whole = new(3);
        Story(whole, out HashSet<string> _);
        Random random = new(6);
        for (int i = 0; i < 1000; i++)
        {
            HubRig rig = new(3, whole.Flash.Copy());
            string[] names = [.. rig.Flash.Files.Keys.Order(StringComparer.Ordinal)];
            byte[] file = rig.Flash.Files[names[random.Next(names.Length)]];
            int from = random.Next(file.Length);
            int count = Math.Min(1 + random.Next(64), file.Length - from);
            random.NextBytes(file.AsSpan(from, count));
            rig.Reboot();
            rig.Hub.Boot.ShouldBeGreaterThan(whole.Hub.Boot);
            rig.SendTable();
            rig.Run(1000);
            byte[] sos = rig.Band.Sos(uptimeS: 99_999);
            rig.Advertise(rig.Band, sos);
            rig.Run(2500);
            rig.Band.HasHeard(sos).ShouldBeTrue();
        }
    }

    [Fact]
    public void P18_corrupt_bytes_make_a_technical_record_for_staff()
    {
        HubRig rig = HubRig.Ready();
        rig.Centre.Reachable = false;
        rig.Centre.Drop();
        rig.Advertise(rig.Band, rig.Band.Sos());
        rig.Run(1000);
        string name = rig.Flash.Files.Keys.First(file => file.StartsWith("alarm", StringComparison.Ordinal));
        rig.Flash.Files[name][^1] ^= 1;
        rig.Reboot();
        rig.Centre.Reachable = true;
        rig.Run(10_000);
        rig.Centre.Rows.Values.ShouldContain(row => row.Code == TechnicalCode.FlashFault);
    }

    [Fact]
    public void P09_a_thousand_reboots_never_use_a_record_number_twice()
    {
        HubRig rig = HubRig.Ready();
        rig.Centre.Reachable = false;
        rig.Centre.Drop();
        HashSet<(int Boot, int Sequence)> used = [];
        Random random = new(7);
        int last = rig.Hub.Boot;
        for (int i = 0; i < 1000; i++)
        {
            rig.Flash.CutAt = rig.Flash.Operations + random.Next(8);
            rig.Flash.CutMode = Cuts[random.Next(Cuts.Length)];
            try
            {
                rig.Advertise(rig.Band, rig.Band.Event(FrameType.WearChange));
                rig.Run(3000);
            }
            catch (PowerCutException)
            {
                // As intended.
            }

            RecordStore alarms = rig.Hub.Outbox.Alarms;
            for (int r = 0; r < alarms.Capacity; r++)
            {
                if (alarms.State(r) != RecordState.Free && alarms.Boot(r) == rig.Hub.Boot)
                {
                    used.Add((alarms.Boot(r), alarms.Sequence(r))).ShouldBeTrue($"reboot {i}");
                }
            }

            rig.Reboot();
            rig.Hub.Boot.ShouldBeGreaterThan(last);
            last = rig.Hub.Boot;
        }

        used.Count.ShouldBeGreaterThan(500);
    }

    private static void Judge(HubRig rig, HashSet<string> sent, string where)
    {
        HashSet<string> committed = [.. rig.Centre.Rows.Keys];
        rig.Reboot();

        // Everything a band was told "heard" about is on flash or at the centre.
        HashSet<string> waiting = [];
        RecordStore alarms = rig.Hub.Outbox.Alarms;
        for (int i = 0; i < alarms.Capacity; i++)
        {
            if (alarms.State(i) != RecordState.Free && alarms.Address(i) != 0
                && alarms.TypeOf(i) != FrameType.HubTechnical)
            {
                int at = alarms.FrameAt(i);
                string identity = $"{alarms.Address(i)}/{ScriptedBand.Identity(alarms.Data[at..(at + Frame.Size)])}";
                waiting.Add(identity).ShouldBeTrue(where + ": no record twice");
                sent.ShouldContain(identity, where + ": invented");
            }
        }

        HashSet<string> atCentre = [.. rig.Centre.Rows.Values.Where(row => row.Address != 0)
            .Select(row => $"{row.Address}/{ScriptedBand.Identity(row.Frame)}")];
        foreach (ScriptedBand band in rig.Bands)
        {
            foreach (string heard in band.Heard)
            {
                string identity = $"{band.Address}/{heard}";
                (waiting.Contains(identity) || atCentre.Contains(identity))
                    .ShouldBeTrue($"{where}: {identity} was acknowledged and is gone");
            }
        }

        // And it all gets there, and only that.
        rig.Centre.Reachable = true;
        rig.SendTable();
        rig.Run(20_000);
        rig.Hub.WaitingAlarms.ShouldBe(0, where);
        atCentre = [.. rig.Centre.Rows.Values.Where(row => row.Address != 0)
            .Select(row => $"{row.Address}/{ScriptedBand.Identity(row.Frame)}")];
        waiting.Except(atCentre).ShouldBeEmpty(where);
        rig.Centre.Rows.Keys.Count(key => committed.Contains(key)).ShouldBe(committed.Count, where);
    }

    private static void Story(HubRig rig, out HashSet<string> sent)
    {
        HashSet<string> all = [];
        sent = all;
        rig.Hub.Start(0);
        rig.Run(300);
        rig.SendTable();
        rig.Run(500);
        for (int i = 0; i < 30; i++)
        {
            Say(i);
        }

        rig.Centre.Reachable = false;
        rig.Centre.Drop();
        for (int i = 0; i < 110; i++)
        {
            Say(i);
        }

        rig.Centre.Reachable = true;
        rig.Run(12_000);
        for (int i = 0; i < 60; i++)
        {
            Say(i);
        }

        void Say(int i)
        {
            ScriptedBand band = rig.Bands[i % 3];
            byte[] frame = i % 4 == 0 ? band.Sos() : band.Event(FrameType.WearChange);
            all.Add($"{band.Address}/{ScriptedBand.Identity(frame)}");
            rig.Advertise(band, frame);
            if (rig.Radio.Up.Contains(band.Address))
            {
                rig.Notify(band, frame);
            }

            rig.Run(400);
        }
    }

    private static RecordStore NewStore(MemoryFlash flash, bool keeps) =>
        keeps ? new KeepingStore(flash) : new RecordStore(flash, null, "s", 5, 250, 1);

    // With three segments more than it needs, a few done ones are kept and deleted all the time.
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
    /// Adds records in batches of 1 to 9 and removes them in no order, keeping up to 200 alive; returns the flash as
    /// each cut of each operation leaves it, with what was written and not removed by then.
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
