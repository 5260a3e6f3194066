using Avocet.Broker.Storage;
using Avocet.Storage.Tests.Support;
using CsCheck;
using Xunit;

namespace Avocet.Storage.Tests;

/// <summary>What every store keeps to.</summary>
public abstract class StoreContractTests : IDisposable
{
    private const StoreTable Table = StoreTable.Retained;
    private const StoreTable Other = StoreTable.Queue;

    /// <summary>Larger than a write buffer's share, a block and a page.</summary>
    private const int LargeSize = 3 * 1024 * 1024 + 17;

    private IStore? _store;

    protected IStore Store => _store ??= Open();

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Fresh_store_is_empty()
    {
        foreach (var table in Enum.GetValues<StoreTable>())
        {
            Assert.Empty(Store.Read(table));
            Assert.Empty(Store.Read(table, isReverse: true));
            Assert.Null(Store.Get(table, "a"));
        }
    }

    [Theory, InlineData(false), InlineData(true)]
    public void Commit_keeps_all_changes_in_all_tables(bool sync)
    {
        Store.Commit(
            batch =>
            {
                foreach (var table in Enum.GetValues<StoreTable>()) batch.Put(table, "key", $"{table}");
            },
            sync);

        foreach (var table in Enum.GetValues<StoreTable>()) Assert.Equal($"{table}", Store.Get(table, "key"));
        Reopen();
        foreach (var table in Enum.GetValues<StoreTable>()) Assert.Equal([$"key={table}"], Store.Read(table));
    }

    [Fact]
    public void Batch_holds_changes_of_all_sizes_in_their_order_and_can_be_used_again()
    {
        const int Block = 64 * 1024;
        int[] sizes = [0, 1, Block - 11, Block, Block + 1, 3 * Block, 7, Block / 2, Block / 2, Block / 2, 100];
        var batch = new StoreBatch();
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 40 * sizes.Length; i++) batch.Put(Table, "same"u8, Enumerable.Repeat((byte)i, sizes[(i + round) % sizes.Length]).ToArray());

            var other = new StoreBatch();
            other.Append(batch);
            Assert.Equal(40 * sizes.Length, other.Count);
            Assert.Equal(batch.Size, other.Size);
            var number = 0;
            foreach (var change in other)
            {
                Assert.Equal(sizes[(number + round) % sizes.Length], change.Value.Length);
                Assert.False(change.Value.ContainsAnyExcept((byte)number), $"change {number} has another's bytes");
                number++;
            }

            Assert.Equal(40 * sizes.Length, number);
            batch.Clear();
            Assert.Equal((0, 0), (batch.Count, batch.Size));
        }
    }

    [Fact]
    public void Changes_of_a_batch_apply_in_their_order()
    {
        Store.Commit(batch =>
        {
            batch.Put(Table, "a", "1");
            batch.Delete(Table, "a");
            batch.Put(Table, "a", "2");
            batch.Put(Table, "b", "1");
            batch.Delete(Table, "b");
        });
        Assert.Equal(["a=2"], Store.Read(Table));

        Store.Commit(batch =>
        {
            batch.Put(Table, "c", "1");
            batch.DeleteRange(Table, "a", "z");
            batch.Put(Table, "b", "3");
            batch.Put(Other, "b", "other");
        });
        Assert.Equal(["b=3"], Store.Read(Table));
        Assert.Equal(["b=other"], Store.Read(Other));
    }

    [Theory]
    [InlineData("b", "d", "a e d")]
    [InlineData("b", "", "a")]
    [InlineData("", "c", "c d e")]
    [InlineData("", "", "")]
    [InlineData("d", "b", "a b c d e")]
    [InlineData("c", "c", "a b c d e")]
    [InlineData("bb", "bc", "a b c d e")]
    [InlineData("f", "", "a b c d e")]
    public void DeleteRange_removes_from_its_beginning_to_before_its_end(string from, string to, string left)
    {
        Fill("a", "b", "c", "d");

        Store.Commit(batch =>
        {
            batch.Put(Table, "e", "");
            batch.DeleteRange(Table, from, to);
        });

        Assert.Equal(left.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order().Select(key => $"{key}="), Store.Read(Table));
    }

    [Theory]
    [InlineData("", "", "a ab b c")]
    [InlineData("ab", "c", "ab b")]
    [InlineData("aa", "bb", "ab b")]
    [InlineData("b", "", "b c")]
    [InlineData("", "b", "a ab")]
    [InlineData("b", "b", "")]
    [InlineData("c", "a", "")]
    [InlineData("d", "", "")]
    [InlineData("", "A", "")]
    public void Scan_walks_between_its_bounds_both_ways(string from, string to, string expected)
    {
        Fill("b", "a", "c", "ab");
        Store.Put(Other, "aaa", "not in this table");
        var keys = expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(key => $"{key}=").ToList();

        Assert.Equal(keys, Store.Read(Table, from, to));
        Assert.Equal(keys.AsEnumerable().Reverse(), Store.Read(Table, from, to, isReverse: true));
    }

    [Fact]
    public void Keys_are_ordered_as_unsigned_bytes()
    {
        Store.Commit(batch =>
        {
            foreach (var key in new byte[] { 0x80, 0x00, 0xFF, 0x7F }) batch.Put(Table, [key], [key]);
            batch.Put(Table, [0xFF, 0x00], []);
        });

        using var cursor = Store.Scan(Table, [], []);
        foreach (var key in new byte[] { 0x00, 0x7F, 0x80, 0xFF })
        {
            Assert.True(cursor.MoveNext());
            Assert.Equal([key], cursor.Key.ToArray());
            Assert.Equal([key], cursor.Value.ToArray());
        }

        Assert.True(cursor.MoveNext());
        Assert.Equal([0xFF, 0x00], cursor.Key.ToArray());
        Assert.False(cursor.MoveNext());
        Assert.False(cursor.MoveNext());
    }

    [Theory, InlineData(false), InlineData(true)]
    public void Scan_sees_the_table_as_it_was_when_it_began(bool isReverse)
    {
        Fill("a", "b", "c");
        using var untouched = Store.Walk(Table, isReverse: isReverse);
        using var begun = Store.Walk(Table, isReverse: isReverse);
        Assert.True(begun.MoveNext());

        Store.Commit(batch =>
        {
            batch.Put(Table, "a", "new");
            batch.DeleteRange(Table, "b", "d");
            batch.Put(Table, "bb", "new");
        });

        Assert.Equal(isReverse ? ["b=", "a="] : ["b=", "c="], begun.ReadRest());
        Assert.Equal(isReverse ? ["c=", "b=", "a="] : ["a=", "b=", "c="], untouched.ReadRest());
        Assert.Equal(["a=new", "bb=new"], Store.Read(Table));
    }

    [Fact]
    public void Large_and_empty_values_come_back()
    {
        var large = new byte[LargeSize];
        new Random(1).NextBytes(large);
        var zeros = new byte[LargeSize];
        Store.Commit(batch =>
        {
            batch.Put(Table, "large"u8, large);
            batch.Put(Table, "zeros"u8, zeros);
            batch.Put(Table, "empty"u8, []);
        });
        Reopen();

        Assert.True(large.AsSpan().SequenceEqual(Store.Get(Table, "large"u8)));
        Assert.True(zeros.AsSpan().SequenceEqual(Store.Get(Table, "zeros"u8)));
        Assert.Empty(Store.Get(Table, "empty"u8)!);
        using var cursor = Store.Walk(Table, "large");
        Assert.True(cursor.MoveNext());
        Assert.True(cursor.Value.SequenceEqual(large));
    }

    [Fact]
    public void Empty_batch_is_no_failure()
    {
        Store.Commit(new StoreBatch(), sync: false);
        Store.Commit(new StoreBatch(), sync: true);
        Assert.Empty(Store.Read(Table));
    }

    [Fact]
    public void Batch_can_be_committed_again_and_cleared()
    {
        var batch = new StoreBatch();
        batch.Put(Table, "a", "1");
        Store.Commit(batch, sync: false);
        Store.Commit(batch, sync: false);
        batch.Clear();
        batch.Put(Table, "b", "2");
        Store.Commit(batch, sync: false);

        Assert.Equal(["a=1", "b=2"], Store.Read(Table));
    }

    [Fact]
    public void Reopened_store_has_everything_and_goes_on()
    {
        Fill("a", "b");
        Store.Commit(batch => batch.Delete(Table, "a"));
        Reopen();
        Fill("c");
        Reopen();

        Assert.Equal(["b=", "c="], Store.Read(Table));
    }

    [Fact]
    public void Figures_grow()
    {
        var before = Store.GetFigures();
        Store.Put(Table, "a", new string('x', 10_000));
        Store.Put(Table, "b", new string('y', 10_000), sync: true);
        var after = Store.GetFigures();

        Assert.InRange(after.BytesWritten - before.BytesWritten, 20_000, 30_000);
        Assert.Equal(1, after.Syncs - before.Syncs);
        Assert.True(after.Size > before.Size, $"{before.Size} B, then {after.Size} B");
    }

    [Fact]
    public async Task Reads_go_on_during_commits()
    {
        // The two entries always change together: whoever sees them apart has seen half a batch.
        var store = Store;
        using var isDone = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 3).Select(_ => Task.Factory.StartNew(
            () =>
            {
                var reads = 0;
                while (!isDone.IsCancellationRequested || reads == 0)
                {
                    var entries = store.Read(Table, "x").Select(entry => entry[2..]).Distinct();
                    Assert.True(entries.Count() <= 1, "half a batch was seen");
                    store.Get(Table, "x");
                    reads++;
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)).ToList();

        for (var i = 0; i < 2000; i++)
        {
            store.Commit(batch =>
            {
                batch.DeleteRange(Table, "x", "z");
                batch.Put(Table, "x", $"{i}");
                batch.Put(Table, "y", $"{i}");
            });
        }

        await isDone.CancelAsync();
        await Task.WhenAll(readers).WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void Dispose_twice_is_fine()
    {
        Fill("a");
        Store.Dispose();
        Store.Dispose();
    }

    [Fact]
    public void Any_changes_give_what_a_sorted_dictionary_gives()
    {
        var key = Gen.Byte[0, 3].Array[0, 3];
        var change = Gen.Select(Gen.Int[0, 9], key, Gen.Byte.Array[0, 40]);
        var batches = Gen.Select(change.Array[0, 12], Gen.Int[0, 19]).Array[1, 12];
        Gen.Select(batches, key, key).Sample(
            (steps, from, to) =>
            {
                Store.Commit(batch => batch.DeleteRange(Table, [], []));
                var model = new SortedDictionary<byte[], byte[]>(Comparer<byte[]>.Create((x, y) => x.AsSpan().SequenceCompareTo(y)));
                foreach (var (changes, reopen) in steps)
                {
                    var batch = new StoreBatch();
                    foreach (var (kind, first, second) in changes) Apply(batch, model, kind, first, second);
                    Store.Commit(batch, sync: false);
                    if (reopen == 0) Reopen();
                }

                var expected = model.Where(entry => entry.Key.AsSpan().SequenceCompareTo(from) >= 0 && (to.Length == 0 || entry.Key.AsSpan().SequenceCompareTo(to) < 0))
                    .Select(entry => $"{Convert.ToHexString(entry.Key)}={Convert.ToHexString(entry.Value)}").ToList();
                Assert.Equal(expected, ReadHex(from, to, isReverse: false));
                expected.Reverse();
                Assert.Equal(expected, ReadHex(from, to, isReverse: true));
            },
            iter: 200,
            threads: 1);
    }

    protected abstract IStore Open();

    /// <summary>Closes the store and opens it again, where it outlives that.</summary>
    protected virtual void Reopen()
    {
        Store.Dispose();
        _store = Open();
    }

    protected virtual void Dispose(bool disposing) => _store?.Dispose();

    private static void Apply(StoreBatch batch, SortedDictionary<byte[], byte[]> model, int kind, byte[] first, byte[] second)
    {
        switch (kind)
        {
            case < 6:
                batch.Put(Table, first, second);
                model[first] = second;
                break;
            case < 9:
                batch.Delete(Table, first);
                model.Remove(first);
                break;
            default:
                var end = second.Length > 3 ? second[..3] : second;
                batch.DeleteRange(Table, first, end);
                var gone = model.Keys.Where(key => key.AsSpan().SequenceCompareTo(first) >= 0 && (end.Length == 0 || key.AsSpan().SequenceCompareTo(end) < 0));
                foreach (var key in gone.ToList()) model.Remove(key);
                break;
        }
    }

    private List<string> ReadHex(byte[] from, byte[] to, bool isReverse)
    {
        var entries = new List<string>();
        using var cursor = Store.Scan(Table, from, to, isReverse);
        while (cursor.MoveNext()) entries.Add($"{Convert.ToHexString(cursor.Key)}={Convert.ToHexString(cursor.Value)}");
        return entries;
    }

    private void Fill(params string[] keys) => Store.Commit(batch =>
    {
        foreach (var key in keys) batch.Put(Table, key, "");
    });
}
