using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class TopicAliasTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    [Spec("MQTT-3.3.2-12")]
    public async Task Alias_stands_for_the_topic_it_was_set_to(ushort alias)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Subscribed("#"));
        Assert.Equal(64u, client.Connack.Integer(PropertyId.TopicAliasMaximum));

        await client.SendAsync(Given.Publish("long/topic").Payload("1").TopicAlias(alias), Given.Publish("").Payload("2").TopicAlias(alias));
        await client.ExpectAsync(Given.Publish("long/topic").Payload("1"), Given.Publish("long/topic").Payload("2"));
        await client.SendAsync(Given.Publish("other").Payload("3").TopicAlias(alias), Given.Publish("").Payload("4").TopicAlias(alias));
        await client.ExpectAsync(Given.Publish("other").Payload("3"), Given.Publish("other").Payload("4"));
    }

    [Theory]
    [InlineData(65)]
    [InlineData(65535)]
    [InlineData(0)]
    [Spec("MQTT-3.2.2-17", "MQTT-3.3.2-9", "MQTT-3.3.2-8")]
    public async Task Alias_outside_the_range_is_disconnected(ushort alias)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c"));

        await client.SendAsync(Given.Publish("a").TopicAlias(alias));

        await client.ExpectDisconnectAsync(ReasonCode.TopicAliasInvalid);
    }

    [Fact, Spec("MQTT-3.2.2-18")]
    public async Task Alias_is_disconnected_where_none_is_allowed()
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, TopicAliasMaximum = 0 });
        var client = await broker.ConnectAsync(Given.Client("c"));
        Assert.Equal(0u, client.Connack.Integer(PropertyId.TopicAliasMaximum) ?? 0);

        await client.SendAsync(Given.Publish("a").TopicAlias(1));

        await client.ExpectDisconnectAsync(ReasonCode.TopicAliasInvalid);
    }

    [Fact, Spec("MQTT-3.3.2-7")]
    public async Task Alias_ends_with_its_connection()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Persistent());
        await client.SendAsync(Given.Publish("a").TopicAlias(1));
        await client.CloseAsync();

        client = await broker.ConnectAsync(Given.Client("c").Persistent());
        await client.SendAsync(Given.Publish("").TopicAlias(1));

        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Fact]
    public async Task Alias_is_set_although_the_message_is_refused()
    {
        await using var broker = new TestBroker(services: new BrokerServices { Authorizers = [new TopicAuthorizer()] });
        var client = await broker.ConnectAsync(Given.Client("c"));

        await client.SendAsync(Given.Publish("denied").Qos1(1).TopicAlias(1), Given.Publish("").Qos1(2).TopicAlias(1));

        await client.ExpectAsync(Given.Puback(1, ReasonCode.NotAuthorized), Given.Puback(2, ReasonCode.NotAuthorized));
    }

    [Fact]
    public async Task Alias_of_a_message_sent_again_at_qos2_is_understood()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Subscribed("a"));

        await client.SendAsync(Given.Publish("a").Qos2(1).TopicAlias(1), Given.Publish("").Qos2(1).TopicAlias(1).AsDuplicate());

        var types = new List<PacketType>();
        for (var count = 0; count < 3; count++) types.Add((await client.ReadPacketAsync()).Type);
        Assert.Equal([PacketType.Publish, PacketType.Pubrec, PacketType.Pubrec], types.Order());
    }

    [Fact, Spec("MQTT-3.1.2-26", "MQTT-3.3.2-11")]
    public async Task Aliases_of_the_broker_keep_to_the_clients_maximum()
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").TopicAliasMaximum(2).Subscribed("#"));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        var known = new Dictionary<uint, string>();
        var shortened = 0;

        for (var topic = 0; topic < 20; topic++)
        {
            // Where a topic comes again and again, an alias pays.
            for (var round = 0; round < 4; round++)
            {
                await writer.SendAsync(Given.Publish($"some/topic/{topic}").Payload("x"));
                var delivered = await reader.ReadPacketAsync(PacketType.Publish);
                var alias = delivered.Integer(PropertyId.TopicAlias);
                if (alias is not null) Assert.InRange(alias.Value, 1u, 2u);
                if (delivered.TopicName.Length == 0) shortened++;
                else if (alias is not null) known[alias.Value] = delivered.TopicName;

                Assert.Equal($"some/topic/{topic}", delivered.TopicName.Length > 0 ? delivered.TopicName : known[alias!.Value]);
            }
        }

        Assert.True(shortened > 0, "No message came with an alias in place of its topic.");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Spec("MQTT-3.1.2-27")]
    public async Task Aliases_of_the_broker_are_not_used_unless_the_client_allows_them(bool saysZero)
    {
        await using var broker = new TestBroker();
        var given = Given.Client("reader").Subscribed("#");
        var reader = await broker.ConnectAsync(saysZero ? given.TopicAliasMaximum(0) : given);

        for (var round = 0; round < 5; round++)
        {
            await reader.SendAsync(Given.Publish("some/topic"));
            await reader.ExpectAsync(Given.Publish("some/topic"));
        }
    }

    [Fact, Spec("MQTT-3.3.2-7")]
    public async Task Messages_sent_again_on_another_connection_have_their_topic()
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Persistent().TopicAliasMaximum(10).Subscribed("some/topic", Qos.AtLeastOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (ushort number = 1; number <= 3; number++) await writer.SendAsync(Given.Publish("some/topic").Payload($"{number}").Qos1(number));
        await reader.CloseAsync();

        reader = await broker.ConnectAsync(Given.Client("reader").Persistent().TopicAliasMaximum(10));

        Assert.Equal("some/topic", (await reader.ReadPacketAsync(PacketType.Publish)).TopicName);
    }
}
