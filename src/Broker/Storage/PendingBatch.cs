using Avocet.Broker.Routing;
using Avocet.Broker.Sessions;
using Avocet.Broker.Topics;

namespace Avocet.Broker.Storage;

/// <summary>What gathers for the next commit. The <see cref="CommitBatcher"/>'s gate guards it until the commit begins.</summary>
internal sealed class PendingBatch(long number)
{
    /// <summary>Batches are counted from 1.</summary>
    public long Number { get; } = number;

    public List<(QueuedDelivery Delivery, bool IsAwaited)> Deliveries { get; } = [];

    public List<(ReceivedChange Change, bool IsAwaited)> Received { get; } = [];

    /// <summary>Records that are complete already.</summary>
    public StoreBatch Direct { get; } = new();

    /// <summary>The sessions whose deliveries have come further; how far is asked when the batch is written.</summary>
    public List<Session> Progressed { get; } = [];

    /// <summary>Deliveries that no longer need their message.</summary>
    public List<(Session Session, long Sequence, Message Message)> Released { get; } = [];

    /// <summary>The topics whose retained message has changed; which it is now is asked when the batch is written.</summary>
    public HashSet<byte[]> RetainedTopics { get; } = new(Utf8Comparer.Instance);

    /// <summary>Those of them which a publisher waits for, and which are taken back if the batch fails.</summary>
    public List<RetainedChange> AwaitedRetained { get; } = [];

    public List<SessionChange> Sessions { get; } = [];

    public List<(long Session, long Sequence, long MessageNumber)> HandedOver { get; } = [];

    /// <summary>Messages that only sessions wait for which are not durable.</summary>
    public List<(Message Message, bool IsAwaited)> Held { get; } = [];

    public HashSet<ICommitWaiter> Waiters { get; } = [];

    /// <summary>Those who wait whatever becomes of it, until it is kept.</summary>
    public List<TaskCompletionSource> Completions { get; } = [];

    /// <summary>Those who wait for changes that they do not want kept later, with what takes them back.</summary>
    public List<(TaskCompletionSource<StoreException?> Answer, StoreBatch Undo)> Answers { get; } = [];

    /// <summary>Bytes of messages, about.</summary>
    public long Size { get; set; }

    /// <summary>Publications of which a publisher waits to hear.</summary>
    public int AnsweredCount { get; set; }

    public bool NeedsSync { get; set; }

    /// <summary>Whether somebody waits for it.</summary>
    public bool IsUrgent { get; set; }

    public bool IsEmpty { get; private set; } = true;

    public void MarkChanged() => IsEmpty = false;
}
