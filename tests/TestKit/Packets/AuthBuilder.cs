using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;

namespace Avocet.TestKit.Packets;

/// <summary>An AUTH. A Reason String may come unnamed.</summary>
public sealed record AuthBuilder : PacketBuilder<AuthBuilder>
{
    internal ReasonCode Reason { get; init; }

    public override byte[] Encode(ProtocolVersion version)
    {
        var packet = new AuthPacket { Reason = Reason, Properties = Properties };
        var bytes = new byte[packet.GetEncodedSize()];
        packet.Encode(bytes);
        return bytes;
    }

    internal override bool MayCarryUnnamed(PropertyId id) => id == PropertyId.ReasonString;
}
