using System.CommandLine;
using Avocet.Broker.Storage;
using Avocet.Broker.Storage.Records;
using Avocet.Cli.Users;
using Avocet.Security;
using Avocet.Security.Users;
using Avocet.Server;
using Avocet.Server.Configuration;

namespace Avocet.Cli.Commands;

/// <summary><c>avocet users</c>: the users of a running broker's database; and, while it does not run, the first of them.</summary>
/// <param name="exists">Whether a folder has a store.</param>
/// <param name="openStore">Opens the store in a folder, or makes one.</param>
/// <param name="openToRead">Opens the store in a folder to be read, also while the broker runs.</param>
internal sealed class UsersCommand(Func<string, bool> exists, Func<string, IStore> openStore, Func<string, IStore> openToRead)
{
    private readonly UsersLeaf _leaf = new();
    private readonly Argument<string> _user = new("user") { Description = "The user." };
    private readonly Argument<string> _role = new("role") { Description = "The role." };
    private readonly Option<int?> _priority = new("--priority") { Description = "How much it counts: those with more are asked first.", HelpName = "number" };
    private readonly Option<string?> _config = new("--config", "-c") { Description = "The TOML file that names the folder.", HelpName = "file" };
    private readonly Option<string?> _data = new("--data", "-d") { Description = "The folder of the broker's files.", HelpName = "folder" };

    public Command Create() =>
        new("users", "Manage the users of a running broker: their passwords, roles and groups.")
        {
            _leaf.Show("list", "List the users.", [], _ => new CommandRecord { Command = "listClients", Verbose = true }, UsersText.WriteUsers),
            _leaf.Show("show", "Show a user, and where it is connected.", [_user], parsed => Of(parsed, "getClient"), UsersText.WriteUser),
            CreateAdd(),
            _leaf.Change("remove", "Remove a user, and end its connections.", [_user], parsed => Of(parsed, "deleteClient"), parsed => $"Removed user '{parsed.GetValue(_user)}'."),
            CreatePassword(),
            _leaf.Change("enable", "Let a user connect again.", [_user], parsed => Of(parsed, "enableClient"), parsed => $"User '{parsed.GetValue(_user)}' may connect."),
            _leaf.Change("disable", "Keep a user out, and end its connections.", [_user], parsed => Of(parsed, "disableClient"), parsed => $"User '{parsed.GetValue(_user)}' may not connect."),
            CreateClientId(),
            _leaf.Change(
                "grant", "Give a user a role.", [_user, _role, _priority],
                parsed => Of(parsed, "addClientRole") with { RoleName = parsed.GetValue(_role), Priority = parsed.GetValue(_priority) },
                parsed => $"User '{parsed.GetValue(_user)}' has role '{parsed.GetValue(_role)}'."),
            _leaf.Change(
                "revoke", "Take a role from a user.", [_user, _role], parsed => Of(parsed, "removeClientRole") with { RoleName = parsed.GetValue(_role) },
                parsed => $"User '{parsed.GetValue(_user)}' has role '{parsed.GetValue(_role)}' no longer."),
            CreateImport(),
            CreateExport(),
            CreateInit(),
        };

    private CommandRecord Of(ParseResult parsed, string command) => new() { Command = command, UserName = parsed.GetValue(_user) };

    private Command CreateAdd()
    {
        var roles = new Option<string[]>("--role") { Description = "A role it has; may be given again.", HelpName = "role", DefaultValueFactory = _ => [] };
        var groups = new Option<string[]>("--group") { Description = "A group it is in; may be given again.", HelpName = "group", DefaultValueFactory = _ => [] };
        var clientId = new Option<string?>("--client-id") { Description = "The only client identifier it may have.", HelpName = "id" };
        var bare = new Option<bool>("--no-password") { Description = "It logs in by other means, such as a certificate." };
        return _leaf.Change(
            "add", "Add a user. The password is asked for, or read from standard input.", [_user, roles, groups, clientId, bare],
            parsed => Of(parsed, "createClient") with
            {
                Password = parsed.GetValue(bare) ? null : NewPassword(parsed),
                ClientId = parsed.GetValue(clientId),
                Roles = [.. parsed.GetValue(roles)!.Select(name => new MembershipRecord { RoleName = name })],
                Groups = [.. parsed.GetValue(groups)!.Select(name => new MembershipRecord { GroupName = name })],
            },
            parsed => $"Added user '{parsed.GetValue(_user)}'.");
    }

    private Command CreatePassword() => _leaf.Change(
        "password", "Give a user another password, and end its connections. The password is asked for, or read from standard input.", [_user],
        parsed => Of(parsed, "setClientPassword") with { Password = NewPassword(parsed) }, parsed => $"User '{parsed.GetValue(_user)}' has another password.");

    private Command CreateClientId()
    {
        var id = new Argument<string>("id") { Description = "The only client identifier it may have; nothing for any.", DefaultValueFactory = _ => "" };
        return _leaf.Change(
            "client-id", "Bind a user to a client identifier, or to none, and end its connections.", [_user, id], parsed => Of(parsed, "setClientId") with { ClientId = parsed.GetValue(id) },
            parsed => parsed.GetValue(id) is { Length: > 0 } given ? $"User '{parsed.GetValue(_user)}' may connect as '{given}' only." : $"User '{parsed.GetValue(_user)}' may have any client identifier.");
    }

    private Command CreateImport()
    {
        var file = new Argument<string>("file") { Description = "A dynamic-security.json of Mosquitto, or what export wrote." };
        var replace = new Option<bool>("--replace") { Description = "Let those of the file take the place of those that are there." };
        return _leaf.Create("import", "Bring the users, groups and roles of a file into the running broker.", [file, replace], async (parsed, connection) =>
        {
            var model = await UsersFileImport.RunAsync(connection, parsed.GetValue(file)!, parsed.GetValue(replace));
            await parsed.InvocationConfiguration.Output.WriteLineAsync($"Imported {model.Users.Count} users, {model.Groups.Count} groups and {model.Roles.Count} roles.");
        });
    }

    private Command CreateExport()
    {
        var file = new Argument<string?>("file") { Description = "Where to write; standard output when it is left out.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("export", "Write users, groups and roles as Mosquitto's dynamic-security.json, with the hashes of passwords, from the broker's folder; it may be running.") { _config, _data, file };
        command.SetAction(parsed => RunOnFolder(parsed, isRead: true, store =>
        {
            var json = UserFile.Write(UserStore.Load(store) ?? throw new SecurityFileException($"{store.Location} has no users; 'avocet users init' makes the first one."));
            if (parsed.GetValue(file) is { } path) SecurityFile.Replace(path, System.Text.Encoding.UTF8.GetString(json) + "\n");
            else parsed.InvocationConfiguration.Output.WriteLine(System.Text.Encoding.UTF8.GetString(json));
        }));
        return command;
    }

    private Command CreateInit()
    {
        var user = new Argument<string>("user") { Description = "The first user.", DefaultValueFactory = _ => FirstUsers.AdminName };
        var force = new Option<bool>("--force") { Description = "Also where there are users: give this one a new password, and the role to manage the others." };
        var command = new Command("init", "Make the first user, who may manage the others. The password is asked for, or read from standard input. The broker must not be running on the folder.") { _config, _data, user, force };
        command.SetAction(parsed => RunOnFolder(parsed, isRead: false, store =>
        {
            var known = UserStore.Load(store);
            if (known is not null && !parsed.GetValue(force)) throw new SecurityFileException($"{store.Location} has users already: 'avocet users' manages them while the broker runs, and --force gives this one a new password.");

            var first = FirstUsers.Create(parsed.GetValue(user)!, NewPassword(parsed));
            var batch = new StoreBatch();
            if (known is null) UserStore.WriteNew(first, batch, new StoreBatch());
            else Restore(known, first.Users.Values.Single(), first.Roles.Values.Single(), batch);
            store.Commit(batch, sync: true);
            parsed.InvocationConfiguration.Output.WriteLine($"User '{parsed.GetValue(user)}' manages the users in {store.Location}. With login.users = true they count.");
        }));
        return command;
    }

    /// <summary>The user and the role as they were at first; whatever else the user has stays.</summary>
    private static void Restore(UserModel model, User first, Role role, StoreBatch batch)
    {
        var user = model.Users.GetValueOrDefault(first.Name, first);
        var edit = new UserEdit(model);
        edit.Put(role);
        edit.Put(user with { Password = first.Password, IsDisabled = false, ClientId = "", Roles = UserForms.Ordered((IEnumerable<Membership>)[.. first.Roles, .. user.Roles]) });
        UserStore.Write(model, edit.Model, edit, batch, new StoreBatch());
    }

    private static string NewPassword(ParseResult parsed) =>
        PasswordInput.ReadNew(parsed) is { Length: > 0 } password ? password : throw new SecurityFileException("the password is empty; nothing was changed.");

    private int RunOnFolder(ParseResult parsed, bool isRead, Action<IStore> run)
    {
        try
        {
            var configuration = ServerConfiguration.Read(new ConfigurationInput { FilePath = parsed.GetValue(_config), Environment = ConfigurationInput.ProcessEnvironment(), DataFolder = parsed.GetValue(_data) });
            if (configuration.Errors.Count > 0) throw new SecurityFileException(configuration.Errors[0].ToString());

            var folder = configuration.Options.DataFolder;
            if (folder.Length == 0) throw new SecurityFileException("data is empty, so that the broker keeps everything in memory; --data names a folder.");
            if (isRead && !exists(folder)) throw new SecurityFileException($"{Path.GetFullPath(folder)} has no store; --data names the folder that the broker uses.");

            using var store = isRead ? openToRead(folder) : openStore(folder);
            StoreFormat.Prepare(store);
            run(store);
            return ServerProcess.ExitSuccess;
        }
        catch (Exception exception) when (exception is SecurityFileException or StoreException or IOException or UnauthorizedAccessException)
        {
            parsed.InvocationConfiguration.Error.WriteLine($"avocet: {exception.Message}");
            return ServerProcess.ExitFailure;
        }
    }
}
