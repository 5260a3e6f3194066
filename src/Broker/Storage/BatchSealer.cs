using System.Runtime.InteropServices;
using Avocet.Broker.Routing;
using Avocet.Broker.Sessions;
using Avocet.Broker.Storage.Records;

namespace Avocet.Broker.Storage;

/// <summary>
/// Makes the records of a batch when its commit begins. By then some of what it holds is out of date: a delivery that was acknowledged meanwhile is
/// not written at all, and of a topic's retained messages only the last. A message that one session needs lies in that session's queue; one that several
/// need is written once, and counted. Belongs to the commits; one thread at a time.
/// </summary>
internal sealed class BatchSealer(BrokerContext context, IStore store)
{
    /// <summary>Numbers are reserved so many at a time, so that none is given twice, whatever is removed.</summary>
    private const long Reservation = 100_000;

    /// <summary>Entries and bytes of a queue that may lie acknowledged in the store before they are removed, as one range.</summary>
    private const long RemovedEntriesMax = 512;

    private const long RemovedBytesMax = 256 * 1024;

    /// <summary>Entries looked at in one turn of <see cref="Sweep"/>.</summary>
    private const int SweepEntries = 2000;

    private readonly RecordWriter _writer = new();
    private readonly SharedMessages _shared = new();
    private readonly HashSet<(long Session, long Sequence)> _unwritten = [];
    private readonly Queue<(long Session, long From, ProgressRecord Progress)> _abandoned = new();
    private readonly List<long> _releasedEarly = [];
    private readonly byte[] _key = new byte[2 * StoreKeys.NumberSize];
    private long _nextSession = 1;
    private long _nextMessage = 1;
    private long _reservedSessions;
    private long _reservedMessages;
    private long _oldMessages;
    private bool _isRecounting;
    private Recount? _recount;

    /// <summary>Whether <see cref="Sweep"/> has something left to do.</summary>
    public bool HasMore => _abandoned.Count > 0 && !_isRecounting;

    /// <summary>A number for a new session.</summary>
    public long TakeSessionNumber() => Interlocked.Increment(ref _nextSession) - 1;

    /// <summary>Begins where the store's numbers end. What was stored before is not removed until <see cref="EndRecount"/>.</summary>
    public void BeginRecount(long nextSession, long nextMessage)
    {
        (_nextSession, _nextMessage) = (nextSession, nextMessage);
        (_reservedSessions, _reservedMessages) = (nextSession, nextMessage);
        _oldMessages = nextMessage;
        _isRecounting = true;
    }

    /// <summary>Lets the next batch take over the references that were found in the store. From any thread.</summary>
    public void EndRecount(Recount recount) => Volatile.Write(ref _recount, recount);

    /// <summary>Writes all that a batch stands for.</summary>
    public void Seal(PendingBatch pending, StoreBatch batch)
    {
        if (Interlocked.Exchange(ref _recount, null) is { } recount) TakeRecount(recount, batch);
        foreach (var change in pending.Sessions)
        {
            if (change.Record is null) change.Session.Journal!.IsEnded = true;
        }

        batch.Append(pending.Direct);
        SealReceived(pending, batch);
        SealDeliveries(pending, batch);
        foreach (var (session, sequence, message) in pending.Released)
        {
            // What was never written needs no removal.
            if (!_unwritten.Remove((session.Journal!.Number, sequence)) && message.StoreNumber > 0) ReleaseShared(message.StoreNumber, batch);
        }

        foreach (var (session, sequence, number) in pending.HandedOver)
        {
            batch.Delete(StoreTable.Queue, StoreKeys.OfQueue(session, sequence));
            if (number != 0) ReleaseShared(number, batch);
        }

        foreach (var session in pending.Progressed)
        {
            if (!session.Journal!.IsEnded) SealProgress(session, batch);
        }

        foreach (var topicName in pending.RetainedTopics) SealRetained(topicName, batch);
        foreach (var change in pending.Sessions) SealSession(change, batch);

        Reserve(batch);
    }

    /// <summary>
    /// Removes a part of the queues of sessions that have ended, each as one range once its shared messages are released. Before the batch is sealed: the end of
    /// the session has to be in the store, and what was handed over has to be gone from it.
    /// </summary>
    /// <exception cref="StoreException">The store cannot be read; what was done so far stays done.</exception>
    public void Sweep(StoreBatch batch)
    {
        if (!HasMore) return;

        var (session, from, progress) = _abandoned.Dequeue();
        try
        {
            if (SweepPart(session, ref from, progress, batch)) session = 0;
        }
        finally
        {
            if (session != 0) _abandoned.Enqueue((session, from, progress));
        }
    }

    /// <summary>True when the whole queue is removed.</summary>
    private bool SweepPart(long session, ref long from, in ProgressRecord progress, StoreBatch batch)
    {
        using var cursor = store.Scan(StoreTable.Queue, StoreKeys.OfQueue(session, from), StoreKeys.OfNumber(session + 1));
        for (var left = SweepEntries; left > 0; left--)
        {
            if (!cursor.MoveNext())
            {
                batch.DeleteRange(StoreTable.Queue, StoreKeys.OfNumber(session), StoreKeys.OfNumber(session + 1));
                return true;
            }

            var sequence = StoreKeys.SequenceOf(cursor.Key);
            from = sequence + 1;
            var reader = new RecordReader(StoreTable.Queue, cursor.Key, cursor.Value);
            var number = QueueRecord.ReadMessageNumber(ref reader);
            // What was done with released its message then.
            if (number != 0 && !progress.IsDone(sequence)) ReleaseShared(number, batch);
        }

        return false;
    }

    private void TakeRecount(Recount recount, StoreBatch batch)
    {
        _isRecounting = false;
        foreach (var (number, count) in recount.References) _shared.Add(number, count);
        foreach (var number in recount.UnneededMessages) batch.Delete(StoreTable.Messages, StoreKeys.OfNumber(number));
        foreach (var session in recount.AbandonedSessions) _abandoned.Enqueue((session, 0, new ProgressRecord(0, [])));
        foreach (var number in _releasedEarly) Release(number, batch);

        _releasedEarly.Clear();
    }

    private static void SealReceived(PendingBatch pending, StoreBatch batch)
    {
        foreach (var (change, _) in pending.Received)
        {
            if (change.Session.Journal is not { IsEnded: false } journal) continue;

            var key = StoreKeys.OfReceived(journal.Number, change.PacketId);
            if (change.IsAdded) batch.Put(StoreTable.Received, key, default);
            else batch.Delete(StoreTable.Received, key);
        }
    }

    /// <summary>The deliveries of one message follow each other, for they were routed together.</summary>
    private void SealDeliveries(PendingBatch pending, StoreBatch batch)
    {
        var deliveries = CollectionsMarshal.AsSpan(pending.Deliveries);
        while (!deliveries.IsEmpty)
        {
            var message = deliveries[0].Delivery.Outbound.Message;
            var length = 1;
            while (length < deliveries.Length && deliveries[length].Delivery.Outbound.Message == message) length++;

            SealMessage(message, deliveries[..length], batch);
            deliveries = deliveries[length..];
        }
    }

    private void SealMessage(Message message, ReadOnlySpan<(QueuedDelivery Delivery, bool IsAwaited)> deliveries, StoreBatch batch)
    {
        var live = new List<QueuedDelivery>(deliveries.Length);
        foreach (var (delivery, _) in deliveries)
        {
            var journal = delivery.Session.Journal!;
            var sequence = delivery.Outbound.Sequence;
            var isDone = journal.IsEnded ? journal.LastProgress.IsDone(sequence) : delivery.Session.IsDone(sequence);
            // Its release is in this batch or in the next one.
            if (isDone) _unwritten.Add((journal.Number, sequence));
            else if (!journal.IsEnded && !message.IsFailed) live.Add(delivery);
            else if (message.IsFailed) _unwritten.Add((journal.Number, sequence));
        }

        // Who is counted and who is not could not be told apart later, so that a message with one delivery that is not counted has no others.
        var isCounted = message.StoreNumber > 0 && _shared.Get(message.StoreNumber) > 0;
        if (!isCounted && message.StoreNumber != Message.NotCounted)
        {
            message.StoreNumber = live.Count > 1 ? _nextMessage++ : Message.NotCounted;
            if (message.StoreNumber > 0)
            {
                message.Write(_writer.Clear(), context.Clock);
                batch.Put(StoreTable.Messages, StoreKeys.OfNumber(message.StoreNumber), _writer.Written);
            }
        }

        var number = Math.Max(0, message.StoreNumber);
        if (number > 0 && live.Count > 0) _shared.Add(number, live.Count);
        if (number == 0) Forget(deliveries);

        foreach (var delivery in live)
        {
            var journal = delivery.Session.Journal!;
            var outbound = delivery.Outbound;
            QueueRecord.WriteHead(_writer.Clear(), outbound.Qos, outbound.Retain, delivery.BytesSoFar, outbound.SubscriptionIds, outbound.GroupFilter, number);
            if (number == 0) message.Write(_writer, context.Clock);

            StoreKeys.WriteQueue(_key, journal.Number, outbound.Sequence);
            batch.Put(StoreTable.Queue, _key, _writer.Written);
            journal.BytesWritten += _writer.Written.Length;
        }
    }

    /// <summary>Only a shared message is counted, so that only its deliveries have to be told apart later.</summary>
    private void Forget(ReadOnlySpan<(QueuedDelivery Delivery, bool IsAwaited)> deliveries)
    {
        foreach (var (delivery, _) in deliveries) _unwritten.Remove((delivery.Session.Journal!.Number, delivery.Outbound.Sequence));
    }

    private void SealProgress(Session session, StoreBatch batch)
    {
        var journal = session.Journal!;
        var progress = session.GetProgress();
        progress.Write(_writer.Clear());
        batch.Put(StoreTable.Progress, StoreKeys.OfNumber(journal.Number), _writer.Written);

        var removable = progress.Head - journal.RemovedUpTo;
        if (removable < RemovedEntriesMax && (removable == 0 || journal.BytesWritten < RemovedBytesMax)) return;

        batch.DeleteRange(StoreTable.Queue, StoreKeys.OfQueue(journal.Number, journal.RemovedUpTo), StoreKeys.OfQueue(journal.Number, progress.Head));
        journal.RemovedUpTo = progress.Head;
        journal.BytesWritten = 0;
    }

    private void SealRetained(byte[] topicName, StoreBatch batch)
    {
        if (context.Retained.Get(topicName) is not { } message)
        {
            batch.Delete(StoreTable.Retained, topicName);
            return;
        }

        message.Write(_writer.Clear(), context.Clock);
        batch.Put(StoreTable.Retained, topicName, _writer.Written);
    }

    private void SealSession(in SessionChange change, StoreBatch batch)
    {
        var journal = change.Session.Journal!;
        if (change.Version <= journal.WrittenVersion) return;

        journal.WrittenVersion = change.Version;
        var from = StoreKeys.OfNumber(journal.Number);
        if (change.Record is not null)
        {
            batch.Put(StoreTable.Sessions, from, change.Record);
            return;
        }

        var to = StoreKeys.OfNumber(journal.Number + 1);
        batch.Delete(StoreTable.Sessions, from);
        batch.DeleteRange(StoreTable.Subscriptions, from, to);
        batch.DeleteRange(StoreTable.Received, from, to);
        batch.Delete(StoreTable.Progress, from);
        _abandoned.Enqueue((journal.Number, journal.RemovedUpTo, journal.LastProgress));
    }

    private void ReleaseShared(long number, StoreBatch batch)
    {
        if (_isRecounting && number < _oldMessages) _releasedEarly.Add(number);
        else Release(number, batch);
    }

    private void Release(long number, StoreBatch batch)
    {
        if (_shared.Remove(number)) batch.Delete(StoreTable.Messages, StoreKeys.OfNumber(number));
    }

    private void Reserve(StoreBatch batch)
    {
        var sessions = Interlocked.Read(ref _nextSession);
        if (sessions <= _reservedSessions && _nextMessage <= _reservedMessages) return;

        _reservedSessions = sessions + Reservation;
        _reservedMessages = _nextMessage + Reservation;
        _writer.Clear();
        _writer.WriteNumber(_reservedSessions);
        _writer.WriteNumber(_reservedMessages);
        batch.Put(StoreTable.Meta, StoreKeys.Numbers, _writer.Written);
    }
}
