using System.Numerics;

namespace Avocet.Broker.Topics;

/// <summary>An entry of a <see cref="SpanMap{T}"/>; it carries its own key.</summary>
internal abstract class SpanMapEntry(byte[] key)
{
    public byte[] Key { get; } = key;

    /// <summary>Set when the entry was removed; it then lies in its slot until the table is made anew.</summary>
    internal volatile bool IsRemoved;
}

/// <summary>
/// A hash map from byte strings to entries that is read without locks while one writer at a time changes it. Open addressing with linear
/// probing: a reader sees a slot empty, or filled with a whole entry; a removed entry stays in its slot as a marker, so that probing goes on. Slots have the
/// hashes, so that only the entry which is looked for is touched: in a large map each one is a cache miss.
/// </summary>
internal sealed class SpanMap<T>
    where T : SpanMapEntry
{
    private const int SizeMin = 2;

    private volatile Slot[] _table = new Slot[SizeMin];
    private int _used;

    /// <summary>Entries that were not removed. For the writer.</summary>
    public int Count { get; private set; }

    /// <summary>Finds an entry, from any thread.</summary>
    public T? Find(ReadOnlySpan<byte> key)
    {
        var table = _table;
        var hash = Utf8Comparer.HashOf(key);
        for (var place = hash & (table.Length - 1); ; place = (place + 1) & (table.Length - 1))
        {
            ref var slot = ref table[place];
            // The hash is written before the entry, and neither changes afterwards.
            var entry = Volatile.Read(ref slot.Entry);
            if (entry is null) return null;
            if (slot.Hash == hash && !entry.IsRemoved && key.SequenceEqual(entry.Key)) return entry;
        }
    }

    /// <summary>Adds an entry whose key is not there. Under the writer's lock.</summary>
    public void Add(T entry)
    {
        // At most three quarters full, so that probing ends soon and always finds an empty slot.
        if ((_used + 1) * 4 > _table.Length * 3) Rebuild();

        Insert(_table, Utf8Comparer.HashOf(entry.Key), entry);
        _used++;
        Count++;
    }

    /// <summary>Removes an entry that is there. Under the writer's lock.</summary>
    public void Remove(T entry)
    {
        entry.IsRemoved = true;
        Count--;
        if (_table.Length > SizeMin && Count * 8 < _table.Length) Rebuild();
    }

    private void Rebuild()
    {
        var size = Math.Max(SizeMin, (int)BitOperations.RoundUpToPowerOf2((uint)(Count + 1) * 2));
        var table = new Slot[size];
        foreach (var slot in _table)
        {
            if (slot.Entry is { IsRemoved: false } entry) Insert(table, slot.Hash, entry);
        }

        _used = Count;
        _table = table;
    }

    private static void Insert(Slot[] table, int hash, T entry)
    {
        var place = hash & (table.Length - 1);
        while (table[place].Entry is not null) place = (place + 1) & (table.Length - 1);

        table[place].Hash = hash;
        Volatile.Write(ref table[place].Entry, entry);
    }

    private struct Slot
    {
        public T? Entry;
        public int Hash;
    }
}
