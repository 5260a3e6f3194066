using System.Globalization;
using System.Text;

namespace Avocet.Security.Passwords;

/// <summary>Changes lines of a password file and leaves all others, comments among them, as they are.</summary>
internal sealed class PasswordFileEditor
{
    private readonly List<string> _lines;

    public PasswordFileEditor(string text)
    {
        _lines = [.. text.Split('\n').Select(line => line.TrimEnd('\r'))];
        if (_lines[^1].Length == 0) _lines.RemoveAt(_lines.Count - 1);
    }

    public string Text => string.Concat(_lines.Select(line => line + "\n"));

    /// <exception cref="SecurityFileException">It cannot be read.</exception>
    public static PasswordFileEditor Open(string path) => new(SecurityFile.ReadText(path));

    /// <summary>Adds or replaces a user; true when the user is new.</summary>
    public bool Set(string user, PasswordHash hash)
    {
        var line = $"{user}:{hash}";
        var place = Find(user);
        if (place < 0) _lines.Add(line);
        else _lines[place] = line;

        return place < 0;
    }

    /// <summary>False when there is no such user.</summary>
    public bool Delete(string user) => _lines.RemoveAll(line => IsOf(line, user)) > 0;

    /// <summary>Hashes the plain passwords; returns how many there were.</summary>
    /// <exception cref="SecurityFileException">A line is no user:password; nothing is changed.</exception>
    public int HashPlain(string path, PasswordAlgorithm algorithm)
    {
        var count = 0;
        for (var i = 0; i < _lines.Count; i++)
        {
            var line = _lines[i];
            if (line.Length == 0 || line[0] == '#') continue;

            var colon = line.IndexOf(':');
            if (colon <= 0 || colon == line.Length - 1) throw new SecurityFileException(string.Create(CultureInfo.InvariantCulture, $"{path}:{i + 1}: a line is user:password."));

            var password = line[(colon + 1)..];
            if (PasswordHash.TryParse(password.Trim(), out _, out _)) continue;

            _lines[i] = $"{line[..colon]}:{PasswordHash.Create(algorithm, Encoding.UTF8.GetBytes(password))}";
            count++;
        }

        return count;
    }

    private int Find(string user) => _lines.FindIndex(line => IsOf(line, user));

    private static bool IsOf(string line, string user) => line.Length > user.Length && line[user.Length] == ':' && line.StartsWith(user, StringComparison.Ordinal);
}
