namespace Avocet.Broker.Storage;

/// <summary>
/// Where durable state is kept: tables of keys and values in byte order of the keys. A store knows nothing of MQTT; what the keys and values
/// mean is in <c>Storage/Records</c>, once for all stores. Commits come one at a time, reads from any thread, also during a commit.
/// </summary>
public interface IStore : IDisposable
{
    /// <summary>Where the data lies, as the operator knows it; for messages.</summary>
    string Location { get; }

    /// <summary>
    /// Applies all changes in their order, or none. With <paramref name="sync"/> they survive a power cut once it returns; without, the end
    /// of the process. After a failure the next call tries anew, from the state before.
    /// </summary>
    /// <exception cref="StoreException">The changes could not be kept.</exception>
    void Commit(StoreBatch batch, bool sync);

    /// <summary>The value of a key, or null where there is none.</summary>
    /// <exception cref="StoreException">The store cannot be read.</exception>
    byte[]? Get(StoreTable table, ReadOnlySpan<byte> key);

    /// <summary>
    /// A walk over the keys from <paramref name="from"/>, included, to <paramref name="to"/>, excluded (empty: to the end), over the table as it was
    /// when the walk began, whatever is committed meanwhile.
    /// </summary>
    /// <param name="table">The table.</param>
    /// <param name="from">The least key.</param>
    /// <param name="to">The key behind the greatest; empty for no bound.</param>
    /// <param name="isReverse">Whether to begin with the greatest key.</param>
    /// <exception cref="StoreException">The store cannot be read.</exception>
    StoreCursor Scan(StoreTable table, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, bool isReverse = false);

    /// <summary>What the store has written so far and how large it is.</summary>
    StoreFigures GetFigures();
}
