using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Avocet.Cli;
using Avocet.Cli.Commands;
using Avocet.Storage.RocksDb;

// .NET reads this when the first socket is made: a socket's continuation then runs on the thread that polled it, instead of hopping to
// the pool. See docs/decisions/0012-kestrel-inline.md.
const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
if (Environment.GetEnvironmentVariable(InlineCompletions) is null) Environment.SetEnvironmentVariable(InlineCompletions, "1");

var root = new RootCommand("Avocet, an MQTT broker for MQTT 5.0, 3.1.1 and 3.1.")
{
    ServeCommand.Create(),
    ConfigCommand.Create(),
    BenchCommand.Create(),
    PasswdCommand.Create(),
    AclCommand.Create(),
    new ConformanceCommand().Create(),
    new StoreCommand(RocksDbStore.Exists, folder => RocksDbStore.Open(folder), TimeProvider.System).Create(),
};
foreach (var option in root.Options)
{
    if (option is HelpOption { Action: HelpAction help } helpOption) helpOption.Action = new HelpWithExamples(help);
}

var parsed = root.Parse(args.Length == 0 ? ["--help"] : args);
if (parsed.Action is ParseErrorAction) return ParseErrors.Report(parsed);
return await parsed.InvokeAsync(new InvocationConfiguration
{
    // The server handles signals itself, and says in a line what kept it from starting.
    ProcessTerminationTimeout = null,
    EnableDefaultExceptionHandler = false,
});
