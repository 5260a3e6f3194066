using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Avocet.Broker;
using Microsoft.Extensions.Logging;

namespace Avocet.Server.Transports.Epoll;

/// <summary>A socket that listens, and where the connections go that it accepts.</summary>
internal sealed class AcceptSocket(ListenerEndpoint listener, Socket socket, EpollTransport transport, ILogger logger) : IDisposable
{
    /// <summary>Connections accepted in one turn.</summary>
    private const int AcceptsMax = 64;

    /// <summary>struct sockaddr_storage.</summary>
    private const int AddressSizeMax = 128;

    private const int FamilyInterNetwork = 2;
    private const int FamilyInterNetworkV6 = 10;

    private bool _hasFailed;
    private volatile bool _isClosed;

    public int Fd { get; } = (int)socket.Handle;

    public ListenerEndpoint Listener => listener;

    /// <summary>On the thread of the loop that waits for it.</summary>
    public unsafe void Accept(EpollLoop loop)
    {
        var address = stackalloc byte[AddressSizeMax];
        // Its number may be another's already when the last event comes.
        for (var i = 0; i < AcceptsMax && !_isClosed; i++)
        {
            var length = AddressSizeMax;
            var fd = Native.Accept(Fd, address, &length, Native.AcceptFlags);
            if (fd >= 0)
            {
                _hasFailed = false;
                transport.Serve(listener, fd, ReadAddress(new ReadOnlySpan<byte>(address, Math.Min(length, AddressSizeMax))));
                continue;
            }

            var error = Marshal.GetLastPInvokeError();
            if (error is Native.TooManyFiles or Native.TooManyFilesInSystem or Native.NoMemory or Native.NoBuffers) PauseAfter(error, loop);
            // Anything else concerns one client, who is gone; or nobody is waiting.
            if (error == Native.Again || _hasFailed) return;
        }
    }

    public void Dispose()
    {
        _isClosed = true;
        socket.Dispose();
    }

    private void PauseAfter(int error, EpollLoop loop)
    {
        if (!_hasFailed) Log.AcceptFailed(logger, listener.Options.Name, Marshal.GetPInvokeErrorMessage(error));

        _hasFailed = true;
        loop.Pause(this);
    }

    private static PeerAddress ReadAddress(ReadOnlySpan<byte> address)
    {
        if (address.Length < 8) return default;

        var port = BinaryPrimitives.ReadUInt16BigEndian(address[2..]);
        return MemoryMarshal.Read<ushort>(address) switch
        {
            FamilyInterNetwork => new PeerAddress(address.Slice(4, 4), 0, port),
            // A socket for all addresses gives IPv4 clients as ::ffff:192.0.2.1; people know them by the plain address.
            FamilyInterNetworkV6 when address.Slice(8, 12).SequenceEqual(MappedPrefix) => new PeerAddress(address.Slice(20, 4), 0, port),
            FamilyInterNetworkV6 => new PeerAddress(address.Slice(8, 16), MemoryMarshal.Read<uint>(address[24..]), port),
            _ => default,
        };
    }

    private static ReadOnlySpan<byte> MappedPrefix => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF];
}
