using System.Text;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;

namespace Avocet.TestKit.Packets;

/// <summary>A PUBLISH; QoS 0 and without payload unless said.</summary>
public sealed record PublishBuilder : PacketBuilder<PublishBuilder>
{
    internal byte[] TopicName { get; init; } = [];

    private byte[] Content { get; init; } = [];

    private Qos Quality { get; init; }

    private ushort PacketId { get; init; }

    private bool IsRetain { get; init; }

    private bool IsDuplicate { get; init; }

    public PublishBuilder Payload(string text) => Payload(Encoding.UTF8.GetBytes(text));

    public PublishBuilder Payload(byte[] bytes) => this with { Content = bytes };

    /// <summary>QoS 1. An expected PUBLISH without identifier stands for any.</summary>
    public PublishBuilder Qos1(ushort packetId = 0) => WithQos(Qos.AtLeastOnce, packetId);

    /// <summary>QoS 2. An expected PUBLISH without identifier stands for any.</summary>
    public PublishBuilder Qos2(ushort packetId = 0) => WithQos(Qos.ExactlyOnce, packetId);

    /// <summary>Any QoS; <paramref name="packetId"/> does not matter at QoS 0.</summary>
    public PublishBuilder WithQos(Qos qos, ushort packetId = 0) => this with { Quality = qos, PacketId = packetId };

    public PublishBuilder Retain(bool retain = true) => this with { IsRetain = retain };

    public PublishBuilder AsDuplicate() => this with { IsDuplicate = true };

    public PublishBuilder SubscriptionId(uint id) => Property(PropertyId.SubscriptionIdentifier, id);

    public PublishBuilder MessageExpiry(uint seconds) => Property(PropertyId.MessageExpiryInterval, seconds);

    /// <summary>With nothing but an alias to tell the topic.</summary>
    public PublishBuilder WithoutTopic() => this with { TopicName = [] };

    public PublishBuilder TopicAlias(ushort alias) => Property(PropertyId.TopicAlias, alias);

    /// <summary>Takes over the identifier that came where the test does not name one.</summary>
    internal PublishBuilder ForAnyId(ushort packetId) => PacketId == 0 && Quality != Qos.AtMostOnce ? this with { PacketId = packetId } : this;

    public override byte[] Encode(ProtocolVersion version)
    {
        var packet = new PublishPacket
        {
            TopicName = TopicName,
            PacketId = PacketId,
            Qos = Quality,
            Retain = IsRetain,
            Dup = IsDuplicate,
            Properties = Properties,
            Payload = Content,
        };
        var bytes = new byte[packet.GetEncodedSize(version)];
        packet.Encode(bytes, version);
        return bytes;
    }
}
