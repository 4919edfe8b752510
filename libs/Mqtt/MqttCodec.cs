using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace ElderBand.Mqtt;

/// <summary>What <see cref="MqttCodec.Read"/> found at the start of the buffer.</summary>
public enum MqttRead
{
    /// <summary>The beginning of a packet that may be good: call again with more bytes.</summary>
    Incomplete,

    /// <summary>One packet; the buffer now starts behind it.</summary>
    Packet,

    /// <summary>No packet can begin like this; the error says why. Close the connection.</summary>
    Invalid,
}

/// <summary>
/// Bytes to MQTT 3.1.1 packets and back. Every length is checked before it is used, nothing is stored for a packet
/// beyond the limits, and what is wrong with the bytes is a value, never an exception.
/// </summary>
public static class MqttCodec
{
    private const int MaxHeaderBytes = 5;
    private static readonly UTF8Encoding StrictUtf8 = new(
        encoderShouldEmitUTF8Identifier: false,
        throwOnInvalidBytes: true
    );

    /// <summary>
    /// Reads the packet at the start of <paramref name="buffer"/> and moves the buffer behind it. The outcome does not
    /// depend on how the bytes were cut: a prefix of a packet is <see cref="MqttRead.Incomplete"/>, or already
    /// <see cref="MqttRead.Invalid"/> with the same error that the whole gives.
    /// </summary>
    public static MqttRead Read(
        ref ReadOnlySequence<byte> buffer,
        MqttLimits limits,
        out MqttPacket? packet,
        out MqttError error
    )
    {
        packet = null;
        error = MqttError.None;
        Span<byte> header = stackalloc byte[MaxHeaderBytes];
        int available = (int)Math.Min(buffer.Length, MaxHeaderBytes);
        if (available == 0)
        {
            return MqttRead.Incomplete;
        }
        buffer.Slice(0, available).CopyTo(header);

        error = CheckFirstByte(header[0]);
        if (error != MqttError.None)
        {
            return MqttRead.Invalid;
        }

        int bodyBytes = 0;
        int headerBytes = 1;
        for (int shift = 0; ; shift += 7)
        {
            if (headerBytes == MaxHeaderBytes)
            {
                error = MqttError.BadRemainingLength;
                return MqttRead.Invalid;
            }
            if (headerBytes == available)
            {
                return MqttRead.Incomplete;
            }
            byte digit = header[headerBytes++];
            bodyBytes |= (digit & 0x7F) << shift;
            if ((digit & 0x80) == 0)
            {
                break;
            }
        }

        error = CheckLength((MqttPacketType)(header[0] >> 4), bodyBytes, headerBytes, limits);
        if (error != MqttError.None)
        {
            return MqttRead.Invalid;
        }
        if (buffer.Length < headerBytes + bodyBytes)
        {
            return MqttRead.Incomplete;
        }

        ReadOnlySequence<byte> body = buffer.Slice(headerBytes, bodyBytes);
        if (body.IsSingleSegment)
        {
            packet = ReadBody(header[0], body.FirstSpan, limits, out error);
        }
        else
        {
            byte[] joined = ArrayPool<byte>.Shared.Rent(bodyBytes);
            body.CopyTo(joined);
            packet = ReadBody(header[0], joined.AsSpan(0, bodyBytes), limits, out error);
            ArrayPool<byte>.Shared.Return(joined);
        }
        if (packet is null)
        {
            return MqttRead.Invalid;
        }
        buffer = buffer.Slice(headerBytes + bodyBytes);
        return MqttRead.Packet;
    }

    /// <summary>The bytes of <paramref name="packet"/>.</summary>
    /// <exception cref="ArgumentException">The packet is one that <see cref="Read"/> would refuse; the message says
    /// why.</exception>
    public static byte[] Encode(MqttPacket packet, MqttLimits limits)
    {
        ArgumentNullException.ThrowIfNull(packet);
        ArgumentNullException.ThrowIfNull(limits);
        return packet switch
        {
            PublishPacket publish => EncodePublish(publish, limits),
            AckPacket ack => EncodeAck(ack),
            EmptyPacket empty => EncodeEmpty(empty),
            ConnectPacket connect => EncodeConnect(connect, limits),
            ConnAckPacket connAck => EncodeConnAck(connAck),
            SubscribePacket subscribe => EncodeSubscribe(subscribe, limits),
            SubAckPacket subAck => EncodeSubAck(subAck, limits),
            UnsubscribePacket unsubscribe => EncodeUnsubscribe(unsubscribe, limits),
            _ => throw new ArgumentException("unknown packet", nameof(packet)),
        };
    }

    private static MqttError CheckFirstByte(byte first)
    {
        int flags = first & 0x0F;
        if (first >> 4 is 0 or 15)
        {
            return MqttError.ReservedPacketType;
        }
        switch ((MqttPacketType)(first >> 4))
        {
            case MqttPacketType.Publish:
                return (flags & 0b0110) == 0b0110 ? MqttError.BadQos
                    : (flags & 0b1110) == 0b1000 ? MqttError.DuplicateAtQos0
                    : MqttError.None;
            case MqttPacketType.PubRel or MqttPacketType.Subscribe or MqttPacketType.Unsubscribe:
                return flags == 0b0010 ? MqttError.None : MqttError.BadFlags;
            default:
                return flags == 0 ? MqttError.None : MqttError.BadFlags;
        }
    }

    private static MqttError CheckLength(MqttPacketType type, int bodyBytes, int headerBytes, MqttLimits limits)
    {
        int fixedBytes = type switch
        {
            MqttPacketType.PingReq or MqttPacketType.PingResp or MqttPacketType.Disconnect => 0,
            MqttPacketType.ConnAck
            or MqttPacketType.PubAck
            or MqttPacketType.PubRec
            or MqttPacketType.PubRel
            or MqttPacketType.PubComp
            or MqttPacketType.UnsubAck => 2,
            _ => -1,
        };
        return fixedBytes >= 0 && bodyBytes != fixedBytes ? MqttError.WrongLength
            : bodyBytes > limits.MaxPacketBytes - headerBytes ? MqttError.PacketTooLarge
            : MqttError.None;
    }

    private static MqttPacket? ReadBody(byte first, ReadOnlySpan<byte> body, MqttLimits limits, out MqttError error)
    {
        var fields = new Fields(body, limits);
        var type = (MqttPacketType)(first >> 4);
        MqttPacket packet = type switch
        {
            MqttPacketType.Connect => ReadConnect(ref fields),
            MqttPacketType.ConnAck => ReadConnAck(ref fields),
            MqttPacketType.Publish => ReadPublish(first, ref fields),
            MqttPacketType.Subscribe => ReadSubscribe(ref fields),
            MqttPacketType.SubAck => ReadSubAck(ref fields),
            MqttPacketType.Unsubscribe => ReadUnsubscribe(ref fields),
            MqttPacketType.PingReq or MqttPacketType.PingResp or MqttPacketType.Disconnect => new EmptyPacket(type),
            _ => new AckPacket(type, fields.PacketId()),
        };
        fields.End();
        error = fields.Error;
        return error == MqttError.None ? packet : null;
    }

    private static ConnectPacket ReadConnect(ref Fields fields)
    {
        ReadOnlySpan<byte> protocol = fields.Binary();
        byte level = fields.Byte();
        // MQIsdp level 3 is MQTT 3.1: a known protocol of another level, answered with CONNACK 1 like any other level.
        bool mqtt31 = protocol.SequenceEqual("MQIsdp"u8);
        fields.Require(mqtt31 || protocol.SequenceEqual("MQTT"u8), MqttError.BadProtocolName);
        fields.Require(level == 4 && !mqtt31, MqttError.UnsupportedProtocolLevel);

        byte flags = fields.Byte();
        bool hasWill = (flags & 0x04) != 0;
        bool hasPassword = (flags & 0x40) != 0;
        bool hasUserName = (flags & 0x80) != 0;
        bool clean = (flags & 0x02) != 0;
        int willQos = flags >> 3 & 3;
        fields.Require((flags & 0x01) == 0, MqttError.ReservedConnectFlag);
        fields.Require(hasWill ? willQos < 3 : (flags & 0x38) == 0, MqttError.BadWillFlags);
        fields.Require(hasUserName || !hasPassword, MqttError.PasswordWithoutUserName);

        ushort keepAliveS = fields.UInt16();
        string clientId = fields.Text();
        fields.Require(clean || clientId.Length > 0, MqttError.EmptyClientId);
        MqttWill? will = hasWill
            ? new MqttWill(fields.Topic(), fields.Binary().ToArray(), (MqttQos)willQos, (flags & 0x20) != 0)
            : null;
        return new ConnectPacket
        {
            ClientId = clientId,
            CleanSession = clean,
            KeepAliveS = keepAliveS,
            Will = will,
            UserName = hasUserName ? fields.Text() : null,
            Password = hasPassword ? fields.Binary().ToArray() : (ReadOnlyMemory<byte>?)null,
        };
    }

    private static ConnAckPacket ReadConnAck(ref Fields fields)
    {
        byte flags = fields.Byte();
        byte code = fields.Byte();
        fields.Require(flags == 0 || (flags == 1 && code == 0), MqttError.BadConnAckFlags);
        fields.Require(code <= (byte)MqttConnectCode.NotAuthorized, MqttError.BadReturnCode);
        return new ConnAckPacket((MqttConnectCode)code, flags == 1);
    }

    private static PublishPacket ReadPublish(byte first, ref Fields fields)
    {
        var qos = (MqttQos)(first >> 1 & 3);
        string topic = fields.Topic();
        ushort packetId = qos == MqttQos.AtMostOnce ? (ushort)0 : fields.PacketId();
        return new PublishPacket(topic, fields.Rest().ToArray())
        {
            Qos = qos,
            PacketId = packetId,
            Retain = (first & 0x01) != 0,
            Duplicate = (first & 0x08) != 0,
        };
    }

    private static SubscribePacket ReadSubscribe(ref Fields fields)
    {
        ushort packetId = fields.PacketId();
        var subscriptions = new List<MqttSubscription>();
        while (fields.MoreFilters(subscriptions.Count))
        {
            string filter = fields.Filter();
            byte qos = fields.Byte();
            fields.Require(qos <= 2, MqttError.BadQos);
            subscriptions.Add(new MqttSubscription(filter, (MqttQos)qos));
        }
        return new SubscribePacket(packetId, subscriptions);
    }

    private static SubAckPacket ReadSubAck(ref Fields fields)
    {
        ushort packetId = fields.PacketId();
        byte[] codes = fields.Rest().ToArray();
        fields.Require(codes.Length > 0, MqttError.Truncated);
        fields.Require(Array.TrueForAll(codes, IsSubAckCode), MqttError.BadReturnCode);
        return new SubAckPacket(packetId, codes);
    }

    private static bool IsSubAckCode(byte code) => code is <= 2 or SubAckPacket.Refused;

    private static UnsubscribePacket ReadUnsubscribe(ref Fields fields)
    {
        ushort packetId = fields.PacketId();
        var filters = new List<string>();
        while (fields.MoreFilters(filters.Count))
        {
            filters.Add(fields.Filter());
        }
        return new UnsubscribePacket(packetId, filters);
    }

    private static MqttError CheckCharacters(ReadOnlySpan<byte> utf8)
    {
        if (!utf8.ContainsAnyExceptInRange((byte)0x20, (byte)0x7E))
        {
            return MqttError.None;
        }
        if (!Utf8.IsValid(utf8)) // also refuses surrogates and overlong forms
        {
            return MqttError.BadUtf8;
        }
        if (utf8.Contains((byte)0))
        {
            return MqttError.NullCharacter;
        }
        while (!utf8.IsEmpty)
        {
            Rune.DecodeFromUtf8(utf8, out Rune rune, out int used);
            utf8 = utf8[used..];
            int value = rune.Value;
            // The standard lets a receiver refuse these; a topic with a line break in it has no place in an audit row.
            if (value is < 0x20 or (>= 0x7F and <= 0x9F) or (>= 0xFDD0 and <= 0xFDEF) || (value & 0xFFFE) == 0xFFFE)
            {
                return MqttError.ForbiddenCharacter;
            }
        }
        return MqttError.None;
    }

    /// <summary>
    /// The fields of a packet's body, read in order. The first error stays; after it every read gives nothing.
    /// </summary>
    private ref struct Fields(ReadOnlySpan<byte> body, MqttLimits limits)
    {
        private ReadOnlySpan<byte> _rest = body;

        public MqttError Error { get; private set; }

        public void Require(bool holds, MqttError otherwise)
        {
            if (!holds && Error == MqttError.None)
            {
                Error = otherwise;
                _rest = default;
            }
        }

        public void End() => Require(_rest.IsEmpty, MqttError.TrailingBytes);

        public ReadOnlySpan<byte> Rest() => Take(_rest.Length);

        public byte Byte()
        {
            ReadOnlySpan<byte> bytes = Take(1);
            return bytes.IsEmpty ? (byte)0 : bytes[0];
        }

        public ushort UInt16()
        {
            ReadOnlySpan<byte> bytes = Take(2);
            return bytes.IsEmpty ? (ushort)0 : BinaryPrimitives.ReadUInt16BigEndian(bytes);
        }

        public ushort PacketId()
        {
            ushort id = UInt16();
            Require(id != 0, MqttError.ZeroPacketId);
            return id;
        }

        public ReadOnlySpan<byte> Binary() => Take(UInt16());

        public string Text()
        {
            ushort length = UInt16();
            Require(length <= limits.MaxTextBytes, MqttError.TextTooLong);
            ReadOnlySpan<byte> utf8 = Take(length);
            MqttError characters = CheckCharacters(utf8);
            Require(characters == MqttError.None, characters);
            return Error == MqttError.None ? Encoding.UTF8.GetString(utf8) : "";
        }

        public string Topic()
        {
            string topic = Text();
            MqttError check = MqttTopic.CheckName(topic);
            Require(check == MqttError.None, check);
            return topic;
        }

        public string Filter()
        {
            string filter = Text();
            MqttError check = MqttTopic.CheckFilter(filter);
            Require(check == MqttError.None, check);
            return filter;
        }

        /// <summary>True while the body holds another filter; a packet needs one and may hold only so many.</summary>
        public bool MoreFilters(int soFar)
        {
            Require(!_rest.IsEmpty || soFar > 0, MqttError.NoFilters);
            Require(_rest.IsEmpty || soFar < limits.MaxFilters, MqttError.TooManyFilters);
            return !_rest.IsEmpty;
        }

        private ReadOnlySpan<byte> Take(int count)
        {
            Require(count <= _rest.Length, MqttError.Truncated);
            if (Error != MqttError.None)
            {
                return default;
            }
            ReadOnlySpan<byte> taken = _rest[..count];
            _rest = _rest[count..];
            return taken;
        }
    }

    private static byte[] EncodePublish(PublishPacket packet, MqttLimits limits)
    {
        bool hasId = packet.Qos != MqttQos.AtMostOnce;
        Demand(packet.Qos <= MqttQos.ExactlyOnce, MqttError.BadQos);
        Demand(hasId || !packet.Duplicate, MqttError.DuplicateAtQos0);
        Demand(hasId == (packet.PacketId != 0), MqttError.ZeroPacketId);
        int topicBytes = TopicBytes(packet.Topic, limits);

        int flags = (packet.Duplicate ? 0x08 : 0) | (int)packet.Qos << 1 | (packet.Retain ? 0x01 : 0);
        var writer = new Writer(
            MqttPacketType.Publish,
            flags,
            2 + topicBytes + (hasId ? 2 : 0) + packet.Payload.Length,
            limits
        );
        writer.Text(packet.Topic, topicBytes);
        if (hasId)
        {
            writer.UInt16(packet.PacketId);
        }
        writer.Raw(packet.Payload.Span);
        return writer.Bytes;
    }

    private static byte[] EncodeAck(AckPacket packet)
    {
        bool isAck =
            packet.Kind
            is MqttPacketType.PubAck
                or MqttPacketType.PubRec
                or MqttPacketType.PubRel
                or MqttPacketType.PubComp
                or MqttPacketType.UnsubAck;
        Demand(isAck, MqttError.WrongLength);
        Demand(packet.PacketId != 0, MqttError.ZeroPacketId);
        int flags = packet.Kind == MqttPacketType.PubRel ? 0x02 : 0;
        return [(byte)((int)packet.Kind << 4 | flags), 2, (byte)(packet.PacketId >> 8), (byte)packet.PacketId];
    }

    private static byte[] EncodeEmpty(EmptyPacket packet)
    {
        Demand(packet.Kind is >= MqttPacketType.PingReq and <= MqttPacketType.Disconnect, MqttError.WrongLength);
        return [(byte)((int)packet.Kind << 4), 0];
    }

    private static byte[] EncodeConnect(ConnectPacket packet, MqttLimits limits)
    {
        Demand(packet.CleanSession || packet.ClientId.Length > 0, MqttError.EmptyClientId);
        Demand(packet.Password is null || packet.UserName is not null, MqttError.PasswordWithoutUserName);
        Demand(packet.Will is null || packet.Will.Qos <= MqttQos.ExactlyOnce, MqttError.BadWillFlags);

        int idBytes = TextBytes(packet.ClientId, limits);
        int body = 10 + 2 + idBytes;
        int flags = packet.CleanSession ? 0x02 : 0;
        int willTopicBytes = 0;
        if (packet.Will is { } will)
        {
            willTopicBytes = TopicBytes(will.Topic, limits);
            body += 2 + willTopicBytes + 2 + will.Payload.Length;
            flags |= 0x04 | (int)will.Qos << 3 | (will.Retain ? 0x20 : 0);
        }
        int userBytes = 0;
        if (packet.UserName is { } user)
        {
            userBytes = TextBytes(user, limits);
            body += 2 + userBytes;
            flags |= 0x80;
        }
        if (packet.Password is { } secret)
        {
            body += 2 + secret.Length;
            flags |= 0x40;
        }

        var writer = new Writer(MqttPacketType.Connect, 0, body, limits);
        writer.Raw("\0\u0004MQTT\u0004"u8);
        writer.Byte((byte)flags);
        writer.UInt16(packet.KeepAliveS);
        writer.Text(packet.ClientId, idBytes);
        if (packet.Will is not null)
        {
            writer.Text(packet.Will.Topic, willTopicBytes);
            writer.Binary(packet.Will.Payload.Span);
        }
        if (packet.UserName is not null)
        {
            writer.Text(packet.UserName, userBytes);
        }
        if (packet.Password is { } password)
        {
            writer.Binary(password.Span);
        }
        return writer.Bytes;
    }

    private static byte[] EncodeConnAck(ConnAckPacket packet)
    {
        Demand(packet.Code <= MqttConnectCode.NotAuthorized, MqttError.BadReturnCode);
        Demand(!packet.SessionPresent || packet.Code == MqttConnectCode.Accepted, MqttError.BadConnAckFlags);
        return [(int)MqttPacketType.ConnAck << 4, 2, packet.SessionPresent ? (byte)1 : (byte)0, (byte)packet.Code];
    }

    private static byte[] EncodeSubscribe(SubscribePacket packet, MqttLimits limits)
    {
        DemandFilterCount(packet.Subscriptions.Count, limits);
        Demand(packet.PacketId != 0, MqttError.ZeroPacketId);
        int body = 2;
        foreach (MqttSubscription subscription in packet.Subscriptions)
        {
            Demand(subscription.Qos <= MqttQos.ExactlyOnce, MqttError.BadQos);
            body += 2 + FilterBytes(subscription.Filter, limits) + 1;
        }
        var writer = new Writer(MqttPacketType.Subscribe, 0x02, body, limits);
        writer.UInt16(packet.PacketId);
        foreach (MqttSubscription subscription in packet.Subscriptions)
        {
            writer.Text(subscription.Filter, StrictUtf8.GetByteCount(subscription.Filter));
            writer.Byte((byte)subscription.Qos);
        }
        return writer.Bytes;
    }

    private static byte[] EncodeSubAck(SubAckPacket packet, MqttLimits limits)
    {
        Demand(packet.PacketId != 0, MqttError.ZeroPacketId);
        Demand(packet.Codes.Length > 0, MqttError.Truncated);
        foreach (byte code in packet.Codes.Span)
        {
            Demand(IsSubAckCode(code), MqttError.BadReturnCode);
        }
        var writer = new Writer(MqttPacketType.SubAck, 0, 2 + packet.Codes.Length, limits);
        writer.UInt16(packet.PacketId);
        writer.Raw(packet.Codes.Span);
        return writer.Bytes;
    }

    private static byte[] EncodeUnsubscribe(UnsubscribePacket packet, MqttLimits limits)
    {
        DemandFilterCount(packet.Filters.Count, limits);
        Demand(packet.PacketId != 0, MqttError.ZeroPacketId);
        int body = 2;
        foreach (string filter in packet.Filters)
        {
            body += 2 + FilterBytes(filter, limits);
        }
        var writer = new Writer(MqttPacketType.Unsubscribe, 0x02, body, limits);
        writer.UInt16(packet.PacketId);
        foreach (string filter in packet.Filters)
        {
            writer.Text(filter, StrictUtf8.GetByteCount(filter));
        }
        return writer.Bytes;
    }

    private static int TopicBytes(string topic, MqttLimits limits)
    {
        MqttError error = MqttTopic.CheckName(topic);
        Demand(error == MqttError.None, error);
        return TextBytes(topic, limits);
    }

    private static int FilterBytes(string filter, MqttLimits limits)
    {
        MqttError error = MqttTopic.CheckFilter(filter);
        Demand(error == MqttError.None, error);
        return TextBytes(filter, limits);
    }

    private static int TextBytes(string text, MqttLimits limits)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            Demand(text.Length <= Math.Min(limits.MaxTextBytes, ushort.MaxValue), MqttError.TextTooLong);
            return text.Length;
        }
        byte[] utf8 = StrictUtf8.GetBytes(text); // throws an ArgumentException on half a surrogate pair
        Demand(utf8.Length <= Math.Min(limits.MaxTextBytes, ushort.MaxValue), MqttError.TextTooLong);
        MqttError error = CheckCharacters(utf8);
        Demand(error == MqttError.None, error);
        return utf8.Length;
    }

    private static void DemandFilterCount(int count, MqttLimits limits)
    {
        Demand(count > 0, MqttError.NoFilters);
        Demand(count <= limits.MaxFilters, MqttError.TooManyFilters);
    }

    private static void Demand(bool holds, MqttError otherwise)
    {
        if (!holds)
        {
            throw new ArgumentException(otherwise.InWords(), nameof(otherwise));
        }
    }

    /// <summary>Fills an array of exactly the packet's size.</summary>
    private ref struct Writer
    {
        private int _at;

        public Writer(MqttPacketType type, int flags, int bodyBytes, MqttLimits limits)
        {
            int headerBytes = bodyBytes switch
            {
                < 1 << 7 => 2,
                < 1 << 14 => 3,
                < 1 << 21 => 4,
                _ => 5,
            };
            Demand(bodyBytes < 1 << 28 && bodyBytes <= limits.MaxPacketBytes - headerBytes, MqttError.PacketTooLarge);
            Bytes = new byte[headerBytes + bodyBytes];
            Bytes[_at++] = (byte)((int)type << 4 | flags);
            int left = bodyBytes;
            do
            {
                Bytes[_at++] = (byte)(left & 0x7F | (left > 0x7F ? 0x80 : 0));
                left >>= 7;
            } while (left > 0);
        }

        public byte[] Bytes { get; }

        public void Byte(byte value) => Bytes[_at++] = value;

        public void UInt16(int value)
        {
            BinaryPrimitives.WriteUInt16BigEndian(Bytes.AsSpan(_at), (ushort)value);
            _at += 2;
        }

        public void Text(string text, int textBytes)
        {
            UInt16(textBytes);
            _at += StrictUtf8.GetBytes(text, Bytes.AsSpan(_at));
        }

        public void Binary(ReadOnlySpan<byte> value)
        {
            Demand(value.Length <= ushort.MaxValue, MqttError.PacketTooLarge);
            UInt16(value.Length);
            Raw(value);
        }

        public void Raw(ReadOnlySpan<byte> value)
        {
            value.CopyTo(Bytes.AsSpan(_at));
            _at += value.Length;
        }
    }
}
