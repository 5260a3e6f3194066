namespace Avocet.Server.Transports.Epoll;

/// <summary>The flags of a connection.</summary>
internal static class EpollFlags
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
}
