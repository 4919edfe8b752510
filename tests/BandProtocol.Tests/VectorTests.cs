using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ElderBand.BandProtocol;
using ElderBand.Simulation;

namespace ElderBand.Tests.BandProtocol;

/// <summary>
/// The C# against vectors/frames.json, which a second implementation wrote (vectors/make_vectors.py).
/// </summary>
public sealed class VectorTests
{
    private static readonly JsonElement File = JsonDocument.Parse(
        System.IO.File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "vectors", "frames.json"))).RootElement;

    private readonly HostMac _mac = new();
    private readonly BandKeys _keys = new();

    public VectorTests() =>
        _keys.Derive(
            _mac, Hex(File, "secret"), File.GetProperty("group").GetUInt32(), File.GetProperty("epoch").GetInt32());

    [Fact]
    public void The_five_keys_are_derived_as_the_second_implementation_derives_them()
    {
        JsonElement keys = File.GetProperty("keys");
        _keys.CentreUp.ShouldBe(Hex(keys, "centreUp"));
        _keys.CentreDown.ShouldBe(Hex(keys, "centreDown"));
        _keys.LinkUp.ShouldBe(Hex(keys, "linkUp"));
        _keys.LinkDown.ShouldBe(Hex(keys, "linkDown"));
        _keys.Air.ShouldBe(Hex(keys, "air"));
    }

    [Fact]
    public void Every_frame_is_built_byte_for_byte_as_the_second_implementation_builds_it()
    {
        Tagger tagger = new(_mac);
        HashSet<FrameType> types = [];
        foreach (JsonElement vector in File.GetProperty("frames").EnumerateArray())
        {
            byte[] frame = Build(vector);
            switch (Text(vector, "tags"))
            {
                case "up":
                    tagger.SignCentre(_keys.CentreUp, frame);
                    tagger.SignLink(_keys.LinkUp, frame);
                    break;
                case "centre":
                    tagger.SignCentre(_keys.CentreDown, frame);
                    break;
                case "link":
                    tagger.SignHub(_keys.LinkDown, frame);
                    break;
            }

            Convert.ToHexStringLower(frame).ShouldBe(Text(vector, "hex"), Text(vector, "name"));
            if (Text(vector, "tags") is not "none" and var tags)
            {
                tagger.Seal(_keys.Air, tags == "up", frame);
                Convert.ToHexStringLower(frame).ShouldBe(Text(vector, "air"), Text(vector, "name"));
                tagger.Open(_keys.Air, tags == "up", frame);
                Convert.ToHexStringLower(frame).ShouldBe(Text(vector, "hex"), Text(vector, "name"));
            }

            types.Add(Frame.TypeOf(frame, 0));
        }

        types.Count.ShouldBe(Enum.GetValues<FrameType>().Length - 1, "every type but None has vectors");
    }

    [Fact]
    public void Every_frame_reads_back_as_it_was_written_at_any_offset()
    {
        foreach (JsonElement vector in File.GetProperty("frames").EnumerateArray())
        {
            for (int offset = 0; offset < 4; offset++)
            {
                byte[] data = new byte[Frame.Size + 8];
                Hex(vector, "hex").CopyTo(data, offset);
                string name = Text(vector, "name");
                Frame.VersionOf(data, offset).ShouldBe(0, name);
                Frame.TypeOf(data, offset).ToString().ShouldBe(Text(vector, "type"), name);
                ((int)Frame.LaneOf(data, offset)).ShouldBe(vector.GetProperty("lane").GetInt32(), name);
                Frame.BootOf(data, offset).ShouldBe(vector.GetProperty("boot").GetInt32(), name);
                Frame.SequenceOf(data, offset).ShouldBe(vector.GetProperty("sequence").GetInt32(), name);
                Read(Text(vector, "payload"), data, offset).ShouldBe(Args(vector), name);
            }
        }
    }

    [Fact]
    public void P13_each_tag_is_right_under_its_own_key_and_wrong_under_every_other_and_after_any_flipped_bit()
    {
        Tagger tagger = new(_mac);
        byte[][] keys = [_keys.CentreUp, _keys.CentreDown, _keys.LinkUp, _keys.LinkDown];
        foreach (JsonElement vector in File.GetProperty("frames").EnumerateArray())
        {
            byte[] frame = Hex(vector, "hex");
            (int centre, int link) = Text(vector, "tags") switch
            {
                "up" => (0, 2),
                "centre" => (1, -1),
                "link" => (3, 3), // a hub's own frame has four bytes of the link key before its tag
                _ => (-1, -1),
            };
            for (int key = 0; key < keys.Length; key++)
            {
                tagger.CentreTagIsRight(keys[key], frame, 0).ShouldBe(key == centre);
                tagger.LinkTagIsRight(keys[key], frame, 0).ShouldBe(key == link);
            }

            for (int bit = 0; bit < Frame.Size * 8; bit++)
            {
                frame[bit / 8] ^= (byte)(1 << (bit % 8));
                if (centre >= 0)
                {
                    tagger.CentreTagIsRight(keys[centre], frame, 0).ShouldBe(bit >= Frame.LinkTagOffset * 8);
                }

                if (link >= 0)
                {
                    tagger.LinkTagIsRight(keys[link], frame, 0).ShouldBeFalse();
                }

                frame[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }
    }

    [Fact]
    public void Another_group_or_epoch_gives_other_link_keys_and_the_same_centre_keys()
    {
        BandKeys other = new();
        byte[] secret = Hex(File, "secret");
        other.Derive(_mac, secret, File.GetProperty("group").GetUInt32(), File.GetProperty("epoch").GetInt32() + 1);
        other.CentreUp.ShouldBe(_keys.CentreUp);
        other.CentreDown.ShouldBe(_keys.CentreDown);
        other.Air.ShouldBe(_keys.Air, "every frame is readable, whatever its epoch");
        other.LinkUp.ShouldNotBe(_keys.LinkUp);
        other.LinkDown.ShouldNotBe(_keys.LinkDown);
        other.DeriveLink(_mac, secret, File.GetProperty("group").GetUInt32(), File.GetProperty("epoch").GetInt32());
        other.LinkUp.ShouldBe(_keys.LinkUp);
        other.DeriveLink(_mac, secret, File.GetProperty("group").GetUInt32() + 1, File.GetProperty("epoch").GetInt32());
        other.LinkDown.ShouldNotBe(_keys.LinkDown);
    }

    [Fact]
    public void Crc32_gives_the_check_value_and_the_second_implementations_values()
    {
        Crc32.Compute(Encoding.ASCII.GetBytes("123456789"), 0, 9).ShouldBe(0xCBF43926u);
        foreach (JsonElement vector in File.GetProperty("crc32").EnumerateArray())
        {
            byte[] data = Encoding.UTF8.GetBytes(Text(vector, "text"));
            Crc32.Compute(data, 0, data.Length).ShouldBe(vector.GetProperty("value").GetUInt32());
        }
    }

    [Fact]
    public void Every_message_between_hub_and_centre_is_built_and_read_as_the_second_implementation_does()
    {
        HashSet<string> kinds = [];
        foreach (JsonElement vector in File.GetProperty("messages").EnumerateArray())
        {
            byte[] expected = Hex(vector, "hex");
            string kind = Text(vector, "kind");
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
            IsValid(kind, expected, expected.Length).ShouldBeTrue();
            for (int cut = 0; cut < expected.Length; cut++)
            {
                IsValid(kind, expected, cut).ShouldBeFalse($"{kind} cut at {cut}");
            }

            byte[] longer = [.. expected, 0];
            IsValid(kind, longer, longer.Length).ShouldBeTrue(kind + " with a byte of a later program");
            longer[0] = 2;
            IsValid(kind, longer, expected.Length).ShouldBeFalse(kind + " of another version");
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
        for (int i = 0; i < HubMessage.MaxBands; i++)
        {
            HubMessage.AddBand(data, 1, 1, 1, _keys).ShouldBeLessThanOrEqualTo(HubMessage.MaxDownSize);
        }

        HubMessage.AddBand(data, 1, 1, 1, _keys).ShouldBe(-1);
    }

    private static byte[] Build(JsonElement vector)
    {
        byte[] frame = new byte[Frame.Size];
        Frame.Begin(
            frame,
            Enum.Parse<FrameType>(Text(vector, "type")),
            (Lane)vector.GetProperty("lane").GetInt32(),
            vector.GetProperty("boot").GetInt32(),
            vector.GetProperty("sequence").GetInt32());
        long[] a = Args(vector);
        switch (Text(vector, "payload"))
        {
            case "event":
                Payload.PutEvent(frame, (int)a[0], (byte)a[1], (byte)a[2], (byte)a[3]);
                break;
            case "answer":
                Payload.PutAnswer(frame, (int)a[0], (int)a[1], (byte)a[2]);
                break;
            case "vitals":
                Payload.PutVitals(frame, (byte)a[0], (byte)a[1], (byte)a[2], (byte)a[3], (byte)a[4], (Wear)a[5],
                    (byte)a[6], a[7] == 1, (byte)a[8]);
                break;
            case "status":
                Payload.PutStatus(frame, (int)a[0], (BandMode)a[1], (Wear)a[2], (int)a[3], (byte)a[4], (byte)a[5]);
                break;
            case "shown":
                Payload.PutStageShown(frame, (int)a[0], (int)a[1], (Stage)a[2]);
                break;
            case "stage":
                Payload.PutStage(frame, (Stage)a[0], (int)a[1]);
                break;
            case "receipt":
                Payload.PutReceipt(frame, (byte)a[0]);
                Payload.TellHighestBoot(frame, a.Length > 1 ? (int)a[1] : 0);
                if (a.Length > 1)
                {
                    Payload.TellOpener(frame, Frame.BootOf(frame, 0) - (int)a[2], (int)a[3]);
                }

                break;
            case "hub_state":
                Payload.PutHubState(frame, a[0] == 1, (int)a[1]);
                break;
            case "configuration":
                Payload.PutConfiguration(frame, a[0] == 1, (byte)a[1], a[2] == 1, (byte)a[3], (byte)a[4], (byte)a[5]);
                break;
            case "link_group":
                Payload.PutLinkGroup(frame, (uint)a[0], (int)a[1]);
                break;
            case "trace_half":
                byte[] entries = new byte[Payload.TraceHalves * Payload.TraceHalfSize];
                for (int i = 0; i < Payload.TraceHalfSize; i++)
                {
                    entries[((int)a[0] * Payload.TraceHalfSize) + i] = (byte)a[2 + i];
                }

                Payload.PutTraceHalf(frame, (int)a[0], (byte)a[1], entries);
                break;
            case "nonce":
                for (int i = 0; i < Frame.PayloadSize; i++)
                {
                    frame[Frame.PayloadOffset + i] = (byte)a[i];
                }

                break;
            default:
                throw new InvalidDataException("a payload without a case: " + Text(vector, "payload"));
        }

        return frame;
    }

    private static long[] Read(string payload, byte[] f, int o) => payload switch
    {
        "event" =>
            [Payload.UptimeS(f, o), Payload.EventFlags(f, o), Payload.EventBatteryPct(f, o), Payload.EventDetail(f, o)],
        "answer" => [Payload.UptimeS(f, o), Payload.RefersTo(f, o), Payload.AnswerFlags(f, o)],
        "vitals" =>
        [
            Payload.Bpm(f, o), Payload.Confidence(f, o), Payload.Spo2Pct(f, o), Payload.HeartRefusal(f, o),
            Payload.Spo2Refusal(f, o),
            (long)Payload.VitalsWear(f, o), Payload.VitalsActivity(f, o), Payload.IsTenMinutes(f, o) ? 1 : 0,
            Payload.Steps(f, o),
        ],
        "status" =>
        [
            Payload.UptimeS(f, o), (long)Payload.StatusMode(f, o), (long)Payload.StatusWear(f, o),
            Payload.StatusPending(f, o),
            Payload.StatusBatteryPct(f, o), Payload.StatusConfigVersion(f, o),
        ],
        "shown" => [Payload.ShownBoot(f, o), Payload.ShownSequence(f, o), (long)Payload.ShownStage(f, o)],
        "stage" => [(long)Payload.StageOf(f, o), Payload.StageRevision(f, o)],
        "receipt" => Payload.OpenerBoot(f, o) < 0
            ? [Payload.ReceiptRefusal(f, o)]
            : [Payload.ReceiptRefusal(f, o), Payload.HighestBoot(f, o), Frame.BootOf(f, o) - Payload.OpenerBoot(f, o),
                Payload.OpenerSequence(f, o)],
        "hub_state" => [Payload.HubOnline(f, o) ? 1 : 0, Payload.MinuteOfDay(f, o)],
        "configuration" =>
        [
            Payload.ConfigGuardAlways(f, o) ? 1 : 0, Payload.ConfigSensitivity(f, o),
            Payload.ConfigWalkingAid(f, o) ? 1 : 0,
            Payload.ConfigBedFrom(f, o), Payload.ConfigBedTo(f, o), Payload.ConfigInactivity(f, o),
        ],
        "link_group" => [Payload.LinkGroupOf(f, o), Payload.LinkEpochOf(f, o)],
        "trace_half" => [Payload.TraceHalf(f, o), Payload.TraceAsk(f, o), .. TraceHalfOf(f, o)],
        _ => [.. f.Skip(o + Frame.PayloadOffset).Take(Frame.PayloadSize).Select(b => (long)b)],
    };

    private static IEnumerable<long> TraceHalfOf(byte[] f, int o)
    {
        byte[] entries = new byte[Payload.TraceHalves * Payload.TraceHalfSize];
        Payload.TakeTraceHalf(f, o, entries);
        return entries.Skip(Payload.TraceHalf(f, o) * Payload.TraceHalfSize).Take(Payload.TraceHalfSize)
            .Select(static b => (long)b);
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
                Hex(record, "frame"),
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
                File.GetProperty("group").GetUInt32(),
                File.GetProperty("epoch").GetInt32(),
                _keys);
        }

        return size;
    }

    private static bool IsValid(string kind, byte[] data, int count) => kind switch
    {
        "envelope" => Envelope.IsValid(data, count),
        "hello" => HubMessage.HelloIsValid(data, count),
        "receipt" => HubMessage.ReceiptIsValid(data, count),
        "band" => HubMessage.BandFramesIsValid(data, count),
        _ => HubMessage.BandsIsValid(data, count),
    };

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static byte[] Hex(JsonElement element, string name) => Convert.FromHexString(Text(element, name));

    private static long[] Args(JsonElement vector) =>
        [.. vector.GetProperty("args").EnumerateArray().Select(arg => arg.GetInt64())];
}
