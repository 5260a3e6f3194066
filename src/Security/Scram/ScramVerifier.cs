using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;

namespace Avocet.Security.Scram;

/// <summary>
/// What the server keeps of a password for SCRAM (RFC 5802): salted keys, from which neither the password nor a log-in can be made. Written as PostgreSQL does:
/// <c>SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey</c>.
/// </summary>
internal sealed record ScramVerifier(string Method, int Iterations, byte[] Salt, byte[] StoredKey, byte[] ServerKey)
{
    public const string Sha256 = "SCRAM-SHA-256";
    public const string Sha512 = "SCRAM-SHA-512";

    private const int SaltSize = 16;
    private const int IterationsMin = 4096;
    private const int IterationsMax = 10_000_000;

    public static HashAlgorithmName HashOf(string method) => method == Sha512 ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256;

    public static ScramVerifier Create(string method, ReadOnlySpan<byte> password, int iterations, byte[]? salt = null)
    {
        salt ??= RandomNumberGenerator.GetBytes(SaltSize);
        var hash = HashOf(method);
        var salted = Rfc2898DeriveBytes.Pbkdf2(password, salt, iterations, hash, method == Sha512 ? 64 : 32);
        var clientKey = CryptographicOperations.HmacData(hash, salted, "Client Key"u8);
        return new ScramVerifier(method, iterations, salt, CryptographicOperations.HashData(hash, clientKey), CryptographicOperations.HmacData(hash, salted, "Server Key"u8));
    }

    /// <summary>For a user that does not exist: always the same for a name, so that asking twice tells nothing, and no password fits.</summary>
    public static ScramVerifier Unknown(string method, string userName, byte[] secret, int iterations)
    {
        var hash = HashOf(method);
        var salt = CryptographicOperations.HmacData(hash, secret, System.Text.Encoding.UTF8.GetBytes(userName));
        var size = method == Sha512 ? 64 : 32;
        return new ScramVerifier(method, iterations, salt[..SaltSize], RandomNumberGenerator.GetBytes(size), RandomNumberGenerator.GetBytes(size));
    }

    public static bool TryParse(string text, [NotNullWhen(true)] out ScramVerifier? verifier)
    {
        verifier = null;
        if (text.Split('$') is not [Sha256 or Sha512, var cost, var keys]) return false;

        var method = text[..text.IndexOf('$')];
        var size = method == Sha512 ? 64 : 32;
        if (cost.Split(':') is not [var iterations, var salt] || keys.Split(':') is not [var stored, var server]) return false;
        if (!int.TryParse(iterations, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is < IterationsMin or > IterationsMax) return false;
        if (!TryDecode(salt, out var saltBytes) || !TryDecode(stored, out var storedKey) || !TryDecode(server, out var serverKey)) return false;
        if (saltBytes.Length is < 8 or > 256 || storedKey.Length != size || serverKey.Length != size) return false;

        verifier = new ScramVerifier(method, count, saltBytes, storedKey, serverKey);
        return true;
    }

    public string ToText() => string.Create(
        CultureInfo.InvariantCulture, $"{Method}${Iterations}:{Convert.ToBase64String(Salt)}${Convert.ToBase64String(StoredKey)}:{Convert.ToBase64String(ServerKey)}");

    internal static bool TryDecode(string text, out byte[] bytes)
    {
        bytes = new byte[text.Length];
        if (!Convert.TryFromBase64String(text, bytes, out var written)) return false;

        bytes = bytes[..written];
        return true;
    }

    // A record prints all its properties; a key must not get into a log that way.
    private bool PrintMembers(System.Text.StringBuilder builder)
    {
        builder.Append("Method = ").Append(Method);
        return true;
    }
}
