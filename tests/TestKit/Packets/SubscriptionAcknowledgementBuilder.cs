using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;

namespace Avocet.TestKit.Packets;

/// <summary>A SUBACK or UNSUBACK. Before 5.0 any failure is 0x80. A Reason String may come unnamed.</summary>
public sealed record SubscriptionAcknowledgementBuilder : PacketBuilder<SubscriptionAcknowledgementBuilder>
{
    internal PacketType Type { get; init; }

    internal ushort PacketId { get; init; }

    internal IReadOnlyList<ReasonCode> Reasons { get; init; } = [];

    public override byte[] Encode(ProtocolVersion version)
    {
        var packet = new SubscriptionAcknowledgementPacket
        {
            Type = Type,
            PacketId = PacketId,
            Properties = Properties,
            ReasonCodes = Reasons.Select(reason => (byte)(version != ProtocolVersion.V50 && reason.IsError() ? ReasonCode.UnspecifiedError : reason)).ToArray(),
        };
        var bytes = new byte[packet.GetEncodedSize(version)];
        packet.Encode(bytes, version);
        return bytes;
    }

    internal override bool MayCarryUnnamed(PropertyId id) => id == PropertyId.ReasonString;
}
