using System.Text;
using System.Text.Unicode;
using Avocet.Broker.Storage;
using Avocet.Broker.Storage.Records;
using Avocet.Protocol;
using Avocet.Protocol.Topics;

namespace Avocet.Cli.Store.Mosquitto;

/// <summary>
/// Moves sessions, subscriptions, queued and retained messages from Mosquitto's file. Messages in flight keep their Packet Identifiers, so that the client
/// recognises what it has seen.
/// </summary>
internal sealed class MosquittoImport
{
    private const int PacketIdCount = ushort.MaxValue;

    private readonly MosquittoFile _file;
    private readonly MosquittoIndex _index;
    private readonly ImportTarget _target;
    private readonly TimeProvider _timeProvider;
    private readonly Dictionary<ulong, long> _shared = [];
    private readonly Dictionary<string, MessageRecord> _lateRetained = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _next = new(StringComparer.Ordinal);
    private readonly List<string> _notes = [];
    private long _missing;
    private long _invalid;

    private MosquittoImport(MosquittoFile file, MosquittoIndex index, ImportTarget target, TimeProvider timeProvider)
    {
        _file = file;
        _index = index;
        _target = target;
        _timeProvider = timeProvider;
    }

    /// <summary>Imports everything or nothing, and tells in a line each what was moved and what could not be.</summary>
    /// <exception cref="ImportException">The file is damaged, or a session is there already.</exception>
    public static ImportCounts Run(IStore store, bool mayReplace, MosquittoFile file, TimeProvider timeProvider, Action<string> tell)
    {
        var index = MosquittoIndex.Of(file);
        new MosquittoImport(file, index, new ImportTarget(store, mayReplace, isRehearsal: true), timeProvider).RunOnce();
        var import = new MosquittoImport(file, index, new ImportTarget(store, mayReplace, isRehearsal: false), timeProvider);
        import.RunOnce();
        import.WriteNotes(tell);
        return import._target.Counts;
    }

    private void RunOnce()
    {
        AddSharedMessages();
        foreach (var client in _index.Clients) AddSession(client);
        foreach (var client in _index.Clients)
        {
            foreach (var delivery in client.Incoming) Route(client, delivery);
        }

        AddRetained();
        _target.Finish();
    }

    /// <summary>A message that several sessions are to get is stored once.</summary>
    private void AddSharedMessages()
    {
        var needed = new HashSet<ulong>();
        foreach (var delivery in _index.Clients.SelectMany(client => client.Outgoing))
        {
            if (delivery.OwesPubrel || needed.Add(delivery.MessageId) || _shared.ContainsKey(delivery.MessageId)) continue;
            if (FindValid(delivery.MessageId) is not { } message) continue;

            _shared.Add(delivery.MessageId, _shared.Count + 1);
            _target.AddMessage(_shared.Count, message);
        }
    }

    private void AddSession(MosquittoClient client)
    {
        var progress = ProgressOf(client, out var sequences, out var sentUpTo);
        var number = _target.AddSession(new SessionRecord
        {
            ClientId = client.ClientId,
            MountPoint = "",
            ExpirySeconds = client.ExpirySeconds,
            ExpiresAt = ExpiresAt(client),
            SentUpTo = sentUpTo,
        });
        _target.SetProgress(number, progress);
        foreach (var (filter, subscription) in client.Subscriptions)
        {
            if (Utf8.IsValid(filter) && StoreImport.IsValid(filter)) _target.AddSubscription(number, filter, subscription);
            else _notes.Add($"Left out: the topic filter '{Encoding.UTF8.GetString(filter)}' of session '{client.ClientId}', which MQTT does not allow.");
        }

        if (client.Subscriptions.Count == 0)
        {
            _notes.Add(
                $"Session '{client.ClientId}' has no subscriptions in the file. Mosquitto does not save shared ones ($share/…): "
                + "if it had any, its client has to subscribe again.");
        }

        foreach (var delivery in client.Incoming) _target.AddReceived(number, delivery.PacketId);
        for (var i = 0; i < client.Outgoing.Count; i++)
        {
            if (!client.Outgoing[i].OwesPubrel) AddQueued(client.ClientId, client.Outgoing[i], sequences[i]);
        }
    }

    /// <summary>
    /// Gives each message to the client its sequence number, which tells the Packet Identifier: to those in flight the one they were sent with, to the
    /// others the next ones. What lies between counts as done.
    /// </summary>
    private ProgressRecord ProgressOf(MosquittoClient client, out long[] sequences, out long sentUpTo)
    {
        var runs = new List<ProgressException>();
        sequences = new long[client.Outgoing.Count];
        long next = client.LastPacketId, head = -1;
        if (client.Outgoing.Find(delivery => delivery.MayBeSent) is { PacketId: > 0 } first) next = first.PacketId - 1;

        sentUpTo = next;
        for (var i = 0; i < sequences.Length; i++)
        {
            var delivery = client.Outgoing[i];
            var sequence = delivery.MayBeSent ? next + ((delivery.PacketId - 1 - next) % PacketIdCount + PacketIdCount) % PacketIdCount : next;
            if (head < 0) head = sequence;
            else if (sequence > next) runs.Add(new ProgressException(next, ProgressState.Done, sequence - next));

            if (delivery.OwesPubrel) runs.Add(new ProgressException(sequence, ProgressState.Pubrel));

            sequences[i] = sequence;

            next = sequence + 1;
            if (delivery.MayBeSent) sentUpTo = next;
        }

        _next[client.ClientId] = next;
        return new ProgressRecord(head < 0 ? next : head, runs);
    }

    /// <summary>A client that was connected when the file was written has been gone since.</summary>
    private long? ExpiresAt(MosquittoClient client)
    {
        if (client.ExpirySeconds == Limits.SessionNeverExpires) return null;

        return client.ExpiresAt ?? _timeProvider.GetUtcNow().ToUnixTimeMilliseconds() + (client.ExpirySeconds * 1000L);
    }

    private void AddQueued(string clientId, in MosquittoDelivery delivery, long sequence)
    {
        var number = _shared.GetValueOrDefault(delivery.MessageId);
        var message = number == 0 ? FindValid(delivery.MessageId) : null;
        if (number == 0 && message is null) return;

        _target.AddQueued(clientId, sequence, new QueueRecord
        {
            Qos = delivery.Qos,
            Retain = delivery.Retain,
            SubscriptionIds = delivery.SubscriptionIds,
            MessageNumber = number,
            Message = message,
        });
    }

    /// <summary>
    /// Mosquitto routes a QoS 2 message when its PUBREL comes, Avocet when the message comes: what has come so far is routed now, and the PUBREL will end it.
    /// </summary>
    private void Route(MosquittoClient publisher, in MosquittoDelivery delivery)
    {
        if (FindValid(delivery.MessageId) is not { } message) return;

        if (message.Retain) _lateRetained[Encoding.UTF8.GetString(message.TopicName)] = message;
        foreach (var client in _index.Clients)
        {
            var mayEcho = client != publisher;
            var matching = client.Subscriptions
                .Where(entry => Matches(entry.Filter, message.TopicName) && (mayEcho || !entry.Subscription.Options.NoLocal))
                .ToList();
            if (matching.Count == 0) continue;

            var qos = (Qos)Math.Min((int)delivery.Qos, matching.Max(entry => (int)entry.Subscription.Options.MaximumQos));
            if (qos == Qos.AtMostOnce) continue;

            var ids = matching.Select(entry => entry.Subscription.SubscriptionId).Where(id => id != 0).ToArray();
            _target.AddQueued(client.ClientId, _next[client.ClientId]++, new QueueRecord
            {
                Qos = qos,
                Retain = message.Retain && matching.Exists(entry => entry.Subscription.Options.RetainAsPublished),
                SubscriptionIds = ids.Length == 0 ? null : ids,
                Message = message,
            });
        }
    }

    private static bool Matches(byte[] filter, byte[] topicName) =>
        Utf8.IsValid(filter) && StoreImport.IsValid(filter) && !SharedFilter.IsShared(filter) && TopicFilter.Matches(filter, topicName);

    private void AddRetained()
    {
        foreach (var messageId in _index.Retained)
        {
            if (FindValid(messageId) is { } message && !_lateRetained.ContainsKey(Encoding.UTF8.GetString(message.TopicName))) _target.SetRetained(message);
        }

        foreach (var message in _lateRetained.Values)
        {
            // An empty one clears the topic. [MQTT-3.3.1-6]
            if (message.Payload.Length > 0) _target.SetRetained(message);
        }
    }

    private MessageRecord? FindValid(ulong messageId)
    {
        if (_index.Find(_file, messageId) is not { } message)
        {
            _missing++;
            return null;
        }

        if (Utf8.IsValid(message.TopicName) && TopicName.IsValid(message.TopicName) && StoredProperties.AreValid(message.Properties)) return message;

        _invalid++;
        return null;
    }

    private void WriteNotes(Action<string> tell)
    {
        foreach (var note in _notes) tell(note);
        if (_index.CleanSessions > 0) tell($"Left out: {_index.CleanSessions} sessions that end with their connections.");
        if (_index.WithoutClient > 0) tell($"Left out: {_index.WithoutClient} subscriptions and deliveries of clients without a lasting session.");
        if (_missing > 0) tell($"Left out: {_missing} deliveries or retained messages whose message is not in the file.");
        if (_invalid > 0) tell($"Left out: {_invalid} deliveries or retained messages whose topic or properties MQTT does not allow.");
        if (_index.UnknownChunks > 0) tell($"Left out: {_index.UnknownChunks} records of a kind that is not known here.");
    }
}
