using System.CommandLine;
using System.Text;
using Avocet.Security;
using Avocet.Security.Passwords;
using Avocet.Security.Scram;
using Avocet.Server;

namespace Avocet.Cli.Commands;

/// <summary><c>avocet passwd</c>: writes password files. It also takes what one would give to <c>mosquitto_passwd</c>.</summary>
internal static class PasswdCommand
{
    private static readonly string[] HashNames = ["argon2id", "sha512-pbkdf2", "sha512"];

    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "The password file." };
        var user = new Argument<string?>("user") { Description = "The user.", Arity = ArgumentArity.ZeroOrOne };
        var password = new Argument<string?>("password") { Description = "With -b: the password.", Arity = ArgumentArity.ZeroOrOne };
        var create = new Option<bool>("-c") { Description = "Make a new file, over an old one if there is one." };
        var batch = new Option<bool>("-b") { Description = "The password is on the command line, where others can see it." };
        var delete = new Option<bool>("-D") { Description = "Delete the user." };
        var convert = new Option<bool>("-U") { Description = "Hash a file of plain passwords." };
        var hash = HashOption();
        var command = new Command("passwd", "Add, delete and check the users of a password file. Takes the options of mosquitto_passwd, too.")
        {
            CreateSet(), CreateDelete(), CreateCheck(), CreateConvert(), CreateScram(), file, user, password, create, batch, delete, convert, hash,
        };
        command.SetAction(parsed => Run(parsed, () =>
        {
            var (path, name) = (parsed.GetValue(file)!, parsed.GetValue(user));
            if (parsed.GetValue(convert)) return Convert(path, parsed.GetValue(hash), parsed);
            if (name is null) return Fail(parsed, "name a user: avocet passwd FILE USER");
            if (parsed.GetValue(delete)) return Delete(path, name, parsed);
            if (parsed.GetValue(batch) && parsed.GetValue(password) is null) return Fail(parsed, "-b wants the password: avocet passwd -b FILE USER PASSWORD");
            if (!parsed.GetValue(batch) && parsed.GetValue(password) is not null) return Fail(parsed, "a password on the command line wants -b");

            return Set(path, name, parsed.GetValue(password), parsed.GetValue(hash), parsed.GetValue(create), parsed);
        }));
        return command;
    }

    private static Command CreateSet()
    {
        var (file, user, hash) = (FileArgument(), UserArgument(), HashOption());
        var command = new Command("set", "Add a user, or give one another password. The password is asked for, or read from standard input.") { file, user, hash };
        command.SetAction(parsed => Run(parsed, () => Set(parsed.GetValue(file)!, parsed.GetValue(user)!, null, parsed.GetValue(hash), isNew: false, parsed)));
        command.Aliases.Add("add");
        return command;
    }

    private static Command CreateDelete()
    {
        var (file, user) = (FileArgument(), UserArgument());
        var command = new Command("delete", "Delete a user.") { file, user };
        command.SetAction(parsed => Run(parsed, () => Delete(parsed.GetValue(file)!, parsed.GetValue(user)!, parsed)));
        return command;
    }

    private static Command CreateCheck()
    {
        var file = FileArgument();
        var user = new Argument<string?>("user") { Description = "A user whose password is to be checked.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("check", "Say what is wrong in a file; with a user, whether a password is right.") { file, user };
        command.SetAction(parsed => Run(parsed, () =>
        {
            var users = PasswordFile.Read(parsed.GetValue(file)!);
            var output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(user) is not { } name)
            {
                output.WriteLine($"{parsed.GetValue(file)} is good: {users.Count} user{(users.Count == 1 ? "" : "s")}, {users.Weak} with a hash that is quick to guess.");
                return ServerProcess.ExitSuccess;
            }

            var hash = users.HashOf(name, out var isKnown);
            if (!isKnown) return Fail(parsed, $"there is no user '{name}' in {parsed.GetValue(file)}");
            if (!hash.Verify(Encoding.UTF8.GetBytes(PasswordInput.Read("Password: ", parsed)))) return Fail(parsed, "the password is wrong");

            output.WriteLine("The password is right.");
            return ServerProcess.ExitSuccess;
        }));
        return command;
    }

    private static Command CreateConvert()
    {
        var (file, hash) = (FileArgument(), HashOption());
        var command = new Command("convert", "Hash the passwords of a file of plain ones (user:password). What is hashed stays as it is.") { file, hash };
        command.SetAction(parsed => Run(parsed, () => Convert(parsed.GetValue(file)!, parsed.GetValue(hash), parsed)));
        return command;
    }

    private static Command CreateScram()
    {
        var (file, user) = (FileArgument(), UserArgument());
        var command = new Command("scram", "Add or change a user of a file for SCRAM (login.scram_file).") { file, user };
        command.SetAction(parsed => Run(parsed, () =>
        {
            var (path, name) = (parsed.GetValue(file)!, parsed.GetValue(user)!);
            if (PasswordFile.FindNameProblem(name) is { } problem) return Fail(parsed, problem);

            var editor = File.Exists(path) ? PasswordFileEditor.Open(path) : new PasswordFileEditor("");
            var password = PasswordInput.ReadNew(parsed);
            if (password.Length == 0) return Fail(parsed, "an empty password is none");

            editor.Delete(name);
            SecurityFile.Replace(path, editor.Text + ScramFile.LineOf(name, password) + "\n");
            parsed.InvocationConfiguration.Output.WriteLine($"Set user '{name}'.");
            return ServerProcess.ExitSuccess;
        }));
        return command;
    }

    private static int Set(string path, string user, string? password, string? hash, bool isNew, ParseResult parsed)
    {
        if (PasswordFile.FindNameProblem(user) is { } problem) return Fail(parsed, problem);

        var editor = isNew || !File.Exists(path) ? new PasswordFileEditor("") : PasswordFileEditor.Open(path);
        password ??= PasswordInput.ReadNew(parsed);
        if (password.Length == 0) return Fail(parsed, "an empty password is none");

        var isAdded = editor.Set(user, PasswordHash.Create(AlgorithmOf(hash), Encoding.UTF8.GetBytes(password)));
        SecurityFile.Replace(path, editor.Text);
        parsed.InvocationConfiguration.Output.WriteLine($"{(isAdded ? "Added" : "Changed")} user '{user}'.");
        return ServerProcess.ExitSuccess;
    }

    private static int Delete(string path, string user, ParseResult parsed)
    {
        var editor = PasswordFileEditor.Open(path);
        if (!editor.Delete(user)) return Fail(parsed, $"there is no user '{user}' in {path}");

        SecurityFile.Replace(path, editor.Text);
        parsed.InvocationConfiguration.Output.WriteLine($"Deleted user '{user}'.");
        return ServerProcess.ExitSuccess;
    }

    private static int Convert(string path, string? hash, ParseResult parsed)
    {
        var editor = PasswordFileEditor.Open(path);
        var count = editor.HashPlain(path, AlgorithmOf(hash));
        SecurityFile.Replace(path, editor.Text);
        parsed.InvocationConfiguration.Output.WriteLine($"Hashed {count} password{(count == 1 ? "" : "s")}.");
        return ServerProcess.ExitSuccess;
    }

    private static int Run(ParseResult parsed, Func<int> action)
    {
        try
        {
            return action();
        }
        catch (SecurityFileException exception)
        {
            parsed.InvocationConfiguration.Error.WriteLine($"avocet: {exception.Message}");
            return ServerProcess.ExitFailure;
        }
    }

    private static int Fail(ParseResult parsed, string problem)
    {
        parsed.InvocationConfiguration.Error.WriteLine($"avocet: {problem}.");
        return ServerProcess.ExitFailure;
    }

    private static Argument<string> FileArgument() => new("file") { Description = "The password file." };

    private static Argument<string> UserArgument() => new("user") { Description = "The user." };

    private static Option<string?> HashOption()
    {
        var hash = new Option<string?>("--hash", "-H") { Description = "argon2id (default), sha512-pbkdf2 or sha512.", HelpName = "hash" };
        hash.AcceptOnlyFromAmong(HashNames);
        return hash;
    }

    private static PasswordAlgorithm AlgorithmOf(string? hash) => hash switch
    {
        "sha512" => PasswordAlgorithm.Sha512,
        "sha512-pbkdf2" => PasswordAlgorithm.Pbkdf2Sha512,
        _ => PasswordAlgorithm.Argon2id,
    };
}
