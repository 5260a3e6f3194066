using Avocet.Broker.Security;
using Avocet.Protocol;

namespace Avocet.Broker.Tests.Monitoring;

/// <summary>Denies what begins with <c>secret</c>, by a rule with a name.</summary>
internal sealed class SecretAuthorizer : IAuthorizer
{
    public bool MayPublishAll { get; init; }

    public bool MaySubscribeAll { get; init; }

    public bool ChecksDelivery => true;

    public bool MayPublish(ClientIdentity client, ReadOnlySpan<byte> topicName, Qos qos, bool retain) => MayPublishAll || !topicName.StartsWith("secret"u8);

    public bool MaySubscribe(ClientIdentity client, ReadOnlySpan<byte> topicFilter, Qos qos) => MaySubscribeAll || !topicFilter.StartsWith("secret"u8);

    public bool MayReceive(ClientIdentity client, ReadOnlySpan<byte> topicName) => !topicName.StartsWith("secret"u8);

    public string? Explain(ClientIdentity client, ReadOnlySpan<byte> topic, AccessWish wish) => $"rules:7 deny {wish.Kind}";
}
