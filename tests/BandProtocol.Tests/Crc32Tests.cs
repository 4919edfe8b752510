using System.Text;
using System.Text.Json;
using ElderBand.BandProtocol;

namespace ElderBand.Tests.BandProtocol;

public sealed class Crc32Tests
{
    [Fact]
    public void Crc32_gives_the_check_value_and_the_second_implementations_values()
    {
        Crc32.Compute(Encoding.ASCII.GetBytes("123456789"), 0, 9).ShouldBe(0xCBF43926u);
        foreach (JsonElement vector in Vectors.Frames.GetProperty("crc32").EnumerateArray())
        {
            byte[] data = Encoding.UTF8.GetBytes(Vectors.Text(vector, "text"));
            Crc32.Compute(data, 0, data.Length).ShouldBe(vector.GetProperty("value").GetUInt32());
        }
    }
}
