using Avocet.Client.Tests.Support;
using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Client.Tests.Protocol;

/// <summary>What the client sends, packet by packet.</summary>
public sealed class SendingTests
{
    [Fact, Spec("MQTT-4.3.1-1", "MQTT-2.2.1-2", "MQTT-3.3.1-2", "3.1.1 MQTT-4.3.1-1")]
    public async Task Publish_qos0_has_neither_identifier_nor_dup()
    {
        await using var server = new ScriptedServer();
        var peer = await server.StartAsync();

        await server.Client.PublishAsync("a", "x");

        await peer.ExpectAsync(Given.Publish("a").Payload("x"));
    }

    [Fact, Spec("MQTT-4.3.2-1", "MQTT-4.3.2-2", "MQTT-2.2.1-3", "3.1.1 MQTT-2.3.1-2", "3.1.1 MQTT-4.3.2-1")]
    public async Task Publish_qos1_completes_with_puback()
    {
        await using var server = new ScriptedServer();
        var peer = await server.StartAsync();

        var publishing = server.Client.PublishAsync("a", "x", Qos.AtLeastOnce).AsTask();
        await peer.ExpectAsync(Given.Publish("a").Payload("x").Qos1(1));
        Assert.False(publishing.IsCompleted);
        await peer.SendAsync(Given.Puback(1, ReasonCode.NoMatchingSubscribers));

        Assert.Equal(ReasonCode.NoMatchingSubscribers, (await publishing.WaitAsync(Wait.Deadline)).Reason);
    }

    [Fact, Spec("MQTT-4.3.3-1", "MQTT-4.3.3-2", "MQTT-4.3.3-4", "MQTT-2.2.1-5", "3.1.1 MQTT-4.3.3-1")]
    public async Task Publish_qos2_completes_with_pubcomp()
    {
        await using var server = new ScriptedServer();
        var peer = await server.StartAsync();

        var publishing = server.Client.PublishAsync("a", "x", Qos.ExactlyOnce).AsTask();
        await peer.ExpectAsync(Given.Publish("a").Payload("x").Qos2(1));
        await peer.SendAsync(Given.Pubrec(1));
        await peer.ExpectAsync(Given.Pubrel(1));
        Assert.False(publishing.IsCompleted);
        await peer.SendAsync(Given.Pubcomp(1));

        Assert.Equal(ReasonCode.Success, (await publishing.WaitAsync(Wait.Deadline)).Reason);
    }

    [Theory]
    [InlineData(Qos.AtLeastOnce)]
    [InlineData(Qos.ExactlyOnce)]
    [Spec("MQTT-4.4.0-2")]
    public async Task Publish_refused_throws_with_the_reason_and_is_not_sent_again(Qos qos)
    {
        await using var server = new ScriptedServer();
        var peer = await server.StartAsync();

        var publishing = server.Client.PublishAsync("a", "x", qos).AsTask();
        var packet = await peer.ReadPacketAsync(PacketType.Publish);
        await peer.SendAsync(qos == Qos.AtLeastOnce ? Given.Puback(packet.PacketId, ReasonCode.QuotaExceeded) : Given.Pubrec(packet.PacketId, ReasonCode.QuotaExceeded));
        var error = await Assert.ThrowsAsync<MqttPublishException>(() => publishing.WaitAsync(Wait.Deadline));
        peer = await server.ReconnectAsync(sessionPresent: true);
        await server.Client.PublishAsync("next", "y");

        Assert.Equal(ReasonCode.QuotaExceeded, error.Reason);
        await peer.ExpectAsync(Given.Publish("next").Payload("y"));
    }

    [Fact, Spec("MQTT-4.4.0-1", "MQTT-4.6.0-1", "MQTT-3.3.1-1", "MQTT-3.3.1-3", "MQTT-4.3.3-6", "MQTT-4.3.3-5", "MQTT-4.3.2-3", "MQTT-4.3.3-3", "3.1.1 MQTT-2.3.1-3", "3.1.1 MQTT-4.4.0-1", "3.1.1 MQTT-4.6.0-1", "3.1.1 MQTT-3.3.1-1")]
    public async Task Session_present_sends_again_what_is_not_acknowledged_in_order()
    {
        await using var server = new ScriptedServer();
        var peer = await server.StartAsync();
        var first = server.Client.PublishAsync("a", "1", Qos.AtLeastOnce).AsTask();
        var second = server.Client.PublishAsync("b", "2", Qos.ExactlyOnce).AsTask();
        var third = server.Client.PublishAsync("c", "3", Qos.ExactlyOnce).AsTask();
        await peer.ExpectAsync(Given.Publish("a").Payload("1").Qos1(1), Given.Publish("b").Payload("2").Qos2(2), Given.Publish("c").Payload("3").Qos2(3));
        await peer.SendAsync(Given.Pubrec(2));
        await peer.ExpectAsync(Given.Pubrel(2));

        peer = await server.ReconnectAsync(sessionPresent: true);

        await peer.ExpectAsync(Given.Publish("a").Payload("1").Qos1(1).AsDuplicate(), Given.Pubrel(2), Given.Publish("c").Payload("3").Qos2(3).AsDuplicate());
        await peer.SendAsync(Given.Puback(1), Given.Pubcomp(2), Given.Pubrec(3));
        await peer.ExpectAsync(Given.Pubrel(3));
        await peer.SendAsync(Given.Pubcomp(3));
        await Task.WhenAll(first, second, third).WaitAsync(Wait.Deadline);
    }

    [Fact, Spec("MQTT-3.2.2-5", "MQTT-4.1.0-1")]
    public async Task Session_not_present_sends_as_new_what_the_broker_did_not_own()
    {
        await using var server = new ScriptedServer();
        var peer = await server.StartAsync();
        var first = server.Client.PublishAsync("a", "1", Qos.ExactlyOnce).AsTask();
        var second = server.Client.PublishAsync("b", "2", Qos.ExactlyOnce).AsTask();
        await peer.ExpectAsync(Given.Publish("a").Payload("1").Qos2(1), Given.Publish("b").Payload("2").Qos2(2));
        await peer.SendAsync(Given.Pubrec(1));
        await peer.ExpectAsync(Given.Pubrel(1));

        peer = await server.ReconnectAsync(sessionPresent: false);

        // The first one is the broker's since its PUBREC; to send it again could deliver it twice.
        await first.WaitAsync(Wait.Deadline);
        var again = await peer.ExpectAsync(Given.Publish("b").Payload("2").Qos2());
        await peer.SendAsync(Given.Pubrec(again.PacketId), Given.Pubcomp(again.PacketId));
        await second.WaitAsync(Wait.Deadline);
    }

    [Fact, Spec("MQTT-3.3.4-7", "MQTT-3.3.4-8", "MQTT-4.9.0-1", "MQTT-4.9.0-2", "MQTT-4.9.0-3")]
    public async Task Receive_maximum_bounds_what_is_in_flight_but_not_other_packets()
    {
        await using var server = new ScriptedServer();
        var peer = await server.StartAsync(connack => connack.Property(PropertyId.ReceiveMaximum, 2));
        var publishing = Enumerable.Range(0, 3).Select(i => server.Client.PublishAsync("a", $"{i}", Qos.AtLeastOnce).AsTask()).ToList();
        await peer.ExpectAsync(Given.Publish("a").Payload("0").Qos1(1), Given.Publish("a").Payload("1").Qos1(2));

        var client = server.Client;
        var subscribing = client.OpenSubscriptionAsync("b");
        var subscribe = await peer.ReadPacketAsync(PacketType.Subscribe);
        await peer.SendAsync(Given.Suback(subscribe.PacketId, ReasonCode.GrantedQos1));
        await subscribing.WaitAsync(Wait.Deadline);
        await peer.SendAsync(Given.Puback(2));

        await peer.ExpectAsync(Given.Publish("a").Payload("2").Qos1());
        await publishing[1].WaitAsync(Wait.Deadline);
    }

    [Fact, Spec("MQTT-3.2.2-17", "MQTT-3.3.2-8", "MQTT-3.3.2-9", "MQTT-3.3.2-7")]
    public async Task Topic_aliases_are_used_as_far_as_the_server_allows_and_end_with_the_connection()
    {
        await using var server = new ScriptedServer();
        var peer = await server.StartAsync(connack => connack.Property(PropertyId.TopicAliasMaximum, 1));
        await server.Client.PublishAsync("long/topic", "1");
        await server.Client.PublishAsync("long/topic", "2");
        await server.Client.PublishAsync("other/topic", "3");
        await peer.ExpectAsync(Given.Publish("long/topic").Payload("1").TopicAlias(1), Given.Publish("").TopicAlias(1).Payload("2"), Given.Publish("other/topic").Payload("3"));
        Assert.Equal("long/topic".Length - 3 - 3, server.Client.Statistics.AliasBytesSaved);

        peer = await server.ReconnectAsync(sessionPresent: true, connack => connack.Property(PropertyId.TopicAliasMaximum, 1));
        await server.Client.ForAsync(ConnectionState.Connected);
        await server.Client.PublishAsync("long/topic", "4");

        await peer.ExpectAsync(Given.Publish("long/topic").Payload("4").TopicAlias(1));
    }

    [Fact, Spec("MQTT-3.2.2-18")]
    public async Task Topic_aliases_are_not_used_where_the_server_does_not_say()
    {
        await using var server = new ScriptedServer();
        var peer = await server.StartAsync();

        await server.Client.PublishAsync("long/topic", "1");
        await server.Client.PublishAsync("long/topic", "2");

        await peer.ExpectAsync(Given.Publish("long/topic").Payload("1"), Given.Publish("long/topic").Payload("2"));
    }

    [Fact, Spec("MQTT-3.2.2-11", "MQTT-3.2.2-14", "MQTT-3.2.2-15")]
    public async Task Publish_beyond_what_the_server_takes_fails_and_is_not_sent()
    {
        await using var server = new ScriptedServer();
        var peer = await server.StartAsync(connack => connack.Property(PropertyId.MaximumQos, 1).Property(PropertyId.RetainAvailable, 0).Property(PropertyId.MaximumPacketSize, 100));
        await server.Client.ForAsync(ConnectionState.Connected);

        async Task<ReasonCode?> RefusalOf(string payload, Qos qos, bool retain)
        {
            return (await Assert.ThrowsAsync<MqttPublishException>(async () => await server.Client.PublishAsync("a", payload, qos, retain))).Reason;
        }

        Assert.Equal(ReasonCode.QosNotSupported, await RefusalOf("x", Qos.ExactlyOnce, false));
        Assert.Equal(ReasonCode.RetainNotSupported, await RefusalOf("x", Qos.AtMostOnce, true));
        Assert.Equal(ReasonCode.PacketTooLarge, await RefusalOf(new string('x', 100), Qos.AtMostOnce, false));
        await server.Client.PublishAsync("a", "fits");
        await peer.ExpectAsync(Given.Publish("a").Payload("fits"));
    }

    [Fact]
    public async Task Message_expiry_counts_down_in_the_outbox_and_ends_what_is_not_sent()
    {
        await using var server = new ScriptedServer();
        server.Client.Start();
        var peer = await server.OpenAsync();
        var late = server.Client.PublishAsync(new MqttMessage("a", "late") { Qos = Qos.AtLeastOnce, MessageExpiry = TimeSpan.FromSeconds(3) }).AsTask();
        await server.Client.PublishAsync(new MqttMessage("a", "good") { MessageExpiry = TimeSpan.FromSeconds(60) });

        server.Clock.Advance(TimeSpan.FromSeconds(5));
        await peer.SendAsync(Given.Connack());

        await Assert.ThrowsAsync<MqttPublishException>(() => late.WaitAsync(Wait.Deadline));
        await peer.ExpectAsync(Given.Publish("a").Payload("good").MessageExpiry(55));
    }

    [Fact]
    public async Task Publish_cancelled_while_it_waits_is_not_sent()
    {
        await using var server = new ScriptedServer();
        server.Client.Start();
        var peer = await server.OpenAsync();
        using var cancellation = new CancellationTokenSource();
        var given = server.Client.PublishAsync("a", "given up", Qos.AtLeastOnce, cancellationToken: cancellation.Token).AsTask();

        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given.WaitAsync(Wait.Deadline));
        await server.Client.PublishAsync("a", "next");
        await peer.SendAsync(Given.Connack());

        await peer.ExpectAsync(Given.Publish("a").Payload("next"));
    }

    [Fact, Spec("MQTT-3.14.4-1", "MQTT-3.14.4-2", "MQTT-3.14.2-1", "3.1.1 MQTT-3.14.4-1", "3.1.1 MQTT-3.14.4-2")]
    public async Task Close_waits_for_what_is_outstanding_then_says_goodbye_and_closes()
    {
        await using var server = new ScriptedServer(o => o.ShutdownTimeout = TimeSpan.FromSeconds(5));
        var peer = await server.StartAsync();
        var publishing = server.Client.PublishAsync("a", "x", Qos.AtLeastOnce).AsTask();
        await peer.ExpectAsync(Given.Publish("a").Payload("x").Qos1(1));

        var closing = server.Client.DisconnectAsync(ReasonCode.DisconnectWithWillMessage);
        await peer.SendAsync(Given.Puback(1));
        await publishing.WaitAsync(Wait.Deadline);

        await peer.ExpectAsync(Given.Disconnect(ReasonCode.DisconnectWithWillMessage));
        await peer.ExpectCloseAsync();
        await closing.WaitAsync(Wait.Deadline);
        await Assert.ThrowsAsync<MqttException>(async () => await server.Client.PublishAsync("a", "late"));
    }
}
