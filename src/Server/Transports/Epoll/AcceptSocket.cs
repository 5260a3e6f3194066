using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
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

    private static IPEndPoint? ReadAddress(ReadOnlySpan<byte> address)
    {
        if (address.Length < 8) return null;

        var port = BinaryPrimitives.ReadUInt16BigEndian(address[2..]);
        return MemoryMarshal.Read<ushort>(address) switch
        {
            FamilyInterNetwork => new IPEndPoint(new IPAddress(address.Slice(4, 4)), port),
            FamilyInterNetworkV6 => ReadAddressV6(address, port),
            _ => null,
        };
    }

    /// <summary>A socket for all addresses gives IPv4 clients as ::ffff:192.0.2.1; people know them by the plain address.</summary>
    private static IPEndPoint ReadAddressV6(ReadOnlySpan<byte> address, int port)
    {
        var ip = new IPAddress(address.Slice(8, 16), MemoryMarshal.Read<uint>(address[24..]));
        return new IPEndPoint(ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip, port);
    }
}
