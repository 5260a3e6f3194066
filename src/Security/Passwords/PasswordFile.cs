using System.Globalization;
using System.Text;

namespace Avocet.Security.Passwords;

/// <summary>The users of a Mosquitto password file: a line <c>user:hash</c> for each. Immutable.</summary>
internal sealed class PasswordFile
{
    private readonly Dictionary<string, PasswordHash> _users;
    private readonly PasswordHash _unknown;

    private PasswordFile(Dictionary<string, PasswordHash> users)
    {
        _users = users;
        // Whoever measures times should not learn which users there are, so an unknown one is checked like most of the known.
        var model = users.Values.GroupBy(hash => (hash.Algorithm, hash.Cost)).MaxBy(group => group.Count())?.First();
        _unknown = PasswordHash.Unknown(model);
    }

    public static PasswordFile Empty { get; } = new([]);

    public int Count => _users.Count;

    /// <summary>Users whose hash is quick to guess: <c>$6$</c>, and <c>$7$</c> with few iterations, as Mosquitto 2.0 writes it.</summary>
    public int Weak => _users.Values.Count(hash => hash.Algorithm == PasswordAlgorithm.Sha512
        || (hash.Algorithm == PasswordAlgorithm.Pbkdf2Sha512 && hash.Cost.Passes < 10_000));

    /// <exception cref="SecurityFileException">The file cannot be read, or a line is wrong; the message names file and line.</exception>
    public static PasswordFile Read(string path) => Parse(path, SecurityFile.ReadText(path));

    /// <exception cref="SecurityFileException">A line is wrong; the message names file and line.</exception>
    public static PasswordFile Parse(string path, string text)
    {
        var users = new Dictionary<string, PasswordHash>(StringComparer.Ordinal);
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            var content = line.TrimEnd('\r');
            if (content.Length == 0 || content[0] == '#') continue;

            var colon = content.IndexOf(':');
            if (colon <= 0) throw Wrong(path, number, "a line is user:hash");

            // The line is not shown: it may hold a password.
            if (!PasswordHash.TryParse(content[(colon + 1)..].Trim(), out var hash, out var problem)) throw Wrong(path, number, problem);
            if (!users.TryAdd(content[..colon], hash)) throw Wrong(path, number, "this user is there already; keep one of the lines");
        }

        return new PasswordFile(users);
    }

    public bool Contains(string userName) => _users.ContainsKey(userName);

    /// <summary>The user's hash; for an unknown user one that no password has.</summary>
    public PasswordHash HashOf(string userName, out bool isKnown)
    {
        isKnown = _users.TryGetValue(userName, out var hash);
        return hash ?? _unknown;
    }

    /// <summary>What may not be a user name, because the file could not be read again; null when it may.</summary>
    public static string? FindNameProblem(string userName)
    {
        if (userName.Length == 0) return "a user name has at least one character";
        if (userName.AsSpan().ContainsAny(":\r\n\0")) return "a user name has no ':' and no line ends";
        if (userName[0] == '#') return "a user name does not begin with '#': such a line is a comment";

        return Encoding.UTF8.GetByteCount(userName) > ushort.MaxValue ? "a user name has at most 65,535 bytes" : null;
    }

    private static SecurityFileException Wrong(string path, int line, string problem) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{path}:{line}: {problem}."));
}
