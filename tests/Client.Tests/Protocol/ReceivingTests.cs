using Avocet.Client.Tests.Support;
using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Avocet.TestKit;
using Avocet.TestKit.Packets;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Client.Tests.Protocol;

/// <summary>What the client does with what comes.</summary>
public sealed class ReceivingTests
{
    [Fact, Spec("MQTT-3.3.4-1", "MQTT-4.3.2-4", "MQTT-4.6.0-2", "3.1.1 MQTT-4.3.2-2", "3.1.1 MQTT-4.6.0-2")]
    public async Task Pubacks_go_in_the_order_of_the_messages_though_handlers_end_otherwise()
    {
        await using var server = new ScriptedServer();
        var peer = await server.StartAsync();
        var subscription = await SubscribeAsync(server, peer, "#", new SubscribeOptions { Acknowledge = AcknowledgeMode.Manual });
        await peer.SendAsync(Given.Publish("a").Qos1(1), Given.Publish("b").Qos1(2), Given.Publish("c").Qos1(3));
        var messages = await subscription.ReadAllAsync().TakeAsync(3);

        messages[2].Acknowledge();
        messages[1].Acknowledge();
        await server.Client.PublishAsync("marker", "");
        await peer.ExpectAsync(Given.Publish("marker"));
        messages[0].Acknowledge();

        await peer.ExpectAsync(Given.Puback(1), Given.Puback(2), Given.Puback(3));
    }

    [Fact, Spec("MQTT-4.3.3-8", "MQTT-4.3.3-10", "MQTT-4.3.3-11", "MQTT-4.3.3-12", "MQTT-4.6.0-3", "3.1.1 MQTT-4.3.3-2")]
    public async Task Publish_qos2_sent_again_is_delivered_once_until_it_is_released()
    {
        await using var server = new ScriptedServer();
        var peer = await server.StartAsync();
        var subscription = await SubscribeAsync(server, peer, "a", new SubscribeOptions { Qos = Qos.ExactlyOnce, Acknowledge = AcknowledgeMode.OnReceive });
        await peer.SendAsync(Given.Publish("a").Payload("1").Qos2(7));
        await peer.ExpectAsync(Given.Pubrec(7));

        peer = await server.ReconnectAsync(sessionPresent: true);
        await peer.SendAsync(Given.Publish("a").Payload("1").Qos2(7).AsDuplicate());
        await peer.ExpectAsync(Given.Pubrec(7));
        await peer.SendAsync(Given.Pubrel(7));
        await peer.ExpectAsync(Given.Pubcomp(7));
        await peer.SendAsync(Given.Publish("a").Payload("2").Qos2(7));
        await peer.ExpectAsync(Given.Pubrec(7));

        Assert.Equal(["1", "2"], (await subscription.ReadAllAsync().TakeAsync(2)).Select(message => message.Text));
    }

    [Fact]
    public async Task Message_handled_after_its_connection_is_not_acknowledged_on_the_next()
    {
        await using var server = new ScriptedServer();
        var peer = await server.StartAsync();
        var subscription = await SubscribeAsync(server, peer, "a", new SubscribeOptions { Acknowledge = AcknowledgeMode.Manual });
        await peer.SendAsync(Given.Publish("a").Payload("1").Qos1(1));
        var first = (await subscription.ReadAllAsync().TakeAsync(1))[0];

        peer = await server.ReconnectAsync(sessionPresent: true);
        await peer.SendAsync(Given.Publish("a").Payload("other").Qos1(1));
        var second = (await subscription.ReadAllAsync().TakeAsync(1))[0];
        first.Acknowledge();
        await server.Client.PublishAsync("marker", "");
        await peer.ExpectAsync(Given.Publish("marker"));
        second.Acknowledge();

        await peer.ExpectAsync(Given.Puback(1));
    }

    [Fact, Spec("MQTT-4.5.0-2", "3.1.1 MQTT-4.5.0-2")]
    public async Task Message_that_nobody_wants_is_acknowledged_after_a_time()
    {
        await using var server = new ScriptedServer(o => o.UnclaimedMessageTimeout = TimeSpan.FromSeconds(10));
        var peer = await server.StartAsync();
        await peer.SendAsync(Given.Publish("nobody/wants").Qos1(5));
        await peer.SyncAsync();

        server.Clock.Advance(TimeSpan.FromSeconds(10));
        server.Clock.Advance(TimeSpan.FromSeconds(3));

        var packet = await peer.ReadPacketAsync();
        while (packet.Type == PacketType.Pingreq) packet = await peer.ReadPacketAsync();
        Assert.Equal((PacketType.Puback, (ushort)5), (packet.Type, packet.PacketId));
    }

    [Fact]
    public async Task Message_of_an_earlier_run_waits_for_its_subscription()
    {
        await using var server = new ScriptedServer(o => o.CleanStart = false);
        var peer = await server.StartAsync(connack => connack.SessionPresent());
        await peer.SendAsync(Given.Publish("a").Payload("kept").Qos1(5));
        await peer.SyncAsync();

        var subscription = await SubscribeAsync(server, peer, "a", new SubscribeOptions());

        Assert.Equal("kept", (await subscription.ReadAllAsync().TakeAsync(1))[0].Text);
    }

    [Fact, Spec("MQTT-3.3.2-10")]
    public async Task Topic_aliases_of_the_server_are_resolved_up_to_the_maximum()
    {
        await using var server = new ScriptedServer(o => o.TopicAliasMaximum = 5);
        var peer = await server.StartAsync();
        Assert.Equal(5u, server.Connect.Integer(PropertyId.TopicAliasMaximum));
        var subscription = await SubscribeAsync(server, peer, "#", new SubscribeOptions());

        await peer.SendAsync(Given.Publish("a").TopicAlias(5), Given.Publish("").TopicAlias(5), Given.Publish("b").TopicAlias(5), Given.Publish("").TopicAlias(5));

        Assert.Equal(["a", "a", "b", "b"], (await subscription.ReadAllAsync().TakeAsync(4)).Select(message => message.Topic));
    }

    [Theory]
    [InlineData(6, "a")]
    [InlineData(3, "")]
    public async Task Topic_alias_that_is_not_valid_ends_the_connection(int alias, string topic)
    {
        await using var server = new ScriptedServer(o => o.TopicAliasMaximum = 5);
        var peer = await server.StartAsync();

        await peer.SendAsync(Given.Publish(topic).TopicAlias((ushort)alias));

        await peer.ExpectDisconnectAsync(ReasonCode.TopicAliasInvalid);
    }

    [Fact]
    public async Task More_than_receive_maximum_ends_the_connection()
    {
        await using var server = new ScriptedServer(o => o.ReceiveMaximum = 2);
        var peer = await server.StartAsync();
        await SubscribeAsync(server, peer, "#", new SubscribeOptions { Acknowledge = AcknowledgeMode.Manual });

        await peer.SendAsync(Given.Publish("a").Qos1(1), Given.Publish("a").Qos2(2), Given.Publish("a").Qos1(3));

        await peer.ExpectDisconnectAsync(ReasonCode.ReceiveMaximumExceeded);
    }

    [Theory, Spec("MQTT-4.13.2-1")]
    [InlineData("30 02 00 01", ReasonCode.MalformedPacket)]
    [InlineData("40 02 00 09 40 02 00 09 C0 00", ReasonCode.ProtocolError)]
    [InlineData("90 04 00 09 00 00", ReasonCode.ProtocolError)]
    [InlineData("36 00", ReasonCode.MalformedPacket)]
    public async Task Packet_that_is_not_valid_ends_the_connection_and_the_next_one_comes(string hex, ReasonCode reason)
    {
        await using var server = new ScriptedServer();
        var peer = await server.StartAsync();

        await peer.SendAsync(hex);

        await peer.ExpectDisconnectAsync(reason);
        await server.AcceptAsync(connack => connack.SessionPresent());
    }

    [Fact]
    public async Task Overlapping_subscriptions_get_one_message_each_by_subscription_identifier()
    {
        await using var server = new ScriptedServer();
        var peer = await server.StartAsync();
        var all = await SubscribeAsync(server, peer, "#", new SubscribeOptions());
        var one = await SubscribeAsync(server, peer, "a/b", new SubscribeOptions());

        await peer.SendAsync(Given.Publish("a/b").Payload("for all").SubscriptionId(1), Given.Publish("a/b").Payload("for one").SubscriptionId(2));

        Assert.Equal("for all", (await all.ReadAllAsync().TakeAsync(1))[0].Text);
        Assert.Equal("for one", (await one.ReadAllAsync().TakeAsync(1))[0].Text);
    }

    [Fact]
    public async Task Buffer_that_is_full_drops_the_oldest_qos0_message_and_no_unacknowledged_one()
    {
        await using var server = new ScriptedServer();
        var peer = await server.StartAsync();
        var subscription = await SubscribeAsync(server, peer, "#", new SubscribeOptions { BufferMessages = 2 });

        await peer.SendAsync(Given.Publish("a").Payload("1").Qos1(1), Given.Publish("a").Payload("2"), Given.Publish("a").Payload("3"), Given.Publish("a").Payload("4"), Given.Publish("a").Payload("5").Qos1(2));
        await peer.SyncAsync();

        Assert.Equal(["1", "3", "4", "5"], (await subscription.ReadAllAsync().TakeAsync(4)).Select(message => message.Text));
        Assert.Equal(1, subscription.Dropped);
    }

    internal static async Task<Subscription> SubscribeAsync(ScriptedServer server, TestPeer peer, string filter, SubscribeOptions options)
    {
        var subscribing = server.Client.OpenSubscriptionAsync(filter, options);
        PacketView subscribe;
        do
        {
            subscribe = await peer.ReadPacketAsync();
        }
        while (subscribe.Type != PacketType.Subscribe);
        await peer.SendAsync(Given.Suback(subscribe.PacketId, (ReasonCode)options.Qos));
        return await subscribing.WaitAsync(Wait.Deadline);
    }
}
