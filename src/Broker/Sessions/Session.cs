using Avocet.Broker.Connections;
using Avocet.Broker.Monitoring;
using Avocet.Broker.Routing;
using Avocet.Broker.Security;
using Avocet.Broker.Storage;
using Avocet.Broker.Storage.Records;
using Avocet.Broker.Time;
using Avocet.Broker.Topics;
using Avocet.Broker.Wills;
using Avocet.Protocol;
using Avocet.Protocol.Packets;

namespace Avocet.Broker.Sessions;

/// <summary>
/// The state of one client identifier: subscriptions, messages in flight and queued, QoS 2 identifiers received. It lives on without a
/// connection for its Session Expiry Interval. One short lock guards it, which is the session itself: a lock of its own would be another object for each; under that lock only the connection's writer, the subscription index,
/// the retained store and the commits may be called, never a flush.
/// </summary>
internal sealed class Session : ICommitWaiter
{
    /// <summary>The messages, made with the first one that is not sent at QoS 0: many sessions never have any.</summary>
    private Outbound? _outbound;

    private SessionSubscriptions _subscriptions = new();
    private Dictionary<ushort, long>? _receivedQos2;
    private volatile Connection? _connection;
    private bool _hasEnded;

    public Session(string clientId, string mountPoint, Journal? journal, BrokerContext context)
    {
        ClientId = clientId;
        MountPoint = mountPoint;
        Journal = journal;
        Context = context;
    }

    public string ClientId { get; }

    public string MountPoint { get; }

    public BrokerContext Context { get; }

    /// <summary>What the store knows of it; null when it lives in memory only.</summary>
    public Journal? Journal { get; }

    /// <summary>Whether it survives a restart of the broker.</summary>
    public bool IsDurable => Journal is not null;

    /// <summary>The connection that serves the session now, or null.</summary>
    public Connection? Connection => _connection;

    public bool IsConnected => _connection is not null;

    /// <summary>What the client of the present or last connection may do; null for everything, and where there was none since the broker's start.</summary>
    public ClientAccess? Access { get; private set; }

    /// <summary>Seconds that the session outlives its connection. Guarded by the registry.</summary>
    public uint ExpirySeconds { get; set; }

    /// <summary>The will of the present or the last connection. Guarded by the registry.</summary>
    public Will? Will { get; set; }

    /// <summary>The timer of expiry and will delay, made when first needed. Guarded by the registry.</summary>
    public SessionTimer? Timer { get; private set; }

    /// <summary>When the session ends, in milliseconds of the clock, while it has no connection. Guarded by the registry.</summary>
    public long ExpiresAt
    {
        get => Timer?.ExpiresAt ?? Clock.Never;
        set
        {
            if (value != ExpiresAt) (Timer ??= new SessionTimer(this)).ExpiresAt = value;
        }
    }

    /// <summary>When the will is published, while the session has no connection. Guarded by the registry.</summary>
    public long WillDueAt
    {
        get => Timer?.WillDueAt ?? Clock.Never;
        set
        {
            if (value != WillDueAt) (Timer ??= new SessionTimer(this)).WillDueAt = value;
        }
    }

    /// <summary>Messages in flight to the present connection at most.</summary>
    public int InflightMax { get; private set; }

    /// <summary>Messages dropped so far, by cause.</summary>
    public SessionDrops Drops
    {
        get
        {
            lock (this) return Messages.Drops;
        }
    }

    /// <summary>The same, or null where none was; makes nothing, for most sessions drop nothing.</summary>
    public SessionDrops? FindDrops()
    {
        lock (this) return _outbound?.DropsSoFar;
    }

    /// <summary>Messages sent, or to be sent again, and not acknowledged.</summary>
    public int InflightCount
    {
        get
        {
            lock (this) return _outbound?.InflightCount ?? 0;
        }
    }

    public int SubscriptionCount
    {
        get
        {
            lock (this) return _subscriptions.Count;
        }
    }

    /// <summary>Messages waiting beyond those in flight, and their bytes.</summary>
    public (long Messages, long Bytes) Queued
    {
        get
        {
            lock (this) return _outbound?.Queued ?? default;
        }
    }

    /// <summary>The sequence number behind everything that was ever sent.</summary>
    public long SentUpTo
    {
        get
        {
            lock (this) return _outbound?.SentUpTo ?? 0;
        }
    }

    /// <summary>
    /// Gives the session a connection: CONNACK goes out first [MQTT-3.2.0-1], then what is unacknowledged in its original order
    /// [MQTT-4.6.0-1], then what is queued.
    /// </summary>
    /// <param name="connection">The connection.</param>
    /// <param name="connack">The encoded CONNACK.</param>
    /// <param name="inflightMax">The client's Receive Maximum, or less.</param>
    /// <param name="after">The batch that has to be kept before any of it goes out; 0 for none.</param>
    public void Attach(Connection connection, ReadOnlySpan<byte> connack, int inflightMax, long after)
    {
        lock (this)
        {
            if (after != 0) connection.Writer.HoldUntil(after);

            connection.Writer.Write(connack, Statistics.SentCounterOf(PacketType.Connack));
            InflightMax = inflightMax;
            _outbound?.Attach();
            Access = connection.Access;
            _connection = connection;
            Pump(Context.Clock.Now);
        }
    }

    /// <summary>Takes the connection away; what was sent and not acknowledged is sent again on the next one.</summary>
    public void Detach()
    {
        lock (this) _connection = null;
    }

    /// <summary>Takes a message for this session, in whatever way is possible now.</summary>
    public DeliveryResult Deliver(ref Publication publication, in Delivery delivery, SharedGroup? group, long now, FlushBatch batch)
    {
        var qos = publication.Qos < delivery.Qos ? publication.Qos : delivery.Qos;
        var retain = delivery.RetainAsPublished && publication.Retain;
        // Asked here, so that another member of a shared group gets what this client may not read.
        if (Access is { } access && !access.MayReceive(publication.TopicName))
        {
            SessionEvents.Denied(this, access, publication.TopicName);
            return DeliveryResult.Skipped;
        }

        Connection? connection;
        DeliveryResult result;
        if (qos == Qos.AtMostOnce && !Context.Options.QueueQos0)
        {
            // Nothing at QoS 0 ever waits, so that it needs no lock.
            connection = _connection;
            result = connection is null ? DeliveryResult.Skipped : SendAtMostOnce(connection, ref publication, retain, delivery.SubscriptionIds, now);
        }
        else
        {
            lock (this)
            {
                if (_hasEnded) return DeliveryResult.Skipped;

                connection = _connection;
                result = Messages.Deliver(connection, ref publication, qos, retain, delivery.SubscriptionIds, group, now, batch.Changes);
            }
        }

        if (result == DeliveryResult.Sent) batch.Add(connection!.Writer);
        return result;
    }

    /// <summary>Handles PUBACK. False when the identifier belongs to a QoS 2 message, which is a protocol error.</summary>
    public bool TryAcknowledge(Connection connection, ushort packetId)
    {
        lock (this)
        {
            if (_connection != connection) return true;
            if (_outbound is null) return true;
            if (!_outbound.TryAcknowledge(packetId)) return false;

            Pump(connection.LastReceivedAt);
            return true;
        }
    }

    /// <summary>Handles PUBREC. False when the identifier belongs to a QoS 1 message, which is a protocol error.</summary>
    public bool TryReceive(Connection connection, ushort packetId, ReasonCode reason)
    {
        lock (this)
        {
            if (_connection != connection) return true;
            if (!Messages.TryReceive(connection, packetId, reason)) return false;

            Pump(connection.LastReceivedAt);
            return true;
        }
    }

    /// <summary>Handles PUBCOMP.</summary>
    public void Complete(Connection connection, ushort packetId)
    {
        lock (this)
        {
            if (_connection != connection) return;

            _outbound?.Complete(packetId);
            Pump(connection.LastReceivedAt);
        }
    }

    /// <summary>
    /// Notes the identifier of a QoS 2 PUBLISH until its PUBREL. False when it is there already: the message was routed before.
    /// [MQTT-4.3.3-10]
    /// </summary>
    /// <param name="packetId">The identifier.</param>
    /// <param name="after">The batch that keeps it, where it is there already and its message touched the store; else 0.</param>
    public bool TryBeginQos2(ushort packetId, out long after)
    {
        after = 0;
        lock (this)
        {
            _receivedQos2 ??= [];
            if (_receivedQos2.TryGetValue(packetId, out after)) return false;

            _receivedQos2.Add(packetId, 0);
            return true;
        }
    }

    /// <summary>The identifier is kept in the batch of its message, or in one that nobody waits for.</summary>
    public void KeepQos2(ushort packetId, long batch)
    {
        lock (this)
        {
            if (_receivedQos2 is not null && _receivedQos2.ContainsKey(packetId)) _receivedQos2[packetId] = batch;
        }
    }

    /// <summary>Forgets the identifier; false when it was not there.</summary>
    public bool EndQos2(ushort packetId) => EndQos2(packetId, out _);

    /// <summary>Forgets the identifier; false when it was not there.</summary>
    /// <param name="packetId">The identifier.</param>
    /// <param name="after">The batch that forgets it too, or 0.</param>
    public bool EndQos2(ushort packetId, out long after)
    {
        after = 0;
        lock (this)
        {
            if (_receivedQos2 is null || !_receivedQos2.Remove(packetId, out var batch)) return false;

            if (batch != 0) after = Context.Commits!.Received(new ReceivedChange(this, packetId, IsAdded: false));
            return true;
        }
    }

    /// <summary>Whether one subscription more is allowed; to replace one always is.</summary>
    public bool MaySubscribe(ReadOnlySpan<byte> filter)
    {
        var max = Context.Options.SubscriptionsMax;
        lock (this) return max == 0 || _subscriptions.Count < max || _subscriptions.TryGet(filter, out _);
    }

    /// <summary>Adds or replaces a subscription [MQTT-3.8.4-3]; tells whether there was one to this filter.</summary>
    /// <param name="filter">The whole filter, mount point included.</param>
    /// <param name="options">As granted.</param>
    /// <param name="subscriptionId">The Subscription Identifier, or 0.</param>
    /// <param name="existed">Whether there was one.</param>
    /// <param name="after">The batch that keeps it, or 0.</param>
    public Subscription Subscribe(ReadOnlySpan<byte> filter, SubscriptionOptions options, uint subscriptionId, out bool existed, out long after)
    {
        after = 0;
        lock (this)
        {
            existed = _subscriptions.TryGet(filter, out var old);
            var subscription = new Subscription(this, existed ? old!.Filter : filter.ToArray(), options, subscriptionId);
            _subscriptions.Set(subscription);
            if (existed) RetainedReplays.Replace(old!, subscription);
            // A session that has just ended must leave nothing in the index.
            if (_hasEnded) return subscription;

            Context.Index.Add(subscription, old);
            if (IsDurable) after = Journal!.SubscriptionsIn = PutSubscription(subscription, subscription.Replay is not null);
            return subscription;
        }
    }

    /// <summary>Removes the subscription to exactly this filter [MQTT-3.10.4-1]; false when there is none.</summary>
    /// <param name="filter">The whole filter, mount point included.</param>
    /// <param name="after">The batch that keeps this, or 0.</param>
    public bool Unsubscribe(ReadOnlySpan<byte> filter, out long after)
    {
        after = 0;
        lock (this)
        {
            // That there is none may itself wait to be kept.
            after = Journal?.SubscriptionsIn ?? 0;
            if (!_subscriptions.Remove(filter, out var subscription)) return false;

            // Nothing is added for delivery any more, retained messages included. [MQTT-3.10.4-2]
            if (subscription.Replay is not null) Messages.Replays.Remove(subscription);
            if (_hasEnded) return true;

            Context.Index.Remove(subscription);
            if (Journal is not null) after = Journal.SubscriptionsIn = Context.Commits!.Delete(StoreTable.Subscriptions, StoreKeys.OfSubscription(Journal.Number, filter));
            return true;
        }
    }

    /// <summary>Notes a subscription for the store, and returns the batch that will hold it.</summary>
    public long PutSubscription(Subscription subscription, bool owesRetained)
    {
        var writer = new RecordWriter();
        new SubscriptionRecord(subscription.Options, subscription.SubscriptionIds?[0] ?? 0, owesRetained).Write(writer);
        return Context.Commits!.Put(StoreTable.Subscriptions, StoreKeys.OfSubscription(Journal!.Number, subscription.Filter), writer.Written);
    }

    /// <summary>The first messages in flight and in the queue, as far as they are in memory, and how many are queued in all.</summary>
    public (List<OutboundMessage> Inflight, OutboundMessage[] Queued, long QueuedTotal) PeekMessages(int max)
    {
        lock (this)
        {
            if (_outbound is null) return ([], [], 0);

            var (inflight, queued) = _outbound.Peek(max);
            return (inflight, queued, _outbound.Queued.Messages);
        }
    }

    /// <summary>The sequence number behind everything that was queued so far.</summary>
    public long NextSequence
    {
        get
        {
            lock (this) return _outbound?.NextSequence ?? 0;
        }
    }

    /// <summary>Gives up what waits in memory below a sequence number, and counts it; tells whether more of it waits in the store.</summary>
    public int DropQueued(long below, out bool hasMore)
    {
        hasMore = false;
        lock (this) return _outbound?.DropQueued(below, out hasMore) ?? 0;
    }

    /// <summary>The subscriptions at present.</summary>
    public List<Subscription> ListSubscriptions()
    {
        lock (this) return [.. _subscriptions.All];
    }

    /// <summary>The subscription to exactly this filter, or null.</summary>
    public Subscription? FindSubscription(byte[] filter)
    {
        lock (this) return _subscriptions.TryGet(filter, out var subscription) ? subscription : null;
    }

    /// <summary>
    /// Lets the retained messages that match a new subscription follow, behind its SUBACK, which waits for a batch. Call <see cref="Resume"/> afterwards.
    /// </summary>
    public void Replay(Subscription subscription, long after)
    {
        lock (this)
        {
            // The filter may have come twice in one SUBSCRIBE.
            if (_hasEnded || !_subscriptions.TryGet(subscription.Filter, out var current)) return;

            Messages.Replay(current, after);
            if (IsDurable) PutSubscription(current, owesRetained: true);
        }
    }

    /// <summary>Sends what can be sent now; called when the connection has room again.</summary>
    public void Resume()
    {
        Connection? connection;
        lock (this)
        {
            connection = _connection;
            if (connection is null) return;

            Pump(Context.Clock.Now);
        }

        connection.Writer.Flush();
        Context.Commits?.Kick();
    }

    /// <summary>The next slice of a replay of retained messages.</summary>
    public void ContinueReplay()
    {
        lock (this) _outbound?.ContinueReplay();

        Resume();
    }

    /// <summary>What it waited for is kept, or will not be.</summary>
    public void OnCommit(FlushBatch batch)
    {
        Connection? connection;
        lock (this)
        {
            _outbound?.OnCommit();
            connection = _connection;
            if (connection is null) return;
        }

        // A SUBACK goes out before the retained messages that follow it.
        connection.Writer.OnCommit(batch);
        lock (this) Pump(Context.Clock.Now);

        batch.Add(connection.Writer);
    }

    /// <summary>Where the next part of the stored queue begins; false when there is none any more.</summary>
    public bool TryGetStoredFrom(out long from)
    {
        from = 0;
        lock (this) return _outbound is not null && _outbound.TryGetStoredFrom(out from);
    }

    /// <summary>Takes a part of the stored queue, and sends what can be sent.</summary>
    public void TakePage(IReadOnlyList<OutboundMessage> page, bool isLast)
    {
        lock (this)
        {
            if (!_hasEnded) Messages.TakePage(page, isLast, Context.Clock.Now);
        }

        Resume();
        Context.Commits?.Kick();
    }

    /// <summary>A part of the stored queue could not be read; it is tried again some times.</summary>
    public void MissPage()
    {
        lock (this) _outbound?.MissPage();
    }

    /// <summary>Gives up a message that could not be stored and that its publisher was told about. False when it was done with before.</summary>
    public bool Discard(in OutboundMessage outbound)
    {
        lock (this) return _outbound is not null && _outbound.Discard(outbound);
    }

    /// <summary>Whether a delivery needs its message no more.</summary>
    public bool IsDone(long sequence)
    {
        lock (this) return _outbound is not null && _outbound.IsDone(sequence);
    }

    /// <summary>How far the deliveries have come.</summary>
    public ProgressRecord GetProgress()
    {
        lock (this) return Messages.GetProgress();
    }

    /// <summary>Goes on where the broker ended.</summary>
    public void Restore(IReadOnlyCollection<(byte[] Filter, SubscriptionRecord Record)> subscriptions, IReadOnlyCollection<ushort> receivedQos2)
    {
        lock (this)
        {
            foreach (var (filter, record) in subscriptions)
            {
                var subscription = new Subscription(this, filter, record.Options, record.SubscriptionId);
                _subscriptions.Set(subscription);
                Context.Index.Add(subscription, null);
                if (record.OwesRetained) Messages.Replays.Add(subscription);
            }

            foreach (var packetId in receivedQos2) (_receivedQos2 ??= [])[packetId] = CommitBatcher.Found;
        }
    }

    /// <summary>Goes on with the messages, once the subscriptions are there.</summary>
    public void Restore(IEnumerable<(long Sequence, OutboundMessage Message, InflightState State)> inflight, StoredTail stored, long nextSequence, long sentBeforeUpTo)
    {
        lock (this) Messages.Restore(inflight, stored, nextSequence, sentBeforeUpTo);
    }

    /// <summary>Learns what is missing in the stored queue.</summary>
    public void PassOver(IEnumerable<QueueGap> gaps)
    {
        lock (this) _outbound?.PassOver(gaps);
    }

    /// <summary>
    /// Ends the session: nothing is delivered to it any more. What it got as a member of a shared group and did not finish is returned, for
    /// other members. QoS 2 messages in flight stay with their client. [MQTT-4.8.2-5]
    /// </summary>
    /// <param name="storedFrom">Where the part of its queue begins that is in the store only.</param>
    /// <param name="groups">Its shared subscriptions, if it has such a part; else null.</param>
    public List<OutboundMessage> End(out long storedFrom, out IReadOnlyDictionary<byte[], SharedGroup>? groups)
    {
        lock (this)
        {
            _hasEnded = true;
            _connection = null;
            storedFrom = 0;
            groups = _outbound is not null && _outbound.TryGetStoredFrom(out storedFrom) ? FindGroups() : null;
            foreach (var subscription in _subscriptions.All) Context.Index.Remove(subscription);

            _subscriptions.Clear();
            _receivedQos2 = null;
            Journal?.LastProgress = Messages.GetProgress();
            return _outbound?.End() ?? [];
        }
    }

    /// <summary>Sends a message at QoS 0, or counts why not. Needs no lock: nothing at QoS 0 ever waits.</summary>
    public DeliveryResult SendAtMostOnce(Connection connection, ref Publication publication, bool retain, uint[]? subscriptionIds, long now)
    {
        switch (connection.Writer.WritePublish(ref publication, new PublishShape(Qos.AtMostOnce, retain, false, 0, subscriptionIds), now))
        {
            case WriteResult.Written:
                return DeliveryResult.Sent;

            case WriteResult.NoRoom:
                CountDrop(ref Drops.SlowConsumer, Counter.DroppedSlowConsumer, publication.TopicName);
                return DeliveryResult.Skipped;

            case WriteResult.TooLarge:
                CountDrop(ref Drops.TooLarge, Counter.DroppedTooLarge, publication.TopicName);
                return DeliveryResult.Skipped;

            default:
                return DeliveryResult.Skipped;
        }
    }

    /// <summary>Counts a message that is dropped, for the session and for the broker.</summary>
    public void CountDrop(ref long cause, Counter counter, ReadOnlySpan<byte> topicName)
    {
        Interlocked.Increment(ref cause);
        Context.Statistics.Add(counter);
        SessionEvents.Dropped(this, counter, topicName);
    }

    /// <summary>The messages. Under the gate.</summary>
    private Outbound Messages => _outbound ??= new Outbound(this, Context);

    private Dictionary<byte[], SharedGroup>? FindGroups()
    {
        var groups = new Dictionary<byte[], SharedGroup>(Utf8Comparer.Instance);
        foreach (var subscription in _subscriptions.All)
        {
            if (subscription.Group is { } group) groups.Add(subscription.Filter, group);
        }

        return groups.Count > 0 ? groups : null;
    }

    private void Pump(long now)
    {
        if (_connection is { } connection) _outbound?.Pump(connection, now);
    }
}
