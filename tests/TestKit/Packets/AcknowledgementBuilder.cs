using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;

namespace Avocet.TestKit.Packets;

/// <summary>A PUBACK, PUBREC, PUBREL or PUBCOMP. A Reason String may come unnamed.</summary>
public sealed record AcknowledgementBuilder : PacketBuilder<AcknowledgementBuilder>
{
    internal PacketType Type { get; init; }

    internal ushort PacketId { get; init; }

    internal ReasonCode Reason { get; init; }

    public override byte[] Encode(ProtocolVersion version)
    {
        var packet = new AcknowledgementPacket { Type = Type, PacketId = PacketId, Reason = Reason, Properties = Properties };
        var bytes = new byte[packet.GetEncodedSize(version)];
        packet.Encode(bytes, version);
        return bytes;
    }

    internal override bool MayCarryUnnamed(PropertyId id) => id == PropertyId.ReasonString;
}
