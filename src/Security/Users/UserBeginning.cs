using Microsoft.Extensions.Logging;

namespace Avocet.Security.Users;

/// <summary>Begins a database: with the users of Mosquitto's file, or with one user who has a password of his own.</summary>
internal static class UserBeginning
{
    public const string PasswordFileName = "first-password";

    /// <exception cref="SecurityFileException">The file cannot be used, or there is no place for the password.</exception>
    public static UserModel Create(string file, string folder, ILogger logger)
    {
        if (file.Length > 0)
        {
            var model = UserFile.Read(file);
            Log.UsersImported(logger, file, model.Users.Count, model.Groups.Count, model.Roles.Count);
            return model;
        }

        if (folder.Length == 0)
        {
            throw new SecurityFileException("login.users: without a data folder users are in memory only, and somebody has to be there first. Set login.users_file to a dynamic-security.json, or data to a folder.");
        }

        var path = Path.Combine(folder, PasswordFileName);
        var password = FirstUsers.CreatePassword();
        SecurityFile.Replace(path, password + "\n");
        Log.FirstUserCreated(logger, FirstUsers.AdminName, path);
        return FirstUsers.Create(FirstUsers.AdminName, password);
    }
}
