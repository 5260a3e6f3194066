using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class UnsubscribeTests
{
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
    [Spec("MQTT-3.10.4-1", "MQTT-3.10.4-2", "3.1.1 MQTT-3.10.4-1", "3.1.1 MQTT-3.10.4-2")]
    public async Task Unsubscribe_deletes_only_the_filter_that_is_the_same(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Subscribed("a/+"));

        foreach (var other in (string[])["a/b", "a/#", "A/+", "a/+/"])
        {
            await client.SendAsync(Given.Unsubscribe(1).Filter(other));
            await client.ExpectAsync(Given.Unsuback(1, ReasonCode.NoSubscriptionExisted));
        }

        await client.SendAsync(Given.Publish("a/b"));
        await client.ExpectAsync(Given.Publish("a/b"));
        await client.SendAsync(Given.Unsubscribe(2).Filter("a/+"));
        await client.ExpectAsync(Given.Unsuback(2, ReasonCode.Success));
        await client.SendAsync(Given.Publish("a/b"));
        await client.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.10.4-6", "MQTT-3.11.3-1", "3.1.1 MQTT-3.10.4-6")]
    public async Task Unsubscribe_from_several_filters_has_one_unsuback_in_their_order(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Subscribed("a").Subscribed("b").Subscribed("c"));

        await client.SendAsync(Given.Unsubscribe(1).Filter("a").Filter("nothing").Filter("b"));

        await client.ExpectAsync(Given.Unsuback(1, ReasonCode.Success, ReasonCode.NoSubscriptionExisted, ReasonCode.Success));
        await client.SendAsync(Given.Publish("a"), Given.Publish("b"), Given.Publish("c"));
        await client.ExpectAsync(Given.Publish("c"));
        await client.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.10.4-3", "3.1.1 MQTT-3.10.4-3")]
    public async Task Unsubscribe_lets_deliveries_under_way_finish(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent().Subscribed("a", Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("1").Qos2(1), Given.Publish("a").Payload("2").Qos1(2));
        var exactly = await client.ExpectAsync(Given.Publish("a").Payload("1").Qos2());
        var atLeast = await client.ExpectAsync(Given.Publish("a").Payload("2").Qos1());

        await client.SendAsync(Given.Unsubscribe(1).Filter("a"));
        await client.ExpectAsync(Given.Unsuback(1, ReasonCode.Success));
        await client.SendAsync(Given.Pubrec(exactly.PacketId));
        await client.ExpectAsync(Given.Pubrel(exactly.PacketId));
        await client.CloseAsync();

        client = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent());
        await client.ExpectAsync(Given.Pubrel(exactly.PacketId));
        await client.ExpectAsync(Given.Publish("a").Payload("2").Qos1(atLeast.PacketId).AsDuplicate());
    }

    [Theory, BothVersions]
    public async Task Unsubscribe_from_a_shared_filter_uses_the_whole_string(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Subscribed("$share/g/a"));

        await client.SendAsync(Given.Unsubscribe(1).Filter("a").Filter("$share/other/a").Filter("$share/g/a"));

        await client.ExpectAsync(Given.Unsuback(1, ReasonCode.NoSubscriptionExisted, ReasonCode.NoSubscriptionExisted, ReasonCode.Success));
        await client.SendAsync(Given.Publish("a"));
        await client.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.10.4-2", "3.1.1 MQTT-3.10.4-2")]
    public async Task Unsubscribe_from_one_of_two_that_overlap_leaves_the_other(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Subscribed("a/#", Qos.AtLeastOnce).Subscribed("a/b"));

        await client.SendAsync(Given.Unsubscribe(1).Filter("a/#"));
        await client.ExpectAsync(Given.Unsuback(1, ReasonCode.Success));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a/b").Qos1(2), Given.Publish("a/c").Qos1(3));

        await client.ExpectAsync(Given.Publish("a/b"));
        await client.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.10.4-2")]
    public async Task Retained_messages_that_wait_for_the_window_do_not_come_after_unsuback()
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (ushort number = 1; number <= 3; number++) await writer.SendAsync(Given.Publish($"a/{number}").Payload("x").Retain().Qos1(number));
        var reader = await broker.ConnectAsync(Given.Client("reader").ReceiveMaximum(1));
        await reader.SendAsync(Given.Subscribe(1).Filter("a/#", Qos.AtLeastOnce));
        await reader.ExpectAsync(Given.Suback(1, ReasonCode.GrantedQos1));
        var one = await reader.ReadPacketAsync(PacketType.Publish);

        await reader.SendAsync(Given.Unsubscribe(2).Filter("a/#"));
        await reader.ExpectAsync(Given.Unsuback(2, ReasonCode.Success));
        await reader.SendAsync(Given.Puback(one.PacketId));

        await reader.ExpectNothingAsync();
    }
}
