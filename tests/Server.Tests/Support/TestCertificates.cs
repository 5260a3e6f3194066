using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Avocet.Server.Tests.Support;

/// <summary>A certificate authority of the test's own, and server certificates signed by it.</summary>
internal sealed class TestCertificates : IDisposable
{
    private readonly X509Certificate2 _authority;

    public TestCertificates()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=Avocet test authority", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-2), DateTimeOffset.UtcNow.AddDays(30));
    }

    public string AuthorityPem => _authority.ExportCertificatePem();

    /// <summary>Writes NAME.pem and NAME.key.</summary>
    public CertificateOptions WritePem(TemporaryFolder folder, string name, params string[] hostNames) => WritePem(folder, name, DateTimeOffset.UtcNow.AddDays(10), hostNames);

    /// <summary>Writes NAME.pem and NAME.key of a certificate that ends at a time.</summary>
    public CertificateOptions WritePem(TemporaryFolder folder, string name, DateTimeOffset end, params string[] hostNames)
    {
        using var certificate = Issue(hostNames, out var key, end: end);
        using (key)
        {
            return new CertificateOptions
            {
                File = folder.Write($"{name}.pem", certificate.ExportCertificatePem() + "\n"),
                KeyFile = folder.Write($"{name}.key", key.ExportPkcs8PrivateKeyPem() + "\n"),
            };
        }
    }

    /// <summary>Writes NAME.pem and NAME.key of a client.</summary>
    public CertificateOptions WriteClientPem(TemporaryFolder folder, string name)
    {
        using var certificate = Issue([name], out var key, "1.3.6.1.5.5.7.3.2");
        using (key)
        {
            return new CertificateOptions
            {
                File = folder.Write($"{name}.pem", certificate.ExportCertificatePem() + "\n"),
                KeyFile = folder.Write($"{name}.key", key.ExportPkcs8PrivateKeyPem() + "\n"),
            };
        }
    }

    /// <summary>Writes NAME.pfx, and NAME.password with its password.</summary>
    public CertificateOptions WritePfx(TemporaryFolder folder, string name, string password, params string[] hostNames)
    {
        using var certificate = Issue(hostNames, out var key);
        using (key)
        using (var withKey = certificate.CopyWithPrivateKey(key))
        {
            File.WriteAllBytes(folder.File($"{name}.pfx"), withKey.Export(X509ContentType.Pfx, password));
            return new CertificateOptions { File = folder.File($"{name}.pfx"), PasswordFile = folder.Write($"{name}.password", password + "\n") };
        }
    }

    public bool Signed(X509Certificate? certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(_authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return certificate is X509Certificate2 given && chain.Build(given);
    }

    public void Dispose() => _authority.Dispose();

    private X509Certificate2 Issue(string[] hostNames, out RSA key, string purpose = "1.3.6.1.5.5.7.3.1", DateTimeOffset? end = null)
    {
        key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={hostNames[0]}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var hostName in hostNames) names.AddDnsName(hostName);
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, false));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], false));
        var serial = RandomNumberGenerator.GetBytes(16);
        return request.Create(_authority, DateTimeOffset.UtcNow.AddDays(-1), end ?? DateTimeOffset.UtcNow.AddDays(10), serial);
    }
}
