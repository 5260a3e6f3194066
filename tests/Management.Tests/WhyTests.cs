using System.Net;
using System.Text.Json;
using Avocet.Broker;
using Avocet.Management.Tests.Support;
using Avocet.Protocol;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Management.Tests;

/// <summary>What the API tells of clients and messages, and why one does not arrive.</summary>
public sealed class WhyTests
{
    [Fact]
    public async Task Clients_are_listed_in_parts_and_each_is_found()
    {
        await using var console = await TestConsole.StartAsync();
        for (var number = 0; number < 5; number++) await console.Broker.ConnectAsync(Given.Client($"c{number}/ä+"));
        using var reader = console.WithKey(Scope.Read);

        var first = await ReadAsync(reader, "/api/v1/clients?limit=3");
        Assert.Equal((5, 3), (first.GetProperty("total").GetInt32(), first.GetProperty("items").GetArrayLength()));
        var second = await ReadAsync(reader, $"/api/v1/clients?limit=3&cursor={first.GetProperty("next").GetString()}");
        Assert.Equal(["c3/ä+", "c4/ä+"], second.GetProperty("items").EnumerateArray().Select(client => client.GetProperty("client_id").GetString()));
        Assert.False(second.TryGetProperty("next", out _));
        var middle = await ReadAsync(reader, "/api/v1/clients?limit=2&skip=1");
        Assert.Equal(["c1/ä+", "c2/ä+"], middle.GetProperty("items").EnumerateArray().Select(client => client.GetProperty("client_id").GetString()));
        Assert.Equal("c3/ä+", (await ReadAsync(reader, $"/api/v1/clients?limit=2&cursor={middle.GetProperty("next").GetString()}")).GetProperty("items")[0].GetProperty("client_id").GetString());
        Assert.Equal(0, (await ReadAsync(reader, "/api/v1/clients?skip=5")).GetProperty("items").GetArrayLength());
        Assert.Equal("skip is -1; allowed is 0 and more.", await TestConsole.ProblemAsync(await reader.GetAsync("/api/v1/clients?skip=-1"), HttpStatusCode.BadRequest));
        await TestConsole.ProblemAsync(await reader.GetAsync($"/api/v1/clients?skip=1&cursor={middle.GetProperty("next").GetString()}"), HttpStatusCode.BadRequest);
        Assert.Equal("5.0", (await ReadAsync(reader, "/api/v1/clients/one?client_id=" + Uri.EscapeDataString("c2/ä+"))).GetProperty("mqtt_version").GetString());
        await TestConsole.ProblemAsync(await reader.GetAsync("/api/v1/clients/one?client_id=nobody"), HttpStatusCode.NotFound);
        Assert.Contains("queued_messages", await TestConsole.ProblemAsync(await reader.GetAsync("/api/v1/clients?sort=size"), HttpStatusCode.BadRequest), StringComparison.Ordinal);
        await TestConsole.ProblemAsync(await reader.GetAsync("/api/v1/clients?cursor=MW5v"), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Queue_and_subscriptions_of_a_client_are_shown()
    {
        await using var console = await TestConsole.StartAsync();
        await LeaveAsync(console, "c");
        using var operating = console.WithKey(Scope.Operate);
        await PublishAsync(console, "a", "text"u8.ToArray());
        await PublishAsync(console, "a", [0xFF, 0xFE]);

        var queue = await ReadAsync(operating, "/api/v1/clients/queue?client_id=c");
        Assert.Equal(2, queue.GetProperty("queued_total").GetInt64());
        var messages = queue.GetProperty("queued").EnumerateArray().ToList();
        Assert.Equal(("text", "//4="), (messages[0].GetProperty("payload").GetString(), messages[1].GetProperty("payload_base64").GetString()));
        var subscription = (await ReadAsync(operating, "/api/v1/subscriptions?client_id=c")).GetProperty("items")[0];
        Assert.Equal(("a", 1), (subscription.GetProperty("filter").GetString(), subscription.GetProperty("qos").GetInt32()));
    }

    [Fact]
    public async Task Queue_is_cleared_and_session_is_ended_and_both_are_audited()
    {
        await using var console = await TestConsole.StartAsync();
        await LeaveAsync(console, "c/+");
        await PublishAsync(console, "a", "text"u8.ToArray());
        using var operating = console.WithKey(Scope.Operate);

        using var cleared = await operating.SendAsync(TestConsole.Json(HttpMethod.Post, "/api/v1/clients/queue/clear", new { client_id = "c/+" }));
        Assert.Equal(1, (await TestConsole.ReadAsync(cleared)).GetProperty("removed").GetInt64());
        using var ended = await operating.SendAsync(TestConsole.Json(HttpMethod.Post, "/api/v1/sessions/end", new { client_id = "c/+" }));
        Assert.Equal(1, (await TestConsole.ReadAsync(ended)).GetProperty("ended").GetInt32());

        Assert.Equal(["session.end c/+", "client.queue.clear c/+: 1 messages"], console.Host.Management.Audit.Find(long.MaxValue, 2, _ => true).Select(entry => $"{entry.Action} {entry.Subject}"));
        await TestConsole.ProblemAsync(await operating.SendAsync(TestConsole.Json(HttpMethod.Post, "/api/v1/sessions/end", new { client_id = "c/+" })), HttpStatusCode.NotFound);
        await TestConsole.ProblemAsync(await operating.SendAsync(TestConsole.Json(HttpMethod.Post, "/api/v1/clients/queue/clear", new { client_id = "c/+" })), HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Payloads_that_wait_are_not_for_who_may_only_read()
    {
        await using var console = await TestConsole.StartAsync();
        using var reader = console.WithKey(Scope.Read);
        await TestConsole.ProblemAsync(await reader.GetAsync("/api/v1/clients/queue?client_id=c"), HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Explanation_names_who_does_not_get_it_and_why()
    {
        await using var console = await TestConsole.StartAsync();
        await LeaveAsync(console, "sleeper");
        using var reader = console.WithKey(Scope.Read);

        var answer = await ReadAsync(reader, "/api/v1/explain?topic=a");
        var receiver = answer.GetProperty("receivers")[0];
        Assert.Equal(("sleeper", "offline_at_most_once"), (receiver.GetProperty("client_id").GetString(), receiver.GetProperty("outcome").GetString()));
        Assert.Equal("queued", (await ReadAsync(reader, "/api/v1/explain?topic=a&qos=1")).GetProperty("receivers")[0].GetProperty("outcome").GetString());
        Assert.Equal("no_session", (await ReadAsync(reader, "/api/v1/explain?topic=a&subscriber_id=nobody")).GetProperty("receivers")[0].GetProperty("outcome").GetString());
        Assert.Contains("wildcard", (await ReadAsync(reader, "/api/v1/explain?topic=a%2F%23")).GetProperty("problem").GetString(), StringComparison.Ordinal);
        await TestConsole.ProblemAsync(await reader.GetAsync("/api/v1/explain?topic=a&qos=7"), HttpStatusCode.BadRequest);
        await TestConsole.ProblemAsync(await reader.GetAsync("/api/v1/explain"), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Events_are_filtered_and_can_be_waited_for()
    {
        await using var console = await TestConsole.StartAsync(brokerOptions: new BrokerOptions { SysIntervalSeconds = 0, QueueMessagesMax = 0 });
        await LeaveAsync(console, "full");
        using var reader = console.WithKey(Scope.Read);
        var last = (await ReadAsync(reader, "/api/v1/events")).GetProperty("last").GetInt64();
        var waiting = reader.GetAsync($"/api/v1/events?after={last}&wait_seconds=20&kind=queue_full");
        await PublishAsync(console, "a", "x"u8.ToArray());

        // What wakes the wait first may be the publisher that connects.
        var events = (await TestConsole.ReadAsync(await waiting)).GetProperty("items").EnumerateArray().ToList();
        if (events.Count == 0) events = [.. (await ReadAsync(reader, $"/api/v1/events?after={last}&kind=queue_full")).GetProperty("items").EnumerateArray()];

        Assert.Equal(("full", "a"), (Assert.Single(events).GetProperty("client_id").GetString(), events[0].GetProperty("topic").GetString()));
        Assert.Contains("queue_full", await TestConsole.ProblemAsync(await reader.GetAsync("/api/v1/events?kind=flood"), HttpStatusCode.BadRequest), StringComparison.Ordinal);
        await TestConsole.ProblemAsync(await reader.GetAsync("/api/v1/events?wait_seconds=1000"), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Retained_messages_are_counted_before_they_are_removed()
    {
        await using var console = await TestConsole.StartAsync();
        foreach (var topic in (string[])["home/a", "home/b", "garden"]) await PublishAsync(console, topic, "on"u8.ToArray(), retain: true);
        using var operating = console.WithKey(Scope.Operate);

        Assert.Equal(2, (await ReadAsync(operating, "/api/v1/retained?filter=home%2F%23")).GetArrayLength());
        Assert.Equal((2, true), await RemoveAsync(operating, new { filter = "home/#", dry_run = true }));
        Assert.Equal((2, false), await RemoveAsync(operating, new { filter = "home/#" }));
        Assert.Equal("garden", (await ReadAsync(operating, "/api/v1/retained"))[0].GetProperty("topic").GetString());
        Assert.Equal("home/#: 2 messages", console.Host.Management.Audit.Find(long.MaxValue, 1, entry => entry.Action == "retained.remove").Single().Subject);
        await TestConsole.ProblemAsync(await operating.GetAsync("/api/v1/retained?filter=a%23"), HttpStatusCode.BadRequest);
    }

    private static async Task<(int Count, bool IsDryRun)> RemoveAsync(HttpClient client, object body)
    {
        using var response = await client.SendAsync(TestConsole.Json(HttpMethod.Post, "/api/v1/retained/remove", body));
        var answer = await TestConsole.ReadAsync(response);
        return (answer.GetProperty("count").GetInt32(), answer.GetProperty("is_dry_run").GetBoolean());
    }

    private static async Task<JsonElement> ReadAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(path);
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{path}: {response.StatusCode}");
        return await TestConsole.ReadAsync(response);
    }

    private static async Task LeaveAsync(TestConsole console, string clientId)
    {
        var client = await console.Broker.ConnectAsync(Given.Client(clientId).Persistent().Subscribed("a", Qos.AtLeastOnce));
        await client.DisconnectAsync();
        await client.Connection;
    }

    private static async Task PublishAsync(TestConsole console, string topic, byte[] payload, bool retain = false)
    {
        var publisher = await console.Broker.ConnectAsync(Given.Client("publisher"));
        var publish = Given.Publish(topic).Payload(payload).Qos1(1);
        await publisher.SendAsync(retain ? publish.Retain() : publish);
        await publisher.ReadPacketAsync(PacketType.Puback);
        await publisher.DisconnectAsync();
        await publisher.Connection;
    }
}
