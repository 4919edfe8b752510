using System.Text.Json;
using ElderBand.BandProtocol;

namespace ElderBand.Tests.BandProtocol;

/// <summary>Messages between hub and centre against <see cref="Vectors.Frames"/>.</summary>
public sealed class MessageVectorTests
{
    private readonly BandKeys _keys = Vectors.Keys();

    [Fact]
    public void Every_message_between_hub_and_centre_is_built_and_read_as_the_second_implementation_does()
    {
        HashSet<string> kinds = [];
        foreach (JsonElement vector in Vectors.Frames.GetProperty("messages").EnumerateArray())
        {
            byte[] expected = Vectors.Hex(vector, "hex");
            string kind = Vectors.Text(vector, "kind");
            kinds.Add(kind);
            byte[] data = new byte[1024];
            int size = kind switch
            {
                "envelope" => BuildEnvelope(vector, data),
                "hello" => HubMessage.PutHello(
                    data,
                    vector.GetProperty("hubBoot").GetInt32(),
                    vector.GetProperty("uptimeS").GetUInt32(),
                    vector.GetProperty("wallMs").GetInt64(),
                    vector.GetProperty("firmware").GetInt32(),
                    vector.GetProperty("waiting").GetInt32(),
                    vector.GetProperty("flags").GetByte()),
                "receipt" => BuildReceipt(vector, data),
                "band" => BuildBand(vector, data),
                _ => BuildBands(vector, data),
            };
            data[..size].ShouldBe(expected, kind);
            Vectors.IsValid(kind, expected).ShouldBeTrue();
            for (int cut = 0; cut < expected.Length; cut++)
            {
                Vectors.IsValid(kind, expected, cut).ShouldBeFalse($"{kind} cut at {cut}");
            }

            byte[] longer = [.. expected, 0];
            Vectors.IsValid(kind, longer).ShouldBeTrue(kind + " with a byte of a later program");
            longer[0] = 2;
            Vectors.IsValid(kind, longer, expected.Length).ShouldBeFalse(kind + " of another version");
        }

        kinds.Count.ShouldBe(5);
    }

    [Fact]
    public void Full_messages_refuse_one_more()
    {
        byte[] data = new byte[2048];
        byte[] frame = new byte[Frame.Size];
        Envelope.Begin(data, 1, 1, 1);
        for (int i = 0; i < Envelope.MaxRecords; i++)
        {
            Envelope.Add(data, 1, i, 1, 0, 0, AgeQuality.Measured, 0, frame, 0).ShouldBePositive();
        }

        Envelope.Add(data, 1, 1, 1, 0, 0, AgeQuality.Measured, 0, frame, 0).ShouldBe(-1);
        HubMessage.BeginReceipt(data, 1);
        for (int i = 0; i < HubMessage.MaxReceipts; i++)
        {
            HubMessage.AddReceipt(data, 1, i).ShouldBePositive();
        }

        HubMessage.AddReceipt(data, 1, 1).ShouldBe(-1);
        HubMessage.BeginBandFrames(data);
        for (int i = 0; i < HubMessage.MaxBandFrames; i++)
        {
            HubMessage.AddBandFrame(data, 1, frame).ShouldBePositive();
        }

        HubMessage.AddBandFrame(data, 1, frame).ShouldBe(-1);
        HubMessage.BeginBands(data, 1);
        for (int i = 0; i < HubMessage.MaxBandEntries; i++)
        {
            HubMessage.AddBand(data, 1, 1, 1, _keys).ShouldBeLessThanOrEqualTo(HubMessage.MaxDownSize);
        }

        HubMessage.AddBand(data, 1, 1, 1, _keys).ShouldBe(-1);
    }

    private static int BuildEnvelope(JsonElement vector, byte[] data)
    {
        Envelope.Begin(
            data,
            vector.GetProperty("hubBoot").GetInt32(),
            vector.GetProperty("hubUptimeS").GetUInt32(),
            vector.GetProperty("hubWallMs").GetInt64());
        int size = Envelope.HeaderSize;
        foreach (JsonElement record in vector.GetProperty("records").EnumerateArray())
        {
            size = Envelope.Add(
                data,
                record.GetProperty("boot").GetInt32(),
                record.GetProperty("sequence").GetInt32(),
                record.GetProperty("address").GetInt64(),
                record.GetProperty("rssiDbm").GetInt32(),
                record.GetProperty("flags").GetByte(),
                (AgeQuality)record.GetProperty("quality").GetInt32(),
                record.GetProperty("ageMs").GetUInt32(),
                Vectors.Hex(record, "frame"),
                0);
        }

        int index = 0;
        foreach (JsonElement record in vector.GetProperty("records").EnumerateArray())
        {
            int at = Envelope.RecordAt(data, index++);
            Envelope.RecordBoot(data, at).ShouldBe(record.GetProperty("boot").GetInt32());
            Envelope.RecordSequence(data, at).ShouldBe(record.GetProperty("sequence").GetInt32());
            Envelope.BandAddress(data, at).ShouldBe(record.GetProperty("address").GetInt64());
            Envelope.RssiDbm(data, at).ShouldBe(record.GetProperty("rssiDbm").GetInt32());
            Envelope.IsLinkChecked(data, at).ShouldBe((record.GetProperty("flags").GetInt32() & 1) != 0);
            Envelope.Quality(data, at).ShouldBe((AgeQuality)record.GetProperty("quality").GetInt32());
            Envelope.AgeMs(data, at).ShouldBe(record.GetProperty("ageMs").GetUInt32());
        }

        Envelope.HubBoot(data).ShouldBe(vector.GetProperty("hubBoot").GetInt32());
        Envelope.HubUptimeS(data).ShouldBe(vector.GetProperty("hubUptimeS").GetUInt32());
        Envelope.HubWallMs(data).ShouldBe(vector.GetProperty("hubWallMs").GetInt64());
        return size;
    }

    private static int BuildReceipt(JsonElement vector, byte[] data)
    {
        int size = HubMessage.BeginReceipt(data, vector.GetProperty("centreMs").GetInt64());
        foreach (JsonElement pair in vector.GetProperty("records").EnumerateArray())
        {
            size = HubMessage.AddReceipt(data, pair[0].GetInt32(), pair[1].GetInt32());
        }

        return size;
    }

    private static int BuildBand(JsonElement vector, byte[] data)
    {
        int size = HubMessage.BeginBandFrames(data);
        int index = 0;
        foreach (JsonElement address in vector.GetProperty("addresses").EnumerateArray())
        {
            size = HubMessage.AddBandFrame(
                data, address.GetInt64(), Convert.FromHexString(vector.GetProperty("frames")[index++].GetString()!));
        }

        return size;
    }

    private int BuildBands(JsonElement vector, byte[] data)
    {
        int size = HubMessage.BeginBands(data, vector.GetProperty("centreMs").GetInt64());
        for (int i = 0; i < vector.GetProperty("count").GetInt32(); i++)
        {
            size = HubMessage.AddBand(
                data,
                vector.GetProperty("firstAddress").GetInt64() + i,
                Vectors.Group,
                Vectors.Epoch,
                _keys);
        }

        return size;
    }
}
