namespace Avocet.Security.Users;

/// <summary>How much the database takes. What goes beyond is refused with a sentence that names the limit.</summary>
internal static class UserLimits
{
    public const int UsersMax = 100_000;
    public const int GroupsMax = 10_000;
    public const int RolesMax = 10_000;

    /// <summary>Entries of a role.</summary>
    public const int AclsMax = 1000;

    /// <summary>Roles of a user or a group, groups of a user.</summary>
    public const int MembershipsMax = 100;

    /// <summary>Bytes of a name or a client identifier.</summary>
    public const int NameBytesMax = 1024;

    /// <summary>Bytes of a description.</summary>
    public const int TextBytesMax = 4096;

    /// <summary>Bytes of a password.</summary>
    public const int PasswordBytesMax = 1024;

    public const int RequestBytesMax = 1024 * 1024;
    public const int CommandsMax = 1000;

    /// <summary>Passwords to be hashed for one request: each takes about a quarter of a second.</summary>
    public const int PasswordsMax = 32;

    public const int AnswerBytesMax = 8 * 1024 * 1024;
}
