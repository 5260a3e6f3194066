namespace Avocet.Server;

/// <summary>
/// The memory of this process, for its limit. What nobody uses any more is given back before it counts: the garbage collector looks at the whole machine, and
/// need not have begun.
/// </summary>
internal sealed class ProcessMemory(long bytesMax, TimeProvider timeProvider)
{
    private const double CollectShare = 0.8;
    private static readonly TimeSpan CollectEvery = TimeSpan.FromSeconds(10);

    private long? _collectedAt;

    /// <summary>One caller at a time; not on a thread of connections, for it may collect.</summary>
    public long Read()
    {
        var used = Environment.WorkingSet;
        if (used < bytesMax * CollectShare || (_collectedAt is { } last && timeProvider.GetElapsedTime(last) < CollectEvery)) return used;

        _collectedAt = timeProvider.GetTimestamp();
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return Environment.WorkingSet;
    }
}
