using System.Runtime.InteropServices;

namespace Avocet.Storage.Tests.Support;

/// <summary>Does to RocksDB's files what no store does.</summary>
internal static unsafe partial class RawDatabase
{
    private const string Library = "rocksdb";

    /// <summary>Adds a column family.</summary>
    public static void AddTable(string folder, string name)
    {
        var options = rocksdb_options_create();
        byte* error = null;
        nuint count;
        var list = rocksdb_list_column_families(options, folder, &count, &error);
        ThrowOn(error);
        var names = Enumerable.Range(0, (int)count).Select(i => Marshal.PtrToStringUTF8((nint)list[i])!).ToArray();
        rocksdb_list_column_families_destroy(list, count);

        var families = new nint[names.Length];
        var database = rocksdb_open_column_families(options, folder, names.Length, names, [.. names.Select(_ => options)], families, &error);
        ThrowOn(error);
        var added = rocksdb_create_column_family(database, options, name, &error);
        ThrowOn(error);
        foreach (var family in families.Append(added)) rocksdb_column_family_handle_destroy(family);
        rocksdb_close(database);
        rocksdb_options_destroy(options);
    }

    private static void ThrowOn(byte* error)
    {
        if (error is not null) throw new InvalidOperationException(Marshal.PtrToStringUTF8((nint)error));
    }

    [LibraryImport(Library)]
    private static partial nint rocksdb_options_create();

    [LibraryImport(Library)]
    private static partial void rocksdb_options_destroy(nint options);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    private static partial byte** rocksdb_list_column_families(nint options, string name, nuint* count, byte** error);

    [LibraryImport(Library)]
    private static partial void rocksdb_list_column_families_destroy(byte** list, nuint count);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint rocksdb_open_column_families(
        nint options, string name, int count, string[] familyNames, nint[] familyOptions, [Out] nint[] families, byte** error);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint rocksdb_create_column_family(nint database, nint options, string name, byte** error);

    [LibraryImport(Library)]
    private static partial void rocksdb_column_family_handle_destroy(nint family);

    [LibraryImport(Library)]
    private static partial void rocksdb_close(nint database);
}
