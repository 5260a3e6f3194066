using System.Buffers.Binary;
using Avocet.Protocol.Properties;
using Avocet.Protocol.Wire;

namespace Avocet.Protocol.Packets;

/// <summary>When retained messages are sent because of a SUBSCRIBE.</summary>
public enum RetainHandling : byte
{
    SendAtSubscribe = 0,
    SendIfNewSubscription = 1,
    DoNotSend = 2,
}

/// <summary>The Subscription Options byte.</summary>
public readonly record struct SubscriptionOptions(Qos MaximumQos, bool NoLocal, bool RetainAsPublished, RetainHandling RetainHandling)
{
    public byte Encoded => (byte)((int)MaximumQos | (NoLocal ? 0x04 : 0) | (RetainAsPublished ? 0x08 : 0) | ((int)RetainHandling << 4));

    /// <summary>The options that <see cref="Encoded"/> gave.</summary>
    public static SubscriptionOptions From(byte encoded)
    {
        return new SubscriptionOptions((Qos)(encoded & 0x03), (encoded & 0x04) != 0, (encoded & 0x08) != 0, (RetainHandling)((encoded >> 4) & 0x03));
    }
}

/// <summary>One filter of a SUBSCRIBE with its options.</summary>
public readonly ref struct SubscriptionRequest
{
    /// <summary>Well-formed UTF-8, but perhaps not a valid filter: that has a reason code of its own.</summary>
    public ReadOnlySpan<byte> TopicFilter { get; init; }

    public SubscriptionOptions Options { get; init; }
}

/// <summary>A SUBSCRIBE. Borrowed: dead once the buffer it was decoded from is reused.</summary>
public readonly ref struct SubscribePacket
{
    public ushort PacketId { get; init; }

    /// <summary>5.0 only.</summary>
    public PropertyBlock Properties { get; init; }

    /// <summary>Filters and options as they are on the wire; enumerate the packet to read them.</summary>
    public ReadOnlySpan<byte> Payload { get; init; }

    /// <summary>The number of filters, at least one.</summary>
    public int Count { get; init; }

    // 3.1 has only the QoS and leaves the other bits open; they must not be read as options of 5.0.
    private byte IgnoredOptions { get; init; }

    public Enumerator GetEnumerator() => new(Payload, IgnoredOptions);

    public static bool TryDecode(in FixedHeader header, ReadOnlySpan<byte> body, ProtocolVersion version, out SubscribePacket packet, out DecodeError error)
    {
        packet = default;
        if (!header.TryCheckFlags(version, out error)) return false;

        var reader = new WireReader(body, header.Size, version);
        if (TryRead(ref reader, out packet)) return true;

        error = reader.Error;
        return false;
    }

    private static bool TryRead(scoped ref WireReader reader, out SubscribePacket packet)
    {
        packet = default;
        PropertyBlock properties = default;
        var isV5 = reader.Version == ProtocolVersion.V50;
        if (!reader.TryReadPacketId(out var packetId)) return false;
        if (isV5 && !PropertyBlock.TryRead(ref reader, PropertyOwner.Subscribe, out properties)) return false;
        if (reader.Left == 0) return reader.Fail(ReasonCode.ProtocolError, isV5 ? "MQTT-3.8.3-2" : "3.1.1 MQTT-3.8.3-3", "SUBSCRIBE", "has no topic filter");

        var start = reader.Offset;
        var count = 0;
        for (; reader.Left > 0; count++)
        {
            if (!reader.TryReadString("topic filter", out _) || !reader.TryReadByte("subscription options", out var options)) return false;
            if (!TryCheckOptions(ref reader, options)) return false;
        }

        packet = new SubscribePacket
        {
            PacketId = packetId,
            Properties = properties,
            Payload = reader.Since(start),
            Count = count,
            IgnoredOptions = (byte)(reader.Version == ProtocolVersion.V31 ? 0xFC : 0),
        };
        return true;
    }

    private static bool TryCheckOptions(scoped ref WireReader reader, byte options)
    {
        const string Field = "subscription options";
        var offset = reader.Offset - 1;
        if (reader.Version != ProtocolVersion.V50)
        {
            // 3.1 leaves the upper bits open.
            var value = reader.Version == ProtocolVersion.V31 ? options & 0x03 : options;
            return value <= 2 || reader.Fail(ReasonCode.MalformedPacket, "3.1.1 MQTT-3.8.3-4", offset, "requested QoS", "is not 0, 1 or 2");
        }

        if ((options & 0xC0) != 0) return reader.Fail(ReasonCode.MalformedPacket, "MQTT-3.8.3-5", offset, Field, "have reserved bits set");
        if ((options & 0x03) == 3) return reader.Fail(ReasonCode.ProtocolError, "3.8.3.1 Subscription Options", offset, Field, "ask for QoS 3");
        if ((options & 0x30) == 0x30) return reader.Fail(ReasonCode.ProtocolError, "3.8.3.1 Subscription Options", offset, Field, "have Retain Handling 3");

        return true;
    }

    public int GetEncodedSize(ProtocolVersion version) => PacketSize.Of(GetRemainingLength(version));

    /// <summary>Writes the packet and returns its size.</summary>
    public int Encode(Span<byte> destination, ProtocolVersion version)
    {
        var writer = new WireWriter(destination);
        writer.WriteFixedHeader(PacketType.Subscribe, 0x02, GetRemainingLength(version));
        writer.WriteUInt16(PacketId);
        writer.WriteProperties(Properties, version);
        writer.WriteBytes(Payload);
        return writer.Position;
    }

    private int GetRemainingLength(ProtocolVersion version) => 2 + PacketSize.OfProperties(Properties.Encoded, version) + Payload.Length;

    /// <summary>Walks the filters of a checked payload.</summary>
    public ref struct Enumerator(ReadOnlySpan<byte> payload, byte ignoredOptions = 0)
    {
        private ReadOnlySpan<byte> _rest = payload;

        public SubscriptionRequest Current { get; private set; }

        public bool MoveNext()
        {
            if (_rest.IsEmpty) return false;

            var size = BinaryPrimitives.ReadUInt16BigEndian(_rest);
            Current = new SubscriptionRequest { TopicFilter = _rest.Slice(2, size), Options = SubscriptionOptions.From((byte)(_rest[2 + size] & ~ignoredOptions)) };
            _rest = _rest[(3 + size)..];
            return true;
        }
    }
}
