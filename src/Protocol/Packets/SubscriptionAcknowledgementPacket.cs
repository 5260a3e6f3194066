using Avocet.Protocol.Properties;
using Avocet.Protocol.Wire;

namespace Avocet.Protocol.Packets;

/// <summary>A SUBACK or UNSUBACK: the two have one form, except that UNSUBACK has no payload before 5.0.</summary>
public readonly ref struct SubscriptionAcknowledgementPacket
{
    /// <summary>Which of the two.</summary>
    public required PacketType Type { get; init; }

    public ushort PacketId { get; init; }

    /// <summary>5.0 only.</summary>
    public PropertyBlock Properties { get; init; }

    /// <summary>A code for each filter, in their order. [MQTT-3.9.3-1] [MQTT-3.11.3-1]</summary>
    public ReadOnlySpan<byte> ReasonCodes { get; init; }

    public static bool TryDecode(
        in FixedHeader header, ReadOnlySpan<byte> body, ProtocolVersion version, out SubscriptionAcknowledgementPacket packet, out DecodeError error)
    {
        packet = default;
        if (!header.TryCheckFlags(version, out error)) return false;

        var reader = new WireReader(body, header.Size, version);
        if (TryRead(ref reader, header.Type, out packet)) return true;

        error = reader.Error;
        return false;
    }

    private static bool TryRead(scoped ref WireReader reader, PacketType type, out SubscriptionAcknowledgementPacket packet)
    {
        packet = default;
        PropertyBlock properties = default;
        if (!reader.TryReadPacketId(out var packetId)) return false;
        if (reader.Version == ProtocolVersion.V50 && !PropertyBlock.TryRead(ref reader, PropertyOwner.Acknowledgement, out properties)) return false;

        var offset = reader.Offset;
        var codes = reader.ReadRest();
        var mayHaveCodes = reader.Version == ProtocolVersion.V50 || type == PacketType.Suback;
        if (codes.IsEmpty == mayHaveCodes)
        {
            var rule = type == PacketType.Suback ? "3.9.3 payload" : "3.11.3 payload";
            return reader.Fail(ReasonCode.MalformedPacket, rule, offset, "reason codes", mayHaveCodes ? "are missing" : "are not part of UNSUBACK");
        }

        for (var i = 0; i < codes.Length; i++)
        {
            if (IsReasonOf(type, codes[i], reader.Version)) continue;

            var rule = type == PacketType.Suback ? "MQTT-3.9.3-2" : "MQTT-3.11.3-2";
            return reader.Fail(ReasonCode.ProtocolError, rule, offset + i, "reason code", "is not one of this packet's");
        }

        packet = new SubscriptionAcknowledgementPacket { Type = type, PacketId = packetId, Properties = properties, ReasonCodes = codes };
        return true;
    }

    /// <summary>The codes a packet may carry. [MQTT-3.9.3-2] [MQTT-3.11.3-2] [3.1.1 MQTT-3.9.3-2]</summary>
    public static bool IsReasonOf(PacketType type, byte code, ProtocolVersion version)
    {
        if (version != ProtocolVersion.V50) return code is 0 or 1 or 2 or 0x80;

        var reason = (ReasonCode)code;
        var isCommon = reason is ReasonCode.Success or ReasonCode.UnspecifiedError or ReasonCode.ImplementationSpecificError or ReasonCode.NotAuthorized
            or ReasonCode.TopicFilterInvalid or ReasonCode.PacketIdentifierInUse;
        if (type == PacketType.Unsuback) return isCommon || reason == ReasonCode.NoSubscriptionExisted;

        return isCommon || reason is ReasonCode.GrantedQos1 or ReasonCode.GrantedQos2 or ReasonCode.QuotaExceeded or ReasonCode.SharedSubscriptionsNotSupported
            or ReasonCode.SubscriptionIdentifiersNotSupported or ReasonCode.WildcardSubscriptionsNotSupported;
    }

    public int GetEncodedSize(ProtocolVersion version) => PacketSize.Of(GetRemainingLength(version));

    /// <summary>Writes the packet and returns its size.</summary>
    public int Encode(Span<byte> destination, ProtocolVersion version)
    {
        var writer = new WireWriter(destination);
        writer.WriteFixedHeader(Type, 0, GetRemainingLength(version));
        writer.WriteUInt16(PacketId);
        writer.WriteProperties(Properties, version);
        if (HasPayload(version)) writer.WriteBytes(ReasonCodes);
        return writer.Position;
    }

    private bool HasPayload(ProtocolVersion version) => version == ProtocolVersion.V50 || Type == PacketType.Suback;

    private int GetRemainingLength(ProtocolVersion version)
    {
        return 2 + PacketSize.OfProperties(Properties.Encoded, version) + (HasPayload(version) ? ReasonCodes.Length : 0);
    }
}
