namespace Avocet.Server.Transports.Epoll;

/// <summary>The flags of a connection, which change by atomic operations. A field, never copied.</summary>
/// <remarks>
/// Epoll reports edges: "there is something to read" comes once, and again only after something new arrived. So the last one is remembered as a flag, which
/// whoever reads takes down <em>before</em> it reads. Whoever finds nothing leaves a flag that it waits, and who takes down a waiting flag wakes the waiter.
/// </remarks>
internal struct EpollFlags
{
    /// <summary>Something may be there to read.</summary>
    public const int Readable = 1;

    /// <summary>The reader waits.</summary>
    public const int InputWaits = 2;

    public const int ReadCanceled = 4;

    /// <summary>There may be room to send.</summary>
    public const int Writable = 8;

    /// <summary>A flush waits.</summary>
    public const int OutputWaits = 16;

    public const int FlushCanceled = 32;

    /// <summary>The peer sends no more, or the connection is lost.</summary>
    public const int PeerEnded = 64;

    /// <summary>The broker is done with it; only the peer's end is waited for.</summary>
    public const int Lingers = 128;

    private int _state;

    public bool Has(int flag) => (Volatile.Read(ref _state) & flag) != 0;

    /// <summary>Raises flags; returns all that are up then.</summary>
    public int Set(int flags) => Interlocked.Or(ref _state, flags) | flags;

    /// <summary>Takes a flag down; false when somebody else has, or nobody had raised it.</summary>
    public bool TryTake(int flag) => Has(flag) && (Interlocked.And(ref _state, ~flag) & flag) != 0;

    /// <summary>Leaves word that somebody waits; false when one of the flags that he waits for was raised meanwhile.</summary>
    public bool TryWait(int waits, int waitedFor)
    {
        // Whoever raises a flag after this sees that somebody waits; if another has taken the waiting flag down already, he is woken.
        var before = Interlocked.Or(ref _state, waits);
        return (before & waitedFor) == 0 || !TryTake(waits);
    }
}
