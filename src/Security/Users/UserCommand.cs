using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Avocet.Security.Passwords;

namespace Avocet.Security.Users;

/// <summary>One command of a request, with its password hashed already.</summary>
/// <param name="Name">What is to be done.</param>
/// <param name="Record">All that came with it.</param>
/// <param name="Problem">Why it is refused unseen; null for not at all.</param>
internal sealed record UserCommand(string Name, CommandRecord Record, string? Problem)
{
    /// <summary>The hash of its password; null where it has none.</summary>
    public PasswordHash? Hash { get; init; }

    /// <summary>Whether it has a name of this kind in it.</summary>
    public static bool TryGetName(string? name, string kind, out string known, out CommandAnswer answer)
    {
        known = name ?? "";
        answer = UserForms.IsName(name) ? default : CommandAnswer.Failed($"Invalid/missing {kind}");
        return answer.Error is null;
    }

    /// <summary>Finds the user that it is about.</summary>
    public CommandAnswer WithUser(UserEdit edit, Func<User, CommandAnswer> run)
    {
        if (!TryGetName(Record.UserName, "username", out var name, out var answer)) return answer;

        return edit.Model.Users.TryGetValue(name, out var user) ? run(user) : CommandAnswer.Failed("Client not found");
    }

    public CommandAnswer WithGroup(UserEdit edit, Func<UserGroup, CommandAnswer> run)
    {
        if (!TryGetName(Record.GroupName, "groupname", out var name, out var answer)) return answer;

        return edit.Model.Groups.TryGetValue(name, out var group) ? run(group) : CommandAnswer.Failed("Group not found");
    }

    public CommandAnswer WithRole(UserEdit edit, Func<Role, CommandAnswer> run, string notFound = "Role not found")
    {
        if (!TryGetName(Record.RoleName, "rolename", out var name, out var answer)) return answer;

        return edit.Model.Roles.TryGetValue(name, out var role) ? run(role) : CommandAnswer.Failed(notFound);
    }

    /// <summary>A part of what there is, in full or as names.</summary>
    public CommandAnswer List<T, TRecord>(string member, IReadOnlyCollection<KeyValuePair<string, T>> entries, Func<IReadOnlyList<T>, IEnumerable<TRecord>> toRecords, JsonTypeInfo<TRecord> form)
    {
        var offset = Math.Max(0, Record.Offset ?? 0);
        // Mosquitto takes -1 for all.
        var count = Record.Count is { } wanted and >= 0 ? wanted : int.MaxValue;
        return CommandAnswer.With(writer =>
        {
            var part = entries.Skip(offset).Take(count);
            writer.WriteNumber("totalCount", entries.Count);
            writer.WriteStartArray(member);
            if (Record.Verbose != true)
            {
                foreach (var (name, _) in part) writer.WriteStringValue(name);
            }
            else
            {
                foreach (var record in toRecords([.. part.Select(pair => pair.Value)])) JsonSerializer.Serialize(writer, record, form);
            }

            writer.WriteEndArray();
        });
    }

    /// <summary>The roles that come with it; an error where one is not there.</summary>
    public bool TryGetRoles(UserModel model, out System.Collections.Immutable.ImmutableArray<Membership> roles, out CommandAnswer answer)
    {
        roles = UserForms.RolesOf(Record.Roles);
        answer = default;
        if (roles.Any(role => !model.Roles.ContainsKey(role.Name))) answer = CommandAnswer.Failed("Role not found");
        else if (roles.Length > UserLimits.MembershipsMax) answer = CommandAnswer.Failed($"More than {UserLimits.MembershipsMax} roles");

        return answer.Error is null;
    }

    public T WithTexts<T>(T entry)
        where T : UserEntry => entry with { TextName = Record.TextName ?? entry.TextName, TextDescription = Record.TextDescription ?? entry.TextDescription };
}
