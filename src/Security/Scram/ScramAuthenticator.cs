using Avocet.Broker.Security;
using Avocet.Security.Login;

namespace Avocet.Security.Scram;

/// <summary>SCRAM-SHA-256 or SCRAM-SHA-512 (RFC 5802, RFC 7677) in AUTH packets.</summary>
internal sealed class ScramAuthenticator(string method, ScramSource source, LoginGuard guard) : IEnhancedAuthenticator
{
    public string Method => method;

    public IAuthenticationExchange Begin(AuthenticationRequest request) => new ScramExchange(method, source.File, guard, request);
}
