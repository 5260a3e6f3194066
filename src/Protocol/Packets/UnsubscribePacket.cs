using System.Buffers.Binary;
using Avocet.Protocol.Properties;
using Avocet.Protocol.Wire;

namespace Avocet.Protocol.Packets;

/// <summary>An UNSUBSCRIBE. Borrowed: dead once the buffer it was decoded from is reused.</summary>
public readonly ref struct UnsubscribePacket
{
    public ushort PacketId { get; init; }

    /// <summary>5.0 only.</summary>
    public PropertyBlock Properties { get; init; }

    /// <summary>The filters as they are on the wire; enumerate the packet to read them.</summary>
    public ReadOnlySpan<byte> Payload { get; init; }

    /// <summary>The number of filters, at least one.</summary>
    public int Count { get; init; }

    public Enumerator GetEnumerator() => new(Payload);

    public static bool TryDecode(in FixedHeader header, ReadOnlySpan<byte> body, ProtocolVersion version, out UnsubscribePacket packet, out DecodeError error)
    {
        packet = default;
        if (!header.TryCheckFlags(version, out error)) return false;

        var reader = new WireReader(body, header.Size, version);
        if (TryRead(ref reader, out packet)) return true;

        error = reader.Error;
        return false;
    }

    private static bool TryRead(scoped ref WireReader reader, out UnsubscribePacket packet)
    {
        packet = default;
        PropertyBlock properties = default;
        var isV5 = reader.Version == ProtocolVersion.V50;
        if (!reader.TryReadPacketId(out var packetId)) return false;
        if (isV5 && !PropertyBlock.TryRead(ref reader, PropertyOwner.Unsubscribe, out properties)) return false;
        if (reader.Left == 0) return reader.Fail(ReasonCode.ProtocolError, isV5 ? "MQTT-3.10.3-2" : "3.1.1 MQTT-3.10.3-2", "UNSUBSCRIBE", "has no topic filter");

        var start = reader.Offset;
        var count = 0;
        for (; reader.Left > 0; count++)
        {
            if (!reader.TryReadString("topic filter", out _)) return false;
        }

        packet = new UnsubscribePacket { PacketId = packetId, Properties = properties, Payload = reader.Since(start), Count = count };
        return true;
    }

    public int GetEncodedSize(ProtocolVersion version) => PacketSize.Of(GetRemainingLength(version));

    /// <summary>Writes the packet and returns its size.</summary>
    public int Encode(Span<byte> destination, ProtocolVersion version)
    {
        var writer = new WireWriter(destination);
        writer.WriteFixedHeader(PacketType.Unsubscribe, 0x02, GetRemainingLength(version));
        writer.WriteUInt16(PacketId);
        writer.WriteProperties(Properties, version);
        writer.WriteBytes(Payload);
        return writer.Position;
    }

    private int GetRemainingLength(ProtocolVersion version) => 2 + PacketSize.OfProperties(Properties.Encoded, version) + Payload.Length;

    /// <summary>Walks the filters of a checked payload.</summary>
    public ref struct Enumerator(ReadOnlySpan<byte> payload)
    {
        private ReadOnlySpan<byte> _rest = payload;

        public ReadOnlySpan<byte> Current { get; private set; }

        public bool MoveNext()
        {
            if (_rest.IsEmpty) return false;

            var size = BinaryPrimitives.ReadUInt16BigEndian(_rest);
            Current = _rest.Slice(2, size);
            _rest = _rest[(2 + size)..];
            return true;
        }
    }
}
