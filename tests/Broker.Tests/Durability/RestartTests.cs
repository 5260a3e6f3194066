using Avocet.Broker.Storage;
using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests.Durability;

/// <summary>What a broker still knows after it was killed.</summary>
public sealed class RestartTests
{
    [Theory, BothVersions]
    [Spec("MQTT-4.1.0-1", "3.1.1 MQTT-4.1.0-1")]
    public async Task Queued_messages_survive_in_order(ProtocolVersion version)
    {
        await using var broker = new DurableBroker();
        await broker.LeaveAsync(Given.Client("c").Version(version).Persistent().Subscribed("a/#", Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a/1").Payload("1").Qos1(1), Given.Publish("a/2").Payload("2").Qos2(2), Given.Publish("a/1").Payload("3").Qos1(3));
        await writer.ExpectAsync(Given.Puback(1), Given.Pubrec(2), Given.Puback(3));

        await broker.CrashAsync();

        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent());
        Assert.True(client.Connack.SessionPresent);
        await client.ExpectAsync(Given.Publish("a/1").Payload("1").Qos1(), Given.Publish("a/2").Payload("2").Qos2(), Given.Publish("a/1").Payload("3").Qos1());
    }

    [Fact]
    public async Task Properties_and_subscription_identifiers_survive()
    {
        await using var broker = new DurableBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Persistent());
        await client.SendAsync(Given.Subscribe(1).Filter("a", Qos.AtLeastOnce).Property(PropertyId.SubscriptionIdentifier, 7u));
        await client.ExpectAsync(Given.Suback(1, ReasonCode.GrantedQos1));
        await client.DisconnectAsync();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        var message = Given.Publish("a").Payload("x").UserProperty("k", "v").Property(PropertyId.ContentType, "text").MessageExpiry(100);
        await writer.SendAsync(message.Qos1(1));
        await writer.ExpectAsync(Given.Puback(1));

        await broker.CrashAsync(TimeSpan.FromSeconds(40));

        client = await broker.ConnectAsync(Given.Client("c").Persistent());
        await client.ExpectAsync(Given.Publish("a").Payload("x").Qos1().MessageExpiry(60).SubscriptionId(7).UserProperty("k", "v").Property(PropertyId.ContentType, "text"));
    }

    [Fact]
    public async Task Message_that_expired_meanwhile_is_not_delivered()
    {
        await using var broker = new DurableBroker();
        await broker.LeaveAsync(Given.Client("c").Persistent().Subscribed("a", Qos.AtLeastOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Qos1(1).MessageExpiry(10), Given.Publish("a").Payload("lasting").Qos1(2));
        await writer.ExpectAsync(Given.Puback(1), Given.Puback(2));

        await broker.CrashAsync(TimeSpan.FromSeconds(11));

        var client = await broker.ConnectAsync(Given.Client("c").Persistent());
        await client.ExpectAsync(Given.Publish("a").Payload("lasting").Qos1());
        await client.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.4.0-1", "3.1.1 MQTT-4.4.0-1")]
    public async Task Unacknowledged_message_comes_again_with_its_identifier(ProtocolVersion version)
    {
        await using var broker = new DurableBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent().Subscribed("a", Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("1").Qos2(1), Given.Publish("a").Payload("2").Qos2(2));
        await writer.ExpectAsync(Given.Pubrec(1), Given.Pubrec(2));
        var first = await client.ExpectAsync(Given.Publish("a").Payload("1").Qos2());
        var second = await client.ExpectAsync(Given.Publish("a").Payload("2").Qos2());

        await broker.CrashAsync();

        client = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent());
        await client.ExpectAsync(Given.Publish("a").Payload("1").Qos2(first.PacketId).AsDuplicate(), Given.Publish("a").Payload("2").Qos2(second.PacketId).AsDuplicate());
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.3.3-6", "3.1.1 MQTT-4.3.3-1")]
    public async Task Pubrel_comes_again_and_not_the_message(ProtocolVersion version)
    {
        await using var broker = new DurableBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent().Subscribed("a", Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("1").Qos2(1), Given.Publish("a").Payload("2").Qos2(2), Given.Publish("a").Payload("3").Qos1(3));
        await writer.ExpectAsync(Given.Pubrec(1), Given.Pubrec(2), Given.Puback(3));
        var first = await client.ExpectAsync(Given.Publish("a").Payload("1").Qos2());
        var second = await client.ExpectAsync(Given.Publish("a").Payload("2").Qos2());
        await client.ExpectAsync(Given.Publish("a").Payload("3").Qos1());
        await client.SendAsync(Given.Pubrec(second.PacketId));
        await client.ExpectAsync(Given.Pubrel(second.PacketId));

        await broker.CrashAsync();

        client = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent());
        await client.ExpectAsync(
            Given.Publish("a").Payload("1").Qos2(first.PacketId).AsDuplicate(), Given.Pubrel(second.PacketId), Given.Publish("a").Payload("3").Qos1().AsDuplicate());
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.3.3-10", "3.1.1 MQTT-4.3.3-2")]
    public async Task Qos2_message_sent_again_after_the_crash_is_routed_once(ProtocolVersion version)
    {
        await using var broker = new DurableBroker();
        await broker.LeaveAsync(Given.Client("c").Persistent().Subscribed("a", Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version).Persistent());
        await writer.SendAsync(Given.Publish("a").Payload("once").Qos2(9));
        await writer.ExpectAsync(Given.Pubrec(9));

        await broker.CrashAsync();

        writer = await broker.ConnectAsync(Given.Client("writer").Version(version).Persistent());
        await writer.SendAsync(Given.Publish("a").Payload("once").Qos2(9).AsDuplicate());
        await writer.ExpectAsync(Given.Pubrec(9));
        await writer.SendAsync(Given.Pubrel(9));
        await writer.ExpectAsync(Given.Pubcomp(9));

        await broker.CrashAsync();

        // Its identifier is free again: this is another message.
        writer = await broker.ConnectAsync(Given.Client("writer").Version(version).Persistent());
        await writer.SendAsync(Given.Publish("a").Payload("next").Qos2(9));
        await writer.ExpectAsync(Given.Pubrec(9));
        var client = await broker.ConnectAsync(Given.Client("c").Persistent());
        await client.ExpectAsync(Given.Publish("a").Payload("once").Qos2(), Given.Publish("a").Payload("next").Qos2());
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Retained_messages_survive_and_cleared_ones_stay_cleared()
    {
        await using var broker = new DurableBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("r/1").Payload("old").Retain().Qos1(1), Given.Publish("r/1").Payload("new").Retain().Qos1(2));
        await writer.SendAsync(Given.Publish("r/2").Payload("x").Retain().Qos1(3), Given.Publish("r/2").Retain().Qos1(4));
        await writer.SendAsync(Given.Publish("r/3").Payload("short").Retain().Qos1(5).MessageExpiry(10));
        foreach (ushort id in new[] { 1, 2, 3, 4, 5 }) await writer.ExpectAsync(Given.Puback(id, ReasonCode.NoMatchingSubscribers));

        await broker.CrashAsync(TimeSpan.FromSeconds(11));

        var client = await broker.ConnectAsync(Given.Client("c").Subscribed("r/#", Qos.AtLeastOnce));
        await client.ExpectAsync(Given.Publish("r/1").Payload("new").Retain().Qos1());
        await client.ExpectNothingAsync();
        await broker.SettleAsync();
        Assert.Equal(1, broker.Count(StoreTable.Retained));
    }

    [Fact]
    public async Task Subscriptions_survive_with_their_options_and_removed_ones_do_not()
    {
        await using var broker = new DurableBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Persistent().Subscribed("gone", Qos.AtLeastOnce));
        await client.SendAsync(Given.Subscribe(1).Filter("own", 0x0D), Given.Unsubscribe(2).Filter("gone"));
        await client.ExpectAsync(Given.Suback(1, ReasonCode.GrantedQos1), Given.Unsuback(2, ReasonCode.Success));

        await broker.CrashAsync();

        client = await broker.ConnectAsync(Given.Client("c").Persistent());
        await client.SendAsync(Given.Publish("own").Payload("of itself"));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("gone"), Given.Publish("own").Payload("as published").Retain());
        await client.ExpectAsync(Given.Publish("own").Payload("as published").Retain());
        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(50, true)]
    [InlineData(101, false)]
    public async Task Expiry_counts_while_the_broker_is_down(int downSeconds, bool isThere)
    {
        await using var broker = new DurableBroker();
        await broker.LeaveAsync(Given.Client("c").Persistent(100));

        await broker.CrashAsync(TimeSpan.FromSeconds(downSeconds));
        await broker.Broker.AdvanceAsync(0.5);

        var client = await broker.ConnectAsync(Given.Client("c").Persistent(100));
        Assert.Equal(isThere, client.Connack.SessionPresent);
    }

    [Fact]
    public async Task Session_of_a_client_that_was_connected_expires_from_the_start_on()
    {
        await using var broker = new DurableBroker();
        await broker.ConnectAsync(Given.Client("c").Persistent(100));

        await broker.CrashAsync(TimeSpan.FromSeconds(1000));
        await broker.Broker.AdvanceAsync(99);
        var client = await broker.Broker.OpenAsync(Given.Client("c").Persistent(100));
        Assert.True((await client.ReadPacketAsync(PacketType.Connack)).SessionPresent);

        await broker.CrashAsync();
        await broker.Broker.AdvanceAsync(101);
        await broker.SettleAsync();
        Assert.Equal(0, broker.Count(StoreTable.Sessions));
    }

    [Fact]
    public async Task Session_that_ends_leaves_nothing_in_the_store()
    {
        await using var broker = new DurableBroker();
        await broker.LeaveAsync(Given.Client("c").Persistent(10).Subscribed("a", Qos.ExactlyOnce));
        await broker.LeaveAsync(Given.Client("d").Persistent(20).Subscribed("a", Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer").Persistent(10));
        await writer.SendAsync(Given.Publish("a").Qos2(1), Given.Publish("a").Qos1(2));
        await writer.ExpectAsync(Given.Pubrec(1), Given.Puback(2));
        Assert.Equal(2, broker.Count(StoreTable.Messages));
        await broker.CrashAsync();

        await broker.Broker.AdvanceAsync(30);

        foreach (var table in Enum.GetValues<StoreTable>().Except([StoreTable.Meta])) await broker.UntilAsync(() => broker.Count(table) == 0);
    }

    [Fact]
    public async Task Will_of_a_client_that_was_connected_is_published_after_its_delay()
    {
        await using var broker = new DurableBroker();
        await broker.LeaveAsync(Given.Client("c").Persistent().Subscribed("w/#", Qos.AtLeastOnce));
        await broker.ConnectAsync(Given.Client("prompt").Persistent().Will("w/prompt", "1", Qos.AtLeastOnce));
        await broker.ConnectAsync(Given.Client("slow").Persistent().Will("w/slow", "2", Qos.AtLeastOnce, delaySeconds: 30));
        await broker.ConnectAsync(Given.Client("back").Persistent().Will("w/back", "3", Qos.AtLeastOnce, delaySeconds: 30));

        await broker.CrashAsync();
        await broker.ConnectAsync(Given.Client("back").Persistent());
        await broker.Broker.AdvanceAsync(20);
        await broker.CrashAsync();
        await broker.Broker.AdvanceAsync(31);
        await broker.CrashAsync();

        var client = await broker.ConnectAsync(Given.Client("c").Persistent());
        var wills = await client.ReceiveAsync(2);
        Assert.Equal(["w/prompt", "w/slow"], wills.Select(will => will.TopicName).Order());
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Will_at_an_orderly_stop_is_published_after_the_start()
    {
        await using var broker = new DurableBroker();
        await broker.LeaveAsync(Given.Client("c").Persistent().Subscribed("w", Qos.AtLeastOnce));
        await broker.Broker.OpenAsync(Given.Client("stopped").Persistent().Will("w", "bye", Qos.AtLeastOnce));
        await broker.Broker.Broker.StopAsync(TimeSpan.Zero);

        await broker.RestartAsync();
        await broker.Broker.AdvanceAsync(1);

        var client = await broker.ConnectAsync(Given.Client("c").Persistent());
        await client.ExpectAsync(Given.Publish("w").Payload("bye").Qos1());
    }

    [Fact]
    public async Task Will_at_an_orderly_stop_ends_with_a_session_that_is_not_kept()
    {
        await using var broker = new DurableBroker();
        await broker.LeaveAsync(Given.Client("c").Persistent().Subscribed("w", Qos.AtLeastOnce));
        await broker.LeaveAsync(Given.Client("stopped").Persistent());
        await broker.Broker.OpenAsync(Given.Client("stopped").Clean(false).Will("w", "bye", Qos.AtLeastOnce));
        await broker.Broker.OpenAsync(Given.Client("passing").Will("w", "bye", Qos.AtLeastOnce));
        await broker.Broker.Broker.StopAsync(TimeSpan.Zero);

        await broker.RestartAsync();
        await broker.Broker.AdvanceAsync(1);

        var client = await broker.ConnectAsync(Given.Client("c").Persistent());
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Session_that_a_clean_start_discarded_does_not_come_back()
    {
        await using var broker = new DurableBroker();
        await broker.LeaveAsync(Given.Client("c").Persistent().Subscribed("a", Qos.AtLeastOnce));

        var client = await broker.ConnectAsync(Given.Client("c"));
        Assert.False(client.Connack.SessionPresent);
        await broker.CrashAsync();

        client = await broker.ConnectAsync(Given.Client("c").Persistent());
        Assert.False(client.Connack.SessionPresent);
    }

    [Fact, Spec("MQTT-4.3.3-10")]
    public async Task Message_that_moved_on_to_a_durable_member_of_its_group_is_not_routed_again()
    {
        await using var broker = new DurableBroker();
        await broker.LeaveAsync(Given.Client("lasting").Persistent().Subscribed("$share/g/a", Qos.ExactlyOnce));
        var passing = await broker.ConnectAsync(Given.Client("passing").ReceiveMaximum(1).Subscribed("$share/g/a", Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer").Persistent());
        await writer.SendAsync(Given.Publish("a").Payload("in flight").Qos2(1), Given.Publish("a").Payload("queued").Qos2(2));
        await writer.ExpectAsync(Given.Pubrec(1), Given.Pubrec(2));
        await passing.ExpectAsync(Given.Publish("a").Payload("in flight").Qos2());
        await passing.CloseAsync();
        await broker.SettleAsync();

        await broker.CrashAsync();

        writer = await broker.ConnectAsync(Given.Client("writer").Persistent());
        await writer.SendAsync(Given.Publish("a").Payload("queued").Qos2(2).AsDuplicate());
        await writer.ExpectAsync(Given.Pubrec(2));
        var lasting = await broker.ConnectAsync(Given.Client("lasting").Persistent());
        await lasting.ExpectAsync(Given.Publish("a").Payload("queued").Qos2());
        await lasting.ExpectNothingAsync();
    }

    [Fact]
    public async Task Retained_messages_that_a_subscribe_asked_for_still_come()
    {
        await using var broker = new DurableBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (ushort i = 1; i <= 20; i++)
        {
            await writer.SendAsync(Given.Publish($"r/{i}").Payload("x").Retain().Qos1(i));
            await writer.ExpectAsync(Given.Puback(i, ReasonCode.NoMatchingSubscribers));
        }

        var client = await broker.ConnectAsync(Given.Client("c").Persistent().ReceiveMaximum(5));
        await client.SendAsync(Given.Subscribe(1).Filter("r/#", Qos.AtLeastOnce));
        await client.ExpectAsync(Given.Suback(1, ReasonCode.GrantedQos1));
        var topics = (await client.ReceiveAsync(7)).Select(message => message.TopicName).ToHashSet();
        await broker.SettleAsync();
        await broker.CrashAsync();

        client = await broker.ConnectAsync(Given.Client("c").Persistent());
        while (topics.Count < 20) topics.UnionWith((await client.ReceiveAsync(1)).Select(message => message.TopicName));
    }
}
