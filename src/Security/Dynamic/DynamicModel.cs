using Avocet.Security.Passwords;

namespace Avocet.Security.Dynamic;

/// <summary>A role, a group or a client that somebody has, and how much it counts.</summary>
internal sealed record Membership(string Name, int Priority);

/// <summary>What clients, groups and roles have in common.</summary>
internal abstract class DynamicEntry(string name)
{
    public string Name { get; } = name;

    public string TextName { get; set; } = "";

    public string TextDescription { get; set; } = "";
}

/// <summary>Who has roles.</summary>
internal abstract class RoleHolder(string name) : DynamicEntry(name)
{
    public List<Membership> Roles { get; } = [];
}

/// <summary>A user, which Mosquitto calls a client.</summary>
internal sealed class DynamicClient(string name) : RoleHolder(name)
{
    /// <summary>The only client identifier it may have; empty for any.</summary>
    public string ClientId { get; set; } = "";

    /// <summary>Null where it cannot log in.</summary>
    public PasswordHash? Password { get; set; }

    public bool IsDisabled { get; set; }
}

/// <summary>Users who have roles together.</summary>
internal sealed class DynamicGroup(string name) : RoleHolder(name)
{
    public List<Membership> Clients { get; } = [];
}

/// <summary>What may be done.</summary>
internal sealed class DynamicRole(string name) : DynamicEntry(name)
{
    /// <summary>Whether its patterns allow filters with wildcards.</summary>
    public bool AllowsWildcards { get; set; } = true;

    public List<DynamicAcl> Acls { get; } = [];
}

/// <summary>What holds where no entry of a role matches.</summary>
internal sealed class DefaultAccess
{
    public bool Send { get; set; }

    public bool Receive { get; set; } = true;

    public bool Subscribe { get; set; }

    public bool Unsubscribe { get; set; } = true;
}

/// <summary>Everything that is managed at run time. Guarded by the gate of <see cref="DynamicSecurity"/>.</summary>
internal sealed class DynamicModel
{
    public DefaultAccess Default { get; } = new();

    public SortedDictionary<string, DynamicClient> Clients { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, DynamicGroup> Groups { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, DynamicRole> Roles { get; } = new(StringComparer.Ordinal);

    /// <summary>The group of clients without a user name; empty for none.</summary>
    public string AnonymousGroup { get; set; } = "";

    /// <summary>The groups of a user, those with a higher priority first.</summary>
    public IEnumerable<(DynamicGroup Group, int Priority)> GroupsOf(string client) =>
        Groups.Values
            .Select(group => (Group: group, Member: group.Clients.Find(member => member.Name == client)))
            .Where(pair => pair.Member is not null)
            .Select(pair => (pair.Group, pair.Member!.Priority))
            .OrderByDescending(pair => pair.Priority);

    /// <summary>The roles of a user in the order in which they are asked: its own, then those of its groups. Of null those of the anonymous group.</summary>
    public IReadOnlyList<DynamicRole> RolesOf(string? userName)
    {
        var roles = new List<DynamicRole>();
        if (userName is null)
        {
            if (Groups.TryGetValue(AnonymousGroup, out var anonymous)) Add(anonymous);
            return roles;
        }

        if (!Clients.TryGetValue(userName, out var client)) return roles;

        Add(client);
        foreach (var (group, _) in GroupsOf(userName)) Add(group);
        return roles;

        void Add(RoleHolder holder)
        {
            foreach (var role in holder.Roles.OrderByDescending(member => member.Priority))
            {
                if (Roles.TryGetValue(role.Name, out var known)) roles.Add(known);
            }
        }
    }
}
