namespace Avocet.Broker.Security;

/// <summary>Says who may connect. Several are asked in the operator's order until one says yes or no.</summary>
public interface IAuthenticator
{
    /// <summary>Judges a CONNECT. It must not block the calling thread: hashing and I/O go elsewhere.</summary>
    ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request, CancellationToken cancellationToken);
}
