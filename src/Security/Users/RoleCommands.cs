using System.Text;
using System.Text.Json;

namespace Avocet.Security.Users;

/// <summary>The commands about roles, their entries and the default access.</summary>
internal static class RoleCommands
{
    /// <summary>Null where it is about something else.</summary>
    public static CommandAnswer? Run(UserCommand command, UserEdit edit) => command.Name switch
    {
        "CREATEROLE" => Create(command, edit),
        "DELETEROLE" => command.WithRole(edit, role =>
        {
            edit.Remove(role);
            return CommandAnswer.Done;
        }),
        "GETROLE" => command.WithRole(edit, role => CommandAnswer.With(writer =>
        {
            writer.WritePropertyName("role");
            JsonSerializer.Serialize(writer, UserForms.ToRecord(role), UserJson.Compact.RoleRecord);
        })),
        "LISTROLES" => command.List("roles", edit.Model.Roles, roles => roles.Select(UserForms.ToRecord), UserJson.Compact.RoleRecord),
        "MODIFYROLE" => command.WithRole(edit, role => Change(command, edit, role), "Role does not exist"),
        "ADDROLEACL" => command.WithRole(edit, role => AddAcl(command, edit, role)),
        "REMOVEROLEACL" => command.WithRole(edit, role => RemoveAcl(command, edit, role)),
        "SETDEFAULTACLACCESS" => SetDefault(command, edit),
        "GETDEFAULTACLACCESS" => CommandAnswer.With(writer => WriteDefault(writer, edit.Model.Default)),
        "GETDETAILS" => CommandAnswer.With(writer =>
        {
            writer.WriteNumber("clientCount", edit.Model.Users.Count);
            writer.WriteNumber("groupCount", edit.Model.Groups.Count);
            writer.WriteNumber("roleCount", edit.Model.Roles.Count);
        }),
        _ => null,
    };

    private static CommandAnswer Create(UserCommand command, UserEdit edit)
    {
        if (!UserCommand.TryGetName(command.Record.RoleName, "rolename", out var name, out var answer)) return answer;
        if (edit.Model.Roles.ContainsKey(name)) return CommandAnswer.Failed("Role already exists");
        if (edit.Model.Roles.Count >= UserLimits.RolesMax) return CommandAnswer.Failed($"There are {UserLimits.RolesMax} roles already, and no more can be kept");

        return Change(command, edit, new Role(name));
    }

    private static CommandAnswer Change(UserCommand command, UserEdit edit, Role role)
    {
        var record = command.Record;
        if (record.Acls is { } records)
        {
            if (records.Count > UserLimits.AclsMax) return CommandAnswer.Failed($"More than {UserLimits.AclsMax} ACLs");

            var acls = new List<RoleAcl>(records.Count);
            foreach (var entry in records)
            {
                // Mosquitto leaves out what it does not understand, which hides a mistake.
                if (!TryRead(entry, out var acl, out var answer)) return answer;
                acls.Add(acl);
            }

            role = role with { Acls = UserForms.Ordered(acls.DistinctBy(acl => (acl.Type, acl.Topic))) };
        }

        edit.Put(command.WithTexts(role) with { AllowsWildcards = record.AllowWildcardSubs ?? role.AllowsWildcards });
        return CommandAnswer.Done;
    }

    private static CommandAnswer AddAcl(UserCommand command, UserEdit edit, Role role)
    {
        var record = command.Record;
        if (!TryRead(new AclRecord { AclType = record.AclType, Topic = record.Topic, Priority = record.Priority, Allow = record.Allow }, out var acl, out var answer)) return answer;
        if (role.Acls.Any(known => known.Type == acl.Type && known.Topic == acl.Topic)) return CommandAnswer.Failed("ACL with this topic already exists");
        if (role.Acls.Length >= UserLimits.AclsMax) return CommandAnswer.Failed($"More than {UserLimits.AclsMax} ACLs");

        edit.Put(role with { Acls = UserForms.Ordered(role.Acls.Add(acl)) });
        return CommandAnswer.Done;
    }

    private static CommandAnswer RemoveAcl(UserCommand command, UserEdit edit, Role role)
    {
        if (!TryRead(new AclRecord { AclType = command.Record.AclType, Topic = command.Record.Topic }, out var acl, out var answer)) return answer;

        var acls = role.Acls.RemoveAll(known => known.Type == acl.Type && known.Topic == acl.Topic);
        if (acls.Length == role.Acls.Length) return CommandAnswer.Failed("ACL not found");

        edit.Put(role with { Acls = acls });
        return CommandAnswer.Done;
    }

    private static bool TryRead(AclRecord record, out RoleAcl acl, out CommandAnswer answer)
    {
        (acl, answer) = (null!, default);
        if (record.AclType is null) answer = CommandAnswer.Failed("Invalid/missing acltype");
        else if (RoleAcl.TypeOf(record.AclType) is not { } type) answer = CommandAnswer.Failed("Unknown acltype");
        else if (record.Topic is not { } topic || Encoding.UTF8.GetByteCount(topic) > ushort.MaxValue) answer = CommandAnswer.Failed("Invalid/missing topic");
        else if (RoleAcl.Create(type, topic, record.Priority ?? 0, record.Allow ?? false) is not { } read) answer = CommandAnswer.Failed("Invalid ACL topic");
        else acl = read;

        return answer.Error is null;
    }

    private static CommandAnswer SetDefault(UserCommand command, UserEdit edit)
    {
        if (command.Record.Acls is not { } acls) return CommandAnswer.Failed("Missing/invalid actions array");

        var access = edit.Model.Default;
        foreach (var acl in acls)
        {
            if (acl.Allow is not { } allow) continue;

            access = acl.AclType?.ToUpperInvariant() switch
            {
                "PUBLISHCLIENTSEND" => access with { Send = allow },
                "PUBLISHCLIENTRECEIVE" => access with { Receive = allow },
                "SUBSCRIBE" => access with { Subscribe = allow },
                "UNSUBSCRIBE" => access with { Unsubscribe = allow },
                _ => access,
            };
        }

        edit.SetDefault(access);
        return CommandAnswer.Done;
    }

    private static void WriteDefault(Utf8JsonWriter writer, DefaultAccess access)
    {
        writer.WriteStartArray("acls");
        foreach (var (type, allow) in (ReadOnlySpan<(string, bool)>)[("publishClientSend", access.Send), ("publishClientReceive", access.Receive), ("subscribe", access.Subscribe), ("unsubscribe", access.Unsubscribe)])
        {
            writer.WriteStartObject();
            writer.WriteString("acltype", type);
            writer.WriteBoolean("allow", allow);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
