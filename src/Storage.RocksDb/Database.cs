using System.Runtime.InteropServices;
using Avocet.Broker.Storage;
using static Avocet.Storage.RocksDb.Native;

namespace Avocet.Storage.RocksDb;

/// <summary>An open database. Whoever closes it has made sure that nobody is in it any more.</summary>
internal sealed unsafe class Database
{
    private readonly nint[] _families;
    private nint _handle;

    private Database(nint handle, nint[] families)
    {
        _handle = handle;
        _families = families;
    }

    public nint Handle => _handle;

    /// <summary>Opens or creates it.</summary>
    public static Database Open(string folder, Settings settings, bool isNew)
    {
        rocksdb_options_set_create_if_missing(settings.Database, isNew ? (byte)1 : (byte)0);
        if (!isNew) RefuseUnknownTables(folder, settings);

        try
        {
            return Open(folder, settings);
        }
        catch (RocksDbException exception) when (exception.Message.Contains("Compression type", StringComparison.Ordinal))
        {
            settings.TurnCompressionOff();
            return Open(folder, settings);
        }
    }

    /// <summary>Opens what is there without writing anything.</summary>
    public static Database OpenReadOnly(string folder, Settings settings)
    {
        byte* error = null;
        var families = new nint[StoreTableNames.Count];
        var handle = rocksdb_open_for_read_only_column_families(
            settings.Database, folder, families.Length, StoreTableNames.All, settings.Families, families, failIfLogExists: 0, &error);
        Check(error);
        return new Database(handle, families);
    }

    public nint FamilyOf(StoreTable table) => _families[(int)table];

    public void Close()
    {
        foreach (var family in _families) rocksdb_column_family_handle_destroy(family);
        rocksdb_close(_handle);
        _handle = 0;
    }

    private static Database Open(string folder, Settings settings)
    {
        byte* error = null;
        var families = new nint[StoreTableNames.Count];
        var handle = rocksdb_open_column_families(
            settings.Database, folder, families.Length, StoreTableNames.All, settings.Families, families, &error);
        Check(error);
        return new Database(handle, families);
    }

    private static void RefuseUnknownTables(string folder, Settings settings)
    {
        byte* error = null;
        nuint count;
        var names = rocksdb_list_column_families(settings.Database, folder, &count, &error);
        Check(error);
        try
        {
            for (var i = 0; i < (int)count; i++)
            {
                var name = Marshal.PtrToStringUTF8((nint)names[i])!;
                if (StoreTableNames.All.Contains(name)) continue;

                throw new StoreException(
                    StoreFault.TooNew,
                    $"The data in {folder} has a table '{name}' which this version of Avocet does not know. Run the newer version, or choose another folder.");
            }
        }
        finally
        {
            rocksdb_list_column_families_destroy(names, count);
        }
    }
}
