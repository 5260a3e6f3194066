using System.CommandLine;
using System.Net.Sockets;
using Avocet.Cli.Bench;
using Avocet.Server;

namespace Avocet.Cli.Commands;

/// <summary><c>avocet bench</c>: loads a broker and measures it.</summary>
internal static class BenchCommand
{
    /// <summary>The load ran, but messages were lost, duplicated or reordered.</summary>
    public const int ExitIncomplete = 2;

    public static Command Create() =>
        new("bench", "Load a broker, Avocet or another one, and measure it.")
        {
            Create("conn", "Open connections, and hold them for --seconds.", run => new ConnectLoad(run).RunAsync()),
            Create("churn", "Connect, subscribe, publish, receive and disconnect, again and again.", run => new ChurnLoad(run).RunAsync()),
            Create("pub", "Publish, without subscribers.", run => new FlowLoad(run).PublishAsync()),
            Create("sub", "Receive what others publish.", run => new SubscribeLoad(run).RunAsync()),
            Create("pair", "Each of --clients publishers has a subscriber of its own.", run => new FlowLoad(run).PairAsync()),
            Create("fanin", "Many publishers, one subscriber.", run => new FlowLoad(run).FanInAsync()),
            Create("fanout", "One publisher, many subscribers.", run => new FlowLoad(run).FanOutAsync()),
            Create("filters", "Subscribe to many filters, then publish to topics that match one each.", run => new FilterLoad(run).RunAsync()),
            Create("retain", "Store retained messages, replay all of them, fetch single ones.", run => new RetainLoad(run).RunAsync()),
            Create("offline", "Publish to persistent sessions whose clients are away, then let them come and fetch.", run => new OfflineLoad(run).RunAsync()),
            Create("latency", "Publish at a steady --rate; latency counts from when a message should have been sent.", run => new FlowLoad(run).PairAsync()),
        };

    private static Command Create(string name, string description, Func<BenchRun, Task> load)
    {
        var arguments = new BenchArguments(name);
        var command = new Command(name, description);
        arguments.AddTo(command);
        command.SetAction((parsed, _) => RunAsync(parsed, arguments, load));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, BenchArguments arguments, Func<BenchRun, Task> load)
    {
        var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
        try
        {
            var options = await arguments.ReadAsync(parsed);
            var run = new BenchRun(options, error, showsProgress: !options.IsMarked && error == Console.Error && !Console.IsErrorRedirected);
            await load(run);
            Report.Write(run, output);
            return run.IsComplete ? ServerProcess.ExitSuccess : ExitIncomplete;
        }
        catch (BenchException exception)
        {
            await error.WriteLineAsync($"avocet: {exception.Message}");
            return ServerProcess.ExitFailure;
        }
        catch (SocketException exception)
        {
            await error.WriteLineAsync($"avocet: a connection cannot be made: {exception.Message.TrimEnd('.')}. {Connect.AdviceFor(exception.SocketErrorCode)}");
            return ServerProcess.ExitFailure;
        }
    }
}
