using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class SysTests
{
    private static readonly string[] Names =
    [
        "version", "uptime", "bytes/received", "bytes/sent", "clients/connected", "clients/disconnected", "clients/expired", "clients/maximum", "clients/total",
        "clients/active", "clients/inactive", "connections/socket/count", "heap/current", "heap/maximum", "messages/received", "messages/sent",
        "messages/stored", "packet/out/count", "packet/out/bytes", "publish/messages/dropped", "publish/messages/received", "publish/messages/sent",
        "publish/bytes/received", "publish/bytes/sent", "retained messages/count", "store/messages/count", "store/messages/bytes", "subscriptions/count",
        "shared_subscriptions/count", "mqtt/connect/received", "mqtt/publish/sent", "mqtt/auth/received", "load/connections/1min", "load/bytes/sent/15min",
    ];

    [Theory, BothVersions]
    public async Task Values_are_retained_text_under_the_names_that_are_known(ProtocolVersion version)
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 10 });
        await broker.AdvanceAsync(11);
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Subscribed("$SYS/#"));

        var came = await ReadAllAsync(reader);

        Assert.All(Names, name => Assert.Contains($"$SYS/broker/{name}", came));
        Assert.EndsWith(" seconds", came["$SYS/broker/uptime"], StringComparison.Ordinal);
        Assert.StartsWith("avocet version", came["$SYS/broker/version"], StringComparison.Ordinal);
    }

    [Theory, BothVersions]
    public async Task Values_are_published_at_each_interval(ProtocolVersion version)
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 10 });
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Subscribed("$SYS/broker/clients/connected"));
        await reader.ExpectAsync(Given.Publish("$SYS/broker/clients/connected").Payload("0").Retain());

        await broker.AdvanceAsync(11);
        await reader.ExpectAsync(Given.Publish("$SYS/broker/clients/connected").Payload("1"));
        var other = await broker.ConnectAsync(Given.Client("other").Version(version).Persistent().Subscribed("a").Subscribed("$share/g/a"));
        await broker.AdvanceAsync(10);
        await reader.ExpectAsync(Given.Publish("$SYS/broker/clients/connected").Payload("2"));
        await other.CloseAsync();
        await broker.AdvanceAsync(10);

        await reader.ExpectAsync(Given.Publish("$SYS/broker/clients/connected").Payload("1"));
        var late = await broker.ConnectAsync(Given.Client("late").Version(version).Subscribed("$SYS/broker/+/+"));
        var came = await ReadAllAsync(late);
        Assert.Equal(("1", "2", "2"), (came["$SYS/broker/clients/disconnected"], came["$SYS/broker/clients/total"], came["$SYS/broker/clients/maximum"]));
    }

    [Fact]
    public async Task Subscriptions_messages_and_drops_are_counted()
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 10, QueueMessagesMax = 1 });
        var away = await broker.ConnectAsync(Given.Client("away").Persistent().Subscribed("a", Qos.AtLeastOnce).Subscribed("$share/g/b"));
        await away.CloseAsync();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("12345").Qos1(1), Given.Publish("a").Payload("12345").Qos1(2), Given.Publish("c").Payload("x").Retain());
        await broker.AdvanceAsync(11);

        var reader = await broker.ConnectAsync(Given.Client("reader").Subscribed("$SYS/#"));

        var came = await ReadAllAsync(reader);
        Assert.Equal("3", came["$SYS/broker/publish/messages/received"]);
        Assert.Equal("11", came["$SYS/broker/publish/bytes/received"]);
        Assert.Equal("1", came["$SYS/broker/publish/messages/dropped"]);
        Assert.Equal("1", came["$SYS/broker/publish/messages/dropped/queue_full"]);
        Assert.Equal("1", came["$SYS/broker/packet/out/count"]);
        Assert.Equal("1", came["$SYS/broker/shared_subscriptions/count"]);
        Assert.Equal("2", came["$SYS/broker/mqtt/connect/received"]);
        Assert.Equal("2", came["$SYS/broker/mqtt/puback/sent"]);
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.7.2-1", "3.1.1 MQTT-4.7.2-1")]
    public async Task Values_are_hidden_from_leading_wildcards(ProtocolVersion version)
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 10 });
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Subscribed("#").Subscribed("+/broker/#"));

        await broker.AdvanceAsync(30);

        await reader.ExpectNothingAsync();
    }

    [Fact]
    public async Task Values_are_not_published_where_the_interval_is_0()
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0 });
        await broker.AdvanceAsync(30);

        var reader = await broker.ConnectAsync(Given.Client("reader").Subscribed("$SYS/#"));

        await reader.ExpectNothingAsync();
    }

    private static async Task<Dictionary<string, string>> ReadAllAsync(TestPeer peer)
    {
        var values = new Dictionary<string, string>();
        await peer.SendAsync(Given.Pingreq());
        for (var packet = await peer.ReadPacketAsync(); packet.Type != PacketType.Pingresp; packet = await peer.ReadPacketAsync())
        {
            Assert.True(packet.Retain);
            values[packet.TopicName] = packet.PayloadText;
        }

        return values;
    }
}
