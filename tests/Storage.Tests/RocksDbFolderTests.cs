using System.Globalization;
using Avocet.Broker.Storage;
using Avocet.Storage.RocksDb;
using Avocet.Storage.Tests.Support;
using Xunit;

namespace Avocet.Storage.Tests;

/// <summary>Who may open a folder, and what is said to the others.</summary>
public sealed class RocksDbFolderTests : IDisposable
{
    private const StoreTable Table = StoreTable.Retained;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Missing_folder_is_made()
    {
        using var store = RocksDbStore.Open(_folder.File("some/where"));

        Assert.Equal(_folder.File("some/where"), store.Location);
        Assert.True(Directory.Exists(_folder.File("some/where")));
    }

    [Fact]
    public void Folder_that_cannot_be_looked_into_keeps_its_last_size()
    {
        using var store = RocksDbStore.Open(_folder.Path);
        var size = store.GetFigures().Size;
        Assert.InRange(size, 1, long.MaxValue);

        Directory.Move(_folder.File("store"), _folder.File("elsewhere"));
        Assert.Equal(size, store.GetFigures().Size);
        Directory.Move(_folder.File("elsewhere"), _folder.File("store"));
    }

    [Fact]
    public void Second_opener_is_refused_and_told_by_whom()
    {
        using (var store = RocksDbStore.Open(_folder.Path))
        {
            var refused = Assert.Throws<StoreException>(() => RocksDbStore.Open(_folder.Path));

            Assert.Equal(StoreFault.InUse, refused.Fault);
            Assert.Contains(_folder.Path, refused.Message, StringComparison.Ordinal);
            Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"process {Environment.ProcessId}"), refused.Message, StringComparison.Ordinal);
            Assert.Contains("--data", refused.Message, StringComparison.Ordinal);
            store.Put(Table, "a", "1", sync: true);
        }

        using var next = RocksDbStore.Open(_folder.Path);
        Assert.Equal("1", next.Get(Table, "a"));
    }

    [Fact]
    public void Reader_sees_the_store_of_another_and_cannot_write()
    {
        using var store = RocksDbStore.Open(_folder.Path);
        var batch = new StoreBatch();
        batch.Put(Table, [1], [2]);
        store.Commit(batch, sync: false);

        using var reader = RocksDbStore.OpenReadOnly(_folder.Path);

        Assert.Equal([2], reader.Get(Table, [1]));
        Assert.Throws<StoreException>(() => reader.Commit(batch, sync: false));
        store.Commit(batch, sync: true);
        Assert.Throws<StoreException>(() => RocksDbStore.OpenReadOnly(_folder.File("nowhere")));
    }

    [Fact]
    public void Folder_that_cannot_be_made_is_named()
    {
        File.WriteAllText(_folder.File("file"), "");

        var refused = Assert.Throws<StoreException>(() => RocksDbStore.Open(_folder.File("file/data")));

        Assert.Equal(StoreFault.Failed, refused.Fault);
        Assert.Contains(_folder.File("file/data"), refused.Message, StringComparison.Ordinal);
        Assert.Contains("--data", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Folder_that_cannot_be_written_is_named()
    {
        using var mount = SmallDisk.Mount(megabytes: 4);
        mount.MakeReadOnly();

        var refused = Assert.Throws<StoreException>(() => RocksDbStore.Open(mount.Path));

        Assert.Equal(StoreFault.Failed, refused.Fault);
        Assert.Contains(mount.Path, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Folder_of_a_store_that_cannot_be_written_is_named()
    {
        using var mount = SmallDisk.Mount(megabytes: 16);
        RocksDbStore.Open(mount.Path).Dispose();
        mount.MakeReadOnly();

        var refused = Assert.Throws<StoreException>(() => RocksDbStore.Open(mount.Path));

        Assert.Equal(StoreFault.Failed, refused.Fault);
        Assert.Contains(mount.Path, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Table_of_a_newer_version_is_refused()
    {
        RocksDbStore.Open(_folder.Path).Dispose();
        RawDatabase.AddTable(Path.Combine(_folder.Path, "store"), "tomorrow");

        var refused = Assert.Throws<StoreException>(() => RocksDbStore.Open(_folder.Path));

        Assert.Equal(StoreFault.TooNew, refused.Fault);
        Assert.Contains("tomorrow", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Closed_store_says_so()
    {
        var store = RocksDbStore.Open(_folder.Path);
        store.Put(Table, "a", "1");
        using var cursor = store.Walk(Table);
        Assert.True(cursor.MoveNext());
        store.Dispose();

        Assert.Throws<ObjectDisposedException>(() => store.Get(Table, "a"));
        Assert.Throws<ObjectDisposedException>(() => store.Read(Table));
        Assert.Throws<ObjectDisposedException>(() => store.Put(Table, "a", "2"));
        Assert.Throws<ObjectDisposedException>(() => cursor.MoveNext());
        Assert.Throws<ObjectDisposedException>(() => store.GetFigures());
        // What it stood on stays readable: it is a copy.
        Assert.Equal("a"u8, cursor.Key);
        // The walk does not keep the folder.
        using var next = RocksDbStore.Open(_folder.Path);
        Assert.Equal("1", next.Get(Table, "a"));
    }

    [Fact]
    public async Task Dispose_during_reads_ends_them_without_a_crash()
    {
        for (var round = 0; round < 10; round++)
        {
            var store = RocksDbStore.Open(_folder.Path);
            store.Commit(batch =>
            {
                for (var i = 0; i < 1000; i++) batch.Put(Table, $"{i}", "value");
            });
            using var allRead = new CountdownEvent(3);
            var readers = Enumerable.Range(0, 3).Select(_ => Task.Factory.StartNew(
                () => ReadUntilClosed(store, allRead), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToList();
            Assert.True(allRead.Wait(TimeSpan.FromSeconds(20)));

            store.Dispose();

            await Task.WhenAll(readers).WaitAsync(TimeSpan.FromSeconds(20));
        }
    }

    private static void ReadUntilClosed(RocksDbStore store, CountdownEvent allRead)
    {
        var isFirst = true;
        try
        {
            while (true)
            {
                using var cursor = store.Walk(Table);
                while (cursor.MoveNext())
                {
                    store.Get(Table, cursor.Key);
                    if (isFirst) allRead.Signal();
                    isFirst = false;
                }
            }
        }
        catch (ObjectDisposedException)
        {
            // The end that was to come.
        }
    }
}
