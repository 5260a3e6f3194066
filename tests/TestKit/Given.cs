using System.Text;
using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Avocet.TestKit.Packets;

namespace Avocet.TestKit;

/// <summary>Where every client and packet of a test begins. Name only what matters to the test.</summary>
public static class Given
{
    public static ClientBuilder Client(string clientId) => new() { ClientId = clientId };

    public static PublishBuilder Publish(string topicName) => Publish(Encoding.UTF8.GetBytes(topicName));

    public static PublishBuilder Publish(byte[] topicName) => new() { TopicName = topicName };

    public static AcknowledgementBuilder Puback(ushort packetId, ReasonCode reason = ReasonCode.Success) => Acknowledgement(PacketType.Puback, packetId, reason);

    public static AcknowledgementBuilder Pubrec(ushort packetId, ReasonCode reason = ReasonCode.Success) => Acknowledgement(PacketType.Pubrec, packetId, reason);

    public static AcknowledgementBuilder Pubrel(ushort packetId, ReasonCode reason = ReasonCode.Success) => Acknowledgement(PacketType.Pubrel, packetId, reason);

    public static AcknowledgementBuilder Pubcomp(ushort packetId, ReasonCode reason = ReasonCode.Success) => Acknowledgement(PacketType.Pubcomp, packetId, reason);

    public static SubscribeBuilder Subscribe(ushort packetId) => new() { PacketId = packetId };

    public static SubscriptionAcknowledgementBuilder Suback(ushort packetId, params ReasonCode[] reasons)
    {
        return new SubscriptionAcknowledgementBuilder { Type = PacketType.Suback, PacketId = packetId, Reasons = reasons };
    }

    public static UnsubscribeBuilder Unsubscribe(ushort packetId) => new() { PacketId = packetId };

    public static SubscriptionAcknowledgementBuilder Unsuback(ushort packetId, params ReasonCode[] reasons)
    {
        return new SubscriptionAcknowledgementBuilder { Type = PacketType.Unsuback, PacketId = packetId, Reasons = reasons };
    }

    public static EmptyBuilder Pingreq() => new() { Type = PacketType.Pingreq };

    public static EmptyBuilder Pingresp() => new() { Type = PacketType.Pingresp };

    public static DisconnectBuilder Disconnect(ReasonCode reason = ReasonCode.Success) => new() { Reason = reason };

    public static ConnackBuilder Connack(ReasonCode reason = ReasonCode.Success) => new() { Reason = reason };

    /// <param name="reason">0x00, 0x18 or 0x19.</param>
    /// <param name="method">The Authentication Method; left out when null.</param>
    /// <param name="data">The Authentication Data; left out when null.</param>
    public static AuthBuilder Auth(ReasonCode reason, string? method, string? data = null)
    {
        var auth = new AuthBuilder { Reason = reason };
        if (method is not null) auth = auth.Property(PropertyId.AuthenticationMethod, method);

        return data is null ? auth : auth.Property(PropertyId.AuthenticationData, Encoding.UTF8.GetBytes(data));
    }

    private static AcknowledgementBuilder Acknowledgement(PacketType type, ushort packetId, ReasonCode reason)
    {
        return new AcknowledgementBuilder { Type = type, PacketId = packetId, Reason = reason };
    }
}
