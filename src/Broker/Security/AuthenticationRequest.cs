namespace Avocet.Broker.Security;

/// <summary>What an authenticator is told of a CONNECT.</summary>
public sealed record AuthenticationRequest
{
    public required string ClientId { get; init; }

    /// <summary>Null when the CONNECT has none.</summary>
    public string? UserName { get; init; }

    /// <summary>Null when the CONNECT has none. Never to be logged.</summary>
    public ReadOnlyMemory<byte>? Password { get; init; }

    public required ConnectionOrigin Origin { get; init; }
}
