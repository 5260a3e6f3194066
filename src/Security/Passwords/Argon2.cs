using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;

namespace Avocet.Security.Passwords;

/// <summary>argon2id, version 1.3, from Bouncy Castle. See docs/decisions/0060-argon2-bouncy-castle.md.</summary>
internal static class Argon2
{
    public static byte[] Compute(ReadOnlySpan<byte> password, byte[] salt, HashCost cost, int size)
    {
        var parameters = new Argon2Parameters.Builder(Argon2Parameters.Argon2id)
            .WithVersion(Argon2Parameters.Version13)
            .WithIterations(cost.Passes)
            .WithMemoryAsKB(cost.Kibibytes)
            .WithParallelism(cost.Lanes)
            .WithSalt(salt)
            .Build();
        var generator = new Argon2BytesGenerator();
        generator.Init(parameters);
        var hash = new byte[size];
        generator.GenerateBytes(password.ToArray(), hash);
        return hash;
    }
}
