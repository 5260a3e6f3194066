using System.Runtime.InteropServices;
using Avocet.Broker.Connections;
using Avocet.Broker.Monitoring;
using Avocet.Broker.Monitoring.Events;
using Avocet.Broker.Routing;
using Avocet.Broker.Sessions;
using Avocet.Broker.Time;
using Avocet.Protocol;

namespace Avocet.Broker.Storage;

/// <summary>
/// Brings changes to the store in batches, one commit at a time: what comes while one is under way gathers for the next. What nobody waits for is
/// written within a second, so that much of it is out of date by then and need not be written at all.
/// </summary>
/// <remarks>
/// When a commit fails, publications whose publishers wait are given up and refused; everything else stays to be written, and is tried again every
/// second. Until that succeeds, publications that would need the store are refused at once. A failure that is not the store's is not tried again.
/// </remarks>
internal sealed class CommitBatcher(BrokerContext context, IStore store) : WheelTimer
{
    /// <summary>How long a change that nobody waits for may wait, and how long after a failure the next attempt is made.</summary>
    private const int IntervalMilliseconds = 1000;

    /// <summary>Bytes that make a batch worth writing although nobody waits for it.</summary>
    private const int LargeBytes = 256 * 1024;

    /// <summary>Bytes that may gather before publishers have to wait.</summary>
    private const int PendingBytesMax = 16 * 1024 * 1024;

    /// <summary>Stands for a batch that nobody waits for: what was in the store at the start, or what a crash may take.</summary>
    public const long Unawaited = -1;

    /// <summary>Stands for the batches from before the start: kept once <see cref="IsSecured"/> says so, and never refused, for what they hold may be delivered.</summary>
    public const long Found = long.MaxValue - 1;

    private const int RememberedFailuresMax = 1024;

    private const int ToldAtOnceMax = 16;

    private readonly Lock _gate = new();
    private readonly BatchSealer _sealer = new(context, store);
    private readonly StoreBatch _batch = new();
    private readonly Queue<long> _failures = new();
    private readonly List<TaskCompletionSource> _unkept = [];
    private PendingBatch _pending = new(1);
    private PendingBatch? _current;
    private long _committed;
    private long _securedIn;
    private bool _isRunning;
    private bool _isTimerSet;
    private bool _isStopped;
    private volatile bool _isBroken;
    private TaskCompletionSource? _room;
    private volatile StoreException? _failure;
    private long _commits;

    /// <summary>What keeps the store from writing now, or null.</summary>
    public StoreException? Failure => _failure;

    public bool IsFailing => _failure is not null;

    /// <summary>Whether nothing more is written until a restart.</summary>
    public bool IsBroken => _isBroken;

    public IStore Store => store;

    /// <summary>Commits so far.</summary>
    public long Commits => Interlocked.Read(ref _commits);

    public BatchSealer Sealer => _sealer;

    /// <summary>The batch that secures what the start found.</summary>
    public long SecuredIn => Volatile.Read(ref _securedIn);

    /// <summary>Whether what the start found would survive a power cut.</summary>
    public bool IsSecured => SecuredIn <= Committed;

    /// <summary>The batches up to this one are kept.</summary>
    public long Committed => Volatile.Read(ref _committed);

    /// <summary>The batch that gathers now.</summary>
    public long PendingNumber
    {
        get
        {
            lock (_gate) return _pending.Number;
        }
    }

    /// <summary>The batch that wrote, or will write, how far a session's deliveries have come.</summary>
    public long ProgressNumberOf(Journal journal)
    {
        lock (_gate) return journal.ProgressIn;
    }

    /// <summary>Takes all changes of a publication into one batch, and returns its number.</summary>
    /// <param name="changes">The changes; empty afterwards.</param>
    /// <param name="isAnswered">Whether it has a publisher who hears of it; unless he has heard already, as with <see cref="Durability.None"/>, he may be told that it failed.</param>
    /// <param name="durability">What it has to survive soon; with <see cref="Durability.None"/> it may wait for others.</param>
    public long Append(StoreChanges changes, bool isAnswered, Durability durability)
    {
        long number;
        var isAwaited = isAnswered && durability != Durability.None;
        lock (_gate)
        {
            number = _pending.Number;
            foreach (var delivery in changes.Deliveries)
            {
                delivery.Outbound.Message.Batch = number;
                _pending.Deliveries.Add((delivery, isAwaited));
                _pending.Size += delivery.Outbound.Message.Size;
            }

            foreach (var received in changes.Received) _pending.Received.Add((received, isAwaited));
            foreach (var change in changes.Retained)
            {
                _pending.RetainedTopics.Add(change.TopicName);
                // A refused removal may take effect: nobody is left with a message that is not kept.
                if (!isAwaited || change.Message is null) continue;

                _pending.AwaitedRetained.Add(change);
                _pending.Size += change.Message.Size;
            }

            foreach (var change in changes.Sessions) AddChange(change);

            _pending.HandedOver.AddRange(changes.HandedOver);
            foreach (var (session, message) in changes.Held)
            {
                message.Batch = number;
                _pending.Held.Add((message, isAwaited));
                _pending.Waiters.Add(session);
            }

            // Either a session that connects just now sees the number of the batch, or it is seen to be connected here.
            Interlocked.MemoryBarrier();
            foreach (var delivery in changes.Deliveries)
            {
                if (delivery.Outbound.Qos == Qos.ExactlyOnce && delivery.Session.IsConnected) _pending.Waiters.Add(delivery.Session);
            }

            if (isAnswered) _pending.AnsweredCount++;
            _pending.IsUrgent |= durability != Durability.None;
            _pending.NeedsSync |= durability == Durability.Fsync;
            MarkChanged();
        }

        changes.Clear();
        return number;
    }

    /// <summary>Notes that a delivery has come further, and that its message, if given, is not needed for it any more.</summary>
    public long Progress(Session session, long sequence, Message? released)
    {
        lock (_gate)
        {
            var journal = session.Journal!;
            if (journal.ProgressIn != _pending.Number)
            {
                journal.ProgressIn = _pending.Number;
                _pending.Progressed.Add(session);
            }

            if (released is not null) _pending.Released.Add((session, sequence, released));
            return MarkChanged();
        }
    }

    public long Put(StoreTable table, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        lock (_gate)
        {
            _pending.Direct.Put(table, key, value);
            return MarkChanged();
        }
    }

    public long Delete(StoreTable table, ReadOnlySpan<byte> key)
    {
        lock (_gate)
        {
            _pending.Direct.Delete(table, key);
            return MarkChanged();
        }
    }

    /// <summary>
    /// Takes changes of a table that is not of sessions and messages into one batch. Null once they are kept as durably as the broker's setting asks; else why not, and
    /// they are taken back with the next batch. Not under a lock.
    /// </summary>
    /// <param name="changes">The changes.</param>
    /// <param name="undo">What brings back the state before.</param>
    public Task<StoreException?> KeepAsync(StoreBatch changes, StoreBatch undo)
    {
        var answer = new TaskCompletionSource<StoreException?>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_failure is not null) return Task.FromResult<StoreException?>(_failure);
            if (_isStopped) return Task.FromResult<StoreException?>(new StoreException(StoreFault.Failed, "The broker is stopping."));

            _pending.Direct.Append(changes);
            _pending.Answers.Add((answer, undo));
            _pending.IsUrgent = true;
            _pending.NeedsSync |= context.Options.Durability == Durability.Fsync;
            MarkChanged();
        }

        Kick();
        return answer.Task;
    }

    public long Received(in ReceivedChange change)
    {
        lock (_gate)
        {
            _pending.Received.Add((change, false));
            return MarkChanged();
        }
    }

    /// <param name="change">The change.</param>
    /// <param name="isUrgent">Whether it is to be written soon although nobody waits for it.</param>
    public long Change(in SessionChange change, bool isUrgent)
    {
        lock (_gate)
        {
            AddChange(change);
            _pending.IsUrgent |= isUrgent;
            _pending.NeedsSync |= isUrgent && context.Options.Durability == Durability.Fsync;
            return MarkChanged();
        }
    }

    /// <summary>Notes that the retained message of a topic was replaced or removed.</summary>
    public void RetainedChanged(byte[] topicName)
    {
        lock (_gate)
        {
            _pending.RetainedTopics.Add(topicName);
            MarkChanged();
        }
    }

    /// <summary>Leaves it to the next batch to secure what the start found.</summary>
    public void SecureLater()
    {
        lock (_gate)
        {
            _pending.NeedsSync |= context.Options.Durability == Durability.Fsync;
            Volatile.Write(ref _securedIn, MarkChanged());
        }
    }

    /// <summary>Whether the end of a session is kept.</summary>
    public bool IsKept(Journal journal)
    {
        lock (_gate) return journal.EndsIn <= _committed;
    }

    /// <summary>Completes once the end of a session is kept, however long that takes.</summary>
    public Task WhenKeptAsync(Journal journal)
    {
        lock (_gate)
        {
            if (journal.EndsIn <= _committed) return Task.CompletedTask;

            journal.EndWaiter ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_current is not null && _current.Number >= journal.EndsIn) _current.Completions.Add(journal.EndWaiter);
            else if (journal.EndsIn != long.MaxValue) Complete(journal.EndWaiter);

            return journal.EndWaiter.Task;
        }
    }

    /// <summary>Lets the next batch take over what was counted after the start.</summary>
    public void EndRecount(Recount recount)
    {
        _sealer.EndRecount(recount);
        lock (_gate) MarkChanged();

        Kick();
    }

    /// <summary>What has become of a batch.</summary>
    public CommitState StateOf(long number)
    {
        lock (_gate) return Find(number);
    }

    /// <summary>Lets somebody wait for a batch, unless it is decided already. Follow with <see cref="Kick"/> once no lock is held.</summary>
    /// <param name="number">The batch.</param>
    /// <param name="waiter">Told of it, perhaps more than once.</param>
    /// <param name="isStateDurable">Whether state must be as durable as the broker's setting asks before the waiter may go on.</param>
    public CommitState TryWait(long number, ICommitWaiter waiter, bool isStateDurable)
    {
        lock (_gate)
        {
            var state = Find(number);
            if (state == CommitState.Committed) return state;

            // What failed is written with the next batch.
            var batch = _current is not null && _current.Number >= number ? _current : _pending;
            batch.Waiters.Add(waiter);
            if (batch == _pending)
            {
                batch.IsUrgent = true;
                batch.NeedsSync |= isStateDurable && context.Options.Durability == Durability.Fsync;
                MarkChanged();
            }

            return state;
        }
    }

    /// <summary>Completes once everything noted so far is kept as durably as the broker's setting asks, however long that takes.</summary>
    public Task WhenCommittedAsync()
    {
        lock (_gate)
        {
            // What the current commit or a failed one holds is written before it, in order.
            if (_pending.IsEmpty && _current is null && _failure is null) return Task.CompletedTask;

            var completion = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Complete(completion);
            return completion.Task;
        }
    }

    /// <summary>Whether so much waits to be written that publishers have to wait.</summary>
    public bool IsFull => Volatile.Read(ref _pending).Size >= PendingBytesMax;

    /// <summary>Completes once publishers may go on. With a store that fails nothing gathers, so that nobody waits.</summary>
    public Task WhenRoomAsync()
    {
        if (!IsFull) return Task.CompletedTask;

        lock (_gate)
        {
            if (_pending.Size < PendingBytesMax || _failure is not null || _isStopped) return Task.CompletedTask;

            return (_room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Begins a commit if somebody waits for one, or much has gathered. Never under a lock: it may run inline.</summary>
    public void Kick() => Begin(isDue: false);

    /// <summary>Called by the timer wheel: what has waited long enough, or failed before, is written now.</summary>
    public override void OnExpired()
    {
        lock (_gate) _isTimerSet = false;

        Begin(isDue: true);
    }

    /// <summary>Commits nothing more; a commit under way is still finished.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _isStopped = true;
            ReleaseRoom();
        }

        context.Wheel.Stop(this);
    }

    private void Begin(bool isDue)
    {
        var pending = Volatile.Read(ref _pending);
        if (pending.IsEmpty && !isDue) return;

        bool begins = false, setsTimer = false;
        lock (_gate)
        {
            if (_isRunning || _isStopped || _isBroken || (_pending.IsEmpty && _failure is null)) return;

            if (!isDue && (_failure is not null || !(_pending.IsUrgent || _pending.Size > LargeBytes)))
            {
                setsTimer = !_isTimerSet;
                _isTimerSet = true;
            }
            else
            {
                _isRunning = begins = true;
            }
        }

        if (setsTimer) context.Wheel.Set(this, context.Clock.Now + IntervalMilliseconds);
        else if (begins) context.StoreScheduler.Schedule(static batcher => ((CommitBatcher)batcher!).Run(), this);
    }

    /// <summary>Commits until nothing urgent is left. On the store's scheduler.</summary>
    private void Run()
    {
        while (true)
        {
            PendingBatch current;
            lock (_gate)
            {
                current = _current = _pending;
                _pending = new PendingBatch(current.Number + 1);
                ReleaseRoom();
            }

            // With a batch that failed still to be written, the store is not as the sealer knows it.
            if (_failure is null) Sweep();

            try
            {
                _sealer.Seal(current, _batch);
                store.Commit(_batch, current.NeedsSync || _failure is not null);
            }
            catch (StoreException exception)
            {
                Fail(current, exception);
                return;
            }
#pragma warning disable CA1031 // A mistake of ours, or no memory: what is half sealed must not be written, and nobody may wait for it without a word.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Log.CommitBroken(context.Logger, exception);
                _isBroken = true;
                Fail(current, new StoreException(StoreFault.Failed, $"a commit failed in a way nobody expected ({exception.Message}); nothing is kept until the broker is restarted", exception));
                return;
            }

            _batch.Clear();
            Interlocked.Increment(ref _commits);
            if (!Complete(current)) return;
        }
    }

    private void Sweep()
    {
        try
        {
            _sealer.Sweep(_batch);
        }
        catch (StoreException exception)
        {
            // It goes on with the next batch.
            Log.SweepFailed(context.Logger, exception.Message);
        }
    }

    /// <summary>Tells who waited; true when the next commit is due already.</summary>
    private bool Complete(PendingBatch current)
    {
        bool hasRecovered, goesOn, needsTimer = false;
        lock (_gate)
        {
            _committed = current.Number;
            _current = null;
            hasRecovered = _failure is not null;
            _failure = null;
            current.Completions.AddRange(_unkept);
            _unkept.Clear();
            goesOn = !_pending.IsEmpty && (_pending.IsUrgent || _pending.Size > LargeBytes || _sealer.HasMore);
            if (!goesOn)
            {
                _isRunning = false;
                needsTimer = (!_pending.IsEmpty || _sealer.HasMore) && !_isTimerSet;
                if (_sealer.HasMore) _pending.MarkChanged();

                _isTimerSet |= needsTimer;
            }
        }

        context.Statistics.Add(Counter.MessagesKept, current.AnsweredCount);
        if (needsTimer) context.Wheel.Set(this, context.Clock.Now + IntervalMilliseconds);
        if (hasRecovered)
        {
            Log.StoreRecovered(context.Logger, store.Location);
            context.Events.Add(new BrokerEvent(BrokerEventKind.StoreRecovered) { Detail = store.Location });
            context.OnStoreRecovered?.Invoke();
        }

        Notify(current, isUrgent: goesOn);
        foreach (var completion in current.Completions) completion.TrySetResult();
        foreach (var (answer, _) in current.Answers) answer.TrySetResult(null);

        return goesOn;
    }

    private void Fail(PendingBatch current, StoreException exception)
    {
        if (_failure?.Message != exception.Message)
        {
            Log.StoreFailed(context.Logger, store.Location, exception.Message);
            context.Events.Add(new BrokerEvent(BrokerEventKind.StoreFailed) { Detail = exception.Message });
        }

        // Nobody may send them from here on.
        foreach (var (delivery, isAwaited) in current.Deliveries)
        {
            if (isAwaited) delivery.Outbound.Message.IsFailed = true;
        }

        foreach (var (message, isAwaited) in current.Held)
        {
            if (isAwaited) message.IsFailed = true;
        }

        foreach (var change in current.AwaitedRetained) change.Message!.IsFailed = true;

        lock (_gate)
        {
            _failure = exception;
            _unkept.AddRange(current.Completions);
            foreach (var (_, undo) in current.Answers) _pending.Direct.Append(undo);

            _failures.Enqueue(current.Number);
            if (_failures.Count > RememberedFailuresMax) _failures.Dequeue();

            ReleaseRoom();
        }

        // Also what an ended session of a shared group has left to another one meanwhile.
        List<QueuedDelivery> failed = [.. current.Deliveries.Select(entry => entry.Delivery).Where(delivery => delivery.Outbound.Message.IsFailed)];
        lock (_gate) failed.AddRange(_pending.Deliveries.Select(entry => entry.Delivery).Where(delivery => delivery.Outbound.Message.IsFailed));

        foreach (var delivery in failed) GiveUp(delivery);

        TakeBackRetained(current);

        foreach (var (change, isAwaited) in current.Received)
        {
            if (isAwaited && change.IsAdded) change.Session.EndQos2(change.PacketId);
        }

        lock (_gate)
        {
            _current = null;
            _isRunning = false;
            // What is left of it is in the batch, to be written with the next one, and who waits for that, waits on.
            _pending.MarkChanged();
            _isTimerSet = true;
        }

        if (!_isBroken) context.Wheel.Set(this, context.Clock.Now + IntervalMilliseconds);
        Notify(current, isUrgent: true);
        foreach (var (answer, _) in current.Answers) answer.TrySetResult(exception);
    }

    /// <summary>The retained message of a topic is again the last one that was not refused.</summary>
    private void TakeBackRetained(PendingBatch current)
    {
        if (current.AwaitedRetained.Count == 0) return;

        var formers = new Dictionary<Message, Message?>();
        foreach (var change in current.AwaitedRetained) formers[change.Message!] = FindKept(change.Former, formers);

        lock (_gate)
        {
            foreach (ref var change in CollectionsMarshal.AsSpan(_pending.AwaitedRetained)) change = change with { Former = FindKept(change.Former, formers) };
        }

        foreach (var change in current.AwaitedRetained)
        {
            var kept = FindKept(change.Message, formers);
            // One that was refused before, and was replaced at that very moment, is not put back.
            if (kept is not { IsFailed: true } && context.Retained.TryReplace(change.Message!, kept)) RetainedChanged(change.TopicName);
        }
    }

    private static Message? FindKept(Message? message, Dictionary<Message, Message?> formers)
    {
        while (message is not null && formers.TryGetValue(message, out var former)) message = former;

        return message;
    }

    /// <summary>The publisher is told that the message was not kept, so that it must not be delivered from the queue.</summary>
    private void GiveUp(in QueuedDelivery delivery)
    {
        var sequence = delivery.Outbound.Sequence;
        var isReleased = delivery.Session.Discard(delivery.Outbound);
        lock (_gate)
        {
            // The batch as it is may reach the store with the next attempt, or may be there already.
            _pending.Direct.Delete(StoreTable.Queue, Records.StoreKeys.OfQueue(delivery.Session.Journal!.Number, sequence));
            if (isReleased) _pending.Released.Add((delivery.Session, sequence, delivery.Outbound.Message));

            MarkChanged();
        }
    }

    private void Notify(PendingBatch batch, bool isUrgent)
    {
        if (batch.Waiters.Count == 0) return;

        // Few are told here and now, without waking another thread, while the next commit need not begin.
        if (!isUrgent && batch.Waiters.Count <= ToldAtOnceMax) Tell(batch);
        else context.Scheduler.Schedule(batch => Tell((PendingBatch)batch!), batch);
    }

    private void Tell(PendingBatch batch)
    {
        var flush = new FlushBatch(this);
        foreach (var waiter in batch.Waiters) waiter.OnCommit(flush);

        flush.Flush();
    }

    private CommitState Find(long number)
    {
        if (number == Found) return IsSecured ? CommitState.Committed : CommitState.Pending;
        if (_failures.Count > 0 && _failures.Contains(number)) return CommitState.Failed;

        return number <= _committed ? CommitState.Committed : CommitState.Pending;
    }

    private void AddChange(in SessionChange change)
    {
        _pending.Sessions.Add(change);
        if (change.Record is not null) return;

        var journal = change.Session.Journal!;
        journal.EndsIn = _pending.Number;
        if (journal.EndWaiter is { } waiter) Complete(waiter);
    }

    /// <summary>Completes it with the batch that gathers now.</summary>
    private void Complete(TaskCompletionSource completion)
    {
        _pending.Completions.Add(completion);
        _pending.IsUrgent = true;
        _pending.NeedsSync |= context.Options.Durability == Durability.Fsync;
        MarkChanged();
    }

    private long MarkChanged()
    {
        _pending.MarkChanged();
        return _pending.Number;
    }

    private void ReleaseRoom()
    {
        _room?.TrySetResult();
        _room = null;
    }
}
