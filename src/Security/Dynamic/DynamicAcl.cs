using Avocet.Security.Access;

namespace Avocet.Security.Dynamic;

/// <summary>What an entry of a role is about, with Mosquitto's names.</summary>
internal enum DynamicAclType
{
    PublishClientSend,
    PublishClientReceive,
    SubscribeLiteral,
    SubscribePattern,
    UnsubscribeLiteral,
    UnsubscribePattern,
}

/// <summary>An entry of a role.</summary>
internal sealed record DynamicAcl(DynamicAclType Type, string Topic, int Priority, bool IsAllowed, AclFilter Filter)
{
    private static readonly (string Name, DynamicAclType Type)[] Names =
    [
        ("publishClientSend", DynamicAclType.PublishClientSend),
        ("publishClientReceive", DynamicAclType.PublishClientReceive),
        ("subscribeLiteral", DynamicAclType.SubscribeLiteral),
        ("subscribePattern", DynamicAclType.SubscribePattern),
        ("unsubscribeLiteral", DynamicAclType.UnsubscribeLiteral),
        ("unsubscribePattern", DynamicAclType.UnsubscribePattern),
    ];

    public string TypeName => Names.First(pair => pair.Type == Type).Name;

    public static DynamicAclType? TypeOf(string? name)
    {
        foreach (var pair in Names)
        {
            if (string.Equals(pair.Name, name, StringComparison.OrdinalIgnoreCase)) return pair.Type;
        }

        return null;
    }

    /// <summary>Null with the reason when the topic is none.</summary>
    public static DynamicAcl? Create(DynamicAclType type, string topic, int priority, bool isAllowed, out string problem)
    {
        var isLiteral = type is DynamicAclType.SubscribeLiteral or DynamicAclType.UnsubscribeLiteral;
        return AclFilter.Parse(topic, !isLiteral, out problem) is { } filter ? new DynamicAcl(type, topic, priority, isAllowed, filter) : null;
    }
}
