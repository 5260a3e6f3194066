using Avocet.Security.Users;

namespace Avocet.Cli.Users;

/// <summary>Brings the users, groups and roles of a <c>dynamic-security.json</c> into a running broker.</summary>
internal static class UsersFileImport
{
    /// <exception cref="CommandException">One of them is there already, or the broker refuses.</exception>
    public static async Task<UserModel> RunAsync(UsersConnection connection, string path, bool mayReplace)
    {
        var model = UserFile.Read(path);
        var known = await connection.AskAsync(new CommandRecord { Command = "listClients" }, new CommandRecord { Command = "listGroups" }, new CommandRecord { Command = "listRoles" });
        var (users, groups, roles) = (Names(known[0], "clients"), Names(known[1], "groups"), Names(known[2], "roles"));
        var there = model.Users.Keys.Where(users.Contains).Select(name => $"user '{name}'")
            .Concat(model.Groups.Keys.Where(groups.Contains).Select(name => $"group '{name}'"))
            .Concat(model.Roles.Keys.Where(roles.Contains).Select(name => $"role '{name}'")).FirstOrDefault();
        if (there is not null && !mayReplace) throw new CommandException($"{there} is there already, so that nothing was imported; --replace lets those of the file take the place of what is there.");

        List<CommandRecord> commands =
        [
            .. model.Roles.Values.Select(role => ToCommand(role, roles.Contains(role.Name))),
            .. model.Groups.Values.Select(group => ToCommand(group, groups.Contains(group.Name))),
            .. model.Users.Values.Select(user => ToCommand(user, users.Contains(user.Name))),
            ToCommand(model.Default),
        ];
        if (model.AnonymousGroup.Length > 0) commands.Add(new CommandRecord { Command = "setAnonymousGroup", GroupName = model.AnonymousGroup });

        // What fits into one message is changed as one.
        foreach (var part in commands.Chunk(UserLimits.CommandsMax)) await connection.AskAsync(part);

        return model;
    }

    private static HashSet<string> Names(System.Text.Json.JsonElement data, string member) => [.. data.GetProperty(member).EnumerateArray().Select(name => name.GetString() ?? "")];

    private static CommandRecord ToCommand(Role role, bool exists)
    {
        var record = UserForms.ToRecord(role);
        return new CommandRecord
        {
            Command = exists ? "modifyRole" : "createRole",
            RoleName = role.Name,
            TextName = role.TextName,
            TextDescription = role.TextDescription,
            AllowWildcardSubs = role.AllowsWildcards,
            Acls = record.Acls,
        };
    }

    private static CommandRecord ToCommand(UserGroup group, bool exists) => new()
    {
        Command = exists ? "modifyGroup" : "createGroup",
        GroupName = group.Name,
        TextName = group.TextName,
        TextDescription = group.TextDescription,
        Roles = UserForms.ToRecord(group).Roles,
    };

    private static CommandRecord ToCommand(User user, bool exists)
    {
        var record = UserForms.ToRecord(user);
        return new CommandRecord
        {
            Command = exists ? "modifyClient" : "createClient",
            UserName = user.Name,
            ClientId = user.ClientId,
            EncodedPassword = record.EncodedPassword,
            Disabled = user.IsDisabled,
            TextName = user.TextName,
            TextDescription = user.TextDescription,
            Roles = record.Roles,
            Groups = record.Groups,
        };
    }

    private static CommandRecord ToCommand(DefaultAccess access) => new()
    {
        Command = "setDefaultACLAccess",
        Acls =
        [
            new AclRecord { AclType = "publishClientSend", Allow = access.Send },
            new AclRecord { AclType = "publishClientReceive", Allow = access.Receive },
            new AclRecord { AclType = "subscribe", Allow = access.Subscribe },
            new AclRecord { AclType = "unsubscribe", Allow = access.Unsubscribe },
        ],
    };
}
