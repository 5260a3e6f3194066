using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;

namespace Avocet.Security.Passwords;

/// <summary>One hashed password, in one of the forms that Mosquitto writes: <c>$argon2id$</c>, <c>$7$</c> (PBKDF2-SHA512) or <c>$6$</c> (SHA-512).</summary>
internal sealed class PasswordHash
{
    private const int HashSize = 64;
    private const int SaltSize = 64;

    /// <summary>What a file may ask of the machine for one password: more is a mistake or an attack.</summary>
    private const int IterationsMax = 10_000_000;
    private const int Argon2KibibytesMax = 1024 * 1024;
    private const int Argon2LanesMax = 16;
    private const int Argon2PassesMax = 64;

    private readonly byte[] _salt;
    private readonly byte[] _hash;

    private PasswordHash(PasswordAlgorithm algorithm, HashCost cost, byte[] salt, byte[] hash)
    {
        Algorithm = algorithm;
        Cost = cost;
        _salt = salt;
        _hash = hash;
    }

    public PasswordAlgorithm Algorithm { get; }

    public HashCost Cost { get; }

    /// <summary>Hashes a password with a new salt.</summary>
    public static PasswordHash Create(PasswordAlgorithm algorithm, ReadOnlySpan<byte> password) => Create(algorithm, HashCost.Default(algorithm), password);

    /// <summary>Hashes a password with a new salt, at a given cost.</summary>
    public static PasswordHash Create(PasswordAlgorithm algorithm, HashCost cost, ReadOnlySpan<byte> password)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltSize);
        return new PasswordHash(algorithm, cost, salt, Compute(algorithm, cost, password, salt, HashSize));
    }

    /// <summary>A hash that no password has, which takes as long to check as those like <paramref name="model"/>.</summary>
    public static PasswordHash Unknown(PasswordHash? model)
    {
        var algorithm = model?.Algorithm ?? PasswordAlgorithm.Argon2id;
        var saltSize = model?._salt.Length ?? SaltSize;
        var hashSize = model?._hash.Length ?? HashSize;
        return new PasswordHash(algorithm, model?.Cost ?? HashCost.Default(algorithm), RandomNumberGenerator.GetBytes(saltSize), RandomNumberGenerator.GetBytes(hashSize));
    }

    /// <summary>Reads a hash; the reason, in words, when it is none.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out PasswordHash? hash, out string problem)
    {
        hash = null;
        var parts = text.Split('$');
        problem = parts switch
        {
            ["", "6", var salt, var bytes] => Read(PasswordAlgorithm.Sha512, new HashCost(1), salt, bytes, out hash),
            ["", "7", var iterations, var salt, var bytes] => ReadPbkdf2(iterations, salt, bytes, out hash),
            ["", "argon2id", var version, var cost, var salt, var bytes] => ReadArgon2(version, cost, salt, bytes, out hash),
            ["", "argon2i" or "argon2d", ..] => "this kind of argon2 is not supported; argon2id is",
            ["", _, _, ..] => $"the hash form ${parts[1]}$ is not known; $argon2id$, $7$ and $6$ are",
            _ => "the password is not hashed; 'avocet passwd convert' hashes a file of plain passwords",
        };
        return hash is not null;
    }

    /// <summary>Whether this is the password. Takes the same time wherever the first difference is.</summary>
    public bool Verify(ReadOnlySpan<byte> password)
    {
        var computed = Compute(Algorithm, Cost, password, _salt, _hash.Length);
        return CryptographicOperations.FixedTimeEquals(computed, _hash);
    }

    /// <summary>As in a password file.</summary>
    public override string ToString() => Algorithm switch
    {
        PasswordAlgorithm.Sha512 => $"$6${Convert.ToBase64String(_salt)}${Convert.ToBase64String(_hash)}",
        PasswordAlgorithm.Pbkdf2Sha512 => string.Create(
            CultureInfo.InvariantCulture, $"$7${Cost.Passes}${Convert.ToBase64String(_salt)}${Convert.ToBase64String(_hash)}"),
        _ => string.Create(
            CultureInfo.InvariantCulture, $"$argon2id$v=19$m={Cost.Kibibytes},t={Cost.Passes},p={Cost.Lanes}${Bare(_salt)}${Bare(_hash)}"),
    };

    private static byte[] Compute(PasswordAlgorithm algorithm, HashCost cost, ReadOnlySpan<byte> password, byte[] salt, int size)
    {
        switch (algorithm)
        {
            case PasswordAlgorithm.Sha512:
                var input = new byte[password.Length + salt.Length];
                password.CopyTo(input);
                salt.CopyTo(input, password.Length);
                var digest = SHA512.HashData(input);
                CryptographicOperations.ZeroMemory(input);
                return digest;
            case PasswordAlgorithm.Pbkdf2Sha512:
                return Rfc2898DeriveBytes.Pbkdf2(password, salt, cost.Passes, HashAlgorithmName.SHA512, size);
            default:
                return Argon2.Compute(password, salt, cost, size);
        }
    }

    private static string ReadPbkdf2(string iterations, string salt, string bytes, out PasswordHash? hash)
    {
        hash = null;
        return TryReadNumber(iterations, IterationsMax, out var passes)
            ? Read(PasswordAlgorithm.Pbkdf2Sha512, new HashCost(passes), salt, bytes, out hash)
            : $"the iterations of a $7$ hash are a number from 1 to {IterationsMax}";
    }

    private static string ReadArgon2(string version, string cost, string salt, string bytes, out PasswordHash? hash)
    {
        hash = null;
        if (version != "v=19") return "the version of an argon2id hash is v=19";

        var parts = cost.Split(',');
        if (parts is not [['m', '=', .. var memory], ['t', '=', .. var time], ['p', '=', .. var parallel]]
            || !TryReadNumber(memory, Argon2KibibytesMax, out var kibibytes)
            || !TryReadNumber(time, Argon2PassesMax, out var passes)
            || !TryReadNumber(parallel, Argon2LanesMax, out var lanes)
            || kibibytes < 8 * lanes)
        {
            return $"the cost of an argon2id hash is m=8…{Argon2KibibytesMax},t=1…{Argon2PassesMax},p=1…{Argon2LanesMax}";
        }

        return Read(PasswordAlgorithm.Argon2id, new HashCost(passes, kibibytes, lanes), salt, bytes, out hash);
    }

    private static string Read(PasswordAlgorithm algorithm, HashCost cost, string salt, string bytes, out PasswordHash? hash)
    {
        hash = null;
        if (!TryReadBase64(salt, out var saltBytes) || saltBytes.Length is < 8 or > 1024) return "the salt is not base64 of 8 to 1024 bytes";
        if (!TryReadBase64(bytes, out var hashBytes) || hashBytes.Length is < 16 or > 1024) return "the hash is not base64 of 16 to 1024 bytes";
        if (algorithm == PasswordAlgorithm.Sha512 && hashBytes.Length != HashSize) return "a $6$ hash has 64 bytes";

        hash = new PasswordHash(algorithm, cost, saltBytes, hashBytes);
        return "";
    }

    private static bool TryReadNumber(string text, int maximum, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= 1 && number <= maximum;

    /// <summary>Base64 with or without its padding: argon2 leaves it out.</summary>
    private static bool TryReadBase64(string text, out byte[] bytes)
    {
        var padded = text.TrimEnd('=');
        padded = padded.PadRight((padded.Length + 3) / 4 * 4, '=');
        bytes = new byte[padded.Length / 4 * 3];
        if (!Convert.TryFromBase64String(padded, bytes, out var written)) return false;

        bytes = bytes[..written];
        return true;
    }

    private static string Bare(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=');
}
