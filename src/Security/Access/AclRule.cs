using Avocet.Protocol;

namespace Avocet.Security.Access;

/// <summary>One rule: what it is about, for whom, and where it stands.</summary>
/// <param name="Origin"><c>acl:12</c>, for those who ask why.</param>
/// <param name="Text">The rule as it was written.</param>
/// <param name="IsAllow">Whether it allows or denies.</param>
/// <param name="Access">What it is about.</param>
/// <param name="Filter">The topics.</param>
internal sealed record AclRule(string Origin, string Text, bool IsAllow, AclAccess Access, AclFilter Filter)
{
    /// <summary>Null for all users.</summary>
    public string? UserName { get; init; }

    /// <summary>Null for all client identifiers.</summary>
    public string? ClientId { get; init; }

    public Qos QosMin { get; init; }

    public Qos QosMax { get; init; } = Qos.ExactlyOnce;

    /// <summary>Only messages that are to be retained, or only those that are not; null for both.</summary>
    public bool? Retain { get; init; }

    /// <summary>Null for all addresses.</summary>
    public AddressRange? Address { get; init; }

    public bool IsFor(Subject subject) =>
        (UserName is null || UserName == subject.UserNameText)
        && (ClientId is null || ClientId == subject.ClientIdText)
        && (Address is not { } range || (subject.Address is { } address && range.Contains(address)))
        && (!Filter.NamesUser || subject.UserName is not null);
}
