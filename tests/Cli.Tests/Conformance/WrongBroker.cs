using System.Net;
using System.Net.Sockets;
using Avocet.Protocol;

namespace Avocet.Cli.Tests.Conformance;

/// <summary>A peer that takes every client, answers PINGREQ, grants every subscription, and does nothing else: neither deliver nor refuse.</summary>
internal sealed class WrongBroker : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _clients = [];
    private readonly Task _accepting;

    public WrongBroker()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_clients);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _clients.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var _ = client;
        try
        {
            var stream = client.GetStream();
            var head = new byte[2];
            var version = ProtocolVersion.V50;
            while (true)
            {
                await stream.ReadExactlyAsync(head, _stop.Token);
                var length = head[1] & 0x7F;
                if (head[1] > 0x7F) length += await ReadByteAsync(stream) << 7;
                var body = new byte[length];
                await stream.ReadExactlyAsync(body, _stop.Token);
                var type = (PacketType)(head[0] >> 4);
                if (type == PacketType.Connect && body.Length > 6) version = (ProtocolVersion)body[6];
                if (Answer(type, body, version) is { } answer) await stream.WriteAsync(answer, _stop.Token);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // The check has seen enough, or the test is over.
        }
    }

    private async Task<int> ReadByteAsync(NetworkStream stream)
    {
        var one = new byte[1];
        await stream.ReadExactlyAsync(one, _stop.Token);
        return one[0];
    }

    private static byte[]? Answer(PacketType type, byte[] body, ProtocolVersion version) => type switch
    {
        PacketType.Connect => version == ProtocolVersion.V50 ? [0x20, 3, 0, 0, 0] : [0x20, 2, 0, 0],
        PacketType.Pingreq => [0xD0, 0],
        PacketType.Subscribe => version == ProtocolVersion.V50 ? [0x90, 4, body[0], body[1], 0, 0] : [0x90, 3, body[0], body[1], 0],
        _ => null,
    };
}
