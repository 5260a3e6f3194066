using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Avocet.Security;
using Avocet.Security.Certificates;

namespace Avocet.Server.Transports;

/// <summary>Which client certificates a TLS listener accepts: those of its authorities that no list revokes. Immutable; other files make another.</summary>
internal sealed class ClientTrust
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly ClientCertificateMode _mode;
    private readonly X509ChainPolicy _policy = new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        // .NET takes lists from the network only; the file is looked at below.
        RevocationMode = X509RevocationMode.NoCheck,
        DisableCertificateDownloads = true,
    };

    private readonly RevocationLists? _revoked;
    private readonly TimeProvider _timeProvider;
    private readonly Action<string> _onRefused;

    private ClientTrust(ListenerOptions listener, TimeProvider timeProvider, Action<string> onRefused)
    {
        _mode = listener.ClientCertificate;
        _timeProvider = timeProvider;
        _onRefused = onRefused;
        foreach (var file in FilesOf(listener.ClientCaFile)) _policy.CustomTrustStore.ImportFromPemFile(file);
        if (_policy.CustomTrustStore.Count == 0) throw new CryptographicException($"there is no certificate in {listener.ClientCaFile}");

        _policy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        if (listener.ClientCrlFile.Length > 0) _revoked = RevocationLists.Read(listener.ClientCrlFile);
    }

    /// <summary>Null where clients are not asked for certificates.</summary>
    /// <exception cref="ServerStartException">A file cannot be used.</exception>
    public static ClientTrust? Load(ListenerOptions listener, TimeProvider timeProvider, Action<string> onRefused)
    {
        if (listener.ClientCertificate == ClientCertificateMode.None) return null;

        try
        {
            return new ClientTrust(listener, timeProvider, onRefused);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException or SecurityFileException)
        {
            throw new ServerStartException($"client certificates cannot be verified: {exception.Message.ReplaceLineEndings(" ").TrimEnd('.')}.", exception);
        }
    }

    /// <summary>The files that matter, for those who look whether one has changed.</summary>
    public static IEnumerable<string> FilesOf(ListenerOptions listener) =>
        listener.ClientCertificate == ClientCertificateMode.None ? [] : FilesOf(listener.ClientCaFile).Append(listener.ClientCrlFile).Where(file => file.Length > 0);

    public void AddTo(SslServerAuthenticationOptions options)
    {
        options.ClientCertificateRequired = true;
        options.CertificateChainPolicy = _policy;
        // A resumed session would bring back a certificate that has been revoked since.
        options.AllowTlsResume = false;
        options.RemoteCertificateValidationCallback = (_, certificate, chain, errors) => Judge(certificate, chain, errors);
    }

    private bool Judge(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null)
        {
            if (_mode == ClientCertificateMode.Required) _onRefused("the client showed no certificate");
            return _mode == ClientCertificateMode.Optional;
        }

        var problem = FindProblem(chain, errors);
        if (problem is not null) _onRefused($"the client certificate {certificate.Subject} was refused: {problem}");
        return problem is null;
    }

    private string? FindProblem(X509Chain? chain, SslPolicyErrors errors)
    {
        // The name of a client is no host name.
        if ((errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) != SslPolicyErrors.None || chain is null)
        {
            var status = chain?.ChainStatus.FirstOrDefault().StatusInformation.ReplaceLineEndings(" ").Trim().TrimEnd('.');
            return string.IsNullOrEmpty(status) ? errors.ToString() : status;
        }

        return _revoked?.FindProblem([.. chain.ChainElements.Select(element => element.Certificate)], _timeProvider.GetUtcNow());
    }

    private static IEnumerable<string> FilesOf(string path) => Directory.Exists(path) ? Directory.EnumerateFiles(path).Where(IsPem).Order(StringComparer.Ordinal) : [path];

    private static bool IsPem(string file) => Path.GetExtension(file) is ".pem" or ".crt" or ".cer";
}
