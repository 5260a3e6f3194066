using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class OverlappingSubscriptionTests
{
    [Theory, BothVersions]
    [Spec("MQTT-3.3.4-2", "3.1.1 MQTT-3.3.5-1")]
    public async Task Message_comes_once_at_the_highest_qos(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(
            Given.Client("reader").Version(version).Subscribed("a/#").Subscribed("a/b", Qos.ExactlyOnce).Subscribed("+/b", Qos.AtLeastOnce).Subscribed("#"));
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        await writer.SendAsync(Given.Publish("a/b").Payload("2").Qos2(2));
        await writer.SendAsync(Given.Publish("a/b").Payload("1").Qos1(1));
        await writer.SendAsync(Given.Publish("a/b").Payload("0"));
        await writer.SendAsync(Given.Publish("x/b").Payload("x").Qos2(3));

        await reader.ExpectAsync(
            Given.Publish("a/b").Payload("2").Qos2(),
            Given.Publish("a/b").Payload("1").Qos1(),
            Given.Publish("a/b").Payload("0"),
            Given.Publish("x/b").Payload("x").Qos1());
        await reader.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.3.4-2", "3.1.1 MQTT-3.3.5-1")]
    public async Task Message_falls_to_the_next_qos_when_the_highest_is_unsubscribed(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Subscribed("a/#").Subscribed("a/b", Qos.AtLeastOnce));
        await client.SendAsync(Given.Unsubscribe(1).Filter("a/b"));
        await client.ReadPacketAsync(PacketType.Unsuback);

        await client.SendAsync(Given.Publish("a/b").Payload("x").Qos1(9));

        var publish = Assert.Single(await client.ReadToPingrespAsync(), packet => packet.Type == PacketType.Publish);
        Assert.Equal(Qos.AtMostOnce, publish.Qos);
    }

    [Theory]
    [InlineData(1u)]
    [InlineData(127u)]
    [InlineData(128u)]
    [InlineData(16_383u)]
    [InlineData(16_384u)]
    [InlineData(2_097_152u)]
    [InlineData(268_435_455u)]
    [Spec("MQTT-3.3.4-3")]
    public async Task Subscription_identifier_goes_with_the_message(uint id)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c"));
        await client.SendAsync(Given.Subscribe(1).Filter("a/#").Filter("b").SubscriptionId(id));
        await client.ExpectAsync(Given.Suback(1, ReasonCode.Success, ReasonCode.Success));

        await client.SendAsync(Given.Publish("a/x").Payload("x"), Given.Publish("b").Payload("y"));

        await client.ExpectAsync(Given.Publish("a/x").Payload("x").SubscriptionId(id), Given.Publish("b").Payload("y").SubscriptionId(id));
    }

    [Fact, Spec("MQTT-3.3.4-3", "MQTT-3.3.4-4", "MQTT-3.3.4-5")]
    public async Task Subscription_identifiers_of_all_matching_subscriptions_go_with_the_one_copy()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c"));
        await client.SendAsync(
            Given.Subscribe(1).Filter("a/#").SubscriptionId(1),
            Given.Subscribe(2).Filter("a/b", Qos.AtLeastOnce).SubscriptionId(2),
            Given.Subscribe(3).Filter("+/b"),
            Given.Subscribe(4).Filter("x/#").SubscriptionId(4),
            Given.Subscribe(5).Filter("#").SubscriptionId(300));
        await client.ReadToPingrespAsync();
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        await writer.SendAsync(Given.Publish("a/b").Payload("x").Qos1(1).UserProperty("k", "v"));

        await client.ExpectAsync(Given.Publish("a/b").Payload("x").Qos1().UserProperty("k", "v").SubscriptionId(1).SubscriptionId(2).SubscriptionId(300));
        await client.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.3.4-4")]
    public async Task Subscription_identifier_used_for_two_matching_filters_goes_along()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c"));
        await client.SendAsync(Given.Subscribe(1).Filter("a/#").Filter("a/b").SubscriptionId(7));
        await client.ReadPacketAsync(PacketType.Suback);

        await client.SendAsync(Given.Publish("a/b").Payload("x"));

        var publish = await client.ReadPacketAsync(PacketType.Publish);
        Assert.All(publish.Properties, property => Assert.Equal((PropertyId.SubscriptionIdentifier, 7u), (property.Id, property.Integer)));
        Assert.NotEmpty(publish.Properties);
        await client.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.3.4-3", "MQTT-3.3.4-4")]
    public async Task Subscription_identifiers_come_with_queued_and_resent_messages()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Persistent());
        await client.SendAsync(Given.Subscribe(1).Filter("a/#", Qos.AtLeastOnce).SubscriptionId(1), Given.Subscribe(2).Filter("a/b").SubscriptionId(2));
        await client.ReadToPingrespAsync();
        await client.CloseAsync();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a/b").Payload("x").Qos1(1));
        var expected = Given.Publish("a/b").Payload("x").Qos1().SubscriptionId(1).SubscriptionId(2);

        client = await broker.ConnectAsync(Given.Client("c").Persistent());
        await client.ExpectAsync(expected);
        await client.CloseAsync();

        client = await broker.ConnectAsync(Given.Client("c").Persistent());
        await client.ExpectAsync(expected.AsDuplicate());
    }

    [Fact, Spec("MQTT-3.3.4-3")]
    public async Task Subscription_identifier_comes_with_retained_messages()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c"));
        await client.SendAsync(Given.Publish("a/b").Payload("x").Retain());

        await client.SendAsync(Given.Subscribe(1).Filter("a/#").SubscriptionId(9));

        await client.ExpectAsync(Given.Suback(1, ReasonCode.Success), Given.Publish("a/b").Payload("x").Retain().SubscriptionId(9));
    }

    [Fact]
    public async Task Subscription_identifier_does_not_go_to_other_clients()
    {
        await using var broker = new TestBroker();
        var other = await broker.ConnectAsync(Given.Client("other").Subscribed("a"));
        var client = await broker.ConnectAsync(Given.Client("c"));
        await client.SendAsync(Given.Subscribe(1).Filter("a").SubscriptionId(9));
        await client.ReadPacketAsync(PacketType.Suback);

        await client.SendAsync(Given.Publish("a").Payload("x"));

        await client.ExpectAsync(Given.Publish("a").Payload("x").SubscriptionId(9));
        await other.ExpectAsync(Given.Publish("a").Payload("x"));
    }

    [Theory, BothVersions]
    public async Task Messages_of_a_thousand_overlapping_subscriptions_come_once(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version));
        var subscribe = Given.Subscribe(1);
        for (var mask = 0; mask < 1024; mask++)
        {
            subscribe = subscribe.Filter(string.Join('/', Enumerable.Range(0, 10).Select(level => (mask >> level & 1) == 1 ? "+" : $"{level}")));
        }

        await client.SendAsync(subscribe);
        await client.ReadPacketAsync(PacketType.Suback);

        await client.SendAsync(Given.Publish("0/1/2/3/4/5/6/7/8/9").Payload("x"));

        await client.ExpectAsync(Given.Publish("0/1/2/3/4/5/6/7/8/9").Payload("x"));
        await client.ExpectNothingAsync();
    }
}
