using System.Net;
using System.Net.Sockets;
using System.Text;
using Avocet.Protocol;
using Avocet.Protocol.Packets;

namespace Avocet.Bench;

/// <summary>A client of MQTT 3.1.1 on a blocking socket; one thread at a time. What the broker sends is read in large parts, and answered in large parts.</summary>
internal sealed class MqttConnection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 60_000 };
    private readonly byte[] _input = new byte[256 * 1024];
    private readonly byte[] _output = new byte[256 * 1024];
    private int _inputStart;
    private int _inputEnd;
    private int _outputEnd;

    /// <summary>Connects and waits for CONNACK.</summary>
    public MqttConnection(int port, string clientId, bool isClean)
    {
        try
        {
            _socket.Connect(IPAddress.Loopback, port);
            var packet = new ConnectPacket { Version = ProtocolVersion.V311, CleanStart = isClean, ClientId = Encoding.UTF8.GetBytes(clientId) };
            _outputEnd += packet.Encode(_output.AsSpan(_outputEnd));
            Flush();
            if (Read(out _).Type != PacketType.Connack) throw new IOException("No CONNACK came.");
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
    }

    /// <summary>Subscribes and waits for SUBACK. What comes before it is lost.</summary>
    public void Subscribe(string filter, Qos qos)
    {
        var encoded = Encoding.UTF8.GetBytes(filter);
        byte[] payload = [(byte)(encoded.Length >> 8), (byte)encoded.Length, .. encoded, (byte)qos];
        _outputEnd += new SubscribePacket { PacketId = 1, Payload = payload, Count = 1 }.Encode(_output.AsSpan(_outputEnd), ProtocolVersion.V311);
        Flush();
        while (Read(out _).Type != PacketType.Suback) continue;
    }

    /// <summary>Adds a PUBLISH to what the next <see cref="Flush"/> sends.</summary>
    public void Publish(ReadOnlySpan<byte> topicName, ReadOnlySpan<byte> payload, ushort packetId, bool retain)
    {
        var packet = new PublishPacket { TopicName = topicName, Payload = payload, Qos = Qos.AtLeastOnce, PacketId = packetId, Retain = retain };
        if (_output.Length - _outputEnd < packet.GetEncodedSize(ProtocolVersion.V311)) Flush();
        _outputEnd += packet.Encode(_output.AsSpan(_outputEnd), ProtocolVersion.V311);
    }

    /// <summary>Adds a PUBACK to what the next <see cref="Flush"/> sends.</summary>
    public void Acknowledge(ushort packetId)
    {
        var packet = new AcknowledgementPacket { Type = PacketType.Puback, PacketId = packetId };
        if (_output.Length - _outputEnd < 8) Flush();
        _outputEnd += packet.Encode(_output.AsSpan(_outputEnd), ProtocolVersion.V311);
    }

    public void Flush()
    {
        for (var sent = 0; sent < _outputEnd;) sent += _socket.Send(_output.AsSpan(sent, _outputEnd - sent));

        _outputEnd = 0;
    }

    /// <summary>Whether the next <see cref="Read"/> waits for nothing.</summary>
    public bool HasPacket => FixedHeader.TryRead(_input.AsSpan(_inputStart, _inputEnd - _inputStart), out var header) == DecodeStatus.Done
        && _inputEnd - _inputStart >= header.PacketSize;

    /// <summary>The next packet. The body is borrowed until the one after.</summary>
    public FixedHeader Read(out ReadOnlySpan<byte> body)
    {
        FixedHeader header;
        while (FixedHeader.TryRead(_input.AsSpan(_inputStart, _inputEnd - _inputStart), out header) != DecodeStatus.Done || _inputEnd - _inputStart < header.PacketSize)
        {
            if (_inputStart > 0)
            {
                _input.AsSpan(_inputStart, _inputEnd - _inputStart).CopyTo(_input);
                (_inputStart, _inputEnd) = (0, _inputEnd - _inputStart);
            }

            var read = _socket.Receive(_input.AsSpan(_inputEnd));
            if (read == 0) throw new IOException("The broker closed the connection.");

            _inputEnd += read;
        }

        body = _input.AsSpan(_inputStart + header.Size, header.RemainingLength);
        _inputStart += header.PacketSize;
        return header;
    }

    /// <summary>The next message of a subscription.</summary>
    public string ReadText()
    {
        while (true)
        {
            var header = Read(out var body);
            if (header.Type != PacketType.Publish) continue;

            PublishPacket.TryDecode(header, body, ProtocolVersion.V311, out var packet, out _);
            return Encoding.UTF8.GetString(packet.Payload);
        }
    }

    public void Dispose()
    {
        if (_socket.Connected)
        {
            try
            {
                _socket.Send([0xE0, 0x00]);
                _socket.Shutdown(SocketShutdown.Send);
            }
            catch (SocketException)
            {
                // The broker was faster.
            }
        }

        _socket.Dispose();
    }
}
