using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Avocet.Client;

/// <summary>TLS for <c>mqtts://</c> and <c>wss://</c>. Without any of it the system's certificate authorities and the URI's host name count.</summary>
public sealed class TlsOptions
{
    /// <summary>Certificate authorities to trust instead of the system's; empty for the system's.</summary>
    public X509Certificate2Collection CertificateAuthorities { get; } = [];

    /// <summary>The client's certificate with its private key; null for none.</summary>
    public X509Certificate2? ClientCertificate { get; set; }

    /// <summary>Certificates between the client's and its authority, to be sent along.</summary>
    public X509Certificate2Collection ClientCertificateChain { get; } = [];

    /// <summary>The name the server's certificate must have, also sent as SNI; null for the URI's host.</summary>
    public string? ServerName { get; set; }

    /// <summary>Protocols to offer by ALPN, such as <c>x-amzn-mqtt-ca</c>. Without WebSocket only.</summary>
    public IList<string> ApplicationProtocols { get; } = [];

    /// <summary>The versions of TLS that are allowed; <see cref="SslProtocols.None"/> leaves the choice to the system, which is best.</summary>
    public SslProtocols Protocols { get; set; } = SslProtocols.None;

    /// <summary>The cipher suites that are allowed; empty for the system's. Not on Windows, where the system alone decides.</summary>
    public IList<TlsCipherSuite> CipherSuites { get; } = [];

    /// <summary>Whether revoked certificates are asked for, online.</summary>
    public X509RevocationMode RevocationMode { get; set; } = X509RevocationMode.NoCheck;

    /// <summary>Judges the server's certificate instead of the checks above. Returning true always gives up the protection of TLS.</summary>
    public RemoteCertificateValidationCallback? ServerCertificateValidation { get; set; }

    /// <summary>Trusts the authorities in a PEM file instead of the system's.</summary>
    /// <param name="path">The file.</param>
    public TlsOptions TrustFile(string path)
    {
        CertificateAuthorities.ImportFromPemFile(path);
        return this;
    }

    /// <summary>Presents the certificate in a PEM file; further certificates in the file are sent along.</summary>
    /// <param name="certificatePath">The certificate.</param>
    /// <param name="keyPath">Its private key; null when it is in the same file.</param>
    /// <param name="keyPassword">The password of an encrypted key; null for a plain one.</param>
    public TlsOptions PresentFile(string certificatePath, string? keyPath = null, string? keyPassword = null)
    {
        ClientCertificate = keyPassword is null
            ? X509Certificate2.CreateFromPemFile(certificatePath, keyPath)
            : X509Certificate2.CreateFromEncryptedPemFile(certificatePath, keyPassword, keyPath);
        ClientCertificateChain.Clear();
        ClientCertificateChain.ImportFromPemFile(certificatePath);
        return this;
    }
}
