using System.CommandLine;

namespace Avocet.Cli.Clients;

/// <summary>
/// Makes of a command line as mosquitto_pub takes it one that System.CommandLine reads the same way: the word behind an option is its value, also when it
/// begins with a dash, and -D takes three words, or four for a User Property.
/// </summary>
internal static class MosquittoArguments
{
    /// <summary>Between the words of one -D.</summary>
    public const char Separator = '\u001F';

    public static IReadOnlyList<string> Normalize(Command root, IReadOnlyList<string> arguments)
    {
        var command = arguments.Select(argument => root.Subcommands.FirstOrDefault(child => child.Name == argument)).FirstOrDefault(child => child is not null);
        if (command is null || !command.Options.Any(option => option.Name == ClientArguments.PropertyOption)) return arguments;

        var result = new List<string>();
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            result.Add(argument);
            var option = command.Options.FirstOrDefault(option => option.Name == argument || option.Aliases.Contains(argument));
            if (option is null || option.Arity.MaximumNumberOfValues == 0 || option is Option<bool> || i + 1 == arguments.Count) continue;

            if (option.Name == ClientArguments.PropertyOption)
            {
                var count = Math.Min(arguments.Count - i - 1, i + 2 < arguments.Count && arguments[i + 2] == "user-property" ? 4 : 3);
                result[^1] = $"{argument}={string.Join(Separator, arguments.Skip(i + 1).Take(count))}";
                i += count;
            }
            else if (arguments[i + 1].StartsWith('-'))
            {
                result[^1] = $"{argument}={arguments[++i]}";
            }
            else
            {
                result.Add(arguments[++i]);
            }
        }

        return result;
    }
}
