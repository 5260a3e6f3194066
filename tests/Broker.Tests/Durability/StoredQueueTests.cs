using Avocet.Broker.Storage;
using Avocet.Broker.Storage.Records;
using Avocet.Protocol;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Broker.Tests.Durability;

/// <summary>How queues lie in the store.</summary>
public sealed class StoredQueueTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Long_queue_streams_back_in_order(bool withCrash)
    {
        const int Count = 2000;
        await using var broker = new DurableBroker();
        await broker.LeaveAsync(Given.Client("c").Persistent().Subscribed("a", Qos.ExactlyOnce));
        await PublishAsync(broker, Count);
        if (withCrash) await broker.CrashAsync();

        var client = await broker.ConnectAsync(Given.Client("c").Persistent().ReceiveMaximum(20));
        var received = await client.ReceiveAsync(Count);

        Assert.Equal(Enumerable.Range(1, Count).Select(i => i.ToString()), received.Select(message => message.PayloadText));
        await client.ReadToPingrespAsync();
        await broker.SettleAsync();
        await client.ExpectNothingAsync();
        Assert.True(broker.Count(StoreTable.Queue) < 1024, "what was acknowledged is removed, as ranges");
    }

    [Fact]
    public async Task Start_reads_of_queues_only_where_they_begin_and_end()
    {
        const int Count = 3000;
        var later = new QueuedScheduler { RunsAtOnce = true };
        await using var broker = new DurableBroker(scheduler: later);
        await broker.LeaveAsync(Given.Client("c").Persistent().Subscribed("a", Qos.AtLeastOnce));
        await broker.LeaveAsync(Given.Client("d").Persistent().Subscribed("a", Qos.AtLeastOnce));
        await PublishAsync(broker, Count);
        later.RunsAtOnce = false;

        await broker.CrashAsync();
        Assert.InRange(broker.Store.QueueEntriesRead, 1, 8);

        // Which messages are still needed is counted in the background.
        Assert.True(later.TryRunOne());
        Assert.InRange(broker.Store.QueueEntriesRead, 2 * Count, 2 * Count + 8);
        later.RunsAtOnce = true;
        var client = await broker.ConnectAsync(Given.Client("c").Persistent().ReceiveMaximum(10));
        Assert.Equal("1", (await client.ReceiveAsync(1))[0].PayloadText);
        Assert.InRange(broker.Store.QueueEntriesRead, 2 * Count, 2 * Count + 1000);
    }

    [Fact]
    public async Task Queue_that_drops_its_oldest_keeps_to_its_limit_after_a_restart()
    {
        await using var broker = new DurableBroker(new BrokerOptions { SysIntervalSeconds = 0, QueueMessagesMax = 600, QueueOverflow = QueueOverflow.DropOldest });
        await broker.LeaveAsync(Given.Client("c").Persistent().Subscribed("a", Qos.AtLeastOnce));
        await PublishAsync(broker, 700);
        await broker.CrashAsync();
        await PublishAsync(broker, 50, from: 701);

        var client = await broker.ConnectAsync(Given.Client("c").Persistent());
        var received = await client.ReceiveAsync(500);
        Assert.Equal("750", (await ReadLastAsync(client, received[^1].PayloadText)).ToString());
    }

    [Theory]
    [InlineData(5, long.MaxValue)]
    [InlineData(1000, 5100)]
    public async Task What_was_given_up_in_the_middle_of_a_queue_takes_no_room_after_a_restart(int messagesMax, long bytesMax)
    {
        var commits = new QueuedScheduler { RunsAtOnce = true };
        await using var broker = new DurableBroker(
            new BrokerOptions { SysIntervalSeconds = 0, QueueMessagesMax = messagesMax, QueueBytesMax = bytesMax }, commits, allowsErrors: true);
        await broker.LeaveAsync(Given.Client("c").Persistent().Subscribed("a", Qos.AtLeastOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await PublishLargeAsync(writer, 1);
        await broker.SettleAsync();
        commits.RunsAtOnce = false;
        for (ushort id = 2; id <= 4; id++) await writer.SendAsync(Given.Publish("a").Payload(new byte[1000]).Qos1(id));
        await writer.ExpectNothingAsync();
        broker.Store.Failure = new StoreException(StoreFault.Full, "No space is left in test.");
        commits.RunAll();
        for (ushort id = 2; id <= 4; id++) Assert.Equal(ReasonCode.QuotaExceeded, (await writer.ReadPacketAsync(PacketType.Puback)).Reason);
        broker.Store.Failure = null;
        commits.RunsAtOnce = true;
        await broker.SettleAsync();
        await PublishLargeAsync(writer, 5);

        await broker.CrashAsync();
        await broker.UntilAsync(() => broker.Broker.Broker.Context.Sessions.CountQueued() is (2, 2002));
        writer = await broker.ConnectAsync(Given.Client("writer"));
        for (ushort id = 6; id <= 8; id++) await PublishLargeAsync(writer, id);
        await writer.SendAsync(Given.Publish("a").Payload(new byte[1000]).Qos1(9));
        Assert.Equal(ReasonCode.QuotaExceeded, (await writer.ReadPacketAsync(PacketType.Puback)).Reason);

        var client = await broker.ConnectAsync(Given.Client("c").Persistent());
        Assert.Equal(5, (await client.ReceiveAsync(5)).Count);
        await client.ReadToPingrespAsync();
        await PublishLargeAsync(writer, 10);
    }

    [Fact]
    public async Task Message_to_many_sessions_is_stored_once_and_removed_after_the_last()
    {
        await using var broker = new DurableBroker();
        for (var i = 0; i < 50; i++) await broker.LeaveAsync(Given.Client($"c{i}").Persistent().Subscribed("a", Qos.AtLeastOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        var before = broker.Store.GetFigures().Size;
        await writer.SendAsync(Given.Publish("a").Payload(new byte[10_000]).Qos1(1));
        await writer.ExpectAsync(Given.Puback(1));

        Assert.Equal(1, broker.Count(StoreTable.Messages));
        Assert.Equal(50, broker.Count(StoreTable.Queue));
        Assert.InRange(broker.Store.GetFigures().Size - before, 10_000, 15_000);

        for (var i = 0; i < 50; i++)
        {
            if (i == 25) await broker.CrashAsync();
            Assert.Equal(1, broker.Count(StoreTable.Messages));
            var client = await broker.ConnectAsync(Given.Client($"c{i}").Persistent());
            await client.ReceiveAsync(1);
            await client.DisconnectAsync();
            await broker.SettleAsync();
        }

        await broker.UntilAsync(() => broker.Count(StoreTable.Messages) == 0);
    }

    [Fact]
    public async Task Message_that_a_crash_left_without_deliveries_is_removed()
    {
        await using var broker = new DurableBroker();
        await broker.LeaveAsync(Given.Client("c").Persistent().Subscribed("a", Qos.AtLeastOnce));
        await broker.LeaveAsync(Given.Client("d").Persistent().Subscribed("a", Qos.AtLeastOnce));
        await PublishAsync(broker, 1);
        broker.Put(StoreTable.Messages, StoreKeys.OfNumber(0), [0]);
        Assert.Equal(2, broker.Count(StoreTable.Messages));

        await broker.CrashAsync();

        await broker.UntilAsync(() => broker.Count(StoreTable.Messages) == 1);
        Assert.Single(await (await broker.ConnectAsync(Given.Client("c").Persistent())).ReceiveAsync(1));
    }

    [Fact]
    public async Task Delivery_acknowledged_before_the_commit_is_never_written()
    {
        var scheduler = new QueuedScheduler();
        await using var broker = new DurableBroker(storeScheduler: scheduler);
        var connecting = broker.ConnectAsync(Given.Client("c").Persistent().Subscribed("a", Qos.AtLeastOnce));
        while (!connecting.IsCompleted) scheduler.RunAll();
        var client = await connecting;
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Qos1(1));
        await client.ReceiveAsync(1);

        await writer.ExpectNothingAsync();
        scheduler.RunAll();
        await writer.ExpectAsync(Given.Puback(1));
        Assert.Equal(0, broker.Count(StoreTable.Queue));
        scheduler.RunsAtOnce = true;
    }

    [Fact]
    public async Task Member_of_a_shared_group_that_ends_leaves_its_whole_queue_to_another()
    {
        const int Count = 700;
        await using var broker = new DurableBroker();
        await broker.LeaveAsync(Given.Client("ends").Persistent(100).Subscribed("$share/g/a", Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (var i = 1; i <= Count; i++)
        {
            await writer.SendAsync(Given.Publish("a").Payload(i.ToString()).Qos2(1));
            await writer.ExpectAsync(Given.Pubrec(1));
            await writer.SendAsync(Given.Pubrel(1));
            await writer.ExpectAsync(Given.Pubcomp(1));
        }

        await broker.CrashAsync();
        await broker.LeaveAsync(Given.Client("stays").Persistent().Subscribed("$share/g/a", Qos.ExactlyOnce));
        await broker.Broker.AdvanceAsync(101);
        await broker.UntilAsync(() => broker.Count(StoreTable.Sessions) == 1 && broker.Count(StoreTable.Queue) == Count);
        await broker.CrashAsync();

        var client = await broker.ConnectAsync(Given.Client("stays").Persistent());
        var received = await client.ReceiveAsync(Count);
        Assert.Equal(Enumerable.Range(1, Count).Select(i => i.ToString()), received.Select(message => message.PayloadText));
    }

    [Fact]
    public async Task Qos0_queued_for_offline_sessions_is_kept_too()
    {
        await using var broker = new DurableBroker(new BrokerOptions { SysIntervalSeconds = 0, QueueQos0 = true });
        await broker.LeaveAsync(Given.Client("c").Persistent().Subscribed("a", Qos.AtLeastOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("0"), Given.Publish("a").Payload("1").Qos1(1));
        await writer.ExpectAsync(Given.Puback(1));
        await broker.CrashAsync();

        var client = await broker.ConnectAsync(Given.Client("c").Persistent());
        await client.ExpectAsync(Given.Publish("a").Payload("0"), Given.Publish("a").Payload("1").Qos1());
    }

    private static async Task PublishLargeAsync(TestPeer writer, ushort packetId)
    {
        await writer.SendAsync(Given.Publish("a").Payload(new byte[1000]).Qos1(packetId));
        await writer.ExpectAsync(Given.Puback(packetId));
    }

    private static async Task PublishAsync(DurableBroker broker, int count, int from = 1)
    {
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (var i = from; i < from + count; i++)
        {
            await writer.SendAsync(Given.Publish("a").Payload(i.ToString()).Qos1(1));
            await writer.ExpectAsync(Given.Puback(1));
        }
    }

    private static async Task<int> ReadLastAsync(TestPeer client, string last)
    {
        var number = int.Parse(last);
        while (number < 750)
        {
            var next = int.Parse((await client.ReceiveAsync(1))[0].PayloadText);
            Assert.Equal(number + 1, next);
            number = next;
        }

        return number;
    }
}
