using Avocet.Broker.Storage;
using Avocet.Storage.RocksDb;
using Avocet.Storage.Tests.Support;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Storage.Tests;

/// <summary>A disk without space: nothing is lost, reads go on, and it comes back by itself.</summary>
public sealed class RocksDbFailureTests
{
    private const StoreTable Table = StoreTable.Queue;

    private static readonly string LargeValue = Random(200_000);

    [Theory, InlineData(false), InlineData(true)]
    public void Full_disk_fails_commits_until_there_is_space(bool sync)
    {
        using var disk = SmallDisk.Mount(megabytes: 24);
        using var log = new CapturedLog();
        using var store = RocksDbStore.Open(disk.Path, log.CreateLogger(""));
        store.Put(Table, "before", "1", sync);
        disk.Fill();

        var kept = CommitUntilFull(store, sync);
        for (var i = 0; i < 3; i++)
        {
            var refused = Assert.Throws<StoreException>(() => store.Put(Table, $"full{i}", LargeValue, sync));
            Assert.Equal(StoreFault.Full, refused.Fault);
            Assert.Contains(disk.Path, refused.Message, StringComparison.Ordinal);
            Assert.Equal("1", store.Get(Table, "before"));
            Assert.Equal(kept, Keys(store, "k", "l"));
        }

        disk.Free();
        store.Put(Table, "after", "2", sync);

        Assert.Equal(["1", "2"], [store.Get(Table, "before"), store.Get(Table, "after")]);
        Assert.Equal(kept, Keys(store, "k", "l"));
        Assert.Contains(log.Entries, entry => entry.Event.Id == 3001);
        store.Dispose();
        using var again = RocksDbStore.Open(disk.Path);
        Assert.Equal(["1", "2"], [again.Get(Table, "before"), again.Get(Table, "after")]);
        Assert.Equal(kept, Keys(again, "k", "l"));
    }

    [Fact]
    public void Walk_that_was_open_over_a_failure_ends_and_can_be_begun_again()
    {
        using var disk = SmallDisk.Mount(megabytes: 24);
        using var store = RocksDbStore.Open(disk.Path);
        store.Put(Table, "a", "1");
        store.Put(Table, "b", "2");
        using var walk = store.Walk(Table);
        Assert.True(walk.MoveNext());
        disk.Fill();
        CommitUntilFull(store, sync: true);
        disk.Free();
        store.Put(Table, "after", "2");

        Assert.Equal(StoreFault.Failed, Assert.Throws<StoreException>(() => walk.MoveNext()).Fault);
        Assert.Equal("a"u8, walk.Key);
        Assert.Equal("2", store.Get(Table, "b"));
        Assert.Contains("a=1", store.Read(Table));
    }

    [Fact]
    public void Full_disk_again_and_again_loses_nothing()
    {
        using var disk = SmallDisk.Mount(megabytes: 24);
        var store = RocksDbStore.Open(disk.Path);
        var kept = new List<string>();
        for (var round = 0; round < 8; round++)
        {
            disk.Fill();
            kept.AddRange(CommitUntilFull(store, sync: round % 2 == 0, prefix: $"k{round}-"));
            disk.Free();
            store.Commit(batch => batch.Put(Table, $"k{round}-z", "back"));
            kept.Add($"k{round}-z");
            if (round % 3 != 2) continue;

            store.Dispose();
            store = RocksDbStore.Open(disk.Path);
        }

        Assert.Equal(kept.Order(StringComparer.Ordinal), Keys(store, "k", "l"));
        store.Dispose();
    }

    [Fact]
    public void Store_cannot_be_made_on_a_full_disk()
    {
        using var disk = SmallDisk.Mount(megabytes: 4);
        disk.FillWithFiles(leave: 1);

        var refused = Assert.Throws<StoreException>(() => RocksDbStore.Open(disk.Path));

        Assert.Equal(StoreFault.Full, refused.Fault);
    }

    [Fact]
    public void A_little_space_is_enough_to_go_on()
    {
        using var disk = SmallDisk.Mount(megabytes: 12);
        using var store = RocksDbStore.Open(disk.Path);
        disk.Reserve(4 * 1024 * 1024);
        var kept = CommitUntilFull(store, sync: false);
        Assert.Throws<StoreException>(() => store.Put(Table, "x", LargeValue));
        disk.Reserve(2 * 1024 * 1024);

        store.Put(Table, "after", "2", sync: true);

        Assert.Equal(kept, Keys(store, "k", "l"));
    }

    [Fact]
    public void Store_that_cannot_be_opened_for_writing_again_is_still_read()
    {
        using var disk = SmallDisk.Mount(megabytes: 24);
        using var store = RocksDbStore.Open(disk.Path);
        store.Put(Table, "before", "1");
        disk.Fill();
        CommitUntilFull(store, sync: false);
        disk.Free();
        var files = disk.FillWithFiles(leave: 1);

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(StoreFault.Full, Assert.Throws<StoreException>(() => store.Put(Table, "x", "1")).Fault);
            Assert.Equal("1", store.Get(Table, "before"));
            Assert.Contains("before=1", store.Read(Table));
        }

        files.ForEach(File.Delete);
        store.Put(Table, "after", "2");
        Assert.Equal("1", store.Get(Table, "before"));
    }

    [Fact]
    public void Damage_found_while_it_opens_again_is_told_to_readers_too()
    {
        // With room for another write buffer of 16 MB, RocksDB may go on by itself and write all to a table before the damaged log is looked at.
        using var disk = SmallDisk.Mount(megabytes: 12);
        using var store = RocksDbStore.Open(disk.Path);
        store.Put(Table, "a", "1");
        store.Put(Table, "b", "2");
        disk.Fill();
        CommitUntilFull(store, sync: false);
        using (var damage = new Damage(CrashImage.LogsOf(disk.Path)[^1]))
        {
            damage.Flip(10);
            disk.Free();
            Assert.Equal(StoreFault.Corrupt, Assert.Throws<StoreException>(() => store.Put(Table, "x", "1")).Fault);
            Assert.Equal(StoreFault.Corrupt, Assert.Throws<StoreException>(() => store.Get(Table, "a")).Fault);
            Assert.Equal(StoreFault.Corrupt, Assert.Throws<StoreException>(() => store.Read(Table)).Fault);
        }

        store.Put(Table, "c", "3");
        Assert.Equal(["a=1", "b=2", "c=3"], store.Read(Table, "a", "d"));
    }

    /// <summary>Commits until it fails, and gives the keys that were kept.</summary>
    private static List<string> CommitUntilFull(RocksDbStore store, bool sync, string prefix = "k")
    {
        var kept = new List<string>();
        while (true)
        {
            var key = $"{prefix}{kept.Count:D4}";
            try
            {
                store.Put(Table, key, LargeValue, sync);
                kept.Add(key);
            }
            catch (StoreException exception)
            {
                Assert.Equal(StoreFault.Full, exception.Fault);
                return kept;
            }
        }
    }

    private static List<string> Keys(RocksDbStore store, string from, string to) => [.. store.Read(Table, from, to).Select(entry => entry.Split('=')[0])];

    private static string Random(int length)
    {
        var random = new Random(7);
        return string.Create(length, random, (span, source) =>
        {
            foreach (ref var c in span) c = (char)('!' + source.Next(90));
        });
    }
}
