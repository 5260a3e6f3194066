using Avocet.Broker.Storage;
using Avocet.Broker.Storage.Records;

namespace Avocet.Cli.Store;

/// <summary>The numbers that the store gives to sessions and messages.</summary>
internal static class StoreNumbers
{
    /// <summary>The first free numbers of sessions and messages.</summary>
    public static (long Session, long Message) Next(IStore store)
    {
        var (session, message) = (1L, 1L);
        if (store.Get(StoreTable.Meta, StoreKeys.Numbers) is { } value)
        {
            var reader = new RecordReader(StoreTable.Meta, StoreKeys.Numbers, value);
            (session, message) = (reader.ReadInt64(), reader.ReadInt64());
        }

        return (Math.Max(session, Last(store, StoreTable.Sessions) + 1), Math.Max(message, Last(store, StoreTable.Messages) + 1));
    }

    /// <summary>Says that the numbers below these are in use.</summary>
    public static void Reserve(StoreBatch batch, long session, long message)
    {
        var writer = new RecordWriter();
        writer.WriteNumber(session);
        writer.WriteNumber(message);
        batch.Put(StoreTable.Meta, StoreKeys.Numbers, writer.Written);
    }

    private static long Last(IStore store, StoreTable table)
    {
        using var cursor = store.Scan(table, [], [], isReverse: true);
        return cursor.MoveNext() ? StoreKeys.NumberOf(cursor.Key) : 0;
    }
}
