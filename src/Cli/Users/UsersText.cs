using System.Globalization;
using System.Text.Json;
using Avocet.Security.Users;

namespace Avocet.Cli.Users;

/// <summary>What brokers answer about users, groups and roles, for people.</summary>
internal static class UsersText
{
    public static void WriteUsers(JsonElement data, TextWriter output)
    {
        var users = data.GetProperty("clients").EnumerateArray().Select(item => item.Deserialize(UserJson.Compact.UserRecord)!).ToList();
        WriteTable(output, ["user", "state", "roles", "groups"], users.Select(user => new[] { user.UserName ?? "", StateOf(user), Roles(user.Roles), Join(user.Groups, group => group.GroupName) }));
    }

    public static void WriteUser(JsonElement data, TextWriter output)
    {
        var user = data.GetProperty("client").Deserialize(UserJson.Compact.UserRecord)!;
        Tell(output, "user", user.UserName);
        Tell(output, "state", StateOf(user));
        Tell(output, "client id", user.ClientId);
        Tell(output, "name", user.TextName);
        Tell(output, "about", user.TextDescription);
        Tell(output, "roles", Roles(user.Roles));
        Tell(output, "groups", Join(user.Groups, group => group.GroupName));
        foreach (var connection in user.Connections ?? []) Tell(output, "connected", connection.Address);
    }

    public static void WriteGroups(JsonElement data, TextWriter output)
    {
        var groups = data.GetProperty("groups").EnumerateArray().Select(item => item.Deserialize(UserJson.Compact.GroupRecord)!).ToList();
        WriteTable(output, ["group", "users", "roles"], groups.Select(group => new[] { group.GroupName ?? "", $"{group.Clients?.Count ?? 0}", Roles(group.Roles) }));
    }

    public static void WriteGroup(JsonElement data, TextWriter output)
    {
        var group = data.GetProperty("group").Deserialize(UserJson.Compact.GroupRecord)!;
        Tell(output, "group", group.GroupName);
        Tell(output, "name", group.TextName);
        Tell(output, "about", group.TextDescription);
        Tell(output, "roles", Roles(group.Roles));
        Tell(output, "users", Join(group.Clients, client => client.UserName));
    }

    public static void WriteRoles(JsonElement data, TextWriter output)
    {
        var roles = data.GetProperty("roles").EnumerateArray().Select(item => item.Deserialize(UserJson.Compact.RoleRecord)!).ToList();
        WriteTable(output, ["role", "entries", "name"], roles.Select(role => new[] { role.RoleName ?? "", $"{role.Acls?.Count ?? 0}", role.TextName ?? "" }));
    }

    public static void WriteRole(JsonElement data, TextWriter output)
    {
        var role = data.GetProperty("role").Deserialize(UserJson.Compact.RoleRecord)!;
        Tell(output, "role", role.RoleName);
        Tell(output, "name", role.TextName);
        Tell(output, "about", role.TextDescription);
        if (role.AllowWildcardSubs == false) Tell(output, "wildcards", "not in filters of subscriptions");
        WriteTable(output, ["entry", "effect", "priority", "topic"], (role.Acls ?? []).Select(acl => new[]
        {
            acl.AclType ?? "", acl.Allow == true ? "allow" : "deny", (acl.Priority ?? 0).ToString(CultureInfo.InvariantCulture), acl.Topic ?? "",
        }));
    }

    public static void WriteDefault(JsonElement data, TextWriter output) =>
        WriteTable(output, ["access", "effect"], data.GetProperty("acls").EnumerateArray().Select(item => item.Deserialize(UserJson.Compact.AclRecord)!).Select(acl => new[] { acl.AclType ?? "", acl.Allow == true ? "allow" : "deny" }));

    private static void Tell(TextWriter output, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value)) output.WriteLine($"{name,-10} {Printable(value)}");
    }

    private static void WriteTable(TextWriter output, string[] heads, IEnumerable<string[]> rows)
    {
        List<string[]> lines = [heads, .. rows.Select(row => row.Select(Printable).ToArray())];
        var widths = heads.Select((_, column) => lines.Max(line => line[column].Length)).ToArray();
        foreach (var line in lines) output.WriteLine(string.Join("  ", line.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }

    private static string StateOf(UserRecord user) => user.Disabled == true ? "disabled" : "enabled";

    private static string Roles(IReadOnlyList<MembershipRecord>? members) => Join(members, role => role.RoleName);

    /// <summary>Those that come first, first; with their priorities where they have one.</summary>
    private static string Join(IReadOnlyList<MembershipRecord>? members, Func<MembershipRecord, string?> nameOf) =>
        string.Join(", ", (members ?? []).Select(member => member.Priority is { } priority ? string.Create(CultureInfo.InvariantCulture, $"{nameOf(member)} ({priority})") : nameOf(member)));

    /// <summary>A name may hold anything, and a terminal obeys much.</summary>
    private static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
}
