using System.Diagnostics;
using Avocet.Broker.Routing;
using Avocet.Broker.Sessions;
using Avocet.Broker.Storage.Records;
using Avocet.Protocol;

namespace Avocet.Broker.Storage;

/// <summary>
/// Brings back what the store holds, before the first connection: retained messages, sessions and their subscriptions, but of the queues only where they
/// begin and end, so that long ones delay nobody. What they refer to is counted later, in the background.
/// </summary>
internal sealed class StoreLoader(BrokerContext context, CommitBatcher commits)
{
    private readonly IStore _store = commits.Store;
    private readonly Dictionary<long, Session> _sessions = [];
    private readonly Dictionary<long, ProgressRecord> _progress = [];

    /// <exception cref="StoreException">The store cannot be read, or holds what this program does not know.</exception>
    public void Load()
    {
        var watch = Stopwatch.GetTimestamp();
        StoreFormat.Prepare(_store);
        var isUnclean = _store.Get(StoreTable.Meta, StoreKeys.Stopped) is null;
        Secure();
        var numbers = LoadNumbers();
        commits.Sealer.BeginRecount(numbers.Session, numbers.Message);
        var retained = LoadRetained();
        var sessions = LoadSessions();
        long subscriptions = context.Index.Count + context.Index.SharedCount, queued = 0;
        foreach (var session in sessions) queued += session.Queued.Messages;

        Log.StoreLoaded(
            context.Logger, _store.Location, (long)Stopwatch.GetElapsedTime(watch).TotalMilliseconds, sessions.Count, subscriptions, queued, retained);
        BeginRecount(isUnclean);
    }

    /// <summary>
    /// What is found here may have been left to the operating system by a process that was killed: from now on it is acted upon, so it has to survive a power cut.
    /// </summary>
    private void Secure()
    {
        var batch = new StoreBatch();
        batch.Delete(StoreTable.Meta, StoreKeys.Stopped);
        try
        {
            _store.Commit(batch, context.Options.Durability == Durability.Fsync);
        }
        catch (StoreException exception)
        {
            // A full disk is no reason not to serve what needs none.
            Log.StoreFailed(context.Logger, _store.Location, exception.Message);
            commits.SecureLater();
        }
    }

    private (long Session, long Message) LoadNumbers()
    {
        if (_store.Get(StoreTable.Meta, StoreKeys.Numbers) is not { } value) return (1, 1);

        var reader = new RecordReader(StoreTable.Meta, StoreKeys.Numbers, value);
        return (reader.ReadInt64(), reader.ReadInt64());
    }

    private long LoadRetained()
    {
        var count = 0L;
        using var cursor = _store.Scan(StoreTable.Retained, default, default);
        while (cursor.MoveNext())
        {
            var reader = new RecordReader(StoreTable.Retained, cursor.Key, cursor.Value);
            var message = new Message(MessageRecord.Read(ref reader), 0, context.Clock);
            if (message.ExpiresAt <= context.Clock.Now)
            {
                commits.RetainedChanged(cursor.Key.ToArray());
                continue;
            }

            context.Retained.Set(cursor.Key, message);
            count++;
        }

        return count;
    }

    private List<Session> LoadSessions()
    {
        var byClientId = new Dictionary<string, (Session Session, SessionRecord Record)>();
        using (var cursor = _store.Scan(StoreTable.Sessions, default, default))
        {
            while (cursor.MoveNext())
            {
                var reader = new RecordReader(StoreTable.Sessions, cursor.Key, cursor.Value);
                var record = SessionRecord.Read(ref reader);
                var session = new Session(record.ClientId, record.MountPoint, new Journal(StoreKeys.NumberOf(cursor.Key)), context);
                // The later one replaced the other, whose end a crash kept from being written; so it does for one that was to end with its connection.
                if (byClientId.Remove(record.ClientId, out var former)) End(former.Session);
                if (record.ExpirySeconds == 0) End(session);
                else byClientId.Add(record.ClientId, (session, record));
            }
        }

        foreach (var (session, record) in byClientId.Values)
        {
            _sessions.Add(session.Journal!.Number, session);
            LoadState(session);
            LoadQueue(session, record);
            context.Sessions.Restore(session, record);
        }

        return [.. byClientId.Values.Select(entry => entry.Session)];
    }

    private void LoadState(Session session)
    {
        byte[] from = StoreKeys.OfNumber(session.Journal!.Number), to = StoreKeys.OfNumber(session.Journal.Number + 1);
        var subscriptions = new List<(byte[] Filter, SubscriptionRecord Record)>();
        using (var cursor = _store.Scan(StoreTable.Subscriptions, from, to))
        {
            while (cursor.MoveNext())
            {
                var reader = new RecordReader(StoreTable.Subscriptions, cursor.Key, cursor.Value);
                subscriptions.Add((StoreKeys.FilterOf(cursor.Key).ToArray(), SubscriptionRecord.Read(ref reader)));
            }
        }

        var received = new List<ushort>();
        using (var cursor = _store.Scan(StoreTable.Received, from, to))
        {
            while (cursor.MoveNext()) received.Add(StoreKeys.PacketIdOf(cursor.Key));
        }

        session.Restore(subscriptions, received);
    }

    private void LoadQueue(Session session, SessionRecord record)
    {
        var journal = session.Journal!;
        var progress = LoadProgress(journal.Number);
        _progress.Add(journal.Number, progress);
        var windowEnd = progress.End;
        var inflight = LoadWindow(session, progress);

        var stored = new StoredTail();
        var next = windowEnd;
        if (TryFind(journal.Number, windowEnd, false, out var first, out var bytesBefore) && TryFind(journal.Number, windowEnd, true, out var last, out var lastBytes))
        {
            stored.Restore(first, last + 1, lastBytes - bytesBefore);
            next = last + 1;
            journal.BytesSoFar = lastBytes;
        }

        // Of a client that was connected it is not known which were sent, for its acknowledgements are written later: all of them may have been.
        session.Restore(inflight, stored, next, record.IsConnected ? next : record.SentUpTo);
        // PUBREL makes the client forget the identifier, so that it waits until a power cut cannot bring the PUBLISH back.
        if (!commits.IsSecured) commits.Progress(session, 0, released: null);
    }

    private ProgressRecord LoadProgress(long session)
    {
        var key = StoreKeys.OfNumber(session);
        if (_store.Get(StoreTable.Progress, key) is not { } value) return new ProgressRecord(0, []);

        var reader = new RecordReader(StoreTable.Progress, key, value);
        return ProgressRecord.Read(ref reader);
    }

    /// <summary>What was in flight, as far as something behind it is done or owes a PUBREL: few enough to be read now.</summary>
    private List<(long Sequence, OutboundMessage Message, InflightState State)> LoadWindow(Session session, in ProgressRecord progress)
    {
        var inflight = new List<(long Sequence, OutboundMessage Message, InflightState State)>();
        var next = progress.Head;
        var exceptions = progress.Exceptions;
        foreach (var (sequence, state, length) in exceptions)
        {
            AddWaiting(session, next, sequence, inflight);
            for (var i = 0L; state == ProgressState.Pubrel && i < length; i++) inflight.Add((sequence + i, default, InflightState.Pubrel));

            next = sequence + length;
        }

        AddWaiting(session, next, progress.End, inflight);
        return inflight;
    }

    private void AddWaiting(Session session, long from, long to, List<(long Sequence, OutboundMessage Message, InflightState State)> inflight)
    {
        if (from >= to) return;

        var page = new List<OutboundMessage>();
        while (!QueuePage.Read(context, session, page.Count == 0 ? from : page[^1].Sequence + 1, to, int.MaxValue, page))
        {
            // A part at a time, for messages may be large.
        }

        foreach (var outbound in page)
        {
            // At QoS 0 there is nothing to be sent again.
            if (outbound.Qos != Qos.AtMostOnce) inflight.Add((outbound.Sequence, outbound, InflightState.Publish));
        }
    }

    /// <summary>The last entry of a queue with the bytes up to it, or the first one from a number on with the bytes before it.</summary>
    private bool TryFind(long session, long from, bool isLast, out long sequence, out long bytes)
    {
        (sequence, bytes) = (0, 0);
        using var cursor = _store.Scan(StoreTable.Queue, StoreKeys.OfQueue(session, from), StoreKeys.OfNumber(session + 1), isLast);
        if (!cursor.MoveNext()) return false;

        var reader = new RecordReader(StoreTable.Queue, cursor.Key, cursor.Value);
        sequence = StoreKeys.SequenceOf(cursor.Key);
        if (isLast)
        {
            bytes = QueueRecord.ReadBytesSoFar(ref reader);
            return true;
        }

        var record = QueueRecord.Read(ref reader);
        bytes = record.BytesSoFar - ((record.Message ?? QueuePage.FindMessage(_store, record.MessageNumber))?.Size ?? 0);
        return true;
    }

    private void End(Session session)
    {
        var journal = session.Journal!;
        commits.Change(new SessionChange(session, ++journal.Version, null), isUrgent: false);
        _sessions.Add(journal.Number, session);
    }

    /// <summary>Counts what the queues refer to, and what is missing in them, over the store as it is now, while the broker begins to serve.</summary>
    private void BeginRecount(bool isUnclean)
    {
        var cursor = _store.Scan(StoreTable.Queue, default, default);
        var messages = isUnclean ? _store.Scan(StoreTable.Messages, default, default) : null;
        context.Scheduler.Schedule(_ => Count(cursor, messages), null);
    }

    private void Count(StoreCursor cursor, StoreCursor? messages)
    {
        var unneeded = new List<long>();
        var references = new SharedMessages();
        var abandoned = new List<long>();
        var gaps = new GapSearch(_store);
        var session = 0L;
        ProgressRecord progress = default;
        try
        {
            using (messages)
            using (cursor)
            {
                while (cursor.MoveNext())
                {
                    if (StoreKeys.NumberOf(cursor.Key) != session)
                    {
                        session = StoreKeys.NumberOf(cursor.Key);
                        progress = _progress.GetValueOrDefault(session, new ProgressRecord(0, []));
                        gaps.Begin(_sessions.GetValueOrDefault(session));
                        if (!_sessions.ContainsKey(session)) abandoned.Add(session);
                    }

                    var reader = new RecordReader(StoreTable.Queue, cursor.Key, cursor.Value);
                    var number = QueueRecord.ReadMessageNumber(ref reader);
                    var sequence = StoreKeys.SequenceOf(cursor.Key);
                    if (number != 0 && !progress.IsDone(sequence)) references.Add(number, 1);
                    if (sequence >= progress.End) gaps.Add(cursor.Key, cursor.Value);
                }

                gaps.Begin(null);

                while (messages is not null && messages.MoveNext())
                {
                    var number = StoreKeys.NumberOf(messages.Key);
                    if (references.Get(number) == 0) unneeded.Add(number);
                }
            }
        }
        catch (StoreException exception)
        {
            // Nothing is removed then, which wastes space and loses nothing.
            Log.RecountFailed(context.Logger, exception.Message);
            return;
        }

        commits.EndRecount(new Recount(references, unneeded, abandoned));
    }
}
