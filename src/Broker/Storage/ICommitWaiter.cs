using Avocet.Broker.Connections;

namespace Avocet.Broker.Storage;

/// <summary>What has become of a batch.</summary>
internal enum CommitState
{
    /// <summary>It is kept.</summary>
    Committed,

    /// <summary>It is still to be written.</summary>
    Pending,

    /// <summary>It could not be written. What a publisher waits for was given up; everything else is tried again.</summary>
    Failed,
}

/// <summary>Something that goes on once a batch is committed. Called under no lock; several commits may be told at a time, in any order.</summary>
internal interface ICommitWaiter
{
    /// <summary>A batch it waited for was committed, or failed; <see cref="CommitBatcher.StateOf"/> tells which.</summary>
    void OnCommit(FlushBatch batch);
}
