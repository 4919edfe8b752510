using System.Buffers;
using ElderBand.Mqtt;

namespace ElderBand.Tests.Fuzz;

/// <summary>MQTT packets from a corpus, changed at random.</summary>
public sealed class MqttFuzzTests
{
    [Fact]
    public void Mqtt_what_is_read_is_written_and_read_again_alike_and_no_cut_changes_the_verdict()
    {
        var corpus = Fuzzer.Corpus("mqtt");
        Fuzzer.Run(random =>
        {
            var bytes = Fuzzer.Mutated(random, corpus);
            var buffer = new ReadOnlySequence<byte>(bytes);
            var verdict = MqttCodec.Read(ref buffer, MqttLimits.Default, out var packet, out var error);
            if (verdict == MqttRead.Packet)
            {
                var used = bytes.Length - (int)buffer.Length;
                var once = MqttCodec.Encode(packet!, MqttLimits.Default);
                once.Length.ShouldBeLessThanOrEqualTo(used);
                WithoutLength(once).ShouldBe(WithoutLength(bytes[..used]), Convert.ToHexString(bytes));
                var again = new ReadOnlySequence<byte>(once);
                MqttCodec.Read(ref again, MqttLimits.Default, out var second, out _).ShouldBe(MqttRead.Packet);
                MqttCodec.Encode(second!, MqttLimits.Default).ShouldBe(once);
            }

            var part = new ReadOnlySequence<byte>(bytes, 0, random.Next(bytes.Length + 1));
            var early = MqttCodec.Read(ref part, MqttLimits.Default, out _, out var earlyError);
            if (early == MqttRead.Invalid)
            {
                verdict.ShouldBe(MqttRead.Invalid);
                earlyError.ShouldBe(error);
            }
        });
    }

    /// <summary>The packet without its length field, which a sender may write longer than need be.</summary>
    private static byte[] WithoutLength(byte[] packet) =>
        [packet[0], .. packet[(Array.FindIndex(packet, 1, static b => (b & 0x80) == 0) + 1)..]];
}
