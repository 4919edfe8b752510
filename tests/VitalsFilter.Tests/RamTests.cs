using ElderBand.Eval;

namespace ElderBand.Tests.VitalsFilter;

/// <summary>RAM of a whole band and a whole hub after a busy hour, in the interpreter's own sizes.</summary>
public sealed class RamTests
{
    [Fact]
    public void The_objects_of_a_band_take_at_most_100_KB_and_those_of_a_hub_at_most_256_KB()
    {
        var (band, hub) = Ram.Measure();
        band.Counted.ShouldBeInRange(40 * 1024, 100 * 1024, string.Join('\n', Ram.Lines(band)));
        hub.Counted.ShouldBeInRange(200 * 1024, 256 * 1024, string.Join('\n', Ram.Lines(hub)));
        band.ByClass.ShouldContain(static c => c.Class == "FallForest");
        hub.ByClass.ShouldContain(static c => c.Class == "AlarmLane");
        band.HostOnly.Concat(hub.HostOnly).ShouldNotContain("Band");
    }

    [Fact]
    public void An_array_of_references_counts_a_block_an_element_and_what_the_elements_refer_to_once()
    {
        var shared = new byte[4]; // 20 + 4 bytes: 2 blocks
        DeviceMemory.Of(new Holder([shared, shared, null])).ShouldBe(12 + 12 + 60 + 24);
    }

    private sealed class Holder(byte[]?[] items)
    {
        private readonly byte[]?[] _items = items;

        public int Count => _items.Length;
    }
}
