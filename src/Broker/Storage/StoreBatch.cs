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

/// <summary>Changes that a store applies together, in one buffer. Belongs to one thread at a time.</summary>
public sealed class StoreBatch
{
    /// <summary>Kind, table, and two lengths.</summary>
    private const int HeaderSize = 10;

    private byte[] _bytes = [];
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
        other._bytes.AsSpan(0, other._length).CopyTo(Reserve(other._length));
        _length += other._length;
        Count += other.Count;
    }

    public void Clear()
    {
        // What one large batch took is not kept for the small ones after it.
        if (_bytes.Length > 1024 * 1024) _bytes = [];

        _length = 0;
        Count = 0;
    }

    public Enumerator GetEnumerator() => new(_bytes.AsSpan(0, _length));

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
        _length += size;
        Count++;
    }

    private Span<byte> Reserve(int size)
    {
        if (_bytes.Length - _length < size) Array.Resize(ref _bytes, (int)Math.Min(Array.MaxLength, Math.Max(_bytes.Length * 2L, _length + (long)size)));

        return _bytes.AsSpan(_length, size);
    }

    /// <summary>Goes over the changes in their order.</summary>
    public ref struct Enumerator(ReadOnlySpan<byte> rest)
    {
        private ReadOnlySpan<byte> _rest = rest;

        public StoreChange Current { get; private set; }

        public bool MoveNext()
        {
            if (_rest.IsEmpty) return false;

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
