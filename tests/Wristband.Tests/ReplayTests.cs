using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulation.Signals;
using ElderBand.Wristband;
using Iot.Device.Adxl343;

namespace ElderBand.Tests.Wristband;

/// <summary>A stranger without keys records frames and sends them to the band again.</summary>
public sealed class ReplayTests
{
    private const int EveryMs = 50;
    private const int Replays = 100_000;

    [Fact]
    public void P12_a_stage_replayed_20_times_a_second_makes_no_row_no_flash_write_and_no_new_number()
    {
        var world = Walking();
        world.Press(200);
        world.RunFor(4000);
        var sos = world.RowsOf(FrameType.Sos)[0];
        var stage = world.StageFrame(sos, Stage.Taken, 2);
        world.Down(stage);
        world.RunFor(10_000);
        world.StagesShown(sos).ShouldContain(Stage.Taken);
        var rows = AlarmRows(world);
        var writes = world.Flash.Operations;
        var heard = world.Heard.Count;
        for (var ms = 0; ms < 120_000; ms += EveryMs)
        {
            world.Down(stage);
            world.RunFor(EveryMs);
        }

        AlarmRows(world).ShouldBe(rows);
        (world.Flash.Operations - writes).ShouldBe(0);
        world.Heard.Skip(heard).Count(h => Frame.TypeOf(h.Frame, 0) == FrameType.StageShown)
            .ShouldBeInRange(2, 20, "the centre may have missed the confirmation: answered, at most 10 a minute");
    }

    [Fact]
    public void P12_every_recorded_frame_replayed_100_000_times_adds_no_row_and_a_press_arrives_meanwhile()
    {
        var recorded = new List<byte[]>();
        var world = Walking();
        world.Loses = (frame, _) =>
        {
            recorded.Add((byte[])frame.Clone());
            return false;
        };
        world.Boot();
        world.RunFor(20_000);
        world.Press(200);
        world.RunFor(4000);
        world.Configure(5, guard: true);
        world.Down(world.RekeyFrame(1, 0));
        world.Down(world.FromCentre(FrameType.LinkGroup, 3, 0, f => Payload.PutLinkGroup(f, 7, 3)));
        foreach (var stage in new[] { Stage.Taken, Stage.Coming, Stage.Closed })
        {
            world.Down(world.StageFrame(world.RowsOf(FrameType.Sos)[0], stage, (int)stage));
            world.RunFor(6000);
        }

        world.Press(200);
        world.RunFor(6000);
        world.Down(world.StageFrame(world.RowsOf(FrameType.Sos)[1], Stage.Taken, 2));
        world.RunFor(6000);
        recorded.Select(f => Frame.TypeOf(f, 0)).Distinct().ShouldBeSubsetOf(Enum.GetValues<FrameType>());
        foreach (var type in new[] { FrameType.Sos, FrameType.StageShown, FrameType.Status, FrameType.LinkChallenge,
            FrameType.Boot, FrameType.HubHeard, FrameType.Receipt, FrameType.Stage, FrameType.Configuration,
            FrameType.LinkHello, FrameType.HubState, FrameType.LinkGroup, FrameType.Rekey })
        {
            recorded.ShouldContain(f => Frame.TypeOf(f, 0) == type, $"{type} was not recorded");
        }

        world.Loses = (_, _) => false;
        var pressed = 0;
        var slowestMs = 0L;
        var worstMinute = 0;
        var atMinute = world.Flash.Operations;
        for (var i = 0; i < Replays; i++)
        {
            if (i % 20_000 == 10_000)
            {
                var before = world.RowsOf(FrameType.Sos).Count;
                var pressedMs = world.Now;
                world.Press(200);
                while (world.RowsOf(FrameType.Sos).Count == before && world.Now < pressedMs + 20_000)
                {
                    Replay(world, recorded, i++);
                }

                slowestMs = Math.Max(slowestMs, world.Now - pressedMs);
                pressed++;
                atMinute = world.Flash.Operations; // the writes of the press itself do not count
            }

            Replay(world, recorded, i);
            if (i % (60_000 / EveryMs) == 0)
            {
                worstMinute = Math.Max(worstMinute, world.Flash.Operations - atMinute);
                atMinute = world.Flash.Operations;
            }
        }

        pressed.ShouldBe(5);
        slowestMs.ShouldBeLessThan(10_000);
        world.RowsOf(FrameType.Sos).Count.ShouldBe(2 + pressed, "a replay is no press");
        worstMinute.ShouldBeLessThanOrEqualTo(10, "flash operations in a minute");
        world.RowsOf(FrameType.StageShown).Count.ShouldBeLessThan(40, "a replayed stage is not confirmed anew");
    }

    [Fact]
    public void P12_a_band_that_has_used_up_its_numbers_restarts_also_while_its_wearer_walks()
    {
        var world = Walking();
        BandDevice.BeginSequencesAt(world.Band, FrameSource.RestartAtSequence);
        world.RunFor(1000);
        world.Power.Resets.ShouldBe(1);
    }

    [Fact]
    public void P12_no_number_is_used_twice_where_no_restart_comes()
    {
        var flash = new MemoryFlash();
        var source = new FrameSource(flash, new Tagger(new HostMac()), new BandKeys());
        source.Start(0);
        var used = new HashSet<(int, int)>();
        var frame = new byte[Frame.Size];
        for (var i = 0; i < 70_000; i++)
        {
            source.BeginAlarm(frame, FrameType.StageShown, i);
            used.Add((Frame.BootOf(frame, 0), Frame.SequenceOf(frame, 0))).ShouldBeTrue($"frame {i}");
        }

        var next = new FrameSource(flash, new Tagger(new HostMac()), new BandKeys());
        next.Start(0);
        next.Boot.ShouldBe(source.Boot + 1);
    }

    private static void Replay(BandRig world, List<byte[]> recorded, int i)
    {
        world.Down(recorded[i % recorded.Count]);
        world.RunFor(EveryMs);
    }

    private static int AlarmRows(BandRig world) => world.Rows.Keys.Count(key => key.Item1 == Lane.Alarm);

    private static BandRig Walking()
    {
        var world = new BandRig { Motion = SyntheticMotion.Walking(Adxl343.RateHz, 3) }.Boot();
        world.RunFor(20_000);
        world.Band.Link.IsTrusted.ShouldBeTrue();
        return world;
    }
}
