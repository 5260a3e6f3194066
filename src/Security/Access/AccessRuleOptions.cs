namespace Avocet.Security.Access;

/// <summary>A rule of the configuration: <c>[[acl]]</c>.</summary>
public sealed record AccessRuleOptions
{
    /// <summary>Where it stands, such as <c>avocet.toml:12</c>.</summary>
    public string Origin { get; init; } = "";

    /// <summary>The topic filter; <c>%c</c> and <c>%u</c> as whole levels stand for client identifier and user name.</summary>
    public string Topic { get; init; } = "";

    /// <summary>Allow, or deny.</summary>
    public bool IsAllow { get; init; } = true;

    /// <summary><c>publish</c>, <c>subscribe</c> or <c>all</c>.</summary>
    public string Action { get; init; } = "all";

    /// <summary>Empty for all users.</summary>
    public string User { get; init; } = "";

    /// <summary>Empty for all client identifiers.</summary>
    public string Client { get; init; } = "";

    /// <summary>Addresses with a prefix length; empty for all.</summary>
    public string Address { get; init; } = "";

    public int QosMin { get; init; }

    public int QosMax { get; init; } = 2;

    /// <summary><c>yes</c>, <c>no</c> or <c>any</c>.</summary>
    public string Retain { get; init; } = "any";

    /// <summary>Null when it is good, or what is wrong.</summary>
    public string? FindProblem()
    {
        if (AclFilter.Parse(Topic, isPattern: true, out var problem) is null) return $"topic = \"{Topic}\": {problem}";
        if (Address.Length > 0 && AddressRange.Parse(Address) is null) return $"address = \"{Address}\": not an address such as 10.0.0.1 or 10.0.0.0/8";

        return QosMin > QosMax ? "qos_min is greater than qos_max" : null;
    }

    internal AclRule ToRule()
    {
        var filter = AclFilter.Parse(Topic, isPattern: true, out _)!;
        var access = Action switch
        {
            "publish" => AclAccess.Write,
            "subscribe" => AclAccess.Read,
            _ => AclAccess.Read | AclAccess.Write,
        };
        return new AclRule(Origin, Describe(), IsAllow, access, filter)
        {
            UserName = User.Length > 0 ? User : null,
            ClientId = Client.Length > 0 ? Client : null,
            Address = Address.Length > 0 ? AddressRange.Parse(Address) : null,
            QosMin = (Protocol.Qos)QosMin,
            QosMax = (Protocol.Qos)QosMax,
            Retain = Retain switch { "yes" => true, "no" => false, _ => null },
        };
    }

    private string Describe()
    {
        var parts = new List<string> { IsAllow ? "allow" : "deny", Action, Topic };
        if (User.Length > 0) parts.Add($"user {User}");
        if (Client.Length > 0) parts.Add($"client {Client}");
        if (Address.Length > 0) parts.Add($"address {Address}");
        if (QosMin > 0 || QosMax < 2) parts.Add($"QoS {QosMin} to {QosMax}");
        if (Retain != "any") parts.Add($"retain {Retain}");
        return string.Join(", ", parts.Skip(3).Prepend(string.Join(' ', parts.Take(3))));
    }
}
