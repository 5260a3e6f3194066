using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Packets;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

/// <summary>Many retained messages for one SUBSCRIBE: paced by the client, and in slices between which others have their turn.</summary>
public sealed class RetainedReplayTests
{
    private const int Count = 20_000;
    private const int OutboundBytesMax = 50_000;

    /// <summary>What the pipe of a test peer takes before it stops the writer.</summary>
    private const int SocketBufferSize = 64 * 1024;

    private readonly QueuedScheduler _scheduler = new();

    [Theory, BothVersions]
    [Spec("MQTT-3.3.1-9", "3.1.1 MQTT-3.3.1-6")]
    public async Task Replay_to_a_client_that_reads_slowly_is_whole_and_bounded(ProtocolVersion version)
    {
        await using var broker = NewBroker(sysIntervalSeconds: 10);
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await RetainAsync(writer, "old", Qos.AtMostOnce);
        var slow = await broker.ConnectAsync(Given.Client("slow").Version(version).Subscribed("#"));
        var before = long.Parse(await SysTopics.ReadNextAsync(broker, "bytes/sent"), null);

        _scheduler.RunAll();

        // Nothing is read: what lies in the socket and in the broker's own buffer is all that was written.
        var written = long.Parse(await SysTopics.ReadNextAsync(broker, "bytes/sent"), null) - before;
        Assert.InRange(written, 0, SocketBufferSize + OutboundBytesMax + 2000);
        var other = await broker.ConnectAsync(Given.Client("other").Subscribed("live"));
        await writer.SendAsync(Given.Publish("live").Payload("x"));
        await other.ExpectAsync(Given.Publish("live").Payload("x"));

        var topics = new HashSet<string>();
        while (topics.Count < Count)
        {
            _scheduler.RunAll();
            var packet = await slow.ReadPacketAsync(PacketType.Publish);
            if (packet.TopicName == "live") continue;

            Assert.True(packet.Retain);
            Assert.True(topics.Add(packet.TopicName), packet.TopicName);
        }

        await slow.ExpectNothingAsync();
    }

    [Fact]
    public async Task Replay_lets_others_have_their_turn_between_slices()
    {
        await using var broker = NewBroker(sysIntervalSeconds: 0, outboundBytesMax: 64 * 1024 * 1024);
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await RetainAsync(writer, "old", Qos.AtMostOnce);
        var other = await broker.ConnectAsync(Given.Client("other").Subscribed("live"));
        var reader = await broker.ConnectAsync(Given.Client("reader"));
        await reader.SendAsync(Given.Subscribe(1).Filter("r/#"));

        var slices = 0;
        while (_scheduler.TryRunOne())
        {
            slices++;
            await writer.SendAsync(Given.Publish("live").Payload($"{slices}"));
            await other.ExpectAsync(Given.Publish("live").Payload($"{slices}"));
        }

        Assert.InRange(slices, 10, 1000);
        Assert.Equal(1 + Count, (await reader.ReadToPingrespAsync()).Count);
    }

    [Theory]
    [InlineData(ProtocolVersion.V311, Qos.AtMostOnce)]
    [InlineData(ProtocolVersion.V311, Qos.AtLeastOnce)]
    [InlineData(ProtocolVersion.V50, Qos.AtLeastOnce)]
    [InlineData(ProtocolVersion.V50, Qos.ExactlyOnce)]
    [Spec("MQTT-3.3.1-5", "MQTT-4.6.0-5", "3.1.1 MQTT-4.6.0-6")]
    public async Task Retained_message_changed_during_a_replay_is_not_followed_by_its_older_value(ProtocolVersion version, Qos qos)
    {
        await using var broker = NewBroker(sysIntervalSeconds: 0);
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await RetainAsync(writer, "old", qos);
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Subscribed("r/#", qos));

        // A part of the old ones is on its way, then all change, from one end to the other.
        var last = new Dictionary<string, string>();
        for (var turn = 0; turn < 500; turn++) await ReceiveOneAsync(reader, last);
        await RetainAsync(writer, "new", qos);
        await DrainAsync(reader, last);

        Assert.Equal(Count, last.Count);
        // At QoS 0 a new value may be lost on the way to a client that is too slow for it.
        if (qos != Qos.AtMostOnce) Assert.DoesNotContain("old", last.Values);
    }

    [Fact, Spec("MQTT-3.3.1-6")]
    public async Task Retained_messages_removed_during_a_replay_do_not_come()
    {
        await using var broker = NewBroker(sysIntervalSeconds: 0);
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await RetainAsync(writer, "old", Qos.AtLeastOnce);
        var reader = await broker.ConnectAsync(Given.Client("reader").ReceiveMaximum(10));
        await reader.SendAsync(Given.Subscribe(1).Filter("r/#", Qos.AtLeastOnce));
        await reader.ReadPacketAsync(PacketType.Suback);

        await RetainAsync(writer, "", Qos.AtMostOnce);
        var last = new Dictionary<string, string>();
        await DrainAsync(reader, last);

        Assert.Equal(10, last.Count(entry => reader.Received.Any(packet => packet.TopicName == entry.Key && packet.PayloadText == "old")));
    }

    [Theory, BothVersions]
    public async Task Retained_messages_beyond_the_window_follow_as_they_are_acknowledged(ProtocolVersion version)
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, InflightMax = 5, QueueMessagesMax = 10 });
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (var number = 0; number < 100; number++) await writer.SendAsync(Given.Publish($"a/{number}").Payload("x").Retain().Qos1(1));

        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Subscribed("a/#", Qos.AtLeastOnce));

        var topics = new HashSet<string>();
        for (var number = 0; number < 100; number++)
        {
            var publish = await reader.ReadPacketAsync(PacketType.Publish);
            Assert.True(publish.Retain);
            Assert.True(topics.Add(publish.TopicName));
            await reader.SendAsync(Given.Puback(publish.PacketId));
        }

        await reader.ExpectNothingAsync();
    }

    [Fact]
    public async Task Subscribes_repeated_while_their_messages_wait_send_them_once_as_asked_for_last()
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("x").Retain().Qos1(1), Given.Publish("b").Payload("y").Retain().Qos1(2));
        var reader = await broker.ConnectAsync(Given.Client("reader").ReceiveMaximum(1));
        await reader.SendAsync(Given.Subscribe(1).Filter("a", Qos.AtLeastOnce));
        await reader.ExpectAsync(Given.Suback(1, ReasonCode.GrantedQos1));
        var one = await reader.ExpectAsync(Given.Publish("a").Payload("x").Retain().Qos1());

        for (ushort id = 2; id <= 5; id++)
        {
            await reader.SendAsync(Given.Subscribe(id).Filter("b", Qos.AtLeastOnce).SubscriptionId(id));
            await reader.ExpectAsync(Given.Suback(id, ReasonCode.GrantedQos1));
        }

        await reader.SendAsync(Given.Puback(one.PacketId));

        var two = await reader.ExpectAsync(Given.Publish("b").Payload("y").Retain().Qos1().SubscriptionId(5));
        await reader.SendAsync(Given.Puback(two.PacketId));
        await reader.ExpectNothingAsync();
    }

    private TestBroker NewBroker(int sysIntervalSeconds, int outboundBytesMax = OutboundBytesMax)
    {
        var options = new BrokerOptions { SysIntervalSeconds = sysIntervalSeconds, OutboundBytesMax = outboundBytesMax, QueueMessagesMax = 100_000 };
        return new TestBroker(options, new BrokerServices { Scheduler = _scheduler });
    }

    private static async Task RetainAsync(TestPeer writer, string payload, Qos qos)
    {
        for (var number = 0; number < Count; number += 100)
        {
            var publishes = Enumerable.Range(number, 100).Select(n => Given.Publish($"r/{n % 100}/{n}").Payload(payload).WithQos(qos, (ushort)(1 + (n % 100))).Retain());
            await writer.SendAsync([.. publishes]);
            if (qos == Qos.AtMostOnce) continue;

            foreach (var answer in await writer.ReadToPingrespAsync())
            {
                if (answer.Type == PacketType.Pubrec && !answer.Reason.IsError()) await writer.SendAsync(Given.Pubrel(answer.PacketId));
            }

            await writer.ReadToPingrespAsync();
        }
    }

    /// <summary>Receives a message and its exchange, and notes its payload by topic; an older value must not follow a newer.</summary>
    private async Task ReceiveOneAsync(TestPeer reader, Dictionary<string, string> last)
    {
        _scheduler.RunAll();
        Note(Assert.Single(await reader.ReceiveAsync(1)), last);
    }

    private async Task DrainAsync(TestPeer reader, Dictionary<string, string> last)
    {
        while (true)
        {
            _scheduler.RunAll();
            var packets = await reader.ReadToPingrespAsync();
            if (packets.Count == 0) return;

            foreach (var packet in packets)
            {
                if (packet.Type == PacketType.Publish) Note(packet, last);
                if (packet.Type == PacketType.Pubrel) await reader.SendAsync(Given.Pubcomp(packet.PacketId));
                else if (packet.Qos == Qos.AtLeastOnce) await reader.SendAsync(Given.Puback(packet.PacketId));
                else if (packet.Qos == Qos.ExactlyOnce) await reader.SendAsync(Given.Pubrec(packet.PacketId));
            }
        }
    }

    private static void Note(PacketView packet, Dictionary<string, string> last)
    {
        if (packet.PayloadText == "old") Assert.NotEqual("new", last.GetValueOrDefault(packet.TopicName));
        last[packet.TopicName] = packet.PayloadText;
    }
}
