using System.Text.Json;

namespace Avocet.Security.Users;

/// <summary>Mosquitto's <c>dynamic-security.json</c>, which is read when a database begins, and written for a way back.</summary>
internal static class UserFile
{
    /// <exception cref="SecurityFileException">The file cannot be used; the message names it and says why.</exception>
    public static UserModel Read(string path) => Parse(path, SecurityFile.ReadBytes(path));

    /// <exception cref="SecurityFileException">It is no such file; the message names it and says why.</exception>
    public static UserModel Parse(string path, ReadOnlySpan<byte> json)
    {
        UsersFileRecord? file;
        try
        {
            file = JsonSerializer.Deserialize(json, UserJson.Compact.UsersFileRecord);
        }
        catch (JsonException exception)
        {
            throw new SecurityFileException($"{path}: line {(exception.LineNumber ?? 0) + 1}: {exception.Path ?? "$"} is not what Mosquitto's dynamic security writes there.", exception);
        }

        return ToModel(file ?? throw new SecurityFileException($"{path}: it holds null."), problem => new SecurityFileException($"{path}: {problem}."));
    }

    public static byte[] Write(UserModel model) => JsonSerializer.SerializeToUtf8Bytes(ToRecord(model), UserJson.Indented.UsersFileRecord);

    private static UserModel ToModel(UsersFileRecord file, Func<string, SecurityFileException> fail)
    {
        var model = UserModel.Empty;
        var roles = model.Roles.ToBuilder();
        foreach (var record in file.Roles ?? [])
        {
            var role = UserForms.ToRole(record, out var problem) ?? throw fail(problem);
            if (!roles.TryAdd(role.Name, role)) throw fail($"role '{role.Name}' is there twice");
            if (role.Acls.Length > UserLimits.AclsMax) throw fail($"role '{role.Name}' has more than {UserLimits.AclsMax} entries");
        }

        var groups = model.Groups.ToBuilder();
        var memberships = new Dictionary<string, List<Membership>>(StringComparer.Ordinal);
        foreach (var record in file.Groups ?? [])
        {
            var group = UserForms.ToGroup(record, out var problem) ?? throw fail(problem);
            if (!groups.TryAdd(group.Name, group)) throw fail($"group '{group.Name}' is there twice");
            CheckRoles(group, $"group '{group.Name}'");
            foreach (var member in record.Clients ?? [])
            {
                if (member.UserName is not { } name) continue;
                if (!memberships.TryGetValue(name, out var known)) memberships[name] = known = [];
                known.Add(new Membership(group.Name, member.Priority ?? Membership.NoPriority));
            }
        }

        var users = model.Users.ToBuilder();
        foreach (var record in file.Clients ?? [])
        {
            var user = UserForms.ToUser(record, out var problem) ?? throw fail(problem);
            CheckRoles(user, $"user '{user.Name}'");
            if (memberships.Remove(user.Name, out var known)) user = user with { Groups = UserForms.Ordered(known) };
            if (!users.TryAdd(user.Name, user)) throw fail($"user '{user.Name}' is there twice");
        }

        // Mosquitto leaves those in the file whom it knows no longer: they have no rights anyway.
        model = model with
        {
            Default = UserForms.ToDefault(file.DefaultAclAccess),
            AnonymousGroup = file.AnonymousGroup ?? "",
            Users = users.ToImmutable(),
            Groups = groups.ToImmutable(),
            Roles = roles.ToImmutable(),
        };
        if (model.AnonymousGroup.Length > 0 && !model.Groups.ContainsKey(model.AnonymousGroup)) throw fail($"anonymousGroup '{model.AnonymousGroup}' is none of the groups");
        return FindExcess(model) is { } excess ? throw fail(excess) : model;

        void CheckRoles(RoleHolder holder, string name)
        {
            foreach (var role in holder.Roles)
            {
                if (!roles.ContainsKey(role.Name)) throw fail($"{name} has role '{role.Name}', which is none of the roles");
            }
        }
    }

    private static string? FindExcess(UserModel model)
    {
        if (model.Users.Count > UserLimits.UsersMax) return $"there are more than {UserLimits.UsersMax} users";
        if (model.Groups.Count > UserLimits.GroupsMax) return $"there are more than {UserLimits.GroupsMax} groups";
        if (model.Roles.Count > UserLimits.RolesMax) return $"there are more than {UserLimits.RolesMax} roles";

        var excess = model.Users.Values.FirstOrDefault(user => user.Groups.Length > UserLimits.MembershipsMax || user.Roles.Length > UserLimits.MembershipsMax);
        return excess is null ? null : $"user '{excess.Name}' has more than {UserLimits.MembershipsMax} groups or roles";
    }

    private static UsersFileRecord ToRecord(UserModel model)
    {
        // In one pass over the users, however many groups there are.
        var members = model.Groups.Keys.ToDictionary(name => name, _ => new List<MembershipRecord>(), StringComparer.Ordinal);
        foreach (var user in model.Users.Values)
        {
            foreach (var group in user.Groups) members[group.Name].Add(new MembershipRecord { UserName = user.Name, Priority = group.Priority == Membership.NoPriority ? null : group.Priority });
        }

        return new UsersFileRecord
        {
            DefaultAclAccess = UserForms.ToRecord(model.Default),
            Clients = [.. model.Users.Values.Select(user => ForMosquitto(user))],
            Groups = [.. model.Groups.Values.Select(group => UserForms.ToRecord(group) with { Clients = members[group.Name] })],
            Roles = [.. model.Roles.Values.Select(UserForms.ToRecord)],
            AnonymousGroup = model.AnonymousGroup.Length > 0 ? model.AnonymousGroup : null,
        };
    }

    /// <summary>Mosquitto 2.0 reads a PBKDF2 hash in three pieces only, 2.1 any in one.</summary>
    private static UserRecord ForMosquitto(User user)
    {
        var record = UserForms.ToRecord(user) with { Groups = null };
        return record.EncodedPassword?.Split('$') is ["", "7", var iterations, var salt, var hash]
            ? record with { Iterations = int.Parse(iterations, System.Globalization.CultureInfo.InvariantCulture), Salt = salt, Password = hash }
            : record;
    }
}
