using System.Numerics;

namespace Avocet.Broker.Topics;

/// <summary>An entry of a <see cref="SpanMap{T}"/>; it carries its own key.</summary>
internal abstract class SpanMapEntry(byte[] key)
{
    public byte[] Key { get; } = key;

    internal int Hash { get; } = Utf8Comparer.HashOf(key);

    /// <summary>Set when the entry was removed; it then lies in its slot until the table is made anew.</summary>
    internal volatile bool IsRemoved;
}

/// <summary>
/// A hash map from byte strings to entries that is read without locks while one writer at a time changes it. Open addressing with linear
/// probing: a reader sees a slot empty, or filled with a whole entry; a removed entry stays in its slot as a marker, so that probing goes on.
/// </summary>
internal sealed class SpanMap<T>
    where T : SpanMapEntry
{
    private const int SizeMin = 2;

    private volatile T?[] _table = new T?[SizeMin];
    private int _used;

    /// <summary>Entries that were not removed. For the writer.</summary>
    public int Count { get; private set; }

    /// <summary>Finds an entry, from any thread.</summary>
    public T? Find(ReadOnlySpan<byte> key)
    {
        var table = _table;
        var hash = Utf8Comparer.HashOf(key);
        for (var slot = hash & (table.Length - 1); ; slot = (slot + 1) & (table.Length - 1))
        {
            var entry = Volatile.Read(ref table[slot]);
            if (entry is null) return null;
            if (entry.Hash == hash && !entry.IsRemoved && key.SequenceEqual(entry.Key)) return entry;
        }
    }

    /// <summary>Adds an entry whose key is not there. Under the writer's lock.</summary>
    public void Add(T entry)
    {
        // At most three quarters full, so that probing ends soon and always finds an empty slot.
        if ((_used + 1) * 4 > _table.Length * 3) Rebuild();

        Insert(_table, entry);
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
        var table = new T?[size];
        foreach (var entry in _table)
        {
            if (entry is { IsRemoved: false }) Insert(table, entry);
        }

        _used = Count;
        _table = table;
    }

    private static void Insert(T?[] table, T entry)
    {
        var slot = entry.Hash & (table.Length - 1);
        while (table[slot] is not null) slot = (slot + 1) & (table.Length - 1);

        Volatile.Write(ref table[slot], entry);
    }
}
