using System.Text;
using Avocet.Security.Access;

namespace Avocet.Security.Users;

/// <summary>What an entry of a role is about, with Mosquitto's names.</summary>
internal enum RoleAclType
{
    PublishClientSend,
    PublishClientReceive,
    SubscribeLiteral,
    SubscribePattern,
    UnsubscribeLiteral,
    UnsubscribePattern,
}

/// <summary>An entry of a role.</summary>
internal sealed record RoleAcl(RoleAclType Type, string Topic, int Priority, bool IsAllowed, AclFilter Filter)
{
    private static readonly (string Name, RoleAclType Type)[] Names =
    [
        ("publishClientSend", RoleAclType.PublishClientSend),
        ("publishClientReceive", RoleAclType.PublishClientReceive),
        ("subscribeLiteral", RoleAclType.SubscribeLiteral),
        ("subscribePattern", RoleAclType.SubscribePattern),
        ("unsubscribeLiteral", RoleAclType.UnsubscribeLiteral),
        ("unsubscribePattern", RoleAclType.UnsubscribePattern),
    ];

    private readonly byte[] _topic = Encoding.UTF8.GetBytes(Topic);

    /// <summary>All names, for messages.</summary>
    public static string TypeNames { get; } = string.Join(", ", Names.Select(pair => pair.Name));

    public string TypeName => Names[(int)Type].Name;

    public bool IsLiteral => Type is RoleAclType.SubscribeLiteral or RoleAclType.UnsubscribeLiteral;

    public static RoleAclType? TypeOf(string? name)
    {
        foreach (var pair in Names)
        {
            if (string.Equals(pair.Name, name, StringComparison.OrdinalIgnoreCase)) return pair.Type;
        }

        return null;
    }

    /// <summary>Null where the topic is no Topic Filter.</summary>
    public static RoleAcl? Create(RoleAclType type, string topic, int priority, bool isAllowed)
    {
        // A literal one means the filter as it stands.
        var isPattern = type is not (RoleAclType.SubscribeLiteral or RoleAclType.UnsubscribeLiteral);
        return AclFilter.Parse(topic, isPattern, out _) is { } filter ? new RoleAcl(type, topic, priority, isAllowed, filter) : null;
    }

    /// <summary>Whether it is about a Topic Name, or about all of a Topic Filter.</summary>
    public bool Fits(ReadOnlySpan<byte> topic, Subject subject) => Type switch
    {
        RoleAclType.SubscribeLiteral or RoleAclType.UnsubscribeLiteral => topic.SequenceEqual(_topic),
        RoleAclType.SubscribePattern or RoleAclType.UnsubscribePattern => Filter.Covers(topic, subject),
        _ => Filter.Matches(topic, subject),
    };

    public override string ToString() => $"{TypeName} {Topic} {(IsAllowed ? "allow" : "deny")}";
}
