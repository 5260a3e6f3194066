using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Avocet.Protocol;
using Avocet.Protocol.Packets;

namespace Avocet.Fuzz;

/// <summary>A client that publishes to itself and checks that everything comes back, in order.</summary>
internal sealed class LiveWatcher : IAsyncDisposable
{
    private const ProtocolVersion Version = ProtocolVersion.V50;

    private readonly NetworkStream _stream;
    private readonly PipeReader _reader;
    private ushort _packetId;

    private LiveWatcher(NetworkStream stream)
    {
        _stream = stream;
        _reader = PipeReader.Create(stream);
    }

    public int Rounds { get; private set; }

    public static async Task<LiveWatcher> ConnectAsync(EndPoint target, TimeSpan timeMax)
    {
        using var deadline = new CancellationTokenSource(timeMax);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(target, deadline.Token);
        var watcher = new LiveWatcher(new NetworkStream(socket, ownsSocket: true));
        await watcher.SendAsync(MakeConnect(), deadline.Token);
        await watcher.ExpectAsync(PacketType.Connack, null, deadline.Token);
        await watcher.SendAsync(MakeSubscribe(), deadline.Token);
        await watcher.ExpectAsync(PacketType.Suback, null, deadline.Token);
        return watcher;
    }

    /// <summary>Publishes one message at QoS 1 and waits for it and its PUBACK.</summary>
    public async Task RoundAsync(TimeSpan timeMax)
    {
        using var deadline = new CancellationTokenSource(timeMax);
        Rounds++;
        _packetId = (ushort)(_packetId % ushort.MaxValue + 1);
        await SendAsync(MakePublish(_packetId, Rounds), deadline.Token);
        await ExpectAsync(PacketType.Publish, Rounds, deadline.Token);
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private static byte[] MakeConnect()
    {
        var packet = new ConnectPacket { Version = Version, CleanStart = true, ClientId = "fuzz-watcher-which-nobody-takes-over"u8 };
        var bytes = new byte[packet.GetEncodedSize()];
        packet.Encode(bytes);
        return bytes;
    }

    private static byte[] MakeSubscribe()
    {
        byte[] payload = [0, 14, .. "watcher/rounds"u8, 0];
        var packet = new SubscribePacket { PacketId = 1, Payload = payload, Count = 1 };
        var bytes = new byte[packet.GetEncodedSize(Version)];
        packet.Encode(bytes, Version);
        return bytes;
    }

    private static byte[] MakePublish(ushort packetId, int round)
    {
        var payload = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, round);
        var packet = new PublishPacket { Qos = Qos.AtLeastOnce, PacketId = packetId, TopicName = "watcher/rounds"u8, Payload = payload };
        var bytes = new byte[packet.GetEncodedSize(Version)];
        packet.Encode(bytes, Version);
        return bytes;
    }

    private async Task SendAsync(byte[] bytes, CancellationToken deadline) => await _stream.WriteAsync(bytes, deadline);

    private async Task ExpectAsync(PacketType type, int? round, CancellationToken deadline)
    {
        while (true)
        {
            var result = await _reader.ReadAsync(deadline);
            if (result is { IsCompleted: true, Buffer.IsEmpty: true }) throw new IOException("the broker closed the connection.");

            var packets = new PacketReader(result.Buffer);
            var found = false;
            while (!found && packets.TryRead(out var header, out var body) == DecodeStatus.Done)
            {
                if (header.Type == PacketType.Disconnect) throw new InvalidDataException($"it got DISCONNECT {Convert.ToHexString(body)}.");
                if (header.Type != type) continue;

                if (round is not null && RoundOf(header, body) is var came && came != round) throw new InvalidDataException($"round {came} came where {round} was expected.");

                found = true;
            }

            var consumed = packets.Consumed;
            packets.Dispose();
            _reader.AdvanceTo(consumed, found ? consumed : result.Buffer.End);
            if (found) return;
        }
    }

    private static int RoundOf(in FixedHeader header, ReadOnlySpan<byte> body)
    {
        if (!PublishPacket.TryDecode(header, body, Version, out var packet, out var error)) throw new InvalidDataException($"a PUBLISH cannot be read: {error}");

        return BinaryPrimitives.ReadInt32BigEndian(packet.Payload);
    }
}
