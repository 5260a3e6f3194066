using Avocet.Broker.Security;

namespace Avocet.Security;

/// <summary>An authenticator for some listeners; at others the next is asked.</summary>
internal sealed class ForListeners(Func<string, bool> isFor, IAuthenticator inner) : IAuthenticator
{
    public ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request, CancellationToken cancellationToken) =>
        isFor(request.Origin.Listener.Name) ? inner.AuthenticateAsync(request, cancellationToken) : ValueTask.FromResult(AuthenticationResult.Next);
}
