using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Avocet.Protocol;
using Avocet.TestKit.Packets;
using Xunit;

namespace Avocet.Server.Tests.Crashes;

/// <summary>A connection to a broker that may die at any moment: its end is an ordinary thing to read.</summary>
internal sealed class RawConnection : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly NetworkStream _stream;
    private readonly PipeReader _input;
    private readonly ProtocolVersion _version;

    private RawConnection(NetworkStream stream, ProtocolVersion version)
    {
        _stream = stream;
        _input = PipeReader.Create(stream);
        _version = version;
    }

    /// <summary>The CONNACK that let the client in.</summary>
    public PacketView Connack { get; private set; } = null!;

    /// <summary>Sends CONNECT. Null when the broker was gone before its CONNACK.</summary>
    public static async Task<RawConnection?> TryOpenAsync(int port, ClientBuilder client)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port);
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }

        var connection = new RawConnection(new NetworkStream(socket, ownsSocket: true), client.ProtocolVersion);
        if (await connection.TrySendAsync(client) && await connection.TryReadAsync() is { } connack)
        {
            Assert.Equal((PacketType.Connack, ReasonCode.Success), (connack.Type, connack.Reason));
            connection.Connack = connack;
            return connection;
        }

        await connection.DisposeAsync();
        return null;
    }

    /// <summary>Sends CONNECT; returns what CONNACK says, and leaves.</summary>
    public static async Task<ReasonCode?> ConnectAsync(int port, ClientBuilder client)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        await using var connection = new RawConnection(new NetworkStream(socket, ownsSocket: true), client.ProtocolVersion);
        await connection.TrySendAsync(client);
        return (await connection.TryReadAsync())?.Reason;
    }

    /// <summary>Sends CONNECT and expects to be let in.</summary>
    public static async Task<RawConnection> OpenAsync(int port, ClientBuilder client)
    {
        var connection = await TryOpenAsync(port, client);
        Assert.NotNull(connection);
        return connection;
    }

    /// <summary>False when the connection has ended.</summary>
    public async Task<bool> TrySendAsync(params IEnumerable<PacketBuilder> packets)
    {
        try
        {
            using var deadline = new CancellationTokenSource(Deadline);
            await _stream.WriteAsync(packets.SelectMany(packet => packet.Encode(_version)).ToArray(), deadline.Token);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>The next packet; null when the connection has ended.</summary>
    public async Task<PacketView?> TryReadAsync()
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (true)
        {
            ReadResult result;
            try
            {
                result = await _input.ReadAsync(deadline.Token);
            }
            catch (IOException)
            {
                return null;
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"Nothing came within {Deadline.TotalSeconds} s.");
            }

            if (TryTake(result.Buffer) is { } packet) return packet;
            if (result.IsCompleted) return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _input.CompleteAsync();
        await _stream.DisposeAsync();
    }

    private PacketView? TryTake(ReadOnlySequence<byte> buffer)
    {
        Span<byte> start = stackalloc byte[Limits.FixedHeaderSizeMax];
        var startSize = (int)Math.Min(start.Length, buffer.Length);
        buffer.Slice(0, startSize).CopyTo(start);
        if (FixedHeader.TryRead(start[..startSize], out var header) != DecodeStatus.Done || buffer.Length < header.PacketSize)
        {
            _input.AdvanceTo(buffer.Start, buffer.End);
            return null;
        }

        var packet = PacketView.Of(buffer.Slice(0, header.PacketSize).ToArray(), _version);
        _input.AdvanceTo(buffer.GetPosition(header.PacketSize));
        Assert.Null(packet.Error);
        return packet;
    }
}
