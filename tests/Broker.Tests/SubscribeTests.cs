using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class SubscribeTests
{
    [Theory, BothVersions]
    [Spec("MQTT-3.8.4-1", "MQTT-3.8.4-2", "MQTT-2.2.1-6", "MQTT-2.2.2-1", "MQTT-2.1.3-1")]
    [Spec("3.1.1 MQTT-3.8.4-1", "3.1.1 MQTT-3.8.4-2", "3.1.1 MQTT-2.3.1-7", "3.1.1 MQTT-2.2.2-1")]
    public async Task Subscribe_is_acknowledged_with_its_id(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version));

        await client.SendAsync(Given.Subscribe(0xABCD).Filter("a"));

        var suback = await client.ExpectAsync(Given.Suback(0xABCD, ReasonCode.Success));
        Assert.Equal(version == ProtocolVersion.V50 ? "9004ABCD0000" : "9003ABCD00", Convert.ToHexString(suback.Bytes));
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.8.4-5", "MQTT-3.8.4-6", "MQTT-3.8.4-7", "MQTT-3.9.3-1", "MQTT-3.9.3-2")]
    [Spec("3.1.1 MQTT-3.8.4-4", "3.1.1 MQTT-3.8.4-5", "3.1.1 MQTT-3.9.3-1", "3.1.1 MQTT-3.9.3-2")]
    public async Task Subscribe_to_several_filters_has_one_suback_in_their_order(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version));

        await client.SendAsync(Given.Subscribe(1).Filter("a", Qos.ExactlyOnce).Filter("b").Filter("c", Qos.AtLeastOnce));

        await client.ExpectAsync(Given.Suback(1, ReasonCode.GrantedQos2, ReasonCode.Success, ReasonCode.GrantedQos1));
        foreach (var topic in (string[])["a", "b", "c"])
        {
            await client.SendAsync(Given.Publish(topic));
            await client.ExpectAsync(Given.Publish(topic));
        }
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.8.4-8", "3.1.1 MQTT-3.8.4-6")]
    public async Task Message_is_delivered_at_the_lower_qos(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version));
        for (var granted = Qos.AtMostOnce; granted <= Qos.ExactlyOnce; granted++)
        {
            var reader = await broker.ConnectAsync(Given.Client($"reader{granted}").Version(version).Subscribed("a", granted));
            for (var published = Qos.AtMostOnce; published <= Qos.ExactlyOnce; published++)
            {
                await writer.SendAsync(Given.Publish("a").Payload("x").WithQos(published, (ushort)(100 + (10 * (int)granted) + (int)published)));
                await reader.ExpectAsync(Given.Publish("a").Payload("x").WithQos((Qos)Math.Min((int)published, (int)granted)));
            }

            await reader.DisconnectAsync();
        }
    }

    [Theory]
    [InlineData("a#")]
    [InlineData("#/a")]
    [InlineData("a/#/b")]
    [InlineData("a+")]
    [InlineData("+a/b")]
    [InlineData("a/b+/c")]
    [InlineData("")]
    [InlineData("$share//t")]
    [InlineData("$share/")]
    [InlineData("$share/g")]
    [InlineData("$share/g/")]
    [InlineData("$share/g+/t")]
    [InlineData("$share/g#/t")]
    [InlineData("$share/g/a#")]
    [Spec("MQTT-4.7.1-1", "MQTT-4.7.1-2", "MQTT-4.7.3-1", "MQTT-4.8.2-1", "MQTT-4.8.2-2", "MQTT-3.8.4-7")]
    [Spec("3.1.1 MQTT-4.7.1-2", "3.1.1 MQTT-4.7.1-3", "3.1.1 MQTT-4.7.3-1")]
    public async Task Subscribe_to_a_filter_that_is_not_valid_is_refused(string filter)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c"));
        await client.SendAsync(Given.Subscribe(1).Filter(filter).Filter("good"));
        await client.ExpectAsync(Given.Suback(1, ReasonCode.TopicFilterInvalid, ReasonCode.Success));

        var old = await broker.ConnectAsync(Given.Client("old").V311());
        await old.SendAsync(Given.Subscribe(1).Filter(filter));
        await old.ExpectAsync(Given.Suback(1, ReasonCode.UnspecifiedError));
    }

    [Theory]
    [InlineData("#")]
    [InlineData("a/#")]
    [InlineData("+")]
    [InlineData("+/+")]
    [InlineData("+/a/+")]
    [InlineData("/")]
    [InlineData("a b/ c")]
    [InlineData("$share/g/#")]
    [InlineData("$share/g//a")]
    [InlineData("$share/g h/$x/+")]
    [InlineData("$shared/a")]
    [Spec("MQTT-4.7.1-1", "MQTT-4.7.1-2", "MQTT-4.8.2-1", "MQTT-4.8.2-2", "3.1.1 MQTT-4.7.1-2", "3.1.1 MQTT-4.7.1-3")]
    public async Task Subscribe_to_a_filter_that_is_valid_is_granted(string filter)
    {
        await using var broker = new TestBroker();

        await broker.ConnectAsync(Given.Client("c").Subscribed(filter));
        await broker.ConnectAsync(Given.Client("old").V311().Subscribed(filter));
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.8.4-3", "3.1.1 MQTT-3.8.4-3")]
    public async Task Subscribe_to_the_same_filter_replaces_the_subscription(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version));
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        await client.SendAsync(Given.Subscribe(1).Filter("a").SubscriptionId(1));
        await client.ExpectAsync(Given.Suback(1, ReasonCode.Success));
        await client.SendAsync(Given.Subscribe(2).Filter("a", Qos.AtLeastOnce).SubscriptionId(2));
        await client.ExpectAsync(Given.Suback(2, ReasonCode.GrantedQos1));
        await writer.SendAsync(Given.Publish("a").Qos2(1));

        await client.ExpectAsync(Given.Publish("a").Qos1().SubscriptionId(2));
        await client.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.8.4-3")]
    public async Task Subscribe_again_without_identifier_removes_it()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c"));
        await client.SendAsync(Given.Subscribe(1).Filter("a").SubscriptionId(1), Given.Subscribe(2).Filter("a"));
        await client.ExpectAsync(Given.Suback(1, ReasonCode.Success), Given.Suback(2, ReasonCode.Success));

        await client.SendAsync(Given.Publish("a"));

        await client.ExpectAsync(Given.Publish("a"));
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.8.4-4", "3.1.1 MQTT-3.8.4-3")]
    public async Task Subscribe_again_sends_retained_messages_again_and_loses_nothing(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("kept").Retain());
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Subscribed("a"));
        await client.ExpectAsync(Given.Publish("a").Payload("kept").Retain());

        for (ushort number = 1; number <= 20; number++)
        {
            await writer.SendAsync(Given.Publish("a").Payload($"{number}"));
            await client.SendAsync(Given.Subscribe(number).Filter("a"));
            await client.ExpectAsync(Given.Publish("a").Payload($"{number}"));
            await client.ExpectAsync(Given.Suback(number, ReasonCode.Success), Given.Publish("a").Payload("kept").Retain());
        }
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.3.4-2", "3.1.1 MQTT-3.3.5-1")]
    public async Task Overlapping_subscriptions_deliver_once_at_the_highest_qos(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Subscribed("a/#").Subscribed("a/b", Qos.ExactlyOnce).Subscribed("+/b", Qos.AtLeastOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        await writer.SendAsync(Given.Publish("a/b").Payload("x").Qos2(1));

        await client.ExpectAsync(Given.Publish("a/b").Payload("x").Qos2());
        await client.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.3.4-3")]
    public async Task Subscription_identifier_goes_with_the_message()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c"));
        await client.SendAsync(Given.Subscribe(1).Filter("a/#").Filter("b").SubscriptionId(268_435_455));
        await client.ExpectAsync(Given.Suback(1, ReasonCode.Success, ReasonCode.Success));

        await client.SendAsync(Given.Publish("a/x"), Given.Publish("b"));

        await client.ExpectAsync(Given.Publish("a/x").SubscriptionId(268_435_455), Given.Publish("b").SubscriptionId(268_435_455));
    }

    [Fact, Spec("MQTT-3.3.4-4", "MQTT-3.3.4-5")]
    public async Task Subscription_identifiers_of_all_that_matched_go_with_the_message()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c"));
        await client.SendAsync(Given.Subscribe(1).Filter("a/#").SubscriptionId(1), Given.Subscribe(2).Filter("a/b").SubscriptionId(200), Given.Subscribe(3).Filter("+/b"));
        await client.ExpectAsync(Given.Suback(1, ReasonCode.Success), Given.Suback(2, ReasonCode.Success), Given.Suback(3, ReasonCode.Success));

        await client.SendAsync(Given.Publish("a/b"));

        await client.ExpectAsync(Given.Publish("a/b").SubscriptionId(1).SubscriptionId(200));
        await client.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.3.4-3")]
    public async Task Subscription_identifier_goes_with_retained_and_queued_messages()
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("kept").Retain());
        var client = await broker.ConnectAsync(Given.Client("c").Persistent());
        await client.SendAsync(Given.Subscribe(1).Filter("a", Qos.AtLeastOnce).SubscriptionId(5));
        await client.ExpectAsync(Given.Suback(1, ReasonCode.GrantedQos1), Given.Publish("a").Payload("kept").Retain().SubscriptionId(5));
        await client.CloseAsync();
        await writer.SendAsync(Given.Publish("a").Payload("queued").Qos1(1));

        client = await broker.ConnectAsync(Given.Client("c").Persistent());

        await client.ExpectAsync(Given.Publish("a").Payload("queued").Qos1().SubscriptionId(5));
    }

    [Fact, Spec("MQTT-3.8.3-3")]
    public async Task No_local_keeps_own_messages_away()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c"));
        var other = await broker.ConnectAsync(Given.Client("other"));
        await client.SendAsync(Given.Subscribe(1).Filter("a", noLocal: true));
        await client.ExpectAsync(Given.Suback(1, ReasonCode.Success));

        await client.SendAsync(Given.Publish("a").Payload("own"));
        await client.ExpectNothingAsync();
        await other.SendAsync(Given.Publish("a").Payload("other"));

        await client.ExpectAsync(Given.Publish("a").Payload("other"));
    }

    [Fact, Spec("MQTT-3.8.3-3")]
    public async Task No_local_of_one_subscription_does_not_hide_the_match_of_another()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Subscribed("a/#"));
        await client.SendAsync(Given.Subscribe(1).Filter("a/b", Qos.ExactlyOnce, noLocal: true));
        await client.ExpectAsync(Given.Suback(1, ReasonCode.GrantedQos2));

        await client.SendAsync(Given.Publish("a/b").Payload("own"));

        await client.ExpectAsync(Given.Publish("a/b").Payload("own"));
        await client.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.8.3-3")]
    public async Task No_local_goes_by_client_id_and_not_by_connection()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Persistent().Will("a", "own will"));
        await client.SendAsync(Given.Subscribe(1).Filter("a", Qos.AtLeastOnce, noLocal: true));
        await client.ExpectAsync(Given.Suback(1, ReasonCode.GrantedQos1));

        await client.CloseAsync();

        client = await broker.ConnectAsync(Given.Client("c").Persistent());
        await client.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.8.3-4")]
    public async Task No_local_on_a_shared_subscription_is_a_protocol_error()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c"));

        await client.SendAsync(Given.Subscribe(1).Filter("$share/g/a", noLocal: true));

        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Fact, Spec("MQTT-3.3.1-12", "MQTT-3.3.1-13")]
    public async Task Retain_as_published_decides_on_retain_of_live_messages()
    {
        await using var broker = new TestBroker();
        var plain = await broker.ConnectAsync(Given.Client("plain").Subscribed("a"));
        var keeping = await broker.ConnectAsync(Given.Client("keeping"));
        await keeping.SendAsync(Given.Subscribe(1).Filter("a", retainAsPublished: true));
        await keeping.ExpectAsync(Given.Suback(1, ReasonCode.Success));

        await plain.SendAsync(Given.Publish("a").Payload("1").Retain(), Given.Publish("a").Payload("2"));

        await plain.ExpectAsync(Given.Publish("a").Payload("1"), Given.Publish("a").Payload("2"));
        await keeping.ExpectAsync(Given.Publish("a").Payload("1").Retain(), Given.Publish("a").Payload("2"));
    }

    [Fact, Spec("MQTT-3.3.1-13")]
    public async Task Retain_as_published_is_kept_for_queued_messages()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Persistent());
        await client.SendAsync(Given.Subscribe(1).Filter("a", Qos.AtLeastOnce, retainAsPublished: true));
        await client.ExpectAsync(Given.Suback(1, ReasonCode.GrantedQos1));
        await client.CloseAsync();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("x").Qos1(1).Retain());

        client = await broker.ConnectAsync(Given.Client("c").Persistent());

        await client.ExpectAsync(Given.Publish("a").Payload("x").Qos1().Retain());
    }

    [Fact]
    public async Task Subscribe_passes_all_of_its_user_properties_without_harm()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c"));

        await client.SendAsync(Given.Subscribe(1).Filter("a").UserProperty("k", "v").UserProperty("k", "w"));

        await client.ExpectAsync(Given.Suback(1, ReasonCode.Success));
    }

    [Theory, BothVersions]
    public async Task Subscribe_to_many_filters_is_answered_for_each(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version));
        var subscribe = Given.Subscribe(1);
        for (var number = 0; number < 1000; number++) subscribe = subscribe.Filter($"many/{number}");

        await client.SendAsync(subscribe);

        var suback = await client.ExpectAsync(Given.Suback(1, [.. Enumerable.Repeat(ReasonCode.Success, 1000)]));
        Assert.Equal(PacketType.Suback, suback.Type);
    }
}
