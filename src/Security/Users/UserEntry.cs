using System.Collections.Immutable;
using Avocet.Security.Passwords;

namespace Avocet.Security.Users;

/// <summary>What users, groups and roles have in common. Immutable: a change makes another one.</summary>
internal abstract record UserEntry(string Name)
{
    public string TextName { get; init; } = "";

    public string TextDescription { get; init; } = "";
}

/// <summary>Who has roles; those with a higher priority come first.</summary>
internal abstract record RoleHolder(string Name) : UserEntry(Name)
{
    public ImmutableArray<Membership> Roles { get; init; } = [];
}

/// <summary>A user, which Mosquitto calls a client.</summary>
internal sealed record User(string Name) : RoleHolder(Name)
{
    /// <summary>The only client identifier it may have; empty for any.</summary>
    public string ClientId { get; init; } = "";

    /// <summary>Null where it cannot log in with a password of the database.</summary>
    public PasswordHash? Password { get; init; }

    public bool IsDisabled { get; init; }

    public ImmutableArray<Membership> Groups { get; init; } = [];
}

/// <summary>Users who have roles together; who they are stands with the users.</summary>
internal sealed record UserGroup(string Name) : RoleHolder(Name);

/// <summary>What may be done.</summary>
internal sealed record Role(string Name) : UserEntry(Name)
{
    /// <summary>Whether its patterns allow filters with wildcards.</summary>
    public bool AllowsWildcards { get; init; } = true;

    /// <summary>Those of a kind in the order in which they are asked.</summary>
    public ImmutableArray<RoleAcl> Acls { get; init; } = [];
}
