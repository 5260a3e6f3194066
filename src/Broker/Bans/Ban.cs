namespace Avocet.Broker.Bans;

/// <summary>What a ban names.</summary>
public enum BanKind
{
    ClientId,
    UserName,

    /// <summary>An IP address, or a network such as <c>10.1.0.0/16</c>.</summary>
    Address,
}

/// <summary>Somebody who may not connect.</summary>
/// <param name="Id">Names the ban.</param>
/// <param name="Kind">What it names.</param>
/// <param name="Value">The client identifier, user name, address or network.</param>
/// <param name="Until">When it ends; null for never.</param>
/// <param name="Reason">Why, for the operator.</param>
/// <param name="CreatedAt">Since when.</param>
public sealed record Ban(string Id, BanKind Kind, string Value, DateTimeOffset? Until, string Reason, DateTimeOffset CreatedAt);
