using Avocet.Broker.Storage;

namespace Avocet.TestKit;

/// <summary>One broker's view of a store whose content outlives the broker: it can fail, and it can be cut off as by a crash.</summary>
public sealed class TestStore(MemoryStore content) : IStore
{
    private readonly Lock _gate = new();

    /// <summary>What each commit throws, until it is null again.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Whether the broker is dead: what it still commits never arrives.</summary>
    public bool IsCutOff { get; set; }

    /// <summary>For each commit that arrived, whether it was to be synced.</summary>
    public List<bool> Syncs { get; } = [];

    /// <summary>Called before each commit.</summary>
    public Action? OnCommit { get; set; }

    /// <summary>Called before the figures are given.</summary>
    public Action? OnFigures { get; set; }

    /// <summary>Entries of queues that were read one after another.</summary>
    public int QueueEntriesRead { get; private set; }

    public string Location => "test";

    public void Commit(StoreBatch batch, bool sync)
    {
        OnCommit?.Invoke();
        if (Failure is not null) throw Failure;

        lock (_gate)
        {
            if (IsCutOff) return;

            Syncs.Add(sync);
            content.Commit(batch, sync);
        }
    }

    public byte[]? Get(StoreTable table, ReadOnlySpan<byte> key) => content.Get(table, key);

    public StoreCursor Scan(StoreTable table, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, bool isReverse = false)
    {
        var cursor = content.Scan(table, from, to, isReverse);
        return table == StoreTable.Queue ? new CountingCursor(cursor, this) : cursor;
    }

    public StoreFigures GetFigures()
    {
        OnFigures?.Invoke();
        return content.GetFigures();
    }

    public void Dispose()
    {
        // The content belongs to the test.
    }

    private sealed class CountingCursor(StoreCursor cursor, TestStore store) : StoreCursor
    {
        public override ReadOnlySpan<byte> Key => cursor.Key;

        public override ReadOnlySpan<byte> Value => cursor.Value;

        public override bool MoveNext()
        {
            var isThere = cursor.MoveNext();
            if (isThere) store.QueueEntriesRead++;
            return isThere;
        }

        protected override void Dispose(bool disposing)
        {
            cursor.Dispose();
            base.Dispose(disposing);
        }
    }
}
