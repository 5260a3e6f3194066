using System.Text;
using Avocet.Broker.Storage;
using Avocet.Broker.Storage.Records;
using Avocet.Cli.Store;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;

namespace Avocet.Server.Tests.Store;

/// <summary>Puts records into a store, as the broker does.</summary>
internal sealed class StoreContent(IStore store)
{
    private readonly RecordWriter _writer = new();

    public static DateTimeOffset Now { get; } = new(2026, 11, 22, 20, 0, 0, TimeSpan.Zero);

    /// <summary>A store with one of everything: a queue with gaps, a shared message, a will, a half-done exchange each way.</summary>
    public static MemoryStore Everything()
    {
        var store = new MemoryStore();
        StoreFormat.Prepare(store);
        var content = new StoreContent(store);
        var later = Now.AddHours(1).ToUnixTimeMilliseconds();
        content.Session(1, new SessionRecord
        {
            ClientId = "lamp/ä",
            MountPoint = "site/",
            ExpirySeconds = 3600,
            ExpiresAt = later,
            WillDueAt = later,
            SentUpTo = 7,
            Will = new WillRecord { DelaySeconds = 30, ExpirySeconds = 60, Message = Message("will/topic", "gone") },
        });
        content.Session(2, new SessionRecord { ClientId = "logger", MountPoint = "", ExpirySeconds = Limits.SessionNeverExpires, IsConnected = true });
        content.Subscription(1, "plant/+", new SubscriptionOptions(Qos.ExactlyOnce, true, true, RetainHandling.DoNotSend), 77);
        content.Subscription(1, "$share/g/plant/#", new SubscriptionOptions(Qos.AtLeastOnce, false, false, RetainHandling.SendAtSubscribe), 0);
        content.Put(StoreTable.Received, StoreKeys.OfReceived(1, 5));
        content.Put(StoreTable.Received, StoreKeys.OfReceived(1, 65535));
        content.Shared(3, Message("plant/shared", "for both"));
        content.Progress(1, new ProgressRecord(4, [new(5, ProgressState.Pubrel), new(7, ProgressState.Done, 2)]));
        content.Queued(1, 3, new QueueRecord { Qos = Qos.AtLeastOnce, BytesSoFar = 9, MessageNumber = 2 });
        content.Queued(1, 4, new QueueRecord { Qos = Qos.AtLeastOnce, BytesSoFar = 15, Message = Message("a", "bytes") });
        content.Queued(1, 6, new QueueRecord { Qos = Qos.ExactlyOnce, BytesSoFar = 35, MessageNumber = 3, SubscriptionIds = [77, 1], GroupFilter = "$share/g/plant/#"u8.ToArray() });
        content.Queued(2, 0, new QueueRecord { Qos = Qos.AtLeastOnce, Retain = true, BytesSoFar = 20, MessageNumber = 3 });
        content.Retained(Message("plant/a", "\"quoted\" ü\0\n") with
        {
            Properties = new PropertyBuilder()
                .Add(PropertyId.PayloadFormatIndicator, 1)
                .Add(PropertyId.ContentType, "text/plain")
                .Add(PropertyId.ResponseTopic, "r/t")
                .Add(PropertyId.CorrelationData, [0, 0xFF])
                .AddUserProperty("k", "v1").AddUserProperty("k", "v2").ToArray(),
            Qos = Qos.AtLeastOnce,
            Retain = true,
            ExpiresAt = later,
            PublisherId = "pub",
        });
        content.Retained(Message("plant/bytes", "") with { Payload = [0xC3, 0x28, 0x00] });
        return store;
    }

    public static MessageRecord Message(string topicName, string payload) => new()
    {
        TopicName = Encoding.UTF8.GetBytes(topicName),
        Properties = [],
        Payload = Encoding.UTF8.GetBytes(payload),
    };

    /// <summary>A session that never ends.</summary>
    public void Session(long number, string clientId) => Session(number, new SessionRecord { ClientId = clientId, MountPoint = "", ExpirySeconds = Limits.SessionNeverExpires });

    public void Session(long number, SessionRecord session)
    {
        session.Write(_writer.Clear());
        PutWritten(StoreTable.Sessions, StoreKeys.OfNumber(number));
    }

    public void Subscription(long session, string filter, SubscriptionOptions options, uint id)
    {
        new SubscriptionRecord(options, id).Write(_writer.Clear());
        PutWritten(StoreTable.Subscriptions, StoreKeys.OfSubscription(session, Encoding.UTF8.GetBytes(filter)));
    }

    public void Progress(long session, ProgressRecord progress)
    {
        progress.Write(_writer.Clear());
        PutWritten(StoreTable.Progress, StoreKeys.OfNumber(session));
    }

    public void Queued(long session, long sequence, QueueRecord queued)
    {
        queued.Write(_writer.Clear());
        PutWritten(StoreTable.Queue, StoreKeys.OfQueue(session, sequence));
    }

    public void Shared(long number, MessageRecord message)
    {
        message.Write(_writer.Clear());
        PutWritten(StoreTable.Messages, StoreKeys.OfNumber(number));
    }

    public void Retained(MessageRecord message)
    {
        message.Write(_writer.Clear());
        PutWritten(StoreTable.Retained, message.TopicName);
    }

    public void Put(StoreTable table, ReadOnlySpan<byte> key, params ReadOnlySpan<byte> value)
    {
        var batch = new StoreBatch();
        batch.Put(table, key, value);
        store.Commit(batch, sync: false);
    }

    /// <summary>The messages that a session has before it, in order: sequence number, topic and payload.</summary>
    public static IReadOnlyList<(long Sequence, string Text)> QueueOf(IStore store, string clientId)
    {
        var found = new List<(long, string)>();
        using var sessions = StoreReading.ScanAll(store, StoreTable.Sessions);
        while (sessions.MoveNext())
        {
            if (StoreReading.ReadSession(sessions).ClientId != clientId) continue;

            using var queue = StoreReading.ScanSession(store, StoreTable.Queue, StoreKeys.NumberOf(sessions.Key));
            while (queue.MoveNext())
            {
                var queued = StoreReading.ReadQueued(queue);
                var key = StoreKeys.OfNumber(queued.MessageNumber);
                var message = queued.Message ?? StoreReading.ReadMessage(StoreTable.Messages, key, store.Get(StoreTable.Messages, key));
                found.Add((StoreKeys.SequenceOf(queue.Key), $"{Encoding.UTF8.GetString(message.TopicName)} {Encoding.UTF8.GetString(message.Payload)}"));
            }
        }

        return found;
    }

    private void PutWritten(StoreTable table, ReadOnlySpan<byte> key) => Put(table, key, _writer.Written);
}
