using System.Collections.Immutable;
using System.Text.Json;
using Avocet.Broker.Security;
using Avocet.Security.Passwords;

namespace Avocet.Security.Users;

/// <summary>The commands about users, which Mosquitto calls clients.</summary>
internal static class UserCommands
{
    /// <summary>Null where it is about something else.</summary>
    /// <param name="command">The command.</param>
    /// <param name="edit">The change in the making.</param>
    /// <param name="findConnections">The connections of some users, by their names.</param>
    public static CommandAnswer? Run(UserCommand command, UserEdit edit, Func<Func<string, bool>, ILookup<string, ClientIdentity>> findConnections) => command.Name switch
    {
        "CREATECLIENT" => Create(command, edit),
        "DELETECLIENT" => command.WithUser(edit, user => Change(() => edit.Remove(user))),
        "GETCLIENT" => command.WithUser(edit, user => CommandAnswer.With(writer =>
        {
            writer.WritePropertyName("client");
            JsonSerializer.Serialize(writer, ViewsOf([user], findConnections).Single(), UserJson.Compact.UserRecord);
        })),
        "LISTCLIENTS" => command.List("clients", edit.Model.Users, users => ViewsOf(users, findConnections), UserJson.Compact.UserRecord),
        "MODIFYCLIENT" => command.WithUser(edit, user => Modify(command, edit, user)),
        "SETCLIENTPASSWORD" => command.WithUser(edit, user => SetPassword(command, edit, user)),
        "SETCLIENTID" => command.WithUser(edit, user => Put(edit, user with { ClientId = command.Record.ClientId ?? "" }, leaves: true)),
        "ENABLECLIENT" => command.WithUser(edit, user => Put(edit, user with { IsDisabled = false }, leaves: false)),
        "DISABLECLIENT" => command.WithUser(edit, user => Put(edit, user with { IsDisabled = true }, leaves: true)),
        "ADDCLIENTROLE" => command.WithUser(edit, user => command.WithRole(edit, role => AddRole(command, edit, user, role))),
        "REMOVECLIENTROLE" => command.WithUser(edit, user => command.WithRole(edit, role => Put(edit, user with { Roles = Without(user.Roles, role.Name) }, leaves: false))),
        _ => null,
    };

    public static ImmutableArray<Membership> Without(ImmutableArray<Membership> memberships, string name) => memberships.RemoveAll(member => member.Name == name);

    private static CommandAnswer Create(UserCommand command, UserEdit edit)
    {
        var record = command.Record;
        if (!UserCommand.TryGetName(record.UserName, "username", out var name, out var answer)) return answer;
        if (edit.Model.Users.ContainsKey(name)) return CommandAnswer.Failed("Client already exists");
        if (edit.Model.Users.Count >= UserLimits.UsersMax) return CommandAnswer.Failed($"There are {UserLimits.UsersMax} clients already, and no more can be kept");
        if (!TryGetHash(command, out var hash, out answer) || !command.TryGetRoles(edit.Model, out var roles, out answer)) return answer;

        var groups = UserForms.GroupsOf(record.Groups);
        if (groups.Any(group => !edit.Model.Groups.ContainsKey(group.Name))) return CommandAnswer.Failed("Group not found");
        if (groups.Length > UserLimits.MembershipsMax) return CommandAnswer.Failed($"More than {UserLimits.MembershipsMax} groups");

        var user = new User(name) { ClientId = record.ClientId ?? "", Password = hash, IsDisabled = record.Disabled ?? false, Roles = roles, Groups = groups };
        return Put(edit, command.WithTexts(user), leaves: false);
    }

    private static CommandAnswer Modify(UserCommand command, UserEdit edit, User user)
    {
        var record = command.Record;
        if (!TryGetHash(command, out var hash, out var answer) || !command.TryGetRoles(edit.Model, out var roles, out answer)) return answer;

        // Mosquitto leaves out groups that are not there, which hides a mistake.
        var groups = UserForms.GroupsOf(record.Groups);
        if (groups.Any(group => !edit.Model.Groups.ContainsKey(group.Name))) return CommandAnswer.Failed("Group not found");
        if (groups.Length > UserLimits.MembershipsMax) return CommandAnswer.Failed($"More than {UserLimits.MembershipsMax} groups");

        var changed = command.WithTexts(user) with
        {
            ClientId = record.ClientId ?? user.ClientId,
            Password = hash ?? user.Password,
            IsDisabled = record.Disabled ?? user.IsDisabled,
            Roles = record.Roles is null ? user.Roles : roles,
            Groups = record.Groups is null ? user.Groups : groups,
        };
        var leaves = hash is not null || changed.ClientId != user.ClientId || (changed.IsDisabled && !user.IsDisabled);
        return Put(edit, changed, leaves);
    }

    private static CommandAnswer SetPassword(UserCommand command, UserEdit edit, User user)
    {
        if (!TryGetHash(command, out var hash, out var answer)) return answer;
        if (hash is null) return CommandAnswer.Failed(command.Record.Password is null ? "Invalid/missing password" : "Empty password is not allowed");

        return Put(edit, user with { Password = hash }, leaves: true);
    }

    private static CommandAnswer AddRole(UserCommand command, UserEdit edit, User user, Role role)
    {
        if (user.Roles.Any(member => member.Name == role.Name)) return CommandAnswer.Failed("Client already has this role");
        if (user.Roles.Length >= UserLimits.MembershipsMax) return CommandAnswer.Failed($"More than {UserLimits.MembershipsMax} roles");

        var roles = user.Roles.Add(new Membership(role.Name, command.Record.Priority ?? Membership.NoPriority));
        return Put(edit, user with { Roles = UserForms.Ordered(roles) }, leaves: false);
    }

    private static bool TryGetHash(UserCommand command, out PasswordHash? hash, out CommandAnswer answer)
    {
        (hash, answer) = (command.Hash, default);
        if (command.Record.EncodedPassword is not { Length: > 0 } encoded) return true;
        if (PasswordHash.TryParse(encoded, out hash, out var problem)) return true;

        answer = CommandAnswer.Failed($"Invalid encoded_password: {problem}");
        return false;
    }

    private static List<UserRecord> ViewsOf(IReadOnlyList<User> users, Func<Func<string, bool>, ILookup<string, ClientIdentity>> findConnections)
    {
        var names = users.Select(user => user.Name).ToHashSet(StringComparer.Ordinal);
        var connections = findConnections(names.Contains);
        return [.. users.Select(user => UserForms.ToView(user) with { Connections = Addresses(connections[user.Name]) })];
    }

    private static List<ConnectionRecord>? Addresses(IEnumerable<ClientIdentity> clients)
    {
        var addresses = clients.Select(client => new ConnectionRecord($"{client.Origin.RemoteEndPoint}")).ToList();
        return addresses.Count > 0 ? addresses : null;
    }

    private static CommandAnswer Put(UserEdit edit, User user, bool leaves) => Change(() =>
    {
        edit.Put(user);
        if (leaves) edit.Leaving.Add(user.Name);
    });

    private static CommandAnswer Change(Action action)
    {
        action();
        return CommandAnswer.Done;
    }
}
