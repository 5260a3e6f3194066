using System.Globalization;
using System.Text;
using Avocet.Security.Passwords;

namespace Avocet.Management.Accounts;

/// <summary>The rules of users: what they may be named, and what a password has to be.</summary>
internal static class Users
{
    public const int NameLengthMax = 64;

    /// <summary>Why a name will not do; null when it will.</summary>
    public static string? FindNameProblem(string? name)
    {
        if (string.IsNullOrEmpty(name)) return "a user needs a name";
        if (name.Length > NameLengthMax) return $"a user's name has at most {NameLengthMax} characters";

        return name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '@') ? null : "a user's name has letters, digits and - _ . @ only";
    }

    /// <summary>Why a password will not do; null when it will.</summary>
    public static string? FindPasswordProblem(string? password)
    {
        if (password is null || password.Length < ManagementLimits.PasswordLengthMin) return $"a password has at least {ManagementLimits.PasswordLengthMin} characters";

        return Encoding.UTF8.GetByteCount(password) > ManagementLimits.PasswordBytesMax ? $"a password has at most {ManagementLimits.PasswordBytesMax} bytes" : null;
    }

    public static ConsoleUser Create(string name, string password, Role role, DateTimeOffset now) => new()
    {
        Name = name,
        Role = role,
        PasswordHash = HashOf(password),
        CreatedAt = now,
        Revision = 1,
    };

    public static string HashOf(string password) => PasswordHash.Create(PasswordAlgorithm.Argon2id, Encoding.UTF8.GetBytes(password)).ToString();

    public static string EntityTagOf(ConsoleUser user) => string.Create(CultureInfo.InvariantCulture, $"\"{user.CreatedAt.UtcTicks:x}-{user.Revision}\"");

    /// <summary>With a user added, or put in the place of one of that name.</summary>
    public static ConsoleDocument With(this ConsoleDocument document, ConsoleUser user)
    {
        var users = document.Users.Where(other => other.Name != user.Name).Append(user);
        return document with { Users = [.. users.OrderBy(other => other.Name, StringComparer.Ordinal)] };
    }
}
