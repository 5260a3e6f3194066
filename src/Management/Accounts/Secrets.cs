using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Avocet.Management.Accounts;

/// <summary>Random secrets, and what is kept of them.</summary>
internal static class Secrets
{
    public const string KeyPrefix = "avocet_";

    private const int Size = 32;

    /// <summary>256 random bits as text.</summary>
    public static string Create() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Size));

    public static string CreateKey() => KeyPrefix + Create();

    public static string CreateId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    public static string HashOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    public static bool AreSame(string left, string right) =>
        CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(left)), SHA256.HashData(Encoding.UTF8.GetBytes(right)));
}
