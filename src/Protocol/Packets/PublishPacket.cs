using Avocet.Protocol.Properties;
using Avocet.Protocol.Wire;

namespace Avocet.Protocol.Packets;

/// <summary>A PUBLISH still lying in the receive buffer. Borrowed: dead once the reader advances.</summary>
public readonly ref struct PublishPacket
{
    public bool Dup { get; init; }

    public Qos Qos { get; init; }

    public bool Retain { get; init; }

    /// <summary>Empty only in 5.0, where a Topic Alias stands for it.</summary>
    public ReadOnlySpan<byte> TopicName { get; init; }

    /// <summary>0 at QoS 0, which has none. [MQTT-2.2.1-2]</summary>
    public ushort PacketId { get; init; }

    /// <summary>5.0 only.</summary>
    public PropertyBlock Properties { get; init; }

    public ReadOnlySpan<byte> Payload { get; init; }

    public static bool TryDecode(in FixedHeader header, ReadOnlySpan<byte> body, ProtocolVersion version, out PublishPacket packet, out DecodeError error)
    {
        packet = default;
        if (!header.TryCheckFlags(version, out error)) return false;

        var reader = new WireReader(body, header.Size, version);
        if (TryRead(ref reader, header.Flags, out packet)) return true;

        error = reader.Error;
        return false;
    }

    private static bool TryRead(scoped ref WireReader reader, byte flags, out PublishPacket packet)
    {
        packet = default;
        var qos = (Qos)((flags >> 1) & 0x03);
        ushort packetId = 0;
        PropertyBlock properties = default;
        var topicOffset = reader.Offset + 2;
        if (!reader.TryReadString("topic name", out var topicName)) return false;
        if (qos != Qos.AtMostOnce && !reader.TryReadPacketId(out packetId)) return false;

        var isV5 = reader.Version == ProtocolVersion.V50;
        if (isV5 && !PropertyBlock.TryRead(ref reader, PropertyOwner.Publish, out properties)) return false;

        if (topicName.IsEmpty)
        {
            if (!isV5) return reader.Fail(ReasonCode.MalformedPacket, "3.1.1 MQTT-4.7.3-1", topicOffset, "topic name", "is empty");
            if (!properties.Contains(PropertyId.TopicAlias))
            {
                return reader.Fail(ReasonCode.ProtocolError, "MQTT-4.7.3-1", topicOffset, "topic name", "is empty and no Topic Alias stands for it");
            }
        }

        var wildcard = Topics.TopicName.IndexOfWildcard(topicName);
        if (wildcard >= 0)
        {
            var rule = isV5 ? "MQTT-3.3.2-2" : "3.1.1 MQTT-3.3.2-2";
            return reader.Fail(ReasonCode.TopicNameInvalid, rule, topicOffset + wildcard, "topic name", "has a wildcard, which belongs in topic filters");
        }

        packet = new PublishPacket
        {
            Dup = (flags & 0x08) != 0,
            Qos = qos,
            Retain = (flags & 0x01) != 0,
            TopicName = topicName,
            PacketId = packetId,
            Properties = properties,
            Payload = reader.ReadRest(),
        };
        return true;
    }

    public int GetEncodedSize(ProtocolVersion version) => PacketSize.Of(GetRemainingLength(version));

    /// <summary>Writes the packet and returns its size.</summary>
    public int Encode(Span<byte> destination, ProtocolVersion version)
    {
        var writer = new WireWriter(destination);
        writer.WriteFixedHeader(PacketType.Publish, FlagsOf(Dup, Qos, Retain), GetRemainingLength(version));
        writer.WriteBinary(TopicName);
        if (Qos != Qos.AtMostOnce) writer.WriteUInt16(PacketId);
        writer.WriteProperties(Properties, version);
        writer.WriteBytes(Payload);
        return writer.Position;
    }

    /// <summary>The flags of the fixed header.</summary>
    public static byte FlagsOf(bool dup, Qos qos, bool retain) => (byte)((dup ? 0x08 : 0) | ((int)qos << 1) | (retain ? 0x01 : 0));

    private int GetRemainingLength(ProtocolVersion version)
    {
        return WireWriter.SizeOf(TopicName) + (Qos == Qos.AtMostOnce ? 0 : 2) + PacketSize.OfProperties(Properties.Encoded, version) + Payload.Length;
    }
}
