namespace Avocet.Server.Transports.Epoll;

/// <summary>Receive buffers. Each thread keeps a few, so that a read costs no search for one, and a connection without data holds none.</summary>
internal static class EpollBuffers
{
    /// <summary>Bytes of a buffer: large enough for many small packets, or one of 64 kB, in one system call; small enough for the processor's cache.</summary>
    public const int Size = 128 * 1024;

    private const int KeptMax = 4;

    [ThreadStatic]
    private static Stack<byte[]>? _kept;

    public static byte[] Rent() => _kept is { Count: > 0 } kept ? kept.Pop() : GC.AllocateUninitializedArray<byte>(Size);

    public static void Return(byte[] buffer)
    {
        var kept = _kept ??= new Stack<byte[]>(KeptMax);
        if (kept.Count < KeptMax) kept.Push(buffer);
    }
}
