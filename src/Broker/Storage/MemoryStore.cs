using System.Collections.Immutable;

namespace Avocet.Broker.Storage;

/// <summary>
/// A store that forgets everything with the process. It keeps the contract of <see cref="IStore"/> otherwise: a second broker on the same object goes on
/// where the first one ended.
/// </summary>
public sealed class MemoryStore : IStore
{
    private readonly Lock _gate = new();
    private readonly ImmutableSortedDictionary<byte[], byte[]>[] _tables;
    private long _bytesWritten;
    private long _syncs;

    public MemoryStore()
    {
        var empty = ImmutableSortedDictionary.Create<byte[], byte[]>(KeyOrder.Instance);
        _tables = [.. Enum.GetValues<StoreTable>().Select(_ => empty)];
    }

    public string Location => "memory";

    public void Commit(StoreBatch batch, bool sync)
    {
        lock (_gate)
        {
            foreach (var change in batch) Apply(change);

            _bytesWritten += batch.Size;
            if (sync) _syncs++;
        }
    }

    public byte[]? Get(StoreTable table, ReadOnlySpan<byte> key) => TableOf(table).GetValueOrDefault(key.ToArray());

    public StoreCursor Scan(StoreTable table, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, bool isReverse = false) =>
        new Cursor(TableOf(table), from.ToArray(), to.ToArray(), isReverse);

    public StoreFigures GetFigures()
    {
        lock (_gate) return new StoreFigures(_bytesWritten, _syncs, _tables.Sum(table => table.Sum(entry => (long)entry.Key.Length + entry.Value.Length)));
    }

    public void Dispose()
    {
        // The data stays, for whoever opens a broker on it next.
    }

    private void Apply(in StoreChange change)
    {
        ref var table = ref _tables[(int)change.Table];
        switch (change.Kind)
        {
            case StoreChangeKind.Put:
                table = table.SetItem(change.Key.ToArray(), change.Value.ToArray());
                break;

            case StoreChangeKind.Delete:
                table = table.Remove(change.Key.ToArray());
                break;

            case StoreChangeKind.DeleteRange:
                using (var cursor = new Cursor(table, change.Key.ToArray(), change.Value.ToArray(), false))
                {
                    while (cursor.MoveNext()) table = table.Remove(cursor.Key.ToArray());
                }

                break;
        }
    }

    private ImmutableSortedDictionary<byte[], byte[]> TableOf(StoreTable table)
    {
        lock (_gate) return _tables[(int)table];
    }

    private sealed class KeyOrder : IComparer<byte[]>
    {
        public static KeyOrder Instance { get; } = new();

        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
    }

    private sealed class Cursor(ImmutableSortedDictionary<byte[], byte[]> table, byte[] from, byte[] to, bool isReverse) : StoreCursor
    {
        private IEnumerator<KeyValuePair<byte[], byte[]>>? _entries;

        public override ReadOnlySpan<byte> Key => _entries!.Current.Key;

        public override ReadOnlySpan<byte> Value => _entries!.Current.Value;

        public override bool MoveNext() => (_entries ??= Entries().GetEnumerator()).MoveNext();

        protected override void Dispose(bool disposing)
        {
            _entries?.Dispose();
            base.Dispose(disposing);
        }

        // Looks at all keys: quick enough for tests, and for brokers that keep nothing.
        private IEnumerable<KeyValuePair<byte[], byte[]>> Entries()
        {
            var entries = table
                .SkipWhile(entry => KeyOrder.Instance.Compare(entry.Key, from) < 0)
                .TakeWhile(entry => to.Length == 0 || KeyOrder.Instance.Compare(entry.Key, to) < 0);
            return isReverse ? entries.Reverse() : entries;
        }
    }
}
