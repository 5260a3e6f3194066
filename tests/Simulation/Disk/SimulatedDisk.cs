using Avocet.Broker.Storage;

namespace Avocet.Simulation.Disk;

/// <summary>What a commit is to meet.</summary>
internal enum CommitFate
{
    Succeeds,

    /// <summary>Fails, and nothing was applied.</summary>
    Fails,

    /// <summary>Fails although it was applied: the error came after the write.</summary>
    FailsApplied,

    /// <summary>The machine stops before anything was written.</summary>
    StopsBefore,

    /// <summary>The machine stops while it writes: the batch is applied or not, and is not synced.</summary>
    StopsIn,

    /// <summary>The machine stops after the commit, and the broker never learns that it succeeded.</summary>
    StopsAfter,
}

/// <summary>
/// The medium, which outlives the machine. It knows what is synced, and every state since: a process that is killed loses nothing of it, a power
/// cut leaves any of these states. A batch that was being written is there whole or not at all, as its checksum would see to.
/// </summary>
internal sealed class SimulatedDisk
{
    private readonly List<DiskState> _sinceSync = [];
    private DiskState _synced = DiskState.Empty;

    /// <summary>What a reader sees.</summary>
    public DiskState Current { get; private set; } = DiskState.Empty;

    public int Commits { get; private set; }

    /// <summary>The commits up to this one have survived what came.</summary>
    public int Kept { get; private set; }

    public int UnsyncedCount => _sinceSync.Count;

    public void Apply(StoreBatch batch, bool sync)
    {
        Current = Current.With(batch);
        Kept = ++Commits;
        _sinceSync.Add(Current);
        if (sync) Sync();
    }

    /// <summary>Loses what was not synced, but for as many commits as the seed leaves.</summary>
    public void CutPower(int commitsLeft)
    {
        Current = commitsLeft == 0 ? _synced : _sinceSync[commitsLeft - 1];
        Kept -= _sinceSync.Count - commitsLeft;
        Sync();
    }

    private void Sync()
    {
        _synced = Current;
        _sinceSync.Clear();
    }
}
