using Avocet.Protocol;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Broker.Tests;

/// <summary>A client that does not read what it is sent. Its pipe takes 64 KiB, as a socket's buffer does.</summary>
public sealed class SlowConsumerTests
{
    private const int Count = 1000;

    private static readonly string Kilobyte = new('x', 1000);

    private static BrokerOptions Options => new() { SysIntervalSeconds = 0, OutboundBytesMax = 100_000 };

    [Theory, BothVersions]
    public async Task Messages_qos0_are_dropped_while_the_client_does_not_read(ProtocolVersion version)
    {
        await using var broker = new TestBroker(Options);
        var slow = await broker.ConnectAsync(Given.Client("slow").Version(version).Subscribed("a"));
        var quick = await broker.ConnectAsync(Given.Client("quick").Version(version).Subscribed("a"));

        for (var number = 0; number < Count; number++)
        {
            await quick.SendAsync(Given.Publish("a").Payload($"{number:0000}{Kilobyte}"));
            Assert.Equal($"{number:0000}", (await quick.ReadPacketAsync(PacketType.Publish)).PayloadText[..4]);
        }

        var numbers = await ReadNumbersAsync(slow);
        Assert.InRange(numbers.Count, 50, 250);
        Assert.Equal(numbers.Order(), numbers);
        await quick.SendAsync(Given.Publish("a").Payload("after"));
        await slow.ExpectAsync(Given.Publish("a").Payload("after"));
    }

    [Theory, BothVersions]
    public async Task Messages_qos1_wait_in_the_queue_while_the_client_does_not_read(ProtocolVersion version)
    {
        await using var broker = new TestBroker(Options with { InflightMax = 2000 });
        var slow = await broker.ConnectAsync(Given.Client("slow").Version(version).ReceiveMaximum(2000).Subscribed("a", Qos.AtLeastOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        for (ushort number = 1; number <= Count; number++)
        {
            await writer.SendAsync(Given.Publish("a").Payload($"{number:0000}{Kilobyte}").Qos1(number));
            await writer.ExpectAsync(Given.Puback(number));
        }

        for (var number = 1; number <= Count; number++)
        {
            var delivered = await slow.ReadPacketAsync(PacketType.Publish);
            Assert.Equal($"{number:0000}", delivered.PayloadText[..4]);
            await slow.SendAsync(Given.Puback(delivered.PacketId));
        }
    }

    [Theory, BothVersions]
    public async Task Queue_of_a_client_that_does_not_read_is_limited(ProtocolVersion version)
    {
        await using var broker = new TestBroker(Options with { InflightMax = 2000, QueueMessagesMax = 100 });
        await broker.ConnectAsync(Given.Client("slow").Version(version).ReceiveMaximum(2000).Subscribed("a", Qos.AtLeastOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        var refused = 0;

        for (ushort number = 1; number <= Count; number++)
        {
            await writer.SendAsync(Given.Publish("a").Payload(Kilobyte).Qos1(number));
            if ((await writer.ReadPacketAsync(PacketType.Puback)).Reason == ReasonCode.QuotaExceeded) refused++;
        }

        Assert.InRange(refused, 600, 900);
    }

    [Theory, BothVersions]
    public async Task Client_that_does_not_read_is_let_go_when_it_closes(ProtocolVersion version)
    {
        await using var broker = new TestBroker(Options);
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("will"));
        var slow = await broker.ConnectAsync(Given.Client("slow").Version(version).Will("will").Subscribed("a"));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (var number = 0; number < Count; number++) await writer.SendAsync(Given.Publish("a").Payload(Kilobyte));

        await slow.CloseAsync();

        await watcher.ExpectAsync(Given.Publish("will").Payload("will"));
    }

    [Theory, BothVersions]
    public async Task Client_that_does_not_read_is_let_go_when_its_session_is_taken_over(ProtocolVersion version)
    {
        await using var broker = new TestBroker(Options);
        var slow = await broker.ConnectAsync(Given.Client("slow").Version(version).Persistent().Subscribed("a"));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (var number = 0; number < Count; number++) await writer.SendAsync(Given.Publish("a").Payload(Kilobyte));

        var taker = await broker.OpenAsync(Given.Client("slow").Version(version).Persistent());
        await broker.AdvanceAsync(5);

        await taker.ExpectAsync(Given.Connack().SessionPresent());
        Assert.False(slow.Connection.IsFaulted);
        await writer.SendAsync(Given.Publish("a").Payload("after"));
        await taker.ExpectAsync(Given.Publish("a").Payload("after"));
    }

    [Theory, BothVersions]
    public async Task Client_that_does_not_read_is_let_go_at_its_keep_alive(ProtocolVersion version)
    {
        await using var broker = new TestBroker(Options);
        var slow = await broker.ConnectAsync(Given.Client("slow").Version(version).KeepAlive(10).Subscribed("a"));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (var number = 0; number < Count; number++) await writer.SendAsync(Given.Publish("a").Payload(Kilobyte));

        await broker.AdvanceAsync(20);

        await slow.Connection.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
    }

    [Theory, BothVersions]
    public async Task Client_that_does_not_read_its_answers_is_not_read_from(ProtocolVersion version)
    {
        await using var broker = new TestBroker(Options);
        var client = await broker.ConnectAsync(Given.Client("c").Version(version));
        byte[] pings = [.. Enumerable.Repeat<byte[]>([0xC0, 0x00], 4096).SelectMany(ping => ping)];
        for (var round = 0; round < 40; round++) await client.SendAsync(pings);

        for (var count = 0; count < 40 * 4096; count++)
        {
            var packet = await client.ReadPacketAsync();
            if (packet.Type != PacketType.Pingresp) Assert.Fail($"Expected PINGRESP; came {packet}");
        }
    }

    private static async Task<List<int>> ReadNumbersAsync(TestPeer peer)
    {
        var numbers = new List<int>();
        await peer.SendAsync(Given.Pingreq());
        for (var packet = await peer.ReadPacketAsync(); packet.Type != PacketType.Pingresp; packet = await peer.ReadPacketAsync())
        {
            numbers.Add(int.Parse(packet.PayloadText[..4], provider: null));
        }

        return numbers;
    }

    [Theory, BothVersions]
    public async Task Client_that_reads_more_slowly_than_messages_come_is_read_from(ProtocolVersion version)
    {
        await using var broker = new TestBroker(Options);
        var slow = await broker.ConnectAsync(Given.Client("slow").Version(version).KeepAlive(10).Subscribed("a"));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (var number = 0; number < Count; number++) await writer.SendAsync(Given.Publish("a").Payload(Kilobyte));
        var answers = 0;

        for (var number = 0; number < 5 * Count && answers < 5; number++)
        {
            if (number % Count == 0) await slow.SendAsync(Given.Pingreq());
            await writer.SendAsync(Given.Publish("a").Payload(Kilobyte), Given.Publish("a").Payload(Kilobyte));
            if ((await slow.ReadPacketAsync()).Type == PacketType.Pingresp) answers++;
        }

        Assert.InRange(answers, 4, 5);
    }
}
