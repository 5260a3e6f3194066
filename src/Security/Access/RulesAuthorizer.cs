using Avocet.Broker.Security;
using Avocet.Protocol;

namespace Avocet.Security.Access;

/// <summary>Tells the broker what the present rules say.</summary>
internal sealed class RulesAuthorizer(AccessRules rules) : IAuthorizer
{
    private volatile AccessRules _rules = rules;
    private int _version;

    public int? Version => Volatile.Read(ref _version);

    public bool ChecksDelivery => true;

    public AccessRules Rules => _rules;

    /// <summary>From now on other rules count, for all clients that are connected too.</summary>
    public void Change(AccessRules rules)
    {
        _rules = rules;
        Interlocked.Increment(ref _version);
    }

    public bool MayPublish(ClientIdentity client, ReadOnlySpan<byte> topicName, Qos qos, bool retain) =>
        _rules.Decide(Subject.Of(client), AclAction.Publish, topicName, qos, retain).IsAllowed;

    public bool MaySubscribe(ClientIdentity client, ReadOnlySpan<byte> topicFilter, Qos qos) =>
        _rules.Decide(Subject.Of(client), AclAction.Subscribe, topicFilter, qos).IsAllowed;

    public bool MayReceive(ClientIdentity client, ReadOnlySpan<byte> topicName) => _rules.Decide(Subject.Of(client), AclAction.Receive, topicName).IsAllowed;

    public string? Explain(ClientIdentity client, ReadOnlySpan<byte> topic, AccessWish wish)
    {
        var action = wish.Kind switch
        {
            AccessKind.Publish => AclAction.Publish,
            AccessKind.Subscribe => AclAction.Subscribe,
            _ => AclAction.Receive,
        };
        return _rules.Decide(Subject.Of(client), action, topic, wish.Qos, wish.Retain).Text;
    }
}
