using ElderBand.BandProtocol;
using ElderBand.Simulation;
using ElderBand.Simulator.Neighbourhood;

namespace ElderBand.Tests.Worlds;

/// <summary>The centre asks for the traces of a hub and of a worn band over the whole chain (docs/adr/0046).</summary>
public class TraceTests
{
    private const int Minute = 60_000;

    [Fact]
    public void The_centre_reads_the_trace_of_a_hub_in_2_s_and_of_a_band_in_Daily_within_the_hour()
    {
        using var town = new VirtualNeighbourhood(2, Figures.Fixed);
        town.PowerOn().ShouldBeTrue();
        var band = town.Residents[0].Band;
        band.SetExternal(false);
        town.World.RunUntil(() => band.Mode == BandMode.Daily, town.World.NowMs + (2 * Minute)).ShouldBeTrue();

        var hub = town.Hubs[0].Name;
        town.Centre.AskHub(hub, 5);
        town.World.RunUntil(() => town.Centre.HubTraces.ContainsKey(hub), town.World.NowMs + 2000).ShouldBeTrue();
        var answer = town.Centre.HubTraces[hub];
        TraceMessage.Ask(answer).ShouldBe((byte)5);
        Kinds(answer, TraceMessage.HeaderSize, answer[2])[..2].ShouldBe([TraceKind.Boot, TraceKind.LineUp]);
        Kinds(answer, TraceMessage.HeaderSize, answer[2])[^1].ShouldBe(TraceKind.Asked);

        town.World.RunUntil(town.World.NowMs + (4 * Minute));
        band.IsTrusted.ShouldBeFalse("the band in Daily has no link between its beats");
        var address = band.Radio.Address;
        var askedMs = town.World.NowMs;
        town.Centre.AskBand(address, 6);
        town.World.RunUntil(() => IsWhole(town, address), askedMs + (61 * Minute)).ShouldBeTrue();
        var kinds = Kinds(town.Centre.BandTraces[address], 0, Payload.TraceEntries);
        kinds.ShouldContain(TraceKind.Boot);
        kinds.ShouldContain(TraceKind.Mode);
        kinds.Last(kind => kind != (TraceKind)0xFF).ShouldBe(TraceKind.Asked);

        town.Press(town.Residents[0]);
        town.World.RunUntil(() => town.Centre.Alarms.Count == 1, town.World.NowMs + 10_000).ShouldBeTrue();
    }

    /// <summary>True where the whole answer has arrived: its first byte is sent last.</summary>
    private static bool IsWhole(VirtualNeighbourhood town, long address) =>
        town.Centre.BandTraces.TryGetValue(address, out var entries) && entries[0] != 0xFF;

    private static List<TraceKind> Kinds(byte[] data, int offset, int count) =>
        [.. Enumerable.Range(0, count).Select(i => (TraceKind)data[offset + (i * TraceRing.EntrySize)])];
}
