using System.Net;
using System.Text;
using Avocet.Broker;
using Avocet.Management.Resources;
using Avocet.Management.Tests.Support;
using Avocet.Protocol;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Management.Tests;

/// <summary>What the API says of the broker, and does to it.</summary>
public sealed class BrokerTests
{
    [Fact]
    public async Task Overview_counts_clients_messages_and_drops()
    {
        await using var console = await TestConsole.StartAsync();
        var reader = await console.Broker.ConnectAsync(Given.Client("reader").Subscribed("a/#", Qos.AtMostOnce));
        var writer = await console.Broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a/b"));
        await reader.ExpectAsync(Given.Publish("a/b"));
        using var client = console.WithKey(Scope.Read);

        var overview = await TestConsole.ReadAsync(await client.GetAsync("/api/v1/overview"));

        Assert.Equal(2, overview.GetProperty("clients_connected").GetInt32());
        Assert.Equal(2, overview.GetProperty("connections").GetInt32());
        Assert.Equal(1, overview.GetProperty("subscriptions").GetInt32());
        Assert.Equal(1, overview.GetProperty("received").GetProperty("messages").GetInt64());
        Assert.Equal(1, overview.GetProperty("sent").GetProperty("messages").GetInt64());
        Assert.Equal(0, overview.GetProperty("dropped").GetProperty("total").GetInt64());
        Assert.Equal("1.2.3", overview.GetProperty("version").GetString());
    }

    [Fact]
    public async Task Disconnect_ends_the_connection_of_that_client_and_is_audited()
    {
        await using var console = await TestConsole.StartAsync();
        var one = await console.Broker.ConnectAsync(Given.Client("a/b c%2F"));
        var other = await console.Broker.ConnectAsync(Given.Client("other"));
        using var client = console.WithKey(Scope.Operate);

        using var response = await client.SendAsync(TestConsole.Json(HttpMethod.Post, "/api/v1/clients/disconnect", new { client_id = "a/b c%2F" }));

        Assert.Equal(1, (await TestConsole.ReadAsync(response)).GetProperty("disconnected").GetInt32());
        await one.ExpectDisconnectAsync(ReasonCode.AdministrativeAction);
        await other.ExpectNothingAsync();
        Assert.Equal("a/b c%2F", console.Host.Management.Audit.Find(long.MaxValue, 1, entry => entry.Action == "client.disconnect").Single().Subject);
        await TestConsole.ProblemAsync(await client.SendAsync(TestConsole.Json(HttpMethod.Post, "/api/v1/clients/disconnect", new { client_id = "nobody" })), HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Publish_reaches_subscribers_with_its_properties()
    {
        await using var console = await TestConsole.StartAsync();
        var reader = await console.Broker.ConnectAsync(Given.Client("reader").Subscribed("a/#", Qos.AtLeastOnce));
        using var client = console.WithKey(Scope.Operate);
        var body = new { topic = "a/b", payload = "grün", qos = 1, retain = true };

        using var response = await client.SendAsync(TestConsole.Json(HttpMethod.Post, "/api/v1/publish", body));

        Assert.Equal(1, (await TestConsole.ReadAsync(response)).GetProperty("matched").GetInt32());
        await reader.ExpectAsync(Given.Publish("a/b").Payload(Encoding.UTF8.GetBytes("grün")).Qos1(packetId: 1));
        var late = await console.Broker.ConnectAsync(Given.Client("late").Subscribed("a/b", Qos.AtMostOnce));
        await late.ExpectAsync(Given.Publish("a/b").Payload(Encoding.UTF8.GetBytes("grün")).Retain());
    }

    [Theory]
    [InlineData("""{"topic":"a/#"}""", "'#'")]
    [InlineData("""{"topic":""}""", "topic")]
    [InlineData("""{"topic":"a\u0000"}""", "topic")]
    [InlineData("""{"topic":"$SYS/broker/uptime"}""", "$SYS")]
    [InlineData("""{"topic":"a","qos":3}""", "qos")]
    [InlineData("""{"topic":"a","payload":"x","payload_base64":"eA=="}""", "both")]
    [InlineData("""{"topic":"a","response_topic":"b/+"}""", "response topic")]
    public async Task Publish_that_is_not_valid_is_refused(string body, string told)
    {
        await using var console = await TestConsole.StartAsync();
        using var client = console.WithKey(Scope.Operate);

        var detail = await TestConsole.ProblemAsync(await client.SendAsync(TestConsole.Json(HttpMethod.Post, "/api/v1/publish", body)), HttpStatusCode.BadRequest);

        Assert.Contains(told, detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ready_says_why_not()
    {
        var share = 0.5;
        await using var console = await TestConsole.StartAsync(services: new BrokerServices { MemoryShareInUse = () => share });
        Assert.Equal(HttpStatusCode.OK, (await console.Anonymous.GetAsync("/health/ready")).StatusCode);

        share = 0.9;
        await console.Broker.AdvanceAsync(1);
        using var tight = await console.Anonymous.GetAsync("/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, tight.StatusCode);
        Assert.Contains("memory", (await TestConsole.ReadAsync(tight)).GetProperty("reasons")[0].GetString(), StringComparison.Ordinal);

        share = 0.5;
        await console.Broker.AdvanceAsync(1);
        await console.Broker.Broker.StopAsync(TimeSpan.Zero);
        using var stopping = await console.Anonymous.GetAsync("/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, stopping.StatusCode);
        Assert.Contains("stopping", (await TestConsole.ReadAsync(stopping)).GetProperty("reasons")[0].GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await console.Anonymous.GetAsync("/health/live")).StatusCode);
    }

    [Fact]
    public async Task Reload_tells_what_has_changed_or_what_is_wrong()
    {
        await using var console = await TestConsole.StartAsync();
        using var admin = console.WithKey(Scope.Admin);

        var done = await TestConsole.ReadAsync(await admin.PostAsync("/api/v1/configuration/reload", null));
        Assert.Equal("log_level = \"debug\"", done.GetProperty("applied")[0].GetString());

        console.ReloadResult = new ReloadDocument([], [], ["avocet.toml:2: there is no key 'log_levle'."]);
        Assert.Contains("log_levle", await TestConsole.ProblemAsync(await admin.PostAsync("/api/v1/configuration/reload", null), HttpStatusCode.Conflict), StringComparison.Ordinal);
    }
}
