using System.Text.Json;
using System.Text.RegularExpressions;
using Avocet.Client;
using Avocet.Protocol;
using Xunit;

namespace Avocet.Cli.Tests.Ctl;

/// <summary><c>avocet ctl</c>: what the broker counts, its clients, and why a message does not arrive.</summary>
[Collection(CtlCollection.Name)]
public sealed class CtlLookTests(CtlBroker broker)
{
    [Fact]
    public async Task Figures_are_lines_of_names_and_values()
    {
        var overview = await broker.LinesAsync("overview");

        Assert.Contains(overview, line => Regex.IsMatch(line, @"^clients_connected +\d+$"));
        Assert.Contains(overview, line => Regex.IsMatch(line, @"^received\.messages +\d+$"));
        Assert.Single(overview.Select(line => line.LastIndexOf("  ", StringComparison.Ordinal)).Distinct());
        Assert.Equal(JsonValueKind.Object, (await broker.JsonAsync("overview")).GetProperty("received").ValueKind);
        Assert.Equal(["status   ok", "reasons  none"], await broker.LinesAsync("health"));
        Assert.Equal("v1", (await broker.JsonAsync("version")).GetProperty("api").GetString());
        Assert.Contains(await broker.LinesAsync("store"), line => Regex.IsMatch(line, "^is_on +true$"));
        Assert.Equal(["name  transport  address                 is_tls  allows_anonymous", $"tcp   tcp        mqtt://127.0.0.1:{broker.MqttPort,-5}  false   true"], (await broker.LinesAsync("listeners")).Select(line => line.Replace("  certificates", "", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Clients_are_a_table_and_one_is_told_in_full()
    {
        await using var first = await broker.ConnectAsync("look-1", options => options.UserName = "anna");
        await using var second = await broker.ConnectAsync("look-22");
        await using var subscription = await second.OpenSubscriptionAsync("look/#", new SubscribeOptions { Qos = Qos.AtLeastOnce });

        var table = await broker.LinesAsync("clients", "list", "--text", "look-", "--sort", "client_id", "--descending");
        Assert.Equal(3, table.Length);
        Assert.StartsWith("client_id  is_connected  user_name  address ", table[0], StringComparison.Ordinal);
        Assert.Matches(@"^look-22 +true {15,}127\.0\.0\.1:\d+ +5\.0 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ +1 ", table[1]);
        Assert.Matches("^look-1 +true +anna +127", table[2]);
        Assert.All(table[1..], row => Assert.Equal(table[0].IndexOf("mqtt_version", StringComparison.Ordinal), row.IndexOf("5.0", StringComparison.Ordinal)));

        var cut = await broker.LinesAsync("clients", "list", "--text", "look-", "-n", "1");
        Assert.Equal("These are the first 1 of 2.", cut[^1]);
        Assert.Equal(2, (await broker.JsonAsync("clients", "list", "--text", "look-")).GetProperty("total").GetInt32());
        Assert.Contains(await broker.LinesAsync("clients", "show", "look-1"), line => Regex.IsMatch(line, "^user_name +anna$"));
        Assert.Equal(
            ["client_id  filter  qos  no_local  retain_as_published  subscription_id", "look-22    look/#    1  false     false                              1"],
            await broker.LinesAsync("clients", "subscriptions", "look-22"));
        Assert.Equal("No client of this identifier is connected or has a session.", await broker.FailAsync("clients", "show", "nobody"));
        Assert.Contains("sort 'size' is not known; there are client_id, ", await broker.FailAsync("clients", "list", "--sort", "size"), StringComparison.Ordinal);
        Assert.Equal("limit is 0; allowed is 1 to 1000.", await broker.FailAsync("clients", "list", "-n", "0"));
    }

    [Fact]
    public async Task Events_are_lines_and_come_as_they_happen()
    {
        await using (var client = await broker.ConnectAsync("event-1", options => options.UserName = "anna"))
        {
            // Only comes and goes.
        }

        var lines = await broker.LinesAsync("events", "--client", "event-1");
        Assert.Matches(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z  connected           event-1 \(anna\) from 127\.0\.0\.1:\d+: MQTT 5\.0$", lines[0]);
        Assert.Contains("  disconnected        event-1 (anna) from ", lines[1], StringComparison.Ordinal);
        Assert.Equal("connected", (await broker.JsonAsync("events", "--client", "event-1", "--kind", "connected")).GetProperty("items")[0].GetProperty("kind").GetString());
        Assert.Equal(["none"], await broker.LinesAsync("events", "--kind", "queue_full", "--client", "event-1"));
        Assert.StartsWith("kind 'full' is not known; there are client_resumed, ", await broker.FailAsync("events", "--kind", "full"), StringComparison.Ordinal);

        await using var following = broker.Start("events", "-f", "--client", "event-1", "--kind", "connected", "--json");
        await following.WaitForLineAsync("event-1");
        await using var again = await broker.ConnectAsync("event-1", options => options.UserName = "berta");
        Assert.Equal("berta", JsonDocument.Parse(await following.WaitForLineAsync("berta")).RootElement.GetProperty("user_name").GetString());
        following.Signal(System.Runtime.InteropServices.PosixSignal.SIGINT);
        await following.WaitForExitAsync();
        Assert.Empty(following.ErrorLines);
    }

    [Fact]
    public async Task Explanation_names_who_gets_a_message_and_who_does_not()
    {
        await broker.LeaveSessionAsync("explain-1", "explain/+");
        await using var online = await broker.ConnectAsync("explain-2");
        await using var subscription = await online.OpenSubscriptionAsync("explain/#", new SubscribeOptions { Qos = Qos.AtLeastOnce });

        var table = await broker.LinesAsync("explain", "explain/door", "-q", "1");
        Assert.Equal(3, table.Length);
        Assert.StartsWith("client_id  outcome ", table[0], StringComparison.Ordinal);
        Assert.Contains(table, row => Regex.IsMatch(row, "^explain-1 +queued "));
        Assert.Contains(table, row => Regex.IsMatch(row, "^explain-2 +sent "));

        var one = await broker.RunAsync("explain", "explain/door", "--publisher", "explain-2", "--subscriber", "explain-1");
        Assert.StartsWith("The publisher may publish it", one, StringComparison.Ordinal);
        Assert.Contains("\nLately:\n", one, StringComparison.Ordinal);
        Assert.Contains("  connected           explain-1", one, StringComparison.Ordinal);
        Assert.Equal(["Nobody has subscribed to it."], await broker.LinesAsync("explain", "other/door"));
        Assert.StartsWith("Nobody gets it: the Topic Name is not valid", await broker.RunAsync("explain", "explain/#"), StringComparison.Ordinal);
        Assert.Equal(2, (await broker.JsonAsync("explain", "explain/door")).GetProperty("receivers").GetArrayLength());
    }

    [Fact]
    public async Task Topics_are_a_tree_level_by_level()
    {
        await using var client = await broker.ConnectAsync("topics-1");
        await client.PublishAsync("topics/kitchen/temperature", "21.5", Qos.AtLeastOnce);
        await client.PublishAsync("topics/door", "open", Qos.AtLeastOnce, retain: true);

        // Topics are counted soon after their messages.
        var level = await broker.UntilAsync(lines => lines.Length == 3, "topics", "list", "topics");
        Assert.StartsWith("level    topic           topics  messages  messages_per_second  bytes_per_second  last_at ", level[0], StringComparison.Ordinal);
        Assert.Matches("^door     topics/door     +1 +1 ", level[1]);
        Assert.Matches("^kitchen  topics/kitchen  +1 +1 ", level[2]);
        Assert.Equal(2, (await broker.LinesAsync("topics", "list", "--search", "TEMPER")).Length);
        Assert.Contains(await broker.LinesAsync("topics", "show", "topics/door"), line => Regex.IsMatch(line, "^last_publisher +topics-1$"));
        Assert.Equal(["none"], await broker.LinesAsync("topics", "silent"));
        Assert.Equal("Nothing was published to this topic, as far as is remembered.", await broker.FailAsync("topics", "show", "topics/nothing"));
    }

    [Fact]
    public async Task Bandwidth_is_by_total_client_and_topic()
    {
        await using var client = await broker.ConnectAsync("bandwidth-1");
        await client.PublishAsync("bandwidth/test", new string('x', 1000), Qos.AtLeastOnce);

        Assert.Matches(@"^name +bytes_in  ", (await broker.LinesAsync("bandwidth"))[0]);
        await broker.UntilAsync(lines => lines.Any(line => Regex.IsMatch(line, @"^bandwidth-1 +1\d{3} ")), "bandwidth", "--by", "client");
        await broker.UntilAsync(lines => lines.Any(line => Regex.IsMatch(line, @"^bandwidth +1\d{3} ")), "bandwidth", "--by", "topic", "--month");
        Assert.True((await broker.JsonAsync("bandwidth", "--by", "client", "-n", "1")).GetProperty("items").GetArrayLength() <= 2);
    }
}
