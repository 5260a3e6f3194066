namespace Avocet.Protocol.Packets;

/// <summary>PINGREQ and PINGRESP: a fixed header and nothing else.</summary>
public static class EmptyPacket
{
    public static ReadOnlySpan<byte> Pingreq => [0xC0, 0x00];

    public static ReadOnlySpan<byte> Pingresp => [0xD0, 0x00];

    public static bool TryDecode(in FixedHeader header, ProtocolVersion version, out DecodeError error)
    {
        if (!header.TryCheckFlags(version, out error)) return false;
        if (header.RemainingLength == 0) return true;

        error = new DecodeError(ReasonCode.MalformedPacket, "2.1.4 Remaining Length", 1, "Remaining Length", "of a packet without body is not 0");
        return false;
    }
}
