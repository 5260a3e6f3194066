using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Avocet.Cli;
using Avocet.Cli.Clients;
using Avocet.Cli.Commands;
using Avocet.Cli.Ctl;
using Avocet.Storage.RocksDb;

// .NET reads this when the first socket is made: a socket's continuation then runs on the thread that polled it, instead of hopping to
// the pool. See docs/decisions/0012-kestrel-inline.md.
const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
if (Environment.GetEnvironmentVariable(InlineCompletions) is null) Environment.SetEnvironmentVariable(InlineCompletions, "1");

var root = new RootCommand("Avocet, an MQTT broker for MQTT 5.0, 3.1.1 and 3.1, and tools for any broker.")
{
    ServeCommand.Create(),
    new PublishCommand().Create(),
    new SubscribeCommand().Create(),
    new RequestCommand().Create(),
    new RespondCommand().Create(),
    new PingCommand().Create(),
    new RecordCommand().Create(),
    new ReplayCommand().Create(),
    TreeCommand.Create(),
    TopCommand.Create(),
    new SimulateCommand().Create(),
    CompletionCommand.Create(),
    ConfigCommand.Create(),
    new CtlCommand().Create(),
    new ConsoleCommand().Create(),
    BenchCommand.Create(),
    PasswdCommand.Create(),
    new UsersCommand(RocksDbStore.Exists, folder => RocksDbStore.Open(folder), RocksDbStore.OpenReadOnly).Create(),
    new GroupsCommand().Create(),
    new RolesCommand().Create(),
    AclCommand.Create(RocksDbStore.OpenReadOnly),
    new ConformanceCommand().Create(),
    new StoreCommand(RocksDbStore.Exists, folder => RocksDbStore.Open(folder), TimeProvider.System).Create(),
};
root.Options.Add(ClientArguments.Profile);
root.Subcommands.Add(CompletionCommand.CreateComplete(() => root));
root.Subcommands.Add(ManualCommand.Create(() => root, TimeProvider.System));
foreach (var option in root.Options)
{
    if (option is not HelpOption { Action: HelpAction help } helpOption) continue;

    helpOption.Action = new HelpWithExamples(help);
    // With mosquitto's options -h is the host.
    helpOption.Aliases.Remove("-h");
}

var words = args switch
{
    [] => ["--help"],
    [.. var before, "-h"] => [.. before, "--help"],
    _ => MosquittoArguments.Normalize(root, args),
};
// A word that begins with @ is a topic or a payload, and names no file.
var parsed = root.Parse(words, new ParserConfiguration { ResponseFileTokenReplacer = null });
if (parsed.Action is ParseErrorAction) return ParseErrors.Report(parsed);
return await parsed.InvokeAsync(new InvocationConfiguration
{
    // The server handles signals itself, and says in a line what kept it from starting.
    ProcessTerminationTimeout = null,
    EnableDefaultExceptionHandler = false,
});
