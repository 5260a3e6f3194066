using Avocet.Protocol;

namespace Avocet.Broker.Security;

/// <summary>An authenticator's answer.</summary>
/// <param name="IsNext">The authenticator does not know this client; ask the next one.</param>
/// <param name="Reason">Success, or the reason for CONNACK.</param>
public readonly record struct AuthenticationResult(bool IsNext, ReasonCode Reason)
{
    public static AuthenticationResult Accept => new(false, ReasonCode.Success);

    public static AuthenticationResult Next => new(true, ReasonCode.Success);

    /// <summary>With <see cref="Accept"/>: who the client has proved to be, where that is not the user name of CONNECT.</summary>
    public string? UserName { get; init; }

    /// <summary>With <see cref="Accept"/>: the client identifier to use, where that is not the one of CONNECT.</summary>
    public string? ClientId { get; init; }

    /// <summary>With <see cref="Accept"/>: when the connection ends because what let it in, such as a token, holds no longer. Null for never.</summary>
    public DateTimeOffset? ValidUntil { get; init; }

    /// <summary>With <see cref="Accept"/>: rules of this client's own, such as those of its token. They are asked besides the broker's. Null for none.</summary>
    public IAuthorizer? Rules { get; init; }

    /// <summary>With <see cref="Accept"/>: whether no rules hold for this client. Only the broker publishes to <c>$SYS</c> all the same.</summary>
    public bool IsSuperuser { get; init; }

    public static AuthenticationResult Deny(ReasonCode reason) => new(false, reason);
}
