using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Avocet.Protocol;

namespace Avocet.Client;

/// <summary>
/// SCRAM-SHA-256 (RFC 5802, RFC 7677): the password itself does not travel, and the server has to prove that it knows it too.
/// </summary>
/// <param name="userName">The user name.</param>
/// <param name="password">The password, of characters that SASLprep leaves as they are, such as ASCII.</param>
public sealed class ScramSha256Authentication(string userName, string password) : EnhancedAuthentication
{
    /// <inheritdoc/>
    public override string Method => "SCRAM-SHA-256";

    /// <inheritdoc/>
    public override EnhancedAuthenticationExchange Begin() => new Exchange(userName, password, Convert.ToBase64String(RandomNumberGenerator.GetBytes(18)));

    /// <summary>For a test that knows the nonce.</summary>
    internal static EnhancedAuthenticationExchange Begin(string userName, string password, string nonce) => new Exchange(userName, password, nonce);

    private sealed class Exchange(string userName, string password, string nonce) : EnhancedAuthenticationExchange
    {
        // No channel binding.
        private const string Gs2Header = "n,,";

        /// <summary>Fewer give too little protection to a password that was overheard (RFC 7677, section 4).</summary>
        private const int IterationsMin = 4096;

        /// <summary>More would let a server keep this client busy for long.</summary>
        private const int IterationsMax = 10_000_000;

        private byte[]? _serverSignature;

        private string ClientFirstBare => $"n={userName.Replace("=", "=3D", StringComparison.Ordinal).Replace(",", "=2C", StringComparison.Ordinal)},r={nonce}";

        public override ReadOnlyMemory<byte> GetInitialData() => Encoding.UTF8.GetBytes(Gs2Header + ClientFirstBare);

        public override ValueTask<ReadOnlyMemory<byte>> NextAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
        {
            if (_serverSignature is not null) throw Fault("asks for more after the client's proof");

            var serverFirst = Encoding.UTF8.GetString(data.Span);
            var fields = serverFirst.Split(',');
            if (fields.Length < 3 || !fields[0].StartsWith("r=", StringComparison.Ordinal) || !fields[1].StartsWith("s=", StringComparison.Ordinal)
                || !fields[2].StartsWith("i=", StringComparison.Ordinal))
            {
                throw Fault("sends no nonce, salt and iteration count");
            }

            var serverNonce = fields[0][2..];
            if (serverNonce.Length <= nonce.Length || !serverNonce.StartsWith(nonce, StringComparison.Ordinal)) throw Fault("does not repeat the client's nonce");
            if (!int.TryParse(fields[2].AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out var iterations) || iterations is < IterationsMin or > IterationsMax)
            {
                throw Fault($"wants {fields[2][2..]} iterations; allowed is {IterationsMin} to {IterationsMax}");
            }

            var withoutProof = $"c={Convert.ToBase64String(Encoding.UTF8.GetBytes(Gs2Header))},r={serverNonce}";
            var proof = Prove(fields[1][2..], iterations, Encoding.UTF8.GetBytes($"{ClientFirstBare},{serverFirst},{withoutProof}"));
            return new ValueTask<ReadOnlyMemory<byte>>(Encoding.UTF8.GetBytes($"{withoutProof},p={proof}"));
        }

        public override void Complete(ReadOnlyMemory<byte> data)
        {
            var text = Encoding.UTF8.GetString(data.Span);
            if (_serverSignature is null || !text.StartsWith("v=", StringComparison.Ordinal)) throw Fault("does not prove that it knows the password");
            if (!CryptographicOperations.FixedTimeEquals(Decode(text[2..].Split(',')[0]), _serverSignature)) throw Fault("does not know the password");
        }

        private string Prove(string salt, int iterations, byte[] authMessage)
        {
            var salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), Decode(salt), iterations, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes);
            var clientKey = HMACSHA256.HashData(salted, "Client Key"u8);
            var proof = HMACSHA256.HashData(SHA256.HashData(clientKey), authMessage);
            for (var i = 0; i < proof.Length; i++) proof[i] ^= clientKey[i];
            _serverSignature = HMACSHA256.HashData(HMACSHA256.HashData(salted, "Server Key"u8), authMessage);
            return Convert.ToBase64String(proof);
        }

        private static byte[] Decode(string base64)
        {
            try
            {
                return Convert.FromBase64String(base64);
            }
            catch (FormatException)
            {
                throw Fault("sends what is no Base64");
            }
        }

        private static MqttConnectException Fault(string what) => new($"SCRAM-SHA-256: the server {what}.") { Reason = ReasonCode.NotAuthorized };
    }
}
