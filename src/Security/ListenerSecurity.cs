namespace Avocet.Security;

/// <summary>What is different at one listener.</summary>
public sealed record ListenerSecurity
{
    /// <summary>The listener's name.</summary>
    public required string Listener { get; init; }

    /// <summary>Its own password file, instead of the common one; empty for the common one.</summary>
    public string PasswordFile { get; init; } = "";

    /// <summary>What of a client certificate is the user name.</summary>
    public CertificateName CertificateUser { get; init; }

    /// <summary>What of a client certificate is the client identifier.</summary>
    public CertificateName CertificateClientId { get; init; }

    /// <summary>Its own access file, instead of the common one; empty for the common one.</summary>
    public string AclFile { get; init; } = "";
}
