using System.Security.Cryptography.X509Certificates;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.Security.Certificates;
using Org.BouncyCastle.X509;
using X509Certificate = Org.BouncyCastle.X509.X509Certificate;

namespace Avocet.Security.Certificates;

/// <summary>The certificate revocation lists of a file. Immutable.</summary>
internal sealed class RevocationLists
{
    private readonly IReadOnlyList<X509Crl> _lists;

    private RevocationLists(IReadOnlyList<X509Crl> lists) => _lists = lists;

    /// <exception cref="SecurityFileException">It cannot be read, or holds no list.</exception>
    public static RevocationLists Read(string path)
    {
        var bytes = SecurityFile.ReadBytes(path);
        try
        {
            var lists = new X509CrlParser().ReadCrls(bytes).ToList();
            if (lists.Count == 0) throw new SecurityFileException($"{path}: there is no revocation list in it.");

            return new RevocationLists(lists);
        }
        catch (Exception exception) when (exception is CrlException or IOException or GeneralSecurityException or ArgumentException or InvalidCastException)
        {
            throw new SecurityFileException($"{path}: no revocation list in PEM or DER.", exception);
        }
    }

    /// <summary>
    /// What is wrong with a verified chain, from the client's certificate up to the root; null when nothing is. As with Mosquitto there has to be a current
    /// list of whoever issued the client's certificate; those above are looked at where there is one.
    /// </summary>
    public string? FindProblem(IReadOnlyList<X509Certificate2> chain, DateTimeOffset now)
    {
        for (var i = 0; i + 1 < chain.Count; i++)
        {
            var certificate = new X509Certificate(chain[i].RawData);
            var issuer = new X509Certificate(chain[i + 1].RawData);
            var lists = _lists.Where(list => list.IssuerDN.Equivalent(issuer.SubjectDN) && IsSignedBy(list, issuer)).ToList();
            if (lists.Count == 0 && i == 0) return $"there is no revocation list of {chain[i].Issuer}";
            if (lists.Count == 0) continue;
            if (lists.Any(list => list.IsRevoked(certificate))) return "it is revoked";
            if (lists.All(list => list.NextUpdate is { } next && next < now.UtcDateTime)) return $"the revocation list of {chain[i].Issuer} is out of date";
        }

        return null;
    }

    private static bool IsSignedBy(X509Crl list, X509Certificate issuer)
    {
        try
        {
            list.Verify(issuer.GetPublicKey());
            return true;
        }
        catch (Exception exception) when (exception is CrlException or GeneralSecurityException)
        {
            return false;
        }
    }
}
