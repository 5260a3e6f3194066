using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Avocet.Cli.Ctl;

/// <summary>The commands of <c>avocet ctl</c> about topics and the messages on them.</summary>
/// <param name="add">Lets a command run.</param>
/// <param name="write">Shows an answer.</param>
/// <param name="wantsJson">Whether answers are shown as they come.</param>
internal sealed class CtlTopicCommands(Func<Command, Func<ParseResult, CtlClient, CancellationToken, Task<int>>, Command> add, Action<ParseResult, JsonElement?> write, Func<ParseResult, bool> wantsJson)
{
    public Command CreateTopics()
    {
        var parent = new Argument<string?>("parent") { Description = "The levels above, such as home/kitchen; without it the first level.", Arity = ArgumentArity.ZeroOrOne };
        var search = new Option<string?>("--search") { Description = "Topics that contain this text, in place of a level.", HelpName = "text" };
        var count = CountOption("Topics");
        var list = add(new Command("list", "One level of the tree of topics, with rates and sizes.") { parent, search, count }, (parsed, client, token) =>
            GetAsync(parsed, client, new CtlPath("/api/v1/topics").With("limit", parsed.GetValue(count)).With("parent", parsed.GetValue(parent)).With("search", parsed.GetValue(search)), token));

        var topic = new Argument<string>("topic") { Description = "The topic." };
        var show = add(new Command("show", "One topic: rate, size, who publishes it, how often it usually comes.") { topic }, (parsed, client, token) =>
            GetAsync(parsed, client, new CtlPath("/api/v1/topics/one").With("topic", parsed.GetValue(topic)), token));

        var silent = add(new Command("silent", "Topics and clients that have stopped: quiet for three times their usual interval."), (parsed, client, token) =>
            GetAsync(parsed, client, new CtlPath("/api/v1/silent").With("limit", 1000), token));
        return new Command("topics", "Topics that messages were published to.") { list, show, silent };
    }

    public Command CreateMessages()
    {
        var filter = new Argument<string>("filter") { Description = "A topic filter." };
        var rate = new Option<int>("--max-per-second") { Description = "Messages a second at most (default 100); of more the newest of each topic are shown.", HelpName = "count", DefaultValueFactory = _ => 100 };
        var watch = add(new Command("watch", "Messages as they come, retained ones first, until interrupted. Takes no part in MQTT: nobody's rules or queues are touched.") { filter, rate }, async (parsed, client, token) =>
        {
            var output = parsed.InvocationConfiguration.Output;
            var path = new CtlPath("/api/v1/messages/stream").With("filter", parsed.GetValue(filter)).With("max_per_second", parsed.GetValue(rate));
            await foreach (var (kind, data) in client.StreamAsync(path.Text, token))
            {
                if (kind == "skipped") await parsed.InvocationConfiguration.Error.WriteLineAsync($"avocet: {data.GetProperty("count")} messages were left out.");
                else if (kind == "message") await output.WriteLineAsync(wantsJson(parsed) ? data.GetRawText() : LineOf(data));
            }

            return 0;
        });
        return new Command("messages", "Messages on their way.") { watch };
    }

    /// <summary>A topic and a payload on one line; what is no text is told by its size.</summary>
    private static string LineOf(JsonElement message)
    {
        var payload = message.GetProperty("payload_base64").GetBytesFromBase64();
        var text = Utf8.IsValid(payload) ? Encoding.UTF8.GetString(payload) : $"({message.GetProperty("payload_bytes").GetInt32()} bytes)";
        var marks = message.GetProperty("retain").GetBoolean() ? "r" : "-";
        return CtlOutput.Printable($"{marks} {message.GetProperty("qos").GetInt32()} {message.GetProperty("topic").GetString()}  {text}");
    }

    private async Task<int> GetAsync(ParseResult parsed, CtlClient client, CtlPath path, CancellationToken cancellationToken)
    {
        write(parsed, await client.SendAsync(HttpMethod.Get, path.Text, null, cancellationToken));
        return 0;
    }

    private static Option<int> CountOption(string what) =>
        new("--count", "-n") { Description = $"{what} at most (default 100, at most 1000).", HelpName = "count", DefaultValueFactory = _ => 100 };
}
