using System.Security.Cryptography;
using System.Text;
using Avocet.Security.Passwords;

namespace Avocet.Security.Users;

/// <summary>The database as it begins: one user who may manage it, with the role that Mosquitto's <c>dynsec init</c> gives.</summary>
internal static class FirstUsers
{
    public const string AdminName = "admin";

    /// <summary>Letters and digits that are not taken for others.</summary>
    private const string PasswordCharacters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    private const int PasswordLength = 20;

    public static string CreatePassword() => RandomNumberGenerator.GetString(PasswordCharacters, PasswordLength);

    public static UserModel Create(string userName, string password)
    {
        var role = new Role("admin")
        {
            TextName = "Manages users, groups and roles, and may read everything",
            Acls =
            [
                Allow(RoleAclType.PublishClientSend, "$CONTROL/dynamic-security/#"),
                Allow(RoleAclType.PublishClientReceive, "$CONTROL/dynamic-security/#"),
                Allow(RoleAclType.PublishClientReceive, "$SYS/#"),
                Allow(RoleAclType.PublishClientReceive, "#"),
                Allow(RoleAclType.SubscribePattern, "$CONTROL/dynamic-security/#"),
                Allow(RoleAclType.SubscribePattern, "$SYS/#"),
                Allow(RoleAclType.SubscribePattern, "#"),
                Allow(RoleAclType.UnsubscribePattern, "#"),
            ],
        };
        var user = new User(userName)
        {
            TextName = "The first administrator",
            Password = PasswordHash.Create(PasswordAlgorithm.Argon2id, Encoding.UTF8.GetBytes(password)),
            Roles = [new Membership(role.Name, Membership.NoPriority)],
        };
        return UserModel.Empty with { Users = UserModel.Empty.Users.Add(user.Name, user), Roles = UserModel.Empty.Roles.Add(role.Name, role) };
    }

    private static RoleAcl Allow(RoleAclType type, string topic) => RoleAcl.Create(type, topic, 0, isAllowed: true)!;
}
