using static Avocet.Storage.RocksDb.Native;

namespace Avocet.Storage.RocksDb;

/// <summary>
/// How RocksDB is set up: for a Raspberry Pi with an SD card, and enough for a server. The reasons are in docs/decisions/0020-storage-rocksdb.md.
/// </summary>
internal sealed class Settings : IDisposable
{
    private const int Megabyte = 1024 * 1024;

    private readonly nint _cache = rocksdb_cache_create_lru(8 * Megabyte);
    private readonly nint _tableOptions = rocksdb_block_based_options_create();

    public Settings()
    {
        rocksdb_block_based_options_set_block_cache(_tableOptions, _cache);
        rocksdb_block_based_options_set_cache_index_and_filter_blocks(_tableOptions, 1);
        for (var i = 0; i < Families.Length; i++) Families[i] = CreateFamily();

        Database = rocksdb_options_create();
        rocksdb_options_set_create_missing_column_families(Database, 1);
        rocksdb_options_set_wal_recovery_mode(Database, TolerateTornTail);
        // We open it again ourselves: when it comes back must not depend on a thread's timer.
        rocksdb_options_set_max_bgerror_resume_count(Database, 0);
        rocksdb_options_set_db_write_buffer_size(Database, 32 * Megabyte);
        rocksdb_options_set_max_total_wal_size(Database, 64 * Megabyte);
        rocksdb_options_set_max_open_files(Database, 256);
        rocksdb_options_set_max_background_jobs(Database, 2);
        rocksdb_options_set_bytes_per_sync(Database, Megabyte);
        // Else each log and table would reserve tens of megabytes in advance.
        rocksdb_options_set_allow_fallocate(Database, 0);
        rocksdb_options_set_max_manifest_file_size(Database, 4 * Megabyte);
        rocksdb_options_set_info_log_level(Database, InfoLogWarnings);
        rocksdb_options_set_max_log_file_size(Database, 256 * 1024);
        rocksdb_options_set_keep_log_file_num(Database, 2);
        rocksdb_options_set_stats_dump_period_sec(Database, 0);
        rocksdb_options_set_stats_persist_period_sec(Database, 0);
        rocksdb_options_enable_statistics(Database);
        rocksdb_options_set_statistics_level(Database, StatisticsCountersOnly);
    }

    /// <summary>The options of the database; they carry its counters, which go on when it is opened again.</summary>
    public nint Database { get; }

    /// <summary>The options of each table.</summary>
    public nint[] Families { get; } = new nint[StoreTableNames.Count];

    /// <summary>For a native library that was built without LZ4.</summary>
    public void TurnCompressionOff()
    {
        foreach (var family in Families) rocksdb_options_set_compression(family, CompressionNone);
    }

    public void Dispose()
    {
        foreach (var family in Families) rocksdb_options_destroy(family);
        rocksdb_options_destroy(Database);
        rocksdb_block_based_options_destroy(_tableOptions);
        rocksdb_cache_destroy(_cache);
    }

    private nint CreateFamily()
    {
        var family = rocksdb_options_create();
        rocksdb_options_set_block_based_table_factory(family, _tableOptions);
        rocksdb_options_set_compression(family, CompressionLz4);
        rocksdb_options_set_write_buffer_size(family, 16 * Megabyte);
        rocksdb_options_set_max_write_buffer_number(family, 2);
        rocksdb_options_set_target_file_size_base(family, 16 * Megabyte);
        // Every read looks through the ranges deleted in memory; many of them make it slow.
        rocksdb_options_set_memtable_max_range_deletions(family, 1000);
        return family;
    }
}
