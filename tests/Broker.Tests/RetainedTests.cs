using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class RetainedTests
{
    [Theory, BothVersions]
    [Spec("MQTT-3.3.1-5", "3.1.1 MQTT-3.3.1-5", "3.1.1 MQTT-3.3.1-6", "3.1.1 MQTT-3.3.1-8")]
    public async Task Retained_message_is_replaced_by_the_next(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version));

        await writer.SendAsync(Given.Publish("a").Payload("1").Retain(), Given.Publish("a").Payload("2").Qos1(1).Retain());

        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Subscribed("a", Qos.AtLeastOnce));
        await reader.ExpectAsync(Given.Publish("a").Payload("2").Qos1().Retain());
        await reader.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.3.1-6", "MQTT-3.3.1-7", "3.1.1 MQTT-3.3.1-10", "3.1.1 MQTT-3.3.1-11")]
    public async Task Retained_message_is_removed_by_an_empty_one_which_is_delivered(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var live = await broker.ConnectAsync(Given.Client("live").Version(version).Subscribed("a", Qos.AtLeastOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version));

        await writer.SendAsync(Given.Publish("a").Payload("1").Retain(), Given.Publish("a").Qos1(1).Retain());

        await live.ExpectAsync(Given.Publish("a").Payload("1"), Given.Publish("a").Qos1());
        var late = await broker.ConnectAsync(Given.Client("late").Version(version).Subscribed("#"));
        await late.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.3.1-7", "3.1.1 MQTT-3.3.1-11")]
    public async Task Retained_message_that_is_empty_is_not_stored(ProtocolVersion version)
    {
        await using var broker = new TestBroker(new BrokerOptions());
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version));
        var before = await CountAsync(broker);

        await writer.SendAsync(Given.Publish("a/b").Retain());

        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Subscribed("#"));
        await reader.ExpectNothingAsync();
        Assert.Equal(before, await CountAsync(broker));
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.3.1-8", "3.1.1 MQTT-3.3.1-12")]
    public async Task Publish_without_retain_leaves_the_retained_message_alone(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version));

        await writer.SendAsync(Given.Publish("b").Payload("0"), Given.Publish("a").Payload("1").Retain(), Given.Publish("a").Payload("2"), Given.Publish("a"));

        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Subscribed("#"));
        await reader.ExpectAsync(Given.Publish("a").Payload("1").Retain());
        await reader.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.3.1-5", "3.1.1 MQTT-3.3.1-7")]
    public async Task Retained_message_of_qos_0_discards_the_earlier_one(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version));

        await writer.SendAsync(Given.Publish("a").Payload("1").Qos1(1).Retain(), Given.Publish("a").Payload("2").Retain());

        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Subscribed("a", Qos.AtLeastOnce));
        await reader.ExpectAsync(Given.Publish("a").Payload("2").Retain());
        await reader.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.3.1-12", "3.1.1 MQTT-3.3.1-9")]
    public async Task Message_to_an_existing_subscription_is_not_marked_as_retained(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Subscribed("a"));

        await reader.SendAsync(Given.Publish("a").Payload("1").Retain());

        await reader.ExpectAsync(Given.Publish("a").Payload("1"));
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.3.1-9", "3.1.1 MQTT-3.3.1-6", "3.1.1 MQTT-3.3.1-8", "3.1.1 MQTT-3.8.4-3")]
    public async Task Wildcard_filter_is_sent_every_match_once(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        foreach (var topic in new[] { "a", "a/b", "a/c", "a/b/c", "b/b", "/", "a/" }) await writer.SendAsync(Given.Publish(topic).Payload("x").Retain());
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version));

        Assert.Equal(["a/", "a/b", "a/c"], await SubscribeAsync(reader, "a/+"));
        Assert.Equal(["a", "a/", "a/b", "a/b/c", "a/c"], await SubscribeAsync(reader, "a/#"));
        Assert.Equal(["/", "a", "a/", "a/b", "a/b/c", "a/c", "b/b"], await SubscribeAsync(reader, "#"));
        Assert.Equal(["a/b", "b/b"], await SubscribeAsync(reader, "+/b"));
        Assert.Equal(["a/b", "a/b/c", "b/b"], await SubscribeAsync(reader, "+/b/#"));
        Assert.Equal(["a/b/c"], await SubscribeAsync(reader, "+/+/+"));
        Assert.Equal([], await SubscribeAsync(reader, "c/#"));
        Assert.Equal(["a/b"], await SubscribeAsync(reader, "a/b"));
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.8.4-8", "3.1.1 MQTT-3.8.4-6", "3.1.1 MQTT-3.3.1-5")]
    public async Task Retained_message_comes_at_the_lower_of_its_qos_and_the_granted(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (var qos = Qos.AtMostOnce; qos <= Qos.ExactlyOnce; qos++) await writer.SendAsync(Given.Publish($"a/{(int)qos}").Payload("x").WithQos(qos, 5).Retain());

        for (var granted = Qos.AtMostOnce; granted <= Qos.ExactlyOnce; granted++)
        {
            var reader = await broker.ConnectAsync(Given.Client($"reader{granted}").Version(version).Subscribed("a/+", granted));
            var publishes = await reader.ReadToPingrespAsync();
            Assert.Equal(3, publishes.Count);
            Assert.All(publishes, publish => Assert.Equal((Qos)Math.Min(publish.TopicName[^1] - '0', (int)granted), publish.Qos));
        }
    }

    [Fact]
    public async Task Retained_message_comes_with_all_its_properties()
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        var plain = Given.Publish("a").Payload("x").Qos1()
            .Property(PropertyId.ContentType, "text/plain").UserProperty("b", "1").UserProperty("a", "2").UserProperty("b", "3")
            .Property(PropertyId.ResponseTopic, "r").Property(PropertyId.CorrelationData, [0, 0xFF]).Property(PropertyId.PayloadFormatIndicator, 1);
        await writer.SendAsync(plain.WithQos(Qos.AtLeastOnce, 1).TopicAlias(3).Retain());

        var reader = await broker.ConnectAsync(Given.Client("reader").Subscribed("a", Qos.AtLeastOnce));

        await reader.ExpectAsync(plain.Retain());
    }

    [Fact, Spec("MQTT-3.3.2-5", "MQTT-3.3.2-6")]
    public async Task Retained_message_expires_and_comes_with_the_time_left_until_then()
    {
        await using var broker = new TestBroker(new BrokerOptions());
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        var before = await CountAsync(broker);
        await writer.SendAsync(Given.Publish("a").Payload("x").Retain().MessageExpiry(60));

        await broker.AdvanceAsync(20);
        var early = await broker.ConnectAsync(Given.Client("early").Subscribed("a"));
        await early.ExpectAsync(Given.Publish("a").Payload("x").Retain().MessageExpiry(40));
        await broker.AdvanceAsync(41);
        var late = await broker.ConnectAsync(Given.Client("late").Subscribed("a"));

        await late.ExpectNothingAsync();
        Assert.Equal(before, await CountAsync(broker));
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.3.1-5", "3.1.1 MQTT-3.3.1-5", "3.1.1 MQTT-3.1.2-7")]
    public async Task Retained_message_outlives_the_session_of_its_publisher(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version).Clean(true));
        await writer.SendAsync(Given.Publish("a").Payload("x").Retain());
        await writer.DisconnectAsync();
        await broker.AdvanceAsync(TimeSpan.FromHours(1));

        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Subscribed("a"));

        await reader.ExpectAsync(Given.Publish("a").Payload("x").Retain());
    }

    [Theory, BothVersions]
    public async Task Retained_message_that_was_refused_is_not_stored(ProtocolVersion version)
    {
        await using var broker = new TestBroker(services: new BrokerServices { Authorizers = [new TopicAuthorizer()] });
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version));

        await writer.SendAsync(Given.Publish("denied").Payload("x").Retain());
        await writer.ReadToPingrespAsync();

        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Subscribed("#"));
        await reader.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.2.2-14")]
    public async Task Publish_with_retain_is_disconnected_where_retaining_is_not_available()
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, RetainAvailable = false });
        var client = await broker.ConnectAsync(Given.Client("c"));
        Assert.Equal(0u, client.Connack.Integer(PropertyId.RetainAvailable));

        await client.SendAsync(Given.Publish("a").Payload("x").Retain());

        await client.ExpectDisconnectAsync(ReasonCode.RetainNotSupported);
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.3.1-9", "3.1.1 MQTT-3.3.1-6")]
    public async Task Retained_messages_do_not_come_to_a_session_that_is_only_resumed(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Persistent().Subscribed("a", Qos.AtLeastOnce));
        await reader.SendAsync(Given.Publish("a").Payload("x").Retain());
        await reader.ExpectAsync(Given.Publish("a").Payload("x"));
        await reader.DisconnectAsync();

        reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Persistent());

        await reader.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.4.0-1", "3.1.1 MQTT-4.4.0-1")]
    public async Task Retained_message_not_acknowledged_comes_again_marked_as_retained(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("x").Qos1(1).Retain());
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Persistent().Subscribed("a", Qos.AtLeastOnce));
        await reader.ExpectAsync(Given.Publish("a").Payload("x").Qos1(1).Retain());
        await reader.CloseAsync();

        reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Persistent());

        await reader.ExpectAsync(Given.Publish("a").Payload("x").Qos1(1).Retain().AsDuplicate());
    }

    [Theory, BothVersions]
    public async Task Retained_messages_of_sys_come_only_to_their_own_filters(ProtocolVersion version)
    {
        await using var broker = new TestBroker(new BrokerOptions());
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Subscribed("#").Subscribed("+/broker/#"));

        await reader.ExpectNothingAsync();
        await reader.SendAsync(Given.Subscribe(1).Filter("$SYS/broker/clients/+"));

        var packets = await reader.ReadToPingrespAsync();
        Assert.True(packets.Count > 3);
        Assert.All(packets.Skip(1), packet => Assert.StartsWith("$SYS/broker/clients/", packet.TopicName, StringComparison.Ordinal));
        Assert.All(packets.Skip(1), packet => Assert.True(packet.Retain));
    }

    private static async Task<string> CountAsync(TestBroker broker)
    {
        // The load averages are there from the second publication on, and are counted by the third.
        await broker.AdvanceAsync(20);
        return await SysTopics.ReadNextAsync(broker, "retained messages/count");
    }

    private static async Task<IEnumerable<string>> SubscribeAsync(TestPeer reader, string filter)
    {
        await reader.SendAsync(Given.Subscribe(1).Filter(filter));
        var packets = await reader.ReadToPingrespAsync();
        Assert.Equal(PacketType.Suback, packets[0].Type);
        Assert.All(packets.Skip(1), packet => Assert.True(packet.Retain));
        return packets.Skip(1).Select(packet => packet.TopicName).Order(StringComparer.Ordinal);
    }
}
