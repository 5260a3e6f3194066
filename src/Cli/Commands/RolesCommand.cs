using System.CommandLine;
using Avocet.Cli.Users;
using Avocet.Security.Users;

namespace Avocet.Cli.Commands;

/// <summary><c>avocet roles</c>: what users of a running broker may do.</summary>
internal sealed class RolesCommand
{
    private static readonly string[] AclTypes = RoleAcl.TypeNames.Split(", ");

    private readonly UsersLeaf _leaf = new();
    private readonly Argument<string> _role = new("role") { Description = "The role." };
    private readonly Argument<string> _type = new("type") { Description = "What it is about." };
    private readonly Argument<string> _topic = new("topic") { Description = "A topic filter; %c and %u stand for client identifier and user name, but not in literal ones." };
    private readonly Argument<string> _effect = new("effect") { Description = "allow or deny." };
    private readonly Option<int?> _priority = new("--priority") { Description = "How much it counts: those with more are asked first.", HelpName = "number" };

    public Command Create()
    {
        _type.AcceptOnlyFromAmong(AclTypes);
        _effect.AcceptOnlyFromAmong("allow", "deny");
        return new Command("roles", "Manage what users of a running broker may do: roles, their entries, and the default access.")
        {
            _leaf.Show("list", "List the roles.", [], _ => new CommandRecord { Command = "listRoles", Verbose = true }, UsersText.WriteRoles),
            _leaf.Show("show", "Show the entries of a role.", [_role], parsed => Of(parsed, "getRole"), UsersText.WriteRole),
            _leaf.Change("add", "Add a role.", [_role], parsed => Of(parsed, "createRole"), parsed => $"Added role '{parsed.GetValue(_role)}'."),
            _leaf.Change("remove", "Remove a role from everybody who has it.", [_role], parsed => Of(parsed, "deleteRole"), parsed => $"Removed role '{parsed.GetValue(_role)}'."),
            CreateAcl(),
            CreateDefault(),
        };
    }

    private CommandRecord Of(ParseResult parsed, string command) => new() { Command = command, RoleName = parsed.GetValue(_role) };

    private Command CreateAcl() => new("acl", "Change the entries of a role.")
    {
        _leaf.Change(
            "add", "Add an entry: a role may, or may not, do something about a topic.", [_role, _type, _topic, _effect, _priority],
            parsed => Of(parsed, "addRoleACL") with
            {
                AclType = parsed.GetValue(_type), Topic = parsed.GetValue(_topic), Allow = parsed.GetValue(_effect) == "allow", Priority = parsed.GetValue(_priority),
            },
            parsed => $"Role '{parsed.GetValue(_role)}' has {parsed.GetValue(_type)} {parsed.GetValue(_topic)} {parsed.GetValue(_effect)}."),
        _leaf.Change(
            "remove", "Remove an entry.", [_role, _type, _topic], parsed => Of(parsed, "removeRoleACL") with { AclType = parsed.GetValue(_type), Topic = parsed.GetValue(_topic) },
            parsed => $"Role '{parsed.GetValue(_role)}' has {parsed.GetValue(_type)} {parsed.GetValue(_topic)} no longer."),
    };

    private Command CreateDefault()
    {
        var access = new Argument<string?>("access") { Description = "What to change; without it the default access is shown.", Arity = ArgumentArity.ZeroOrOne };
        access.AcceptOnlyFromAmong("publishClientSend", "publishClientReceive", "subscribe", "unsubscribe");
        var effect = new Argument<string?>("effect") { Description = "allow or deny.", Arity = ArgumentArity.ZeroOrOne };
        effect.AcceptOnlyFromAmong("allow", "deny");
        return _leaf.Create("default", "Show or change what holds where no entry of a user's roles fits.", [access, effect], async (parsed, connection) =>
        {
            if (parsed.GetValue(access) is { } type)
            {
                var allow = parsed.GetValue(effect) ?? throw new CommandException($"Say whether to allow or deny {type}.");
                await connection.AskAsync(new CommandRecord { Command = "setDefaultACLAccess", Acls = [new AclRecord { AclType = type, Allow = allow == "allow" }] });
            }

            UsersText.WriteDefault((await connection.AskAsync(new CommandRecord { Command = "getDefaultACLAccess" }))[0], parsed.InvocationConfiguration.Output);
        });
    }
}
