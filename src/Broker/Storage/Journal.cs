using Avocet.Broker.Storage.Records;

namespace Avocet.Broker.Storage;

/// <summary>What the store knows of a durable session.</summary>
/// <param name="number">The session's number in the store.</param>
internal sealed class Journal(long number)
{
    public long Number { get; } = number;

    /// <summary>Counts the states of the session record, so that an older one does not replace a newer. Guarded by the registry.</summary>
    public long Version { get; set; }

    /// <summary>The batch of the last change of a subscription, or 0. Guarded by the session.</summary>
    public long SubscriptionsIn { get; set; }

    /// <summary>Bytes of all messages ever queued. Guarded by the session.</summary>
    public long BytesSoFar { get; set; }

    /// <summary>How far the deliveries had come when the session ended. Written by the session before that is noted.</summary>
    public ProgressRecord LastProgress { get; set; } = new(0, []);

    /// <summary>The batch that writes the session's end, beyond all batches until it is known; guarded by the <see cref="CommitBatcher"/>.</summary>
    public long EndsIn { get; set; } = long.MaxValue;

    /// <summary>Whoever waits for that; guarded by the <see cref="CommitBatcher"/>.</summary>
    public TaskCompletionSource? EndWaiter { get; set; }

    /// <summary>The batch that will write the progress; guarded by the <see cref="CommitBatcher"/>.</summary>
    public long ProgressIn { get; set; }

    /// <summary>The version that was written last. Belongs to the commits, as the rest.</summary>
    public long WrittenVersion { get; set; }

    /// <summary>Whether the session's end is written, so that nothing of it may be written any more.</summary>
    public bool IsEnded { get; set; }

    /// <summary>The queue's entries below this sequence number are removed from the store.</summary>
    public long RemovedUpTo { get; set; }

    /// <summary>Bytes of messages in the queue's part of the store, since <see cref="RemovedUpTo"/> moved last.</summary>
    public long BytesWritten { get; set; }
}
