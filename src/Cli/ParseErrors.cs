using System.CommandLine;
using Avocet.Server;
using Avocet.Server.Configuration;

namespace Avocet.Cli;

/// <summary>Says in a line what is wrong with a command line.</summary>
internal static class ParseErrors
{
    public static int Report(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var problem = parsed.UnmatchedTokens is [var unknown, ..] ? Unknown(command, unknown) : OneLine(parsed.Errors[0].Message);
        var path = command is RootCommand ? "avocet" : "avocet " + PathOf(command);
        Console.Error.WriteLine($"avocet: {problem} See '{path} --help'.");
        return ServerProcess.ExitFailure;
    }

    /// <summary>Of what may be given in place of a wrong word System.CommandLine makes a line each.</summary>
    private static string OneLine(string message)
    {
        var text = string.Join(' ', message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).Replace("' '", "', '", StringComparison.Ordinal);
        return text.EndsWith('.') ? text : text + ".";
    }

    private static string Unknown(Command command, string token)
    {
        var names = command.Options.SelectMany(option => option.Aliases.Prepend(option.Name)).Concat(command.Subcommands.Select(child => child.Name));
        var nearest = NearestName.Find(token, names.Where(name => name.Length > 2));
        return $"'{token}' is not known here{(nearest is null ? "" : $"; the nearest is {nearest}")}.";
    }

    private static string PathOf(Command command)
    {
        var parents = command.Parents.OfType<Command>().Where(parent => parent is not RootCommand).Select(PathOf);
        return string.Join(' ', parents.Append(command.Name));
    }
}
