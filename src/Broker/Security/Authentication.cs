using Avocet.Protocol;

namespace Avocet.Broker.Security;

/// <summary>Asks the authenticators in their order.</summary>
internal sealed class Authentication(IReadOnlyList<IAuthenticator> authenticators, IReadOnlyList<IEnhancedAuthenticator> mechanisms)
{
    /// <summary>Whether anybody has to be asked at all.</summary>
    public bool IsNeeded => authenticators.Count > 0;

    /// <summary>The answer when no authenticator knows the client.</summary>
    public static ReasonCode Anonymous(ListenerPolicy listener) => listener.AllowAnonymous ? ReasonCode.Success : ReasonCode.NotAuthorized;

    public async ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request, CancellationToken cancellationToken)
    {
        foreach (var authenticator in authenticators)
        {
            var result = await authenticator.AuthenticateAsync(request, cancellationToken);
            if (!result.IsNext) return result;
        }

        // Who gives a name wants to be that user, and is not let in as nobody because the name is not known.
        return request.UserName is null ? new AuthenticationResult(false, Anonymous(request.Origin.Listener)) : AuthenticationResult.Deny(ReasonCode.BadUserNameOrPassword);
    }

    public IEnhancedAuthenticator? FindMechanism(string method) => mechanisms.FirstOrDefault(mechanism => mechanism.Method == method);
}
