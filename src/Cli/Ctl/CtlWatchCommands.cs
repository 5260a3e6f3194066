using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Avocet.Cli.Ctl;

/// <summary>The commands of <c>avocet ctl</c> about traces, bandwidth and bans.</summary>
/// <param name="add">Lets a command run.</param>
/// <param name="write">Shows an answer.</param>
/// <param name="wantsJson">Whether answers are shown as they come.</param>
internal sealed class CtlWatchCommands(Func<Command, Func<ParseResult, CtlClient, CancellationToken, Task<int>>, Command> add, Action<ParseResult, JsonElement?> write, Func<ParseResult, bool> wantsJson)
{
    private const int WaitSeconds = 20;

    public Command CreateTrace()
    {
        var kind = new Argument<string>("kind") { Description = "client, topic or address." };
        kind.AcceptOnlyFromAmong("client", "topic", "address");
        var value = new Argument<string>("value") { Description = "The client identifier, topic filter or IP address." };
        var minutes = new Option<int>("--minutes") { Description = "For how long (default 5, at most 60).", HelpName = "minutes", DefaultValueFactory = _ => 5 };
        var payloads = new Option<bool>("--payloads") { Description = "Show payloads, which takes an admin." };
        var start = add(new Command("start", "Begin a trace, and print its id.") { kind, value, minutes, payloads }, (parsed, client, token) =>
        {
            var body = new JsonObject { ["kind"] = parsed.GetValue(kind), ["value"] = parsed.GetValue(value), ["minutes"] = parsed.GetValue(minutes), ["payloads"] = parsed.GetValue(payloads) };
            return SendAsync(parsed, client, HttpMethod.Post, "/api/v1/traces", body, token);
        });

        var list = add(new Command("list", "Traces that run, or are over and not yet removed."), (parsed, client, token) => SendAsync(parsed, client, HttpMethod.Get, "/api/v1/traces", null, token));
        var followed = IdArgument("trace");
        var follow = add(new Command("follow", "Show the packets of a trace, and those that come, until it is over or interrupted.") { followed }, (parsed, client, token) => FollowAsync(parsed, client, parsed.GetValue(followed)!, token));
        var stopped = IdArgument("trace");
        var stop = add(new Command("stop", "End a trace, and remove what it has seen.") { stopped }, (parsed, client, token) =>
            SendAsync(parsed, client, HttpMethod.Delete, "/api/v1/traces/" + Uri.EscapeDataString(parsed.GetValue(stopped)!), null, token));
        var saved = IdArgument("trace");
        var format = new Option<string>("--format") { Description = "text (default) or json.", HelpName = "format", DefaultValueFactory = _ => "text" };
        format.AcceptOnlyFromAmong("text", "json");
        var save = add(new Command("save", "Print all packets of a trace; redirect it into a file.") { saved, format }, async (parsed, client, token) =>
        {
            var path = new CtlPath($"/api/v1/traces/{Uri.EscapeDataString(parsed.GetValue(saved)!)}/download").With("format", parsed.GetValue(format));
            await parsed.InvocationConfiguration.Output.WriteLineAsync((await client.GetTextAsync(path.Text, token)).TrimEnd());
            return 0;
        });
        return new Command("trace", "Decoded packets of a client, a topic or an address.") { start, list, follow, stop, save };
    }

    public Command CreateBandwidth()
    {
        var by = new Option<string>("--by") { Description = "total (default), client or topic.", HelpName = "what", DefaultValueFactory = _ => "total" };
        by.AcceptOnlyFromAmong("total", "client", "topic");
        var month = new Option<bool>("--month") { Description = "This month, in place of today; both by UTC." };
        var count = new Option<int>("--count", "-n") { Description = "Entries at most (default 20).", HelpName = "count", DefaultValueFactory = _ => 20 };
        return add(new Command("bandwidth", "Bytes and messages of today or this month, those with the most first.") { by, month, count }, (parsed, client, token) =>
        {
            var path = new CtlPath("/api/v1/bandwidth").With("by", parsed.GetValue(by)).With("period", parsed.GetValue(month) ? "month" : "today").With("limit", parsed.GetValue(count));
            return SendAsync(parsed, client, HttpMethod.Get, path.Text, null, token);
        });
    }

    public Command CreateBans()
    {
        var list = add(new Command("list", "Who may not connect."), (parsed, client, token) => SendAsync(parsed, client, HttpMethod.Get, "/api/v1/bans?limit=1000", null, token));
        var kind = new Argument<string>("kind") { Description = "client_id, username or address." };
        kind.AcceptOnlyFromAmong("client_id", "username", "address");
        var value = new Argument<string>("value") { Description = "The client identifier, user name, IP address, or network such as 10.1.0.0/16." };
        var minutes = new Option<int?>("--minutes") { Description = "For how long; without it for ever.", HelpName = "minutes" };
        var reason = new Option<string?>("--reason") { Description = "Why, for those who look later.", HelpName = "text" };
        var ban = add(new Command("add", "Ban somebody; his connections end.") { kind, value, minutes, reason }, (parsed, client, token) =>
        {
            var body = new JsonObject { ["kind"] = parsed.GetValue(kind), ["value"] = parsed.GetValue(value), ["minutes"] = parsed.GetValue(minutes), ["reason"] = parsed.GetValue(reason) };
            return SendAsync(parsed, client, HttpMethod.Post, "/api/v1/bans", body, token);
        });
        var id = IdArgument("ban");
        var remove = add(new Command("remove", "End a ban.") { id }, (parsed, client, token) => SendAsync(parsed, client, HttpMethod.Delete, "/api/v1/bans/" + Uri.EscapeDataString(parsed.GetValue(id)!), null, token));
        return new Command("bans", "Who may not connect.") { list, ban, remove };
    }

    private async Task<int> FollowAsync(ParseResult parsed, CtlClient client, string id, CancellationToken cancellationToken)
    {
        var after = 0L;
        while (true)
        {
            var path = new CtlPath($"/api/v1/traces/{Uri.EscapeDataString(id)}/entries").With("after", after).With("wait_seconds", WaitSeconds).With("limit", 1000);
            if (await client.SendAsync(HttpMethod.Get, path.Text, null, cancellationToken) is not { } answer) return 0;

            foreach (var entry in answer.GetProperty("items").EnumerateArray())
            {
                await parsed.InvocationConfiguration.Output.WriteLineAsync(wantsJson(parsed) ? entry.GetRawText() : LineOf(entry));
            }

            var isNew = answer.GetProperty("last").GetInt64() > after;
            after = answer.GetProperty("last").GetInt64();
            if (!isNew && !answer.GetProperty("is_running").GetBoolean()) return 0;
        }
    }

    private static string LineOf(JsonElement entry) => CtlOutput.Printable(
        $"{entry.GetProperty("at").GetDateTimeOffset():HH:mm:ss.fff} {(entry.GetProperty("direction").GetString() == "in" ? "->" : "<-")} {entry.GetProperty("client").GetString()} {entry.GetProperty("packet").GetString()}: {entry.GetProperty("summary").GetString()}");

    private async Task<int> SendAsync(ParseResult parsed, CtlClient client, HttpMethod method, string path, JsonObject? body, CancellationToken cancellationToken)
    {
        write(parsed, await client.SendAsync(method, path, body, cancellationToken));
        return 0;
    }

    private static Argument<string> IdArgument(string what) => new("id") { Description = $"The {what}'s id." };
}
