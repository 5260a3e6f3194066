using System.Collections.Immutable;

namespace Avocet.Security.Users;

/// <summary>All users, groups and roles as they are at one time. Immutable: a change makes another one.</summary>
internal sealed record UserModel
{
    private static readonly StringComparer Order = StringComparer.Ordinal;

    public static UserModel Empty { get; } = new();

    public DefaultAccess Default { get; init; } = DefaultAccess.Initial;

    /// <summary>The group of clients without a user name; empty for none.</summary>
    public string AnonymousGroup { get; init; } = "";

    public ImmutableSortedDictionary<string, User> Users { get; init; } = ImmutableSortedDictionary.Create<string, User>(Order);

    public ImmutableSortedDictionary<string, UserGroup> Groups { get; init; } = ImmutableSortedDictionary.Create<string, UserGroup>(Order);

    public ImmutableSortedDictionary<string, Role> Roles { get; init; } = ImmutableSortedDictionary.Create<string, Role>(Order);

    /// <summary>The users of a group.</summary>
    public IEnumerable<User> MembersOf(string group) => Users.Values.Where(user => user.Groups.Any(member => member.Name == group));

    /// <summary>
    /// The roles of a user in the order in which they are asked: its own, then those of its groups; each with the group it comes by, or null. Of no user name those of
    /// the anonymous group.
    /// </summary>
    public IReadOnlyList<(Role Role, string? Group)> RolesOf(string? userName)
    {
        var roles = new List<(Role, string?)>();
        if (userName is null)
        {
            Add(Groups.GetValueOrDefault(AnonymousGroup), AnonymousGroup);
        }
        else if (Users.TryGetValue(userName, out var user))
        {
            Add(user, null);
            foreach (var membership in user.Groups) Add(Groups.GetValueOrDefault(membership.Name), membership.Name);
        }

        return roles;

        void Add(RoleHolder? holder, string? group)
        {
            if (holder is null) return;

            foreach (var membership in holder.Roles)
            {
                if (Roles.TryGetValue(membership.Name, out var role)) roles.Add((role, group));
            }
        }
    }
}
