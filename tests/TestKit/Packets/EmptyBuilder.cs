using Avocet.Protocol;

namespace Avocet.TestKit.Packets;

/// <summary>A PINGREQ or PINGRESP.</summary>
public sealed record EmptyBuilder : PacketBuilder
{
    internal PacketType Type { get; init; }

    public override byte[] Encode(ProtocolVersion version) => [(byte)((byte)Type << 4), 0];
}
