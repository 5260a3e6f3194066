using System.Runtime.InteropServices;
using Avocet.Broker.Storage;
using static Avocet.Storage.RocksDb.Native;

namespace Avocet.Storage.RocksDb;

/// <summary>
/// A walk, over what RocksDB holds for it. Key and value are copied out: the store may close the database at any time, which ends the walk with an
/// exception, not with a crash.
/// </summary>
internal sealed unsafe class RocksDbCursor : StoreCursor
{
    private readonly RocksDbStore _store;
    private readonly bool _isReverse;
    private readonly byte* _bounds;
    private nint _readOptions;
    private nint _iterator;
    private bool _hasBegun;
    private byte[] _bytes = [];
    private int _keyLength;
    private int _valueLength;

    /// <summary>To be called while nobody can close the database.</summary>
    public RocksDbCursor(RocksDbStore store, Database database, StoreTable table, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, bool isReverse)
    {
        _store = store;
        _isReverse = isReverse;
        _readOptions = rocksdb_readoptions_create();
        rocksdb_readoptions_set_fill_cache(_readOptions, 0);
        // RocksDB reads the bounds for as long as the walk lasts.
        _bounds = (byte*)NativeMemory.Alloc((nuint)(from.Length + to.Length + 1));
        from.CopyTo(new Span<byte>(_bounds, from.Length));
        to.CopyTo(new Span<byte>(_bounds + from.Length, to.Length));
        if (from.Length > 0) rocksdb_readoptions_set_iterate_lower_bound(_readOptions, _bounds, (nuint)from.Length);
        if (to.Length > 0) rocksdb_readoptions_set_iterate_upper_bound(_readOptions, _bounds + from.Length, (nuint)to.Length);
        _iterator = rocksdb_create_iterator_cf(database.Handle, _readOptions, database.FamilyOf(table));
    }

    public override ReadOnlySpan<byte> Key => _bytes.AsSpan(0, _keyLength);

    public override ReadOnlySpan<byte> Value => _bytes.AsSpan(_keyLength, _valueLength);

    public override bool MoveNext()
    {
        using var reading = _store.EnterRead();
        return _iterator == 0 ? throw _store.WalkEnded() : TryMove();
    }

    /// <summary>Moves on; to be called while nobody can close the database.</summary>
    public bool TryMove()
    {
        Move();
        if (rocksdb_iter_valid(_iterator) != 0)
        {
            Copy();
            return true;
        }

        _keyLength = _valueLength = 0;
        byte* error = null;
        rocksdb_iter_get_error(_iterator, &error);
        try
        {
            Check(error);
        }
        catch (RocksDbException exception)
        {
            throw _store.ErrorOf(exception);
        }

        return false;
    }

    /// <summary>To be called while nobody moves it.</summary>
    public void Release()
    {
        if (_iterator == 0) return;

        rocksdb_iter_destroy(_iterator);
        rocksdb_readoptions_destroy(_readOptions);
        NativeMemory.Free(_bounds);
        _iterator = _readOptions = 0;
    }

    protected override void Dispose(bool disposing)
    {
        _store.Forget(this);
        base.Dispose(disposing);
    }

    private void Move()
    {
        switch (_hasBegun, _isReverse)
        {
            case (false, false):
                rocksdb_iter_seek_to_first(_iterator);
                break;
            case (false, true):
                rocksdb_iter_seek_to_last(_iterator);
                break;
            // At the end it stays there: a further move of an iterator that is not valid is not allowed.
            case (true, _) when rocksdb_iter_valid(_iterator) == 0:
                break;
            case (true, false):
                rocksdb_iter_next(_iterator);
                break;
            case (true, true):
                rocksdb_iter_prev(_iterator);
                break;
        }

        _hasBegun = true;
    }

    private void Copy()
    {
        nuint keyLength, valueLength;
        var key = rocksdb_iter_key(_iterator, &keyLength);
        var value = rocksdb_iter_value(_iterator, &valueLength);
        var size = (int)(keyLength + valueLength);
        if (_bytes.Length < size) _bytes = new byte[Math.Max(size, _bytes.Length * 2)];

        _keyLength = (int)keyLength;
        _valueLength = (int)valueLength;
        new ReadOnlySpan<byte>(key, _keyLength).CopyTo(_bytes);
        new ReadOnlySpan<byte>(value, _valueLength).CopyTo(_bytes.AsSpan(_keyLength));
    }
}
