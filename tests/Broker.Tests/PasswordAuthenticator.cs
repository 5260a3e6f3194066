using System.Text;
using Avocet.Broker.Security;
using Avocet.Protocol;

namespace Avocet.Broker.Tests;

/// <summary>Lets in whoever has this user name and password.</summary>
internal sealed class PasswordAuthenticator(string? userName, string password) : IAuthenticator
{
    public AuthenticationRequest? Last { get; private set; }

    public ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request, CancellationToken cancellationToken)
    {
        Last = request;
        var isKnown = request.UserName == userName && request.Password is { } given && Encoding.UTF8.GetString(given.Span) == password;
        return ValueTask.FromResult(isKnown ? AuthenticationResult.Accept : AuthenticationResult.Deny(ReasonCode.NotAuthorized));
    }
}
