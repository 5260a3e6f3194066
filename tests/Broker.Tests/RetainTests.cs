using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class RetainTests
{
    [Theory, BothVersions]
    [Spec("MQTT-3.3.1-5", "3.1.1 MQTT-3.3.1-5", "3.1.1 MQTT-3.3.1-6", "3.1.1 MQTT-3.3.1-8")]
    public async Task Retained_message_is_replaced_and_sent_to_new_subscribers(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version));
        await writer.SendAsync(Given.Publish("a/b").Payload("1").Retain().Qos1(1), Given.Publish("a/b").Payload("2").Retain().Qos1(2));

        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Subscribed("a/b", Qos.ExactlyOnce));

        await reader.ExpectAsync(Given.Publish("a/b").Payload("2").Retain().Qos1());
        await reader.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("3.1.1 MQTT-3.3.1-6", "MQTT-3.3.1-9")]
    public async Task Retained_messages_of_all_matching_topics_are_sent(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version));
        foreach (var topic in (string[])["a", "a/b", "a/c", "a/b/c", "ab", "x/b"]) await writer.SendAsync(Given.Publish(topic).Payload(topic).Retain());

        foreach (var (filter, topics) in ((string, string[])[])[("a/+", ["a/b", "a/c"]), ("a/#", ["a", "a/b", "a/b/c", "a/c"]), ("+/b", ["a/b", "x/b"]), ("#", ["a", "a/b", "a/b/c", "a/c", "ab", "x/b"])])
        {
            var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Subscribed(filter));
            var came = new List<string>();
            foreach (var _ in topics) came.Add((await reader.ReadPacketAsync(PacketType.Publish)).TopicName);
            Assert.Equal(topics, came.Order(StringComparer.Ordinal));
            await reader.ExpectNothingAsync();
            await reader.DisconnectAsync();
        }
    }

    [Theory, BothVersions]
    [Spec("3.1.1 MQTT-3.3.1-7", "MQTT-3.3.1-5")]
    public async Task Retained_message_at_qos0_replaces_the_earlier_one(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version));
        await writer.SendAsync(Given.Publish("a").Payload("1").Retain().Qos1(1), Given.Publish("a").Payload("2").Retain());

        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Subscribed("a", Qos.AtLeastOnce));

        await reader.ExpectAsync(Given.Publish("a").Payload("2").Retain());
        await reader.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("3.1.1 MQTT-3.3.1-9", "MQTT-3.3.1-12")]
    public async Task Live_message_has_retain_0(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Subscribed("a"));

        await reader.SendAsync(Given.Publish("a").Payload("x").Retain());

        await reader.ExpectAsync(Given.Publish("a").Payload("x"));
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.3.1-6", "3.1.1 MQTT-3.3.1-10")]
    public async Task Empty_retained_message_is_delivered_and_clears_the_topic(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var live = await broker.ConnectAsync(Given.Client("live").Version(version).Subscribed("a"));
        await live.SendAsync(Given.Publish("a").Payload("x").Retain());
        await live.ExpectAsync(Given.Publish("a").Payload("x"));

        await live.SendAsync(Given.Publish("a").Retain());

        await live.ExpectAsync(Given.Publish("a"));
        var late = await broker.ConnectAsync(Given.Client("late").Version(version).Subscribed("#"));
        await late.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.3.1-7", "3.1.1 MQTT-3.3.1-11")]
    public async Task Empty_message_is_not_retained(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version));
        await writer.SendAsync(Given.Publish("a").Retain());

        var late = await broker.ConnectAsync(Given.Client("late").Version(version).Subscribed("a"));

        await late.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.3.1-8", "3.1.1 MQTT-3.3.1-12")]
    public async Task Message_without_retain_leaves_the_retained_one(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version));
        await writer.SendAsync(Given.Publish("a").Payload("1").Retain(), Given.Publish("a").Payload("2"), Given.Publish("a"));

        var late = await broker.ConnectAsync(Given.Client("late").Version(version).Subscribed("a"));

        await late.ExpectAsync(Given.Publish("a").Payload("1").Retain());
        await late.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("3.1.1 MQTT-3.1.2-7")]
    public async Task Retained_message_outlives_the_session_of_its_publisher(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version).Clean(true));
        await writer.SendAsync(Given.Publish("a").Payload("x").Retain());
        await writer.DisconnectAsync();

        var late = await broker.ConnectAsync(Given.Client("late").Version(version).Subscribed("a"));

        await late.ExpectAsync(Given.Publish("a").Payload("x").Retain());
    }

    [Theory]
    [InlineData(RetainHandling.SendAtSubscribe, 2)]
    [InlineData(RetainHandling.SendIfNewSubscription, 1)]
    [InlineData(RetainHandling.DoNotSend, 0)]
    [Spec("MQTT-3.3.1-9", "MQTT-3.3.1-10", "MQTT-3.3.1-11")]
    public async Task Retain_handling_decides_whether_a_subscribe_sends_retained_messages(RetainHandling handling, int count)
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader"));
        await reader.SendAsync(Given.Publish("a").Payload("x").Retain());

        for (ushort round = 1; round <= 2; round++)
        {
            await reader.SendAsync(Given.Subscribe(round).Filter("a", retainHandling: handling));
            await reader.ExpectAsync(Given.Suback(round, ReasonCode.Success));
            if (round <= count) await reader.ExpectAsync(Given.Publish("a").Payload("x").Retain());
            await reader.ExpectNothingAsync();
        }
    }

    [Fact, Spec("MQTT-3.3.1-10")]
    public async Task Retain_handling_1_takes_a_resumed_subscription_for_an_old_one()
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Persistent().Subscribed("a"));
        await reader.SendAsync(Given.Publish("a").Payload("x").Retain());
        await reader.ExpectAsync(Given.Publish("a").Payload("x"));
        await reader.CloseAsync();

        reader = await broker.ConnectAsync(Given.Client("reader").Persistent());
        await reader.SendAsync(Given.Subscribe(1).Filter("a", retainHandling: RetainHandling.SendIfNewSubscription));

        await reader.ExpectAsync(Given.Suback(1, ReasonCode.Success));
        await reader.ExpectNothingAsync();
    }

    [Fact]
    public async Task Retained_message_keeps_its_properties()
    {
        await using var broker = new TestBroker();
        var message = Given.Publish("a").Payload("x").Retain()
            .Property(PropertyId.ContentType, "text/plain").UserProperty("b", "1").UserProperty("a", "2").Property(PropertyId.CorrelationData, [1, 0]);
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(message.TopicAlias(3));

        var late = await broker.ConnectAsync(Given.Client("late").Subscribed("a"));

        await late.ExpectAsync(message);
    }

    [Fact, Spec("MQTT-3.3.2-5", "MQTT-3.3.2-6")]
    public async Task Retained_message_expires()
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("x").Retain().MessageExpiry(10));

        await broker.AdvanceAsync(4);
        var early = await broker.ConnectAsync(Given.Client("early").Subscribed("a"));
        await early.ExpectAsync(Given.Publish("a").Payload("x").Retain().MessageExpiry(6));
        await broker.AdvanceAsync(7);

        var late = await broker.ConnectAsync(Given.Client("late").Subscribed("a"));
        await late.ExpectNothingAsync();
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
    public async Task Retained_messages_beyond_the_window_follow_as_they_are_acknowledged(ProtocolVersion version)
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, InflightMax = 5, QueueMessagesMax = 10 });
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (var number = 0; number < 100; number++) await writer.SendAsync(Given.Publish($"a/{number}").Payload("x").Retain().Qos1(1));

        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Subscribed("a/#", Qos.AtLeastOnce));

        var topics = new HashSet<string>();
        for (var number = 0; number < 100; number++)
        {
            var publish = await reader.ReadPacketAsync(PacketType.Publish);
            Assert.True(publish.Retain);
            Assert.True(topics.Add(publish.TopicName));
            await reader.SendAsync(Given.Puback(publish.PacketId));
        }

        await reader.ExpectNothingAsync();
    }

    [Fact]
    public async Task Retained_messages_are_many_and_others_do_not_wait_for_them()
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (var number = 0; number < 5000; number++) await writer.SendAsync(Given.Publish($"a/{number}").Payload(new string('x', 200)).Retain());
        var slow = await broker.ConnectAsync(Given.Client("slow"));
        await slow.SendAsync(Given.Subscribe(1).Filter("a/#"));

        var other = await broker.ConnectAsync(Given.Client("other").Subscribed("b"));
        await writer.SendAsync(Given.Publish("b").Payload("x"));
        await other.ExpectAsync(Given.Publish("b").Payload("x"));

        await slow.ExpectAsync(Given.Suback(1, ReasonCode.Success));
        var topics = new HashSet<string>();
        while (topics.Count < 5000) topics.Add((await slow.ReadPacketAsync(PacketType.Publish)).TopicName);
        await slow.ExpectNothingAsync();
    }

    [Fact]
    public async Task Subscribes_repeated_while_their_messages_wait_send_them_once_as_asked_for_last()
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("x").Retain().Qos1(1), Given.Publish("b").Payload("y").Retain().Qos1(2));
        var reader = await broker.ConnectAsync(Given.Client("reader").ReceiveMaximum(1));
        await reader.SendAsync(Given.Subscribe(1).Filter("a", Qos.AtLeastOnce));
        await reader.ExpectAsync(Given.Suback(1, ReasonCode.GrantedQos1));
        var one = await reader.ExpectAsync(Given.Publish("a").Payload("x").Retain().Qos1());

        for (ushort id = 2; id <= 5; id++)
        {
            await reader.SendAsync(Given.Subscribe(id).Filter("b", Qos.AtLeastOnce).SubscriptionId(id));
            await reader.ExpectAsync(Given.Suback(id, ReasonCode.GrantedQos1));
        }

        await reader.SendAsync(Given.Puback(one.PacketId));

        var two = await reader.ExpectAsync(Given.Publish("b").Payload("y").Retain().Qos1().SubscriptionId(5));
        await reader.SendAsync(Given.Puback(two.PacketId));
        await reader.ExpectNothingAsync();
    }
}
