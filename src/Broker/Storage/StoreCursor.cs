namespace Avocet.Broker.Storage;

/// <summary>A walk over a part of a table. Belongs to one thread at a time.</summary>
public abstract class StoreCursor : IDisposable
{
    /// <summary>The key it stands on; borrowed until the next move.</summary>
    public abstract ReadOnlySpan<byte> Key { get; }

    /// <summary>The value it stands on; borrowed until the next move.</summary>
    public abstract ReadOnlySpan<byte> Value { get; }

    /// <summary>Goes on to the next key; to the first one at first. False at the end.</summary>
    /// <exception cref="StoreException">The store cannot be read.</exception>
    public abstract bool MoveNext();

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }
}
