using System.Text;
using Avocet.Broker.Storage;

namespace Avocet.Storage.Tests.Support;

/// <summary>Stores with text for keys and values, so that tests read well.</summary>
internal static class StoreExtensions
{
    public static void Commit(this IStore store, Action<StoreBatch> fill, bool sync = false)
    {
        var batch = new StoreBatch();
        fill(batch);
        store.Commit(batch, sync);
    }

    public static void Put(this IStore store, StoreTable table, string key, string value, bool sync = false) =>
        store.Commit(batch => batch.Put(table, key, value), sync);

    public static void Put(this StoreBatch batch, StoreTable table, string key, string value) => batch.Put(table, Bytes(key), Bytes(value));

    public static void Delete(this StoreBatch batch, StoreTable table, string key) => batch.Delete(table, Bytes(key));

    public static void DeleteRange(this StoreBatch batch, StoreTable table, string from, string to) => batch.DeleteRange(table, Bytes(from), Bytes(to));

    public static string? Get(this IStore store, StoreTable table, string key) => store.Get(table, Bytes(key)) is { } value ? Encoding.UTF8.GetString(value) : null;

    public static StoreCursor Walk(this IStore store, StoreTable table, string from = "", string to = "", bool isReverse = false) =>
        store.Scan(table, Bytes(from), Bytes(to), isReverse);

    /// <summary>A part of a table as "key=value", in the order of the walk.</summary>
    public static List<string> Read(this IStore store, StoreTable table, string from = "", string to = "", bool isReverse = false)
    {
        using var cursor = store.Walk(table, from, to, isReverse);
        return cursor.ReadRest();
    }

    public static List<string> ReadRest(this StoreCursor cursor)
    {
        var entries = new List<string>();
        while (cursor.MoveNext()) entries.Add($"{Encoding.UTF8.GetString(cursor.Key)}={Encoding.UTF8.GetString(cursor.Value)}");
        return entries;
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
