using System.Globalization;
using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

/// <summary>The broker's own topics, <c>$SYS/broker/…</c>.</summary>
public sealed class SysTests
{
    private static readonly string[] Names =
    [
        "version", "uptime",
        "clients/connected", "clients/disconnected", "clients/expired", "clients/maximum", "clients/total", "clients/active", "clients/inactive",
        "bytes/received", "bytes/sent", "messages/received", "messages/sent", "messages/stored", "store/messages/count", "store/messages/bytes",
        "publish/messages/dropped", "publish/messages/received", "publish/messages/sent", "publish/bytes/received", "publish/bytes/sent",
        "retained messages/count", "subscriptions/count", "shared_subscriptions/count", "heap/current", "heap/maximum",
        "gc/collections/0", "gc/collections/1", "gc/collections/2", "gc/pause/total", "gc/pause/longest",
        "connections/socket/count", "packet/out/count", "packet/out/bytes",
    ];

    private static readonly string[] Packets =
    [
        "connect", "connack", "publish", "puback", "pubrec", "pubrel", "pubcomp", "subscribe", "suback", "unsubscribe", "unsuback", "pingreq", "pingresp",
        "disconnect", "auth",
    ];

    private static readonly string[] Loads =
    [
        "connections", "sockets", "bytes/received", "bytes/sent", "messages/received", "messages/sent", "publish/dropped", "publish/received", "publish/sent",
    ];

    [Theory, BothVersions]
    [Spec("MQTT-4.7.2-1", "3.1.1 MQTT-4.7.2-1")]
    public async Task Names_are_there_retained_after_two_turns(ProtocolVersion version)
    {
        await using var broker = new TestBroker(new BrokerOptions());
        await broker.AdvanceAsync(21);

        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Subscribed("$SYS/#"));

        var packets = await reader.ReadToPingrespAsync();
        Assert.All(packets, packet => Assert.True(packet.Retain));
        var expected = Names
            .Concat(Packets.SelectMany(name => new[] { $"mqtt/{name}/received", $"mqtt/{name}/sent" }))
            .Concat(Loads.SelectMany(name => new[] { $"load/{name}/1min", $"load/{name}/5min", $"load/{name}/15min" }))
            .Select(name => $"$SYS/broker/{name}");
        Assert.Empty(expected.Except(packets.Select(packet => packet.TopicName)));
        Assert.StartsWith("avocet version", packets.Single(packet => packet.TopicName == "$SYS/broker/version").PayloadText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Garbage_collections_and_their_pauses_are_told()
    {
        await using var broker = new TestBroker(new BrokerOptions());
        GC.Collect(2, GCCollectionMode.Forced, blocking: true);

        Assert.InRange(int.Parse(await SysTopics.ReadNextAsync(broker, "gc/collections/2"), CultureInfo.InvariantCulture), 1, int.MaxValue);
        var longest = double.Parse(await SysTopics.ReadAsync(broker, "gc/pause/longest"), CultureInfo.InvariantCulture);
        var total = double.Parse(await SysTopics.ReadAsync(broker, "gc/pause/total"), CultureInfo.InvariantCulture);
        Assert.InRange(longest, double.Epsilon, total + 0.1);
    }

    [Fact]
    public async Task Values_change_every_interval()
    {
        await using var broker = new TestBroker(new BrokerOptions());
        var reader = await broker.ConnectAsync(Given.Client("reader").Subscribed("$SYS/broker/uptime"));
        Assert.Equal("0 seconds", (await reader.ReadPacketAsync(PacketType.Publish)).PayloadText);

        await broker.AdvanceAsync(9.5);
        await reader.ExpectNothingAsync();
        for (var turn = 1; turn <= 6; turn++)
        {
            await broker.AdvanceAsync(10);
            var publish = await reader.ReadPacketAsync(PacketType.Publish);
            Assert.False(publish.Retain);
            Assert.Equal($"{turn * 10} seconds", publish.PayloadText);
            await reader.ExpectNothingAsync();
        }
    }

    [Fact]
    public async Task Interval_of_0_turns_it_off()
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0 });
        await broker.AdvanceAsync(60);

        var reader = await broker.ConnectAsync(Given.Client("reader").Subscribed("$SYS/#"));

        await reader.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.7.2-1", "3.1.1 MQTT-4.7.2-1")]
    public async Task Values_are_hidden_from_wildcards_at_the_beginning(ProtocolVersion version)
    {
        await using var broker = new TestBroker(new BrokerOptions());
        var reader = await broker.ConnectAsync(
            Given.Client("reader").Version(version).Subscribed("#").Subscribed("+/#").Subscribed("+/broker/#").Subscribed("$share/g/#"));

        await broker.AdvanceAsync(21);

        await reader.ExpectNothingAsync();
    }

    [Fact]
    public async Task Clients_are_counted()
    {
        await using var broker = new TestBroker(new BrokerOptions());
        await broker.ConnectAsync(Given.Client("one"));
        var two = await broker.ConnectAsync(Given.Client("two").Persistent());
        var three = await broker.ConnectAsync(Given.Client("three").Persistent(5));
        await broker.ConnectAsync(Given.Client("four"));
        await two.CloseAsync();
        await three.CloseAsync();

        Assert.Equal("2", await SysTopics.ReadNextAsync(broker, "clients/connected"));
        Assert.Equal("2", await SysTopics.ReadAsync(broker, "clients/active"));
        Assert.Equal("1", await SysTopics.ReadAsync(broker, "clients/disconnected"));
        Assert.Equal("1", await SysTopics.ReadAsync(broker, "clients/inactive"));
        Assert.Equal("1", await SysTopics.ReadAsync(broker, "clients/expired"));
        Assert.Equal("3", await SysTopics.ReadAsync(broker, "clients/total"));
        Assert.Equal("4", await SysTopics.ReadAsync(broker, "clients/maximum"));
        Assert.Equal("2", await SysTopics.ReadAsync(broker, "connections/socket/count"));
    }

    [Fact]
    public async Task Subscriptions_are_counted()
    {
        await using var broker = new TestBroker(new BrokerOptions());
        var client = await broker.ConnectAsync(Given.Client("c").Subscribed("a").Subscribed("b/#").Subscribed("c/+").Subscribed("$share/g/a").Subscribed("$share/h/a/#"));
        await broker.ConnectAsync(Given.Client("other").Subscribed("a").Subscribed("$share/g/a").Subscribed("a"));
        await client.SendAsync(Given.Unsubscribe(1).Filter("c/+").Filter("$share/h/a/#").Filter("unknown"));
        await client.ReadToPingrespAsync();

        Assert.Equal("5", await SysTopics.ReadNextAsync(broker, "subscriptions/count"));
        Assert.Equal("2", await SysTopics.ReadAsync(broker, "shared_subscriptions/count"));
        await client.DisconnectAsync();
        Assert.Equal("2", await SysTopics.ReadNextAsync(broker, "subscriptions/count"));
        Assert.Equal("1", await SysTopics.ReadAsync(broker, "shared_subscriptions/count"));
    }

    [Fact]
    public async Task Retained_messages_are_counted()
    {
        await using var broker = new TestBroker(new BrokerOptions());
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await broker.AdvanceAsync(21);
        var before = await ReadNumberAsync(broker, "retained messages/count");

        await writer.SendAsync(Given.Publish("a").Payload("1").Retain(), Given.Publish("a").Payload("2").Retain(), Given.Publish("a/b").Payload("x").Retain());
        Assert.Equal(before + 2, await ReadNumberAsync(broker, "retained messages/count"));
        await writer.SendAsync(Given.Publish("a").Retain(), Given.Publish("unknown").Retain());

        Assert.Equal(before + 1, await ReadNumberAsync(broker, "retained messages/count"));
    }

    [Fact]
    public async Task Packets_and_messages_are_counted()
    {
        await using var broker = new TestBroker(new BrokerOptions());
        var client = await broker.ConnectAsync(Given.Client("c").Subscribed("a", Qos.ExactlyOnce));
        await client.SendAsync(Given.Publish("a").Payload("0"), Given.Publish("a").Payload("11").Qos1(1), Given.Publish("a").Payload("222").Qos2(2));
        await client.SendAsync(Given.Pubrel(2), Given.Puback(1), Given.Pubrec(2), Given.Pubcomp(2), Given.Unsubscribe(3).Filter("a"), Given.Pingreq());

        Assert.Equal("3", await SysTopics.ReadNextAsync(broker, "mqtt/publish/received"));
        foreach (var name in new[] { "puback", "pubrec", "pubrel", "pubcomp" })
        {
            Assert.Equal("1", await SysTopics.ReadAsync(broker, $"mqtt/{name}/received"));
            Assert.Equal("1", await SysTopics.ReadAsync(broker, $"mqtt/{name}/sent"));
        }

        foreach (var name in new[] { "connect", "subscribe", "unsubscribe", "pingreq" }) Assert.Equal("1", await SysTopics.ReadAsync(broker, $"mqtt/{name}/received"));
        foreach (var name in new[] { "connack", "suback", "unsuback", "pingresp" }) Assert.Equal("1", await SysTopics.ReadAsync(broker, $"mqtt/{name}/sent"));
        Assert.Equal("3", await SysTopics.ReadAsync(broker, "publish/messages/received"));
        Assert.Equal("3", await SysTopics.ReadAsync(broker, "publish/messages/sent"));
        Assert.Equal("6", await SysTopics.ReadAsync(broker, "publish/bytes/received"));
        Assert.Equal("6", await SysTopics.ReadAsync(broker, "publish/bytes/sent"));
    }

    [Fact]
    public async Task Bytes_are_counted()
    {
        await using var broker = new TestBroker(new BrokerOptions());
        var client = await broker.OpenAsync(Given.Client("c"));
        await client.ReadPacketAsync(PacketType.Connack);
        var publish = Given.Publish("a").Payload("x").Qos1(1);
        await client.SendAsync(publish);
        await client.ReadPacketAsync(PacketType.Puback);

        var received = Given.Client("c").Encode().Length + publish.Encode(ProtocolVersion.V50).Length;
        Assert.Equal($"{received}", await SysTopics.ReadNextAsync(broker, "bytes/received"));
        Assert.Equal($"{client.Received.Sum(packet => packet.Bytes.Length)}", await SysTopics.ReadAsync(broker, "bytes/sent"));
        Assert.Equal("2", await SysTopics.ReadAsync(broker, "messages/received"));
        Assert.Equal("2", await SysTopics.ReadAsync(broker, "messages/sent"));
    }

    [Fact]
    public async Task Refused_and_too_large_messages_are_counted_as_dropped()
    {
        await using var broker = new TestBroker(new BrokerOptions(), new BrokerServices { Authorizers = [new TopicAuthorizer()] });
        var small = await broker.ConnectAsync(Given.Client("small").MaximumPacketSize(100).Subscribed("a"));
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        await writer.SendAsync(Given.Publish("denied"), Given.Publish("denied").Qos1(1), Given.Publish("a").Payload(new byte[200]));

        await small.ExpectNothingAsync();
        Assert.Equal("2", await SysTopics.ReadNextAsync(broker, "publish/messages/dropped/refused"));
        Assert.Equal("1", await SysTopics.ReadAsync(broker, "publish/messages/dropped/too_large"));
        Assert.Equal("3", await SysTopics.ReadAsync(broker, "publish/messages/dropped"));
    }

    [Theory, BothVersions]
    public async Task Publish_of_a_client_is_refused(ProtocolVersion version)
    {
        await using var broker = new TestBroker(new BrokerOptions());
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("$SYS/own").Subscribed("$SYS/broker/version"));
        var value = (await watcher.ReadPacketAsync(PacketType.Publish)).PayloadText;
        var client = await broker.ConnectAsync(Given.Client("c").Version(version));

        await client.SendAsync(Given.Publish("$SYS/broker/version").Payload("x").Retain().Qos1(1), Given.Publish("$SYS/own").Payload("x").Retain().Qos2(2));
        await client.ExpectAsync(Given.Puback(1, ReasonCode.NotAuthorized), Given.Pubrec(2, ReasonCode.NotAuthorized));

        await watcher.ExpectNothingAsync();
        Assert.Equal(value, await SysTopics.ReadAsync(broker, "version"));
    }

    [Fact]
    public async Task Load_is_the_average_for_a_minute()
    {
        await using var broker = new TestBroker(new BrokerOptions());
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (var turn = 0; turn < 120; turn++)
        {
            await writer.SendAsync(Given.Publish("a"), Given.Publish("a"));
            await broker.AdvanceAsync(10);
        }

        // Two in ten seconds are twelve in a minute.
        foreach (var minutes in new[] { 1, 5 })
        {
            var load = double.Parse(await SysTopics.ReadAsync(broker, $"load/publish/received/{minutes}min"), CultureInfo.InvariantCulture);
            Assert.InRange(load, 11.5, 12.1);
        }
    }

    private static async Task<int> ReadNumberAsync(TestBroker broker, string name)
    {
        return int.Parse(await SysTopics.ReadNextAsync(broker, name), CultureInfo.InvariantCulture);
    }
}
