using System.Text.Json;
using ElderBand.BandProtocol;
using ElderBand.Simulation;

namespace ElderBand.Tests.BandProtocol;

/// <summary>Keys, tags and frames against <see cref="Vectors.Frames"/>.</summary>
public sealed class FrameVectorTests
{
    private readonly HostMac _mac = new();
    private readonly BandKeys _keys = Vectors.Keys();

    [Fact]
    public void The_five_keys_are_derived_as_the_second_implementation_derives_them()
    {
        JsonElement keys = Vectors.Frames.GetProperty("keys");
        _keys.CentreUp.ShouldBe(Vectors.Hex(keys, "centreUp"));
        _keys.CentreDown.ShouldBe(Vectors.Hex(keys, "centreDown"));
        _keys.LinkUp.ShouldBe(Vectors.Hex(keys, "linkUp"));
        _keys.LinkDown.ShouldBe(Vectors.Hex(keys, "linkDown"));
        _keys.Air.ShouldBe(Vectors.Hex(keys, "air"));
    }

    [Fact]
    public void Every_frame_is_built_byte_for_byte_as_the_second_implementation_builds_it()
    {
        Tagger tagger = new(_mac);
        HashSet<FrameType> types = [];
        foreach (JsonElement vector in Vectors.Frames.GetProperty("frames").EnumerateArray())
        {
            byte[] frame = Build(vector);
            switch (Vectors.Text(vector, "tags"))
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

            Convert.ToHexStringLower(frame).ShouldBe(Vectors.Text(vector, "hex"), Vectors.Text(vector, "name"));
            if (Vectors.Text(vector, "tags") is not "none" and var tags)
            {
                tagger.Seal(_keys.Air, tags == "up", frame);
                Convert.ToHexStringLower(frame).ShouldBe(Vectors.Text(vector, "air"), Vectors.Text(vector, "name"));
                tagger.Open(_keys.Air, tags == "up", frame);
                Convert.ToHexStringLower(frame).ShouldBe(Vectors.Text(vector, "hex"), Vectors.Text(vector, "name"));
            }

            types.Add(Frame.TypeOf(frame, 0));
        }

        types.Count.ShouldBe(Enum.GetValues<FrameType>().Length - 1, "every type but None has vectors");
    }

    [Fact]
    public void Every_frame_reads_back_as_it_was_written_at_any_offset()
    {
        foreach (JsonElement vector in Vectors.Frames.GetProperty("frames").EnumerateArray())
        {
            for (int offset = 0; offset < 4; offset++)
            {
                byte[] data = new byte[Frame.Size + 8];
                Vectors.Hex(vector, "hex").CopyTo(data, offset);
                string name = Vectors.Text(vector, "name");
                Frame.VersionOf(data, offset).ShouldBe(0, name);
                Frame.TypeOf(data, offset).ToString().ShouldBe(Vectors.Text(vector, "type"), name);
                ((int)Frame.LaneOf(data, offset)).ShouldBe(vector.GetProperty("lane").GetInt32(), name);
                Frame.BootOf(data, offset).ShouldBe(vector.GetProperty("boot").GetInt32(), name);
                Frame.SequenceOf(data, offset).ShouldBe(vector.GetProperty("sequence").GetInt32(), name);
                Read(Vectors.Text(vector, "payload"), data, offset).ShouldBe(Args(vector), name);
            }
        }
    }

    [Fact]
    public void P13_each_tag_is_right_under_its_own_key_and_wrong_under_every_other_and_after_any_flipped_bit()
    {
        Tagger tagger = new(_mac);
        byte[][] keys = [_keys.CentreUp, _keys.CentreDown, _keys.LinkUp, _keys.LinkDown];
        foreach (JsonElement vector in Vectors.Frames.GetProperty("frames").EnumerateArray())
        {
            byte[] frame = Vectors.Hex(vector, "hex");
            (int centre, int link) = Vectors.Text(vector, "tags") switch
            {
                "up" => (0, 2),
                "centre" => (1, -1),
                "link" => (3, 3), // a hub's own frame has four more bytes of the link key before its tag
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
    public void P68_the_next_secret_is_made_as_the_second_implementation_makes_it()
    {
        var next = new byte[BandKeys.Size];
        foreach (JsonElement vector in Vectors.Frames.GetProperty("rekey").EnumerateArray())
        {
            byte[] nonce = Vectors.Hex(vector, "nonce");
            int epoch = vector.GetProperty("epoch").GetInt32();
            Rekey.NextSecret(_mac, Vectors.Secret, epoch, nonce, next);
            next.ShouldBe(Vectors.Hex(vector, "secret"));
            byte[] frame = new byte[Frame.Size];
            for (int part = 0; part < Rekey.Parts; part++)
            {
                Rekey.Put(frame, epoch, part, nonce);
                Frame.BootOf(frame, 0).ShouldBe(epoch);
                Frame.SequenceOf(frame, 0).ShouldBe(part);
                frame.AsSpan(Frame.PayloadOffset, Frame.PayloadSize).ToArray()
                    .ShouldBe(nonce.AsSpan(part * Frame.PayloadSize, Frame.PayloadSize).ToArray());
            }
        }
    }

    [Fact]
    public void Another_group_or_epoch_gives_other_link_keys_and_the_same_centre_keys()
    {
        BandKeys other = new();
        other.Derive(_mac, Vectors.Secret, Vectors.Group, Vectors.Epoch + 1);
        other.CentreUp.ShouldBe(_keys.CentreUp);
        other.CentreDown.ShouldBe(_keys.CentreDown);
        other.Air.ShouldBe(_keys.Air, "every frame is readable, whatever its epoch");
        other.LinkUp.ShouldNotBe(_keys.LinkUp);
        other.LinkDown.ShouldNotBe(_keys.LinkDown);
        other.DeriveLink(_mac, Vectors.Secret, Vectors.Group, Vectors.Epoch);
        other.LinkUp.ShouldBe(_keys.LinkUp);
        other.DeriveLink(_mac, Vectors.Secret, Vectors.Group + 1, Vectors.Epoch);
        other.LinkDown.ShouldNotBe(_keys.LinkDown);
    }

    private static byte[] Build(JsonElement vector)
    {
        byte[] frame = new byte[Frame.Size];
        Frame.Begin(
            frame,
            Enum.Parse<FrameType>(Vectors.Text(vector, "type")),
            (Lane)vector.GetProperty("lane").GetInt32(),
            vector.GetProperty("boot").GetInt32(),
            vector.GetProperty("sequence").GetInt32());
        long[] a = Args(vector);
        switch (Vectors.Text(vector, "payload"))
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
                throw new InvalidDataException("a payload without a case: " + Vectors.Text(vector, "payload"));
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

    private static long[] Args(JsonElement vector) =>
        [.. vector.GetProperty("args").EnumerateArray().Select(arg => arg.GetInt64())];
}
