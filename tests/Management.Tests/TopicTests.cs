using System.Net;
using System.Text;
using Avocet.Broker;
using Avocet.Management.Tests.Support;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Management.Tests;

/// <summary>What the API tells of topics, and shows of messages as they come.</summary>
public sealed class TopicTests
{
    [Fact]
    public async Task Topics_are_listed_by_level_and_found()
    {
        await using var console = await TestConsole.StartAsync();
        var client = await console.Broker.ConnectAsync(Given.Client("c"));
        await client.SendAsync(Given.Publish("home/a/x").Payload("12"), Given.Publish("home/b"), Given.Publish("home/ä b/y"));
        await console.Broker.AdvanceAsync(1);
        using var reader = console.WithKey(Scope.Read);

        var root = (await GetAsync(reader, "/api/v1/topics")).GetProperty("items");
        Assert.Equal(("home", 3, true, false), (root[0].GetProperty("level").GetString(), root[0].GetProperty("topics").GetInt32(), root[0].GetProperty("has_children").GetBoolean(), root[0].GetProperty("is_topic").GetBoolean()));
        var page = await GetAsync(reader, "/api/v1/topics?parent=home&limit=2");
        Assert.Equal(["a", "b"], page.GetProperty("items").EnumerateArray().Select(level => level.GetProperty("level").GetString()));
        var next = await GetAsync(reader, $"/api/v1/topics?parent=home&limit=2&cursor={page.GetProperty("next").GetString()}");
        Assert.Equal("home/ä b", next.GetProperty("items")[0].GetProperty("topic").GetString());
        Assert.Equal("home/a/x", (await GetAsync(reader, "/api/v1/topics?search=A%2Fx")).GetProperty("items")[0].GetProperty("topic").GetString());

        var one = await GetAsync(reader, "/api/v1/topics/one?topic=home%2Fa%2Fx");
        Assert.Equal((1, 2, "c", false), (one.GetProperty("messages").GetInt64(), one.GetProperty("last_bytes").GetInt32(), one.GetProperty("last_publisher").GetString(), one.GetProperty("retained").GetBoolean()));
        await TestConsole.ProblemAsync(await reader.GetAsync("/api/v1/topics/one?topic=nothing"), HttpStatusCode.NotFound);
        await TestConsole.ProblemAsync(await reader.GetAsync("/api/v1/topics?parent=a&search=b"), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task What_has_stopped_is_listed()
    {
        await using var console = await TestConsole.StartAsync();
        var client = await console.Broker.ConnectAsync(Given.Client("sensor").KeepAlive(0));
        for (var i = 0; i < 5; i++)
        {
            await client.SendAsync(Given.Publish("t"));
            await console.Broker.AdvanceAsync(2);
        }

        await console.Broker.AdvanceAsync(10);
        using var reader = console.WithKey(Scope.Read);

        var silent = (await GetAsync(reader, "/api/v1/silent")).GetProperty("items");
        Assert.Equal(["client sensor", "topic t"], silent.EnumerateArray().Select(one => $"{one.GetProperty("kind").GetString()} {one.GetProperty("name").GetString()}"));
        Assert.Equal(2, silent[0].GetProperty("usual_interval_seconds").GetDouble());
        Assert.True((await GetAsync(reader, "/api/v1/topics")).GetProperty("items")[0].GetProperty("silent").GetBoolean());
    }

    [Fact]
    public async Task Topics_that_are_not_counted_are_said_to_be_so()
    {
        await using var console = await TestConsole.StartAsync(brokerOptions: new BrokerOptions { TopicStatisticsMax = 0 });
        using var reader = console.WithKey(Scope.Read);

        Assert.Contains("limits.topic_statistics_max", await TestConsole.ProblemAsync(await reader.GetAsync("/api/v1/topics"), HttpStatusCode.Conflict), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Messages_are_shown_as_they_come_and_retained_ones_first()
    {
        await using var console = await TestConsole.StartAsync();
        var client = await console.Broker.ConnectAsync(Given.Client("c"));
        await client.SendAsync(Given.Publish("home/lamp").Payload("on").Retain());
        using var operating = console.WithKey(Scope.Operate);
        await using var stream = await EventReader.OpenAsync(operating, "/api/v1/messages/stream?filter=home%2F%23");

        var (_, retained) = await stream.ReadAsync("message");
        Assert.Equal(("home/lamp", "on", true), (retained.GetProperty("topic").GetString(), TextOf(retained), retained.GetProperty("retain").GetBoolean()));
        await client.SendAsync(Given.Publish("garden/x").Payload("no"), Given.Publish("home/door").Payload("<b>open</b>").Qos1(1));
        var (_, live) = await stream.ReadAsync("message");
        Assert.Equal(("home/door", "<b>open</b>", 1, "c", 11), (live.GetProperty("topic").GetString(), TextOf(live), live.GetProperty("qos").GetInt32(), live.GetProperty("publisher").GetString(), live.GetProperty("payload_bytes").GetInt32()));
    }

    [Fact]
    public async Task Of_too_many_messages_the_newest_of_each_topic_is_shown_and_the_others_are_counted()
    {
        await using var console = await TestConsole.StartAsync();
        using var operating = console.WithKey(Scope.Operate);
        await using var stream = await EventReader.OpenAsync(operating, "/api/v1/messages/stream?filter=t&max_per_second=1");
        await stream.ReadAsync("ready");
        var client = await console.Broker.ConnectAsync(Given.Client("c"));
        await client.SendAsync(Given.Publish("t").Payload("1"));
        Assert.Equal("1", TextOf((await stream.ReadAsync("message")).Data));

        for (var i = 2; i <= 5; i++) await client.SendAsync(Given.Publish("t").Payload($"{i}"));

        console.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, (await stream.ReadAsync("skipped")).Data.GetProperty("count").GetInt64());
        Assert.Equal("2", TextOf((await stream.ReadAsync("message")).Data));
        var next = stream.ReadAsync("message");
        while (!next.IsCompleted)
        {
            console.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal("5", TextOf((await next).Data));
    }

    [Theory]
    [InlineData("filter=a%23", "Topic Filter")]
    [InlineData("filter=a&max_per_second=0", "max_per_second")]
    [InlineData("filter=a&max_per_second=5000", "max_per_second")]
    public async Task Messages_with_a_bad_question_are_refused(string query, string told)
    {
        await using var console = await TestConsole.StartAsync();
        using var operating = console.WithKey(Scope.Operate);

        Assert.Contains(told, await TestConsole.ProblemAsync(await operating.GetAsync("/api/v1/messages/stream?" + query), HttpStatusCode.BadRequest), StringComparison.Ordinal);
    }

    private static string TextOf(System.Text.Json.JsonElement message) => Encoding.UTF8.GetString(message.GetProperty("payload_base64").GetBytesFromBase64());

    private static async Task<System.Text.Json.JsonElement> GetAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(path);
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{path}: {response.StatusCode}");
        return await TestConsole.ReadAsync(response);
    }
}
