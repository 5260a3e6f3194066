namespace Avocet.Management.Resources;

/// <summary>A role or group that somebody has, or a member; a higher priority is asked first.</summary>
public sealed record MqttMembership(string Name, int? Priority = null);

/// <summary>A user who connects with MQTT, of the broker's own store.</summary>
public sealed record MqttUserDocument
{
    public required string Name { get; init; }

    /// <summary>The only client identifier it may have; missing for any.</summary>
    public string? ClientId { get; init; }

    public string? TextName { get; init; }

    public string? TextDescription { get; init; }

    public required bool Disabled { get; init; }

    public required IReadOnlyList<MqttMembership> Roles { get; init; }

    public required IReadOnlyList<MqttMembership> Groups { get; init; }

    /// <summary>Addresses of its connections.</summary>
    public required IReadOnlyList<string> Connections { get; init; }
}

/// <summary>What is to be so; what is left out stays, or has its default.</summary>
public sealed record MqttUserChange
{
    /// <summary>For a new user only.</summary>
    public string? Name { get; init; }

    public string? Password { get; init; }

    public string? ClientId { get; init; }

    public string? TextName { get; init; }

    public string? TextDescription { get; init; }

    public bool? Disabled { get; init; }

    /// <summary>All roles, in place of the former ones.</summary>
    public IReadOnlyList<MqttMembership>? Roles { get; init; }

    /// <summary>All groups, in place of the former ones.</summary>
    public IReadOnlyList<MqttMembership>? Groups { get; init; }
}

/// <summary>Users who have roles together.</summary>
public sealed record MqttGroupDocument
{
    public required string Name { get; init; }

    public string? TextName { get; init; }

    public string? TextDescription { get; init; }

    public required IReadOnlyList<MqttMembership> Roles { get; init; }

    public required IReadOnlyList<MqttMembership> Users { get; init; }
}

/// <summary>What is to be so; what is left out stays, or has its default.</summary>
public sealed record MqttGroupChange
{
    /// <summary>For a new group only.</summary>
    public string? Name { get; init; }

    public string? TextName { get; init; }

    public string? TextDescription { get; init; }

    /// <summary>All roles, in place of the former ones.</summary>
    public IReadOnlyList<MqttMembership>? Roles { get; init; }

    /// <summary>All users, in place of the former ones.</summary>
    public IReadOnlyList<MqttMembership>? Users { get; init; }
}

/// <summary>An entry of a role.</summary>
/// <param name="Type">Such as <c>publishClientSend</c> or <c>subscribePattern</c>.</param>
/// <param name="Topic">The topic or pattern.</param>
/// <param name="Allow">Whether it allows or denies.</param>
/// <param name="Priority">A higher one is asked first.</param>
public sealed record MqttAcl(string Type, string Topic, bool Allow, int Priority = 0);

/// <summary>What may be done.</summary>
public sealed record MqttRoleDocument
{
    public required string Name { get; init; }

    public string? TextName { get; init; }

    public string? TextDescription { get; init; }

    /// <summary>Whether its patterns allow filters with wildcards.</summary>
    public required bool AllowWildcardSubs { get; init; }

    public required IReadOnlyList<MqttAcl> Acls { get; init; }
}

/// <summary>What is to be so; what is left out stays, or has its default.</summary>
public sealed record MqttRoleChange
{
    /// <summary>For a new role only.</summary>
    public string? Name { get; init; }

    public string? TextName { get; init; }

    public string? TextDescription { get; init; }

    public bool? AllowWildcardSubs { get; init; }

    /// <summary>All entries, in place of the former ones.</summary>
    public IReadOnlyList<MqttAcl>? Acls { get; init; }
}
