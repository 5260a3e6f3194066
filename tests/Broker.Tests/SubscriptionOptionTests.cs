using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.TestKit;
using Avocet.TestKit.Packets;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

/// <summary>No Local, Retain As Published and Retain Handling.</summary>
public sealed class SubscriptionOptionTests
{
    [Fact, Spec("MQTT-3.8.3-3")]
    public async Task No_local_keeps_a_message_from_its_own_publisher_only()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c"));
        var other = await broker.ConnectAsync(Given.Client("other").Subscribed("a"));
        await SubscribeAsync(client, Given.Subscribe(1).Filter("a", noLocal: true));

        await client.SendAsync(Given.Publish("a").Payload("own"));
        await other.SendAsync(Given.Publish("a").Payload("other's"));

        await client.ExpectAsync(Given.Publish("a").Payload("other's"));
        await client.ExpectNothingAsync();
        await other.ExpectAsync(Given.Publish("a").Payload("own"), Given.Publish("a").Payload("other's"));
    }

    [Fact, Spec("MQTT-3.8.3-3")]
    public async Task No_local_goes_by_client_identifier_not_by_connection()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Persistent().Will("a", "will", Qos.AtLeastOnce));
        await SubscribeAsync(client, Given.Subscribe(1).Filter("a", Qos.AtLeastOnce, noLocal: true));
        await client.CloseAsync();

        client = await broker.ConnectAsync(Given.Client("c").Persistent());
        await client.SendAsync(Given.Publish("a").Payload("own"));

        await client.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.8.3-3")]
    public async Task No_local_on_one_of_two_overlapping_subscriptions_leaves_the_other()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c"));
        await SubscribeAsync(client, Given.Subscribe(1).Filter("a/#", Qos.AtLeastOnce, noLocal: true).SubscriptionId(1));
        await SubscribeAsync(client, Given.Subscribe(2).Filter("a/b").SubscriptionId(2));

        await client.SendAsync(Given.Publish("a/b").Payload("x").Qos1(9));

        var publish = Assert.Single(await client.ReadToPingrespAsync(), packet => packet.Type == PacketType.Publish);
        Assert.Equal(Qos.AtMostOnce, publish.Qos);
        Assert.Equal([2u], publish.Properties.Select(property => property.Integer));
    }

    [Fact, Spec("MQTT-3.8.3-3")]
    public async Task No_local_holds_for_retained_messages()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c"));
        await client.SendAsync(Given.Publish("a").Payload("own").Retain());

        await SubscribeAsync(client, Given.Subscribe(1).Filter("a", noLocal: true));

        await client.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.8.3-4")]
    public async Task No_local_on_a_shared_subscription_is_a_protocol_error()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c"));

        await client.SendAsync(Given.Subscribe(1).Filter("x").Filter("$share/g/a", noLocal: true));

        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Fact, Spec("MQTT-3.3.1-12", "MQTT-3.3.1-13")]
    public async Task Retain_as_published_decides_on_the_flag_of_live_messages()
    {
        await using var broker = new TestBroker();
        var cleared = await broker.ConnectAsync(Given.Client("cleared"));
        var kept = await broker.ConnectAsync(Given.Client("kept"));
        await SubscribeAsync(cleared, Given.Subscribe(1).Filter("a", retainAsPublished: false));
        await SubscribeAsync(kept, Given.Subscribe(1).Filter("a", retainAsPublished: true));

        await kept.SendAsync(Given.Publish("a").Payload("1").Retain(), Given.Publish("a").Payload("2"));

        await cleared.ExpectAsync(Given.Publish("a").Payload("1"), Given.Publish("a").Payload("2"));
        await kept.ExpectAsync(Given.Publish("a").Payload("1").Retain(), Given.Publish("a").Payload("2"));
    }

    [Fact, Spec("MQTT-3.3.1-12", "MQTT-3.3.1-13")]
    public async Task Retain_as_published_holds_for_queued_messages()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Persistent());
        await SubscribeAsync(client, Given.Subscribe(1).Filter("a", Qos.AtLeastOnce, retainAsPublished: true).Filter("b", Qos.AtLeastOnce));
        await client.CloseAsync();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("x").Qos1(1).Retain(), Given.Publish("b").Payload("x").Qos1(2).Retain());

        client = await broker.ConnectAsync(Given.Client("c").Persistent());

        await client.ExpectAsync(Given.Publish("a").Payload("x").Qos1().Retain(), Given.Publish("b").Payload("x").Qos1());
    }

    [Fact, Spec("MQTT-3.3.1-9")]
    public async Task Retain_handling_0_sends_retained_messages_at_each_subscribe()
    {
        await using var broker = new TestBroker();
        var client = await RetainAsync(broker);

        for (ushort packetId = 1; packetId <= 3; packetId++)
        {
            await SubscribeAsync(client, Given.Subscribe(packetId).Filter("a", retainHandling: RetainHandling.SendAtSubscribe));
            await client.ExpectAsync(Given.Publish("a").Payload("x").Retain());
        }

        await client.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.3.1-10")]
    public async Task Retain_handling_1_sends_retained_messages_only_for_a_new_subscription()
    {
        await using var broker = new TestBroker();
        var client = await RetainAsync(broker);
        var subscribe = Given.Subscribe(1).Filter("a", retainHandling: RetainHandling.SendIfNewSubscription);

        await SubscribeAsync(client, subscribe);
        await client.ExpectAsync(Given.Publish("a").Payload("x").Retain());
        await SubscribeAsync(client, subscribe);
        await client.ExpectNothingAsync();

        await client.SendAsync(Given.Unsubscribe(2).Filter("a"));
        await client.ExpectAsync(Given.Unsuback(2, ReasonCode.Success));
        await SubscribeAsync(client, subscribe);
        await client.ExpectAsync(Given.Publish("a").Payload("x").Retain());
    }

    [Fact, Spec("MQTT-3.3.1-10")]
    public async Task Retain_handling_1_sends_nothing_to_a_resumed_session_that_has_the_subscription()
    {
        await using var broker = new TestBroker();
        await RetainAsync(broker);
        var subscribe = Given.Subscribe(1).Filter("a", retainHandling: RetainHandling.SendIfNewSubscription);
        var client = await broker.ConnectAsync(Given.Client("c").Persistent());
        await SubscribeAsync(client, subscribe);
        await client.ExpectAsync(Given.Publish("a").Payload("x").Retain());
        await client.DisconnectAsync();

        client = await broker.ConnectAsync(Given.Client("c").Persistent());
        await SubscribeAsync(client, subscribe);

        await client.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.3.1-11")]
    public async Task Retain_handling_2_sends_no_retained_messages()
    {
        await using var broker = new TestBroker();
        var client = await RetainAsync(broker);

        await SubscribeAsync(client, Given.Subscribe(1).Filter("a", retainHandling: RetainHandling.DoNotSend));
        await client.ExpectNothingAsync();
        await client.SendAsync(Given.Publish("a").Payload("live"));

        await client.ExpectAsync(Given.Publish("a").Payload("live"));
    }

    [Fact, Spec("MQTT-3.8.4-3", "MQTT-3.3.1-12", "MQTT-3.3.1-13", "MQTT-3.8.3-3")]
    public async Task Options_are_those_of_the_latest_subscribe()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c"));
        await SubscribeAsync(client, Given.Subscribe(1).Filter("a", noLocal: true, retainAsPublished: false));
        await SubscribeAsync(client, Given.Subscribe(2).Filter("a", noLocal: false, retainAsPublished: true));

        await client.SendAsync(Given.Publish("a").Payload("x").Retain());

        await client.ExpectAsync(Given.Publish("a").Payload("x").Retain());
        await client.ExpectNothingAsync();
    }

    private static async Task<TestPeer> RetainAsync(TestBroker broker)
    {
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("x").Retain());
        return writer;
    }

    private static async Task SubscribeAsync(TestPeer client, SubscribeBuilder subscribe)
    {
        await client.SendAsync(subscribe);
        await client.ReadPacketAsync(PacketType.Suback);
    }
}
