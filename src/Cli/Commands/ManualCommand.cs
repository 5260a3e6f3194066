using System.CommandLine;
using Avocet.Cli.Manual;

namespace Avocet.Cli.Commands;

/// <summary><c>avocet manual FOLDER</c>: writes the manual pages, for who packages avocet.</summary>
internal static class ManualCommand
{
    public static Command Create(Func<RootCommand> root, TimeProvider timeProvider)
    {
        var folder = new Argument<string>("folder") { Description = "Where the pages go: avocet.1, and avocet-COMMAND.1 for each command." };
        var date = new Option<string>("--date")
        {
            Description = "The date that the pages bear.",
            HelpName = "date",
            DefaultValueFactory = _ => $"{timeProvider.GetUtcNow():yyyy-MM-dd}",
        };
        var command = new Command("manual", "Write the manual pages.") { folder, date };
        command.Hidden = true;
        command.SetAction(parsed =>
        {
            try
            {
                Write(parsed.GetRequiredValue(folder), new ManualPages(root(), parsed.GetRequiredValue(date)));
                return 0;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                parsed.InvocationConfiguration.Error.WriteLine($"avocet: the manual pages were not written: {exception.Message}");
                return 1;
            }
        });
        return command;
    }

    private static void Write(string folder, ManualPages pages)
    {
        Directory.CreateDirectory(folder);
        foreach (var (name, text) in pages.All()) File.WriteAllText(Path.Combine(folder, $"{name}.1"), text);
    }
}
