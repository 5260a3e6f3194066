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
          1  not started or not done: a wrong option, a wrong configuration, a port in use, a bad certificate, a store
             that is not sound. The reason is on standard error, one line each.
          2  for bench: messages were lost, duplicated or reordered

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

    private const string StoreExamples = """
        avocet store check                                  is everything there that should be; 1 when not
        avocet store check --data /var/lib/avocet --repair  remove what nobody uses
        avocet store stats                                  what is kept, and the largest queues
        avocet store export backup.jsonl                    everything as JSON, an object a line
        avocet store import backup.jsonl --replace          put it back
        avocet store import /var/lib/mosquitto/mosquitto.db move over from Mosquitto
        """;

    private const string BenchExamples = """
        avocet bench pair --qos 1 --seconds 10 --warmup 3   ten publishers, each with a subscriber of its own
        avocet bench fanout --subscribers 1000 --payload 200
        avocet bench latency --rate 5000 --json             percentiles, as JSON
        avocet bench conn --clients 10000 --seconds 60      ten thousand connections, held for a minute
        avocet bench filters --count 1000000                a million filters, then messages that match one each
        avocet bench pair --url mqtt://me:secret@broker     another machine's broker
        """;

    private const string PasswdExamples = """
        avocet passwd set passwords alice                   asks for the password; makes the file if there is none
        avocet passwd delete passwords alice
        avocet passwd check passwords alice                 is this the password
        avocet passwd convert plain.txt                     hash a file of user:password lines
        avocet passwd -c -b passwords alice secret          as with mosquitto_passwd
        """;

    private const string AclExamples = """
        avocet acl check acl                                what is wrong in an access file, with lines
        avocet acl explain --config avocet.toml --user alice --publish home/door
        avocet acl explain --acl-file acl --client c1 --subscribe 'home/#'
        """;

    private static string Examples(Command command) => command.Name switch
    {
        _ when command.Name == "acl" || command.Parents.Any(parent => parent.Name == "acl") => AclExamples,
        _ when command.Name == "passwd" || command.Parents.Any(parent => parent.Name == "passwd") => PasswdExamples,
        _ when command.Name == "bench" || command.Parents.Any(parent => parent.Name == "bench") => BenchExamples,
        "serve" => """
            avocet serve                                        this machine only: MQTT on 1883, WebSocket on 8083
            avocet serve --bind '*' --allow-anonymous           everyone who reaches this machine, without passwords
            avocet serve --config avocet.toml --log-level debug
            avocet serve --port 1884 --ws-port 0                a second broker beside the first, without WebSocket
            avocet serve --set session.queue_messages_max=100000
            """,
        "store" or "stats" or "export" or "import" => StoreExamples,
        "check" when command.Parents.Any(parent => parent.Name == "store") => StoreExamples,
        "config" or "check" or "show" or "convert" or "reference" => """
            avocet config check avocet.toml                     what is wrong in a file, with lines
            avocet config show --config avocet.toml             every value in effect, and where it comes from
            avocet config convert /etc/mosquitto/mosquitto.conf take over what Mosquitto had
            avocet config reference                             all keys with meaning, range and default, as Markdown
            """,
        _ => """
            avocet serve                                        a broker for this machine
            avocet config show                                  every setting
            avocet serve --help                                 more about a command
            """,
    };
}
