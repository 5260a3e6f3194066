using Avocet.Broker.Storage;

namespace Avocet.Storage.RocksDb;

/// <summary>What the tables are called on disk.</summary>
internal static class StoreTableNames
{
    /// <summary>RocksDB always has this one; it is the table of <see cref="StoreTable.Meta"/>.</summary>
    private const string Default = "default";

    public static int Count { get; } = Enum.GetValues<StoreTable>().Length;

    public static string[] All { get; } = [.. Enum.GetValues<StoreTable>().Select(NameOf)];

#pragma warning disable CA1308 // Not normalised for comparison: these are names on disk.
    private static string NameOf(StoreTable table) => table == StoreTable.Meta ? Default : table.ToString().ToLowerInvariant();
#pragma warning restore CA1308
}
