using System.CommandLine;
using System.Text.Json;
using Avocet.Cli.Clients;
using Avocet.Security;
using Avocet.Security.Users;

namespace Avocet.Cli.Users;

/// <summary>Makes the commands that ask a running broker something about users, groups or roles.</summary>
internal sealed class UsersLeaf
{
    private readonly ClientArguments _client = new();
    private readonly Option<bool> _json = new("--json") { Description = "Show the answer as JSON." };

    /// <summary>A command that changes something, and says so in a line.</summary>
    public Command Change(string name, string description, IReadOnlyList<Symbol> symbols, Func<ParseResult, CommandRecord> toCommand, Func<ParseResult, string> done) =>
        Create(name, description, symbols, async (parsed, connection) =>
        {
            await connection.AskAsync(toCommand(parsed));
            if (!parsed.GetValue(_json)) await parsed.InvocationConfiguration.Output.WriteLineAsync(done(parsed));
        });

    /// <summary>A command that shows something.</summary>
    public Command Show(string name, string description, IReadOnlyList<Symbol> symbols, Func<ParseResult, CommandRecord> toCommand, Action<JsonElement, TextWriter> print) =>
        Create(name, description, symbols, async (parsed, connection) =>
        {
            var data = (await connection.AskAsync(toCommand(parsed)))[0];
            if (parsed.GetValue(_json)) await parsed.InvocationConfiguration.Output.WriteLineAsync(data.GetRawText());
            else print(data, parsed.InvocationConfiguration.Output);
        });

    public Command Create(string name, string description, IReadOnlyList<Symbol> symbols, Func<ParseResult, UsersConnection, Task> work)
    {
        var command = new Command(name, description) { _json };
        foreach (var symbol in symbols)
        {
            if (symbol is Argument argument) command.Arguments.Add(argument);
            else command.Options.Add((Option)symbol);
        }

        _client.AddTo(command);
        command.SetAction((parsed, _) => ClientRun.RunAsync(parsed, _client, async (run, _) =>
        {
            await using var connection = new UsersConnection(run);
            try
            {
                await work(parsed, connection);
            }
            catch (SecurityFileException exception)
            {
                throw new CommandException(exception.Message);
            }

            return 0;
        }));
        return command;
    }
}
