using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Avocet.Load;

/// <summary>A client that sends what it likes, never reads, and goes without a word.</summary>
internal sealed class HostileClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, LingerState = new LingerOption(true, 0), SendTimeout = 50 };

    public HostileClient(int port)
    {
        try
        {
            _socket.Connect(IPAddress.Loopback, port);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
    }

    public void Send(params ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty) bytes = bytes[_socket.Send(bytes)..];
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>CONNECT of MQTT 5.0.</summary>
    public static byte[] Connect(string clientId, string? willTopic = null, int willSize = 0)
    {
        byte[] will = willTopic is null ? [] : [0, .. Text(willTopic), (byte)(willSize >> 8), (byte)willSize, .. new byte[willSize]];
        return Packet(0x10, [0, 4, .. "MQTT"u8, 5, (byte)(willTopic is null ? 0x02 : 0x06), 0, 60, 0, .. Text(clientId), .. will]);
    }

    /// <summary>SUBSCRIBE of MQTT 5.0, QoS 0.</summary>
    public static byte[] Subscribe(params IEnumerable<string> filters) => Packet(0x82, [0, 1, 0, .. filters.SelectMany(filter => (byte[])[.. Text(filter), 0])]);

    /// <summary>PUBLISH of MQTT 5.0.</summary>
    public static byte[] Publish(byte flags, string topic, ushort packetId, byte[] properties, int size)
    {
        byte[] identifier = (flags & 0x06) == 0 ? [] : [(byte)(packetId >> 8), (byte)packetId];
        return Packet((byte)(0x30 | flags), [.. Text(topic), .. identifier, (byte)properties.Length, .. properties, .. new byte[size]]);
    }

    private static byte[] Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return [(byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes];
    }

    private static byte[] Packet(byte first, byte[] body)
    {
        var header = new List<byte> { first };
        var left = body.Length;
        do
        {
            header.Add((byte)((left & 0x7F) | (left > 0x7F ? 0x80 : 0)));
            left >>= 7;
        }
        while (left > 0);

        return [.. header, .. body];
    }
}
