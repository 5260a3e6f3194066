using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Packets;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

/// <summary>PUBLISH from a client to the broker.</summary>
public sealed class PublishTests
{
    [Theory, BothVersions]
    [Spec("MQTT-3.3.4-1", "MQTT-2.2.1-2", "MQTT-4.3.1-1", "MQTT-3.3.1-2")]
    [Spec("3.1.1 MQTT-3.3.4-1", "3.1.1 MQTT-2.3.1-5", "3.1.1 MQTT-4.3.1-1", "3.1.1 MQTT-3.3.1-2")]
    public async Task Publish_qos0_is_delivered_and_not_answered(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Subscribed("a/b", Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version));

        await writer.SendAsync(Given.Publish("a/b").Payload("x"));

        await writer.ExpectNothingAsync();
        var delivered = await reader.ExpectAsync(Given.Publish("a/b").Payload("x"));
        Assert.Equal(0x30, delivered.Bytes[0]);
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.3.4-1", "MQTT-2.2.1-5", "MQTT-4.3.2-4", "MQTT-3.4.2-1")]
    [Spec("3.1.1 MQTT-3.3.4-1", "3.1.1 MQTT-2.3.1-6", "3.1.1 MQTT-4.3.2-2")]
    public async Task Publish_qos1_is_delivered_and_acknowledged(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Subscribed("a", Qos.AtLeastOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version));

        await writer.SendAsync(Given.Publish("a").Payload("x").Qos1(0x1234));

        await writer.ExpectAsync(Given.Puback(0x1234));
        await reader.ExpectAsync(Given.Publish("a").Payload("x").Qos1());
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.3.2-5", "MQTT-3.3.1-3", "3.1.1 MQTT-4.3.2-2", "3.1.1 MQTT-3.3.1-3")]
    public async Task Publish_qos1_with_an_id_used_before_is_a_new_message(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Subscribed("a", Qos.AtLeastOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version));

        await writer.SendAsync(Given.Publish("a").Payload("1").Qos1(7));
        await writer.ExpectAsync(Given.Puback(7));
        await writer.SendAsync(Given.Publish("a").Payload("2").Qos1(7).AsDuplicate());
        await writer.ExpectAsync(Given.Puback(7));

        await reader.ExpectAsync(Given.Publish("a").Payload("1").Qos1());
        await reader.ExpectAsync(Given.Publish("a").Payload("2").Qos1());
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.3.4-1", "MQTT-2.2.1-5", "MQTT-4.3.3-8", "MQTT-4.3.3-11", "MQTT-3.5.2-1", "MQTT-3.7.2-1")]
    [Spec("3.1.1 MQTT-3.3.4-1", "3.1.1 MQTT-2.3.1-6", "3.1.1 MQTT-4.3.3-2")]
    public async Task Publish_qos2_is_delivered_once_and_completed(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Subscribed("a"));
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version));

        await writer.SendAsync(Given.Publish("a").Payload("x").Qos2(0x1234));
        await writer.ExpectAsync(Given.Pubrec(0x1234));
        await writer.SendAsync(Given.Pubrel(0x1234));
        await writer.ExpectAsync(Given.Pubcomp(0x1234));

        await reader.ExpectAsync(Given.Publish("a").Payload("x"));
        await reader.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.3.3-10", "3.1.1 MQTT-4.3.3-2")]
    public async Task Publish_qos2_resent_is_acknowledged_but_routed_once(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Subscribed("a/#", Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version));
        var publish = Given.Publish("a/b").Qos2(packetId: 7);

        await writer.SendAsync(publish);
        await writer.ExpectAsync(Given.Pubrec(7));
        await writer.SendAsync(publish.AsDuplicate());
        await writer.ExpectAsync(Given.Pubrec(7));

        await reader.ExpectAsync(Given.Publish("a/b").Qos2());
        await reader.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.3.3-10", "3.1.1 MQTT-4.3.3-2", "3.1.1 MQTT-4.4.0-1")]
    public async Task Publish_qos2_resent_on_another_connection_is_routed_once(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Subscribed("a"));
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version).Persistent());
        await writer.SendAsync(Given.Publish("a").Payload("x").Qos2(7));
        await writer.ExpectAsync(Given.Pubrec(7));
        await writer.CloseAsync();

        writer = await broker.ConnectAsync(Given.Client("writer").Version(version).Persistent());
        await writer.SendAsync(Given.Publish("a").Payload("x").Qos2(7).AsDuplicate());
        await writer.ExpectAsync(Given.Pubrec(7));
        await writer.SendAsync(Given.Pubrel(7));
        await writer.ExpectAsync(Given.Pubcomp(7));

        await reader.ExpectAsync(Given.Publish("a").Payload("x"));
        await reader.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.3.3-12", "3.1.1 MQTT-4.3.3-2")]
    public async Task Publish_qos2_with_an_id_completed_before_is_a_new_message(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Subscribed("a"));
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version));

        for (var round = 1; round <= 2; round++)
        {
            await writer.SendAsync(Given.Publish("a").Payload($"{round}").Qos2(7));
            await writer.ExpectAsync(Given.Pubrec(7));
            await writer.SendAsync(Given.Pubrel(7));
            await writer.ExpectAsync(Given.Pubcomp(7));
            await reader.ExpectAsync(Given.Publish("a").Payload($"{round}"));
        }
    }

    [Fact, Spec("MQTT-4.3.3-9")]
    public async Task Publish_qos2_with_an_id_refused_before_is_a_new_message()
    {
        await using var broker = new TestBroker(services: new BrokerServices { Authorizers = [new TopicAuthorizer()] });
        var reader = await broker.ConnectAsync(Given.Client("reader").Subscribed("a"));
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        await writer.SendAsync(Given.Publish("denied").Payload("no").Qos2(7));
        await writer.ExpectAsync(Given.Pubrec(7, ReasonCode.NotAuthorized));
        await writer.SendAsync(Given.Publish("a").Payload("yes").Qos2(7));
        await writer.ExpectAsync(Given.Pubrec(7));

        await reader.ExpectAsync(Given.Publish("a").Payload("yes"));
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.7.2-1", "MQTT-4.3.3-11", "3.1.1 MQTT-4.3.3-2")]
    public async Task Pubrel_for_an_unknown_id_is_answered(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version));

        await writer.SendAsync(Given.Pubrel(99));

        await writer.ExpectAsync(Given.Pubcomp(99, ReasonCode.PacketIdentifierNotFound));
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.6.0-2", "3.1.1 MQTT-4.6.0-2")]
    public async Task Pubacks_come_in_the_order_of_the_publishes(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        await broker.ConnectAsync(Given.Client("reader").Subscribed("a"));
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version));

        await writer.SendAsync(Given.Publish("a").Qos1(9), Given.Publish("a").Qos1(3), Given.Publish("a").Qos1(7));

        await writer.ExpectAsync(Given.Puback(9), Given.Puback(3), Given.Puback(7));
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.6.0-3", "3.1.1 MQTT-4.6.0-3")]
    public async Task Pubrecs_come_in_the_order_of_the_publishes(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        await broker.ConnectAsync(Given.Client("reader").Subscribed("a"));
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version));

        await writer.SendAsync(Given.Publish("a").Qos2(9), Given.Publish("a").Qos2(3), Given.Publish("a").Qos2(7));

        await writer.ExpectAsync(Given.Pubrec(9), Given.Pubrec(3), Given.Pubrec(7));
    }

    [Fact, Spec("MQTT-3.4.2-1", "MQTT-3.5.2-1")]
    public async Task Publish_that_nobody_gets_is_acknowledged_with_no_matching_subscribers()
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer").Subscribed("b"));

        await writer.SendAsync(Given.Publish("a").Qos1(1));
        await writer.ExpectAsync(Given.Puback(1, ReasonCode.NoMatchingSubscribers));
        await writer.SendAsync(Given.Publish("a").Qos2(2));
        await writer.ExpectAsync(Given.Pubrec(2, ReasonCode.NoMatchingSubscribers));
    }

    [Fact]
    public async Task Client_numbers_its_packets_on_its_own()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Subscribed("a", Qos.ExactlyOnce));

        await client.SendAsync(Given.Publish("a").Payload("1").Qos2(1));
        var first = await ReadBothAsync(client);
        await client.SendAsync(Given.Pubrec(first.PacketId));
        await client.ExpectAsync(Given.Pubrel(first.PacketId));
        await client.SendAsync(Given.Pubrel(1));
        await client.ExpectAsync(Given.Pubcomp(1));
        await client.SendAsync(Given.Pubcomp(first.PacketId));

        await client.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    public async Task Publish_without_payload_is_delivered(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Subscribed("a"));

        await client.SendAsync(Given.Publish("a"));

        await client.ExpectAsync(Given.Publish("a"));
    }

    [Fact]
    public async Task Publish_of_a_megabyte_is_delivered()
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, OutboundBytesMax = 4 * 1024 * 1024 });
        var client = await broker.ConnectAsync(Given.Client("c").Subscribed("a"));
        var payload = new byte[1024 * 1024];
        new Random(1).NextBytes(payload);

        await client.SendAsync(Given.Publish("a").Payload(payload));

        var delivered = await client.ReadPacketAsync(PacketType.Publish);
        Assert.True(payload.AsSpan().SequenceEqual(delivered.Payload));
    }

    [Theory]
    [InlineData(Qos.AtLeastOnce)]
    [InlineData(Qos.ExactlyOnce)]
    [Spec("MQTT-3.2.2-9", "MQTT-3.2.2-11", "MQTT-3.2.2-10")]
    public async Task Publish_above_maximum_qos_is_disconnected(Qos qos)
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, MaximumQos = qos - 1 });
        var client = await broker.ConnectAsync(Given.Client("c"));
        Assert.Equal((uint)(qos - 1), client.Connack.Integer(Protocol.Properties.PropertyId.MaximumQos));
        await client.SendAsync(Given.Subscribe(1).Filter("a", Qos.ExactlyOnce));
        var suback = await client.ReadPacketAsync(PacketType.Suback);
        Assert.True(suback.Bytes[^1] <= 2);

        await client.SendAsync(Given.Publish("a").WithQos(qos, 1));

        await client.ExpectDisconnectAsync(ReasonCode.QosNotSupported);
    }

    [Fact, Spec("MQTT-3.3.4-6")]
    public async Task Publish_with_a_subscription_identifier_is_a_protocol_error()
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("a"));
        var client = await broker.ConnectAsync(Given.Client("c"));

        await client.SendAsync(Given.Publish("a").SubscriptionId(1));

        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError, ReasonCode.MalformedPacket);
        await watcher.ExpectNothingAsync();
    }

    private static async Task<PacketView> ReadBothAsync(TestPeer client)
    {
        var one = await client.ReadPacketAsync();
        var two = await client.ReadPacketAsync();
        Assert.Equal([PacketType.Publish, PacketType.Pubrec], ((PacketType[])[one.Type, two.Type]).Order());
        return one.Type == PacketType.Publish ? one : two;
    }
}
