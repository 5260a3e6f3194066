using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Avocet.Cli;

/// <summary>The usual help, then examples and exit codes.</summary>
internal sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
{
    private const string ExitCodes = """
        Exit codes:
          0  done; for serve: stopped by SIGTERM or SIGINT
          1  not started or not done: a wrong option, a wrong configuration, a port in use, a bad certificate.
             The reason is on standard error, one line each.

        """;

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var result = help.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (var line in Examples(parseResult.CommandResult.Command).ReplaceLineEndings("\n").Split('\n')) output.WriteLine("  " + line);
        output.WriteLine();
        output.Write(ExitCodes);
        return result;
    }

    private static string Examples(Command command) => command.Name switch
    {
        "serve" => """
            avocet serve                                        this machine only: MQTT on 1883, WebSocket on 8083
            avocet serve --bind '*' --allow-anonymous           everyone who reaches this machine, without passwords
            avocet serve --config avocet.toml --log-level debug
            avocet serve --port 1884 --ws-port 0                a second broker beside the first, without WebSocket
            avocet serve --set session.queue_messages_max=100000
            """,
        "config" or "check" or "show" or "reference" => """
            avocet config check avocet.toml                     what is wrong in a file, with lines
            avocet config show --config avocet.toml             every value in effect, and where it comes from
            avocet config reference                             all keys with meaning, range and default, as Markdown
            """,
        _ => """
            avocet serve                                        a broker for this machine
            avocet config show                                  every setting
            avocet serve --help                                 more about a command
            """,
    };
}
