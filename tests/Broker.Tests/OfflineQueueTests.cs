using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class OfflineQueueTests
{
    private const string DroppedBecauseFull = "publish/messages/dropped/queue_full";

    [Theory, BothVersions]
    [Spec("MQTT-4.5.0-1", "MQTT-3.1.2-5", "3.1.1 MQTT-4.5.0-1", "3.1.1 MQTT-3.1.2-5")]
    public async Task Messages_for_an_offline_session_wait_in_order(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        await LeaveAsync(broker, version, "c");
        var online = await broker.ConnectAsync(Given.Client("online").Version(version).Subscribed("a/#", Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        await writer.SendAsync(Given.Publish("a/1").Payload("1").Qos1(1), Given.Publish("a/2").Payload("2").Qos2(2), Given.Publish("a/1").Payload("3").Qos1(3));
        await writer.ExpectAsync(Given.Puback(1), Given.Pubrec(2), Given.Puback(3));

        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent());
        foreach (var peer in new[] { online, client })
        {
            await peer.ExpectAsync(Given.Publish("a/1").Payload("1").Qos1(), Given.Publish("a/2").Payload("2").Qos2(), Given.Publish("a/1").Payload("3").Qos1());
        }
    }

    [Theory, BothVersions]
    public async Task Queue_full_by_messages_drops_what_is_new(ProtocolVersion version)
    {
        await using var broker = new TestBroker(new BrokerOptions { QueueMessagesMax = 3 });

        Assert.Equal(["1", "2", "3"], await FillAsync(broker, version, 5));

        Assert.Equal("2", await SysTopics.ReadNextAsync(broker, DroppedBecauseFull));
        Assert.Equal("2", await SysTopics.ReadAsync(broker, "publish/messages/dropped"));
    }

    [Theory, BothVersions]
    public async Task Queue_full_by_messages_drops_what_is_old_if_told_so(ProtocolVersion version)
    {
        await using var broker = new TestBroker(new BrokerOptions { QueueMessagesMax = 3, QueueOverflow = QueueOverflow.DropOldest });

        Assert.Equal(["3", "4", "5"], await FillAsync(broker, version, 5));

        Assert.Equal("2", await SysTopics.ReadNextAsync(broker, DroppedBecauseFull));
    }

    [Theory]
    [InlineData(QueueOverflow.DropNew, "1,2,3")]
    [InlineData(QueueOverflow.DropOldest, "3,4,5")]
    public async Task Queue_full_by_bytes_drops_by_the_same_rule(QueueOverflow overflow, string left)
    {
        // A message is topic and payload: 3 + 1 bytes.
        await using var broker = new TestBroker(new BrokerOptions { QueueBytesMax = 15, QueueOverflow = overflow });

        Assert.Equal(left.Split(','), await FillAsync(broker, ProtocolVersion.V50, 5));

        Assert.Equal("2", await SysTopics.ReadNextAsync(broker, DroppedBecauseFull));
    }

    [Fact]
    public async Task Message_larger_than_the_whole_queue_drops_nothing_else()
    {
        await using var broker = new TestBroker(new BrokerOptions { QueueBytesMax = 100, QueueOverflow = QueueOverflow.DropOldest });
        await LeaveAsync(broker, ProtocolVersion.V50, "c");
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        await writer.SendAsync(Given.Publish("a/x").Payload("small").Qos1(1), Given.Publish("a/x").Payload(new byte[200]).Qos1(2));

        await writer.ExpectAsync(Given.Puback(1), Given.Puback(2, ReasonCode.QuotaExceeded));
        var client = await broker.ConnectAsync(Given.Client("c").Persistent());
        await client.ExpectAsync(Given.Publish("a/x").Payload("small").Qos1());
        await client.ExpectNothingAsync();
        Assert.Equal("1", await SysTopics.ReadNextAsync(broker, DroppedBecauseFull));
    }

    [Fact]
    public async Task Queue_that_emptied_takes_messages_again()
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, QueueMessagesMax = 2 });

        Assert.Equal(["1", "2"], await FillAsync(broker, ProtocolVersion.V50, 5));
        Assert.Equal(["1", "2"], await FillAsync(broker, ProtocolVersion.V50, 3));
    }

    [Theory]
    [InlineData(QueueOverflow.DropNew)]
    [InlineData(QueueOverflow.DropOldest)]
    [Spec("MQTT-3.3.2-5")]
    public async Task Messages_that_expired_in_the_queue_take_no_room(QueueOverflow overflow)
    {
        await using var broker = new TestBroker(new BrokerOptions { QueueMessagesMax = 2, QueueOverflow = overflow });
        await LeaveAsync(broker, ProtocolVersion.V50, "c");
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a/x").Qos1(1).MessageExpiry(5), Given.Publish("a/x").Qos1(2).MessageExpiry(5));
        await broker.AdvanceAsync(6);

        await writer.SendAsync(Given.Publish("a/x").Payload("3").Qos1(3), Given.Publish("a/x").Payload("4").Qos1(4));

        await writer.ExpectAsync(Given.Puback(1), Given.Puback(2), Given.Puback(3), Given.Puback(4));
        var client = await broker.ConnectAsync(Given.Client("c").Persistent());
        await client.ExpectAsync(Given.Publish("a/x").Payload("3").Qos1(), Given.Publish("a/x").Payload("4").Qos1());
        Assert.Equal("0", await SysTopics.ReadNextAsync(broker, DroppedBecauseFull));
        Assert.Equal("2", await SysTopics.ReadAsync(broker, "publish/messages/dropped/expired"));
    }

    [Theory, BothVersions]
    public async Task Publish_that_no_queue_has_room_for_is_refused(ProtocolVersion version)
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, QueueMessagesMax = 1 });
        await LeaveAsync(broker, ProtocolVersion.V50, "one");
        await LeaveAsync(broker, ProtocolVersion.V50, "two");
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version));

        await writer.SendAsync(Given.Publish("a/x").Qos1(1), Given.Publish("a/x").Qos1(2), Given.Publish("a/x").Qos2(3));

        // Before 5.0 there is no way to say it, and the exchange goes on.
        await writer.ExpectAsync(Given.Puback(1), Given.Puback(2, ReasonCode.QuotaExceeded), Given.Pubrec(3, ReasonCode.QuotaExceeded));
        if (version == ProtocolVersion.V50) return;

        await writer.SendAsync(Given.Pubrel(3));
        await writer.ExpectAsync(Given.Pubcomp(3));
    }

    [Fact]
    public async Task Publish_that_pushes_an_older_message_out_is_acknowledged()
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, QueueMessagesMax = 1, QueueOverflow = QueueOverflow.DropOldest });
        await LeaveAsync(broker, ProtocolVersion.V50, "c");
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        await writer.SendAsync(Given.Publish("a/x").Qos1(1), Given.Publish("a/x").Qos1(2));

        await writer.ExpectAsync(Given.Puback(1), Given.Puback(2));
    }

    [Fact]
    public async Task Queue_of_no_messages_takes_none()
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, QueueMessagesMax = 0 });
        await LeaveAsync(broker, ProtocolVersion.V50, "c");
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        await writer.SendAsync(Given.Publish("a/x").Qos1(1), Given.Publish("a/x").Qos2(2));

        await writer.ExpectAsync(Given.Puback(1, ReasonCode.QuotaExceeded), Given.Pubrec(2, ReasonCode.QuotaExceeded));
    }

    [Fact, Spec("MQTT-4.3.3-9")]
    public async Task Publish_of_qos_2_refused_for_lack_of_room_frees_its_identifier()
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, QueueMessagesMax = 1, ReceiveMaximum = 1 });
        await LeaveAsync(broker, ProtocolVersion.V50, "c");
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a/x").Payload("1").Qos1(1));
        await writer.SendAsync(Given.Publish("a/x").Payload("2").Qos2(2));
        await writer.ExpectAsync(Given.Puback(1), Given.Pubrec(2, ReasonCode.QuotaExceeded));
        var client = await broker.ConnectAsync(Given.Client("c").Persistent());
        await client.ExpectAsync(Given.Publish("a/x").Payload("1").Qos1());

        await writer.SendAsync(Given.Publish("a/x").Payload("3").Qos2(2));

        await writer.ExpectAsync(Given.Pubrec(2));
        await client.ExpectAsync(Given.Publish("a/x").Payload("3").Qos2());
    }

    [Fact]
    public async Task Publish_that_some_queues_have_room_for_succeeds_and_says_so()
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, QueueMessagesMax = 1 });
        await LeaveAsync(broker, ProtocolVersion.V50, "full");
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a/x").Qos1(1));
        await writer.ExpectAsync(Given.Puback(1));
        var reader = await broker.ConnectAsync(Given.Client("reader").Subscribed("a/+", Qos.AtLeastOnce));

        await writer.SendAsync(Given.Publish("a/x").Payload("x").Qos1(2), Given.Publish("a/x").Payload("y").Qos2(3));

        var puback = await writer.ExpectAsync(Given.Puback(2));
        Assert.Contains("1 of 2", puback.Text(PropertyId.ReasonString), StringComparison.Ordinal);
        var pubrec = await writer.ExpectAsync(Given.Pubrec(3));
        Assert.Contains("1 of 2", pubrec.Text(PropertyId.ReasonString), StringComparison.Ordinal);
        await reader.ExpectAsync(Given.Publish("a/x").Payload("x").Qos1(), Given.Publish("a/x").Payload("y").Qos1());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Messages_of_qos_0_wait_only_if_told_so(bool queueQos0)
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, QueueQos0 = queueQos0 });
        await LeaveAsync(broker, ProtocolVersion.V50, "c");
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a/x").Payload("0"), Given.Publish("a/x").Payload("1").Qos1(1));

        var client = await broker.ConnectAsync(Given.Client("c").Persistent());

        if (queueQos0) await client.ExpectAsync(Given.Publish("a/x").Payload("0"));
        await client.ExpectAsync(Given.Publish("a/x").Payload("1").Qos1());
        await client.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-4.6.0-5")]
    public async Task Messages_of_qos_0_do_not_overtake_those_that_wait()
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, QueueQos0 = true });
        await LeaveAsync(broker, ProtocolVersion.V50, "c");
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a/x").Payload("1").Qos1(1), Given.Publish("a/x").Payload("2").Qos1(2), Given.Publish("a/x").Payload("3"));
        var client = await broker.ConnectAsync(Given.Client("c").Persistent().ReceiveMaximum(1));
        await client.ExpectAsync(Given.Publish("a/x").Payload("1").Qos1(1));

        await writer.SendAsync(Given.Publish("a/x").Payload("4"));
        await client.SendAsync(Given.Puback(1));

        await client.ExpectAsync(Given.Publish("a/x").Payload("2").Qos1(2), Given.Publish("a/x").Payload("3"), Given.Publish("a/x").Payload("4"));
        await writer.SendAsync(Given.Publish("a/x").Payload("5"));
        await client.ExpectAsync(Given.Publish("a/x").Payload("5"));
    }

    [Fact]
    public async Task Messages_waiting_are_counted()
    {
        await using var broker = new TestBroker(new BrokerOptions());
        await LeaveAsync(broker, ProtocolVersion.V50, "c");
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a/x").Payload("1").Qos1(1), Given.Publish("a/x").Payload("22").Qos1(2));

        Assert.Equal("2", await SysTopics.ReadNextAsync(broker, "packet/out/count"));
        Assert.Equal("9", await SysTopics.ReadAsync(broker, "packet/out/bytes"));
    }

    private static async Task LeaveAsync(TestBroker broker, ProtocolVersion version, string clientId)
    {
        var client = await broker.ConnectAsync(Given.Client(clientId).Version(version).Persistent().Subscribed("a/#", Qos.ExactlyOnce));
        await client.CloseAsync();
    }

    /// <summary>Publishes numbered messages to an offline session, and returns what it gets once it is back.</summary>
    private static async Task<IEnumerable<string>> FillAsync(TestBroker broker, ProtocolVersion version, int count)
    {
        await LeaveAsync(broker, version, "c");
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (var number = 1; number <= count; number++) await writer.SendAsync(Given.Publish("a/x").Payload($"{number}").Qos1(1));
        await writer.DisconnectAsync();

        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent());
        var publishes = await client.ReadToPingrespAsync();
        foreach (var publish in publishes) await client.SendAsync(Given.Puback(publish.PacketId));
        await client.CloseAsync();
        return publishes.Select(publish => publish.PayloadText);
    }
}
