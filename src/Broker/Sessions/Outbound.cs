using System.Runtime.CompilerServices;
using Avocet.Broker.Connections;
using Avocet.Broker.Monitoring;
using Avocet.Broker.Routing;
using Avocet.Broker.Storage;
using Avocet.Broker.Storage.Records;
using Avocet.Broker.Topics;
using Avocet.Protocol;

namespace Avocet.Broker.Sessions;

/// <summary>
/// The messages on their way to one client: in flight, queued, and retained ones that a SUBSCRIBE asked for. The session's gate guards it; it never
/// flushes. What a durable session takes, and what is done with it, is noted for the store.
/// </summary>
internal sealed class Outbound(Session session, BrokerContext context)
{
    private InflightWindow _inflight = new();
    private SessionQueue? _queue;
    private RetainedReplays? _replays;
    private int _resendPlace;
    private long _nextSequence;
    private long _sentBeforeUpTo;
    private long _replaysAfter;
    private SessionDrops? _drops;

    /// <summary>Messages dropped so far, by cause.</summary>
    public SessionDrops Drops => _drops ??= new SessionDrops();

    /// <summary>The same, or null while none was.</summary>
    public SessionDrops? DropsSoFar => _drops;

    /// <summary>Messages sent, or to be sent again, and not acknowledged.</summary>
    public int InflightCount => _inflight.Count;

    /// <summary>Messages waiting beyond those in flight, and their bytes.</summary>
    public (long Messages, long Bytes) Queued => (_queue?.Count ?? 0, _queue?.Bytes ?? 0);

    /// <summary>The sequence number behind everything that was sent, as far as is known.</summary>
    public long SentUpTo => Math.Max(FirstQueued, _sentBeforeUpTo);

    public RetainedReplays Replays => _replays ??= new RetainedReplays(context.Retained, session.IsDurable ? NoteReplayed : null);

    private SessionQueue Queue => _queue ??= new SessionQueue(session);

    private bool HasQueued => _queue is { Count: > 0 };

    private bool HasWindow => _inflight.SentCount < session.InflightMax && _resendPlace >= _inflight.Span;

    /// <summary>The batch that says how far the deliveries have come.</summary>
    private long ProgressNumber => session.Journal is { } journal ? context.Commits!.ProgressNumberOf(journal) : 0;

    /// <summary>All below it were sent, or dropped.</summary>
    private long FirstQueued => _queue is { Count: > 0 } queue ? queue.First : _nextSequence;

    /// <summary>A connection begins: everything unacknowledged is to be sent again.</summary>
    public void Attach()
    {
        _inflight.MarkAllUnsent();
        _resendPlace = 0;
        _queue?.Reset();
    }

    /// <summary>Sends or queues. No message overtakes one of its QoS that waits. [MQTT-4.6.0-5]</summary>
    public DeliveryResult Deliver(
        Connection? connection, ref Publication publication, Qos qos, bool retain, uint[]? subscriptionIds, SharedGroup? group, long now, StoreChanges changes)
    {
        // QoS 0 waits neither for the window nor for messages that do.
        if (qos == Qos.AtMostOnce && connection is not null && _queue is not { MayHoldAtMostOnce: true })
        {
            return session.SendAtMostOnce(connection, ref publication, retain, subscriptionIds, now);
        }

        // What must come exactly once is sent once everybody's copy is kept: else it would come again after a crash, or when it could not be kept.
        var isHeld = qos == Qos.ExactlyOnce && (session.IsDurable || !changes.IsEmpty);
        var mayGoOut = connection is not null && !HasQueued && HasWindow && connection.Writer.HasRoom() && !isHeld;
        var outbound = new OutboundMessage(publication.ToMessage(), qos, retain, subscriptionIds, group) { IsHeld = isHeld };
        if (!mayGoOut)
        {
            var result = Enqueue(outbound, now, changes);
            if (isHeld && !session.IsDurable && result == DeliveryResult.Queued) changes.Held.Add((session, outbound.Message));
            return result;
        }

        outbound = outbound with { Sequence = TakeSequence() };
        Note(outbound, changes);
        Send(connection!, outbound, false, now);
        return DeliveryResult.Sent;
    }

    /// <summary>PUBACK came. False when the identifier belongs to a QoS 2 message.</summary>
    public bool TryAcknowledge(ushort packetId)
    {
        ref var item = ref _inflight.Find(packetId);
        if (Unsafe.IsNullRef(ref item)) return true;
        if (item.State == InflightState.Pubrel || item.Outbound.Qos != Qos.AtLeastOnce) return false;

        EndInflight(ref item);
        return true;
    }

    /// <summary>PUBREC came: PUBREL follows once that is kept, or the exchange ends with an error. [MQTT-4.3.3-4] False when it is not a QoS 2 message.</summary>
    public bool TryReceive(Connection connection, ushort packetId, ReasonCode reason)
    {
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
            return true;
        }

        var outbound = item.Outbound;
        item.State = InflightState.Pubrel;
        item.Outbound = default;
        _inflight.MarkSent(ref item);
        // Else the PUBLISH would be sent again after a crash, to a client that has forgotten its identifier.
        var after = outbound.Message is null ? ProgressNumber : NoteDone(item.Sequence, outbound);
        connection.Writer.WriteAcknowledgement(PacketType.Pubrel, packetId, ReasonCode.Success, after: after);
        return true;
    }

    /// <summary>PUBCOMP came.</summary>
    public void Complete(ushort packetId)
    {
        ref var item = ref _inflight.Find(packetId);
        if (!Unsafe.IsNullRef(ref item) && item.State == InflightState.Pubrel) EndInflight(ref item);
    }

    /// <summary>Sends what waits, as far as window and socket allow: unacknowledged, then queued, then retained messages.</summary>
    public void Pump(Connection connection, long now)
    {
        if (_resendPlace < _inflight.Span) ResendUnacknowledged(connection, now);
        if (_resendPlace >= _inflight.Span && HasQueued) SendQueued(connection, now);
        if (_replays is { HasMore: true, IsScheduled: false } && !HasQueued && MayReplay()) SendRetained(connection, _replays, now);
    }

    /// <summary>Lets the retained messages follow that match a subscription, behind its SUBACK.</summary>
    public void Replay(Subscription subscription, long after)
    {
        Replays.Add(subscription);
        _replaysAfter = Math.Max(_replaysAfter, after);
    }

    public void ContinueReplay()
    {
        if (_replays is not null) _replays.IsScheduled = false;
    }

    /// <summary>Gives up a message that could not be stored and that its publisher was told about. False when it was done with before.</summary>
    public bool Discard(in OutboundMessage outbound)
    {
        if (IsDone(outbound.Sequence)) return false;

        ref var item = ref _inflight.FindSequence(outbound.Sequence);
        if (!Unsafe.IsNullRef(ref item)) item.Outbound = item.Outbound with { IsReleased = true };
        else _queue?.Remove(outbound);

        return true;
    }

    /// <summary>Whether a delivery needs its message no more: it was acknowledged, received, or dropped.</summary>
    public bool IsDone(long sequence)
    {
        if (sequence >= FirstQueued) return false;

        ref var item = ref _inflight.FindSequence(sequence);
        return Unsafe.IsNullRef(ref item) || item.State != InflightState.Publish;
    }

    /// <summary>How far the deliveries have come.</summary>
    public ProgressRecord GetProgress() => ProgressRuns.Of(_inflight, FirstQueued);

    /// <summary>Goes on where the broker ended: with what was in flight, and with the rest of the queue in the store.</summary>
    public void Restore(IEnumerable<(long Sequence, OutboundMessage Message, InflightState State)> inflight, StoredTail stored, long nextSequence, long sentBeforeUpTo)
    {
        foreach (var (sequence, message, state) in inflight) _inflight.Restore(sequence, message, state);

        if (stored.Count > 0) Queue.Restore(stored);
        _nextSequence = nextSequence;
        _sentBeforeUpTo = sentBeforeUpTo;
    }

    /// <summary>Learns what is missing in the stored queue.</summary>
    public void PassOver(IEnumerable<QueueGap> gaps) => _queue?.PassOver(gaps);

    /// <summary>Where the next part of the stored queue begins; false when there is none any more.</summary>
    public bool TryGetStoredFrom(out long from)
    {
        from = 0;
        return _queue is not null && _queue.TryGetStoredFrom(out from);
    }

    /// <summary>What it waited for is kept, or will not be.</summary>
    public void OnCommit() => _queue?.OnCommit();

    /// <summary>A part of the stored queue could not be read.</summary>
    public void MissPage() => _queue?.MissPage();

    /// <summary>Takes a part of the stored queue which was read.</summary>
    public void TakePage(IReadOnlyList<OutboundMessage> page, bool isLast, long now)
    {
        Queue.TakePage(page, isLast);
        while (IsFull(0) && (TryDropExpired(now) || TryDropOldest()))
        {
            // It grew beyond the limit while its beginning was not in memory.
        }
    }

    /// <summary>The first messages in flight and in the queue, as far as they are in memory.</summary>
    public (List<OutboundMessage> Inflight, OutboundMessage[] Queued) Peek(int max)
    {
        List<OutboundMessage> inflight = [];
        for (var place = 0; place < _inflight.Span && inflight.Count < max; place++)
        {
            ref var item = ref _inflight.At(place);
            if (item.State == InflightState.Publish) inflight.Add(item.Outbound);
        }

        return (inflight, _queue?.Peek(max) ?? []);
    }

    /// <summary>The sequence number behind everything that was taken so far.</summary>
    public long NextSequence => _nextSequence;

    /// <summary>Gives up what waits in memory below a sequence number, and counts it; tells whether more of it waits in the store.</summary>
    public int DropQueued(long below, out bool hasMore)
    {
        var count = 0;
        while (_queue is not null && _queue.TryPeek(out var outbound) && outbound.Sequence < below)
        {
            _queue.TryDequeue(out _);
            NoteDone(outbound.Sequence, outbound);
            count++;
        }

        hasMore = TryGetStoredFrom(out var from) && from < below;
        return count;
    }

    /// <summary>The end: what it got as a member of a shared group and did not finish is returned.</summary>
    public List<OutboundMessage> End()
    {
        var handOver = new List<OutboundMessage>();
        for (var place = 0; place < _inflight.Span; place++)
        {
            ref var item = ref _inflight.At(place);
            if (item.State == InflightState.Publish && item.Outbound is { Group: not null, Qos: Qos.AtLeastOnce }) handOver.Add(item.Outbound);
        }

        while (_queue is not null && _queue.TryDequeue(out var queued))
        {
            if (queued.Group is not null) handOver.Add(queued);
        }

        _queue = null;
        _replays = null;
        return handOver;
    }

    private DeliveryResult Enqueue(OutboundMessage outbound, long now, StoreChanges changes)
    {
        // What is to expire at once is for those who are online.
        if (outbound.Message.ExpiresAt <= now)
        {
            session.CountDrop(ref Drops.Expired, Counter.DroppedExpired, outbound.Message.TopicName);
            return DeliveryResult.Skipped;
        }

        var options = context.Options;
        while (IsFull(outbound.Message.Size))
        {
            if (TryDropExpired(now)) continue;

            // One that is too large for an empty queue drives nothing out.
            var isRefused = options.QueueOverflow == QueueOverflow.DropNew || outbound.Message.Size > options.QueueBytesMax;
            if (!isRefused && MayOvergrow()) break;

            isRefused = isRefused || !TryDropOldest();
            if (!isRefused) continue;

            // Another member of a shared group may have room; if none has, the router counts the message once.
            if (outbound.Group is null) session.CountDrop(ref Drops.QueueFull, Counter.DroppedQueueFull, outbound.Message.TopicName);
            return DeliveryResult.Refused;
        }

        outbound = outbound with { Sequence = TakeSequence() };
        Note(outbound, changes);
        Queue.Add(outbound);
        return DeliveryResult.Queued;
    }

    private bool IsFull(int size)
    {
        var (messages, bytes) = Queued;
        return messages + (size > 0 ? 1 : 0) > context.Options.QueueMessagesMax || bytes + size > context.Options.QueueBytesMax;
    }

    /// <summary>The oldest message, which is to be dropped, may have to be read first; until then the queue may grow to twice its limit.</summary>
    private bool MayOvergrow()
    {
        if (_queue is not { ResidentCount: 0, IsStored: true } queue) return false;
        if (queue.Count > context.Options.QueueMessagesMax * 2L || queue.Bytes > context.Options.QueueBytesMax * 2) return false;

        queue.ReadOn();
        return true;
    }

    private bool TryDropOldest()
    {
        if (context.Options.QueueOverflow != QueueOverflow.DropOldest || _queue is null || !_queue.TryDequeue(out var oldest)) return false;

        session.CountDrop(ref Drops.QueueFull, Counter.DroppedQueueFull, oldest.Message.TopicName);
        NoteDone(oldest.Sequence, oldest);
        return true;
    }

    /// <summary>Drops the oldest message if it expired before its delivery began. [MQTT-3.3.2-5]</summary>
    private bool TryDropExpired(long now)
    {
        if (_queue is null || !_queue.TryPeek(out var oldest) || oldest.Message.ExpiresAt > now) return false;

        _queue.TryDequeue(out _);
        session.CountDrop(ref Drops.Expired, Counter.DroppedExpired, oldest.Message.TopicName);
        NoteDone(oldest.Sequence, oldest);
        return true;
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

            if (item.State == InflightState.Publish && _inflight.SentCount >= session.InflightMax) return;
            if (!connection.Writer.HasRoom()) return;

            var packetId = item.PacketId;
            if (item.State == InflightState.Pubrel)
            {
                _inflight.MarkSent(ref item);
                // PUBREC may have come so late on the former connection that this is not kept yet.
                connection.Writer.WriteAcknowledgement(PacketType.Pubrel, packetId, ReasonCode.Success, after: ProgressNumber);
                _resendPlace++;
                continue;
            }

            var publication = item.Outbound.Message.AsPublication();
            var shape = new PublishShape(item.Outbound.Qos, item.Outbound.Retain, true, packetId, item.Outbound.SubscriptionIds);
            if (connection.Writer.WritePublish(ref publication, shape, now) == WriteResult.TooLarge)
            {
                // This client takes smaller packets than it did before.
                session.CountDrop(ref Drops.TooLarge, Counter.DroppedTooLarge, item.Outbound.Message.TopicName);
                EndInflight(ref item);
                continue;
            }

            _inflight.MarkSent(ref item);
            _resendPlace++;
        }
    }

    private void SendQueued(Connection connection, long now)
    {
        var queue = Queue;
        queue.ReadOn();
        while (queue.TryPeek(out var outbound))
        {
            if (TryDropExpired(now)) continue;
            // The rules may have changed while it waited.
            var isDenied = session.Access is { } access && !access.MayReceive(outbound.Message.TopicName);
            if (isDenied) SessionEvents.Denied(session, session.Access!, outbound.Message.TopicName);
            if (isDenied || outbound.Message.IsFailed)
            {
                queue.TryDequeue(out _);
                NoteDone(outbound.Sequence, outbound);
                continue;
            }

            if (outbound.Qos != Qos.AtMostOnce && (!HasWindow || _inflight.IsInUse(outbound.Sequence))) return;
            if (!connection.Writer.HasRoom() || IsHeld(outbound)) return;

            queue.TryDequeue(out _);
            Send(connection, outbound, outbound.Qos != Qos.AtMostOnce && outbound.Sequence < _sentBeforeUpTo, now);
            queue.ReadOn();
        }
    }

    /// <summary>Whether a message must come exactly once and is not kept yet; the session is then told when it is.</summary>
    private bool IsHeld(in OutboundMessage outbound)
    {
        if (!outbound.IsHeld) return false;

        // With the barrier either this sees the number of the batch, or the batch sees the connection.
        Interlocked.MemoryBarrier();
        var batch = outbound.Message.Batch;
        if (batch <= context.Commits!.Committed) return false;

        return batch == long.MaxValue || context.Commits.TryWait(batch, session, isStateDurable: false) != CommitState.Committed;
    }

    private bool MayReplay()
    {
        return _replaysAfter == 0 || _replaysAfter <= context.Commits!.Committed
            || context.Commits.TryWait(_replaysAfter, session, isStateDurable: true) == CommitState.Committed;
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

            SendRetained(connection, outbound, now);
            if (HasQueued) return;
        }
    }

    private void SendRetained(Connection connection, in OutboundMessage outbound, long now)
    {
        if (outbound.Qos == Qos.AtMostOnce)
        {
            var publication = outbound.Message.AsPublication();
            session.SendAtMostOnce(connection, ref publication, outbound.Retain, outbound.SubscriptionIds, now);
            return;
        }

        var taken = outbound with { Sequence = TakeSequence(), IsHeld = session.IsDurable && outbound.Qos == Qos.ExactlyOnce };
        if (!session.IsDurable)
        {
            Send(connection, taken, false, now);
            return;
        }

        var changes = new StoreChanges();
        Note(taken, changes);
        context.Commits!.Append(changes, isAnswered: false, Durability.None);
        if (taken.Qos == Qos.AtLeastOnce) Send(connection, taken, false, now);
        else Queue.Add(taken);

        if (taken.Qos == Qos.ExactlyOnce) IsHeld(taken);
    }

    // Others have their turn before the next slice.
    private void ScheduleReplay(RetainedReplays replays)
    {
        replays.IsScheduled = true;
        context.Scheduler.Schedule(static session => ((Session)session!).ContinueReplay(), session);
    }

    /// <summary>Sends a message for the first time, or again after a restart of the broker. Window and room were checked.</summary>
    private void Send(Connection connection, in OutboundMessage outbound, bool dup, long now)
    {
        var packetId = outbound.Qos == Qos.AtMostOnce ? (ushort)0 : _inflight.Add(outbound);
        if (packetId != 0) _resendPlace = _inflight.Span;

        var publication = outbound.Message.AsPublication();
        var shape = new PublishShape(outbound.Qos, outbound.Retain, dup, packetId, outbound.SubscriptionIds);
        var result = connection.Writer.WritePublish(ref publication, shape, now);
        if (result != WriteResult.TooLarge)
        {
            if (packetId == 0) NoteDone(outbound.Sequence, outbound);
            return;
        }

        // Too large for this client: treated as delivered. [MQTT-3.1.2-25]
        session.CountDrop(ref Drops.TooLarge, Counter.DroppedTooLarge, outbound.Message.TopicName);
        if (packetId != 0)
        {
            _inflight.RemoveNewest();
            _resendPlace = _inflight.Span;
        }

        NoteDone(outbound.Sequence, outbound);
    }

    private void EndInflight(ref InflightMessage item)
    {
        var span = _inflight.Span;
        var sequence = item.Sequence;
        var outbound = item.Outbound;
        _inflight.Complete(ref item);
        // Places are counted from the oldest message; those in front of it are gone.
        _resendPlace = Math.Max(0, _resendPlace - (span - _inflight.Span));
        NoteDone(sequence, outbound);
    }

    private long TakeSequence()
    {
        while (_inflight.IsInUse(_nextSequence)) _nextSequence++;

        return _nextSequence++;
    }

    private void Note(in OutboundMessage outbound, StoreChanges changes)
    {
        if (session.Journal is not { } journal) return;

        journal.BytesSoFar += outbound.Message.Size;
        changes.Deliveries.Add(new QueuedDelivery(session, outbound, journal.BytesSoFar));
    }

    /// <summary>Notes that a delivery has come further, its message being released unless it was before. Returns the batch that will say so.</summary>
    private long NoteDone(long sequence, in OutboundMessage outbound)
    {
        if (session.Journal is null) return 0;

        return context.Commits!.Progress(session, sequence, outbound.IsReleased ? null : outbound.Message);
    }

    private void NoteReplayed(Subscription subscription) => session.PutSubscription(subscription, owesRetained: false);
}
