using System.Runtime.InteropServices;

namespace Avocet.Server.Transports.Epoll;

/// <summary>The system calls of Linux that the transport is made of. The numbers are those of x86-64 and arm64.</summary>
internal static unsafe partial class Native
{
    public const int Again = 11;
    public const int Interrupted = 4;
    public const int NoMemory = 12;
    public const int TooManyFilesInSystem = 23;
    public const int TooManyFiles = 24;
    public const int NoBuffers = 105;

    public const int ControlAdd = 1;
    public const int ControlRemove = 2;

    public const uint EventIn = 0x001;
    public const uint EventOut = 0x004;
    public const uint EventError = 0x008;
    public const uint EventHangUp = 0x010;
    public const uint EventPeerHangUp = 0x2000;
    public const uint EventEdgeTriggered = 1u << 31;

    /// <summary>SOCK_NONBLOCK and SOCK_CLOEXEC.</summary>
    public const int AcceptFlags = 0x800 | 0x80000;

    /// <summary>EFD_NONBLOCK and EFD_CLOEXEC.</summary>
    public const int EventFdFlags = AcceptFlags;

    public const int EpollCloseOnExec = 0x80000;

    /// <summary>MSG_DONTWAIT and MSG_NOSIGNAL.</summary>
    public const int SendFlags = 0x40 | 0x4000;

    /// <summary>MSG_DONTWAIT.</summary>
    public const int ReceiveFlags = 0x40;

    public const int ShutdownWrite = 1;
    public const int ShutdownBoth = 2;

    /// <summary>struct epoll_event is packed on x86-64, and on no other processor.</summary>
    public static readonly int EventSize = IsPacked ? 12 : 16;

    public static readonly int EventDataOffset = IsPacked ? 4 : 8;

    private static bool IsPacked => RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86;

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int EpollControl(int epoll, int operation, int fd, byte* ev);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int EpollWait(int epoll, byte* events, int eventsMax, int timeoutMilliseconds);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial int EventFd(uint value, int flags);

    [LibraryImport("libc", EntryPoint = "accept4", SetLastError = true)]
    public static partial int Accept(int fd, byte* address, int* addressLength, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    public static partial nint Receive(int fd, byte* buffer, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    public static partial nint Send(int fd, byte* buffer, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int fd, byte* buffer, nint length);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int fd, byte* buffer, nint length);

    [LibraryImport("libc", EntryPoint = "shutdown", SetLastError = true)]
    public static partial int Shutdown(int fd, int how);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int fd);
}
