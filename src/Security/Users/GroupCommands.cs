using System.Text.Json;

namespace Avocet.Security.Users;

/// <summary>The commands about groups.</summary>
internal static class GroupCommands
{
    /// <summary>Null where it is about something else.</summary>
    public static CommandAnswer? Run(UserCommand command, UserEdit edit) => command.Name switch
    {
        "CREATEGROUP" => Create(command, edit),
        "DELETEGROUP" => command.WithGroup(edit, group =>
        {
            edit.Remove(group);
            return CommandAnswer.Done;
        }),
        "GETGROUP" => command.WithGroup(edit, group => CommandAnswer.With(writer =>
        {
            writer.WritePropertyName("group");
            JsonSerializer.Serialize(writer, UserForms.ToView(group, edit.Model.MembersOf(group.Name)), UserJson.Compact.GroupRecord);
        })),
        "LISTGROUPS" => command.List("groups", edit.Model.Groups, groups => ViewsOf(groups, edit.Model), UserJson.Compact.GroupRecord),
        "MODIFYGROUP" => command.WithGroup(edit, group => Modify(command, edit, group)),
        "ADDGROUPCLIENT" => command.WithGroup(edit, group => command.WithUser(edit, user => AddUser(command, edit, group, user))),
        "REMOVEGROUPCLIENT" => command.WithGroup(edit, group => command.WithUser(edit, user =>
        {
            edit.Put(user with { Groups = UserCommands.Without(user.Groups, group.Name) });
            return CommandAnswer.Done;
        })),
        "ADDGROUPROLE" => command.WithGroup(edit, group => command.WithRole(edit, role => AddRole(command, edit, group, role))),
        "REMOVEGROUPROLE" => command.WithGroup(edit, group => command.WithRole(edit, role => Put(edit, group with { Roles = UserCommands.Without(group.Roles, role.Name) }))),
        "SETANONYMOUSGROUP" => command.WithGroup(edit, group =>
        {
            edit.SetAnonymousGroup(group.Name);
            return CommandAnswer.Done;
        }),
        "GETANONYMOUSGROUP" => CommandAnswer.With(writer =>
        {
            writer.WriteStartObject("group");
            writer.WriteString("groupname", edit.Model.AnonymousGroup);
            writer.WriteEndObject();
        }),
        _ => null,
    };

    private static CommandAnswer Create(UserCommand command, UserEdit edit)
    {
        if (!UserCommand.TryGetName(command.Record.GroupName, "groupname", out var name, out var answer)) return answer;
        if (edit.Model.Groups.ContainsKey(name)) return CommandAnswer.Failed("Group already exists");
        if (edit.Model.Groups.Count >= UserLimits.GroupsMax) return CommandAnswer.Failed($"There are {UserLimits.GroupsMax} groups already, and no more can be kept");

        return command.TryGetRoles(edit.Model, out var roles, out answer) ? Put(edit, command.WithTexts(new UserGroup(name) { Roles = roles })) : answer;
    }

    private static CommandAnswer Modify(UserCommand command, UserEdit edit, UserGroup group)
    {
        var record = command.Record;
        if (!command.TryGetRoles(edit.Model, out var roles, out var answer)) return answer;

        // Mosquitto leaves out clients that are not there, which hides a mistake.
        var members = record.Clients?.Where(client => client.UserName is not null).DistinctBy(client => client.UserName).ToDictionary(client => client.UserName!, client => client.Priority ?? Membership.NoPriority);
        if (members is not null && members.Keys.Any(name => !edit.Model.Users.ContainsKey(name))) return CommandAnswer.Failed("Client not found");

        Put(edit, command.WithTexts(group) with { Roles = record.Roles is null ? group.Roles : roles });
        if (members is null) return CommandAnswer.Done;

        foreach (var user in edit.Model.MembersOf(group.Name).ToList()) edit.Put(user with { Groups = UserCommands.Without(user.Groups, group.Name) });
        foreach (var (name, priority) in members)
        {
            var user = edit.Model.Users[name];
            edit.Put(user with { Groups = UserForms.Ordered(user.Groups.Add(new Membership(group.Name, priority))) });
        }

        return CommandAnswer.Done;
    }

    private static CommandAnswer AddUser(UserCommand command, UserEdit edit, UserGroup group, User user)
    {
        if (user.Groups.Any(member => member.Name == group.Name)) return CommandAnswer.Failed("Client is already in this group");
        if (user.Groups.Length >= UserLimits.MembershipsMax) return CommandAnswer.Failed($"More than {UserLimits.MembershipsMax} groups");

        edit.Put(user with { Groups = UserForms.Ordered(user.Groups.Add(new Membership(group.Name, command.Record.Priority ?? Membership.NoPriority))) });
        return CommandAnswer.Done;
    }

    private static CommandAnswer AddRole(UserCommand command, UserEdit edit, UserGroup group, Role role)
    {
        if (group.Roles.Any(member => member.Name == role.Name)) return CommandAnswer.Failed("Group is already in this role");
        if (group.Roles.Length >= UserLimits.MembershipsMax) return CommandAnswer.Failed($"More than {UserLimits.MembershipsMax} roles");

        return Put(edit, group with { Roles = UserForms.Ordered(group.Roles.Add(new Membership(role.Name, command.Record.Priority ?? Membership.NoPriority))) });
    }

    /// <summary>In one pass over the users, however many groups there are.</summary>
    private static IEnumerable<GroupRecord> ViewsOf(IReadOnlyList<UserGroup> groups, UserModel model)
    {
        var members = model.Users.Values.SelectMany(user => user.Groups, (user, group) => (user, group.Name)).ToLookup(pair => pair.Name, pair => pair.user);
        return groups.Select(group => UserForms.ToView(group, members[group.Name]));
    }

    private static CommandAnswer Put(UserEdit edit, UserGroup group)
    {
        edit.Put(group);
        return CommandAnswer.Done;
    }
}
