using ElderBand.BandProtocol;
using ElderBand.HomeHub;
using ElderBand.Simulation;

namespace ElderBand.Tests.HomeHub;

/// <summary>
/// P56: the hub keeps alarms after their receipts and sends them again to a centre that was restored from a backup.
/// </summary>
public sealed class RestoreTests(ITestOutputHelper output)
{
    private const long HourMs = 3_600_000;
    private const long DayMs = 24 * HourMs;
    private const long StepBound = 300_000;
    private const long RecoveryBound = 3_000_000;
    private const int SlackMs = 130_000;

    [Fact]
    public void P56_the_alarms_of_seven_days_come_again_with_their_ages_also_after_restarts_and_no_older_one()
    {
        var rig = HubRig.Ready();
        Tell(rig, 1);
        rig.Run(10_000);
        Dictionary<string, long> pressedMs = [];
        for (int i = 0; i < 9 * 8; i++)
        {
            Press(rig, pressedMs);
            rig.Run(30_000);
            rig.Advertise(rig.Band, rig.Band.Event(FrameType.WearChange));
            rig.Run((3 * HourMs) - 31_000);
            if (i % 5 == 4)
            {
                rig.Run(61_000);
                rig.Reboot();
                rig.Run(10_000);
            }
        }

        rig.Centre.Rows.Values.Count(IsSos).ShouldBe(pressedMs.Count);
        rig.Centre.Rows.Clear();
        long restoredMs = rig.World.NowMs;
        Tell(rig, 2);
        rig.Run(10_000);
        string now = Press(rig, pressedMs);
        rig.Run(2000);
        rig.Centre.Rows.Keys.ShouldContain(now, "a new call is not behind the old ones");
        rig.Run(120_000);

        foreach ((string key, long atMs) in pressedMs)
        {
            long days = (restoredMs - atMs) / DayMs;
            bool isThere = rig.Centre.Rows.TryGetValue(key, out Arrived? row);
            if (days < 7)
            {
                isThere.ShouldBeTrue($"a press of {(restoredMs - atMs) / HourMs} h ago");
                (row!.AtMs - row.AgeMs - atMs).ShouldBeInRange(-1500, SlackMs, "at least so old, and nearly");
            }
            else if (restoredMs - atMs > (7 * DayMs) + SlackMs)
            {
                isThere.ShouldBeFalse("older than seven days");
            }
        }

        int rows = rig.Centre.Arrivals.Count;
        Tell(rig, 2);
        rig.Reboot();
        rig.Run(10_000);
        Tell(rig, 2);
        rig.Run(60_000);
        rig.Centre.Arrivals.Count.ShouldBe(rows, "the same incarnation hears nothing again");
    }

    [Fact]
    public void P56_a_restart_or_a_lost_line_in_the_middle_of_it_begins_again_and_ends()
    {
        HubRig rig = Full();
        int kept = rig.Centre.Rows.Count;
        rig.Centre.Rows.Clear();
        Tell(rig, 2);
        rig.Run(400);
        rig.Reboot();
        rig.Run(3000);
        Tell(rig, 2);
        rig.Run(500);
        rig.Centre.Drop();
        rig.Run(120_000);
        Tell(rig, 2);
        rig.Run(120_000);
        output.WriteLine($"{rig.Centre.Rows.Count} of {kept} records came again");
        rig.Centre.Rows.Count.ShouldBeGreaterThan(800);
        rig.Hub.WaitingAlarms.ShouldBe(0);
    }

    [Fact]
    public void P56_each_slice_of_a_full_replay_and_the_recovery_before_it_keep_their_bounds()
    {
        IlCounter.IsThere.ShouldBeTrue("nothing is counted in this build");
        HubRig rig = Full();
        rig.Hub.Outbox.Alarms.SegmentsInUse.ShouldBe(16);
        long before = IlCounter.Executed();
        rig.Reboot();
        long recovery = IlCounter.Executed() - before;
        rig.Run(3000);
        rig.Centre.Rows.Clear();
        long worst = 0;
        int most = 0;
        rig.StepCost = executed =>
        {
            worst = Math.Max(worst, executed);
            most = Math.Max(most, rig.Hub.WaitingAlarms);
        };
        Tell(rig, 2);
        long fromMs = rig.World.NowMs;
        while (rig.World.NowMs < fromMs + 120_000 && rig.Centre.Rows.Count < 800)
        {
            rig.Run(100);
        }

        output.WriteLine(
            $"{rig.Centre.Rows.Count} records in {rig.World.NowMs - fromMs} ms, worst step {worst:N0} IL, recovery "
                + $"{recovery:N0} IL, at most {most} wait");
        worst.ShouldBeInRange(1, StepBound);
        recovery.ShouldBeInRange(1, RecoveryBound);
        most.ShouldBeLessThanOrEqualTo(Replay.WaitingAtMost);
    }

    [Fact]
    public void P17_P56_a_power_cut_at_any_flash_operation_beside_kept_segments_loses_no_acknowledged_alarm()
    {
        HubRig full = Full();
        int points = 0;
        for (int at = 0; at < 60; at++)
        {
            foreach (Cut cut in Enum.GetValues<Cut>())
            {
                var rig = new HubRig(1, full.Flash.Copy());
                rig.Hub.Start(0);
                rig.Run(500);
                rig.SendTable();
                rig.Run(500);
                for (int i = 0; i < 3; i++)
                {
                    rig.Band.Reboot();
                }

                rig.Flash.CutAt = rig.Flash.Operations + at;
                rig.Flash.CutMode = cut;
                Dictionary<string, long> pressed = [];
                try
                {
                    for (int i = 0; i < 40; i++)
                    {
                        Press(rig, pressed);
                        rig.Run(i % 8 == 7 ? 62_000 : 500);
                    }
                }
                catch (PowerCutException)
                {
                    points++;
                }

                HashSet<string> heard = [.. rig.Band.Heard];
                rig.Reboot();
                rig.SendTable();
                rig.Run(20_000);
                HashSet<string> there = [.. rig.Centre.Rows.Values.Select(row => ScriptedBand.Identity(row.Frame))];
                heard.Except(there).ShouldBeEmpty($"operation {at}, {cut}");
            }
        }

        output.WriteLine($"{points} cuts");
        points.ShouldBeGreaterThan(100);
    }

    private static bool IsSos(Arrived row) => row.Type == FrameType.Sos;

    private static string Press(HubRig rig, Dictionary<string, long> pressedMs)
    {
        byte[] press = rig.Band.Sos();
        rig.Advertise(rig.Band, press);
        rig.Advertise(rig.Band, rig.Band.Status(BandMode.Daily));
        string key = $"{rig.Band.Address}:{Convert.ToHexString(press, 0, 6)}";
        pressedMs[key] = rig.World.NowMs;
        return key;
    }

    private static void Tell(HubRig rig, uint incarnation)
    {
        byte[] message = new byte[CentreMessage.Size];
        CentreMessage.Put(message, rig.CentreTimeMs, incarnation);
        rig.Message(EventKind.Downlink, (int)UplinkTopic.Centre, message);
    }

    /// <summary>A hub that keeps as many alarms after their receipts as its flash has room for.</summary>
    private static HubRig Full()
    {
        var rig = HubRig.Ready();
        Tell(rig, 1);
        rig.Run(10_000);
        for (int i = 0; i < 1700; i++)
        {
            rig.Advertise(rig.Band, rig.Band.Sos());
            rig.Run(1500);
        }

        rig.Run(70_000);
        return rig;
    }
}
