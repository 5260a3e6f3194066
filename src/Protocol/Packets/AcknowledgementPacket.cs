using Avocet.Protocol.Properties;
using Avocet.Protocol.Wire;

namespace Avocet.Protocol.Packets;

/// <summary>A PUBACK, PUBREC, PUBREL or PUBCOMP: the four have one form.</summary>
public readonly ref struct AcknowledgementPacket
{
    /// <summary>Which of the four.</summary>
    public required PacketType Type { get; init; }

    public ushort PacketId { get; init; }

    /// <summary>5.0 only; Success before.</summary>
    public ReasonCode Reason { get; init; }

    /// <summary>5.0 only.</summary>
    public PropertyBlock Properties { get; init; }

    public static bool TryDecode(
        in FixedHeader header, ReadOnlySpan<byte> body, ProtocolVersion version, out AcknowledgementPacket packet, out DecodeError error)
    {
        packet = default;
        if (!header.TryCheckFlags(version, out error)) return false;

        var reader = new WireReader(body, header.Size, version);
        if (TryRead(ref reader, header.Type, out packet)) return true;

        error = reader.Error;
        return false;
    }

    private static bool TryRead(scoped ref WireReader reader, PacketType type, out AcknowledgementPacket packet)
    {
        packet = default;
        PropertyBlock properties = default;
        byte reason = 0;
        if (!reader.TryReadPacketId(out var packetId)) return false;

        // Short forms: without reason code it is Success, without Property Length there are no properties.
        if (reader.Version == ProtocolVersion.V50 && reader.Left > 0)
        {
            if (!reader.TryReadByte("reason code", out reason)) return false;
            if (!IsReasonOf(type, (ReasonCode)reason))
            {
                return reader.Fail(ReasonCode.ProtocolError, RuleOf(type), reader.Offset - 1, "reason code", "is not one of this packet's");
            }

            if (reader.Left > 0 && !PropertyBlock.TryRead(ref reader, PropertyOwner.Acknowledgement, out properties)) return false;
        }

        if (!reader.TryEnd("acknowledgement")) return false;

        packet = new AcknowledgementPacket { Type = type, PacketId = packetId, Reason = (ReasonCode)reason, Properties = properties };
        return true;
    }

    /// <summary>The codes a packet may carry. [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] [MQTT-3.7.2-1]</summary>
    public static bool IsReasonOf(PacketType type, ReasonCode reason)
    {
        if (type is PacketType.Pubrel or PacketType.Pubcomp) return reason is ReasonCode.Success or ReasonCode.PacketIdentifierNotFound;

        return reason is ReasonCode.Success or ReasonCode.NoMatchingSubscribers or ReasonCode.UnspecifiedError or ReasonCode.ImplementationSpecificError
            or ReasonCode.NotAuthorized or ReasonCode.TopicNameInvalid or ReasonCode.PacketIdentifierInUse or ReasonCode.QuotaExceeded
            or ReasonCode.PayloadFormatInvalid;
    }

    private static string RuleOf(PacketType type) => type switch
    {
        PacketType.Puback => "MQTT-3.4.2-1",
        PacketType.Pubrec => "MQTT-3.5.2-1",
        PacketType.Pubrel => "MQTT-3.6.2-1",
        _ => "MQTT-3.7.2-1",
    };

    public int GetEncodedSize(ProtocolVersion version) => PacketSize.Of(GetRemainingLength(version));

    /// <summary>Writes the packet, in its shortest form, and returns its size.</summary>
    public int Encode(Span<byte> destination, ProtocolVersion version)
    {
        var remainingLength = GetRemainingLength(version);
        var writer = new WireWriter(destination);
        writer.WriteFixedHeader(Type, (byte)(Type == PacketType.Pubrel ? 0x02 : 0), remainingLength);
        writer.WriteUInt16(PacketId);
        if (remainingLength > 2) writer.WriteByte((byte)Reason);
        if (remainingLength > 3) writer.WriteProperties(Properties, version);
        return writer.Position;
    }

    private int GetRemainingLength(ProtocolVersion version)
    {
        if (version != ProtocolVersion.V50) return 2;
        if (!Properties.IsEmpty) return 3 + PacketSize.OfProperties(Properties.Encoded, version);

        return Reason == ReasonCode.Success ? 2 : 3;
    }
}
