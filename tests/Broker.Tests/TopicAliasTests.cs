using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Avocet.TestKit;
using Avocet.TestKit.Packets;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class TopicAliasTests
{
    private const ushort AliasMax = 5;

    private static BrokerOptions Options => new() { SysIntervalSeconds = 0, TopicAliasMaximum = AliasMax };

    [Fact, Spec("MQTT-3.3.2-12")]
    public async Task Alias_of_a_client_stands_for_its_topic_up_to_the_maximum()
    {
        await using var broker = new TestBroker(Options);
        var reader = await broker.ConnectAsync(Given.Client("reader").Subscribed("#", Qos.AtLeastOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        Assert.Equal(AliasMax, writer.Connack.Integer(PropertyId.TopicAliasMaximum));

        for (ushort alias = 1; alias <= AliasMax; alias++)
        {
            await writer.SendAsync(Given.Publish($"t/{alias}").Payload("set").TopicAlias(alias));
            await reader.ExpectAsync(Given.Publish($"t/{alias}").Payload("set"));
        }

        for (ushort alias = AliasMax; alias > 0; alias--)
        {
            await writer.SendAsync(Given.Publish("").Payload("used").TopicAlias(alias).Qos1(alias));
            await reader.ExpectAsync(Given.Publish($"t/{alias}").Payload("used").Qos1());
        }
    }

    [Fact, Spec("MQTT-3.3.2-12")]
    public async Task Alias_of_a_client_can_be_set_anew()
    {
        await using var broker = new TestBroker(Options);
        var client = await broker.ConnectAsync(Given.Client("c").Subscribed("#"));

        await client.SendAsync(Given.Publish("a").TopicAlias(1), Given.Publish("b").TopicAlias(1), Given.Publish("").TopicAlias(1), Given.Publish("a").TopicAlias(2));

        await client.ExpectAsync(Given.Publish("a"), Given.Publish("b"), Given.Publish("b"), Given.Publish("a"));
    }

    [Fact]
    public async Task Alias_of_a_client_is_its_own()
    {
        await using var broker = new TestBroker(Options);
        var reader = await broker.ConnectAsync(Given.Client("reader").Subscribed("#"));
        var one = await broker.ConnectAsync(Given.Client("one"));
        var two = await broker.ConnectAsync(Given.Client("two"));
        await one.SendAsync(Given.Publish("a").TopicAlias(1));
        await two.SendAsync(Given.Publish("b").TopicAlias(1));

        await one.SendAsync(Given.Publish("").TopicAlias(1));
        await two.SendAsync(Given.Publish("").TopicAlias(1));

        await reader.ExpectAsync(Given.Publish("a"), Given.Publish("b"), Given.Publish("a"), Given.Publish("b"));
    }

    [Fact]
    public async Task Alias_of_a_publish_that_was_refused_is_set_all_the_same()
    {
        await using var broker = new TestBroker(Options, new BrokerServices { Authorizers = [new TopicAuthorizer()] });
        var client = await broker.ConnectAsync(Given.Client("c").Subscribed("#"));

        await client.SendAsync(Given.Publish("denied").TopicAlias(1).Qos1(1), Given.Publish("").TopicAlias(1).Qos1(2));

        await client.ExpectAsync(Given.Puback(1, ReasonCode.NotAuthorized), Given.Puback(2, ReasonCode.NotAuthorized));
    }

    [Fact]
    public async Task Alias_of_a_message_sent_again_at_qos2_is_understood()
    {
        await using var broker = new TestBroker(Options);
        var client = await broker.ConnectAsync(Given.Client("c").Subscribed("a"));

        await client.SendAsync(Given.Publish("a").Qos2(1).TopicAlias(1), Given.Publish("").Qos2(1).TopicAlias(1).AsDuplicate());

        var types = new List<PacketType>();
        for (var count = 0; count < 3; count++) types.Add((await client.ReadPacketAsync()).Type);
        Assert.Equal([PacketType.Publish, PacketType.Pubrec, PacketType.Pubrec], types.Order());
    }

    [Theory]
    [InlineData(AliasMax, 0, "a", ReasonCode.TopicAliasInvalid)]
    [InlineData(AliasMax, AliasMax + 1, "a", ReasonCode.TopicAliasInvalid)]
    [InlineData(AliasMax, 65_535, "a", ReasonCode.TopicAliasInvalid)]
    [InlineData(AliasMax, 0, "", ReasonCode.TopicAliasInvalid)]
    [InlineData(AliasMax, 2, "", ReasonCode.ProtocolError)]
    [InlineData(0, 1, "a", ReasonCode.TopicAliasInvalid)]
    [Spec("MQTT-3.2.2-17", "MQTT-3.2.2-18", "MQTT-3.3.2-8", "MQTT-3.3.2-9")]
    public async Task Alias_that_is_not_valid_ends_the_connection(int aliasMax, int alias, string topic, ReasonCode reason)
    {
        await using var broker = new TestBroker(Options with { TopicAliasMaximum = aliasMax });
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("#"));
        var client = await broker.ConnectAsync(Given.Client("c"));
        Assert.Equal(aliasMax > 0, client.Connack.Has(PropertyId.TopicAliasMaximum));

        await client.SendAsync(Given.Publish(topic).Payload("x").TopicAlias((ushort)alias));

        await client.ExpectDisconnectAsync(reason);
        await watcher.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.3.2-7")]
    public async Task Alias_of_a_client_ends_with_its_connection()
    {
        await using var broker = new TestBroker(Options);
        var client = await broker.ConnectAsync(Given.Client("c").Persistent());
        await client.SendAsync(Given.Publish("a").TopicAlias(1));
        await client.CloseAsync();

        client = await broker.ConnectAsync(Given.Client("c").Persistent());
        await client.SendAsync(Given.Publish("").TopicAlias(1));

        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Theory]
    [InlineData(1, 64)]
    [InlineData(2, 64)]
    [InlineData(65_535, 64)]
    [InlineData(65_535, 3)]
    [Spec("MQTT-3.1.2-26", "MQTT-3.3.2-11", "MQTT-3.3.2-8")]
    public async Task Alias_of_the_broker_keeps_to_both_maximums_and_always_stands_for_the_right_topic(ushort clientMax, int brokerMax)
    {
        await using var broker = new TestBroker(Options with { OutboundTopicAliasMaximum = brokerMax });
        var reader = await broker.ConnectAsync(Given.Client("reader").TopicAliasMaximum(clientMax).Subscribed("#"));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        var topics = Enumerable.Range(0, 300).SelectMany(turn => new[] { "often", $"topic/{turn % 7}", $"topic/{turn}" }).ToList();

        foreach (var topic in topics) await writer.SendAsync(Given.Publish(topic).Payload(topic));

        var aliases = new Dictionary<uint, string>();
        var withoutTopic = 0;
        foreach (var packet in await reader.ReadToPingrespAsync())
        {
            var alias = packet.Integer(PropertyId.TopicAlias);
            if (alias is not null) Assert.InRange(alias.Value, 1u, (uint)Math.Min(clientMax, brokerMax));
            if (packet.TopicName.Length == 0) withoutTopic++;
            else if (alias is not null) aliases[alias.Value] = packet.TopicName;

            Assert.Equal(packet.PayloadText, packet.TopicName.Length == 0 ? aliases[alias!.Value] : packet.TopicName);
        }

        Assert.Equal(topics.Count, reader.Received.Count(packet => packet.Type == PacketType.Publish));
        if (Math.Min(clientMax, brokerMax) > 3) Assert.NotEqual(0, withoutTopic);
    }

    [Fact, Spec("MQTT-3.1.2-26")]
    public async Task Alias_of_the_broker_is_used_for_a_topic_that_repeats()
    {
        await using var broker = new TestBroker(Options);
        var client = await broker.ConnectAsync(Given.Client("c").TopicAliasMaximum(10).Subscribed("topic"));

        for (var turn = 0; turn < 10; turn++) await client.SendAsync(Given.Publish("topic"));

        var last = (await client.ReadToPingrespAsync())[^1];
        Assert.Equal("", last.TopicName);
        Assert.True(last.Has(PropertyId.TopicAlias));
    }

    [Theory]
    [InlineData(null)]
    [InlineData((ushort)0)]
    [Spec("MQTT-3.1.2-27")]
    public async Task Alias_of_the_broker_is_not_used_where_the_client_takes_none(ushort? aliasMax)
    {
        await using var broker = new TestBroker(Options);
        var client = Given.Client("c").Subscribed("topic");
        var reader = await broker.ConnectAsync(aliasMax is { } max ? client.TopicAliasMaximum(max) : client);

        for (var turn = 0; turn < 20; turn++)
        {
            await reader.SendAsync(Given.Publish("topic").TopicAlias(3));
            await reader.ExpectAsync(Given.Publish("topic"));
        }
    }

    [Fact, Spec("MQTT-3.3.2-7")]
    public async Task Alias_of_the_broker_ends_with_the_connection()
    {
        await using var broker = new TestBroker(Options);
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        var reader = await broker.ConnectAsync(Given.Client("reader").Persistent().TopicAliasMaximum(10).Subscribed("topic", Qos.AtLeastOnce));
        for (ushort turn = 1; turn <= 3; turn++) await writer.SendAsync(Given.Publish("topic").Payload($"{turn}").Qos1(turn));
        Assert.Equal("", (await reader.ReadToPingrespAsync())[^1].TopicName);
        await reader.CloseAsync();

        reader = await broker.ConnectAsync(Given.Client("reader").Persistent());

        // Sent again with the whole topic; this connection takes no alias.
        for (ushort turn = 1; turn <= 3; turn++) await reader.ExpectAsync(Given.Publish("topic").Payload($"{turn}").Qos1(turn).AsDuplicate());
        await reader.CloseAsync();

        reader = await broker.ConnectAsync(Given.Client("reader").Persistent().TopicAliasMaximum(10));

        // This one takes aliases, but knows none yet.
        Assert.Equal("topic", (await reader.ReadPacketAsync(PacketType.Publish)).TopicName);
    }

    [Fact]
    public async Task Aliases_of_both_directions_are_apart()
    {
        await using var broker = new TestBroker(Options);
        var client = await broker.ConnectAsync(Given.Client("c").TopicAliasMaximum(1).Subscribed("down"));
        await client.SendAsync(Given.Publish("up").TopicAlias(1));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (var turn = 0; turn < 3; turn++) await writer.SendAsync(Given.Publish("down").Payload("x"));
        var last = (await client.ReadToPingrespAsync())[^1];
        Assert.Equal(("", 1u), (last.TopicName, last.Integer(PropertyId.TopicAlias)!.Value));
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("up"));

        await client.SendAsync(Given.Publish("").Payload("y").TopicAlias(1));

        await watcher.ExpectAsync(Given.Publish("up").Payload("y"));
    }

    [Theory]
    [InlineData(40u)]
    [InlineData(41u)]
    [InlineData(43u)]
    [InlineData(44u)]
    [InlineData(45u)]
    [InlineData(46u)]
    public async Task Alias_of_the_broker_does_not_make_a_packet_too_large(uint packetSizeMax)
    {
        await using var broker = new TestBroker(Options);
        var client = await broker.ConnectAsync(Given.Client("c").TopicAliasMaximum(10).MaximumPacketSize(packetSizeMax).Subscribed("topic"));
        var payload = new string('x', 30);

        for (var turn = 0; turn < 4; turn++) await client.SendAsync(Given.Publish("topic").Payload(payload));

        // The plain packet has 40 bytes, so each one fits in some form; the peer checks the sizes.
        Assert.Equal(40, Given.Publish("topic").Payload(payload).Encode(ProtocolVersion.V50).Length);
        var packets = await client.ReadToPingrespAsync();
        Assert.Equal(4, packets.Count(IsPublish));
    }

    private static bool IsPublish(PacketView packet) => packet.Type == PacketType.Publish;
}
