using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class MessageExpiryTests
{
    [Fact, Spec("MQTT-3.3.2-6")]
    public async Task Message_sent_on_at_once_keeps_its_interval()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Subscribed("a"));

        foreach (var seconds in new[] { 1u, 60u, uint.MaxValue })
        {
            await client.SendAsync(Given.Publish("a").Payload("x").MessageExpiry(seconds));
            await client.ExpectAsync(Given.Publish("a").Payload("x").MessageExpiry(seconds));
        }
    }

    [Theory]
    [InlineData(60, 3, 57)]
    [InlineData(60, 59, 1)]
    [InlineData(4_000_000_000, 10, 3_999_999_990)]
    [Spec("MQTT-3.3.2-6")]
    public async Task Message_that_waited_comes_with_the_time_left(uint seconds, double waited, uint left)
    {
        await using var broker = new TestBroker();
        await LeaveAsync(broker);
        await PublishAsync(broker, seconds);
        await broker.AdvanceAsync(waited);

        var client = await broker.ConnectAsync(Given.Client("c").Persistent());

        await client.ExpectAsync(Given.Publish("a").Payload("x").Qos1().MessageExpiry(left));
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.3.2-5")]
    public async Task Message_that_expired_while_it_waited_does_not_come(ProtocolVersion version)
    {
        await using var broker = new TestBroker(new BrokerOptions());
        await LeaveAsync(broker, version);
        await PublishAsync(broker, 2);
        await PublishAsync(broker, 100);
        await broker.AdvanceAsync(3);

        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent());

        await client.ExpectAsync(Given.Publish("a").Payload("x").Qos1().MessageExpiry(97));
        await client.ExpectNothingAsync();
        Assert.Equal("1", await SysTopics.ReadNextAsync(broker, "publish/messages/dropped/expired"));
    }

    [Fact, Spec("MQTT-3.3.2-5")]
    public async Task Message_that_expired_behind_a_full_window_does_not_come()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").ReceiveMaximum(1).Subscribed("a", Qos.AtLeastOnce));
        await PublishAsync(broker, 100);
        await PublishAsync(broker, 5);
        await client.ExpectAsync(Given.Publish("a").Payload("x").Qos1(1).MessageExpiry(100));

        await broker.AdvanceAsync(6);
        await client.SendAsync(Given.Puback(1));

        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(Qos.AtLeastOnce)]
    [InlineData(Qos.ExactlyOnce)]
    [Spec("MQTT-4.3.3-7", "MQTT-4.3.2-3", "MQTT-4.3.3-3")]
    public async Task Message_once_sent_does_not_expire(Qos qos)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Persistent().Subscribed("a", qos));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("x").WithQos(qos, 1).MessageExpiry(1));
        await client.ExpectAsync(Given.Publish("a").Payload("x").WithQos(qos, 1).MessageExpiry(1));
        await client.CloseAsync();
        await broker.AdvanceAsync(3);

        client = await broker.ConnectAsync(Given.Client("c").Persistent());

        var again = await client.ReadPacketAsync(PacketType.Publish);
        Assert.Equal(("x", qos, true, (ushort)1), (again.PayloadText, again.Qos, again.Dup, again.PacketId));
        Assert.True(again.Integer(PropertyId.MessageExpiryInterval) is 0 or null);
    }

    [Fact, Spec("MQTT-4.3.3-13")]
    public async Task Exchange_of_qos_2_is_completed_though_the_message_expired()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Subscribed("a", Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("x").Qos2(7).MessageExpiry(1));
        await writer.ExpectAsync(Given.Pubrec(7));
        await client.ExpectAsync(Given.Publish("a").Payload("x").Qos2(1).MessageExpiry(1));

        await broker.AdvanceAsync(3);
        await writer.SendAsync(Given.Pubrel(7));
        await client.SendAsync(Given.Pubrec(1));

        await writer.ExpectAsync(Given.Pubcomp(7));
        await client.ExpectAsync(Given.Pubrel(1));
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.3.2-5")]
    public async Task Message_of_interval_0_comes_to_those_online_only(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        await LeaveAsync(broker, version);
        var online = await broker.ConnectAsync(Given.Client("online").Version(version).Subscribed("a", Qos.AtLeastOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        await writer.SendAsync(Given.Publish("a").Payload("x").Qos1(1).Retain().MessageExpiry(0));

        await writer.ExpectAsync(Given.Puback(1));
        await online.ExpectAsync(Given.Publish("a").Payload("x").Qos1().MessageExpiry(0));
        var offline = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent());
        await offline.ExpectNothingAsync();
        var late = await broker.ConnectAsync(Given.Client("late").Version(version).Subscribed("a"));
        await late.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.3.1-5")]
    public async Task Message_of_interval_0_removes_the_retained_message_it_replaces()
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("1").Retain(), Given.Publish("a").Payload("2").Retain().MessageExpiry(0));

        var reader = await broker.ConnectAsync(Given.Client("reader").Subscribed("a"));

        await reader.ExpectNothingAsync();
    }

    [Fact]
    public async Task Retained_messages_that_expired_are_removed_without_sys_publications()
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0 });
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("x").Retain().MessageExpiry(5));

        await broker.AdvanceAsync(60);

        Assert.Equal(0, broker.Broker.Context.Retained.Count);
    }

    private static async Task LeaveAsync(TestBroker broker, ProtocolVersion version = ProtocolVersion.V50)
    {
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent().Subscribed("a", Qos.AtLeastOnce));
        await client.CloseAsync();
    }

    private static async Task PublishAsync(TestBroker broker, uint expirySeconds)
    {
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("x").Qos1(1).MessageExpiry(expirySeconds));
        await writer.ExpectAsync(Given.Puback(1));
        await writer.DisconnectAsync();
    }
}
