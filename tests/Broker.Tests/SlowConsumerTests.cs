using System.Globalization;
using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

/// <summary>Clients that do not read. What their own socket and the broker's buffer do not take must harm nobody else.</summary>
public sealed class SlowConsumerTests
{
    private const int OutboundBytesMax = 50_000;
    private const int PayloadSize = 1000;
    private const int Count = 1000;

    /// <summary>What the pipe of a test peer takes before it stops the writer.</summary>
    private const int SocketBufferSize = 64 * 1024;

    /// <summary>The most bytes that can be written to a peer which reads nothing: one packet may go beyond each limit.</summary>
    private const int WrittenMax = SocketBufferSize + OutboundBytesMax + (3 * PayloadSize);

    private static BrokerOptions Options => new() { OutboundBytesMax = OutboundBytesMax, InflightMax = 60_000 };

    [Theory, BothVersions]
    public async Task Messages_of_qos_0_beyond_the_limit_are_dropped_and_counted(ProtocolVersion version)
    {
        await using var broker = new TestBroker(Options);
        var slow = await broker.ConnectAsync(Given.Client("slow").Version(version).Subscribed("a"));
        var quick = await broker.ConnectAsync(Given.Client("quick").Version(version).Subscribed("a"));
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        for (var number = 0; number < Count; number++)
        {
            await writer.SendAsync(Given.Publish("a").Payload(Numbered(number)));
            await quick.ExpectAsync(Given.Publish("a").Payload(Numbered(number)));
        }

        var dropped = int.Parse(await SysTopics.ReadNextAsync(broker, "publish/messages/dropped/slow_consumer"), CultureInfo.InvariantCulture);
        Assert.InRange(Count - dropped, OutboundBytesMax / (2 * PayloadSize), WrittenMax / PayloadSize);
        var received = await slow.ReadToPingrespAsync();
        Assert.Equal(Enumerable.Range(0, Count - dropped).Select(Numbered), received.Select(packet => packet.PayloadText));
    }

    [Theory, BothVersions]
    public async Task Messages_of_qos_0_flow_again_once_the_client_reads(ProtocolVersion version)
    {
        await using var broker = new TestBroker(Options);
        var slow = await broker.ConnectAsync(Given.Client("slow").Version(version).Subscribed("a"));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (var round = 0; round < 5; round++)
        {
            for (var number = 0; number < Count; number++) await writer.SendAsync(Given.Publish("a").Payload(Numbered(number)));
            Assert.InRange((await slow.ReadToPingrespAsync()).Count, 1, Count - 1);

            await writer.SendAsync(Given.Publish("a").Payload("after"));
            await slow.ExpectAsync(Given.Publish("a").Payload("after"));
        }
    }

    [Theory]
    [InlineData(ProtocolVersion.V311, Qos.AtLeastOnce)]
    [InlineData(ProtocolVersion.V311, Qos.ExactlyOnce)]
    [InlineData(ProtocolVersion.V50, Qos.AtLeastOnce)]
    [InlineData(ProtocolVersion.V50, Qos.ExactlyOnce)]
    [Spec("MQTT-4.6.0-5", "MQTT-4.5.0-1", "3.1.1 MQTT-4.6.0-6", "3.1.1 MQTT-4.5.0-1")]
    public async Task Messages_of_qos_1_and_2_wait_and_arrive_in_order(ProtocolVersion version, Qos qos)
    {
        await using var broker = new TestBroker(Options);
        var slow = await broker.ConnectAsync(Given.Client("slow").Version(version).Subscribed("a", qos));
        var quick = await broker.ConnectAsync(Given.Client("quick").Version(version).Subscribed("a"));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (ushort number = 0; number < Count; number++)
        {
            await writer.SendAsync(Given.Publish("a").Payload(Numbered(number)).WithQos(qos, (ushort)(number + 1)));
            await quick.ExpectAsync(Given.Publish("a").Payload(Numbered(number)));
        }

        // What was not written waits in the session's queue.
        var waiting = int.Parse(await SysTopics.ReadNextAsync(broker, "packet/out/count"), CultureInfo.InvariantCulture);
        Assert.InRange(Count - waiting, OutboundBytesMax / (2 * PayloadSize), WrittenMax / PayloadSize);

        var received = await slow.ReceiveAsync(Count);
        Assert.Equal(Enumerable.Range(0, Count).Select(Numbered), received.Select(packet => packet.PayloadText));
        Assert.All(received, packet => Assert.False(packet.Dup));
    }

    [Fact]
    public async Task Messages_of_qos_1_beyond_the_queue_are_dropped_and_counted()
    {
        await using var broker = new TestBroker(Options with { QueueMessagesMax = 10 });
        var slow = await broker.ConnectAsync(Given.Client("slow").Subscribed("a", Qos.AtLeastOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        for (ushort number = 0; number < Count; number++) await writer.SendAsync(Given.Publish("a").Payload(Numbered(number)).Qos1(1));

        var answers = await writer.ReadToPingrespAsync();
        var dropped = answers.Count(puback => puback.Reason == ReasonCode.QuotaExceeded);
        Assert.InRange(Count - dropped, 10, 10 + (WrittenMax / PayloadSize));
        Assert.Equal($"{dropped}", await SysTopics.ReadNextAsync(broker, "publish/messages/dropped/queue_full"));
        var received = await slow.ReceiveAsync(Count - dropped);
        Assert.Equal(Enumerable.Range(0, Count - dropped).Select(Numbered), received.Select(packet => packet.PayloadText));
        await slow.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    public async Task Client_that_sends_and_never_reads_is_not_read_from_without_bound(ProtocolVersion version)
    {
        await using var broker = new TestBroker(Options);
        var flood = await broker.ConnectAsync(Given.Client("flood").Version(version));
        var pings = Enumerable.Repeat(Given.Pingreq(), 100).ToArray();

        for (var round = 0; round < 1000; round++) await flood.SendAsync(pings);

        // Each PINGREQ read makes two bytes of output: reading stops where the output does.
        var read = int.Parse(await SysTopics.ReadNextAsync(broker, "mqtt/pingreq/received"), CultureInfo.InvariantCulture);
        Assert.InRange(read, SocketBufferSize / 2, (WrittenMax / 2) + pings.Length);
        for (var number = 0; number < 100_000; number++) await flood.ReadPacketAsync(PacketType.Pingresp);

        await flood.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.1.4-3", "3.1.1 MQTT-3.1.4-2")]
    public async Task Client_that_does_not_read_can_be_taken_over(ProtocolVersion version)
    {
        await using var broker = new TestBroker(Options with { SysIntervalSeconds = 0 });
        var slow = await broker.ConnectAsync(Given.Client("slow").Version(version).Persistent().Subscribed("a", Qos.AtLeastOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (ushort number = 0; number < Count; number++) await writer.SendAsync(Given.Publish("a").Payload(Numbered(number)).Qos1(1));

        var taker = await broker.ConnectAsync(Given.Client("slow").Version(version).Persistent());

        var received = await taker.ReceiveAsync(Count);
        Assert.Equal(Enumerable.Range(0, Count).Select(Numbered), received.Select(packet => packet.PayloadText));
        await broker.AdvanceAsync(3);
        await slow.CloseAsync();
    }

    [Theory, BothVersions]
    public async Task Client_that_does_not_read_is_let_go_when_it_closes(ProtocolVersion version)
    {
        await using var broker = new TestBroker(Options with { SysIntervalSeconds = 0 });
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("will"));
        var slow = await broker.ConnectAsync(Given.Client("slow").Version(version).Will("will").Subscribed("a"));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (var number = 0; number < Count; number++) await writer.SendAsync(Given.Publish("a").Payload(Numbered(number)));

        await slow.CloseAsync();

        await watcher.ExpectAsync(Given.Publish("will").Payload("will"));
    }

    [Theory, BothVersions]
    public async Task Client_that_does_not_read_is_let_go_at_its_keep_alive(ProtocolVersion version)
    {
        await using var broker = new TestBroker(Options with { SysIntervalSeconds = 0 });
        var slow = await broker.ConnectAsync(Given.Client("slow").Version(version).KeepAlive(10).Subscribed("a"));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (var number = 0; number < Count; number++) await writer.SendAsync(Given.Publish("a").Payload(Numbered(number)));

        await broker.AdvanceAsync(20);

        await slow.Connection.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
    }

    [Theory, BothVersions]
    public async Task Client_that_reads_more_slowly_than_messages_come_is_read_from(ProtocolVersion version)
    {
        await using var broker = new TestBroker(Options with { SysIntervalSeconds = 0 });
        var slow = await broker.ConnectAsync(Given.Client("slow").Version(version).KeepAlive(10).Subscribed("a"));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (var number = 0; number < Count; number++) await writer.SendAsync(Given.Publish("a").Payload(Numbered(number)));
        var answers = 0;

        for (var number = 0; number < 5 * Count && answers < 5; number++)
        {
            if (number % Count == 0) await slow.SendAsync(Given.Pingreq());
            await writer.SendAsync(Given.Publish("a").Payload(Numbered(number)), Given.Publish("a").Payload(Numbered(number)));
            if ((await slow.ReadPacketAsync()).Type == PacketType.Pingresp) answers++;
        }

        Assert.InRange(answers, 4, 5);
    }

    private static string Numbered(int number) => $"{number:D5}".PadRight(PayloadSize, '.');
}
