using Avocet.Protocol.Properties;
using Avocet.Protocol.Wire;

namespace Avocet.Protocol.Packets;

/// <summary>An AUTH, which only MQTT 5.0 has.</summary>
public readonly ref struct AuthPacket
{
    public ReasonCode Reason { get; init; }

    public PropertyBlock Properties { get; init; }

    public static bool TryDecode(in FixedHeader header, ReadOnlySpan<byte> body, ProtocolVersion version, out AuthPacket packet, out DecodeError error)
    {
        packet = default;
        if (!header.TryCheckFlags(version, out error)) return false;

        var reader = new WireReader(body, header.Size, version);
        if (TryRead(ref reader, out packet)) return true;

        error = reader.Error;
        return false;
    }

    private static bool TryRead(scoped ref WireReader reader, out AuthPacket packet)
    {
        packet = default;
        PropertyBlock properties = default;
        byte reason = 0;
        if (reader.Left > 0)
        {
            if (!reader.TryReadByte("reason code", out reason)) return false;
            if ((ReasonCode)reason is not (ReasonCode.Success or ReasonCode.ContinueAuthentication or ReasonCode.Reauthenticate))
            {
                return reader.Fail(ReasonCode.ProtocolError, "MQTT-3.15.2-1", reader.Offset - 1, "reason code", "is not one of AUTH's");
            }

            // Unlike DISCONNECT, AUTH has no form of length 1.
            if (!PropertyBlock.TryRead(ref reader, PropertyOwner.Auth, out properties)) return false;
            if (!TryCheckMethod(ref reader, (ReasonCode)reason, properties)) return false;
        }

        if (!reader.TryEnd("AUTH")) return false;

        packet = new AuthPacket { Reason = (ReasonCode)reason, Properties = properties };
        return true;
    }

    // Only success without any property, the form which may be left out altogether, does without a method.
    private static bool TryCheckMethod(scoped ref WireReader reader, ReasonCode reason, PropertyBlock properties)
    {
        if (properties.Contains(PropertyId.AuthenticationMethod) || (reason == ReasonCode.Success && properties.IsEmpty)) return true;

        return reader.Fail(ReasonCode.ProtocolError, "3.15.2.2.2 Authentication Method", "Authentication Method", "is missing");
    }

    public int GetEncodedSize() => PacketSize.Of(GetRemainingLength());

    /// <summary>Writes the packet, in its shortest form, and returns its size.</summary>
    public int Encode(Span<byte> destination)
    {
        var remainingLength = GetRemainingLength();
        var writer = new WireWriter(destination);
        writer.WriteFixedHeader(PacketType.Auth, 0, remainingLength);
        if (remainingLength > 0)
        {
            writer.WriteByte((byte)Reason);
            writer.WriteProperties(Properties, ProtocolVersion.V50);
        }

        return writer.Position;
    }

    // Either empty, or with a Property Length: AUTH has no form of length 1.
    private int GetRemainingLength()
    {
        if (Properties.IsEmpty && Reason == ReasonCode.Success) return 0;

        return 1 + PacketSize.OfProperties(Properties.Encoded, ProtocolVersion.V50);
    }
}
