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
            var rule = reader.Version == ProtocolVersion.V50 ? "MQTT-3.2.2-1" : "3.1.1 3.2.2.1 Connect Acknowledge Flags";
            return reader.Fail(ReasonCode.MalformedPacket, rule, reader.Offset - 1, "connect acknowledge flags", "have reserved bits set");
        }

        if (!reader.TryReadByte("reason code", out var code)) return false;
        if (reader.Version == ProtocolVersion.V50 && !IsReason((ReasonCode)code))
        {
            return reader.Fail(ReasonCode.ProtocolError, "MQTT-3.2.2-8", reader.Offset - 1, "reason code", "is not one of CONNACK's");
        }

        if (reader.Version == ProtocolVersion.V50 && !PropertyBlock.TryRead(ref reader, PropertyOwner.Connack, out properties)) return false;
        if (!reader.TryEnd("CONNACK")) return false;

        // 3.1 has no session present; its byte is reserved.
        var sessionPresent = (flags & 1) != 0 && reader.Version != ProtocolVersion.V31;
        packet = new ConnackPacket { SessionPresent = sessionPresent, Code = code, Properties = properties };
        return true;
    }

    /// <summary>The codes CONNACK may carry in 5.0. [MQTT-3.2.2-8]</summary>
    public static bool IsReason(ReasonCode reason) => reason is ReasonCode.Success
        or (>= ReasonCode.UnspecifiedError and <= ReasonCode.BadAuthenticationMethod and not ReasonCode.ServerShuttingDown)
        or ReasonCode.TopicNameInvalid or ReasonCode.PacketTooLarge or ReasonCode.QuotaExceeded or ReasonCode.PayloadFormatInvalid
        or ReasonCode.RetainNotSupported or ReasonCode.QosNotSupported or ReasonCode.UseAnotherServer or ReasonCode.ServerMoved
        or ReasonCode.ConnectionRateExceeded;

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
