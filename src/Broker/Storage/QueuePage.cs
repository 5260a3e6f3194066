using Avocet.Broker.Connections;
using Avocet.Broker.Routing;
using Avocet.Broker.Sessions;
using Avocet.Broker.Storage.Records;
using Avocet.Broker.Topics;
using Avocet.Protocol;

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
            Log.QueueNotRead(context.Logger, session.ClientId, exception.Message);
            session.MissPage();
            context.Commits!.Kick();
            return;
        }

        session.TakePage(page, isLast);
    }

    /// <summary>Reads messages of a queue in their order. True when there are no more before <paramref name="to"/>.</summary>
    /// <exception cref="StoreException">The store cannot be read.</exception>
    public static bool Read(BrokerContext context, Session session, long from, long to, int messagesMax, List<OutboundMessage> page) =>
        Read(context, session, from, to, messagesMax, page, filter => session.FindSubscription(filter)?.Group);

    /// <summary>Gives what an ended session has in the store only, as a member of shared groups, to other members. Then the session ends for good.</summary>
    /// <param name="session">The session.</param>
    /// <param name="from">Where that begins.</param>
    /// <param name="groups">The session's shared subscriptions.</param>
    /// <param name="end">The end of the session.</param>
    public static void HandOver(Session session, long from, IReadOnlyDictionary<byte[], SharedGroup> groups, SessionChange end)
    {
        var context = session.Context;
        var batch = new FlushBatch(context.Commits);
        var page = new List<OutboundMessage>();
        try
        {
            for (var isLast = false; !isLast;)
            {
                page.Clear();
                isLast = Read(context, session, from, long.MaxValue, MessagesMax, page, filter => groups.GetValueOrDefault(filter));
                foreach (var outbound in page)
                {
                    from = outbound.Sequence + 1;
                    if (outbound.Group is null) continue;

                    // In one batch, so that after a crash it is with one member and not with two.
                    batch.Changes.HandedOver.Add((session.Journal!.Number, outbound.Sequence, Math.Max(0, outbound.Message.StoreNumber)));
                    context.Router.HandOver(outbound.Group, outbound.Message, session, batch);
                    context.Commits!.Append(batch.Changes, isAnswered: false, context.Options.Durability);
                }

                batch.Flush();
            }
        }
        catch (StoreException exception)
        {
            Log.QueueNotRead(context.Logger, session.ClientId, exception.Message);
        }

        context.Commits!.Change(end, isUrgent: true);
        batch.Flush();
    }

    private static bool Read(
        BrokerContext context, Session session, long from, long to, int messagesMax, List<OutboundMessage> page, Func<byte[], SharedGroup?> findGroup)
    {
        var store = context.Commits!.Store;
        var number = session.Journal!.Number;
        var (securedIn, isSecured) = (context.Commits.SecuredIn, context.Commits.IsSecured);
        var bytes = 0;
        using var cursor = store.Scan(StoreTable.Queue, StoreKeys.OfQueue(number, from), StoreKeys.OfQueue(number, to));
        while (page.Count < messagesMax && bytes < BytesMax)
        {
            if (!cursor.MoveNext()) return true;

            var reader = new RecordReader(StoreTable.Queue, cursor.Key, cursor.Value);
            var record = QueueRecord.Read(ref reader);
            if ((record.Message ?? FindMessage(store, record.MessageNumber)) is not { } message) continue;

            bytes += message.Payload.Length + message.TopicName.Length;
            var stored = new Message(message, record.MessageNumber == 0 ? Message.NotCounted : record.MessageNumber, context.Clock) { Batch = securedIn };
            var group = record.GroupFilter is { } filter ? findGroup(filter) : null;
            page.Add(new OutboundMessage(stored, record.Qos, record.Retain, record.SubscriptionIds, group)
            {
                Sequence = StoreKeys.SequenceOf(cursor.Key),
                // Its publisher may send it again after a power cut, which then must be the first time that it goes out.
                IsHeld = record.Qos == Qos.ExactlyOnce && !isSecured,
            });
        }

        return false;
    }

    /// <summary>Null when it is gone: the delivery was acknowledged since the scan began, and what it knew is out of date.</summary>
    public static MessageRecord? FindMessage(IStore store, long number)
    {
        var key = StoreKeys.OfNumber(number);
        if (store.Get(StoreTable.Messages, key) is not { } value) return null;

        var reader = new RecordReader(StoreTable.Messages, key, value);
        return MessageRecord.Read(ref reader);
    }
}
