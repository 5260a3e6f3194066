using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class UnsubscribeTests
{
    [Theory, BothVersions]
    [Spec("MQTT-3.10.4-1", "MQTT-3.10.4-2", "MQTT-3.10.4-4", "MQTT-3.11.3-2")]
    [Spec("3.1.1 MQTT-3.10.4-1", "3.1.1 MQTT-3.10.4-2", "3.1.1 MQTT-3.10.4-4")]
    public async Task Unsubscribe_ends_the_subscription(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Subscribed("a/+", Qos.AtLeastOnce));

        await client.SendAsync(Given.Unsubscribe(0x0102).Filter("a/+"));
        await client.ExpectAsync(Given.Unsuback(0x0102, ReasonCode.Success));
        await client.SendAsync(Given.Publish("a/b").Payload("x"));

        await client.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.10.4-1", "MQTT-3.10.4-5", "3.1.1 MQTT-3.10.4-1", "3.1.1 MQTT-3.10.4-5")]
    public async Task Unsubscribe_compares_filters_byte_by_byte(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Subscribed("a/+"));

        foreach (var other in new[] { "a/b", "a/#", "#", "+/+", "A/+", "a/+/", "/a/+" })
        {
            await client.SendAsync(Given.Unsubscribe(1).Filter(other));
            await client.ExpectAsync(Given.Unsuback(1, ReasonCode.NoSubscriptionExisted));
        }

        await client.SendAsync(Given.Publish("a/b").Payload("x"));
        await client.ExpectAsync(Given.Publish("a/b").Payload("x"));
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.10.4-4", "MQTT-3.10.4-5", "MQTT-2.2.1-6", "MQTT-3.11.3-2")]
    [Spec("3.1.1 MQTT-3.10.4-4", "3.1.1 MQTT-3.10.4-5", "3.1.1 MQTT-2.3.1-7")]
    public async Task Unsubscribe_from_what_is_not_there_is_acknowledged(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version));

        await client.SendAsync(Given.Unsubscribe(0x0102).Filter("nothing"));

        var unsuback = await client.ExpectAsync(Given.Unsuback(0x0102, ReasonCode.NoSubscriptionExisted));
        Assert.Equal(version == ProtocolVersion.V50 ? "B00401020011" : "B0020102", Convert.ToHexString(unsuback.Bytes));
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.10.4-6", "MQTT-3.11.3-1", "3.1.1 MQTT-3.10.4-6")]
    public async Task Unsubscribe_with_several_filters_gets_one_answer_with_codes_in_their_order(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Subscribed("a").Subscribed("b").Subscribed("c"));

        await client.SendAsync(Given.Unsubscribe(1).Filter("x").Filter("a").Filter("a").Filter("c"));

        await client.ExpectAsync(
            Given.Unsuback(1, ReasonCode.NoSubscriptionExisted, ReasonCode.Success, ReasonCode.NoSubscriptionExisted, ReasonCode.Success));
        await client.SendAsync(Given.Publish("a"), Given.Publish("b"), Given.Publish("c"));
        await client.ExpectAsync(Given.Publish("b"));
        await client.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.10.4-3", "3.1.1 MQTT-3.10.4-3")]
    public async Task Unsubscribe_lets_deliveries_under_way_be_completed(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Persistent().Subscribed("a", Qos.ExactlyOnce));
        await writer.SendAsync(Given.Publish("a").Payload("one").Qos1(1), Given.Publish("a").Payload("two").Qos2(2));
        var first = await reader.ExpectAsync(Given.Publish("a").Payload("one").Qos1());
        var second = await reader.ExpectAsync(Given.Publish("a").Payload("two").Qos2());

        await reader.SendAsync(Given.Unsubscribe(1).Filter("a"));
        await reader.ExpectAsync(Given.Unsuback(1, ReasonCode.Success));
        await reader.SendAsync(Given.Pubrec(second.PacketId));
        await reader.ExpectAsync(Given.Pubrel(second.PacketId));
        await reader.CloseAsync();

        var again = await broker.ConnectAsync(Given.Client("reader").Version(version).Persistent());
        await again.ExpectAsync(Given.Publish("a").Payload("one").Qos1(first.PacketId).AsDuplicate(), Given.Pubrel(second.PacketId));
        await again.SendAsync(Given.Puback(first.PacketId), Given.Pubcomp(second.PacketId));
        await again.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.10.4-2", "MQTT-3.10.4-3")]
    public async Task Unsubscribe_lets_queued_messages_arrive_and_adds_none()
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        var reader = await broker.ConnectAsync(Given.Client("reader").ReceiveMaximum(1).Subscribed("a", Qos.AtLeastOnce));
        await writer.SendAsync(Given.Publish("a").Payload("1").Qos1(1), Given.Publish("a").Payload("2").Qos1(2));
        await reader.ExpectAsync(Given.Publish("a").Payload("1").Qos1());

        await reader.SendAsync(Given.Unsubscribe(1).Filter("a"));
        await reader.ExpectAsync(Given.Unsuback(1, ReasonCode.Success));
        await writer.SendAsync(Given.Publish("a").Payload("3").Qos1(3));
        await reader.SendAsync(Given.Puback(1));

        await reader.ExpectAsync(Given.Publish("a").Payload("2").Qos1());
        await reader.SendAsync(Given.Puback(2));
        await reader.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.10.4-2", "3.1.1 MQTT-3.10.4-2")]
    public async Task Unsubscribe_ends_the_retained_messages_still_to_come(ProtocolVersion version)
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, InflightMax = 1 });
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (var number = 0; number < 5; number++) await writer.SendAsync(Given.Publish($"a/{number}").Payload("x").Qos1(1).Retain());
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Subscribed("a/#", Qos.AtLeastOnce));
        var first = await reader.ReadPacketAsync(PacketType.Publish);

        await reader.SendAsync(Given.Unsubscribe(1).Filter("a/#"));
        await reader.ExpectAsync(Given.Unsuback(1, ReasonCode.Success));
        await reader.SendAsync(Given.Puback(first.PacketId));

        await reader.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.10.4-1", "3.1.1 MQTT-3.10.4-1")]
    public async Task Unsubscribe_of_an_offline_session_is_remembered(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent().Subscribed("a", Qos.AtLeastOnce).Subscribed("b", Qos.AtLeastOnce));
        await client.SendAsync(Given.Unsubscribe(1).Filter("a"));
        await client.ExpectAsync(Given.Unsuback(1, ReasonCode.Success));
        await client.DisconnectAsync();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("x").Qos1(1), Given.Publish("b").Payload("y").Qos1(2));

        var again = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent());

        await again.ExpectAsync(Given.Publish("b").Payload("y").Qos1());
        await again.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.11.3-2", "MQTT-3.11.3-1")]
    public async Task Unsubscribe_of_filters_that_are_not_valid_says_so()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Subscribed("a"));

        await client.SendAsync(Given.Unsubscribe(1).Filter("a#").Filter("a").Filter("#/a"));

        await client.ExpectAsync(Given.Unsuback(1, ReasonCode.TopicFilterInvalid, ReasonCode.Success, ReasonCode.TopicFilterInvalid));
    }
}
