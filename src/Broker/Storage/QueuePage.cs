using Avocet.Broker.Routing;
using Avocet.Broker.Sessions;
using Avocet.Broker.Storage.Records;
using Avocet.Broker.Topics;

namespace Avocet.Broker.Storage;

/// <summary>Reads the next part of a session's queue from the store. Under no lock, for it may wait for the medium.</summary>
internal static class QueuePage
{
    private const int MessagesMax = 256;
    private const int BytesMax = 1024 * 1024;

    /// <summary>Reads on for a session, and lets it send what it got.</summary>
    public static void Load(Session session)
    {
        var context = session.Context;
        if (!session.TryGetStoredFrom(out var from)) return;

        var page = new List<OutboundMessage>();
        bool isLast;
        try
        {
            isLast = Read(context, session, from, long.MaxValue, MessagesMax, page);
        }
        catch (StoreException exception)
        {
            // The next connection tries again.
            Log.QueueNotRead(context.Logger, session.ClientId, exception.Message);
            return;
        }

        session.TakePage(page, isLast);
    }

    /// <summary>Reads messages of a queue in their order. True when there are no more before <paramref name="to"/>.</summary>
    /// <exception cref="StoreException">The store cannot be read.</exception>
    public static bool Read(BrokerContext context, Session session, long from, long to, int messagesMax, List<OutboundMessage> page)
    {
        var store = context.Commits!.Store;
        var number = session.Journal!.Number;
        var bytes = 0;
        using var cursor = store.Scan(StoreTable.Queue, StoreKeys.OfQueue(number, from), StoreKeys.OfQueue(number, to));
        while (page.Count < messagesMax && bytes < BytesMax)
        {
            if (!cursor.MoveNext()) return true;

            var reader = new RecordReader(StoreTable.Queue, cursor.Key, cursor.Value);
            var record = QueueRecord.Read(ref reader);
            if ((record.Message ?? FindMessage(store, record.MessageNumber)) is not { } message) continue;

            bytes += message.Payload.Length + message.TopicName.Length;
            page.Add(new OutboundMessage(new Message(message, record.MessageNumber, context.Clock), record.Qos, record.Retain, record.SubscriptionIds, FindGroup(session, record))
            {
                Sequence = StoreKeys.SequenceOf(cursor.Key),
            });
        }

        return false;
    }

    /// <summary>Null when it is gone: the delivery was acknowledged since the scan began, and what it knew is out of date.</summary>
    private static MessageRecord? FindMessage(IStore store, long number)
    {
        var key = StoreKeys.OfNumber(number);
        if (store.Get(StoreTable.Messages, key) is not { } value) return null;

        var reader = new RecordReader(StoreTable.Messages, key, value);
        return MessageRecord.Read(ref reader);
    }

    private static SharedGroup? FindGroup(Session session, QueueRecord record) =>
        record.GroupFilter is { } filter ? session.FindSubscription(filter)?.Group : null;
}
