using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class SubscribeTests
{
    [Theory, BothVersions]
    [Spec("MQTT-3.8.4-1", "MQTT-3.8.4-2", "MQTT-2.2.1-6", "MQTT-2.2.2-1", "MQTT-2.1.3-1")]
    [Spec("3.1.1 MQTT-3.8.4-1", "3.1.1 MQTT-3.8.4-2", "3.1.1 MQTT-2.3.1-7", "3.1.1 MQTT-2.2.2-1")]
    public async Task Subscribe_is_answered_with_its_own_identifier(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version));

        foreach (var packetId in new ushort[] { 1, 0x0A0B, 0xFFFF, 1 })
        {
            await client.SendAsync(Given.Subscribe(packetId).Filter("a"));
            var suback = await client.ExpectAsync(Given.Suback(packetId, ReasonCode.Success));
            Assert.Equal(version == ProtocolVersion.V50 ? $"9004{packetId:X4}0000" : $"9003{packetId:X4}00", Convert.ToHexString(suback.Bytes));
        }
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.8.4-5", "MQTT-3.8.4-6", "MQTT-3.8.4-7", "MQTT-3.9.3-1")]
    [Spec("3.1.1 MQTT-3.8.4-4", "3.1.1 MQTT-3.8.4-5", "3.1.1 MQTT-3.9.3-1")]
    public async Task Subscribe_with_several_filters_gets_one_code_each_in_their_order(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version));

        await client.SendAsync(Given.Subscribe(1).Filter("two", Qos.ExactlyOnce).Filter("zero").Filter("one", Qos.AtLeastOnce));

        await client.ExpectAsync(Given.Suback(1, ReasonCode.GrantedQos2, ReasonCode.Success, ReasonCode.GrantedQos1));
        foreach (var (topic, qos) in new[] { ("zero", Qos.AtMostOnce), ("one", Qos.AtLeastOnce), ("two", Qos.ExactlyOnce) })
        {
            await client.SendAsync(Given.Publish(topic).Qos2(7));
            var packets = await client.ReadToPingrespAsync();
            Assert.Contains(packets, packet => packet.Type == PacketType.Publish && packet.TopicName == topic && packet.Qos == qos);
            await client.SendAsync(Given.Pubrel(7));
            await client.ExpectAsync(Given.Pubcomp(7));
        }
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.8.4-5", "MQTT-3.8.4-6", "MQTT-3.8.4-7", "MQTT-3.9.3-1", "MQTT-3.9.3-2")]
    [Spec("3.1.1 MQTT-3.8.4-4", "3.1.1 MQTT-3.8.4-5", "3.1.1 MQTT-3.9.3-1", "3.1.1 MQTT-3.9.3-2")]
    public async Task Subscribe_is_granted_filter_by_filter(ProtocolVersion version)
    {
        await using var broker = new TestBroker(services: new BrokerServices { Authorizers = [new TopicAuthorizer()] });
        var client = await broker.ConnectAsync(Given.Client("c").Version(version));

        await client.SendAsync(Given.Subscribe(1).Filter("denied/x", Qos.AtLeastOnce).Filter("a", Qos.AtLeastOnce).Filter("b#").Filter("c", Qos.ExactlyOnce));

        await client.ExpectAsync(Given.Suback(1, ReasonCode.NotAuthorized, ReasonCode.GrantedQos1, ReasonCode.TopicFilterInvalid, ReasonCode.GrantedQos2));
        await client.SendAsync(Given.Publish("a").Payload("x"), Given.Publish("c").Payload("y"));
        await client.ExpectAsync(Given.Publish("a").Payload("x"), Given.Publish("c").Payload("y"));
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.8.4-7", "3.1.1 MQTT-3.8.4-5")]
    public async Task Subscribe_that_is_denied_gets_nothing(ProtocolVersion version)
    {
        await using var broker = new TestBroker(services: new BrokerServices { Authorizers = [new FilterAuthorizer("secret")] });
        var client = await broker.ConnectAsync(Given.Client("c").Version(version));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("secret").Payload("old").Retain());

        await client.SendAsync(Given.Subscribe(1).Filter("secret"));
        await client.ExpectAsync(Given.Suback(1, ReasonCode.NotAuthorized));
        await writer.SendAsync(Given.Publish("secret").Payload("new"));

        await client.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    public async Task Subscribe_above_the_maximum_qos_is_granted_less(ProtocolVersion version)
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, MaximumQos = Qos.AtLeastOnce });
        var client = await broker.ConnectAsync(Given.Client("c").Version(version));

        await client.SendAsync(Given.Subscribe(1).Filter("a", Qos.ExactlyOnce).Filter("b"));

        await client.ExpectAsync(Given.Suback(1, ReasonCode.GrantedQos1, ReasonCode.Success));
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.8.4-8", "3.1.1 MQTT-3.8.4-6")]
    public async Task Publish_is_delivered_at_the_lower_of_published_and_granted_qos(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        foreach (var granted in Enum.GetValues<Qos>())
        {
            var reader = await broker.ConnectAsync(Given.Client($"reader{granted}").Version(version).Subscribed("a", granted));
            foreach (var published in Enum.GetValues<Qos>())
            {
                await writer.SendAsync(Given.Publish("a").WithQos(published, packetId: 9));
                await reader.ExpectAsync(Given.Publish("a").WithQos(published < granted ? published : granted));
                await writer.ReadToPingrespAsync();
                await writer.SendAsync(Given.Pubrel(9));
                await writer.ReadToPingrespAsync();
            }

            await reader.DisconnectAsync();
        }
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.8.4-3", "3.1.1 MQTT-3.8.4-3")]
    public async Task Subscribe_to_the_same_filter_replaces_the_subscription(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version));
        await client.SendAsync(Given.Subscribe(1).Filter("a/+").SubscriptionId(1));
        await client.ExpectAsync(Given.Suback(1, ReasonCode.Success));
        await client.SendAsync(Given.Subscribe(2).Filter("a/+", Qos.AtLeastOnce).SubscriptionId(2));
        await client.ExpectAsync(Given.Suback(2, ReasonCode.GrantedQos1));

        await client.SendAsync(Given.Publish("a/b").Payload("x").Qos1(9));

        var packets = await client.ReadToPingrespAsync();
        var publish = Assert.Single(packets, packet => packet.Type == PacketType.Publish);
        Assert.Equal(Qos.AtLeastOnce, publish.Qos);
        if (version == ProtocolVersion.V50) Assert.Equal(2u, publish.Integer(PropertyId.SubscriptionIdentifier));
    }

    [Fact, Spec("MQTT-3.8.4-3")]
    public async Task Subscribe_to_the_same_filter_without_identifier_takes_it_away()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c"));
        await client.SendAsync(Given.Subscribe(1).Filter("a").SubscriptionId(1));
        await client.SendAsync(Given.Subscribe(2).Filter("a"));
        await client.ExpectAsync(Given.Suback(1, ReasonCode.Success), Given.Suback(2, ReasonCode.Success));

        await client.SendAsync(Given.Publish("a").Payload("x"));

        await client.ExpectAsync(Given.Publish("a").Payload("x"));
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.8.4-4", "MQTT-3.3.1-9", "3.1.1 MQTT-3.8.4-3")]
    public async Task Subscribe_again_sends_retained_messages_again_and_loses_none(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a/r").Payload("r").Retain());
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version));

        for (ushort round = 1; round <= 50; round++)
        {
            await writer.SendAsync(Given.Publish("a/n").Payload($"{(round * 2) - 1}").Qos1(1));
            await reader.SendAsync(Given.Subscribe(round).Filter("a/+", round % 2 == 0 ? Qos.AtLeastOnce : Qos.ExactlyOnce));
            await writer.SendAsync(Given.Publish("a/n").Payload($"{round * 2}").Qos1(1));
        }

        var packets = await reader.ReadToPingrespAsync();
        Assert.Equal(50, packets.Count(packet => packet.Type == PacketType.Suback));
        Assert.Equal(50, packets.Count(packet => packet.TopicName == "a/r" && packet.Retain));
        Assert.Equal(Enumerable.Range(2, 99).Select(number => $"{number}"), packets.Where(packet => packet.TopicName == "a/n").Select(packet => packet.PayloadText));
    }

    [Fact, Spec("MQTT-3.8.4-3")]
    public async Task Subscribe_to_the_same_filter_holds_for_retained_messages_still_to_come()
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a/1").Payload("x").Qos1(1).Retain(), Given.Publish("a/2").Payload("x").Qos1(1).Retain());
        var client = await broker.ConnectAsync(Given.Client("c").ReceiveMaximum(1));
        await client.SendAsync(Given.Subscribe(1).Filter("a/+", Qos.AtLeastOnce).SubscriptionId(1));
        await client.ExpectAsync(Given.Suback(1, ReasonCode.GrantedQos1), Given.Publish("a/1").Payload("x").Qos1(1).Retain().SubscriptionId(1));

        await client.SendAsync(Given.Subscribe(2).Filter("a/+", Qos.AtLeastOnce, retainHandling: RetainHandling.DoNotSend).SubscriptionId(2));
        await client.ExpectAsync(Given.Suback(2, ReasonCode.GrantedQos1));
        await client.SendAsync(Given.Puback(1));

        await client.ExpectAsync(Given.Publish("a/2").Payload("x").Qos1().Retain().SubscriptionId(2));
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.8.4-3", "3.1.1 MQTT-3.8.4-3")]
    public async Task Subscriptions_whose_filters_only_look_alike_stay_apart(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Subscribed("a/b").Subscribed("a/+", Qos.AtLeastOnce));
        await client.SendAsync(Given.Unsubscribe(1).Filter("a/+"));
        await client.ExpectAsync(Given.Unsuback(1, ReasonCode.Success));

        await client.SendAsync(Given.Publish("a/b").Payload("x"), Given.Publish("a/c").Payload("x"));

        await client.ExpectAsync(Given.Publish("a/b").Payload("x"));
        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData("+/a/+")]
    [InlineData("a b/ c")]
    [InlineData("$share/g h/$x/+")]
    [InlineData("$shared/a")]
    [Spec("MQTT-4.7.1-1", "MQTT-4.7.1-2", "MQTT-4.8.2-1", "MQTT-4.8.2-2", "3.1.1 MQTT-4.7.1-2", "3.1.1 MQTT-4.7.1-3")]
    public async Task Subscribe_to_a_filter_that_is_valid_is_granted(string filter)
    {
        await using var broker = new TestBroker();

        await broker.ConnectAsync(Given.Client("c").Subscribed(filter));
        await broker.ConnectAsync(Given.Client("old").V311().Subscribed(filter));
    }

    [Fact]
    public async Task Subscribe_with_user_properties_is_granted()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c"));

        await client.SendAsync(Given.Subscribe(1).Filter("a").UserProperty("k", "v").UserProperty("k", "w"));

        await client.ExpectAsync(Given.Suback(1, ReasonCode.Success));
    }

    [Theory, BothVersions]
    public async Task Subscribe_with_a_thousand_filters_grants_them_all(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version));
        var subscribe = Given.Subscribe(1);
        for (var number = 0; number < 1000; number++) subscribe = subscribe.Filter($"a/{number}/+", (Qos)(number % 3));

        await client.SendAsync(subscribe);

        await client.ExpectAsync(Given.Suback(1, [.. Enumerable.Range(0, 1000).Select(number => (ReasonCode)(number % 3))]));
        await client.SendAsync(Given.Publish("a/999/x").Payload("x"));
        await client.ExpectAsync(Given.Publish("a/999/x").Payload("x"));
    }
}
