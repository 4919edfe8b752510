namespace ElderBand.Mqtt;

/// <summary>
/// The 14 control packet types of MQTT 3.1.1 (table 2.1); the value is the upper half of the first byte.
/// </summary>
public enum MqttPacketType : byte
{
    Connect = 1,
    ConnAck = 2,
    Publish = 3,
    PubAck = 4,
    PubRec = 5,
    PubRel = 6,
    PubComp = 7,
    Subscribe = 8,
    SubAck = 9,
    Unsubscribe = 10,
    UnsubAck = 11,
    PingReq = 12,
    PingResp = 13,
    Disconnect = 14,
}

/// <summary>Quality of service of a PUBLISH or a subscription (section 4.3).</summary>
public enum MqttQos : byte
{
    AtMostOnce = 0,
    AtLeastOnce = 1,
    ExactlyOnce = 2,
}

/// <summary>Return code of a CONNACK (table 3.1).</summary>
public enum MqttConnectCode : byte
{
    Accepted = 0,
    UnacceptableProtocolVersion = 1,
    IdentifierRejected = 2,
    ServerUnavailable = 3,
    BadUserNameOrPassword = 4,
    NotAuthorized = 5,
}

/// <summary>
/// One MQTT 3.1.1 control packet. Texts are valid UTF-8; payloads are copies that the receiver may keep.
/// </summary>
public abstract record MqttPacket
{
    private protected MqttPacket(MqttPacketType type) => Type = type;

    public MqttPacketType Type { get; }
}

/// <summary>CONNECT (3.1): the first packet of a connection.</summary>
public sealed record ConnectPacket() : MqttPacket(MqttPacketType.Connect)
{
    /// <summary>0 to <see cref="MqttLimits.MaxTextBytes"/> bytes; empty only with <see cref="CleanSession"/>.</summary>
    public required string ClientId { get; init; }

    public bool CleanSession { get; init; } = true;

    /// <summary>Seconds, 0 to 65,535; 0 = the client asks for no limit.</summary>
    public ushort KeepAliveS { get; init; }

    public string? UserName { get; init; }

    /// <summary>0 to 65,535 bytes; null = none. Needs a user name.</summary>
    public ReadOnlyMemory<byte>? Password { get; init; }

    public MqttWill? Will { get; init; }
}

/// <summary>The will of a CONNECT (3.1.2.5): what a broker would publish when the client vanishes.</summary>
public sealed record MqttWill(string Topic, ReadOnlyMemory<byte> Payload, MqttQos Qos, bool Retain);

/// <summary>CONNACK (3.2).</summary>
public sealed record ConnAckPacket(MqttConnectCode Code, bool SessionPresent = false)
    : MqttPacket(MqttPacketType.ConnAck);

/// <summary>PUBLISH (3.3). <see cref="PacketId"/> is 1 to 65,535, and 0 exactly at QoS 0.</summary>
public sealed record PublishPacket(string Topic, ReadOnlyMemory<byte> Payload) : MqttPacket(MqttPacketType.Publish)
{
    public MqttQos Qos { get; init; }
    public ushort PacketId { get; init; }
    public bool Retain { get; init; }
    public bool Duplicate { get; init; }
}

/// <summary>
/// PUBACK, PUBREC, PUBREL, PUBCOMP or UNSUBACK (3.4 to 3.7, 3.11): nothing but a packet id, 1 to 65,535.
/// </summary>
public sealed record AckPacket(MqttPacketType Kind, ushort PacketId) : MqttPacket(Kind);

/// <summary>One line of a SUBSCRIBE (3.8.3).</summary>
public readonly record struct MqttSubscription(string Filter, MqttQos Qos);

/// <summary>SUBSCRIBE (3.8): 1 to <see cref="MqttLimits.MaxFilters"/> filters.</summary>
public sealed record SubscribePacket(ushort PacketId, IReadOnlyList<MqttSubscription> Subscriptions)
    : MqttPacket(MqttPacketType.Subscribe);

/// <summary>SUBACK (3.9): per filter the granted QoS 0 to 2, or <see cref="Refused"/>.</summary>
public sealed record SubAckPacket(ushort PacketId, ReadOnlyMemory<byte> Codes) : MqttPacket(MqttPacketType.SubAck)
{
    public const byte Refused = 0x80;
}

/// <summary>UNSUBSCRIBE (3.10): 1 to <see cref="MqttLimits.MaxFilters"/> filters.</summary>
public sealed record UnsubscribePacket(ushort PacketId, IReadOnlyList<string> Filters)
    : MqttPacket(MqttPacketType.Unsubscribe);

/// <summary>PINGREQ, PINGRESP or DISCONNECT (3.12 to 3.14): two bytes, no content.</summary>
public sealed record EmptyPacket(MqttPacketType Kind) : MqttPacket(Kind);

/// <summary>The bounds of the codec. A packet beyond one is refused before it is stored.</summary>
public sealed record MqttLimits
{
    public static MqttLimits Default { get; } = new();

    /// <summary>Largest whole packet, fixed header included, in bytes.</summary>
    public int MaxPacketBytes { get; init; } = 64 * 1024;

    /// <summary>Longest topic, filter, client id or user name, in bytes of UTF-8.</summary>
    public int MaxTextBytes { get; init; } = 512;

    /// <summary>Most filters in one SUBSCRIBE or UNSUBSCRIBE.</summary>
    public int MaxFilters { get; init; } = 32;
}

/// <summary>
/// Why bytes are not an MQTT 3.1.1 packet, or not one that this codec takes. <see cref="MqttErrors.InWords"/> says it
/// in words.
/// </summary>
public enum MqttError
{
    None,
    ReservedPacketType,
    BadFlags,
    BadRemainingLength,
    PacketTooLarge,
    WrongLength,
    Truncated,
    TrailingBytes,
    BadUtf8,
    NullCharacter,
    ForbiddenCharacter,
    TextTooLong,
    EmptyTopic,
    WildcardInTopic,
    BadFilter,
    NoFilters,
    TooManyFilters,
    ZeroPacketId,
    BadQos,
    DuplicateAtQos0,
    BadProtocolName,
    UnsupportedProtocolLevel,
    ReservedConnectFlag,
    BadWillFlags,
    PasswordWithoutUserName,
    EmptyClientId,
    BadConnAckFlags,
    BadReturnCode,
}

/// <summary>Words for <see cref="MqttError"/>.</summary>
public static class MqttErrors
{
    /// <summary>One sentence for a log or an audit row; section numbers are those of MQTT 3.1.1.</summary>
    public static string InWords(this MqttError error) =>
        error switch
        {
            MqttError.None => "no error",
            MqttError.ReservedPacketType => "packet type 0 or 15 is reserved (2.2.1)",
            MqttError.BadFlags => "the flag bits of the first byte are not those of this packet type (2.2.2)",
            MqttError.BadRemainingLength => "the remaining length uses more than four bytes (2.2.3)",
            MqttError.PacketTooLarge => "the packet is larger than this end accepts",
            MqttError.WrongLength => "this packet type has a fixed length and this is another (3.4 to 3.14)",
            MqttError.Truncated => "a field runs past the end of the packet",
            MqttError.TrailingBytes => "bytes are left after the last field of the packet",
            MqttError.BadUtf8 => "a text is not valid UTF-8 (1.5.3)",
            MqttError.NullCharacter => "a text contains U+0000 (1.5.3)",
            MqttError.ForbiddenCharacter => "a text contains a control character or a non-character (1.5.3)",
            MqttError.TextTooLong => "a topic, filter, client id or user name is longer than this end accepts",
            MqttError.EmptyTopic => "a topic or filter is empty (4.7.3)",
            MqttError.WildcardInTopic => "a topic name contains + or # (3.3.2.1)",
            MqttError.BadFilter => "a wildcard is not a whole level, or # is not the last one (4.7.1)",
            MqttError.NoFilters => "the packet names no topic filter (3.8.3, 3.10.3)",
            MqttError.TooManyFilters => "the packet names more topic filters than this end accepts",
            MqttError.ZeroPacketId => "the packet id is 0 (2.3.1)",
            MqttError.BadQos => "QoS 3, or reserved bits beside the QoS (3.3.1.2, 3.8.3)",
            MqttError.DuplicateAtQos0 => "the duplicate flag is set at QoS 0 (3.3.1.1)",
            MqttError.BadProtocolName => "the protocol name is not MQTT (3.1.2.1)",
            MqttError.UnsupportedProtocolLevel => "the protocol level is not 4, MQTT 3.1.1 (3.1.2.2)",
            MqttError.ReservedConnectFlag => "the reserved bit of the connect flags is set (3.1.2.3)",
            MqttError.BadWillFlags => "will QoS or will retain without a will, or will QoS 3 (3.1.2.5 to 3.1.2.7)",
            MqttError.PasswordWithoutUserName => "a password without a user name (3.1.2.9)",
            MqttError.EmptyClientId => "an empty client id without a clean session (3.1.3.1)",
            MqttError.BadConnAckFlags => "reserved CONNACK bits, or a session present beside a refusal (3.2.2)",
            MqttError.BadReturnCode => "a return code that MQTT 3.1.1 does not know (3.2.2.3, 3.9.3)",
            _ => "unknown error",
        };
}

/// <summary>Why a connection ended.</summary>
public enum MqttCloseReason
{
    /// <summary>The other end said DISCONNECT.</summary>
    ByPeer,

    /// <summary>This end asked for it.</summary>
    ByUs,

    /// <summary>The transport ended without a DISCONNECT.</summary>
    ConnectionLost,

    /// <summary>Bytes that are no packet, or a packet that must not come here.</summary>
    ProtocolError,

    /// <summary>QoS 2, which this end does not serve.</summary>
    Unsupported,

    /// <summary>No CONNECT in time.</summary>
    ConnectTimeout,

    /// <summary>Half a packet, then silence (P28).</summary>
    PacketTimeout,

    /// <summary>Nothing for 1.5 keep-alive intervals, or no answer to a PINGREQ.</summary>
    KeepAliveTimeout,

    /// <summary>The other end takes no bytes.</summary>
    WriteTimeout,

    /// <summary>A newer connection uses the client id.</summary>
    TakenOver,

    /// <summary>The sign-in was refused.</summary>
    SignInRefused,

    /// <summary>A publish to a topic that the session may not use (P29).</summary>
    NotAuthorized,

    /// <summary>
    /// A publish was not stored; closing makes the client send it again, as 3.1.1 has no negative PUBACK.
    /// </summary>
    NotStored,

    /// <summary>The application's callback threw.</summary>
    CallbackFailed,
}

/// <summary>How a connection ended: the reason to decide by and the words to log.</summary>
public sealed record MqttDisconnect(MqttCloseReason Reason, string Text);

/// <summary>Rules for topic names and filters (4.7).</summary>
public static class MqttTopic
{
    /// <summary>
    /// None when <paramref name="topic"/> may be published to; it must be 1 or more characters without wildcards.
    /// </summary>
    public static MqttError CheckName(ReadOnlySpan<char> topic) =>
        topic.IsEmpty ? MqttError.EmptyTopic
        : topic.ContainsAny('+', '#') ? MqttError.WildcardInTopic
        : MqttError.None;

    /// <summary>
    /// None when <paramref name="filter"/> is well formed: + is a whole level, # a whole level and the last.
    /// </summary>
    public static MqttError CheckFilter(ReadOnlySpan<char> filter)
    {
        if (filter.IsEmpty)
        {
            return MqttError.EmptyTopic;
        }
        for (int at = filter.IndexOfAny('+', '#'); at >= 0;)
        {
            bool startsLevel = at == 0 || filter[at - 1] == '/';
            bool endsLevel = at == filter.Length - 1 || (filter[at] == '+' && filter[at + 1] == '/');
            if (!startsLevel || !endsLevel)
            {
                return MqttError.BadFilter;
            }
            int next = filter[(at + 1)..].IndexOfAny('+', '#');
            at = next < 0 ? -1 : at + 1 + next;
        }
        return MqttError.None;
    }

    /// <summary>True for the two forms that the endpoint serves: an exact topic, or <c>prefix/#</c>.</summary>
    public static bool IsServed(ReadOnlySpan<char> filter)
    {
        int wildcard = filter.IndexOfAny('+', '#');
        return CheckFilter(filter) == MqttError.None && (wildcard < 0 || (wildcard > 0 && filter[wildcard] == '#'));
    }

    /// <summary>
    /// True when <paramref name="topic"/> falls under a served filter; <c>a/#</c> covers <c>a</c> itself too (4.7.1.2).
    /// </summary>
    public static bool Matches(ReadOnlySpan<char> filter, ReadOnlySpan<char> topic)
    {
        if (!filter.EndsWith("/#"))
        {
            return filter.SequenceEqual(topic);
        }
        ReadOnlySpan<char> prefix = filter[..^2];
        return topic.StartsWith(prefix) && (topic.Length == prefix.Length || topic[prefix.Length] == '/');
    }
}
