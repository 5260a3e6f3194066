namespace Avocet.Broker.Storage;

/// <summary>What is wrong with a store.</summary>
public enum StoreFault
{
    /// <summary>Reading or writing failed; it may work again later.</summary>
    Failed,

    /// <summary>There is no space left.</summary>
    Full,

    /// <summary>The data is damaged. Nothing was changed or removed.</summary>
    Corrupt,

    /// <summary>Another process has the folder open.</summary>
    InUse,

    /// <summary>The data was written by a newer version.</summary>
    TooNew,
}

/// <summary>A store could not do what was asked. The message says what is wrong, where, and what to do.</summary>
public sealed class StoreException(StoreFault fault, string message, Exception? innerException = null) : Exception(message, innerException)
{
    public StoreFault Fault { get; } = fault;
}
