using System.CommandLine;
using Avocet.Cli.Users;
using Avocet.Security.Users;

namespace Avocet.Cli.Commands;

/// <summary><c>avocet groups</c>: the groups of a running broker's users.</summary>
internal sealed class GroupsCommand
{
    private readonly UsersLeaf _leaf = new();
    private readonly Argument<string> _group = new("group") { Description = "The group." };
    private readonly Argument<string> _user = new("user") { Description = "The user." };
    private readonly Argument<string> _role = new("role") { Description = "The role." };
    private readonly Option<int?> _priority = new("--priority") { Description = "How much it counts: those with more are asked first.", HelpName = "number" };

    public Command Create() =>
        new("groups", "Manage the groups of a running broker's users, and the roles they give.")
        {
            _leaf.Show("list", "List the groups.", [], _ => new CommandRecord { Command = "listGroups", Verbose = true }, UsersText.WriteGroups),
            _leaf.Show("show", "Show a group and who is in it.", [_group], parsed => Of(parsed, "getGroup"), UsersText.WriteGroup),
            _leaf.Change("add", "Add a group.", [_group], parsed => Of(parsed, "createGroup"), parsed => $"Added group '{parsed.GetValue(_group)}'."),
            _leaf.Change("remove", "Remove a group; its users stay.", [_group], parsed => Of(parsed, "deleteGroup"), parsed => $"Removed group '{parsed.GetValue(_group)}'."),
            _leaf.Change(
                "join", "Put a user into a group.", [_group, _user, _priority], parsed => Of(parsed, "addGroupClient") with { UserName = parsed.GetValue(_user), Priority = parsed.GetValue(_priority) },
                parsed => $"User '{parsed.GetValue(_user)}' is in group '{parsed.GetValue(_group)}'."),
            _leaf.Change(
                "leave", "Take a user out of a group.", [_group, _user], parsed => Of(parsed, "removeGroupClient") with { UserName = parsed.GetValue(_user) },
                parsed => $"User '{parsed.GetValue(_user)}' is in group '{parsed.GetValue(_group)}' no longer."),
            _leaf.Change(
                "grant", "Give the users of a group a role.", [_group, _role, _priority],
                parsed => Of(parsed, "addGroupRole") with { RoleName = parsed.GetValue(_role), Priority = parsed.GetValue(_priority) },
                parsed => $"Group '{parsed.GetValue(_group)}' has role '{parsed.GetValue(_role)}'."),
            _leaf.Change(
                "revoke", "Take a role from a group.", [_group, _role], parsed => Of(parsed, "removeGroupRole") with { RoleName = parsed.GetValue(_role) },
                parsed => $"Group '{parsed.GetValue(_group)}' has role '{parsed.GetValue(_role)}' no longer."),
            _leaf.Change("anonymous", "Say which group clients without a user name are in.", [_group], parsed => Of(parsed, "setAnonymousGroup"), parsed => $"Clients without a user name are in group '{parsed.GetValue(_group)}'."),
        };

    private CommandRecord Of(ParseResult parsed, string command) => new() { Command = command, GroupName = parsed.GetValue(_group) };
}
