using System.Buffers;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using ElderBand.Mqtt;

namespace ElderBand.Tests.Mqtt;

/// <summary>The bytes and the verdict of one line in vectors/*.json.</summary>
public sealed record Vector(string Subject, string Name, string Bytes, string? Reads, string? Error, bool Incomplete)
{
    public override string ToString() => $"{Subject}: {Name}";

    public static IReadOnlyList<Vector> All { get; } =
    [
        .. Directory
            .EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "vectors"), "*.json")
            .Order(StringComparer.Ordinal)
            .SelectMany(file =>
                JsonSerializer
                    .Deserialize<Line[]>(File.ReadAllText(file), JsonSerializerOptions.Web)!
                    .Select(line => new Vector(
                        Path.GetFileNameWithoutExtension(file),
                        line.Name,
                        line.Bytes,
                        line.Reads,
                        line.Error,
                        line.Incomplete
                    ))
            ),
    ];

    /// <summary>Hexadecimal bytes and 'text', separated by spaces, each with an optional *count.</summary>
    public byte[] ToBytes()
    {
        var bytes = new List<byte>();
        foreach (Match token in Regex.Matches(Bytes, @"(?:'(?<text>[^']*)'|(?<hex>[0-9a-f]{2}))(?:\*(?<count>\d+))?"))
        {
            byte[] once = token.Groups["hex"].Success
                ? Convert.FromHexString(token.Groups["hex"].Value)
                : Encoding.ASCII.GetBytes(token.Groups["text"].Value);
            int count = token.Groups["count"].Success ? int.Parse(token.Groups["count"].Value) : 1;
            for (int i = 0; i < count; i++)
            {
                bytes.AddRange(once);
            }
        }
        return [.. bytes];
    }

    private sealed record Line(string Name, string Bytes, string? Reads, string? Error, bool Incomplete);
}

public class CodecTests
{
    private static readonly MqttLimits Limits = MqttLimits.Default;

    public static TheoryData<Vector> Vectors => [.. Vector.All];

    [Theory]
    [MemberData(nameof(Vectors), DisableDiscoveryEnumeration = true)]
    public void A_vector_reads_as_it_says(Vector vector)
    {
        byte[] bytes = vector.ToBytes();
        Verdict(bytes).ShouldBe(Expected(vector));
    }

    [Theory]
    [MemberData(nameof(Vectors), DisableDiscoveryEnumeration = true)]
    public void A_vector_reads_the_same_cut_at_every_point(Vector vector)
    {
        byte[] bytes = vector.ToBytes();
        string whole = Expected(vector);
        int step = Math.Max(1, bytes.Length / 2000);
        for (int cut = 0; cut < bytes.Length; cut += step)
        {
            string prefix = Verdict(new ReadOnlySequence<byte>(bytes, 0, cut));
            if (prefix != "incomplete")
            {
                // A prefix may be refused early, but only as the whole is.
                prefix.ShouldBe(whole, $"the first {cut} bytes");
                vector.Error.ShouldNotBeNull();
            }
            Verdict(Segments(bytes, cut)).ShouldBe(whole, $"two segments, the first of {cut} bytes");
        }
        if (bytes.Length <= 2000)
        {
            Verdict(Segments(bytes, [.. Enumerable.Range(1, Math.Max(bytes.Length - 1, 0))]))
                .ShouldBe(whole, "one byte per segment");
        }
    }

    [Fact]
    public void A_packet_that_reads_is_written_back_byte_by_byte()
    {
        int count = 0;
        foreach (
            Vector vector in Vector.All.Where(vector =>
                vector.Reads is not null && !vector.Name.Contains("digits", StringComparison.Ordinal)
            )
        )
        {
            byte[] bytes = vector.ToBytes();
            MqttCodec.Encode(ReadOne(bytes), Limits).ShouldBe(bytes, vector.ToString());
            count++;
        }
        count.ShouldBeGreaterThan(100);
    }

    [Fact]
    public void Every_error_has_a_vector_and_words()
    {
        string[] covered =
        [
            .. Vector
                .All.Select(vector => vector.Error ?? nameof(MqttError.None))
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];
        covered.ShouldBe(Enum.GetNames<MqttError>().Order(StringComparer.Ordinal));
        Enum.GetValues<MqttError>()
            .Select(error => error.InWords())
            .ShouldAllBe(words => words.Length > 7 && words != "unknown error");
    }

    [Fact]
    public void P28_all_first_bytes_are_judged_before_any_length()
    {
        // Table 2.2: which flag bits go with which type. 0 = reserved type.
        string[] allowed = ["", "0", "0", "012345abcd", "0", "0", "2", "0", "2", "0", "2", "0", "0", "0", "0", ""];
        for (int first = 0; first < 256; first++)
        {
            bool good = allowed[first >> 4].Contains($"{first & 15:x}", StringComparison.Ordinal);
            Verdict([(byte)first]).StartsWith("incomplete", StringComparison.Ordinal).ShouldBe(good, $"0x{first:x2}");
        }
    }

    [Fact]
    public void Packets_in_one_buffer_are_read_one_after_the_other()
    {
        byte[][] packets = [.. Vector.All.Where(vector => vector.Reads is not null).Select(vector => vector.ToBytes())];
        var buffer = new ReadOnlySequence<byte>(packets.SelectMany(bytes => bytes).ToArray());
        foreach (Vector vector in Vector.All.Where(vector => vector.Reads is not null))
        {
            MqttCodec
                .Read(ref buffer, Limits, out MqttPacket? packet, out _)
                .ShouldBe(MqttRead.Packet, vector.ToString());
            Describe(packet!).ShouldBe(vector.Reads);
        }
        buffer.IsEmpty.ShouldBeTrue();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20_260)]
    public void Random_packets_survive_the_round_trip(int seed)
    {
        var random = new Random(seed);
        for (int i = 0; i < 20_000; i++)
        {
            MqttPacket packet = RandomPacket(random);
            byte[] bytes = MqttCodec.Encode(packet, Limits);
            MqttPacket read = ReadOne(bytes);
            Describe(read).ShouldBe(Describe(packet), $"seed {seed}, packet {i}");
            MqttCodec.Encode(read, Limits).ShouldBe(bytes, $"seed {seed}, packet {i}");
        }
    }

    [Fact]
    public void What_could_not_be_read_back_is_not_written()
    {
        MqttPacket[] bad =
        [
            new PublishPacket("", default),
            new PublishPacket("a/#", default),
            new PublishPacket("a\n", default),
            new PublishPacket("a\0", default),
            new PublishPacket("\ud83d", default),
            new PublishPacket(new string('a', 513), default),
            new PublishPacket(new string('救', 171), default),
            new PublishPacket("a", new byte[64 * 1024]),
            new PublishPacket("a", default) { Qos = (MqttQos)3, PacketId = 1 },
            new PublishPacket("a", default) { Qos = MqttQos.AtLeastOnce },
            new PublishPacket("a", default) { PacketId = 1 },
            new PublishPacket("a", default) { Duplicate = true },
            new AckPacket(MqttPacketType.PubAck, 0),
            new AckPacket(MqttPacketType.Publish, 1),
            new EmptyPacket(MqttPacketType.Connect),
            new ConnectPacket { ClientId = "", CleanSession = false },
            new ConnectPacket { ClientId = "a", Password = new byte[1] },
            new ConnectPacket
            {
                ClientId = "a",
                UserName = "u",
                Password = new byte[65_536],
            },
            new ConnectPacket { ClientId = "a", Will = new MqttWill("w", default, (MqttQos)3, false) },
            new ConnectPacket { ClientId = "a", Will = new MqttWill("+", default, MqttQos.AtMostOnce, false) },
            new ConnAckPacket((MqttConnectCode)6),
            new ConnAckPacket(MqttConnectCode.NotAuthorized, SessionPresent: true),
            new SubscribePacket(1, []),
            new SubscribePacket(0, [new MqttSubscription("a", MqttQos.AtMostOnce)]),
            new SubscribePacket(1, [new MqttSubscription("a#", MqttQos.AtMostOnce)]),
            new SubscribePacket(1, [new MqttSubscription("a", (MqttQos)3)]),
            new SubscribePacket(1, [.. Enumerable.Repeat(new MqttSubscription("a", MqttQos.AtMostOnce), 33)]),
            new SubAckPacket(1, default),
            new SubAckPacket(1, new byte[] { 3 }),
            new SubAckPacket(0, new byte[1]),
            new UnsubscribePacket(1, []),
            new UnsubscribePacket(1, [""]),
            new UnsubscribePacket(0, ["a"]),
        ];
        foreach (MqttPacket packet in bad)
        {
            Should.Throw<ArgumentException>(() => MqttCodec.Encode(packet, Limits), packet.ToString());
        }
    }

    /// <summary>
    /// Mutations of good packets never throw, never read what could not be written the same way again, and never make
    /// the codec allocate more than a small multiple of the bytes that are really there.
    /// </summary>
    [Fact]
    public void P28_a_million_mutated_packets_end_in_a_verdict_within_the_memory_bound()
    {
        const int Count = 1_000_000;
        const int Seed = 28;
        var random = new Random(Seed);
        byte[][] seeds =
        [
            .. Vector.All.Select(vector => vector.ToBytes()).Where(bytes => bytes.Length is > 0 and < 1000),
            .. Enumerable
                .Range(0, 500)
                .Select(_ => MqttCodec.Encode(RandomPacket(random), Limits))
                .Where(bytes => bytes.Length < 1000),
        ];
        int read = 0;
        int incomplete = 0;
        var errors = new SortedDictionary<MqttError, int>();
        long worstBytes = 0;
        byte[] work = new byte[2048];
        var clock = Stopwatch.StartNew();
        for (int i = 0; i < Count; i++)
        {
            int length = Mutate(random, seeds, work);
            var buffer = new ReadOnlySequence<byte>(work, 0, length);
            long before = GC.GetAllocatedBytesForCurrentThread();
            MqttRead outcome = MqttCodec.Read(ref buffer, Limits, out MqttPacket? packet, out MqttError error);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            worstBytes = Math.Max(worstBytes, allocated);
            allocated.ShouldBeLessThan(2048 + 8 * length, $"mutation {i} of seed {Seed}");
            switch (outcome)
            {
                case MqttRead.Packet:
                    read++;
                    int used = length - (int)buffer.Length;
                    byte[] again = MqttCodec.Encode(packet!, Limits);
                    again.Length.ShouldBeLessThanOrEqualTo(used);
                    Describe(ReadOne(again)).ShouldBe(Describe(packet!), $"mutation {i} of seed {Seed}");
                    if (again.Length == used) // otherwise the length had superfluous digits
                    {
                        again.AsSpan().SequenceEqual(work.AsSpan(0, used)).ShouldBeTrue($"mutation {i} of seed {Seed}");
                    }
                    break;
                case MqttRead.Invalid:
                    error.ShouldNotBe(MqttError.None);
                    errors[error] = errors.GetValueOrDefault(error) + 1;
                    break;
                default:
                    incomplete++;
                    break;
            }
        }
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{Count} mutations in {clock.ElapsedMilliseconds} ms: {read} read, {incomplete} incomplete, "
                + $"most allocated for one {worstBytes} bytes; {string.Join(", ", errors)}"
        );
        errors.Count.ShouldBe(Enum.GetValues<MqttError>().Length - 1, "the mutations reach every check");
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public void P28_a_length_claim_of_256_MB_allocates_nothing()
    {
        var buffer = new ReadOnlySequence<byte>(new byte[] { 0x30, 0xff, 0xff, 0xff, 0x7f, 0x00 });
        MqttCodec.Read(ref buffer, Limits, out _, out _);
        long before = GC.GetAllocatedBytesForCurrentThread();
        MqttRead outcome = MqttCodec.Read(ref buffer, Limits, out _, out MqttError error);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        (outcome, error, allocated).ShouldBe((MqttRead.Invalid, MqttError.PacketTooLarge, 0L));
    }

    [Theory]
    [InlineData("a", "a", true)]
    [InlineData("a", "b", false)]
    [InlineData("a", "a/b", false)]
    [InlineData("a/b", "a", false)]
    [InlineData("a/#", "a", true)]
    [InlineData("a/#", "a/", true)]
    [InlineData("a/#", "a/b", true)]
    [InlineData("a/#", "a/b/c", true)]
    [InlineData("a/#", "ab", false)]
    [InlineData("a/#", "ab/c", false)]
    [InlineData("a/#", "b/a", false)]
    [InlineData("a/#", "A/b", false)]
    [InlineData("/#", "/a", true)]
    [InlineData("/#", "a", false)]
    [InlineData("eb1/c/h1/down/#", "eb1/c/h1/down/receipt", true)]
    [InlineData("eb1/c/h1/down/#", "eb1/c/h10/down/receipt", false)]
    [InlineData("eb1/c/h1/#", "eb1/c/h10/down", false)]
    public void A_served_filter_matches(string filter, string topic, bool matches)
    {
        MqttTopic.IsServed(filter).ShouldBeTrue();
        MqttTopic.Matches(filter, topic).ShouldBe(matches);
    }

    [Theory]
    [InlineData("#")]
    [InlineData("+")]
    [InlineData("a/+")]
    [InlineData("+/#")]
    [InlineData("a/+/#")]
    [InlineData("a#")]
    [InlineData("#/a")]
    [InlineData("")]
    public void Other_filters_are_not_served(string filter) => MqttTopic.IsServed(filter).ShouldBeFalse();

    private static int Mutate(Random random, byte[][] seeds, byte[] work)
    {
        byte[] seed = seeds[random.Next(seeds.Length)];
        seed.CopyTo(work, 0);
        int length = seed.Length;
        for (int edits = random.Next(1, 5); edits > 0; edits--)
        {
            int at = random.Next(length);
            switch (random.Next(7))
            {
                case 0:
                    work[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    work[at] = (byte)random.Next(256);
                    break;
                case 2:
                    work[at] = random.GetItems<byte>([0, 1, 0x7f, 0x80, 0xff, (byte)'+', (byte)'#', 0xc0, 0xed], 1)[0];
                    break;
                case 3 when length > 1: // shorten
                    length = random.Next(1, length);
                    break;
                case 4 when length < 1000: // lengthen
                    random.NextBytes(work.AsSpan(length, 16));
                    length += 16;
                    break;
                case 5: // move a piece
                    work.AsSpan(at, length - at).ToArray().CopyTo(work, random.Next(at + 1));
                    break;
                case 6 when length > 1: // put the length right again, so that the body is reached
                    work[1] = (byte)Math.Min(length - 2, 127);
                    break;
            }
        }
        return length;
    }

    private static MqttPacket RandomPacket(Random random)
    {
        ushort id = (ushort)random.Next(1, 65_536);
        var qos = (MqttQos)random.Next(3);
        bool flag = random.Next(2) == 1;
        switch ((MqttPacketType)random.Next(1, 15))
        {
            case MqttPacketType.Connect:
                string? user = flag ? RandomText(random, 0) : null;
                return new ConnectPacket
                {
                    ClientId = RandomText(random, 1),
                    CleanSession = random.Next(2) == 1,
                    KeepAliveS = (ushort)random.Next(65_536),
                    UserName = user,
                    Password =
                        user is not null && random.Next(2) == 1 ? RandomBytes(random) : (ReadOnlyMemory<byte>?)null,
                    Will =
                        random.Next(2) == 1 ? new MqttWill(RandomTopic(random), RandomBytes(random), qos, flag) : null,
                };
            case MqttPacketType.ConnAck:
                var code = (MqttConnectCode)random.Next(6);
                return new ConnAckPacket(code, code == MqttConnectCode.Accepted && flag);
            case MqttPacketType.Publish:
                return new PublishPacket(RandomTopic(random), RandomBytes(random))
                {
                    Qos = qos,
                    PacketId = qos == MqttQos.AtMostOnce ? (ushort)0 : id,
                    Duplicate = qos != MqttQos.AtMostOnce && flag,
                    Retain = random.Next(2) == 1,
                };
            case MqttPacketType.Subscribe:
                return new SubscribePacket(
                    id,
                    [
                        .. Enumerable
                            .Range(0, random.Next(1, 33))
                            .Select(_ => new MqttSubscription(RandomFilter(random), (MqttQos)random.Next(3))),
                    ]
                );
            case MqttPacketType.SubAck:
                return new SubAckPacket(id, random.GetItems<byte>([0, 1, 2, 0x80], random.Next(1, 33)));
            case MqttPacketType.Unsubscribe:
                return new UnsubscribePacket(
                    id,
                    [.. Enumerable.Range(0, random.Next(1, 33)).Select(_ => RandomFilter(random))]
                );
            case var type and (MqttPacketType.PingReq or MqttPacketType.PingResp or MqttPacketType.Disconnect):
                return new EmptyPacket(type);
            case var type:
                return new AckPacket(type, id);
        }
    }

    private static byte[] RandomBytes(Random random)
    {
        byte[] bytes = new byte[random.Next(20) == 0 ? random.Next(40_000) : random.Next(40)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static string RandomText(Random random, int minLength)
    {
        string[] pieces = ["a", "hub", "7", "/", " ", "é", "救", "🚑", "\ufeff", "$", "~"];
        return string.Concat(random.GetItems(pieces, random.Next(minLength, 30)));
    }

    private static string RandomTopic(Random random) => RandomText(random, 1);

    private static string RandomFilter(Random random) =>
        random.Next(4) switch
        {
            0 => "+/" + RandomText(random, 0),
            1 => RandomText(random, 0) + "/#",
            2 => "#",
            _ => RandomText(random, 1),
        };

    private static string Expected(Vector vector) =>
        vector.Incomplete ? "incomplete"
        : vector.Error is not null ? $"error {vector.Error}"
        : vector.Reads!;

    private static string Verdict(byte[] bytes) => Verdict(new ReadOnlySequence<byte>(bytes));

    private static string Verdict(ReadOnlySequence<byte> buffer)
    {
        long length = buffer.Length;
        MqttRead outcome = MqttCodec.Read(ref buffer, Limits, out MqttPacket? packet, out MqttError error);
        switch (outcome)
        {
            case MqttRead.Packet:
                buffer.Length.ShouldBe(0, "bytes left behind the packet");
                error.ShouldBe(MqttError.None);
                return Describe(packet!);
            case MqttRead.Invalid:
                packet.ShouldBeNull();
                buffer.Length.ShouldBe(length);
                return $"error {error}";
            default:
                packet.ShouldBeNull();
                error.ShouldBe(MqttError.None);
                buffer.Length.ShouldBe(length);
                return "incomplete";
        }
    }

    private static MqttPacket ReadOne(byte[] bytes)
    {
        var buffer = new ReadOnlySequence<byte>(bytes);
        MqttCodec
            .Read(ref buffer, Limits, out MqttPacket? packet, out MqttError error)
            .ShouldBe(MqttRead.Packet, error.InWords());
        buffer.IsEmpty.ShouldBeTrue();
        return packet!;
    }

    private static ReadOnlySequence<byte> Segments(byte[] bytes, params int[] cuts)
    {
        var first = new Segment(bytes.AsMemory(0, cuts.Length > 0 ? cuts[0] : bytes.Length), null);
        Segment last = first;
        for (int i = 0; i < cuts.Length; i++)
        {
            int end = i + 1 < cuts.Length ? cuts[i + 1] : bytes.Length;
            last = new Segment(bytes.AsMemory(cuts[i], end - cuts[i]), last);
        }
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    /// <summary>A packet as the vectors write it.</summary>
    private static string Describe(MqttPacket packet)
    {
        var text = new StringBuilder(packet.Type.ToString().ToUpperInvariant());
        switch (packet)
        {
            case ConnectPacket p:
                text.Append($" id={p.ClientId}{(p.CleanSession ? " clean" : "")} keepalive={p.KeepAliveS}");
                text.Append(p.UserName is null ? "" : $" user={p.UserName}");
                text.Append(p.Password is null ? "" : $" password={Hex(p.Password.Value)}");
                text.Append(
                    p.Will is null
                        ? ""
                        : $" will={p.Will.Topic}:{Hex(p.Will.Payload)}:q{(int)p.Will.Qos}"
                            + (p.Will.Retain ? ":retain" : "")
                );
                break;
            case ConnAckPacket p:
                text.Append($" code={(int)p.Code}{(p.SessionPresent ? " present" : "")}");
                break;
            case PublishPacket p:
                text.Append($" q{(int)p.Qos}{(p.Duplicate ? " dup" : "")}{(p.Retain ? " retain" : "")}");
                text.Append($"{(p.PacketId == 0 ? "" : $" id={p.PacketId}")} topic={p.Topic} payload={Hex(p.Payload)}");
                break;
            case AckPacket p:
                text.Append($" id={p.PacketId}");
                break;
            case SubscribePacket p:
                text.Append(
                    $" id={p.PacketId} {string.Join(' ', p.Subscriptions.Select(s => $"{s.Filter}:{(int)s.Qos}"))}"
                );
                break;
            case SubAckPacket p:
                text.Append($" id={p.PacketId} {string.Join(' ', p.Codes.ToArray().Select(code => $"{code:x2}"))}");
                break;
            case UnsubscribePacket p:
                text.Append($" id={p.PacketId} {string.Join(' ', p.Filters)}");
                break;
        }
        return text.ToString();
    }

    private static string Hex(ReadOnlyMemory<byte> bytes) =>
        bytes.Length > 32 ? $"({bytes.Length} bytes)" : Convert.ToHexStringLower(bytes.Span);

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? previous)
        {
            Memory = memory;
            if (previous is not null)
            {
                RunningIndex = previous.RunningIndex + previous.Memory.Length;
                previous.Next = this;
            }
        }
    }
}
