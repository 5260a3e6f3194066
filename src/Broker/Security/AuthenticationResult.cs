using Avocet.Protocol;

namespace Avocet.Broker.Security;

/// <summary>An authenticator's answer.</summary>
/// <param name="IsNext">The authenticator does not know this client; ask the next one.</param>
/// <param name="Reason">Success, or the reason for CONNACK.</param>
public readonly record struct AuthenticationResult(bool IsNext, ReasonCode Reason)
{
    public static AuthenticationResult Accept => new(false, ReasonCode.Success);

    public static AuthenticationResult Next => new(true, ReasonCode.Success);

    public static AuthenticationResult Deny(ReasonCode reason) => new(false, reason);
}
