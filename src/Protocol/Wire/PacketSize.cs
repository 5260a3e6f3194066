namespace Avocet.Protocol.Wire;

/// <summary>Sizes that every encoder needs.</summary>
public static class PacketSize
{
    /// <summary>The whole packet's bytes for a Remaining Length.</summary>
    public static int Of(int remainingLength) => 1 + VarInt.SizeOf((uint)remainingLength) + remainingLength;

    /// <summary>The bytes of a property block with its Property Length; none before 5.0.</summary>
    public static int OfProperties(ReadOnlySpan<byte> properties, ProtocolVersion version)
    {
        return version == ProtocolVersion.V50 ? VarInt.SizeOf((uint)properties.Length) + properties.Length : 0;
    }
}
