using System.Collections.Immutable;
using Avocet.Broker.Storage;

namespace Avocet.Simulation.Disk;

/// <summary>All tables at one moment. Immutable, so that every moment since the last sync can be kept.</summary>
internal sealed class DiskState
{
    private readonly ImmutableArray<ImmutableSortedSet<DiskEntry>> _tables;

    private DiskState(ImmutableArray<ImmutableSortedSet<DiskEntry>> tables) => _tables = tables;

    public static DiskState Empty { get; } =
        new([.. Enum.GetValues<StoreTable>().Select(_ => ImmutableSortedSet.Create<DiskEntry>(DiskEntry.ByKey))]);

    public ImmutableSortedSet<DiskEntry> this[StoreTable table] => _tables[(int)table];

    public byte[]? Get(StoreTable table, ReadOnlySpan<byte> key) => this[table].TryGetValue(new DiskEntry(key.ToArray(), []), out var found) && found.Key.AsSpan().SequenceEqual(key) ? found.Value : null;

    public DiskState With(StoreBatch batch)
    {
        var tables = _tables.ToBuilder();
        foreach (var change in batch)
        {
            var table = tables[(int)change.Table];
            tables[(int)change.Table] = change.Kind switch
            {
                StoreChangeKind.Put => Put(table, new DiskEntry(change.Key.ToArray(), change.Value.ToArray())),
                StoreChangeKind.Delete => table.Remove(new DiskEntry(change.Key.ToArray(), [])),
                _ => RemoveRange(table, change.Key, change.Value),
            };
        }

        return new DiskState(tables.ToImmutable());
    }

    /// <summary>The place of the first entry that is not below the key.</summary>
    public static int PlaceOf(ImmutableSortedSet<DiskEntry> table, ReadOnlySpan<byte> key)
    {
        var place = table.IndexOf(new DiskEntry(key.ToArray(), []));
        return place < 0 ? ~place : place;
    }

    private static ImmutableSortedSet<DiskEntry> Put(ImmutableSortedSet<DiskEntry> table, DiskEntry entry) => table.Remove(entry).Add(entry);

    private static ImmutableSortedSet<DiskEntry> RemoveRange(ImmutableSortedSet<DiskEntry> table, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        var first = PlaceOf(table, from);
        var end = PlaceOf(table, to);
        if (first >= end) return table;

        var builder = table.ToBuilder();
        for (var place = first; place < end; place++) builder.Remove(table[place]);

        return builder.ToImmutable();
    }
}

/// <summary>A key with its value.</summary>
internal sealed record DiskEntry(byte[] Key, byte[] Value)
{
    public static IComparer<DiskEntry> ByKey { get; } = Comparer<DiskEntry>.Create(static (x, y) => x.Key.AsSpan().SequenceCompareTo(y.Key));
}
