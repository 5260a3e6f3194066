using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Avocet.Security.Scram;

/// <summary>Users with their salted keys for SCRAM: a line <c>user:verifier verifier</c> for each. Immutable.</summary>
internal sealed class ScramFile
{
    /// <summary>For new keys. The client computes them at each log-in, so a device with little power decides.</summary>
    public const int IterationsDefault = 4096;

    private static readonly byte[] Secret = RandomNumberGenerator.GetBytes(32);

    private readonly Dictionary<(string User, string Method), ScramVerifier> _verifiers = [];

    public int Count { get; private set; }

    /// <exception cref="SecurityFileException">The file cannot be read, or a line is wrong.</exception>
    public static ScramFile Read(string path) => Parse(path, SecurityFile.ReadText(path));

    /// <exception cref="SecurityFileException">A line is wrong; the message names file and line.</exception>
    public static ScramFile Parse(string path, string text)
    {
        var file = new ScramFile();
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            var content = line.Trim();
            if (content.Length == 0 || content[0] == '#') continue;

            var colon = content.IndexOf(':');
            var user = colon > 0 ? content[..colon] : "";
            foreach (var part in content[(colon + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (user.Length == 0 || !ScramVerifier.TryParse(part, out var verifier) || !file._verifiers.TryAdd((user, verifier.Method), verifier))
                {
                    throw new SecurityFileException(string.Create(CultureInfo.InvariantCulture, $"{path}:{number}: a line is user:SCRAM-SHA-256$…, as 'avocet passwd scram' writes it, once for each user."));
                }
            }

            file.Count++;
        }

        return file;
    }

    /// <summary>The line of a user, for both methods.</summary>
    public static string LineOf(string user, string password)
    {
        var bytes = Encoding.UTF8.GetBytes(password);
        return $"{user}:{ScramVerifier.Create(ScramVerifier.Sha256, bytes, IterationsDefault).ToText()} {ScramVerifier.Create(ScramVerifier.Sha512, bytes, IterationsDefault).ToText()}";
    }

    /// <summary>The user's keys; for an unknown user some that nothing fits.</summary>
    public ScramVerifier Find(string user, string method, out bool isKnown)
    {
        isKnown = _verifiers.TryGetValue((user, method), out var verifier);
        return verifier ?? ScramVerifier.Unknown(method, user, Secret, IterationsDefault);
    }
}
