using System.Runtime.CompilerServices;
using Avocet.Broker.Connections;
using Avocet.Broker.Monitoring;
using Avocet.Broker.Routing;
using Avocet.Broker.Time;
using Avocet.Broker.Topics;
using Avocet.Broker.Wills;
using Avocet.Protocol;
using Avocet.Protocol.Packets;

namespace Avocet.Broker.Sessions;

/// <summary>
/// The state of one client identifier: subscriptions, messages in flight and queued, QoS 2 identifiers received. It lives on without a
/// connection for its Session Expiry Interval. One short lock guards it; under that lock only the connection's writer, the subscription index
/// and the retained store may be called, never a flush.
/// </summary>
internal sealed class Session(string clientId, string mountPoint, BrokerContext context)
{
    private readonly Lock _gate = new();
    private readonly InflightWindow _inflight = new();
    private MessageQueue? _queue;
    private Dictionary<byte[], Subscription>? _subscriptions;
    private HashSet<ushort>? _receivedQos2;
    private RetainedReplays? _replays;
    private volatile Connection? _connection;
    private int _inflightMax;
    private int _resendPlace;
    private bool _hasEnded;
    private SessionDrops _drops;

    public string ClientId { get; } = clientId;

    public string MountPoint { get; } = mountPoint;

    /// <summary>The connection that serves the session now, or null.</summary>
    public Connection? Connection => _connection;

    public bool IsConnected => _connection is not null;

    /// <summary>Seconds that the session outlives its connection. Guarded by the registry.</summary>
    public uint ExpirySeconds { get; set; }

    /// <summary>The will of the present or the last connection. Guarded by the registry.</summary>
    public Will? Will { get; set; }

    /// <summary>The timer of expiry and will delay, made when first needed. Guarded by the registry.</summary>
    public SessionTimer? Timer { get; set; }

    /// <summary>When the session ends, in milliseconds of the clock, while it has no connection. Guarded by the registry.</summary>
    public long ExpiresAt { get; set; } = Clock.Never;

    /// <summary>When the will is published, while the session has no connection. Guarded by the registry.</summary>
    public long WillDueAt { get; set; } = Clock.Never;

    /// <summary>Messages dropped so far, by cause.</summary>
    public SessionDrops Drops
    {
        get
        {
            lock (_gate) return _drops;
        }
    }

    /// <summary>Messages waiting beyond those in flight, and their bytes.</summary>
    public (int Messages, long Bytes) Queued
    {
        get
        {
            lock (_gate) return (_queue?.Count ?? 0, _queue?.Bytes ?? 0);
        }
    }

    /// <summary>
    /// Gives the session a connection: CONNACK goes out first [MQTT-3.2.0-1], then what is unacknowledged in its original order
    /// [MQTT-4.6.0-1], then what is queued.
    /// </summary>
    public void Attach(Connection connection, ReadOnlySpan<byte> connack, int inflightMax)
    {
        lock (_gate)
        {
            connection.Writer.Write(connack, Statistics.SentCounterOf(PacketType.Connack));
            _inflight.MarkAllUnsent();
            _resendPlace = 0;
            _inflightMax = inflightMax;
            _connection = connection;
            Pump(context.Clock.Now);
        }
    }

    /// <summary>Takes the connection away; what was sent and not acknowledged is sent again on the next one.</summary>
    public void Detach()
    {
        lock (_gate) _connection = null;
    }

    /// <summary>Takes a message for this session, in whatever way is possible now.</summary>
    public DeliveryResult Deliver(ref Publication publication, in Delivery delivery, SharedGroup? group, long now, FlushBatch batch)
    {
        var qos = publication.Qos < delivery.Qos ? publication.Qos : delivery.Qos;
        var retain = delivery.RetainAsPublished && publication.Retain;
        Connection? connection;
        DeliveryResult result;
        if (qos == Qos.AtMostOnce && !context.Options.QueueQos0)
        {
            // Nothing at QoS 0 ever waits, so that it needs no lock.
            connection = _connection;
            result = connection is null ? DeliveryResult.Skipped : SendAtMostOnce(connection, ref publication, retain, delivery.SubscriptionIds, now);
        }
        else
        {
            lock (_gate)
            {
                if (_hasEnded) return DeliveryResult.Skipped;

                connection = _connection;
                result = DeliverInOrder(connection, ref publication, qos, retain, delivery.SubscriptionIds, group, now);
            }
        }

        if (result == DeliveryResult.Sent) batch.Add(connection!.Writer);
        return result;
    }

    /// <summary>Handles PUBACK. False when the identifier belongs to a QoS 2 message, which is a protocol error.</summary>
    public bool TryAcknowledge(Connection connection, ushort packetId)
    {
        lock (_gate)
        {
            if (_connection != connection) return true;

            ref var item = ref _inflight.Find(packetId);
            if (Unsafe.IsNullRef(ref item)) return true;
            if (item.State == InflightState.Pubrel || item.Outbound.Qos != Qos.AtLeastOnce) return false;

            EndInflight(ref item);
            Pump(context.Clock.Now);
            return true;
        }
    }

    /// <summary>Handles PUBREC: PUBREL follows, or the exchange ends with an error. [MQTT-4.3.3-4] False when it is not a QoS 2 message.</summary>
    public bool TryReceive(Connection connection, ushort packetId, ReasonCode reason)
    {
        lock (_gate)
        {
            if (_connection != connection) return true;

            ref var item = ref _inflight.Find(packetId);
            if (Unsafe.IsNullRef(ref item))
            {
                // The peer may be recovering: 3.x ends the exchange as usual, 5.0 says that the identifier is not known.
                if (!reason.IsError()) connection.Writer.WriteAcknowledgement(PacketType.Pubrel, packetId, ReasonCode.PacketIdentifierNotFound);
                return true;
            }

            if (item.State == InflightState.Publish && item.Outbound.Qos != Qos.ExactlyOnce) return false;

            if (reason.IsError())
            {
                EndInflight(ref item);
                Pump(context.Clock.Now);
                return true;
            }

            item.State = InflightState.Pubrel;
            item.Outbound = default;
            _inflight.MarkSent(ref item);
            connection.Writer.WriteAcknowledgement(PacketType.Pubrel, packetId, ReasonCode.Success);
            return true;
        }
    }

    /// <summary>Handles PUBCOMP.</summary>
    public void Complete(Connection connection, ushort packetId)
    {
        lock (_gate)
        {
            if (_connection != connection) return;

            ref var item = ref _inflight.Find(packetId);
            if (Unsafe.IsNullRef(ref item) || item.State != InflightState.Pubrel) return;

            EndInflight(ref item);
            Pump(context.Clock.Now);
        }
    }

    /// <summary>
    /// Notes the identifier of a QoS 2 PUBLISH until its PUBREL. False when it is there already: the message was routed before.
    /// [MQTT-4.3.3-10]
    /// </summary>
    public bool TryBeginQos2(ushort packetId)
    {
        lock (_gate) return (_receivedQos2 ??= []).Add(packetId);
    }

    /// <summary>Forgets the identifier; false when it was not there.</summary>
    public bool EndQos2(ushort packetId)
    {
        lock (_gate) return _receivedQos2 is not null && _receivedQos2.Remove(packetId);
    }

    /// <summary>Adds or replaces a subscription [MQTT-3.8.4-3]; tells whether there was one to this filter.</summary>
    public Subscription Subscribe(ReadOnlySpan<byte> filter, SubscriptionOptions options, uint subscriptionId, out bool existed)
    {
        lock (_gate)
        {
            var subscriptions = _subscriptions ??= new Dictionary<byte[], Subscription>(Utf8Comparer.Instance);
            var lookup = subscriptions.GetAlternateLookup<ReadOnlySpan<byte>>();
            existed = lookup.TryGetValue(filter, out var old);
            var subscription = new Subscription(this, existed ? old!.Filter : filter.ToArray(), options, subscriptionId);
            subscriptions[subscription.Filter] = subscription;
            // A session that has just ended must leave nothing in the index.
            if (!_hasEnded) context.Index.Add(subscription, old);
            if (existed) RetainedReplays.Replace(old!, subscription);
            return subscription;
        }
    }

    /// <summary>Removes the subscription to exactly this filter [MQTT-3.10.4-1]; false when there is none.</summary>
    public bool Unsubscribe(ReadOnlySpan<byte> filter)
    {
        lock (_gate)
        {
            if (_subscriptions is null) return false;
            if (!_subscriptions.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(filter, out _, out var subscription)) return false;

            if (!_hasEnded) context.Index.Remove(subscription);
            // Nothing is added for delivery any more, retained messages included. [MQTT-3.10.4-2]
            _replays?.Remove(subscription);
            return true;
        }
    }

    /// <summary>Lets the retained messages that match a new subscription follow. Call <see cref="Resume"/> afterwards.</summary>
    public void Replay(Subscription subscription)
    {
        lock (_gate)
        {
            // The filter may have come twice in one SUBSCRIBE.
            if (_subscriptions is null || !_subscriptions.TryGetValue(subscription.Filter, out var current)) return;

            (_replays ??= new RetainedReplays(context.Retained)).Add(current);
        }
    }

    /// <summary>Sends what can be sent now; called when the connection has room again.</summary>
    public void Resume()
    {
        Connection? connection;
        lock (_gate)
        {
            connection = _connection;
            if (connection is null) return;

            Pump(context.Clock.Now);
        }

        connection.Writer.Flush();
    }

    /// <summary>
    /// Ends the session: nothing is delivered to it any more. What it got as a member of a shared group and did not finish is returned, for
    /// other members. QoS 2 messages in flight stay with their client. [MQTT-4.8.2-5]
    /// </summary>
    public List<OutboundMessage> End()
    {
        var handOver = new List<OutboundMessage>();
        lock (_gate)
        {
            _hasEnded = true;
            _connection = null;
            if (_subscriptions is not null)
            {
                foreach (var subscription in _subscriptions.Values) context.Index.Remove(subscription);
            }

            for (var place = 0; place < _inflight.Span; place++)
            {
                ref var item = ref _inflight.At(place);
                if (item.State == InflightState.Publish && item.Outbound is { Group: not null, Qos: Qos.AtLeastOnce }) handOver.Add(item.Outbound);
            }

            while (_queue is not null && _queue.TryDequeue(out var queued))
            {
                if (queued.Group is not null) handOver.Add(queued);
            }

            _subscriptions = null;
            _queue = null;
            _replays = null;
            _receivedQos2 = null;
        }

        return handOver;
    }

    private bool HasWindow => _inflight.SentCount < _inflightMax && _resendPlace >= _inflight.Span;

    /// <summary>Sends or queues. No message overtakes one of its QoS that waits. [MQTT-4.6.0-5] Under the gate.</summary>
    private DeliveryResult DeliverInOrder(
        Connection? connection, ref Publication publication, Qos qos, bool retain, uint[]? subscriptionIds, SharedGroup? group, long now)
    {
        // QoS 0 waits neither for the window nor for messages that do.
        if (qos == Qos.AtMostOnce && connection is not null && _queue is not { AtMostOnceCount: > 0 }) return SendAtMostOnce(connection, ref publication, retain, subscriptionIds, now);

        var mayGoOut = connection is not null && _queue is not { Count: > 0 } && HasWindow && connection.Writer.HasRoom();
        var outbound = new OutboundMessage(publication.ToMessage(), qos, retain, subscriptionIds, group);
        if (!mayGoOut) return Enqueue(outbound, now);

        Send(connection!, outbound, now);
        return DeliveryResult.Sent;
    }

    private DeliveryResult SendAtMostOnce(Connection connection, ref Publication publication, bool retain, uint[]? subscriptionIds, long now)
    {
        switch (connection.Writer.WritePublish(ref publication, new PublishShape(Qos.AtMostOnce, retain, false, 0, subscriptionIds), now))
        {
            case WriteResult.Written:
                return DeliveryResult.Sent;

            case WriteResult.NoRoom:
                CountDrop(ref _drops.SlowConsumer, Counter.DroppedSlowConsumer);
                return DeliveryResult.Skipped;

            case WriteResult.TooLarge:
                CountDrop(ref _drops.TooLarge, Counter.DroppedTooLarge);
                return DeliveryResult.Skipped;

            default:
                return DeliveryResult.Skipped;
        }
    }

    private DeliveryResult Enqueue(in OutboundMessage outbound, long now)
    {
        // What is to expire at once is for those who are online.
        if (outbound.Message.ExpiresAt <= now)
        {
            CountDrop(ref _drops.Expired, Counter.DroppedExpired);
            return DeliveryResult.Skipped;
        }

        var queue = _queue ??= new MessageQueue();
        var options = context.Options;
        while (queue.Count >= options.QueueMessagesMax || queue.Bytes + outbound.Message.Size > options.QueueBytesMax)
        {
            if (TryDropExpired(queue, now)) continue;

            // One that is too large for an empty queue drives nothing out.
            var isRefused = options.QueueOverflow == QueueOverflow.DropNew || outbound.Message.Size > options.QueueBytesMax || !queue.TryDequeue(out _);
            // Another member of a shared group may have room; if none has, the router counts the message once.
            if (!isRefused || outbound.Group is null) CountDrop(ref _drops.QueueFull, Counter.DroppedQueueFull);
            if (isRefused) return DeliveryResult.Refused;
        }

        queue.Enqueue(outbound);
        return DeliveryResult.Queued;
    }

    /// <summary>Sends what waits, as far as window and socket allow: unacknowledged, then queued, then retained messages. Under the gate.</summary>
    private void Pump(long now)
    {
        if (_connection is not { } connection) return;

        if (_resendPlace < _inflight.Span) ResendUnacknowledged(connection, now);
        if (_resendPlace >= _inflight.Span && _queue is { Count: > 0 }) SendQueued(connection, now);
        if (_replays is { HasMore: true, IsScheduled: false } && _queue is not { Count: > 0 }) SendRetained(connection, _replays, now);
    }

    private void ResendUnacknowledged(Connection connection, long now)
    {
        while (_resendPlace < _inflight.Span)
        {
            ref var item = ref _inflight.At(_resendPlace);
            if (item.State == InflightState.Done || item.IsSent)
            {
                _resendPlace++;
                continue;
            }

            if (item.State == InflightState.Publish && _inflight.SentCount >= _inflightMax) return;
            if (!connection.Writer.HasRoom()) return;

            var packetId = item.PacketId;
            if (item.State == InflightState.Pubrel)
            {
                _inflight.MarkSent(ref item);
                connection.Writer.WriteAcknowledgement(PacketType.Pubrel, packetId, ReasonCode.Success);
                _resendPlace++;
                continue;
            }

            var publication = item.Outbound.Message.AsPublication();
            var shape = new PublishShape(item.Outbound.Qos, item.Outbound.Retain, true, packetId, item.Outbound.SubscriptionIds);
            if (connection.Writer.WritePublish(ref publication, shape, now) == WriteResult.TooLarge)
            {
                // This client takes smaller packets than it did before.
                CountDrop(ref _drops.TooLarge, Counter.DroppedTooLarge);
                EndInflight(ref item);
                continue;
            }

            _inflight.MarkSent(ref item);
            _resendPlace++;
        }
    }

    private void SendQueued(Connection connection, long now)
    {
        while (_queue!.TryPeek(out var outbound))
        {
            if (TryDropExpired(_queue, now)) continue;
            if (outbound.Qos != Qos.AtMostOnce && !HasWindow) return;
            if (!connection.Writer.HasRoom()) return;

            _queue.TryDequeue(out _);
            Send(connection, outbound, now);
        }
    }

    /// <summary>Drops the oldest message if it expired before its delivery began. [MQTT-3.3.2-5]</summary>
    private bool TryDropExpired(MessageQueue queue, long now)
    {
        if (!queue.TryPeek(out var oldest) || oldest.Message.ExpiresAt > now) return false;

        queue.TryDequeue(out _);
        CountDrop(ref _drops.Expired, Counter.DroppedExpired);
        return true;
    }

    private void SendRetained(Connection connection, RetainedReplays replays, long now)
    {
        replays.BeginSlice();
        while (HasWindow && connection.Writer.HasRoom())
        {
            if (!replays.TryTakeNext(out var outbound))
            {
                if (replays.HasMore) ScheduleReplay(replays);
                return;
            }

            Send(connection, outbound, now);
        }
    }

    // Others have their turn before the next slice.
    private void ScheduleReplay(RetainedReplays replays)
    {
        replays.IsScheduled = true;
        context.Scheduler.Schedule(static session => ((Session)session!).ContinueReplay(), this);
    }

    private void ContinueReplay()
    {
        lock (_gate)
        {
            if (_replays is not null) _replays.IsScheduled = false;
        }

        Resume();
    }

    /// <summary>Sends a message for the first time. Window and room were checked. Under the gate.</summary>
    private void Send(Connection connection, in OutboundMessage outbound, long now)
    {
        var packetId = outbound.Qos == Qos.AtMostOnce ? (ushort)0 : _inflight.Add(outbound);
        if (packetId != 0) _resendPlace = _inflight.Span;

        var publication = outbound.Message.AsPublication();
        var shape = new PublishShape(outbound.Qos, outbound.Retain, false, packetId, outbound.SubscriptionIds);
        var result = connection.Writer.WritePublish(ref publication, shape, now);
        if (result != WriteResult.TooLarge) return;

        // Too large for this client: treated as delivered. [MQTT-3.1.2-25]
        CountDrop(ref _drops.TooLarge, Counter.DroppedTooLarge);
        if (packetId == 0) return;

        _inflight.RemoveNewest();
        _resendPlace = _inflight.Span;
    }

    private void EndInflight(ref InflightMessage item)
    {
        var span = _inflight.Span;
        _inflight.Complete(ref item);
        // Places are counted from the oldest message; those in front of it are gone.
        _resendPlace = Math.Max(0, _resendPlace - (span - _inflight.Span));
    }

    private void CountDrop(ref long cause, Counter counter)
    {
        Interlocked.Increment(ref cause);
        context.Statistics.Add(counter);
    }
}
