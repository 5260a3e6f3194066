using System.Text;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Wire;

namespace Avocet.TestKit.Packets;

/// <summary>An UNSUBSCRIBE.</summary>
public sealed record UnsubscribeBuilder : PacketBuilder<UnsubscribeBuilder>
{
    internal ushort PacketId { get; init; }

    private byte[] Filters { get; init; } = [];

    public UnsubscribeBuilder Filter(string filter)
    {
        var encoded = Encoding.UTF8.GetBytes(filter);
        var bytes = new byte[WireWriter.SizeOf(encoded)];
        new WireWriter(bytes).WriteBinary(encoded);
        return this with { Filters = [.. Filters, .. bytes] };
    }

    public override byte[] Encode(ProtocolVersion version)
    {
        var packet = new UnsubscribePacket { PacketId = PacketId, Properties = Properties, Payload = Filters };
        var bytes = new byte[packet.GetEncodedSize(version)];
        packet.Encode(bytes, version);
        return bytes;
    }
}
