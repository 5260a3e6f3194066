using System.CommandLine;
using System.CommandLine.Completions;

namespace Avocet.Cli.Commands;

/// <summary><c>avocet completion SHELL</c>: what makes a shell complete avocet's commands and options, by asking <c>avocet complete</c>.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        # avocet completion for bash: eval "$(avocet completion bash)"
        _avocet() {
            local IFS=$'\n'
            COMPREPLY=($(compgen -W "$(avocet complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _avocet avocet
        """;

    private const string Zsh = """
        #compdef avocet
        # avocet completion for zsh: eval "$(avocet completion zsh)"
        _avocet() {
            local -a found
            found=("${(@f)$(avocet complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
            compadd -a found || _files
        }
        compdef _avocet avocet
        """;

    private const string Fish = """
        # avocet completion for fish: avocet completion fish | source
        complete -c avocet -a '(avocet complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
        """;

    private const string PowerShell = """
        # avocet completion for PowerShell: avocet completion pwsh | Out-String | Invoke-Expression
        Register-ArgumentCompleter -Native -CommandName avocet -ScriptBlock {
            param($wordToComplete, $commandAst, $cursorPosition)
            $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" })
            if ($wordToComplete -eq '') { $words += '""' }
            avocet complete -- @words 2>$null | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
        }
        """;

    public static Command Create()
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh, fish or pwsh." };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish", "pwsh");
        var command = new Command("completion", "Print what makes a shell complete avocet's commands and options.") { shell };
        command.SetAction(parsed => parsed.InvocationConfiguration.Output.WriteLine(parsed.GetValue(shell) switch { "bash" => Bash, "zsh" => Zsh, "fish" => Fish, _ => PowerShell }));
        return command;
    }

    /// <summary>For the scripts: what may stand in the place of the last word.</summary>
    public static Command CreateComplete(Func<RootCommand> root)
    {
        var words = new Argument<string[]>("words") { Arity = ArgumentArity.ZeroOrMore };
        var command = new Command("complete", "Print what may stand in the place of the last word.") { words };
        command.Hidden = true;
        command.SetAction(parsed =>
        {
            foreach (var name in Find(root(), parsed.GetValue(words) ?? [])) parsed.InvocationConfiguration.Output.WriteLine(name);
        });
        return command;
    }

    private static IEnumerable<string> Find(Command root, string[] words)
    {
        var last = words.Length > 0 ? words[^1].Trim('"') : "";
        Command command = root;
        foreach (var word in words.SkipLast(1))
        {
            if (command.Subcommands.FirstOrDefault(child => child.Name == word) is { } child) command = child;
        }

        // The value of an option that has some to choose from.
        var before = words.Length > 1 ? command.Options.FirstOrDefault(option => option.Name == words[^2] || option.Aliases.Contains(words[^2])) : null;
        var names = before is { Arity.MinimumNumberOfValues: > 0 }
            ? before.GetCompletions(CompletionContext.Empty).Select(item => item.Label)
            : command.Subcommands.Where(child => !child.Hidden).Select(child => child.Name)
                .Concat(command.Options.Concat(root.Options).Where(option => !option.Hidden).Select(option => option.Name))
                .Concat(command.Arguments.SelectMany(argument => argument.GetCompletions(CompletionContext.Empty)).Select(item => item.Label));
        return names.Where(name => name.StartsWith(last, StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal);
    }
}
