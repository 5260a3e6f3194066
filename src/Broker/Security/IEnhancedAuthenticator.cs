using Avocet.Protocol;

namespace Avocet.Broker.Security;

/// <summary>A mechanism of enhanced authentication (5.0, section 4.12), such as SCRAM-SHA-256.</summary>
public interface IEnhancedAuthenticator
{
    /// <summary>The Authentication Method which selects it.</summary>
    string Method { get; }

    /// <summary>Begins an exchange, at CONNECT and again at each re-authentication.</summary>
    IAuthenticationExchange Begin(AuthenticationRequest request);
}

/// <summary>One exchange of AUTH packets.</summary>
public interface IAuthenticationExchange
{
    /// <summary>Takes the client's Authentication Data (of CONNECT or AUTH; empty where it gave none) and says how to go on.</summary>
    ValueTask<AuthenticationStep> NextAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken);
}

/// <summary>The answer to one step of an exchange.</summary>
/// <param name="Reason">ContinueAuthentication for another round, Success at the end, or an error.</param>
/// <param name="Data">The Authentication Data to send; empty for none.</param>
public readonly record struct AuthenticationStep(ReasonCode Reason, ReadOnlyMemory<byte> Data = default)
{
    /// <summary>At the end of a successful exchange: who the client has proved to be; null for the user name of CONNECT.</summary>
    public string? UserName { get; init; }
}
