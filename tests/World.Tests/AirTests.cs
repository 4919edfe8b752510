using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulator.Neighbourhood;

namespace ElderBand.Tests.Worlds;

/// <summary>What a stranger with a receiver can read on a day on which frames of all types are sent.</summary>
public class AirTests
{
    private const int First = Frame.PayloadOffset;
    private const int End = Frame.CentreTagOffset;

    private readonly List<byte[]> _air = [];
    private readonly Dictionary<string, byte[]> _plain = [];

    [Fact]
    public void P59_type_and_payload_of_no_frame_between_band_and_hub_can_be_read_from_the_air()
    {
        using var town = new VirtualNeighbourhood(1, Figures.Fixed);
        var resident = town.Residents[0];
        resident.Band.Radio.OnAir += (frame, _) => _air.Add((byte[])frame.Clone());
        town.Hubs[0].Radio.OnAir += (frame, _) => _air.Add((byte[])frame.Clone());
        town.Centre.NewFrame = frame => _plain[Visible(frame)] = frame;
        town.PowerOn().ShouldBeTrue();
        Play(town, resident);

        // The centre has the plaintext of each frame. The same frame on the air has the same tags and number, which are
        // in clear.
        var pairs = _air.Where(air => _plain.ContainsKey(Visible(air))).DistinctBy(Visible)
            .Select(air => (Air: air, Plain: _plain[Visible(air)])).ToList();
        var types = pairs.Select(p => Frame.TypeOf(p.Plain, 0)).ToHashSet();
        FrameType[] wanted =
        [
            FrameType.Sos, FrameType.FallSuspected, FrameType.FallConfirmed, FrameType.WearChange, FrameType.StageShown,
            FrameType.Vitals, FrameType.Status, FrameType.Boot,
        ];
        wanted.Where(type => !types.Contains(type)).ShouldBeEmpty();
        pairs.Count.ShouldBeGreaterThan(60);
        pairs.ShouldAllBe(p => !Bytes.Same(p.Air, First, p.Plain, First, End - First));
        Enumerable.Range(0, Frame.Size).Where(i => i is 0 or >= First and < End)
            .ShouldAllBe(i => SharesOf(pairs, i) < 0.15, "no byte of the plaintext shows");

        foreach (var same in pairs.GroupBy(p => (p.Plain[0], Convert.ToHexString(p.Plain, First, End - First))))
        {
            same.Select(p => Convert.ToHexString(p.Air, First, End - First)).Distinct().Count().ShouldBe(same.Count());
        }

        // The plaintext of a hub's states and answers has three bytes that are always 0. On the air they must not be 0.
        var down = _air.Where(air => !_plain.ContainsKey(Visible(air))).ToList();
        down.Count.ShouldBeGreaterThan(20);
        down.Count(static air => air[9] == 0 && air[10] == 0 && air[11] == 0).ShouldBe(0);
    }

    private static void Play(VirtualNeighbourhood town, Resident resident)
    {
        var world = town.World;
        town.Press(resident);
        world.RunUntil(() => town.Centre.Alarms.Count == 1, world.NowMs + 10_000).ShouldBeTrue();
        foreach (var stage in new[] { Stage.Taken, Stage.Coming, Stage.Closed })
        {
            world.RunUntil(world.NowMs + 10_000);
            town.Centre.Advance(town.Centre.Alarms[0], stage);
        }

        world.RunUntil(world.NowMs + 60_000);
        resident.Band.Wearer.Fall(1000, world.NowMs);
        world.RunUntil(() => town.Centre.Alarms.Count == 2 && !town.Centre.Alarms[1].IsPrealarm, world.NowMs + 90_000)
            .ShouldBeTrue();
        town.Centre.Advance(town.Centre.Alarms[1], Stage.Closed);
        world.RunUntil(world.NowMs + 120_000);
        resident.Band.SetExternal(false);
        resident.Band.Wearer.SetWorn(false, world.NowMs);
        world.RunUntil(world.NowMs + 300_000);
    }

    // The parts that are in clear on the air: lane and version, boot, sequence and both tags.
    private static string Visible(byte[] frame) =>
        (frame[0] >> 5) + Convert.ToHexString(frame, 1, First - 1) + Convert.ToHexString(frame, End, Frame.Size - End);

    // Share of the frames in which this byte on the air equals the byte of the plaintext. Of byte 0 only the type
    // counts.
    private static double SharesOf(List<(byte[] Air, byte[] Plain)> pairs, int index) =>
        pairs.Count(p => p.Air[index] == p.Plain[index]) / (double)pairs.Count;
}
