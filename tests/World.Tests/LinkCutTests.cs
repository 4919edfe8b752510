using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulator.Neighbourhood;

namespace ElderBand.Tests.Worlds;

/// <summary>
/// P11 with the real band, the real hub and both radio stacks: the band is out of reach for 4 s from one packet on,
/// before the packet arrives or right after it, and this for every packet of a whole life, connects and subscriptions
/// included.
/// </summary>
public class LinkCutTests(ITestOutputHelper output)
{
    private const int AwayMs = 4000;
    private static readonly Stage[] ByTheStaff = [Stage.Taken, Stage.Coming, Stage.Closed];
    private static readonly Stage[] All = [Stage.Home, Stage.Centre, .. ByTheStaff];

    [Fact]
    public void P11_a_link_lost_at_every_packet_of_a_press_loses_and_doubles_nothing_and_every_stage_is_felt()
    {
        var packets = Play(-1, false).Packets;
        packets.ShouldBeGreaterThan(20);
        var slowestMs = 0L;
        var skipped = 0;
        for (var cut = 0; cut < packets; cut++)
        {
            foreach (var arrives in (bool[])[false, true])
            {
                var life = Play(cut, arrives);
                var because = $"packet {cut} of {packets}, lost {(arrives ? "after" : "before")} its arrival";
                life.Cuts.ShouldBe(1, because);
                life.Presses.ShouldBe(1, because);
                life.Pending.ShouldBe(0, because);

                // The wrist does not show "heard at home" where the centre's receipt comes first.
                Stage[] expected = life.Shown[0] == Stage.Home ? All : All[1..];
                life.Shown.ToArray().ShouldBe(expected, because);
                skipped += life.Shown[0] == Stage.Home ? 0 : 1;
                slowestMs = Math.Max(slowestMs, life.AtCentreMs);
            }
        }

        output.WriteLine(
            $"{packets * 2} losses of a link, slowest press at the centre {slowestMs} ms, {skipped} without \"home\"");
        slowestMs.ShouldBeLessThanOrEqualTo(10_000);
    }

    private static Life Play(int cutAt, bool arrives)
    {
        using var town = new VirtualNeighbourhood(1, Figures.Fixed);
        var life = new Life();
        town.PowerOn().ShouldBeTrue();
        var resident = town.Residents[0];
        var path = resident.Paths[0];
        path.Carried = arrived =>
        {
            if (arrived == arrives && life.Packets++ == cutAt)
            {
                life.Cuts++;
                path.SetInRange(false);
                town.World.At(town.World.NowMs + AwayMs, () => path.SetInRange(true));
            }
        };
        var pressedMs = town.World.NowMs;
        var incident = town.Press(resident);
        town.World.RunUntil(() => town.Centre.Alarms.Count > 0, pressedMs + 60_000).ShouldBeTrue($"packet {cutAt}");
        life.AtCentreMs = town.World.NowMs - pressedMs;
        var alarm = town.Centre.Alarms[0];
        Await(Stage.Centre);
        foreach (var stage in ByTheStaff)
        {
            town.Centre.Advance(alarm, stage);
            Await(stage);
        }

        town.World.RunUntil(town.World.NowMs + 15_000);
        life.Presses = town.Centre.Alarms.Sum(static a => a.Presses);
        life.Pending = resident.Band.Pending;
        life.Shown.AddRange(All.Where(stage => incident.StageTimes((int)stage) > 0));
        return life;

        void Await(Stage stage) =>
            town.World.RunUntil(() => incident.StageTimes((int)stage) > 0, town.World.NowMs + 30_000);
    }

    private sealed class Life
    {
        public int Packets { get; set; }

        public int Cuts { get; set; }

        public int Presses { get; set; }

        public int Pending { get; set; }

        public long AtCentreMs { get; set; }

        public List<Stage> Shown { get; } = [];
    }
}
