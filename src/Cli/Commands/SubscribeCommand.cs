using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Avocet.Cli.Clients;
using Avocet.Cli.Output;
using Avocet.Client;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Topics;

namespace Avocet.Cli.Commands;

/// <summary><c>avocet sub</c>: what mosquitto_sub does.</summary>
internal sealed class SubscribeCommand
{
    private const double SecondsMax = 1e9;

    private readonly ClientArguments _client = new();
    private readonly Argument<string[]> _topicArguments = new("filter") { Description = "Topic filters.", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<string[]> _topics = new("--topic", "-t") { Description = "A topic filter; may be given again.", HelpName = "filter", DefaultValueFactory = _ => [] };
    private readonly Option<string[]> _without = new("--filter-out", "-T") { Description = "Leave out what matches; may be given again.", HelpName = "filter", DefaultValueFactory = _ => [] };
    private readonly Option<string[]> _unsubscribe = new("--unsubscribe", "-U") { Description = "Unsubscribe; may be given again.", HelpName = "filter", DefaultValueFactory = _ => [] };
    private readonly Option<int> _qos = new("--qos", "-q") { Description = "0, 1 or 2.", HelpName = "qos" };
    private readonly Option<int?> _count = new("--count", "-C") { Description = "End after so many messages.", HelpName = "count" };
    private readonly Option<double?> _seconds = new("--timeout", "-W") { Description = "End after so many seconds, with exit code 27.", HelpName = "seconds" };
    private readonly Option<bool> _exit = new("--exit-subscribed", "-E") { Description = "End once the broker has agreed." };
    private readonly Option<bool> _verbose = new("--verbose", "-v") { Description = "Show topics, too." };
    private readonly Option<string?> _format = new("--format", "-F") { Description = "What to show: %t %p %j %J %q %r %l %x %X %I %U %C %R %E %F %S %P %D, @H as strftime, with widths.", HelpName = "format" };
    private readonly Option<bool> _json = new("--json") { Description = "An object a line, as -F %j." };
    private readonly Option<bool> _pretty = new("--pretty") { Description = "With JSON: over several lines." };
    private readonly Option<bool> _noEnd = new("--no-eol", "-N") { Description = "No line end behind a message." };
    private readonly Option<bool> _fresh = new("--no-retained", "-R") { Description = "Leave out what was retained." };
    private readonly Option<bool> _retainedOnly = new("--retained-only") { Description = "Only what was retained; end with the first message that was not." };
    private readonly Option<bool> _removeRetained = new("--remove-retained") { Description = "Clear what comes retained." };
    private readonly Option<bool> _asPublished = new("--retain-as-published") { Description = "Keep the RETAIN flag as it was published." };
    private readonly Option<string> _retainHandling = new("--retain-handling") { Description = "always, new or never.", HelpName = "when", DefaultValueFactory = _ => "always" };
    private readonly Option<bool> _noLocal = new("--no-local") { Description = "Leave out the client's own messages." };
    private readonly Option<double> _random = new("--random-filter") { Description = "Show so many percent only.", HelpName = "percent", DefaultValueFactory = _ => 100 };

    public Command Create()
    {
        var command = new Command("sub", "Subscribe and show what comes, with the options of mosquitto_sub.") { _topicArguments };
        foreach (var option in (Option[])[
            _topics, _without, _unsubscribe, _qos, _count, _seconds, _exit, _verbose, _format, _json, _pretty, _noEnd, _fresh, _retainedOnly, _removeRetained, _asPublished,
            _retainHandling, _noLocal, _random])
        {
            command.Options.Add(option);
        }

        _client.AddTo(command);
        command.SetAction((parsed, _) => ClientRun.RunAsync(parsed, _client, (run, settings) => SubscribeAsync(parsed, run, settings)));
        return command;
    }

    private async Task<int> SubscribeAsync(ParseResult parsed, ClientRun run, ClientSettings settings)
    {
        List<string> filters = [.. parsed.GetValue(_topicArguments) ?? [], .. parsed.GetValue(_topics) ?? []];
        if (settings.Topic is { } topic) filters.Add(topic);
        var removed = parsed.GetValue(_unsubscribe) ?? [];
        if (filters.Count == 0 && removed.Length == 0) throw new CommandException("There is no topic filter; give one, such as avocet sub 'home/#'.");

        var seconds = parsed.GetValue(_seconds);
        if (seconds is { } limit && !(limit > 0 && limit <= SecondsMax)) throw new CommandException($"--timeout is {limit}; it is more than 0.");

        await using var output = Console.OpenStandardOutput();
        using var printer = new Printer(this, parsed, run, output);
        var options = Options(parsed, settings);
        foreach (var filter in filters.Concat(removed)) TopicChecks.CheckFilter(filter);

        await run.ConnectAsync();
        var subscriptions = new List<Subscription>();
        foreach (var filter in filters.Distinct())
        {
            var subscription = await run.Client.SubscribeAsync(filter, printer.HandleAsync, options, run.Stopping);
            subscriptions.Add(subscription);
            run.Debug($"Subscribed to {filter} with QoS {(int)subscription.GrantedQos}");
        }

        foreach (var filter in removed) run.Debug($"Unsubscribed from {filter}: {(await run.Client.UnsubscribeAsync(filter, run.Stopping)).Describe()}");
        if (parsed.GetValue(_exit)) return 0;

        var isOver = await run.WaitAsync(printer.Done, seconds is { } time ? TimeSpan.FromSeconds(time) : null);
        foreach (var subscription in subscriptions) await subscription.DisposeAsync();
        return isOver ? ClientRun.ExitTimeout : 0;
    }

    private SubscribeOptions Options(ParseResult parsed, ClientSettings settings) => new()
    {
        Qos = (Qos)ClientArguments.Qos("--qos", parsed.GetValue(_qos)),
        NoLocal = parsed.GetValue(_noLocal),
        RetainAsPublished = parsed.GetValue(_asPublished),
        RetainHandling = parsed.GetValue(_retainHandling) switch
        {
            "always" => RetainHandling.SendAtSubscribe,
            "new" => RetainHandling.SendIfNewSubscription,
            "never" => RetainHandling.DoNotSend,
            var other => throw new CommandException($"--retain-handling is '{other}'; it is always, new or never."),
        },
        UserProperties = PacketProperties.Of("subscribe", settings.Properties).UserProperties,
        Overflow = OverflowPolicy.Wait,
        // With -c the session goes on to collect messages.
        UnsubscribesAtEnd = settings.Options.CleanStart,
    };

    /// <summary>Shows one message after the other, whichever subscription they come by.</summary>
    private sealed class Printer : IDisposable
    {
        private readonly SemaphoreSlim _gate = new(1);
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ClientRun _run;
        private readonly Stream _output;
        private readonly OutputFormat? _format;
        private readonly byte[][] _without;
        private readonly bool _isVerbose;
        private readonly bool _isPretty;
        private readonly bool _isFresh;
        private readonly bool _isRetainedOnly;
        private readonly bool _removesRetained;
        private readonly byte[] _end;
        private readonly double _percent;
        private int? _left;

        public Printer(SubscribeCommand command, ParseResult parsed, ClientRun run, Stream output)
        {
            _run = run;
            _output = output;
            var format = parsed.GetValue(command._json) ? "%j" : parsed.GetValue(command._format);
            _format = format is null ? null : new OutputFormat(format, parsed.GetValue(command._pretty));
            _without = [.. (parsed.GetValue(command._without) ?? []).Select(Encoding.UTF8.GetBytes)];
            if (Array.Find(_without, filter => !TopicFilter.IsValid(filter)) is { } wrong) throw new CommandException($"--filter-out '{Encoding.UTF8.GetString(wrong)}' is no topic filter.");

            _isVerbose = parsed.GetValue(command._verbose);
            _isFresh = parsed.GetValue(command._fresh);
            _isRetainedOnly = parsed.GetValue(command._retainedOnly);
            _removesRetained = parsed.GetValue(command._removeRetained);
            _end = parsed.GetValue(command._noEnd) ? [] : "\n"u8.ToArray();
            _percent = parsed.GetValue(command._random);
            if (!(_percent >= 0 && _percent <= 100)) throw new CommandException($"--random-filter is {_percent}; it is from 0 to 100.");

            _left = parsed.GetValue(command._count);
            if (_left is < 1) throw new CommandException($"--count is {_left}; it is 1 or more.");

            _isPretty = Terminal.IsInteractive && _end.Length > 0;
        }

        public Task Done => _done.Task;

        public void Dispose() => _gate.Dispose();

        public async ValueTask HandleAsync(MqttMessage message, CancellationToken cancellationToken)
        {
            await _gate.WaitAsync(cancellationToken);
            try
            {
                // What comes behind the last one stays unacknowledged, for the next run.
                if (_done.Task.IsCompleted) return;
                if (_isRetainedOnly && !message.Retain)
                {
                    _done.TrySetResult();
                    return;
                }

                if (!IsWanted(message)) return;
                if (_removesRetained && message.Retain) await _run.Client.PublishAsync(message.Topic, ReadOnlyMemory<byte>.Empty, Qos.AtLeastOnce, retain: true, cancellationToken);

                Show(message);
                if (_left is not null && --_left == 0) _done.TrySetResult();
            }
            catch (IOException)
            {
                // Nobody reads standard output any more, as with "| head".
                _done.TrySetResult();
            }
            finally
            {
                _gate.Release();
            }
        }

        private bool IsWanted(MqttMessage message)
        {
            if (_isFresh && message.Retain) return false;
            if (_percent < 100 && RandomNumberGenerator.GetInt32(1_000_000) >= _percent * 10_000) return false;

            var topic = Encoding.UTF8.GetBytes(message.Topic);
            return !Array.Exists(_without, filter => TopicFilter.Matches(filter, topic));
        }

        private void Show(MqttMessage message)
        {
            // One write a message, so that lines stay whole.
            using var line = new MemoryStream();
            try
            {
                if (_format is not null) _format.Write(message, TimeProvider.System.GetLocalNow(), line);
                else WritePlain(message, line);
            }
            catch (JsonException)
            {
                _run.Error.WriteLine($"avocet: the payload of a message to {message.Topic} is no JSON, which %J takes; %j shows any payload.");
                return;
            }

            line.Write(_end);
            _output.Write(line.GetBuffer(), 0, (int)line.Length);
            _output.Flush();
        }

        private void WritePlain(MqttMessage message, MemoryStream line)
        {
            if (_isVerbose) line.Write(Encoding.UTF8.GetBytes(Terminal.Topic(message.Topic) + " "));
            var pretty = _isPretty ? MessageJson.Prettify(message.Payload) : null;
            if (pretty is not null) line.Write(Encoding.UTF8.GetBytes(pretty));
            else if (_isVerbose && message.Payload.IsEmpty) line.Write("(null)"u8);
            else line.Write(message.Payload.Span);
        }
    }
}
