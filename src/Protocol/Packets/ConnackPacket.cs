using Avocet.Protocol.Properties;
using Avocet.Protocol.Wire;

namespace Avocet.Protocol.Packets;

/// <summary>A CONNACK.</summary>
public readonly ref struct ConnackPacket
{
    public bool SessionPresent { get; init; }

    /// <summary>The reason code of 5.0, or the return code 0 to 5 of 3.x.</summary>
    public byte Code { get; init; }

    /// <summary>5.0 only.</summary>
    public PropertyBlock Properties { get; init; }

    public static bool TryDecode(in FixedHeader header, ReadOnlySpan<byte> body, ProtocolVersion version, out ConnackPacket packet, out DecodeError error)
    {
        packet = default;
        if (!header.TryCheckFlags(version, out error)) return false;

        var reader = new WireReader(body, header.Size, version);
        if (TryRead(ref reader, out packet)) return true;

        error = reader.Error;
        return false;
    }

    private static bool TryRead(scoped ref WireReader reader, out ConnackPacket packet)
    {
        packet = default;
        PropertyBlock properties = default;
        if (!reader.TryReadByte("connect acknowledge flags", out var flags)) return false;
        if ((flags & 0xFE) != 0 && reader.Version != ProtocolVersion.V31)
        {
            return reader.Fail(ReasonCode.MalformedPacket, "MQTT-3.2.2-1", reader.Offset - 1, "connect acknowledge flags", "have reserved bits set");
        }

        if (!reader.TryReadByte("reason code", out var code)) return false;
        if (reader.Version == ProtocolVersion.V50 && !PropertyBlock.TryRead(ref reader, PropertyOwner.Connack, out properties)) return false;
        if (!reader.TryEnd("CONNACK")) return false;

        packet = new ConnackPacket { SessionPresent = (flags & 1) != 0, Code = code, Properties = properties };
        return true;
    }

    public int GetEncodedSize(ProtocolVersion version) => PacketSize.Of(GetRemainingLength(version));

    /// <summary>Writes the packet and returns its size.</summary>
    public int Encode(Span<byte> destination, ProtocolVersion version)
    {
        var writer = new WireWriter(destination);
        writer.WriteFixedHeader(PacketType.Connack, 0, GetRemainingLength(version));
        // 3.1 has no session present; its byte is reserved.
        writer.WriteByte((byte)(SessionPresent && version != ProtocolVersion.V31 ? 1 : 0));
        writer.WriteByte(Code);
        writer.WriteProperties(Properties, version);
        return writer.Position;
    }

    private int GetRemainingLength(ProtocolVersion version) => 2 + PacketSize.OfProperties(Properties.Encoded, version);
}
