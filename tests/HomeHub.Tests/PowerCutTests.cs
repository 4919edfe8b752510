using ElderBand.BandProtocol;
using ElderBand.HomeHub;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

/// <summary>The power of a whole hub is cut, or its flash holds corrupt bytes.</summary>
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
}
