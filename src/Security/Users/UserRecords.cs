using System.Text.Json.Serialization;

namespace Avocet.Security.Users;

/// <summary>A role, group or client in a list.</summary>
internal sealed record MembershipRecord
{
    [JsonPropertyName("username")]
    public string? UserName { get; init; }

    [JsonPropertyName("groupname")]
    public string? GroupName { get; init; }

    [JsonPropertyName("rolename")]
    public string? RoleName { get; init; }

    [JsonPropertyName("priority")]
    public int? Priority { get; init; }
}

/// <summary>A user as JSON: in Mosquitto's file, and in the store with its groups.</summary>
internal sealed record UserRecord
{
    [JsonPropertyName("username")]
    public string? UserName { get; init; }

    [JsonPropertyName("clientid")]
    public string? ClientId { get; init; }

    [JsonPropertyName("textname")]
    public string? TextName { get; init; }

    [JsonPropertyName("textdescription")]
    public string? TextDescription { get; init; }

    [JsonPropertyName("disabled")]
    public bool? Disabled { get; init; }

    /// <summary>A hash as in a password file.</summary>
    [JsonPropertyName("encoded_password")]
    public string? EncodedPassword { get; init; }

    /// <summary>With salt and iterations: the hash as Mosquitto 2.0 keeps it.</summary>
    [JsonPropertyName("password")]
    public string? Password { get; init; }

    [JsonPropertyName("salt")]
    public string? Salt { get; init; }

    [JsonPropertyName("iterations")]
    public int? Iterations { get; init; }

    [JsonPropertyName("roles")]
    public IReadOnlyList<MembershipRecord>? Roles { get; init; }

    [JsonPropertyName("groups")]
    public IReadOnlyList<MembershipRecord>? Groups { get; init; }

    [JsonPropertyName("connections")]
    public IReadOnlyList<ConnectionRecord>? Connections { get; init; }
}

/// <summary>A connection of a user.</summary>
internal sealed record ConnectionRecord([property: JsonPropertyName("address")] string Address);

internal sealed record GroupRecord
{
    [JsonPropertyName("groupname")]
    public string? GroupName { get; init; }

    [JsonPropertyName("textname")]
    public string? TextName { get; init; }

    [JsonPropertyName("textdescription")]
    public string? TextDescription { get; init; }

    [JsonPropertyName("clients")]
    public IReadOnlyList<MembershipRecord>? Clients { get; init; }

    [JsonPropertyName("roles")]
    public IReadOnlyList<MembershipRecord>? Roles { get; init; }
}

internal sealed record RoleRecord
{
    [JsonPropertyName("rolename")]
    public string? RoleName { get; init; }

    [JsonPropertyName("textname")]
    public string? TextName { get; init; }

    [JsonPropertyName("textdescription")]
    public string? TextDescription { get; init; }

    [JsonPropertyName("allowwildcardsubs")]
    public bool? AllowWildcardSubs { get; init; }

    [JsonPropertyName("acls")]
    public IReadOnlyList<AclRecord>? Acls { get; init; }
}

internal sealed record AclRecord
{
    [JsonPropertyName("acltype")]
    public string? AclType { get; init; }

    [JsonPropertyName("topic")]
    public string? Topic { get; init; }

    [JsonPropertyName("priority")]
    public int? Priority { get; init; }

    [JsonPropertyName("allow")]
    public bool? Allow { get; init; }
}

internal sealed record DefaultAccessRecord
{
    [JsonPropertyName("publishClientSend")]
    public bool? PublishClientSend { get; init; }

    [JsonPropertyName("publishClientReceive")]
    public bool? PublishClientReceive { get; init; }

    [JsonPropertyName("subscribe")]
    public bool? Subscribe { get; init; }

    [JsonPropertyName("unsubscribe")]
    public bool? Unsubscribe { get; init; }
}

/// <summary>Mosquitto's <c>dynamic-security.json</c>.</summary>
internal sealed record UsersFileRecord
{
    [JsonPropertyName("defaultACLAccess")]
    public DefaultAccessRecord? DefaultAclAccess { get; init; }

    [JsonPropertyName("clients")]
    public IReadOnlyList<UserRecord>? Clients { get; init; }

    [JsonPropertyName("groups")]
    public IReadOnlyList<GroupRecord>? Groups { get; init; }

    [JsonPropertyName("roles")]
    public IReadOnlyList<RoleRecord>? Roles { get; init; }

    [JsonPropertyName("anonymousGroup")]
    public string? AnonymousGroup { get; init; }
}

/// <summary>What is not of a single user, group or role, in the store.</summary>
internal sealed record SettingsRecord
{
    /// <summary>The version of the records of this table.</summary>
    [JsonPropertyName("version")]
    public required int Version { get; init; }

    [JsonPropertyName("defaultACLAccess")]
    public DefaultAccessRecord? DefaultAclAccess { get; init; }

    [JsonPropertyName("anonymousGroup")]
    public string? AnonymousGroup { get; init; }
}
