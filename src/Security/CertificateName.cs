namespace Avocet.Security;

/// <summary>What of a client certificate is used as a name.</summary>
public enum CertificateName
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The common name of the subject.</summary>
    Cn,

    /// <summary>The whole subject, as in RFC 2253: <c>CN=device1,O=Example</c>.</summary>
    Dn,

    /// <summary>The first DNS name, e-mail address or URI of the subject alternative name.</summary>
    San,
}
