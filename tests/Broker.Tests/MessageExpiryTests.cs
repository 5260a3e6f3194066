using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class MessageExpiryTests
{
    [Fact, Spec("MQTT-3.3.2-6")]
    public async Task Expiry_goes_on_reduced_by_the_time_in_the_queue()
    {
        await using var broker = new TestBroker();
        await LeaveAsync(broker, Qos.AtLeastOnce);
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("x").Qos1(1).MessageExpiry(60));

        await broker.AdvanceAsync(3);

        var reader = await broker.ConnectAsync(Given.Client("reader").Persistent());
        await reader.ExpectAsync(Given.Publish("a").Payload("x").Qos1().MessageExpiry(57));
    }

    [Fact, Spec("MQTT-3.3.2-6")]
    public async Task Expiry_goes_on_as_it_is_without_waiting()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Subscribed("a"));

        await client.SendAsync(Given.Publish("a").MessageExpiry(uint.MaxValue), Given.Publish("a").MessageExpiry(1));

        await client.ExpectAsync(Given.Publish("a").MessageExpiry(uint.MaxValue), Given.Publish("a").MessageExpiry(1));
    }

    [Fact, Spec("MQTT-3.3.2-5")]
    public async Task Message_that_expired_in_the_queue_is_not_sent()
    {
        await using var broker = new TestBroker();
        await LeaveAsync(broker, Qos.AtLeastOnce);
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("short").Qos1(1).MessageExpiry(5), Given.Publish("a").Payload("long").Qos1(2).MessageExpiry(50));

        await broker.AdvanceAsync(6);

        var reader = await broker.ConnectAsync(Given.Client("reader").Persistent());
        await reader.ExpectAsync(Given.Publish("a").Payload("long").Qos1().MessageExpiry(44));
        await reader.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.3.2-5")]
    public async Task Message_that_expired_while_it_waited_for_the_window_is_not_sent()
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").ReceiveMaximum(1).Subscribed("a", Qos.AtLeastOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("1").Qos1(1), Given.Publish("a").Payload("2").Qos1(2).MessageExpiry(5), Given.Publish("a").Payload("3").Qos1(3));
        var first = await reader.ExpectAsync(Given.Publish("a").Payload("1").Qos1());

        await broker.AdvanceAsync(6);
        await reader.SendAsync(Given.Puback(first.PacketId));

        await reader.ExpectAsync(Given.Publish("a").Payload("3").Qos1());
        await reader.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-4.3.3-7")]
    public async Task Message_qos2_that_was_sent_does_not_expire()
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Persistent().Subscribed("a", Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("x").Qos2(1).MessageExpiry(1));
        var sent = await reader.ExpectAsync(Given.Publish("a").Payload("x").Qos2().MessageExpiry(1));
        await reader.CloseAsync();

        await broker.AdvanceAsync(5);

        reader = await broker.ConnectAsync(Given.Client("reader").Persistent());
        var again = await reader.ReadPacketAsync(PacketType.Publish);
        Assert.Equal((sent.PacketId, true, "x"), (again.PacketId, again.Dup, again.PayloadText));
    }

    [Fact, Spec("MQTT-4.3.3-13")]
    public async Task Exchange_is_completed_although_the_message_has_expired()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Subscribed("a", Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("x").Qos2(1).MessageExpiry(1));
        await writer.ExpectAsync(Given.Pubrec(1));
        var sent = await client.ReadPacketAsync(PacketType.Publish);

        await broker.AdvanceAsync(5);
        await writer.SendAsync(Given.Pubrel(1));
        await client.SendAsync(Given.Pubrec(sent.PacketId));

        await writer.ExpectAsync(Given.Pubcomp(1));
        await client.ExpectAsync(Given.Pubrel(sent.PacketId));
        await client.SendAsync(Given.Pubcomp(sent.PacketId));
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Message_with_expiry_0_is_for_those_who_are_connected()
    {
        await using var broker = new TestBroker();
        await LeaveAsync(broker, Qos.AtLeastOnce);
        var here = await broker.ConnectAsync(Given.Client("here").Subscribed("a", Qos.AtLeastOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        await writer.SendAsync(Given.Publish("a").Payload("x").Qos1(1).MessageExpiry(0));

        await here.ExpectAsync(Given.Publish("a").Payload("x").Qos1().MessageExpiry(0));
        var reader = await broker.ConnectAsync(Given.Client("reader").Persistent());
        await reader.ExpectNothingAsync();
    }

    private static async Task LeaveAsync(TestBroker broker, Qos qos)
    {
        var reader = await broker.ConnectAsync(Given.Client("reader").Persistent().Subscribed("a", qos));
        await reader.CloseAsync();
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
}
