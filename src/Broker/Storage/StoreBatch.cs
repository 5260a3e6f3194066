using System.Buffers.Binary;

namespace Avocet.Broker.Storage;

/// <summary>What a change does.</summary>
public enum StoreChangeKind : byte
{
    Put,
    Delete,

    /// <summary>Removes all keys from <see cref="StoreChange.Key"/>, included, to <see cref="StoreChange.Value"/>, excluded.</summary>
    DeleteRange,
}

/// <summary>One change of a batch; borrowed from it.</summary>
public readonly ref struct StoreChange
{
    public StoreChangeKind Kind { get; init; }

    public StoreTable Table { get; init; }

    public ReadOnlySpan<byte> Key { get; init; }

    /// <summary>The value of a put, the end of a range; else empty.</summary>
    public ReadOnlySpan<byte> Value { get; init; }
}

/// <summary>Changes that a store applies together. Belongs to one thread at a time.</summary>
public sealed class StoreBatch
{
    /// <summary>Kind, table, and two lengths.</summary>
    private const int HeaderSize = 10;

    /// <summary>Small enough not to be a large object, which only a whole collection would free. A larger change has a block of its own.</summary>
    private const int BlockSize = 64 * 1024;

    /// <summary>Blocks that are kept for the next changes: what one large batch took is not kept for the small ones after it.</summary>
    private const int KeptBlocksMax = 16;

    private readonly List<byte[]> _blocks = [];

    /// <summary>How much of each block is in use.</summary>
    private readonly List<int> _lengths = [];

    /// <summary>The blocks in use; those behind them are kept.</summary>
    private int _used;
    private int _length;

    /// <summary>Changes in the batch.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of keys and values, with a little for each change.</summary>
    public int Size => _length;

    public void Put(StoreTable table, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Add(StoreChangeKind.Put, table, key, value);

    public void Delete(StoreTable table, ReadOnlySpan<byte> key) => Add(StoreChangeKind.Delete, table, key, default);

    /// <summary>Removes all keys from <paramref name="from"/>, included, to <paramref name="to"/>, excluded.</summary>
    public void DeleteRange(StoreTable table, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to) => Add(StoreChangeKind.DeleteRange, table, from, to);

    /// <summary>Adds all changes of another batch.</summary>
    public void Append(StoreBatch other)
    {
        for (var i = 0; i < other._used; i++) other._blocks[i].AsSpan(0, other._lengths[i]).CopyTo(Reserve(other._lengths[i]));

        Count += other.Count;
    }

    public void Clear()
    {
        if (_blocks.Count > KeptBlocksMax) _blocks.RemoveRange(KeptBlocksMax, _blocks.Count - KeptBlocksMax);

        _blocks.RemoveAll(block => block.Length > BlockSize);
        _lengths.Clear();
        _used = _length = 0;
        Count = 0;
    }

    public Enumerator GetEnumerator() => new(this);

    private void Add(StoreChangeKind kind, StoreTable table, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        var size = HeaderSize + key.Length + value.Length;
        var place = Reserve(size);
        place[0] = (byte)kind;
        place[1] = (byte)table;
        BinaryPrimitives.WriteInt32LittleEndian(place[2..], key.Length);
        BinaryPrimitives.WriteInt32LittleEndian(place[6..], value.Length);
        key.CopyTo(place[HeaderSize..]);
        value.CopyTo(place[(HeaderSize + key.Length)..]);
        Count++;
    }

    /// <summary>Changes are not parted.</summary>
    private Span<byte> Reserve(int size)
    {
        if (_used == 0 || _blocks[_used - 1].Length - _lengths[_used - 1] < size)
        {
            // A kept block that is too small for it is used after it.
            if (_used == _blocks.Count || _blocks[_used].Length < size) _blocks.Insert(_used, new byte[Math.Max(BlockSize, size)]);

            _lengths.Add(0);
            _used++;
        }

        var place = _blocks[_used - 1].AsSpan(_lengths[_used - 1], size);
        _lengths[_used - 1] += size;
        _length += size;
        return place;
    }

    /// <summary>Goes over the changes in their order.</summary>
    public ref struct Enumerator(StoreBatch batch)
    {
        private ReadOnlySpan<byte> _rest;
        private int _block;

        public StoreChange Current { get; private set; }

        public bool MoveNext()
        {
            while (_rest.IsEmpty)
            {
                if (_block == batch._used) return false;

                _rest = batch._blocks[_block].AsSpan(0, batch._lengths[_block]);
                _block++;
            }

            var keyLength = BinaryPrimitives.ReadInt32LittleEndian(_rest[2..]);
            var valueLength = BinaryPrimitives.ReadInt32LittleEndian(_rest[6..]);
            Current = new StoreChange
            {
                Kind = (StoreChangeKind)_rest[0],
                Table = (StoreTable)_rest[1],
                Key = _rest.Slice(HeaderSize, keyLength),
                Value = _rest.Slice(HeaderSize + keyLength, valueLength),
            };
            _rest = _rest[(HeaderSize + keyLength + valueLength)..];
            return true;
        }
    }
}
