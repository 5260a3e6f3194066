using System.Text.Json.Serialization;

namespace Avocet.Security.Users;

/// <summary>A command as it comes; each kind of command has some of these.</summary>
internal sealed record CommandRecord
{
    [JsonPropertyName("command")]
    public string? Command { get; init; }

    [JsonPropertyName("correlationData")]
    public string? CorrelationData { get; init; }

    [JsonPropertyName("username")]
    public string? UserName { get; init; }

    [JsonPropertyName("password")]
    public string? Password { get; init; }

    /// <summary>A hash as in a password file, in place of a password. Mosquitto has no such thing in commands.</summary>
    [JsonPropertyName("encoded_password")]
    public string? EncodedPassword { get; init; }

    [JsonPropertyName("clientid")]
    public string? ClientId { get; init; }

    [JsonPropertyName("groupname")]
    public string? GroupName { get; init; }

    [JsonPropertyName("rolename")]
    public string? RoleName { get; init; }

    [JsonPropertyName("textname")]
    public string? TextName { get; init; }

    [JsonPropertyName("textdescription")]
    public string? TextDescription { get; init; }

    [JsonPropertyName("disabled")]
    public bool? Disabled { get; init; }

    [JsonPropertyName("allowwildcardsubs")]
    public bool? AllowWildcardSubs { get; init; }

    [JsonPropertyName("acltype")]
    public string? AclType { get; init; }

    [JsonPropertyName("topic")]
    public string? Topic { get; init; }

    [JsonPropertyName("priority")]
    public int? Priority { get; init; }

    [JsonPropertyName("allow")]
    public bool? Allow { get; init; }

    [JsonPropertyName("roles")]
    public IReadOnlyList<MembershipRecord>? Roles { get; init; }

    [JsonPropertyName("groups")]
    public IReadOnlyList<MembershipRecord>? Groups { get; init; }

    [JsonPropertyName("clients")]
    public IReadOnlyList<MembershipRecord>? Clients { get; init; }

    [JsonPropertyName("acls")]
    public IReadOnlyList<AclRecord>? Acls { get; init; }

    [JsonPropertyName("verbose")]
    public bool? Verbose { get; init; }

    [JsonPropertyName("count")]
    public int? Count { get; init; }

    [JsonPropertyName("offset")]
    public int? Offset { get; init; }
}

/// <summary>A message of commands.</summary>
internal sealed record RequestRecord
{
    [JsonPropertyName("commands")]
    public required IReadOnlyList<CommandRecord> Commands { get; init; }
}
