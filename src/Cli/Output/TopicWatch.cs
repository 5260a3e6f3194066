using System.CommandLine;
using Avocet.Cli.Clients;
using Avocet.Client;

namespace Avocet.Cli.Output;

/// <summary>Follows topics and draws them again and again, for <c>top</c> and <c>tree</c>.</summary>
internal sealed class TopicWatch
{
    /// <summary>What is known of further topics is their number only.</summary>
    private const int TopicsMax = 100_000;

    private readonly ClientArguments _client = new();
    private readonly Argument<string[]> _filters = new("filter") { Description = "Topic filters (#).", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<double> _interval = new("--interval") { Description = "Seconds between two pictures.", HelpName = "seconds", DefaultValueFactory = _ => 1 };
    private readonly Option<int?> _pictures = new("--count", "-C") { Description = "End after so many pictures.", HelpName = "count" };
    private readonly Dictionary<string, TopicActivity> _topics = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private long _more;

    public Command Create(string name, string description, Func<IReadOnlyCollection<TopicActivity>, long, IReadOnlyList<string>> draw)
    {
        var command = new Command(name, description) { _filters, _interval, _pictures };
        _client.AddTo(command);
        command.SetAction((parsed, _) => ClientRun.RunAsync(parsed, _client, (run, settings) => WatchAsync(parsed, run, settings, draw)));
        return command;
    }

    private async Task<int> WatchAsync(ParseResult parsed, ClientRun run, ClientSettings settings, Func<IReadOnlyCollection<TopicActivity>, long, IReadOnlyList<string>> draw)
    {
        var (seconds, left) = (parsed.GetValue(_interval), parsed.GetValue(_pictures));
        if (!(seconds >= 0.1 && seconds <= 3600)) throw new CommandException($"--interval is {seconds}; it is from 0.1 to 3600.");
        if (left is < 1) throw new CommandException($"--count is {left}; it is 1 or more.");

        string[] filters = parsed.GetValue(_filters) is { Length: > 0 } given ? given : [settings.Topic ?? "#"];
        foreach (var filter in filters) TopicChecks.CheckFilter(filter);

        await run.ConnectAsync();
        foreach (var filter in filters.Distinct()) await run.Client.SubscribeAsync(filter, HandleAsync, new SubscribeOptions { Qos = Protocol.Qos.AtMostOnce }, run.Stopping);
        run.Debug("Subscribed");
        Terminal.Clear(Console.Out);
        var interval = TimeSpan.FromSeconds(seconds);
        using var timer = new PeriodicTimer(interval);
        while (await timer.WaitForNextTickAsync(run.Stopping))
        {
            lock (_gate)
            {
                foreach (var topic in _topics.Values) topic.EndInterval(interval);
                Terminal.Redraw(Console.Out, draw(_topics.Values, _more));
            }

            if (left is not null && --left == 0) return 0;
        }

        return 0;
    }

    private ValueTask HandleAsync(MqttMessage message, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_topics.TryGetValue(message.Topic, out var topic)) topic.Add(message);
            else if (_topics.Count >= TopicsMax) _more++;
            else (_topics[message.Topic] = new TopicActivity(message.Topic)).Add(message);
        }

        return ValueTask.CompletedTask;
    }
}
