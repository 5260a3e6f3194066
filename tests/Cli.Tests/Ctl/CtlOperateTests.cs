using System.Text.Json;
using Avocet.Client;
using Avocet.Protocol;
using Xunit;

namespace Avocet.Cli.Tests.Ctl;

/// <summary><c>avocet ctl</c>: what changes something of clients and messages.</summary>
[Collection(CtlCollection.Name)]
public sealed class CtlOperateTests(CtlBroker broker)
{
    [Fact]
    public async Task Queue_is_looked_into_and_cleared_and_the_session_ended()
    {
        await broker.LeaveSessionAsync("queue-1", "queue/#");
        Assert.Equal(["matched  1", "dropped  0"], await broker.LinesAsync("publish", "queue/a", "one", "-q", "1"));
        await broker.RunAsync("publish", "queue/b", "-q", "1");

        var queued = (await broker.JsonAsync("clients", "queue", "queue-1")).GetProperty("queued").EnumerateArray().Select(message => $"{message.GetProperty("topic").GetString()} {message.GetProperty("payload").GetString()}");
        Assert.Equal(["queue/a one", "queue/b "], queued);
        Assert.Equal(["removed  2"], await broker.LinesAsync("clients", "clear-queue", "queue-1"));
        Assert.Equal(["ended  1"], await broker.LinesAsync("sessions", "end", "queue-1"));
        foreach (var command in (string[][])[["clients", "queue"], ["clients", "clear-queue"], ["sessions", "end"]])
        {
            Assert.Equal("No client of this identifier is connected or has a session.", await broker.FailAsync([.. command, "queue-1"]));
        }
    }

    [Fact]
    public async Task Client_is_disconnected()
    {
        await using var client = await broker.ConnectAsync("disconnect-1");

        Assert.Equal(["disconnected  1"], await broker.LinesAsync("clients", "disconnect", "disconnect-1"));

        Assert.Equal("No client of this identifier is connected.", await broker.FailAsync("clients", "disconnect", "disconnect-1"));
    }

    [Fact]
    public async Task Retained_messages_are_counted_before_they_are_removed()
    {
        await broker.RunAsync("publish", "kept/a", "1", "-r");
        await broker.RunAsync("publish", "kept/b", "22", "-r", "-q", "2");

        var table = await broker.LinesAsync("retained", "list", "kept/#");
        Assert.Equal("topic   payload  payload_size  qos  retain", table[0]);
        Assert.Contains("kept/b  22                  2    2  true", table);
        Assert.Equal(["count       2", "is_dry_run  true"], await broker.LinesAsync("retained", "remove", "kept/#", "--dry-run"));
        Assert.Equal(2, (await broker.JsonAsync("retained", "list", "kept/#")).GetArrayLength());
        Assert.Equal(["count       1", "is_dry_run  false"], await broker.LinesAsync("retained", "remove", "kept/a"));
        Assert.Equal("kept/b", (await broker.JsonAsync("retained", "list", "kept/#"))[0].GetProperty("topic").GetString());
        Assert.StartsWith("'a/#/b' is not a valid Topic Filter", await broker.FailAsync("retained", "remove", "a/#/b"), StringComparison.Ordinal);
        Assert.StartsWith("'a/#/b' is not a valid Topic Filter", await broker.FailAsync("retained", "list", "a/#/b"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Messages_are_watched_as_they_come()
    {
        await broker.RunAsync("publish", "watch/kept", "before", "-r");
        await using var watching = broker.Start("messages", "watch", "watch/#");
        Assert.Equal("r 0 watch/kept  before", await watching.WaitForLineAsync("watch/kept"));

        await broker.RunAsync("publish", "watch/door", "open", "-q", "1");

        Assert.Equal("- 1 watch/door  open", await watching.WaitForLineAsync("watch/door"));
        Assert.StartsWith("max_per_second is 0; allowed is 1 to ", await broker.FailAsync("messages", "watch", "a", "--max-per-second", "0"), StringComparison.Ordinal);
        Assert.StartsWith("'a/#/b' is not a valid Topic Filter", await broker.FailAsync("messages", "watch", "a/#/b"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publication_that_is_not_valid_is_told()
    {
        Assert.Equal("Not published: the topic has the wildcard '#'; wildcards belong in topic filters.", await broker.FailAsync("publish", "a/#", "x"));
        Assert.Equal("qos is 3; allowed is 0, 1 or 2.", await broker.FailAsync("publish", "a", "x", "-q", "3"));
    }

    [Fact]
    public async Task Trace_is_started_followed_saved_and_stopped()
    {
        var id = (await broker.JsonAsync("trace", "start", "client", "trace-1", "--minutes", "2")).GetProperty("id").GetString()!;
        await using var following = broker.Start("trace", "follow", id);
        await using (var client = await broker.ConnectAsync("trace-1"))
        {
            await client.PublishAsync("trace/door", "secret", Qos.AtLeastOnce);
        }

        Assert.Matches(@"^\d\d:\d\d:\d\d\.\d{3} -> trace-1 PUBLISH: trace/door, QoS 1, id \d+, 6 bytes$", await following.WaitForLineAsync("trace/door"));
        Assert.Matches(@"<- trace-1 CONNACK: ", await following.WaitForLineAsync("CONNACK"));
        var listed = (await broker.LinesAsync("trace", "list")).Single(line => line.StartsWith(id, StringComparison.Ordinal));
        Assert.Matches(@"^\w+  client  trace-1  false     true  +\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ  \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ +\d+ +0$", listed);
        Assert.Contains("    topic: trace/door", await broker.LinesAsync("trace", "save", id));
        var saved = JsonDocument.Parse(await broker.RunAsync("trace", "save", id, "--format", "json")).RootElement;
        Assert.Equal("CONNECT", saved[0].GetProperty("packet").GetString());
        Assert.DoesNotContain("secret", saved.GetRawText(), StringComparison.Ordinal);
        Assert.Equal("", await broker.RunAsync("trace", "stop", id));

        // It hears that the trace is over, or asks once more and hears that there is none.
        await following.WaitForExitAsync();
        Assert.All(following.ErrorLines, line => Assert.Equal("avocet: There is no such trace.", line));
        foreach (var command in (string[])["follow", "save", "stop"]) Assert.Equal("There is no such trace.", await broker.FailAsync("trace", command, id));
        Assert.Equal("minutes is 61; allowed is 1 to 60.", await broker.FailAsync("trace", "start", "client", "x", "--minutes", "61"));
    }

    [Fact]
    public async Task Ban_keeps_a_client_out_until_it_is_removed()
    {
        await using var client = await broker.ConnectAsync("banned-1");
        var id = (await broker.JsonAsync("bans", "add", "client_id", "banned-1", "--minutes", "5", "--reason", "sends rubbish")).GetProperty("id").GetString()!;
        await Assert.ThrowsAsync<MqttConnectException>(() => broker.ConnectAsync("banned-1"));

        var table = await broker.LinesAsync("bans", "list");
        Assert.Matches("^id +kind +value +until +reason +created_at$", table[0]);
        Assert.Matches($@"^{id}  client_id  banned-1  \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\dZ  sends rubbish  \d{{4}}-", table[1]);
        Assert.Equal("", await broker.RunAsync("bans", "remove", id));
        Assert.Equal(["none"], await broker.LinesAsync("bans", "list"));
        await using var again = await broker.ConnectAsync("banned-1");
        Assert.Equal("There is no such ban, or its time is over.", await broker.FailAsync("bans", "remove", id));
        Assert.Equal("'home' is no IP address and no network such as 10.1.0.0/16.", await broker.FailAsync("bans", "add", "address", "home"));
    }
}
