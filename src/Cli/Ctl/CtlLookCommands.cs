using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Avocet.Cli.Ctl;

/// <summary>The commands of <c>avocet ctl</c> that look: at clients, at messages, and at why one does not arrive.</summary>
/// <param name="add">Lets a command run.</param>
/// <param name="write">Shows an answer.</param>
/// <param name="wantsJson">Whether answers are shown as they come.</param>
internal sealed class CtlLookCommands(Func<Command, Func<ParseResult, CtlClient, CancellationToken, Task<int>>, Command> add, Action<ParseResult, JsonElement?> write, Func<ParseResult, bool> wantsJson)
{
    private const int WaitSeconds = 20;
    private const int KindWidth = 18;

    /// <summary>Those of twenty that one line of a terminal has room for; <c>clients show</c> tells all.</summary>
    private static readonly string[] ClientColumns =
        ["client_id", "is_connected", "user_name", "address", "mqtt_version", "connected_at", "subscriptions", "inflight", "queued_messages", "dropped_messages", "messages_received", "messages_sent"];

    public IEnumerable<Command> CreateForClients()
    {
        var text = new Option<string?>("--text") { Description = "A part of the client identifier, user name or address.", HelpName = "text" };
        var sort = new Option<string?>("--sort") { Description = "client_id, connected_at, queued_messages, queued_bytes, drops, bytes_received, bytes_sent, messages_received or messages_sent.", HelpName = "key" };
        var descending = new Option<bool>("--descending") { Description = "The largest first." };
        var count = CountOption("Clients");
        yield return add(new Command("list", "Clients that are connected, or whose sessions wait for them.") { text, sort, descending, count }, (parsed, client, token) =>
        {
            var path = new CtlPath("/api/v1/clients").With("limit", parsed.GetValue(count)).With("text", parsed.GetValue(text)).With("sort", parsed.GetValue(sort));
            return ListClientsAsync(parsed, client, parsed.GetValue(descending) ? path.With("descending", "true") : path, token);
        });

        yield return CreateOfClient("show", "One client: what it asked for, what it sent and got, what waits for it.", "/api/v1/clients/one");
        yield return CreateOfClient("subscriptions", "What a client has subscribed to.", "/api/v1/subscriptions");
        yield return CreateOfClient("queue", "The beginning of what is in flight to a client, and of what waits for it. Prints JSON.", "/api/v1/clients/queue", isJson: true);
    }

    public Command CreateRetained()
    {
        var filter = new Argument<string>("filter") { Description = "A topic filter; all without one.", DefaultValueFactory = _ => "#" };
        var count = CountOption("Messages");
        var list = add(new Command("list", "Retained messages whose topics match a filter.") { filter, count }, (parsed, client, token) =>
            GetAsync(parsed, client, new CtlPath("/api/v1/retained").With("limit", parsed.GetValue(count)).With("filter", parsed.GetValue(filter)), token));
        var which = new Argument<string>("filter") { Description = "A topic filter." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only count them." };
        var remove = add(new Command("remove", "Remove retained messages whose topics match a filter.") { which, dryRun }, async (parsed, client, token) =>
        {
            var body = new JsonObject { ["filter"] = parsed.GetValue(which), ["dry_run"] = parsed.GetValue(dryRun) };
            write(parsed, await client.SendAsync(HttpMethod.Post, "/api/v1/retained/remove", body, token));
            return 0;
        });
        return new Command("retained", "Retained messages.") { list, remove };
    }

    public Command CreateExplain()
    {
        var topic = new Argument<string>("topic") { Description = "The topic of the message." };
        var qos = new Option<int>("--qos", "-q") { Description = "0, 1 or 2.", HelpName = "qos" };
        var publisher = new Option<string?>("--publisher") { Description = "Who publishes it.", HelpName = "client-id" };
        var subscriber = new Option<string?>("--subscriber") { Description = "Who should get it.", HelpName = "client-id" };
        return add(new Command("explain", "Say who would get a message now and who would not, and why; nothing is published.") { topic, qos, publisher, subscriber }, async (parsed, client, token) =>
        {
            var path = new CtlPath("/api/v1/explain").With("topic", parsed.GetValue(topic)).With("qos", parsed.GetValue(qos)).With("publisher_id", parsed.GetValue(publisher)).With("subscriber_id", parsed.GetValue(subscriber));
            var answer = await client.SendAsync(HttpMethod.Get, path.Text, null, token);
            if (wantsJson(parsed) || answer is null) write(parsed, answer);
            else WriteExplanation(parsed.InvocationConfiguration.Output, answer.Value);

            return 0;
        });
    }

    public Command CreateEvents()
    {
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what happens, until interrupted." };
        var kind = new Option<string?>("--kind") { Description = "Only this, such as queue_full or publish_refused.", HelpName = "kind" };
        var of = new Option<string?>("--client") { Description = "Only of this client.", HelpName = "client-id" };
        var topic = new Option<string?>("--topic") { Description = "Only about this topic.", HelpName = "topic" };
        var count = CountOption("Events");
        return add(new Command("events", "What the broker decided lately: refused connections, dropped messages and others, the oldest first.") { follow, kind, of, topic, count }, async (parsed, client, token) =>
        {
            var path = new CtlPath("/api/v1/events").With("limit", parsed.GetValue(count)).With("kind", parsed.GetValue(kind)).With("client_id", parsed.GetValue(of)).With("topic", parsed.GetValue(topic));
            var isFollowed = parsed.GetValue(follow);
            var answer = await client.SendAsync(HttpMethod.Get, path.Text, null, token);
            if (wantsJson(parsed) && !isFollowed) write(parsed, answer);
            else if (!WriteEvents(parsed, answer) && !isFollowed) await parsed.InvocationConfiguration.Output.WriteLineAsync("none");

            while (isFollowed && answer is { } known)
            {
                var next = path.With("after", known.GetProperty("last").GetRawText()).With("wait_seconds", WaitSeconds);
                answer = await client.SendAsync(HttpMethod.Get, next.Text, null, token);
                WriteEvents(parsed, answer);
            }

            return 0;
        });
    }

    /// <summary>Writes a line for each event, as for a log; false where there is none.</summary>
    private bool WriteEvents(ParseResult parsed, JsonElement? answer)
    {
        if (answer is not { } events || events.GetProperty("items").GetArrayLength() == 0) return false;

        foreach (var one in events.GetProperty("items").EnumerateArray()) parsed.InvocationConfiguration.Output.WriteLine(wantsJson(parsed) ? one.GetRawText() : LineOf(one));

        return true;
    }

    private static string LineOf(JsonElement one)
    {
        var line = new StringBuilder($"{CtlOutput.TimeOf(one.GetProperty("time"), "yyyy-MM-dd HH:mm:ss.fff'Z'")}  {Text("kind"),-KindWidth}");
        if (Text("client_id") is { } id) line.Append($"  {id}");
        if (Text("user_name") is { } user) line.Append($" ({user})");
        if (Text("address") is { } address) line.Append($" from {address}");
        if (Text("topic") is { } topic) line.Append($"  on {topic}");

        line.Append($": {Text("detail")}");
        if (Text("rule") is { } rule) line.Append($" [{rule}]");
        if (one.GetProperty("count").GetInt64() is > 1 and var count) line.Append($" ({count} times)");

        return CtlOutput.Printable(line.ToString());

        string? Text(string name) => one.TryGetProperty(name, out var value) ? value.GetString() : null;
    }

    private Command CreateOfClient(string name, string description, string path, bool isJson = false)
    {
        var id = new Argument<string>("client-id") { Description = "The client identifier." };
        return add(new Command(name, description) { id }, async (parsed, client, token) =>
        {
            var answer = await client.SendAsync(HttpMethod.Get, new CtlPath(path).With("client_id", parsed.GetValue(id)).Text, null, token);
            if (isJson && answer is { } document) CtlOutput.WriteJson(parsed.InvocationConfiguration.Output, document);
            else write(parsed, answer);

            return 0;
        });
    }

    private static void WriteExplanation(TextWriter output, JsonElement answer)
    {
        if (answer.TryGetProperty("problem", out var problem)) output.WriteLine($"Nobody gets it: {problem.GetString()}.");
        if (answer.TryGetProperty("may_publish", out var mayPublish))
        {
            var rule = answer.TryGetProperty("publish_rule", out var known) ? $" ({known.GetString()})" : "";
            output.WriteLine(mayPublish.GetBoolean() ? $"The publisher may publish it{rule}." : $"The publisher may not publish it{rule}.");
        }

        var receivers = answer.GetProperty("receivers");
        if (receivers.GetArrayLength() > 0) CtlOutput.Write(output, receivers);
        else if (problem.ValueKind == JsonValueKind.Undefined) output.WriteLine("Nobody has subscribed to it.");

        if (answer.GetProperty("events").GetArrayLength() == 0) return;

        output.WriteLine();
        output.WriteLine("Lately:");
        foreach (var one in answer.GetProperty("events").EnumerateArray()) output.WriteLine(LineOf(one));
    }

    private async Task<int> ListClientsAsync(ParseResult parsed, CtlClient client, CtlPath path, CancellationToken cancellationToken)
    {
        var answer = await client.SendAsync(HttpMethod.Get, path.Text, null, cancellationToken);
        if (wantsJson(parsed) || answer is null) write(parsed, answer);
        else CtlOutput.Write(parsed.InvocationConfiguration.Output, answer.Value, ClientColumns);

        return 0;
    }

    private async Task<int> GetAsync(ParseResult parsed, CtlClient client, CtlPath path, CancellationToken cancellationToken)
    {
        write(parsed, await client.SendAsync(HttpMethod.Get, path.Text, null, cancellationToken));
        return 0;
    }

    private static Option<int> CountOption(string what) =>
        new("--count", "-n") { Description = $"{what} at most (default 100, at most 1000).", HelpName = "count", DefaultValueFactory = _ => 100 };
}
