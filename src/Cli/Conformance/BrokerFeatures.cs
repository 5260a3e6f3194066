using Avocet.Protocol.Properties;

namespace Avocet.Cli.Conformance;

/// <summary>What CONNACK says that a broker offers; before 5.0, everything that is in the standard.</summary>
internal sealed record BrokerFeatures
{
    public Feature Offered { get; init; } = Feature.Qos1 | Feature.Qos2 | Feature.Retain | Feature.Wildcards;

    public int TopicAliasMaximum { get; init; }

    public int ReceiveMaximum { get; init; } = ushort.MaxValue;

    public long MaximumPacketSize { get; init; } = Protocol.Limits.PacketSizeMax;

    public uint? ServerKeepAlive { get; init; }

    public static BrokerFeatures Read(RawPacket connack)
    {
        var offered = Feature.Qos1 | Feature.Qos2;
        if (connack.Integer(PropertyId.MaximumQos) is { } qos) offered = qos == 0 ? Feature.None : Feature.Qos1;

        AddUnless0(PropertyId.RetainAvailable, Feature.Retain);
        AddUnless0(PropertyId.WildcardSubscriptionAvailable, Feature.Wildcards);
        AddUnless0(PropertyId.SharedSubscriptionAvailable, Feature.SharedSubscriptions);
        AddUnless0(PropertyId.SubscriptionIdentifierAvailable, Feature.SubscriptionIds);
        var aliases = (int)(connack.Integer(PropertyId.TopicAliasMaximum) ?? 0);
        return new BrokerFeatures
        {
            Offered = aliases > 0 ? offered | Feature.TopicAlias : offered,
            TopicAliasMaximum = aliases,
            ReceiveMaximum = (int)(connack.Integer(PropertyId.ReceiveMaximum) ?? ushort.MaxValue),
            MaximumPacketSize = connack.Integer(PropertyId.MaximumPacketSize) ?? Protocol.Limits.PacketSizeMax,
            ServerKeepAlive = connack.Integer(PropertyId.ServerKeepAlive),
        };

        void AddUnless0(PropertyId id, Feature feature)
        {
            if (connack.Integer(id) is null or 1) offered |= feature;
        }
    }
}
