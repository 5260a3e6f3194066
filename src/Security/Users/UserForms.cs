using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Avocet.Security.Passwords;

namespace Avocet.Security.Users;

/// <summary>Users, groups and roles from their JSON records and back. What is wrong in a record is said in words.</summary>
internal static class UserForms
{
    public static bool IsName(string? name) => name is not null && Encoding.UTF8.GetByteCount(name) <= UserLimits.NameBytesMax;

    public static bool IsText(string? text) => text is null || Encoding.UTF8.GetByteCount(text) <= UserLimits.TextBytesMax;

    /// <summary>Those with a higher priority first, else in their order; of those with the same name the first.</summary>
    public static ImmutableArray<Membership> Ordered(IEnumerable<Membership> memberships) =>
        [.. memberships.DistinctBy(member => member.Name).OrderByDescending(member => member.Priority)];

    public static ImmutableArray<RoleAcl> Ordered(IEnumerable<RoleAcl> acls) => [.. acls.OrderByDescending(acl => acl.Priority)];

    public static ImmutableArray<Membership> RolesOf(IReadOnlyList<MembershipRecord>? records) => Read(records, record => record.RoleName);

    public static ImmutableArray<Membership> GroupsOf(IReadOnlyList<MembershipRecord>? records) => Read(records, record => record.GroupName);

    /// <summary>Null with the reason where it is none.</summary>
    public static User? ToUser(UserRecord record, out string problem)
    {
        problem = "";
        if (!IsName(record.UserName)) return Wrong("a user has no name, or a longer one than 1,024 bytes", out problem);

        PasswordHash? hash = null;
        if (EncodedOf(record) is { } encoded && !PasswordHash.TryParse(encoded, out hash, out var reason)) return Wrong($"user '{record.UserName}': {reason}", out problem);

        return new User(record.UserName!)
        {
            ClientId = record.ClientId ?? "",
            Password = hash,
            IsDisabled = record.Disabled ?? false,
            TextName = record.TextName ?? "",
            TextDescription = record.TextDescription ?? "",
            Roles = RolesOf(record.Roles),
            Groups = GroupsOf(record.Groups),
        };

        static User? Wrong(string text, out string problem)
        {
            problem = text;
            return null;
        }
    }

    public static UserGroup? ToGroup(GroupRecord record, out string problem)
    {
        problem = IsName(record.GroupName) ? "" : "a group has no name, or a longer one than 1,024 bytes";
        if (problem.Length > 0) return null;

        return new UserGroup(record.GroupName!) { TextName = record.TextName ?? "", TextDescription = record.TextDescription ?? "", Roles = RolesOf(record.Roles) };
    }

    public static Role? ToRole(RoleRecord record, out string problem)
    {
        problem = IsName(record.RoleName) ? "" : "a role has no name, or a longer one than 1,024 bytes";
        if (problem.Length > 0) return null;

        var acls = new List<RoleAcl>();
        foreach (var entry in record.Acls ?? [])
        {
            if (ToAcl(entry, out problem) is not { } acl)
            {
                problem = $"role '{record.RoleName}': {problem}";
                return null;
            }

            acls.Add(acl);
        }

        return new Role(record.RoleName!)
        {
            TextName = record.TextName ?? "",
            TextDescription = record.TextDescription ?? "",
            AllowsWildcards = record.AllowWildcardSubs ?? true,
            Acls = Ordered(acls),
        };
    }

    public static RoleAcl? ToAcl(AclRecord record, out string problem)
    {
        problem = "";
        if (RoleAcl.TypeOf(record.AclType) is not { } type) problem = $"acltype '{record.AclType}' is none of {RoleAcl.TypeNames}";
        else if (record.Topic is not { } topic || Encoding.UTF8.GetByteCount(topic) > ushort.MaxValue) problem = "an entry has no topic";
        else if (RoleAcl.Create(type, topic, record.Priority ?? 0, record.Allow ?? false) is not { } acl) problem = $"'{topic}' is not a topic filter";
        else return acl;

        return null;
    }

    public static DefaultAccess ToDefault(DefaultAccessRecord? record)
    {
        var initial = DefaultAccess.Initial;
        return record is null
            ? initial
            : new DefaultAccess(
                record.PublishClientSend ?? initial.Send, record.PublishClientReceive ?? initial.Receive, record.Subscribe ?? initial.Subscribe, record.Unsubscribe ?? initial.Unsubscribe);
    }

    /// <summary>The user with its password.</summary>
    public static UserRecord ToRecord(User user) => ToView(user) with { EncodedPassword = user.Password?.ToString() };

    /// <summary>The user as it may be shown: without its password.</summary>
    public static UserRecord ToView(User user) => new()
    {
        UserName = user.Name,
        ClientId = Given(user.ClientId),
        TextName = Given(user.TextName),
        TextDescription = Given(user.TextDescription),
        Disabled = user.IsDisabled ? true : null,
        Roles = ToRecords(user.Roles, static (name, priority) => new MembershipRecord { RoleName = name, Priority = priority }),
        Groups = ToRecords(user.Groups, static (name, priority) => new MembershipRecord { GroupName = name, Priority = priority }),
    };

    /// <summary>The group without its users.</summary>
    public static GroupRecord ToRecord(UserGroup group) => new()
    {
        GroupName = group.Name,
        TextName = Given(group.TextName),
        TextDescription = Given(group.TextDescription),
        Roles = ToRecords(group.Roles, static (name, priority) => new MembershipRecord { RoleName = name, Priority = priority }),
    };

    /// <summary>The group as it is shown.</summary>
    public static GroupRecord ToView(UserGroup group, IEnumerable<User> members) =>
        ToRecord(group) with { Clients = [.. members.Select(user => new MembershipRecord { UserName = user.Name })] };

    public static RoleRecord ToRecord(Role role) => new()
    {
        RoleName = role.Name,
        TextName = Given(role.TextName),
        TextDescription = Given(role.TextDescription),
        AllowWildcardSubs = role.AllowsWildcards ? null : false,
        Acls = [.. role.Acls.OrderBy(acl => acl.Type).Select(acl => new AclRecord { AclType = acl.TypeName, Topic = acl.Topic, Priority = acl.Priority, Allow = acl.IsAllowed })],
    };

    public static DefaultAccessRecord ToRecord(DefaultAccess access) => new()
    {
        PublishClientSend = access.Send,
        PublishClientReceive = access.Receive,
        Subscribe = access.Subscribe,
        Unsubscribe = access.Unsubscribe,
    };

    /// <summary>The hash in one piece; Mosquitto 2.0 keeps it in three.</summary>
    private static string? EncodedOf(UserRecord record)
    {
        if (record.EncodedPassword is { Length: > 0 } encoded) return encoded;
        if (record.Password is not { Length: > 0 } || record.Salt is null) return null;

        return string.Create(CultureInfo.InvariantCulture, $"$7${record.Iterations ?? 101}${record.Salt}${record.Password}");
    }

    private static ImmutableArray<Membership> Read(IReadOnlyList<MembershipRecord>? records, Func<MembershipRecord, string?> nameOf) =>
        records is null ? [] : Ordered(records.Where(record => nameOf(record) is not null).Select(record => new Membership(nameOf(record)!, record.Priority ?? Membership.NoPriority)));

    private static List<MembershipRecord> ToRecords(ImmutableArray<Membership> memberships, Func<string, int?, MembershipRecord> create) =>
        [.. memberships.Select(member => create(member.Name, member.Priority == Membership.NoPriority ? null : member.Priority))];

    private static string? Given(string text) => text.Length > 0 ? text : null;
}
