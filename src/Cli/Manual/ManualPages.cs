using System.Collections;
using System.CommandLine;
using System.CommandLine.Completions;
using System.Globalization;
using System.Reflection;

namespace Avocet.Cli.Manual;

/// <summary>The manual pages, made from the same tree of commands as the help: what is added there is in the manual.</summary>
internal sealed class ManualPages(RootCommand root, string date)
{
    private static readonly string Version =
        typeof(ManualPages).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    /// <summary>Names and texts: avocet, and avocet-COMMAND for each command that the help shows.</summary>
    public IEnumerable<(string Name, string Text)> All()
    {
        yield return ("avocet", Overview());
        foreach (var command in Visible(root.Subcommands)) yield return ($"avocet-{command.Name}", Page(command));
    }

    private string Overview()
    {
        var page = Begin("avocet", "MQTT broker and tools for any broker");
        page.Request(".SH SYNOPSIS");
        page.Line($"{RoffText.Bold("avocet")} {RoffText.Italic("command")} [{RoffText.Italic("options")}]");
        page.Request(".SH DESCRIPTION");
        page.Paragraph(root.Description ?? "");
        page.Request(".PP");
        page.Line($"{RoffText.Bold("avocet")} {RoffText.Italic("command")} {RoffText.Bold("--help")} tells the options of a command, with examples and exit codes; so do the pages below.");
        page.Request(".SH COMMANDS");
        foreach (var command in Visible(root.Subcommands))
        {
            page.Request(".TP");
            page.Line($"{RoffText.Bold($"avocet-{command.Name}")}(1)");
            page.Paragraph(command.Description ?? "");
        }

        WriteOptions(page, root, ".SH OPTIONS");
        page.Request(".SH ENVIRONMENT");
        Entry(page, "AVOCET_...", "Every key of the broker's configuration can be set in this way, as avocet config show tells.");
        Entry(page, "NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID", "Set by a service manager that wants to hear of the broker: see sd_notify(3).");
        page.Request(".SH FILES");
        Entry(page, "/etc/avocet/avocet.toml", "The configuration of the system's service.");
        Entry(page, "/var/lib/avocet", "What that service keeps: sessions, queues, retained messages.");
        End(page, root);
        page.Request(".SH SEE ALSO");
        page.Line("\\fBsystemctl\\fR(1), \\fBmosquitto_pub\\fR(1), \\fBmosquitto_sub\\fR(1)");
        return page.ToString();
    }

    private string Page(Command command)
    {
        var page = Begin($"avocet-{command.Name}", FirstSentence(command.Description ?? ""));
        page.Request(".SH SYNOPSIS");
        foreach (var (index, line) in Synopses(command, "avocet").Index())
        {
            if (index > 0) page.Request(".br");
            page.Line(line);
        }

        page.Request(".SH DESCRIPTION");
        page.Paragraph(command.Description ?? "");
        WriteArguments(page, command);
        WriteOptions(page, command, ".SH OPTIONS");
        WriteSubcommands(page, command, $"avocet {command.Name}");
        End(page, command);
        page.Request(".SH SEE ALSO");
        page.Line("\\fBavocet\\fR(1)");
        return page.ToString();
    }

    private RoffText Begin(string name, string summary)
    {
        var page = new RoffText();
        page.Request($".TH {RoffText.Escape(name.ToUpperInvariant())} 1 \"{RoffText.Escape(date)}\" \"Avocet {RoffText.Escape(Version)}\" \"User Commands\"");
        page.Request(".SH NAME");
        page.Line($"{RoffText.Escape(name)} \\- {RoffText.Escape(summary)}");
        return page;
    }

    private static void End(RoffText page, Command command)
    {
        page.Request(".SH EXIT STATUS");
        page.Verbatim(string.Join('\n', HelpWithExamples.ExitCodes.ReplaceLineEndings("\n").Split('\n').Skip(1)));
        page.Request(".SH EXAMPLES");
        page.Verbatim(HelpWithExamples.Examples(command));
    }

    /// <summary>A line for the command, or for each of those below it.</summary>
    private static IEnumerable<string> Synopses(Command command, string path)
    {
        var here = $"{path} {command.Name}";
        var below = Visible(command.Subcommands).SelectMany(child => Synopses(child, here)).ToList();
        if (command.Action is null && below.Count > 0) return below;

        var words = new List<string> { RoffText.Bold(here) };
        if (command.Options.Any(option => !option.Hidden)) words.Add($"[{RoffText.Italic("options")}]");
        foreach (var argument in command.Arguments.Where(argument => !argument.Hidden))
        {
            var name = RoffText.Italic(argument.Name) + (argument.Arity.MaximumNumberOfValues > 1 ? "..." : "");
            words.Add(argument.Arity.MinimumNumberOfValues == 0 || argument.HasDefaultValue ? $"[{name}]" : name);
        }

        return below.Prepend(string.Join(' ', words));
    }

    private static void WriteSubcommands(RoffText page, Command command, string path)
    {
        foreach (var child in Visible(command.Subcommands))
        {
            var name = $"{path} {child.Name}";
            page.Request($".SH \"{RoffText.Escape(name.ToUpperInvariant())}\"");
            page.Paragraph(child.Description ?? "");
            WriteArguments(page, child);
            WriteOptions(page, child, heading: null);
            WriteSubcommands(page, child, name);
        }
    }

    private static void WriteArguments(RoffText page, Command command)
    {
        foreach (var argument in command.Arguments.Where(argument => !argument.Hidden))
        {
            page.Request(".TP");
            page.Line(RoffText.Italic(argument.Name));
            Describe(page, argument.Description, Choices(argument.GetCompletions(CompletionContext.Empty)), argument.HasDefaultValue ? argument.GetDefaultValue() : null);
        }
    }

    private static void WriteOptions(RoffText page, Command command, string? heading)
    {
        var options = command.Options.Where(option => !option.Hidden).ToList();
        if (options.Count > 0 && heading is not null) page.Request(heading);
        foreach (var option in options)
        {
            page.Request(".TP");
            // Windows' forms, such as /?, are of no use where there are manual pages.
            var names = string.Join(", ", option.Aliases.Prepend(option.Name).Distinct().Where(name => name.StartsWith('-')).Select(RoffText.Bold));
            var isSwitch = option.Arity.MaximumNumberOfValues == 0 || option.ValueType == typeof(bool);
            page.Line(isSwitch ? names : $"{names} {RoffText.Italic(option.HelpName ?? "value")}");
            Describe(page, option.Description, isSwitch ? "" : Choices(option.GetCompletions(CompletionContext.Empty)), option.HasDefaultValue ? option.GetDefaultValue() : null);
        }
    }

    private static void Describe(RoffText page, string? description, string choices, object? byDefault)
    {
        page.Paragraph(string.IsNullOrEmpty(description) ? "See above." : description);
        if (choices.Length > 0) page.Paragraph($"One of {choices}.");
        if (Text(byDefault) is { Length: > 0 } text) page.Paragraph($"Default: {text}.");
    }

    private static string FirstSentence(string text) => text.Split(". ", 2)[0].TrimEnd('.');

    private static string Choices(IEnumerable<CompletionItem> completions) => string.Join(", ", completions.Select(item => item.Label));

    /// <summary>Nothing where the default is to leave it out.</summary>
    private static string Text(object? byDefault) => byDefault switch
    {
        null or false => "",
        string text => text,
        IEnumerable values => string.Join(' ', values.Cast<object>()),
        IFormattable value => value.ToString(null, CultureInfo.InvariantCulture),
        _ => $"{byDefault}",
    };

    private static void Entry(RoffText page, string name, string text)
    {
        page.Request(".TP");
        page.Line(RoffText.Bold(name));
        page.Paragraph(text);
    }

    private static IEnumerable<Command> Visible(IEnumerable<Command> commands) => commands.Where(command => !command.Hidden);
}
