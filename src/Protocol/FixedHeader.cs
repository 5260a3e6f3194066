using Avocet.Protocol.Wire;

namespace Avocet.Protocol;

/// <summary>The fixed header of a packet.</summary>
/// <param name="FirstByte">Packet type and flags.</param>
/// <param name="RemainingLength">Bytes after the fixed header.</param>
/// <param name="Size">Bytes of the fixed header itself, 2 to 5.</param>
public readonly record struct FixedHeader(byte FirstByte, int RemainingLength, int Size)
{
    public PacketType Type => (PacketType)(FirstByte >> 4);

    public byte Flags => (byte)(FirstByte & 0x0F);

    /// <summary>Bytes of the whole packet; this is what Maximum Packet Size limits.</summary>
    public int PacketSize => Size + RemainingLength;

    /// <summary>Reads a fixed header from the start of <paramref name="bytes"/>.</summary>
    public static DecodeStatus TryRead(ReadOnlySpan<byte> bytes, out FixedHeader header)
    {
        header = default;
        if (bytes.Length < 2) return DecodeStatus.NeedMoreData;

        var status = VarInt.TryRead(bytes[1..], out var remainingLength, out var size);
        if (status == DecodeStatus.Done) header = new FixedHeader(bytes[0], (int)remainingLength, 1 + size);
        return status;
    }

    /// <summary>
    /// Checks type and flags against the table of the specification. [MQTT-2.1.3-1] [3.1.1 MQTT-2.2.2-1] MQTT 3.1 also allows DUP on
    /// SUBSCRIBE, UNSUBSCRIBE and PUBREL. In 5.0 the Remaining Length has to be in its shortest form as well. [MQTT-1.5.5-1]
    /// </summary>
    public bool TryCheckFlags(ProtocolVersion version, out DecodeError error)
    {
        error = default;
        if (version == ProtocolVersion.V50 && PacketSize != Wire.PacketSize.Of(RemainingLength))
        {
            error = new DecodeError(ReasonCode.MalformedPacket, "MQTT-1.5.5-1", 1, "Remaining Length", "is not in the shortest form");
            return false;
        }

        switch (Type)
        {
            case PacketType.Reserved:
                error = new DecodeError(ReasonCode.MalformedPacket, "2.1.2 packet type", 0, "packet type", "is 0, which is reserved");
                return false;

            case PacketType.Auth when version != ProtocolVersion.V50:
                error = new DecodeError(ReasonCode.MalformedPacket, "3.1.1 MQTT-4.8.0-1", 0, "packet type", "is 15, which only MQTT 5.0 has");
                return false;

            case PacketType.Publish:
                if ((Flags & 0x06) == 0x06)
                {
                    error = new DecodeError(ReasonCode.MalformedPacket, "MQTT-3.3.1-4", 0, "QoS of PUBLISH", "is 3");
                    return false;
                }

                // 3.1 says nothing of DUP on QoS 0 and old clients set it.
                if ((Flags & 0x0E) == 0x08 && version != ProtocolVersion.V31)
                {
                    error = new DecodeError(ReasonCode.MalformedPacket, "MQTT-3.3.1-2", 0, "DUP of PUBLISH", "is 1 at QoS 0");
                    return false;
                }

                return true;

            case PacketType.Pubrel or PacketType.Subscribe or PacketType.Unsubscribe:
                if (Flags == 0x02 || (version == ProtocolVersion.V31 && Flags == 0x0A)) return true;

                error = new DecodeError(ReasonCode.MalformedPacket, RuleOfFlags(version), 0, "fixed header flags", "are not 0010");
                return false;

            default:
                if (Flags == 0 || (version == ProtocolVersion.V31 && Type != PacketType.Connect)) return true;

                error = new DecodeError(ReasonCode.MalformedPacket, RuleOfFlags(version), 0, "fixed header flags", "are not 0000");
                return false;
        }
    }

    private string RuleOfFlags(ProtocolVersion version) => Type switch
    {
        PacketType.Pubrel => "MQTT-3.6.1-1",
        PacketType.Subscribe => "MQTT-3.8.1-1",
        PacketType.Unsubscribe => "MQTT-3.10.1-1",
        PacketType.Disconnect => "MQTT-3.14.1-1",
        PacketType.Auth => "MQTT-3.15.1-1",
        _ => version == ProtocolVersion.V50 ? "MQTT-2.1.3-1" : "3.1.1 MQTT-2.2.2-2",
    };
}
