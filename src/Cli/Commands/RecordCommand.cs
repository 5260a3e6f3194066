using System.CommandLine;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Avocet.Cli.Clients;
using Avocet.Client;

namespace Avocet.Cli.Commands;

/// <summary><c>avocet record</c>: writes what comes into a file, an object a line, with its time.</summary>
internal sealed class RecordCommand
{
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ClientArguments _client = new();
    private readonly Argument<string> _file = new("file") { Description = "Where to write; it is added to." };
    private readonly Argument<string[]> _filters = new("filter") { Description = "Topic filters (#).", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<int> _qos = new("--qos", "-q") { Description = "0, 1 or 2.", HelpName = "qos" };
    private readonly Option<long?> _count = new("--count", "-C") { Description = "End after so many messages.", HelpName = "count" };
    private readonly Option<double?> _seconds = new("--timeout", "-W") { Description = "End after so many seconds.", HelpName = "seconds" };

    public Command Create()
    {
        var command = new Command("record", "Write messages with their times into a file, for 'avocet replay'.") { _file, _filters, _qos, _count, _seconds };
        _client.AddTo(command);
        command.SetAction((parsed, _) => ClientRun.RunAsync(parsed, _client, (run, _) => RecordAsync(parsed, run)));
        return command;
    }

    private async Task<int> RecordAsync(ParseResult parsed, ClientRun run)
    {
        var (path, count, seconds) = (parsed.GetValue(_file)!, parsed.GetValue(_count), parsed.GetValue(_seconds));
        if (count is < 1) throw new CommandException($"--count is {count}; it is 1 or more.");
        if (seconds is { } limit && !(limit > 0 && limit < 1e9)) throw new CommandException($"--timeout is {limit}; it is more than 0.");

        var filters = parsed.GetValue(_filters) is { Length: > 0 } given ? given : ["#"];
        foreach (var filter in filters) TopicChecks.CheckFilter(filter);

        var options = new SubscribeOptions { Qos = (Protocol.Qos)ClientArguments.Qos("--qos", parsed.GetValue(_qos)), Overflow = OverflowPolicy.Wait };
        await using var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var gate = new SemaphoreSlim(1);
        long written = 0;
        var showsProgress = !Console.IsErrorRedirected;
        await run.ConnectAsync();
        var subscriptions = new List<Subscription>();
        foreach (var filter in filters.Distinct()) subscriptions.Add(await run.Client.SubscribeAsync(filter, WriteAsync, options, run.Stopping));
        run.Debug("Subscribed");
        await run.WaitAsync(done.Task, seconds is { } time ? TimeSpan.FromSeconds(time) : null);
        foreach (var subscription in subscriptions) await subscription.DisposeAsync();
        await gate.WaitAsync(CancellationToken.None);
        await run.Error.WriteLineAsync($"{(showsProgress ? "\r" : "")}{written} messages written to {path}.");
        return 0;

        async ValueTask WriteAsync(MqttMessage message, CancellationToken cancellationToken)
        {
            await gate.WaitAsync(cancellationToken);
            try
            {
                if (done.Task.IsCompleted) return;

                await file.WriteAsync(Line(message, TimeProvider.System.GetUtcNow()), cancellationToken);
                await file.FlushAsync(cancellationToken);
                written++;
                if (showsProgress && written % 100 == 0) await run.Error.WriteAsync($"\r{written} messages");
                if (written == count) done.TrySetResult();
            }
            finally
            {
                gate.Release();
            }
        }
    }

    /// <summary>A line of the file. What is no UTF-8 text is kept as Base64.</summary>
    internal static byte[] Line(MqttMessage message, DateTimeOffset time)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Compact))
        {
            json.WriteStartObject();
            json.WriteString("time", time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture));
            json.WriteString("topic", message.Topic);
            json.WriteNumber("qos", (int)message.Qos);
            if (message.Retain) json.WriteBoolean("retain", true);
            if (System.Text.Unicode.Utf8.IsValid(message.Payload.Span)) json.WriteString("payload", message.Payload.Span);
            else json.WriteBase64String("payloadBase64", message.Payload.Span);

            if (message.ContentType is { } contentType) json.WriteString("contentType", contentType);
            if (message.ResponseTopic is { } responseTopic) json.WriteString("responseTopic", responseTopic);
            if (message.CorrelationData is { } correlation) json.WriteBase64String("correlationData", correlation.Span);
            if (message.IsUtf8) json.WriteBoolean("utf8", true);
            if (message.MessageExpiry is { } expiry) json.WriteNumber("expirySeconds", (long)expiry.TotalSeconds);
            if (message.UserProperties.Count > 0)
            {
                json.WriteStartArray("userProperties");
                foreach (var pair in message.UserProperties)
                {
                    json.WriteStartArray();
                    json.WriteStringValue(pair.Name);
                    json.WriteStringValue(pair.Value);
                    json.WriteEndArray();
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        buffer.WriteByte((byte)'\n');
        return buffer.ToArray();
    }
}
