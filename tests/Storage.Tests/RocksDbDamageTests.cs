using System.Globalization;
using Avocet.Broker.Storage;
using Avocet.Storage.RocksDb;
using Avocet.Storage.Tests.Support;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Storage.Tests;

/// <summary>
/// What a power cut and a bad medium leave: a batch that was being written goes in silence, and nothing else does.
/// </summary>
public sealed class RocksDbDamageTests : IDisposable
{
    private const StoreTable Table = StoreTable.Queue;
    private const int Batches = 60;

    /// <summary>So large that batches cross blocks of the log, and some lie in one.</summary>
    private static readonly int[] ValueSizes = [10, 3000, 70_000];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory, InlineData(false), InlineData(true)]
    public void Killed_process_leaves_everything_that_was_committed(bool sync)
    {
        using var store = RocksDbStore.Open(_folder.Path);
        Fill(store, Batches, sync);

        using var image = CrashImage.Of(store);
        using var after = image.Open();

        Assert.Equal(store.Read(Table), after.Read(Table));
        Assert.Equal(2 * Batches, after.Read(Table).Count);
    }

    /// <summary>Near the end of a block of the log only a part of its header fits, or nothing of it.</summary>
    [Fact]
    public void Batch_may_begin_anywhere_in_a_block()
    {
        using var store = RocksDbStore.Open(_folder.Path);
        for (var i = 0; i < 10_000; i++) store.Put(Table, "key", new string('x', i % 97));

        using var image = CrashImage.Of(store);
        using var after = image.Open();

        Assert.Equal(store.Read(Table), after.Read(Table));
    }

    [Fact]
    public void Log_cut_anywhere_has_the_whole_batches_before_the_cut()
    {
        using var store = RocksDbStore.Open(_folder.Path);
        var ends = Fill(store, 12);
        using var image = CrashImage.Of(store);
        using var log = new Damage(image.Logs[^1]);
        var random = new Random(3);
        var cuts = ends.SelectMany(end => new[] { end - 1, end, end + 3, end + 8 }).Concat(Enumerable.Range(0, 15).Select(_ => random.Next(log.Length)));
        foreach (var cut in cuts.Where(cut => cut <= log.Length))
        {
            log.Cut(cut);
            using var torn = image.Copy();
            using var after = torn.Open();

            // What Read gives of the first batch is two entries, of the second two more, …
            var whole = ends.Count(end => end <= cut);
            Assert.True(2 * whole == after.Read(Table).Count, $"cut at {cut}: {after.Read(Table).Count} entries, not {2 * whole}");
            after.Put(Table, "next", "1");
        }
    }

    [Fact]
    public void Tail_of_zeros_or_garbage_is_cut_off_and_kept_beside()
    {
        using var store = RocksDbStore.Open(_folder.Path);
        Fill(store, Batches);
        using var image = CrashImage.Of(store);
        using var log = new Damage(image.Logs[^1]);
        var garbage = new byte[70_000];
        new Random(5).NextBytes(garbage);
        foreach (var tail in new[] { new byte[5], new byte[40_000], garbage[..20], garbage, [.. garbage[..9000], .. new byte[50_000]] })
        {
            log.Append(tail);
            using var torn = image.Copy();
            using var captured = new CapturedLog();
            using (var after = torn.Open(captured.CreateLogger("")))
            {
                Assert.Equal(2 * Batches, after.Read(Table).Count);
                after.Put(Table, "next", "1", sync: true);
            }

            if (tail.Length > 20) Assert.Contains(captured.Entries, entry => entry.Event.Id == 3000);
            using var again = torn.Open();
            Assert.Equal(2 * Batches + 1, again.Read(Table).Count);
        }
    }

    [Fact]
    public void Damaged_last_batch_counts_as_one_that_was_being_written()
    {
        using var store = RocksDbStore.Open(_folder.Path);
        var ends = Fill(store, Batches);
        using var image = CrashImage.Of(store);
        using var log = new Damage(image.Logs[^1]);
        log.Flip(ends[^1] - 5);
        using var torn = image.Copy();
        using var after = torn.Open();

        Assert.Equal(2 * (Batches - 1), after.Read(Table).Count);
        Assert.Single(torn.Files("torn-*"));
    }

    [Fact]
    public void Flipped_bit_with_changes_behind_it_is_refused_wherever_it_is()
    {
        using var store = RocksDbStore.Open(_folder.Path);
        var ends = Fill(store, 9);
        using var image = CrashImage.Of(store);
        using var log = new Damage(image.Logs[^1]);
        var folder = new StoreFolder(image.Path);
        var random = new Random(9);
        var places = Enumerable.Range(0, 100).Concat(ends.SkipLast(1).SelectMany(end => Enumerable.Range(end, 19)))
            .Concat(Enumerable.Range(0, 100).Select(_ => random.Next(ends[^2])));
        foreach (var place in places.Where(place => place < ends[^2]))
        {
            log.Flip(place, random.Next(8));
            var before = image.Contents();
            var refused = Record.Exception(() => LogCheck.Run(folder, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance));

            Assert.True(refused is StoreException { Fault: StoreFault.Corrupt }, $"byte {place}: {refused?.Message ?? "not noticed"}");
            Assert.Equal(before, image.Contents());
        }
    }

    [Fact]
    public void Change_behind_the_damage_is_seen_wherever_in_a_block_it_begins()
    {
        const int BlockSize = 32 * 1024;
        using var measured = RocksDbStore.Open(_folder.File("measured"));
        measured.Put(Table, "first", new string('x', 20_000));
        var overhead = (int)new FileInfo(CrashImage.LogsOf(measured.Location)[^1]).Length - 20_000;
        // In fewer than 7 bytes nothing begins; in 7 there is a header, and behind it less and less of the batch in the next block.
        for (var room = 0; room < 60; room++)
        {
            using var store = RocksDbStore.Open(_folder.File($"{room}"));
            store.Put(Table, "first", new string('x', BlockSize - room - overhead));
            Assert.Equal(BlockSize - room, new FileInfo(CrashImage.LogsOf(store.Location)[^1]).Length);
            store.Put(Table, "last", "1");
            using var image = CrashImage.Of(store);
            using var log = new Damage(image.Logs[^1]);
            log.Flip(1000);

            var refused = Record.Exception(() => LogCheck.Run(new StoreFolder(image.Path), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance));

            Assert.True(refused is StoreException { Fault: StoreFault.Corrupt }, $"with room for {room} bytes: {refused?.Message ?? "not noticed"}");
        }
    }

    [Theory, InlineData(0.1), InlineData(0.5), InlineData(0.9)]
    public void Damaged_log_is_refused_with_its_name_and_left_as_it_is(double place)
    {
        using var store = RocksDbStore.Open(_folder.Path);
        var ends = Fill(store, Batches);
        using var image = CrashImage.Of(store);
        using var log = new Damage(image.Logs[^1]);
        log.Flip((int)(ends[^2] * place));
        var before = image.Contents();

        var refused = Assert.Throws<StoreException>(() => image.Open());

        Assert.Equal(StoreFault.Corrupt, refused.Fault);
        Assert.Contains(image.Logs[^1], refused.Message, StringComparison.Ordinal);
        Assert.Contains("avocet store check", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, image.Contents());
    }

    [Fact]
    public void Page_that_was_never_written_ends_the_log_and_what_follows_is_kept_beside()
    {
        // Without fsync the system writes pages in any order; a power cut may leave a later one without an earlier one.
        using var store = RocksDbStore.Open(_folder.Path);
        var ends = Fill(store, Batches);
        using var image = CrashImage.Of(store);
        // Opening removes the log, so nothing is mended.
        var log = new Damage(image.Logs[^1]);
        var page = ends[Batches / 2] / 4096 * 4096;
        log.Zero(page, 4096);
        using var captured = new CapturedLog();
        using var after = image.Open(captured.CreateLogger(""));

        Assert.Equal(2 * ends.Count(end => end <= page), after.Read(Table).Count);
        var kept = Assert.Single(image.Files("torn-*"));
        Assert.Contains(captured.Entries, entry => entry.Event.Id == 3000 && entry.Message.Contains(kept, StringComparison.Ordinal));
    }

    [Fact]
    public void Log_that_lacks_its_end_before_another_log_is_refused()
    {
        using var image = ImageWithTwoLogs();
        using var log = new Damage(image.Logs[0]);
        log.Cut(log.Length - 100_000);
        var before = image.Contents();

        var refused = Assert.Throws<StoreException>(() => image.Open());

        Assert.Equal(StoreFault.Corrupt, refused.Fault);
        Assert.Contains(image.Logs[0], refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, image.Contents());
    }

    [Fact]
    public void Damaged_table_is_told_when_it_is_read()
    {
        RocksDbStoreWithTables(out var entries);
        using var image = CrashImage.Of(_folder.Path);
        foreach (var file in image.Files("*.sst"))
        {
            var bytes = File.ReadAllBytes(file);
            for (var i = 0; i < bytes.Length - 3000; i += 500) bytes[i] ^= 0x10;
            File.WriteAllBytes(file, bytes);
        }

        var refused = Assert.Throws<StoreException>(() =>
        {
            using var store = image.Open();
            Assert.Equal(entries, store.Read(Table).Count);
        });
        Assert.Equal(StoreFault.Corrupt, refused.Fault);
        Assert.Contains(".sst", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("*.sst")]
    [InlineData("MANIFEST-*")]
    [InlineData("CURRENT")]
    public void Missing_file_is_refused_and_the_others_stay(string pattern)
    {
        RocksDbStoreWithTables(out _);
        using var image = CrashImage.Of(_folder.Path);
        File.Delete(image.Files(pattern)[0]);
        var before = image.Contents();

        var refused = Assert.Throws<StoreException>(() => image.Open());

        Assert.Equal(StoreFault.Corrupt, refused.Fault);
        Assert.Contains(image.Path, refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, image.Contents());
    }

    [Fact]
    public void Damaged_manifest_is_refused_and_nothing_is_changed()
    {
        RocksDbStoreWithTables(out _);
        using var image = CrashImage.Of(_folder.Path);
        using var manifest = new Damage(image.Files("MANIFEST-*")[0]);
        manifest.Flip(manifest.Length / 2);
        var before = image.Contents();

        var refused = Assert.Throws<StoreException>(() => image.Open());

        Assert.Equal(StoreFault.Corrupt, refused.Fault);
        Assert.Contains("MANIFEST", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, image.Contents());
    }

    /// <summary>Commits batches of two entries and gives where each ended in the log.</summary>
    private static List<int> Fill(RocksDbStore store, int batches, bool sync = false)
    {
        var random = new Random(1);
        var ends = new List<int>();
        for (var i = 0; i < batches; i++)
        {
            var value = new byte[ValueSizes[i % ValueSizes.Length]];
            random.NextBytes(value);
            store.Commit(
                batch =>
                {
                    batch.Put(Table, Key(i, "a"), value);
                    batch.Put(Table, Key(i, "b"), []);
                },
                sync);
            ends.Add((int)new FileInfo(CrashImage.LogsOf(store.Location)[^1]).Length);
        }

        return ends;
    }

    private static byte[] Key(int number, string part) => System.Text.Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{number:D6}{part}"));

    private CrashImage ImageWithTwoLogs()
    {
        using var store = RocksDbStore.Open(_folder.Path);
        // This table is not written out, and so keeps the first log.
        store.Put(StoreTable.Retained, "a", "1");
        for (var i = 0; CrashImage.LogsOf(store.Location).Count < 2; i++) Fill(store, Batches);
        Fill(store, 10, sync: true);
        var image = CrashImage.Of(store);
        Assert.Equal(2, image.Logs.Count);
        return image;
    }

    /// <summary>Leaves a store with everything in tables: opening writes out what the log has.</summary>
    private void RocksDbStoreWithTables(out int entries)
    {
        using (var store = RocksDbStore.Open(_folder.Path)) Fill(store, Batches);
        using var again = RocksDbStore.Open(_folder.Path);
        entries = again.Read(Table).Count;
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(_folder.Path, "store"), "*.sst"));
    }
}
