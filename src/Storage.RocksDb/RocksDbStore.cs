using Avocet.Broker.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using static Avocet.Storage.RocksDb.Native;

namespace Avocet.Storage.RocksDb;

/// <summary>
/// The store of a single node, on RocksDB. After a failed write RocksDB refuses all others until it is opened again, which the next commit does.
/// </summary>
public sealed unsafe class RocksDbStore : IStore
{
    private const int BatchSizeKept = 1024 * 1024;

    /// <summary>Held for reading by whoever is in the database, also by a commit; for writing by whoever closes it.</summary>
    private readonly ReaderWriterLockSlim _gate = new();

    private readonly Lock _cursorsGate = new();
    private readonly HashSet<RocksDbCursor> _cursors = [];
    private readonly StoreFolder _folder;
    private readonly ILogger _logger;
    private readonly Settings _settings = new();
    private readonly nint _readOptions = rocksdb_readoptions_create();
    private readonly nint _writeOptions = rocksdb_writeoptions_create();
    private readonly nint _syncOptions = rocksdb_writeoptions_create();

    private nint _batch = rocksdb_writebatch_create();

    /// <summary>Null after <see cref="Dispose"/>, and when it could not be opened again, not even for reading.</summary>
    private Database? _database;

    /// <summary>Why nothing can be written until it is opened again.</summary>
    private StoreException? _failure;

    private bool _isDisposed;
    private bool _isReadOnly;
    private long _syncs;

    private RocksDbStore(StoreFolder folder, ILogger logger)
    {
        _folder = folder;
        _logger = logger;
        rocksdb_writeoptions_set_sync(_syncOptions, 1);
    }

    public string Location => _folder.Path;

    /// <summary>Whether a data folder has a store.</summary>
    public static bool Exists(string folder) => Directory.Exists(new StoreFolder(folder).StorePath);

    /// <summary>Opens the store of a data folder, or makes one. Its files are in the folder's subfolder <c>store</c>.</summary>
    /// <param name="folder">The data folder.</param>
    /// <param name="logger">Told what a power cut left unfinished.</param>
    /// <exception cref="StoreException">It cannot be opened.</exception>
    public static RocksDbStore Open(string folder, ILogger? logger = null)
    {
        var store = new RocksDbStore(new StoreFolder(folder), logger ?? NullLogger.Instance);
        try
        {
            store._folder.Create();
            store._folder.Lock();
            store._database = store.OpenDatabase();
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>Opens the store of a data folder to read it as it is now, also while a broker has it open. Nothing is written, and nothing can be.</summary>
    /// <param name="folder">The data folder.</param>
    /// <exception cref="StoreException">There is none, or it cannot be read.</exception>
    public static RocksDbStore OpenReadOnly(string folder)
    {
        var store = new RocksDbStore(new StoreFolder(folder), NullLogger.Instance) { _isReadOnly = true };
        try
        {
            store._database = Database.OpenReadOnly(store._folder.StorePath, store._settings);
            return store;
        }
        catch (RocksDbException exception)
        {
            var error = store.ErrorOf(exception);
            store.Dispose();
            throw error;
        }
    }

    public void Commit(StoreBatch batch, bool sync)
    {
        if (_isReadOnly) throw new StoreException(StoreFault.Failed, $"The data in {Location} was opened to be read only.");
        if (_failure is not null) Recover();

        using var reading = EnterRead();
        var database = GetDatabase();
        try
        {
            Write(database, batch, sync);
        }
        catch (RocksDbException exception)
        {
            _failure = ErrorOf(exception);
            throw _failure;
        }

        if (sync) Interlocked.Increment(ref _syncs);
    }

    public byte[]? Get(StoreTable table, ReadOnlySpan<byte> key)
    {
        using var reading = EnterRead();
        var database = GetDatabase();
        byte* error = null;
        var slice = rocksdb_get_pinned_cf(database.Handle, _readOptions, database.FamilyOf(table), key, (nuint)key.Length, &error);
        try
        {
            Check(error);
        }
        catch (RocksDbException exception)
        {
            throw ErrorOf(exception);
        }

        if (slice == 0) return null;

        nuint length;
        var value = rocksdb_pinnableslice_value(slice, &length);
        var copy = new ReadOnlySpan<byte>(value, (int)length).ToArray();
        rocksdb_pinnableslice_destroy(slice);
        return copy;
    }

    public StoreCursor Scan(StoreTable table, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, bool isReverse = false)
    {
        using var reading = EnterRead();
        var cursor = new RocksDbCursor(this, GetDatabase(), table, from, to, isReverse);
        lock (_cursorsGate) _cursors.Add(cursor);

        return cursor;
    }

    public StoreFigures GetFigures()
    {
        using var reading = EnterRead();
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return new StoreFigures(Counters.ReadBytesWritten(_settings.Database), Interlocked.Read(ref _syncs), _folder.Measure());
    }

    public void Dispose()
    {
        _gate.EnterWriteLock();
        try
        {
            if (_isDisposed) return;

            _isDisposed = true;
            Close();
            _folder.Dispose();
            rocksdb_writebatch_destroy(_batch);
            rocksdb_readoptions_destroy(_readOptions);
            rocksdb_writeoptions_destroy(_writeOptions);
            rocksdb_writeoptions_destroy(_syncOptions);
            _settings.Dispose();
        }
        finally
        {
            _gate.ExitWriteLock();
        }
    }

    /// <summary>Keeps the database open until it is left.</summary>
    internal Reading EnterRead()
    {
        _gate.EnterReadLock();
        return new Reading(_gate);
    }

    internal StoreException ErrorOf(Exception exception) => StoreErrors.From(exception, _folder);

    /// <summary>Why a walk cannot go on.</summary>
    internal Exception WalkEnded() => _isDisposed
        ? new ObjectDisposedException(nameof(RocksDbStore))
        : new StoreException(StoreFault.Failed, $"The data in {Location} was opened again after a failure while it was read. Read it again.");

    internal void Forget(RocksDbCursor cursor)
    {
        using var reading = EnterRead();
        cursor.Release();
        lock (_cursorsGate) _cursors.Remove(cursor);
    }

    private Database GetDatabase()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _database ?? throw new StoreException(_failure!.Fault, _failure.Message, _failure);
    }

    private void Write(Database database, StoreBatch batch, bool sync)
    {
        byte* error = null;
        if (batch.Count == 0)
        {
            // Makes durable what went before.
            if (sync) rocksdb_flush_wal(database.Handle, 1, &error);
            Check(error);
            return;
        }

        foreach (var change in batch) Add(database, batch, change);
        rocksdb_write(database.Handle, sync ? _syncOptions : _writeOptions, _batch, &error);
        ClearBatch(batch.Size);
        Check(error);
    }

    private void ClearBatch(int size)
    {
        // What one large batch took is not kept for the small ones after it.
        if (size <= BatchSizeKept)
        {
            rocksdb_writebatch_clear(_batch);
            return;
        }

        rocksdb_writebatch_destroy(_batch);
        _batch = rocksdb_writebatch_create();
    }

    private void Add(Database database, StoreBatch batch, in StoreChange change)
    {
        var family = database.FamilyOf(change.Table);
        var key = change.Key;
        var value = change.Value;
        switch (change.Kind)
        {
            case StoreChangeKind.Put:
                rocksdb_writebatch_put_cf(_batch, family, key, (nuint)key.Length, value, (nuint)value.Length);
                break;

            case StoreChangeKind.Delete:
                rocksdb_writebatch_delete_cf(_batch, family, key, (nuint)key.Length);
                break;

            case StoreChangeKind.DeleteRange:
                if (value.IsEmpty) value = EndOf(database, batch, change.Table);
                // RocksDB would refuse a range that ends before it begins, and everything after it.
                if (key.SequenceCompareTo(value) < 0) rocksdb_writebatch_delete_range_cf(_batch, family, key, (nuint)key.Length, value, (nuint)value.Length);
                break;
        }
    }

    /// <summary>A key behind all of a table, those of the batch included: RocksDB knows no range without an end.</summary>
    private byte[] EndOf(Database database, StoreBatch batch, StoreTable table)
    {
        ReadOnlySpan<byte> greatest = [];
        foreach (var change in batch)
        {
            if (change.Kind == StoreChangeKind.Put && change.Table == table && change.Key.SequenceCompareTo(greatest) > 0) greatest = change.Key;
        }

        var last = new RocksDbCursor(this, database, table, [], [], isReverse: true);
        try
        {
            if (last.TryMove() && last.Key.SequenceCompareTo(greatest) > 0) greatest = last.Key;
            return [.. greatest, 0];
        }
        finally
        {
            last.Release();
        }
    }

    private Database OpenDatabase()
    {
        try
        {
            if (_folder.FindOrphan() is { } orphan) throw StoreErrors.Corrupt(_folder, $"there is {orphan} but no file CURRENT, which says how to read it");

            LogCheck.Run(_folder, _logger);
            return Database.Open(_folder.StorePath, _settings, _folder.IsNew);
        }
        catch (Exception exception) when (exception is RocksDbException or IOException or UnauthorizedAccessException)
        {
            throw ErrorOf(exception);
        }
    }

    /// <summary>Opens the database again; where it cannot be written it goes on being read.</summary>
    private void Recover()
    {
        try
        {
            _folder.Probe();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw ErrorOf(exception);
        }

        _gate.EnterWriteLock();
        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            Close();
            // On a disk that is nearly full there may be no room to write tables.
            rocksdb_options_set_avoid_flush_during_recovery(_settings.Database, 1);
            _database = OpenDatabase();
            _failure = null;
            Log.Reopened(_logger, Location);
        }
        catch (StoreException exception)
        {
            _failure = exception;
            // What is damaged is not read as if it were whole.
            if (exception.Fault != StoreFault.Corrupt) _database = TryOpenReadOnly();
            throw;
        }
        finally
        {
            _gate.ExitWriteLock();
        }
    }

    private Database? TryOpenReadOnly()
    {
        try
        {
            return Database.OpenReadOnly(_folder.StorePath, _settings);
        }
        catch (RocksDbException)
        {
            // The failure that led here says why.
            return null;
        }
    }

    private void Close()
    {
        lock (_cursorsGate)
        {
            foreach (var cursor in _cursors) cursor.Release();
            _cursors.Clear();
        }

        _database?.Close();
        _database = null;
    }

    /// <summary>Somebody in the database.</summary>
    internal readonly ref struct Reading(ReaderWriterLockSlim gate)
    {
        public void Dispose() => gate.ExitReadLock();
    }
}
