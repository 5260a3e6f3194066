using System.Text;
using Avocet.Broker.Storage;
using Avocet.Broker.Storage.Records;
using Avocet.Security.Users;

namespace Avocet.Cli.Store;

/// <summary>
/// A store that takes sessions and messages from elsewhere, under numbers of its own, in batches. A rehearsal finds everything that a real run would refuse,
/// and writes nothing.
/// </summary>
internal sealed class ImportTarget
{
    private const int BatchBytes = 1024 * 1024;

    private readonly IStore _store;
    private readonly bool _mayReplace;
    private readonly bool _isRehearsal;
    private readonly StoreBatch _batch = new();
    private readonly RecordWriter _writer = new();
    private readonly Dictionary<string, long> _existing = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Queue> _imported = new(StringComparer.Ordinal);
    private readonly Dictionary<long, int> _messageSizes = [];
    private readonly HashSet<string> _users = new(StringComparer.Ordinal);
    private readonly HashSet<string> _retained = new(StringComparer.Ordinal);
    private long _nextSession;
    private long _nextMessage;

    /// <exception cref="StoreException">The store cannot be read.</exception>
    public ImportTarget(IStore store, bool mayReplace, bool isRehearsal)
    {
        _store = store;
        _mayReplace = mayReplace;
        _isRehearsal = isRehearsal;
        (_nextSession, _nextMessage) = StoreNumbers.Next(store);
        using var sessions = StoreReading.ScanAll(store, StoreTable.Sessions);
        while (sessions.MoveNext()) _existing[StoreReading.ReadSession(sessions).ClientId] = StoreKeys.NumberOf(sessions.Key);
        MessageBase = _nextMessage - 1;
    }

    public ImportCounts Counts { get; } = new();

    /// <summary>What is added to the number of an imported message.</summary>
    public long MessageBase { get; }

    /// <summary>Adds a session and returns its number.</summary>
    /// <exception cref="ImportException">There is one with the same client identifier.</exception>
    public long AddSession(SessionRecord session)
    {
        if (_imported.ContainsKey(session.ClientId)) throw new ImportException("clientId", $"'{session.ClientId}' has a second session");
        if (_existing.Remove(session.ClientId, out var existing))
        {
            if (!_mayReplace) throw new ImportException("clientId", $"'{session.ClientId}' has a session here already; --replace puts the imported one in its place");

            RemoveSession(existing);
            Counts.Replaced++;
        }

        var number = _nextSession++;
        _imported.Add(session.ClientId, new Queue(number));
        session.Write(_writer.Clear());
        Put(StoreTable.Sessions, StoreKeys.OfNumber(number));
        Counts.Sessions++;
        return number;
    }

    public void AddSubscription(long session, ReadOnlySpan<byte> filter, SubscriptionRecord subscription)
    {
        subscription.Write(_writer.Clear());
        Put(StoreTable.Subscriptions, StoreKeys.OfSubscription(session, filter));
        Counts.Subscriptions++;
    }

    public void AddReceived(long session, ushort packetId)
    {
        _writer.Clear();
        Put(StoreTable.Received, StoreKeys.OfReceived(session, packetId));
    }

    public void SetProgress(long session, ProgressRecord progress)
    {
        if (progress is { Head: 0, Exceptions.Count: 0 }) return;

        progress.Write(_writer.Clear());
        Put(StoreTable.Progress, StoreKeys.OfNumber(session));
    }

    /// <summary>Adds a message that several sessions share; <paramref name="number"/> is the one it has where it comes from.</summary>
    /// <exception cref="ImportException">There was one with this number.</exception>
    public void AddMessage(long number, MessageRecord message)
    {
        if (number < 1 || number > long.MaxValue / 2) throw new ImportException("number", $"is {number}; a number begins at 1");
        if (!_messageSizes.TryAdd(number, StoreReading.SizeOf(message))) throw new ImportException("number", $"{number} has a second message");

        _nextMessage = Math.Max(_nextMessage, MessageBase + number + 1);
        message.Write(_writer.Clear());
        Put(StoreTable.Messages, StoreKeys.OfNumber(MessageBase + number));
    }

    /// <summary>Adds a delivery behind those the session has. A message number is that of <see cref="AddMessage"/>.</summary>
    /// <exception cref="ImportException">There is no such session or message, or the sequence number is not beyond the last one.</exception>
    public void AddQueued(string clientId, long sequence, QueueRecord queued)
    {
        if (!_imported.TryGetValue(clientId, out var queue)) throw new ImportException("clientId", $"'{clientId}' has no session line before this one");
        if (sequence < queue.Next) throw new ImportException("sequence", $"is {sequence}; this session has got to {queue.Next} already");

        int size;
        if (queued.Message is { } message)
        {
            size = StoreReading.SizeOf(message);
        }
        else if (!_messageSizes.TryGetValue(queued.MessageNumber, out size))
        {
            throw new ImportException("number", $"{queued.MessageNumber} has no message line before this one");
        }

        queue.Next = sequence + 1;
        queue.Bytes += size;
        var number = queued.Message is null ? MessageBase + queued.MessageNumber : 0;
        (queued with { BytesSoFar = queue.Bytes, MessageNumber = number }).Write(_writer.Clear());
        Put(StoreTable.Queue, StoreKeys.OfQueue(queue.Session, sequence));
        Counts.Queued++;
    }

    /// <summary>Sets the retained message of a topic.</summary>
    /// <exception cref="ImportException">The topic has one already.</exception>
    public void SetRetained(MessageRecord message)
    {
        var topicName = Encoding.UTF8.GetString(message.TopicName);
        if (!_retained.Add(topicName)) throw new ImportException("message.topic", $"'{topicName}' has a second retained message");
        if (!_mayReplace && _store.Get(StoreTable.Retained, message.TopicName) is not null)
        {
            throw new ImportException("message.topic", $"'{topicName}' has a retained message here already; --replace puts the imported one in its place");
        }

        message.Write(_writer.Clear());
        Put(StoreTable.Retained, message.TopicName);
        Counts.Retained++;
    }

    /// <summary>Takes a record of the users' database.</summary>
    public void SetUsers(string key, byte[] record)
    {
        var bytes = Encoding.UTF8.GetBytes(key);
        try
        {
            UserStore.Read("the file", bytes, record);
        }
        catch (StoreException exception)
        {
            throw new ImportException("record", $"of '{key}' cannot be used: {exception.Message.TrimEnd('.')}");
        }

        if (!_users.Add(key)) throw new ImportException("key", $"'{key}' is there twice");
        if (!_mayReplace && _store.Get(StoreTable.Users, bytes) is not null) throw new ImportException("key", $"'{key}' is here already; --replace puts the imported one in its place");

        _writer.Clear().WriteRest(record);
        Put(StoreTable.Users, bytes);
        Counts.Users++;
    }

    /// <summary>Writes what is left, and waits until the medium has it.</summary>
    public void Finish()
    {
        StoreNumbers.Reserve(_batch, _nextSession, _nextMessage);
        Commit(sync: true);
    }

    private void Put(StoreTable table, ReadOnlySpan<byte> key)
    {
        if (_isRehearsal) return;

        _batch.Put(table, key, _writer.Written);
        if (_batch.Size >= BatchBytes) Commit(sync: false);
    }

    private void RemoveSession(long session)
    {
        var (from, to) = (StoreKeys.OfNumber(session), StoreKeys.OfNumber(session + 1));
        foreach (var table in (ReadOnlySpan<StoreTable>)[StoreTable.Sessions, StoreTable.Subscriptions, StoreTable.Received, StoreTable.Progress, StoreTable.Queue])
        {
            _batch.DeleteRange(table, from, to);
        }
    }

    private void Commit(bool sync)
    {
        if (!_isRehearsal) _store.Commit(_batch, sync);

        _batch.Clear();
    }

    private sealed class Queue(long session)
    {
        public long Session { get; } = session;

        /// <summary>The least sequence number that the next delivery may have.</summary>
        public long Next { get; set; }

        public long Bytes { get; set; }
    }
}
