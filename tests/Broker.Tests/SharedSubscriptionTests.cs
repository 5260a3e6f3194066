using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class SharedSubscriptionTests
{
    private const string Shared = "$share/g/a";

    [Theory, BothVersions]
    public async Task Messages_go_round_the_members(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var one = await broker.ConnectAsync(Given.Client("one").Version(version).Subscribed(Shared));
        var two = await broker.ConnectAsync(Given.Client("two").Version(version).Subscribed(Shared));
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        for (var number = 1; number <= 4; number++) await writer.SendAsync(Given.Publish("a").Payload($"{number}"));

        var ofOne = await ReadAllAsync(one);
        var ofTwo = await ReadAllAsync(two);
        Assert.Equal((2, 2), (ofOne.Count, ofTwo.Count));
        Assert.Equal(["1", "2", "3", "4"], ofOne.Concat(ofTwo).Order());
    }

    [Theory, BothVersions]
    public async Task Groups_and_plain_subscriptions_each_get_every_message(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var plain = await broker.ConnectAsync(Given.Client("plain").Version(version).Subscribed("a"));
        var one = await broker.ConnectAsync(Given.Client("one").Version(version).Subscribed("$share/g/a"));
        var two = await broker.ConnectAsync(Given.Client("two").Version(version).Subscribed("$share/h/a"));
        var three = await broker.ConnectAsync(Given.Client("three").Version(version).Subscribed("$share/g/+"));

        await plain.SendAsync(Given.Publish("a").Payload("x"));

        foreach (var peer in (TestPeer[])[plain, one, two, three])
        {
            await peer.ExpectAsync(Given.Publish("a").Payload("x"));
            await peer.ExpectNothingAsync();
        }
    }

    [Theory, BothVersions]
    public async Task Member_that_subscribes_again_is_a_member_once(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var one = await broker.ConnectAsync(Given.Client("one").Version(version).Subscribed(Shared).Subscribed(Shared, Qos.AtLeastOnce));
        var two = await broker.ConnectAsync(Given.Client("two").Version(version).Subscribed(Shared));
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        for (var number = 1; number <= 4; number++) await writer.SendAsync(Given.Publish("a").Payload($"{number}"));

        Assert.Equal((2, 2), ((await ReadAllAsync(one)).Count, (await ReadAllAsync(two)).Count));
    }

    [Fact, Spec("MQTT-4.8.2-3")]
    public async Task Members_get_messages_at_their_own_qos()
    {
        await using var broker = new TestBroker();
        var one = await broker.ConnectAsync(Given.Client("one").Subscribed(Shared));
        var two = await broker.ConnectAsync(Given.Client("two").Subscribed(Shared, Qos.AtLeastOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        await writer.SendAsync(Given.Publish("a").Payload("x").Qos2(1), Given.Publish("a").Payload("x").Qos2(2));

        await one.ExpectAsync(Given.Publish("a").Payload("x"));
        await two.ExpectAsync(Given.Publish("a").Payload("x").Qos1());
    }

    [Theory, BothVersions]
    public async Task Retained_messages_are_not_sent_to_a_shared_subscription(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("x").Retain());

        var member = await broker.ConnectAsync(Given.Client("member").Version(version).Subscribed(Shared));

        await member.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    public async Task Messages_go_to_members_that_are_connected(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var away = await broker.ConnectAsync(Given.Client("away").Version(version).Persistent().Subscribed(Shared, Qos.AtLeastOnce));
        var here = await broker.ConnectAsync(Given.Client("here").Version(version).Subscribed(Shared, Qos.AtLeastOnce));
        await away.CloseAsync();
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        for (ushort number = 1; number <= 4; number++) await writer.SendAsync(Given.Publish("a").Payload($"{number}").Qos1(number));

        Assert.Equal(["1", "2", "3", "4"], await ReadAllAsync(here));
        away = await broker.ConnectAsync(Given.Client("away").Version(version).Persistent());
        await away.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    public async Task Messages_are_queued_while_all_members_are_away(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var member = await broker.ConnectAsync(Given.Client("member").Version(version).Persistent().Subscribed(Shared, Qos.AtLeastOnce));
        await member.CloseAsync();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("x").Qos1(1));
        await writer.ExpectAsync(Given.Puback(1));

        member = await broker.ConnectAsync(Given.Client("member").Version(version).Persistent());

        await member.ExpectAsync(Given.Publish("a").Payload("x").Qos1());
    }

    [Fact, Spec("MQTT-4.8.2-4")]
    public async Task Delivery_qos2_interrupted_goes_on_with_the_same_member()
    {
        await using var broker = new TestBroker();
        var one = await broker.ConnectAsync(Given.Client("one").Persistent().Subscribed(Shared, Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("x").Qos2(1));
        var sent = await one.ExpectAsync(Given.Publish("a").Payload("x").Qos2());
        var two = await broker.ConnectAsync(Given.Client("two").Subscribed(Shared, Qos.ExactlyOnce));
        await one.CloseAsync();
        await two.ExpectNothingAsync();

        one = await broker.ConnectAsync(Given.Client("one").Persistent());

        await one.ExpectAsync(Given.Publish("a").Payload("x").Qos2(sent.PacketId).AsDuplicate());
        await two.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-4.8.2-5")]
    public async Task Delivery_qos2_of_a_session_that_ended_goes_to_nobody_else()
    {
        await using var broker = new TestBroker();
        var one = await broker.ConnectAsync(Given.Client("one").Persistent().Subscribed(Shared, Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("x").Qos2(1));
        await one.ExpectAsync(Given.Publish("a").Payload("x").Qos2());
        var two = await broker.ConnectAsync(Given.Client("two").Subscribed(Shared, Qos.ExactlyOnce));

        await broker.ConnectAsync(Given.Client("one").Clean(true));

        await two.ExpectNothingAsync();
    }

    [Fact]
    public async Task Delivery_qos1_of_a_session_that_ended_goes_to_another_member()
    {
        await using var broker = new TestBroker();
        var one = await broker.ConnectAsync(Given.Client("one").Subscribed(Shared, Qos.AtLeastOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("x").Qos1(1));
        await one.ExpectAsync(Given.Publish("a").Payload("x").Qos1());
        var two = await broker.ConnectAsync(Given.Client("two").Subscribed(Shared, Qos.AtLeastOnce));

        await one.CloseAsync();

        await two.ExpectAsync(Given.Publish("a").Payload("x").Qos1());
    }

    [Theory]
    [InlineData(Qos.AtLeastOnce)]
    [InlineData(Qos.ExactlyOnce)]
    [Spec("MQTT-4.8.2-6")]
    public async Task Message_that_a_member_refuses_goes_to_nobody_else(Qos qos)
    {
        await using var broker = new TestBroker();
        var one = await broker.ConnectAsync(Given.Client("one").Subscribed(Shared, qos));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("x").WithQos(qos, 1));
        var sent = await one.ExpectAsync(Given.Publish("a").Payload("x").WithQos(qos));
        var two = await broker.ConnectAsync(Given.Client("two").Subscribed(Shared, qos));

        await one.SendAsync(qos == Qos.AtLeastOnce ? Given.Puback(sent.PacketId, ReasonCode.UnspecifiedError) : Given.Pubrec(sent.PacketId, ReasonCode.UnspecifiedError));
        await one.CloseAsync();

        await two.ExpectNothingAsync();
    }

    [Fact]
    public async Task Subscription_identifier_is_that_of_the_member()
    {
        await using var broker = new TestBroker();
        var member = await broker.ConnectAsync(Given.Client("member"));
        await member.SendAsync(Given.Subscribe(1).Filter(Shared).SubscriptionId(9));
        await member.ExpectAsync(Given.Suback(1, ReasonCode.Success));

        await member.SendAsync(Given.Publish("a"));

        await member.ExpectAsync(Given.Publish("a").SubscriptionId(9));
    }

    private static async Task<List<string>> ReadAllAsync(TestPeer peer)
    {
        var payloads = new List<string>();
        await peer.SendAsync(Given.Pingreq());
        for (var packet = await peer.ReadPacketAsync(); packet.Type != PacketType.Pingresp; packet = await peer.ReadPacketAsync()) payloads.Add(packet.PayloadText);
        return payloads;
    }

    [Fact]
    public async Task Message_that_members_away_would_get_at_qos0_is_not_refused()
    {
        await using var broker = new TestBroker();
        var member = await broker.ConnectAsync(Given.Client("member").Persistent().Subscribed(Shared));
        await member.CloseAsync();
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        await writer.SendAsync(Given.Publish("a").Qos1(1));

        await writer.ExpectAsync(Given.Puback(1));
    }
}
