using System.Collections.Immutable;

namespace Avocet.Broker.Storage;

/// <summary>
/// A store that forgets everything with the process. It keeps the contract of <see cref="IStore"/> otherwise: a second broker on the same object goes on
/// where the first one ended.
/// </summary>
public sealed class MemoryStore : IStore
{
    private static readonly ImmutableSortedSet<Entry> Empty = ImmutableSortedSet.Create<Entry>(EntryOrder.Instance);

    private readonly Lock _gate = new();
    private readonly ImmutableSortedSet<Entry>[] _tables = [.. Enum.GetValues<StoreTable>().Select(_ => Empty)];
    private long _bytesWritten;
    private long _syncs;

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

    public byte[]? Get(StoreTable table, ReadOnlySpan<byte> key) => TableOf(table).TryGetValue(new Entry(key.ToArray(), []), out var found) ? found.Value : null;

    public StoreCursor Scan(StoreTable table, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, bool isReverse = false) => new Cursor(TableOf(table), from, to, isReverse);

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
                var entry = new Entry(change.Key.ToArray(), change.Value.ToArray());
                table = table.Remove(entry).Add(entry);
                break;

            case StoreChangeKind.Delete:
                table = table.Remove(new Entry(change.Key.ToArray(), []));
                break;

            case StoreChangeKind.DeleteRange:
                using (var cursor = new Cursor(table, change.Key, change.Value, false))
                {
                    while (cursor.MoveNext()) table = table.Remove(new Entry(cursor.Key.ToArray(), []));
                }

                break;
        }
    }

    private ImmutableSortedSet<Entry> TableOf(StoreTable table)
    {
        lock (_gate) return _tables[(int)table];
    }

    private readonly record struct Entry(byte[] Key, byte[] Value);

    /// <summary>Entries are equal when their keys are.</summary>
    private sealed class EntryOrder : IComparer<Entry>
    {
        public static EntryOrder Instance { get; } = new();

        public int Compare(Entry x, Entry y) => x.Key.AsSpan().SequenceCompareTo(y.Key);
    }

    private sealed class Cursor : StoreCursor
    {
        private readonly ImmutableSortedSet<Entry> _table;
        private readonly int _step;
        private int _place;
        private int _left;

        public Cursor(ImmutableSortedSet<Entry> table, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, bool isReverse)
        {
            var first = PlaceOf(table, from);
            var end = to.IsEmpty ? table.Count : PlaceOf(table, to);
            _table = table;
            _left = Math.Max(0, end - first);
            _step = isReverse ? -1 : 1;
            _place = isReverse ? end : first - 1;
        }

        public override ReadOnlySpan<byte> Key => _table[_place].Key;

        public override ReadOnlySpan<byte> Value => _table[_place].Value;

        public override bool MoveNext()
        {
            if (_left == 0) return false;

            _left--;
            _place += _step;
            return true;
        }

        /// <summary>How many keys are less.</summary>
        private static int PlaceOf(ImmutableSortedSet<Entry> table, ReadOnlySpan<byte> key)
        {
            var place = table.IndexOf(new Entry(key.ToArray(), []));
            return place < 0 ? ~place : place;
        }
    }
}
