using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Wire;

namespace Avocet.Cli.Store;

/// <summary>The properties of a stored message, as they are on the wire.</summary>
internal static class StoredProperties
{
    /// <summary>Whether the bytes are properties that a PUBLISH may carry.</summary>
    public static bool AreValid(ReadOnlySpan<byte> encoded)
    {
        if (encoded.IsEmpty) return true;

        // The decoder of PUBLISH knows the rules.
        var bytes = new byte[16 + encoded.Length];
        var writer = new WireWriter(bytes);
        writer.WriteFixedHeader(PacketType.Publish, 0, 3 + PacketSize.OfProperties(encoded, ProtocolVersion.V50));
        var headerSize = writer.Position;
        writer.WriteBinary("t"u8);
        writer.WriteProperties(encoded, ProtocolVersion.V50);
        return FixedHeader.TryRead(bytes, out var header) == DecodeStatus.Done
            && PublishPacket.TryDecode(header, bytes.AsSpan(headerSize, writer.Position - headerSize), ProtocolVersion.V50, out _, out _);
    }
}
