using Avocet.Protocol.Properties;
using Avocet.Protocol.Wire;

namespace Avocet.Protocol.Packets;

/// <summary>A DISCONNECT.</summary>
public readonly ref struct DisconnectPacket
{
    /// <summary>5.0 only; Success before.</summary>
    public ReasonCode Reason { get; init; }

    /// <summary>5.0 only.</summary>
    public PropertyBlock Properties { get; init; }

    public static bool TryDecode(in FixedHeader header, ReadOnlySpan<byte> body, ProtocolVersion version, out DisconnectPacket packet, out DecodeError error)
    {
        packet = default;
        if (!header.TryCheckFlags(version, out error)) return false;

        var reader = new WireReader(body, header.Size, version);
        if (TryRead(ref reader, out packet)) return true;

        error = reader.Error;
        return false;
    }

    private static bool TryRead(scoped ref WireReader reader, out DisconnectPacket packet)
    {
        packet = default;
        PropertyBlock properties = default;
        byte reason = 0;
        if (reader.Version == ProtocolVersion.V50 && reader.Left > 0)
        {
            if (!reader.TryReadByte("reason code", out reason)) return false;
            if (!IsReason((ReasonCode)reason)) return reader.Fail(ReasonCode.ProtocolError, "MQTT-3.14.2-1", reader.Offset - 1, "reason code", "is not one of DISCONNECT's");
            if (reader.Left > 0 && !PropertyBlock.TryRead(ref reader, PropertyOwner.Disconnect, out properties)) return false;
        }

        if (!reader.TryEnd("DISCONNECT")) return false;

        packet = new DisconnectPacket { Reason = (ReasonCode)reason, Properties = properties };
        return true;
    }

    /// <summary>The codes DISCONNECT may carry. [MQTT-3.14.2-1]</summary>
    public static bool IsReason(ReasonCode reason) => reason is ReasonCode.Success or ReasonCode.DisconnectWithWillMessage
        or (>= ReasonCode.UnspecifiedError and <= ReasonCode.WildcardSubscriptionsNotSupported
            and not (ReasonCode.UnsupportedProtocolVersion or ReasonCode.ClientIdentifierNotValid or ReasonCode.BadUserNameOrPassword
                or ReasonCode.ServerUnavailable or ReasonCode.Banned or ReasonCode.PacketIdentifierInUse or ReasonCode.PacketIdentifierNotFound));

    public int GetEncodedSize(ProtocolVersion version) => PacketSize.Of(GetRemainingLength(version));

    /// <summary>Writes the packet, in its shortest form, and returns its size.</summary>
    public int Encode(Span<byte> destination, ProtocolVersion version)
    {
        var remainingLength = GetRemainingLength(version);
        var writer = new WireWriter(destination);
        writer.WriteFixedHeader(PacketType.Disconnect, 0, remainingLength);
        if (remainingLength > 0) writer.WriteByte((byte)Reason);
        if (remainingLength > 1) writer.WriteProperties(Properties, version);
        return writer.Position;
    }

    private int GetRemainingLength(ProtocolVersion version)
    {
        if (version != ProtocolVersion.V50) return 0;
        if (!Properties.IsEmpty) return 1 + PacketSize.OfProperties(Properties.Encoded, version);

        return Reason == ReasonCode.Success ? 0 : 1;
    }
}
