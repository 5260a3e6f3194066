using System.Globalization;
using System.Text;
using System.Text.Json;
using Avocet.Broker.Storage;
using Avocet.Broker.Storage.Records;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Storage.RocksDb;
using Avocet.Storage.Tests.Support;
using Xunit;

namespace Avocet.Storage.Tests;

/// <summary>What the tables hold: a version, and a store of every version there was, which has to open for ever.</summary>
public sealed class StoreFormatTests
{
    /// <summary>Set to 1 it writes the fixture of <see cref="StoreFormat.Version"/>, where there is none.</summary>
    private const string WriteSwitch = "AVOCET_WRITE_FORMATS";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private static readonly byte[] Properties = Convert.FromHexString("0101");

    private static readonly MessageRecord Message = new()
    {
        TopicName = "home/kitchen"u8.ToArray(),
        Properties = Properties,
        Payload = "21.0"u8.ToArray(),
        Qos = Qos.AtLeastOnce,
        Retain = true,
        ExpiresAt = 1_900_000_000_000,
        PublisherId = "sensor",
    };

    private static readonly MessageRecord Plain = new() { TopicName = "a"u8.ToArray(), Properties = [], Payload = [] };

    private static readonly SessionRecord Session = new()
    {
        ClientId = "reader",
        MountPoint = "site1/",
        ExpirySeconds = uint.MaxValue,
        IsConnected = true,
        ExpiresAt = 1_800_000_000_000,
        WillDueAt = 1_800_000_000_001,
        SentUpTo = 7,
        Will = new WillRecord { DelaySeconds = 5, ExpirySeconds = 60, Message = Message with { ExpiresAt = null } },
    };

    private static readonly ProgressException[] Exceptions = [new(7, ProgressState.Done, 3), new(200, ProgressState.Pubrel)];

    private static readonly QueueRecord Own = new()
    {
        Qos = Qos.ExactlyOnce,
        Retain = true,
        BytesSoFar = 123_456_789_012,
        SubscriptionIds = [1, 268_435_455],
        GroupFilter = "$share/g/home/#"u8.ToArray(),
        Message = Message,
    };

    private static readonly QueueRecord Shared = new() { Qos = Qos.AtLeastOnce, BytesSoFar = 9, MessageNumber = 300 };

    [Theory, InlineData("memory"), InlineData("rocksdb")]
    public void Fresh_store_gets_the_version_and_keeps_it(string kind)
    {
        using var folder = new TemporaryFolder();
        using IStore store = kind == "memory" ? new MemoryStore() : RocksDbStore.Open(folder.Path);

        StoreFormat.Prepare(store);
        StoreFormat.Prepare(store);

        using var cursor = store.Scan(StoreTable.Meta, [], []);
        Assert.True(cursor.MoveNext());
        Assert.Equal(StoreKeys.Format, cursor.Key);
        Assert.Equal([StoreFormat.Version], cursor.Value.ToArray());
        Assert.False(cursor.MoveNext());
        Assert.Equal(1, store.GetFigures().Syncs);
    }

    [Fact]
    public void Newer_format_is_refused_with_what_to_do()
    {
        using var folder = new TemporaryFolder();
        using var store = RocksDbStore.Open(folder.Path);
        store.Commit(batch => batch.Put(StoreTable.Meta, StoreKeys.Format, [StoreFormat.Version + 1]));

        var refused = Assert.Throws<StoreException>(() => StoreFormat.Prepare(store));

        Assert.Equal(StoreFault.TooNew, refused.Fault);
        Assert.Equal(
            string.Create(
                CultureInfo.InvariantCulture,
                $"The data in {folder.Path} has format {StoreFormat.Version + 1}; this version of Avocet reads up to {StoreFormat.Version}. Run the newer version, or choose another folder."),
            refused.Message);
    }

    [Theory, InlineData("00"), InlineData(""), InlineData("FF")]
    public void Impossible_format_is_damage(string value)
    {
        using var store = new MemoryStore();
        store.Commit(batch => batch.Put(StoreTable.Meta, StoreKeys.Format, Convert.FromHexString(value)));

        Assert.Equal(StoreFault.Corrupt, Assert.Throws<StoreException>(() => StoreFormat.Prepare(store)).Fault);
    }

    [Fact]
    public void Fixture_of_this_version_is_checked_in_and_is_what_is_written_now()
    {
        var path = FixturePath(StoreFormat.Version);
        using var written = WriteFixture();
        var tables = Dump(written);
        if (Environment.GetEnvironmentVariable(WriteSwitch) == "1" && !File.Exists(path))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            WriteFolder(FolderOf(StoreFormat.Version), tables);
            File.WriteAllText(path, JsonSerializer.Serialize(tables, Indented) + "\n");
        }

        Assert.True(File.Exists(path), $"There is no store of format {StoreFormat.Version} in {path}. Run the tests with {WriteSwitch}=1 and commit it.");
        // A record that is written otherwise is another format: it takes a new version, and a migration.
        Assert.Equal(ReadFixture(StoreFormat.Version).Select(entry => $"{entry}"), tables.Select(entry => $"{entry}"));
    }

    /// <summary>Once from its records, once from RocksDB's files as they were written then, some in tables and some in the log.</summary>
    [Theory, InlineData(false), InlineData(true)]
    public void Store_of_format_1_opens_with_all_it_has(bool isFolder)
    {
        using var folder = new TemporaryFolder();
        if (isFolder) Copy(FolderOf(1), folder.File("store"));
        using var store = RocksDbStore.Open(folder.Path);
        if (!isFolder) store.Commit(batch => Put(batch, ReadFixture(1)));

        StoreFormat.Prepare(store);

        AssertEqual(Session, Read(store, StoreTable.Sessions, StoreKeys.OfNumber(1), SessionRecord.Read));
        var subscription = Read(store, StoreTable.Subscriptions, StoreKeys.OfSubscription(1, "home/#"u8), SubscriptionRecord.Read);
        Assert.Equal((0x0D, 7u, true), (subscription.Options.Encoded, subscription.SubscriptionId, subscription.OwesRetained));
        Assert.NotNull(store.Get(StoreTable.Received, StoreKeys.OfReceived(1, 65_535)));
        var progress = Read(store, StoreTable.Progress, StoreKeys.OfNumber(1), ProgressRecord.Read);
        Assert.Equal(5, progress.Head);
        Assert.Equal(Exceptions, progress.Exceptions);
        AssertEqual(Own, Read(store, StoreTable.Queue, StoreKeys.OfQueue(1, 8), QueueRecord.Read));
        AssertEqual(Shared, Read(store, StoreTable.Queue, StoreKeys.OfQueue(1, 9), QueueRecord.Read));
        AssertEqual(Plain, Read(store, StoreTable.Messages, StoreKeys.OfNumber(300), MessageRecord.Read));
        AssertEqual(Message, Read(store, StoreTable.Retained, "home/kitchen"u8, MessageRecord.Read));
    }

    private delegate T Reader<T>(ref RecordReader reader);

    private static T Read<T>(RocksDbStore store, StoreTable table, ReadOnlySpan<byte> key, Reader<T> read)
    {
        var value = store.Get(table, key);
        Assert.NotNull(value);
        var reader = new RecordReader(table, key, value);
        return read(ref reader);
    }

    /// <summary>Records hold arrays, which are compared by what is in them.</summary>
    private static void AssertEqual<T>(T expected, T actual) => Assert.Equal(JsonSerializer.Serialize(expected), JsonSerializer.Serialize(actual));

    private static MemoryStore WriteFixture()
    {
        var store = new MemoryStore();
        StoreFormat.Prepare(store);
        var writer = new RecordWriter();
        store.Commit(batch =>
        {
            Put(batch, StoreTable.Sessions, StoreKeys.OfNumber(1), Session.Write);
            Put(batch, StoreTable.Subscriptions, StoreKeys.OfSubscription(1, "home/#"u8), new SubscriptionRecord(SubscriptionOptions.From(0x0D), 7, OwesRetained: true).Write);
            Put(batch, StoreTable.Received, StoreKeys.OfReceived(1, 65_535), _ => { });
            var progress = new ProgressRecord(5, Exceptions);
            Put(batch, StoreTable.Progress, StoreKeys.OfNumber(1), progress.Write);
            Put(batch, StoreTable.Queue, StoreKeys.OfQueue(1, 8), Own.Write);
            Put(batch, StoreTable.Queue, StoreKeys.OfQueue(1, 9), Shared.Write);
            Put(batch, StoreTable.Messages, StoreKeys.OfNumber(300), Plain.Write);
            Put(batch, StoreTable.Retained, "home/kitchen"u8, Message.Write);
        });
        return store;

        void Put(StoreBatch batch, StoreTable table, ReadOnlySpan<byte> key, Action<RecordWriter> write)
        {
            write(writer.Clear());
            batch.Put(table, key, writer.Written);
        }
    }

    private static List<Entry> Dump(MemoryStore store)
    {
        var entries = new List<Entry>();
        foreach (var table in Enum.GetValues<StoreTable>())
        {
            using var cursor = store.Scan(table, [], []);
            while (cursor.MoveNext()) entries.Add(new Entry($"{table}", Convert.ToHexString(cursor.Key), Convert.ToHexString(cursor.Value)));
        }

        return entries;
    }

    private static List<Entry> ReadFixture(int version) => JsonSerializer.Deserialize<List<Entry>>(File.ReadAllText(FixturePath(version), Encoding.UTF8))!;

    private static void Put(StoreBatch batch, IEnumerable<Entry> entries)
    {
        foreach (var entry in entries) batch.Put(Enum.Parse<StoreTable>(entry.Table), Convert.FromHexString(entry.Key), Convert.FromHexString(entry.Value));
    }

    private static void WriteFolder(string path, List<Entry> entries)
    {
        using var folder = new TemporaryFolder();
        // What is there when it is opened goes into tables, what comes after stays in the log.
        for (var i = 0; i < 2; i++)
        {
            using var store = RocksDbStore.Open(folder.Path);
            store.Commit(batch => Put(batch, entries.Where((_, index) => index % 2 == i)));
        }

        Copy(folder.File("store"), path);
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from))
        {
            var name = Path.GetFileName(file);
            var isState = name is not ("LOCK" or "lock" or "process") && !name.StartsWith("LOG", StringComparison.Ordinal) && !name.StartsWith("OPTIONS", StringComparison.Ordinal);
            if (isState) File.Copy(file, Path.Combine(to, name));
        }
    }

    private static string FolderOf(int version) => Path.Combine(Path.GetDirectoryName(FixturePath(version))!, "rocksdb");

    private static string FixturePath(int version) =>
        Path.Combine(Repository.Root, "tests", "Storage.Tests", "Formats", string.Create(CultureInfo.InvariantCulture, $"v{version}"), "store.json");

    private sealed record Entry(string Table, string Key, string Value);
}
