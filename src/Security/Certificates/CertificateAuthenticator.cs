using System.Security.Cryptography.X509Certificates;
using Avocet.Broker.Security;
using Avocet.Protocol;
using Microsoft.Extensions.Logging;

namespace Avocet.Security.Certificates;

/// <summary>Takes names from the certificates of clients, which TLS has verified. Clients without one are for the next authenticator.</summary>
internal sealed class CertificateAuthenticator(ListenerSecurity listener, ILogger logger) : IAuthenticator
{
    public ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request, CancellationToken cancellationToken) => ValueTask.FromResult(Judge(request));

    private AuthenticationResult Judge(AuthenticationRequest request)
    {
        if (request.Origin.ClientCertificate is not { } certificate) return AuthenticationResult.Next;

        var userName = NameOf(certificate, listener.CertificateUser);
        var clientId = NameOf(certificate, listener.CertificateClientId);
        if (listener.CertificateUser != CertificateName.None && userName is null) return Nameless(listener.CertificateUser, "user name");
        if (listener.CertificateClientId != CertificateName.None && clientId is null) return Nameless(listener.CertificateClientId, "client identifier");

        return AuthenticationResult.Accept with { UserName = userName, ClientId = clientId };
    }

    /// <summary>Null where the certificate has none.</summary>
    internal static string? NameOf(X509Certificate2 certificate, CertificateName name)
    {
        var found = name switch
        {
            CertificateName.Cn => CommonName(certificate),
            CertificateName.Dn => certificate.SubjectName.Decode(X500DistinguishedNameFlags.Reversed | X500DistinguishedNameFlags.UseCommas).Replace(", ", ",", StringComparison.Ordinal),
            CertificateName.San => AlternativeName(certificate),
            _ => null,
        };
        return string.IsNullOrEmpty(found) ? null : found;
    }

    private static string? CommonName(X509Certificate2 certificate)
    {
        const string CommonNameOid = "2.5.4.3";
        // The last one is the most specific.
        return certificate.SubjectName.EnumerateRelativeDistinguishedNames(reversed: false)
            .LastOrDefault(part => !part.HasMultipleElements && part.GetSingleElementType().Value == CommonNameOid)?.GetSingleElementValue();
    }

    private static string? AlternativeName(X509Certificate2 certificate)
    {
        foreach (var kind in (ReadOnlySpan<X509NameType>)[X509NameType.DnsFromAlternativeName, X509NameType.EmailName, X509NameType.UrlName])
        {
            if (certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Any() && certificate.GetNameInfo(kind, forIssuer: false) is { Length: > 0 } name) return name;
        }

        return null;
    }

    private AuthenticationResult Nameless(CertificateName name, string use)
    {
        Log.CertificateNameless(logger, listener.Listener, name.ToString().ToUpperInvariant(), use);
        return AuthenticationResult.Deny(ReasonCode.NotAuthorized);
    }
}
