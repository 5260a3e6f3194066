using System.CommandLine;
using System.Text;
using Avocet.Cli.Clients;
using Avocet.Client;
using Avocet.Protocol;

namespace Avocet.Cli.Commands;

/// <summary><c>avocet pub</c>: what mosquitto_pub does.</summary>
internal sealed class PublishCommand
{
    private const int RepeatMax = 1_000_000_000;
    private const double DelayMax = 86_400;

    private readonly ClientArguments _client = new();
    private readonly Argument<string?> _topicArgument = new("topic") { Description = "The topic.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Argument<string?> _messageArgument = new("message") { Description = "The payload.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string?> _topic = new("--topic", "-t") { Description = "The topic.", HelpName = "topic" };
    private readonly Option<string?> _message = new("--message", "-m") { Description = "The payload.", HelpName = "text" };
    private readonly Option<string?> _file = new("--file", "-f") { Description = "Send a file as the payload.", HelpName = "file" };
    private readonly Option<bool> _lines = new("--stdin-line", "-l") { Description = "Send each line of standard input as a message." };
    private readonly Option<bool> _input = new("--stdin-file", "-s") { Description = "Send standard input as one message." };
    private readonly Option<bool> _nothing = new("--null-message", "-n") { Description = "Send an empty message." };
    private readonly Option<int> _qos = new("--qos", "-q") { Description = "0, 1 or 2.", HelpName = "qos" };
    private readonly Option<bool> _retain = new("--retain", "-r") { Description = "Have it retained." };
    private readonly Option<int> _repeat = new("--repeat") { Description = "Send it so many times.", HelpName = "count", DefaultValueFactory = _ => 1 };
    private readonly Option<double> _delay = new("--repeat-delay") { Description = "Seconds between them.", HelpName = "seconds" };

    public Command Create()
    {
        var command = new Command("pub", "Publish, with the options of mosquitto_pub.") { _topicArgument, _messageArgument };
        foreach (var option in (Option[])[_topic, _message, _file, _lines, _input, _nothing, _qos, _retain, _repeat, _delay]) command.Options.Add(option);
        _client.AddTo(command);
        command.SetAction((parsed, _) => ClientRun.RunAsync(parsed, _client, (run, settings) => PublishAsync(parsed, run, settings)));
        command.Validators.Add(result =>
        {
            var sources = new[] { result.GetValue(_messageArgument) ?? result.GetValue(_message), result.GetValue(_file), Flag(_lines), Flag(_input), Flag(_nothing) };
            if (sources.Count(source => source is not null) != 1) result.AddError("What to send is given once: a message, --file, --stdin-line, --stdin-file or --null-message.");

            string? Flag(Option<bool> option) => result.GetValue(option) ? "" : null;
        });
        return command;
    }

    private async Task<int> PublishAsync(ParseResult parsed, ClientRun run, ClientSettings settings)
    {
        var topic = parsed.GetValue(_topic) ?? parsed.GetValue(_topicArgument) ?? settings.Topic ?? throw new CommandException("There is no topic; give it with --topic, or in the URL.");
        var template = Template(parsed, TopicChecks.CheckName(topic), settings);
        var (count, delay) = (parsed.GetValue(_repeat), parsed.GetValue(_delay));
        if (count is < 1 or > RepeatMax) throw new CommandException($"--repeat is {count}; it is from 1 to {RepeatMax}.");
        if (!(delay >= 0 && delay <= DelayMax)) throw new CommandException($"--repeat-delay is {delay}; it is from 0 to {DelayMax}.");

        if (parsed.GetValue(_lines))
        {
            await run.ConnectAsync();
            return await PublishLinesAsync(run, template);
        }

        var payload = await PayloadAsync(parsed, run.Stopping);
        await run.ConnectAsync();
        for (var i = 0; i < count; i++)
        {
            if (i > 0 && delay > 0) await Task.Delay(TimeSpan.FromSeconds(delay), run.Stopping);
            var result = await run.Client.PublishAsync(template(payload), run.Stopping);
            run.Debug($"Published to {topic}: {result.Reason.Describe()}");
        }

        return 0;
    }

    private static async Task<int> PublishLinesAsync(ClientRun run, Func<ReadOnlyMemory<byte>, MqttMessage> template)
    {
        // Several under way at a time, in order; their results are looked at before more are read.
        const int AtATime = 100;
        using var input = new StreamReader(Console.OpenStandardInput(), new UTF8Encoding(false));
        var underWay = new Queue<Task>();
        while (await input.ReadLineAsync(run.Stopping) is { } line)
        {
            underWay.Enqueue(run.Client.PublishAsync(template(Encoding.UTF8.GetBytes(line)), run.Stopping).AsTask());
            while (underWay.Count >= AtATime || (underWay.Count > 0 && underWay.Peek().IsCompleted)) await underWay.Dequeue();
        }

        while (underWay.Count > 0) await underWay.Dequeue();
        return 0;
    }

    private Func<ReadOnlyMemory<byte>, MqttMessage> Template(ParseResult parsed, string topic, ClientSettings settings)
    {
        var properties = PacketProperties.Of("publish", settings.Properties);
        var qos = (Qos)ClientArguments.Qos("--qos", parsed.GetValue(_qos));
        var isRetained = parsed.GetValue(_retain);
        if (properties.IsEmpty) return payload => new MqttMessage(topic, payload) { Qos = qos, Retain = isRetained };

        return payload => new MqttMessage(topic, payload)
        {
            Qos = qos,
            Retain = isRetained,
            ContentType = properties.ContentType,
            IsUtf8 = properties.IsUtf8,
            ResponseTopic = properties.ResponseTopic,
            CorrelationData = properties.CorrelationData,
            MessageExpiry = properties.MessageExpiry,
            UserProperties = properties.UserProperties,
        };
    }

    private async Task<ReadOnlyMemory<byte>> PayloadAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_file) is { } path) return await File.ReadAllBytesAsync(path, cancellationToken);
        if (parsed.GetValue(_input))
        {
            using var buffer = new MemoryStream();
            await using var input = Console.OpenStandardInput();
            await input.CopyToAsync(buffer, cancellationToken);
            return buffer.ToArray();
        }

        return Encoding.UTF8.GetBytes(parsed.GetValue(_message) ?? parsed.GetValue(_messageArgument) ?? "");
    }
}
