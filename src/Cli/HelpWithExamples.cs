using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Avocet.Cli;

/// <summary>The usual help, then examples and exit codes.</summary>
internal sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
{
    public const string ExitCodes = """
        Exit codes:
          0  done; for serve: stopped by SIGTERM or SIGINT
          1  not started or not done: a wrong option, a wrong configuration, a port in use, a bad certificate, a store
             that is not sound. The reason is on standard error, one line each.
          2  for bench: messages were lost, duplicated or reordered; for conformance: checks failed
          27 for sub and request: the time of --timeout is over. Where a broker refuses the client, the code is that of
             its CONNACK, such as 135 for Not authorized.

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

    private const string UsersExamples = """
        avocet users init --data avocet-data                the first user, before the broker starts with login.users
        avocet roles add sensor -u admin --ask-password
        avocet roles acl add sensor publishClientSend 'up/%u/#' allow -u admin --ask-password
        avocet users add alice --role sensor -u admin --password-file admin.txt
        avocet --profile admin users list --json            where to connect, and as whom, is in the config file
        avocet users import dynamic-security.json           Mosquitto's users, into the running broker
        """;

    private const string AclExamples = """
        avocet acl check acl                                what is wrong in an access file, with lines
        avocet acl explain --config avocet.toml --user alice --publish home/door
        avocet acl explain --acl-file acl --client c1 --subscribe 'home/#'
        """;

    private const string ConsoleExamples = """
        avocet console add-user anna                        an admin, whose password is asked for
        avocet console reset-password anna --data /var/lib/avocet
        """;

    public static string Examples(Command command) => command.Name switch
    {
        _ when command.Name == "ctl" || IsBelow(command, "ctl") => Ctl.CtlCommand.Examples,
        _ when command.Name == "console" || IsBelow(command, "console") => ConsoleExamples,
        _ when command.Name is "users" or "groups" or "roles" || command.Parents.Any(parent => parent.Name is "users" or "groups" or "roles") => UsersExamples,
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
        "pub" => """
            avocet pub home/kitchen/temperature 22.5            to this machine's broker
            avocet pub -h broker -t home/state -m on -q 1 -r    the options of mosquitto_pub
            avocet pub -L mqtts://me@broker/home/log -l --ask-password < log.txt
            avocet pub -t a -m b -D publish user-property unit celsius -D publish content-type text/plain
            avocet --profile home pub home/lamp/set on          where to connect is in the config file
            """,
        "sub" => """
            avocet sub 'home/#' -v                              topics and payloads
            avocet sub -h broker -t 'home/+/temperature' -C 10  the options of mosquitto_sub
            avocet sub 'home/#' -F '@Y-@m-@dT@H:@M:@S %t %p'    a format of your own
            avocet sub 'home/#' --json | jq .payload            an object a line
            avocet sub 'old/#' --remove-retained --retained-only -W 5
            """,
        "request" or "respond" => """
            avocet respond 'time/now' --exec date               answers with what a command writes
            avocet request time/now -W 5                        asks, and shows the answer
            avocet respond 'echo/#' --echo
            """,
        "ping" => """
            avocet ping                                         this machine's broker
            avocet ping mqtts://me:secret@broker -c 20 --cafile ca.pem
            avocet ping wss://broker/mqtt
            """,
        "record" or "replay" => """
            avocet record today.jsonl 'home/#' -W 3600          an hour of messages, with their times
            avocet replay today.jsonl --speed 10                ten times as fast
            avocet replay today.jsonl --prefix test/ -h other   to another broker, below test/
            """,
        "top" or "tree" => """
            avocet top                                          the busiest topics
            avocet tree 'home/#'                                topics as a tree, with last values and rates
            avocet tree 'home/#' --interval 5 -C 1              one picture, for a script
            """,
        "simulate" or "smart-home" or "energy" or "farm" => """
            avocet simulate smart-home                          Zigbee2MQTT-style devices, with Home Assistant discovery
            avocet simulate energy --clients 50                 meters, each reporting every second
            avocet simulate farm --speed 10 -W 60               LoRaWAN soil sensors, ten times as often, for a minute
            """,
        "completion" => """
            eval "$(avocet completion bash)"                    in ~/.bashrc
            eval "$(avocet completion zsh)"                     in ~/.zshrc
            avocet completion fish | source                     in ~/.config/fish/config.fish
            avocet completion pwsh | Out-String | Invoke-Expression
            """,
        "conformance" => """
            avocet conformance mqtt://localhost                 all checks of MQTT 5.0 and 3.1.1
            avocet conformance mqtt://me:secret@broker --mqtt 5 --verbose
            avocet conformance mqtts://broker --cafile ca.pem --json
            avocet conformance mqtt://localhost --only will     only what has to do with wills
            avocet conformance mqtt://localhost --only MQTT-3.3.1-5
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
            avocet sub 'home/#' -v                              what comes
            avocet pub home/kitchen/temperature 22.5            say something
            avocet simulate smart-home                          devices, to see something alive
            avocet config show                                  every setting
            avocet serve --help                                 more about a command
            """,
    };

    private static bool IsBelow(Command command, string name) => command.Parents.OfType<Command>().Any(parent => parent.Name == name || IsBelow(parent, name));
}
