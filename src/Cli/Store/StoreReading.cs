using Avocet.Broker.Storage;
using Avocet.Broker.Storage.Records;

namespace Avocet.Cli.Store;

/// <summary>What the tools read from a store alike.</summary>
internal static class StoreReading
{
    /// <summary>All entries of a table.</summary>
    public static StoreCursor ScanAll(IStore store, StoreTable table) => store.Scan(table, [], []);

    /// <summary>All entries of a session in a table whose keys begin with its number.</summary>
    public static StoreCursor ScanSession(IStore store, StoreTable table, long session, long fromSequence = 0)
    {
        var from = table == StoreTable.Queue ? StoreKeys.OfQueue(session, fromSequence) : StoreKeys.OfNumber(session);
        return store.Scan(table, from, StoreKeys.OfNumber(session + 1));
    }

    /// <exception cref="StoreException">The record is damaged.</exception>
    public static SessionRecord ReadSession(StoreCursor cursor)
    {
        var reader = new RecordReader(StoreTable.Sessions, cursor.Key, cursor.Value);
        return SessionRecord.Read(ref reader);
    }

    /// <inheritdoc cref="ReadSession"/>
    public static SubscriptionRecord ReadSubscription(StoreCursor cursor)
    {
        var reader = new RecordReader(StoreTable.Subscriptions, cursor.Key, cursor.Value);
        return SubscriptionRecord.Read(ref reader);
    }

    /// <inheritdoc cref="ReadSession"/>
    public static QueueRecord ReadQueued(StoreCursor cursor)
    {
        var reader = new RecordReader(StoreTable.Queue, cursor.Key, cursor.Value);
        return QueueRecord.Read(ref reader);
    }

    /// <summary>A message of <see cref="StoreTable.Messages"/> or <see cref="StoreTable.Retained"/>.</summary>
    /// <exception cref="StoreException">The record is damaged.</exception>
    public static MessageRecord ReadMessage(StoreTable table, StoreCursor cursor) => ReadMessage(table, cursor.Key, cursor.Value);

    /// <inheritdoc cref="ReadMessage(StoreTable, StoreCursor)"/>
    public static MessageRecord ReadMessage(StoreTable table, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        var reader = new RecordReader(table, key, value);
        return MessageRecord.Read(ref reader);
    }

    /// <summary>How far the deliveries of a session have come; nothing done where the store says nothing.</summary>
    /// <exception cref="StoreException">The record is damaged.</exception>
    public static ProgressRecord ReadProgress(IStore store, long session)
    {
        var key = StoreKeys.OfNumber(session);
        if (store.Get(StoreTable.Progress, key) is not { } value) return new ProgressRecord(0, []);

        var reader = new RecordReader(StoreTable.Progress, key, value);
        return ProgressRecord.Read(ref reader);
    }

    /// <summary>Bytes that count against a queue's limit.</summary>
    public static int SizeOf(MessageRecord message) => message.TopicName.Length + message.Properties.Length + message.Payload.Length;
}
