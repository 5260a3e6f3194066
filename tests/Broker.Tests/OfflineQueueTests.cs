using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class OfflineQueueTests
{
    [Theory, BothVersions]
    public async Task Queue_that_is_full_drops_new_messages_and_says_so(ProtocolVersion version)
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, QueueMessagesMax = 2 });
        await LeaveAsync(broker, version);
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        await writer.SendAsync(Given.Publish("a").Payload("1").Qos1(1), Given.Publish("a").Payload("2").Qos1(2), Given.Publish("a").Payload("3").Qos1(3));

        await writer.ExpectAsync(Given.Puback(1), Given.Puback(2), Given.Puback(3, ReasonCode.QuotaExceeded));
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Persistent());
        await reader.ExpectAsync(Given.Publish("a").Payload("1").Qos1(), Given.Publish("a").Payload("2").Qos1());
        await reader.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    public async Task Queue_that_is_full_drops_old_messages_where_told_to(ProtocolVersion version)
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, QueueMessagesMax = 2, QueueOverflow = QueueOverflow.DropOldest });
        await LeaveAsync(broker, version);
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        await writer.SendAsync(Given.Publish("a").Payload("1").Qos1(1), Given.Publish("a").Payload("2").Qos1(2), Given.Publish("a").Payload("3").Qos1(3));

        await writer.ExpectAsync(Given.Puback(1), Given.Puback(2), Given.Puback(3));
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Persistent());
        await reader.ExpectAsync(Given.Publish("a").Payload("2").Qos1(), Given.Publish("a").Payload("3").Qos1());
        await reader.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(QueueOverflow.DropNew)]
    [InlineData(QueueOverflow.DropOldest)]
    public async Task Queue_is_limited_in_bytes(QueueOverflow overflow)
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, QueueBytesMax = 2500, QueueOverflow = overflow });
        await LeaveAsync(broker, ProtocolVersion.V50);
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        for (ushort number = 1; number <= 5; number++) await writer.SendAsync(Given.Publish("a").Payload(new string((char)('0' + number), 1000)).Qos1(number));

        var reader = await broker.ConnectAsync(Given.Client("reader").Persistent());
        string[] expected = overflow == QueueOverflow.DropNew ? ["1", "2"] : ["4", "5"];
        foreach (var first in expected) Assert.Equal(first, (await reader.ReadPacketAsync(PacketType.Publish)).PayloadText[..1]);
        await reader.ExpectNothingAsync();
    }

    [Fact]
    public async Task Message_larger_than_the_whole_queue_is_refused_without_harm()
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, QueueBytesMax = 500, QueueOverflow = QueueOverflow.DropOldest });
        await LeaveAsync(broker, ProtocolVersion.V50);
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        await writer.SendAsync(Given.Publish("a").Payload(new byte[1000]).Qos1(1));
        await writer.ExpectAsync(Given.Puback(1, ReasonCode.QuotaExceeded));
        await writer.SendAsync(Given.Publish("a").Payload("small").Qos1(2));

        await writer.ExpectAsync(Given.Puback(2));
        var reader = await broker.ConnectAsync(Given.Client("reader").Persistent());
        await reader.ExpectAsync(Given.Publish("a").Payload("small").Qos1());
    }

    [Fact]
    public async Task Message_qos2_that_no_queue_takes_is_refused_and_its_id_is_free()
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, QueueMessagesMax = 0 });
        await LeaveAsync(broker, ProtocolVersion.V50);
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        await writer.SendAsync(Given.Publish("a").Qos2(1));
        await writer.ExpectAsync(Given.Pubrec(1, ReasonCode.QuotaExceeded));
        await writer.SendAsync(Given.Publish("b").Qos2(1));

        await writer.ExpectAsync(Given.Pubrec(1, ReasonCode.NoMatchingSubscribers));
    }

    [Fact]
    public async Task Message_that_one_of_two_queues_takes_is_acknowledged()
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, QueueMessagesMax = 0 });
        await LeaveAsync(broker, ProtocolVersion.V50);
        var here = await broker.ConnectAsync(Given.Client("here").Subscribed("a", Qos.AtLeastOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        await writer.SendAsync(Given.Publish("a").Qos1(1));

        await writer.ExpectAsync(Given.Puback(1));
        await here.ExpectAsync(Given.Publish("a").Qos1());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Message_qos0_is_queued_only_where_told_to(bool isQueued)
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, QueueQos0 = isQueued });
        await LeaveAsync(broker, ProtocolVersion.V50);
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("x"));

        var reader = await broker.ConnectAsync(Given.Client("reader").Persistent());

        if (isQueued) await reader.ExpectAsync(Given.Publish("a").Payload("x"));
        await reader.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    public async Task Queue_longer_than_the_window_is_sent_as_it_is_acknowledged(ProtocolVersion version)
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, InflightMax = 3 });
        await LeaveAsync(broker, version);
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (ushort number = 1; number <= 50; number++) await writer.SendAsync(Given.Publish("a").Payload($"{number}").Qos1(number));

        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Persistent());

        for (var number = 1; number <= 50; number++)
        {
            var delivered = await reader.ExpectAsync(Given.Publish("a").Payload($"{number}").Qos1());
            await reader.SendAsync(Given.Puback(delivered.PacketId));
        }

        await reader.ExpectNothingAsync();
    }

    private static async Task LeaveAsync(TestBroker broker, ProtocolVersion version)
    {
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Persistent().Subscribed("a", Qos.ExactlyOnce));
        await reader.CloseAsync();
    }

    [Fact]
    public async Task Message_larger_than_the_whole_queue_drives_nothing_out()
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, QueueBytesMax = 500, QueueOverflow = QueueOverflow.DropOldest });
        await LeaveAsync(broker, ProtocolVersion.V50);
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        await writer.SendAsync(Given.Publish("a").Payload("small").Qos1(1), Given.Publish("a").Payload(new byte[1000]).Qos1(2));

        await writer.ExpectAsync(Given.Puback(1), Given.Puback(2, ReasonCode.QuotaExceeded));
        var reader = await broker.ConnectAsync(Given.Client("reader").Persistent());
        await reader.ExpectAsync(Given.Publish("a").Payload("small").Qos1());
    }

    [Theory]
    [InlineData(QueueOverflow.DropNew)]
    [InlineData(QueueOverflow.DropOldest)]
    [Spec("MQTT-3.3.2-5")]
    public async Task Queue_full_of_expired_messages_takes_new_ones(QueueOverflow overflow)
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, QueueMessagesMax = 2, QueueOverflow = overflow });
        await LeaveAsync(broker, ProtocolVersion.V50);
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("1").MessageExpiry(5).Qos1(1), Given.Publish("a").Payload("2").MessageExpiry(5).Qos1(2));
        await writer.ExpectAsync(Given.Puback(1), Given.Puback(2));
        await broker.AdvanceAsync(6);

        await writer.SendAsync(Given.Publish("a").Payload("3").Qos1(3), Given.Publish("a").Payload("4").Qos1(4));

        await writer.ExpectAsync(Given.Puback(3), Given.Puback(4));
        var reader = await broker.ConnectAsync(Given.Client("reader").Persistent());
        await reader.ExpectAsync(Given.Publish("a").Payload("3").Qos1(), Given.Publish("a").Payload("4").Qos1());
        await reader.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-4.6.0-5")]
    public async Task Message_qos0_does_not_overtake_those_that_are_queued()
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, QueueQos0 = true });
        await LeaveAsync(broker, ProtocolVersion.V50);
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("1").Qos1(1), Given.Publish("a").Payload("2").Qos1(2), Given.Publish("a").Payload("3"));
        var reader = await broker.ConnectAsync(Given.Client("reader").Persistent().ReceiveMaximum(1));
        var one = await reader.ExpectAsync(Given.Publish("a").Payload("1").Qos1());

        await writer.SendAsync(Given.Publish("a").Payload("4"));
        await reader.SendAsync(Given.Puback(one.PacketId));

        var two = await reader.ExpectAsync(Given.Publish("a").Payload("2").Qos1());
        await reader.ExpectAsync(Given.Publish("a").Payload("3"), Given.Publish("a").Payload("4"));
        await reader.SendAsync(Given.Puback(two.PacketId));
        await writer.SendAsync(Given.Publish("a").Payload("5"));
        await reader.ExpectAsync(Given.Publish("a").Payload("5"));
    }
}
