namespace Avocet.Broker.Security;

/// <summary>The answer of an <see cref="IRemoteAuthorizer"/>.</summary>
public enum RemoteAnswer
{
    /// <summary>There is none: who should answer cannot be reached. It is not done, and the client may try again.</summary>
    Unavailable,

    Yes,

    No,
}
