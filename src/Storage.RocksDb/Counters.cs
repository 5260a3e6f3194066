using System.Globalization;
using System.Runtime.InteropServices;
using static Avocet.Storage.RocksDb.Native;

namespace Avocet.Storage.RocksDb;

/// <summary>RocksDB's own counters, found by their names: their numbers change with its versions.</summary>
internal static unsafe class Counters
{
    private static readonly string[] Written =
    [
        "rocksdb.wal.bytes",
        "rocksdb.flush.write.bytes",
        "rocksdb.compact.write.bytes",
        "rocksdb.blobdb.blob.file.bytes.written",
    ];

    /// <summary>Bytes written to logs and tables.</summary>
    public static long ReadBytesWritten(nint options)
    {
        var text = rocksdb_options_statistics_get_string(options);
        try
        {
            return (Marshal.PtrToStringUTF8((nint)text) ?? "").Split('\n').Sum(ReadLine);
        }
        finally
        {
            rocksdb_free(text);
        }
    }

    /// <summary>Reads a line such as <c>rocksdb.wal.bytes COUNT : 123</c>.</summary>
    private static long ReadLine(string line)
    {
        var parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return parts.Length == 4 && Written.Contains(parts[0]) ? long.Parse(parts[3], CultureInfo.InvariantCulture) : 0;
    }
}
