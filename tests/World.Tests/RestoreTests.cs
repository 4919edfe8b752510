using ElderBand.HubService.Storage;
using ElderBand.Simulator.Swarm;

namespace ElderBand.Tests.Worlds;

/// <summary>
/// P56: the database of the service is restored from a backup. Band, hub and service run their own code
/// (docs/adr/0063).
/// </summary>
public sealed class RestoreTests(ITestOutputHelper output)
{
    private const int Presses = 6;
    private const int MinuteMs = 60_000;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void P56_presses_that_were_receipted_after_the_backup_come_again_and_the_wrist_shows_their_stages(
        bool hubRestarts)
    {
        using var swarm = new SwarmWorld(1, bands: 1, hubs: 1);
        swarm.Centre.Committed = null;
        swarm.PowerOn();
        swarm.World.RunUntil(MinuteMs);
        using Db backup = swarm.Centre.Backup();
        for (var i = 0; i < Presses; i++)
        {
            swarm.Bands[0].Key.Press(200);
            swarm.World.RunUntil(swarm.World.NowMs + 20_000);
            foreach (var id in Open(swarm))
            {
                swarm.Centre.Act(StaffAct.Take, id, 0);
                swarm.Centre.Act(StaffAct.Close, id, 0);
            }

            swarm.World.RunUntil(swarm.World.NowMs + 20_000);
        }

        var before = Sos(swarm);
        before.Count.ShouldBe(Presses);
        Wrist(swarm).ShouldAllBe(stage => stage == 5);
        var restoredMs = swarm.World.NowMs;
        swarm.Centre.Restore(backup);
        Sos(swarm).ShouldBeEmpty("the backup is older than the presses");
        if (hubRestarts)
        {
            swarm.World.RunUntil(swarm.World.NowMs + 500);
            swarm.Hubs[0].PowerOff();
            swarm.Hubs[0].PowerOn();
        }

        swarm.World.RunUntil(() => Sos(swarm).Count == Presses, restoredMs + (3 * MinuteMs)).ShouldBeTrue();
        output.WriteLine($"{Presses} presses are back {swarm.World.NowMs - restoredMs} ms after the restore");
        Sos(swarm).ShouldBe(before, "each once, under its own identity");
        Open(swarm).ShouldNotBeEmpty("each rings again, because the centre does not know that it was closed");

        // A new press rings too. The wrist shows its stages, because their revisions are higher than before the
        // restore.
        swarm.Bands[0].Key.Press(200);
        swarm.World.RunUntil(swarm.World.NowMs + MinuteMs);
        Sos(swarm).Count.ShouldBe(Presses + 1);
        foreach (var id in Open(swarm))
        {
            swarm.Centre.Act(StaffAct.Take, id, 0);
        }

        swarm.World.RunUntil(swarm.World.NowMs + MinuteMs);
        foreach (var id in Open(swarm))
        {
            swarm.Centre.Act(StaffAct.Close, id, 0);
        }

        swarm.World.RunUntil(swarm.World.NowMs + (2 * MinuteMs));
        Wrist(swarm)[^1].ShouldBe(5);

        // One more start of the hub adds no event and no alarm.
        var alarms = swarm.Centre.Look(static db => db.Number("SELECT count(*) FROM alarm"));
        swarm.Hubs[0].PowerOff();
        swarm.Hubs[0].PowerOn();
        swarm.World.RunUntil(swarm.World.NowMs + MinuteMs);
        Sos(swarm).Count.ShouldBe(Presses + 1);
        swarm.Centre.Look(static db => db.Number("SELECT count(*) FROM alarm")).ShouldBe(alarms);
    }

    private static List<string> Sos(SwarmWorld swarm) => swarm.Centre.Look(static db => db.All(
        "SELECT boot, sequence FROM event WHERE type=1 ORDER BY boot, sequence",
        static r => $"{r.Int(0)}/{r.Int(1)}"));

    private static List<long> Open(SwarmWorld swarm) => swarm.Centre.Look(static db => db.All(
        "SELECT id FROM alarm WHERE state IN ('ringing','taken','coming') ORDER BY id", static r => r.Long(0)));

    private static List<int> Wrist(SwarmWorld swarm) => swarm.Centre.Look(static db => db.All(
        "SELECT wrist_stage FROM alarm ORDER BY id", static r => r.Int(0)));
}
