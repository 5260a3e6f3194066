namespace Avocet.Broker.Storage.Records;

/// <summary>The version of what the tables hold, and the way from older ones to it.</summary>
public static class StoreFormat
{
    /// <summary>The version this program writes. A change of any record or key makes a new one, with a migration from the one before.</summary>
    public const int Version = 1;

    /// <summary>Makes an empty store ready, or brings an older one to <see cref="Version"/>.</summary>
    /// <exception cref="StoreException">It cannot be read, or a newer program wrote it.</exception>
    public static void Prepare(IStore store)
    {
        if (store.Get(StoreTable.Meta, StoreKeys.Format) is not { } found)
        {
            var writer = new RecordWriter();
            writer.WriteNumber((ulong)Version);
            var batch = new StoreBatch();
            batch.Put(StoreTable.Meta, StoreKeys.Format, writer.Written);
            store.Commit(batch, sync: true);
            return;
        }

        var reader = new RecordReader(StoreTable.Meta, StoreKeys.Format, found);
        var version = reader.ReadNumber();
        if (version == Version) return;
        if (version == 0) throw reader.Damaged("its version is 0");

        throw new StoreException(
            StoreFault.TooNew,
            $"The data in {store.Location} has format {version}; this version of Avocet reads up to {Version}. Run the newer version, or choose another folder.");
    }
}
