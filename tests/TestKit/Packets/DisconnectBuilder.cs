using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;

namespace Avocet.TestKit.Packets;

/// <summary>A DISCONNECT. A Reason String may come unnamed.</summary>
public sealed record DisconnectBuilder : PacketBuilder<DisconnectBuilder>
{
    internal ReasonCode Reason { get; init; }

    public DisconnectBuilder SessionExpiry(uint seconds) => Property(PropertyId.SessionExpiryInterval, seconds);

    public override byte[] Encode(ProtocolVersion version)
    {
        var packet = new DisconnectPacket { Reason = Reason, Properties = Properties };
        var bytes = new byte[packet.GetEncodedSize(version)];
        packet.Encode(bytes, version);
        return bytes;
    }

    internal override bool MayCarryUnnamed(PropertyId id) => id == PropertyId.ReasonString;
}
