namespace Avocet.Security.Passwords;

/// <summary>What computing a hash takes.</summary>
/// <param name="Passes">Iterations of PBKDF2, passes of argon2.</param>
/// <param name="Kibibytes">The memory of argon2.</param>
/// <param name="Lanes">The parallelism of argon2.</param>
internal readonly record struct HashCost(int Passes, int Kibibytes = 0, int Lanes = 1)
{
    /// <summary>
    /// For new hashes. PBKDF2 as OWASP asks for SHA-512; argon2id as Mosquitto 2.1 has it, which is also OWASP's first choice (m=46 MiB, t=1, p=1).
    /// </summary>
    public static HashCost Default(PasswordAlgorithm algorithm) => algorithm switch
    {
        PasswordAlgorithm.Sha512 => new HashCost(1),
        PasswordAlgorithm.Pbkdf2Sha512 => new HashCost(210_000),
        _ => new HashCost(1, 47_104, 1),
    };
}
