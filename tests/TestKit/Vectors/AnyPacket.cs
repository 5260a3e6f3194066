using Avocet.Protocol;
using Avocet.Protocol.Packets;

namespace Avocet.TestKit.Vectors;

/// <summary>Reads a packet of whichever type: fixed header, then the decoder of its type, as a broker does.</summary>
public static class AnyPacket
{
    /// <summary>What is said of a Remaining Length of five bytes, for which there is no packet to blame yet.</summary>
    public static DecodeError RemainingLengthError { get; } =
        new(ReasonCode.MalformedPacket, "1.5.5 Variable Byte Integer", 1, "Remaining Length", "has more than four bytes");

    /// <summary>Decodes a packet which is complete; false with what is wrong.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> packet, ProtocolVersion version, out DecodeError error)
    {
        var status = FixedHeader.TryRead(packet, out var header);
        if (status == DecodeStatus.Malformed)
        {
            error = RemainingLengthError;
            return false;
        }

        if (status == DecodeStatus.NeedMoreData || packet.Length < header.PacketSize) throw new ArgumentException("The packet is not complete.", nameof(packet));

        return TryDecode(header, packet.Slice(header.Size, header.RemainingLength), version, out error);
    }

    /// <summary>Decodes a body, which need not be as long as the header says.</summary>
    public static bool TryDecode(in FixedHeader header, ReadOnlySpan<byte> body, ProtocolVersion version, out DecodeError error) => header.Type switch
    {
        PacketType.Connect => ConnectPacket.TryDecode(header, body, out _, out error),
        PacketType.Connack => ConnackPacket.TryDecode(header, body, version, out _, out error),
        PacketType.Publish => PublishPacket.TryDecode(header, body, version, out _, out error),
        PacketType.Puback or PacketType.Pubrec or PacketType.Pubrel or PacketType.Pubcomp =>
            AcknowledgementPacket.TryDecode(header, body, version, out _, out error),
        PacketType.Subscribe => SubscribePacket.TryDecode(header, body, version, out _, out error),
        PacketType.Suback or PacketType.Unsuback => SubscriptionAcknowledgementPacket.TryDecode(header, body, version, out _, out error),
        PacketType.Unsubscribe => UnsubscribePacket.TryDecode(header, body, version, out _, out error),
        PacketType.Pingreq or PacketType.Pingresp => EmptyPacket.TryDecode(header, version, out error),
        PacketType.Disconnect => DisconnectPacket.TryDecode(header, body, version, out _, out error),
        PacketType.Auth => AuthPacket.TryDecode(header, body, version, out _, out error),
        _ => header.TryCheckFlags(version, out error),
    };
}
