using System.Collections.Immutable;
using Avocet.Broker.Storage;

namespace Avocet.Simulation.Disk;

/// <summary>The disk as one broker has opened it. The fate of each commit comes from outside; once its machine is dead it writes nothing any more.</summary>
internal class SimulatedStore(SimulatedDisk disk, Func<CommitFate> nextFate, Action onStop) : IStore
{
    private bool _isDead;

    public string Location => "simulated disk";

    /// <summary>Commits asked for, and those that failed.</summary>
    public (int Asked, int Failed) Counts { get; private set; }

    /// <summary>Whether a commit failed although it was applied, and none has succeeded since: what the broker gave up with it is on the disk.</summary>
    public bool IsAhead { get; private set; }

    protected SimulatedDisk Disk => disk;

    public void Die() => _isDead = true;

    public virtual void Commit(StoreBatch batch, bool sync)
    {
        if (_isDead) throw new StoreException(StoreFault.Failed, "The machine has no power.");

        Counts = Counts with { Asked = Counts.Asked + 1 };
        switch (nextFate())
        {
            case CommitFate.Succeeds:
                disk.Apply(batch, sync);
                IsAhead = false;
                return;

            case CommitFate.Fails:
                Counts = Counts with { Failed = Counts.Failed + 1 };
                throw new StoreException(StoreFault.Full, "The simulated disk is full.");

            case CommitFate.FailsApplied:
                Counts = Counts with { Failed = Counts.Failed + 1 };
                disk.Apply(batch, sync);
                IsAhead = true;
                throw new StoreException(StoreFault.Failed, "The simulated disk failed after it had written.");

            case CommitFate.StopsBefore:
                break;

            case CommitFate.StopsIn:
                disk.Apply(batch, sync: false);
                break;

            case CommitFate.StopsAfter:
                disk.Apply(batch, sync);
                break;
        }

        onStop();
        throw new StoreException(StoreFault.Failed, "The machine has stopped.");
    }

    public byte[]? Get(StoreTable table, ReadOnlySpan<byte> key) => disk.Current.Get(table, key);

    public StoreCursor Scan(StoreTable table, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, bool isReverse = false)
    {
        var entries = disk.Current[table];
        var first = DiskState.PlaceOf(entries, from);
        var end = to.IsEmpty ? entries.Count : DiskState.PlaceOf(entries, to);
        return new Cursor(entries, first, end, isReverse);
    }

    public StoreFigures GetFigures() => new(0, disk.Commits, 0);

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        // The disk stays, for the machine that starts on it next.
    }

    private sealed class Cursor(ImmutableSortedSet<DiskEntry> entries, int first, int end, bool isReverse) : StoreCursor
    {
        private int _place = isReverse ? Math.Max(first, end) : first - 1;

        public override ReadOnlySpan<byte> Key => entries[_place].Key;

        public override ReadOnlySpan<byte> Value => entries[_place].Value;

        public override bool MoveNext()
        {
            _place += isReverse ? -1 : 1;
            return _place >= first && _place < end;
        }
    }
}
