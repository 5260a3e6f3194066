using System.CommandLine;
using Avocet.Management;
using Avocet.Management.Accounts;
using Avocet.Server;
using Microsoft.Extensions.Logging.Abstractions;
using ConsoleUsers = Avocet.Management.Accounts.Users;

namespace Avocet.Cli.Commands;

/// <summary><c>avocet console</c>: users of the console, in the data folder, for whoever has locked himself out.</summary>
internal sealed class ConsoleCommand
{
    private readonly Option<string> _data = new("--data", "-d") { Description = "The broker's data folder.", HelpName = "folder", DefaultValueFactory = _ => new ServerOptions().DataFolder };

    public Command Create()
    {
        var add = CreateAdd();
        var reset = CreateReset();
        var command = new Command("console", "Users of the web console, straight in the data folder: for whoever cannot log in. The broker may run meanwhile.") { add, reset };
        return command;
    }

    private Command CreateAdd()
    {
        var user = UserArgument();
        var role = new Option<string>("--role") { Description = "admin (default), operator or viewer.", HelpName = "role", DefaultValueFactory = _ => "admin" };
        role.AcceptOnlyFromAmong("admin", "operator", "viewer");
        var command = new Command("add-user", "Add a user. The password is asked for, or read from standard input.") { user, role, _data };
        command.SetAction(parsed => Run(parsed, store =>
        {
            var name = parsed.GetValue(user)!;
            if (store.FindUser(name) is not null) throw new CommandException($"there is a user '{name}' already; 'avocet console reset-password {name}' gives him another password.");

            var added = ConsoleUsers.Create(name, ReadPassword(name, parsed), RoleOf(parsed.GetValue(role)!), TimeProvider.System.GetUtcNow());
            store.Edit(document => document.With(added));
            return $"Added user '{name}', {parsed.GetValue(role)}.";
        }));
        return command;
    }

    private Command CreateReset()
    {
        var user = UserArgument();
        var command = new Command("reset-password", "Give a user another password. His sessions end.") { user, _data };
        command.SetAction(parsed => Run(parsed, store =>
        {
            var name = parsed.GetValue(user)!;
            if (store.FindUser(name) is not { } found)
            {
                var known = store.Current.Users.Count == 0 ? "there are none; 'avocet console add-user' makes one" : $"there are {string.Join(", ", store.Current.Users.Select(other => other.Name))}";
                throw new CommandException($"there is no user '{name}'; {known}.");
            }

            var hash = ConsoleUsers.HashOf(ReadPassword(name, parsed));
            store.Edit(document => document.With(found with { PasswordHash = hash, Revision = found.Revision + 1 }));
            return $"User '{name}' has another password.";
        }));
        return command;
    }

    private int Run(ParseResult parsed, Func<AccountStore, string> action)
    {
        try
        {
            var folder = parsed.GetValue(_data)!;
            if (!Directory.Exists(folder)) throw new CommandException($"there is no folder {folder}; name the broker's with --data.");

            parsed.InvocationConfiguration.Output.WriteLine(action(new AccountStore(folder, TimeProvider.System, NullLogger.Instance) { KeepsOwner = true }));
            return ServerProcess.ExitSuccess;
        }
        catch (Exception exception) when (exception is CommandException or ManagementException or Avocet.Security.SecurityFileException)
        {
            parsed.InvocationConfiguration.Error.WriteLine($"avocet: {exception.Message}");
            return ServerProcess.ExitFailure;
        }
    }

    private static string ReadPassword(string name, ParseResult parsed)
    {
        if (ConsoleUsers.FindNameProblem(name) is { } wrong) throw new CommandException(wrong + ".");

        var password = PasswordInput.ReadNew(parsed);
        return ConsoleUsers.FindPasswordProblem(password) is { } problem ? throw new CommandException(problem + ".") : password;
    }

    private static Argument<string> UserArgument() => new("user") { Description = "The user." };

    private static Role RoleOf(string word) => word switch
    {
        "viewer" => Role.Viewer,
        "operator" => Role.Operator,
        _ => Role.Admin,
    };
}
