namespace Avocet.Broker.Security;

/// <summary>Who a connected client is.</summary>
/// <param name="ClientId">The client identifier, assigned by the broker where the client gave none.</param>
/// <param name="UserName">The user name of CONNECT, or the one that authentication gave; null for none.</param>
/// <param name="Origin">Where the connection came from.</param>
public sealed record ClientIdentity(string ClientId, string? UserName, ConnectionOrigin Origin)
{
    /// <summary>Rules of this client's own; null for none.</summary>
    public IAuthorizer? Rules { get; init; }

    /// <summary>Whether no rules hold for this client.</summary>
    public bool IsSuperuser { get; init; }
}
