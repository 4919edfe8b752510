using ElderBand.BandProtocol;
using ElderBand.Simulation;

namespace ElderBand.Tests.Wristband;

/// <summary>
/// P11: the whole life of a press over a link that drops at one frame, before or after the frame arrives: challenge,
/// hello, hub state, press, "heard", receipt, every stage and its "shown".
/// </summary>
public sealed class LinkCutTests(ITestOutputHelper output)
{
    private const int PressAtMs = 6000;
    private static readonly Stage[] FromTheCentre = [Stage.Centre, Stage.Taken, Stage.Coming, Stage.Closed];

    [Fact]
    public void P11_the_link_is_cut_at_every_frame_of_the_exchange_and_the_press_arrives_once_with_every_stage()
    {
        var whole = Play(-1, false);
        FrameType[] exchange =
        [
            FrameType.LinkChallenge, FrameType.LinkHello, FrameType.HubState, FrameType.Sos, FrameType.HubHeard,
            FrameType.Receipt, FrameType.Stage, FrameType.StageShown,
        ];
        exchange.ShouldBeSubsetOf(whole.Frames);
        var slowestMs = 0L;
        for (var cut = 0; cut < whole.Frames.Count; cut++)
        {
            foreach (var before in (bool[])[true, false])
            {
                var life = Play(cut, before);
                var because = $"frame {cut} ({whole.Frames[cut]}), link cut {(before ? "before" : "after")} it";
                life.Cuts.ShouldBe(1, because);
                life.World.RowsOf(FrameType.Sos).ShouldHaveSingleItem(because);
                life.World.Band.Pending.ShouldBe(0, because);
                life.Shown.Where(s => s != Stage.Home).ShouldBe(FromTheCentre, because);
                life.Felt.Where(f => f is Felt.Taken or Felt.Coming or Felt.Closed).Distinct()
                    .ShouldBe([Felt.Taken, Felt.Coming, Felt.Closed], because);
                life.Felt.ShouldNotContain(Felt.Unknown, because);
                slowestMs = Math.Max(slowestMs, life.StoredMs - PressAtMs);
            }
        }

        output.WriteLine($"{whole.Frames.Count * 2} cuts; slowest press at the centre after {slowestMs} ms");
        slowestMs.ShouldBeLessThanOrEqualTo(6000);
    }

    /// <summary>P10: for a minute frames pass in one direction only.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void P10_over_a_link_that_works_one_way_a_press_arrives_once_and_the_wrist_says_only_what_it_knows(bool up)
    {
        var world = new BandRig().Boot();
        var felt = new List<Felt>();
        world.Wrist.Shown = (what, _) => felt.Add(what);
        world.RunFor(PressAtMs);
        world.Loses = (_, isUp) => isUp != up;
        world.Press(200);
        world.RunFor(60_000);
        world.RowsOf(FrameType.Sos).Count.ShouldBe(up ? 1 : 0);
        felt.Distinct().ShouldBe([Felt.Tick], "nobody has told the wrist that it was heard");
        world.Loses = (_, _) => false;
        world.RunUntil(() => felt.Contains(Felt.Centre), 10_000).ShouldBeTrue();
        world.RunFor(60_000);
        world.RowsOf(FrameType.Sos).ShouldHaveSingleItem();
        world.Band.Pending.ShouldBe(0);
    }

    /// <summary>A boot, a press and its stages up to the end over a link that is cut at the nth frame.</summary>
    private static Life Play(int cutAt, bool before)
    {
        var world = new BandRig();
        var life = new Life(world);
        world.Wrist.Shown = (what, _) => life.Felt.Add(what);
        world.Loses = (frame, _) =>
        {
            if (!world.LinkUp)
            {
                return false;
            }

            life.Frames.Add(Frame.TypeOf(frame, 0));
            if (life.Frames.Count - 1 != cutAt)
            {
                return false;
            }

            life.Cuts++;
            world.After(0, world.Disconnect);
            return before;
        };
        world.Boot();
        world.RunFor(PressAtMs);
        world.Press(200);
        world.RunUntil(() => world.RowsOf(FrameType.Sos).Count > 0, 30_000).ShouldBeTrue($"cut at frame {cutAt}");
        life.StoredMs = world.Now;
        var sos = world.RowsOf(FrameType.Sos)[0];
        foreach (var stage in FromTheCentre)
        {
            // As the service: the stage is sent again until the wrist has shown it.
            for (var tries = 0; tries < 12 && !world.StagesShown(sos).Contains(stage); tries++)
            {
                world.Down(world.StageFrame(sos, stage, (int)stage));
                world.RunFor(5000);
            }
        }

        world.RunFor(10_000);
        life.Shown.AddRange(world.StagesShown(sos));
        return life;
    }

    private sealed record Life(BandRig World)
    {
        public List<FrameType> Frames { get; } = [];

        public List<Felt> Felt { get; } = [];

        public List<Stage> Shown { get; } = [];

        public int Cuts { get; set; }

        public long StoredMs { get; set; }
    }
}
