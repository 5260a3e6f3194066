using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;
using Xunit;

namespace Avocet.Broker.Tests.Soak;

/// <summary>
/// A client with a persistent session which publishes to the others at all QoS levels, and whose connection is cut at random places: between
/// packets, within one, before acknowledgements, or by a takeover. It does what MQTT asks of a client, and writes down what it received.
/// </summary>
internal sealed class SoakClient
{
    private const int WindowMax = 20;

    private readonly MqttBroker _broker;
    private readonly Random _plan;
    private readonly int _number;
    private readonly int _peers;
    private readonly ProtocolVersion _version;
    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly LinkedList<Unacknowledged> _unacknowledged = new();
    private readonly HashSet<ushort> _received = [];
    private readonly List<Task> _served = [];
    private ushort _lastPacketId;
    private SoakTransport? _transport;

    public SoakClient(MqttBroker broker, int number, int peers, int seed)
    {
        _broker = broker;
        _number = number;
        _peers = peers;
        _plan = new Random(HashCode.Combine(seed, number));
        _version = number % 3 == 0 ? ProtocolVersion.V311 : ProtocolVersion.V50;
        Sent = new int[peers, 3];
        Received = new List<int>[peers, 3];
        for (var peer = 0; peer < peers; peer++)
        {
            for (var qos = 0; qos < 3; qos++) Received[peer, qos] = [];
        }
    }

    /// <summary>Messages published, by receiver and QoS; the last one's number is one less.</summary>
    public int[,] Sent { get; }

    /// <summary>The numbers of the messages received, by publisher and QoS, in the order of arrival.</summary>
    public List<int>[,] Received { get; }

    public int Cuts { get; private set; }

    public int UnacknowledgedCount => _unacknowledged.Count;

    private string ClientId => $"soak-{_number}";

    /// <summary>Connects and subscribes, before anybody publishes.</summary>
    public async Task BeginAsync()
    {
        await ConnectAsync(expectSession: false);
        var filter = Encoding.UTF8.GetBytes($"soak/{_number}/+");
        byte[] payload = [0, (byte)filter.Length, .. filter, 2];
        var subscribe = new SubscribePacket { PacketId = NextPacketId(), Payload = payload, Count = 1 };
        subscribe.Encode(Reserve(subscribe.GetEncodedSize(_version)), _version);
        await TurnAsync(0, mayCut: false);
    }

    /// <summary>Publishes and receives, with cuts, until told to stop.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested) await TurnAsync(_plan.Next(4), mayCut: true);
    }

    /// <summary>Publishes nothing more and takes what comes, until <paramref name="isDone"/>.</summary>
    public async Task DrainAsync(Func<bool> isDone, CancellationToken deadline)
    {
        while (!isDone())
        {
            deadline.ThrowIfCancellationRequested();
            await TurnAsync(0, mayCut: false);
            await Task.Yield();
        }
    }

    /// <summary>Ends the connection and waits until the broker has let go of all that this client ever had.</summary>
    public Task EndAsync()
    {
        Abandon();
        return Task.WhenAll(_served);
    }

    private async Task TurnAsync(int publishes, bool mayCut)
    {
        if (_transport is null) await ConnectAsync(expectSession: true);

        for (var i = 0; i < publishes && _unacknowledged.Count < WindowMax; i++) Publish();

        _output.Write(EmptyPacket.Pingreq);
        var cut = mayCut ? _plan.Next(100) : 100;
        var length = cut < 2 ? _plan.Next(_output.WrittenCount) : _output.WrittenCount;
        await _transport!.SendAsync(_output.WrittenMemory[..length]);
        _output.ResetWrittenCount();
        if (cut < 2)
        {
            Cut();
            return;
        }

        // Sometimes the connection is left alone and another one takes the session over.
        if (cut == 2) _transport = null;
        else if (!await ReadUntilPingrespAsync(cut == 3 ? _plan.Next(5) : int.MaxValue)) Cut();
    }

    private async Task ConnectAsync(bool expectSession)
    {
        _output.ResetWrittenCount();
        var former = _transport;
        _transport = new SoakTransport();
        _served.Add(_broker.RunConnectionAsync(_transport.BrokerSide, SoakTransport.Origin, CancellationToken.None));
        var expiry = new PropertyBuilder();
        if (_version == ProtocolVersion.V50) expiry.Add(PropertyId.SessionExpiryInterval, 3600);

        var connect = new ConnectPacket { Version = _version, CleanStart = false, ClientId = Encoding.UTF8.GetBytes(ClientId), Properties = expiry.Encoded };
        connect.Encode(Reserve(connect.GetEncodedSize()));
        await _transport.SendAsync(_output.WrittenMemory);
        _output.ResetWrittenCount();

        var isPresent = await _transport.ReceiveConnackAsync(_version);
        Assert.Equal(expectSession, isPresent);
        former?.Abandon();
        Resend();
    }

    private void Publish()
    {
        var peer = _plan.Next(_peers);
        var qos = (Qos)_plan.Next(3);
        var message = new Unacknowledged(qos == Qos.AtMostOnce ? (ushort)0 : NextPacketId(), peer, qos, Sent[peer, (int)qos]++);
        Write(message, isRepeated: false);
        if (qos != Qos.AtMostOnce) _unacknowledged.AddLast(message);
    }

    private void Resend()
    {
        foreach (var message in _unacknowledged)
        {
            if (message.IsReleased) Acknowledge(PacketType.Pubrel, message.PacketId);
            else Write(message, isRepeated: true);
        }
    }

    private void Write(Unacknowledged message, bool isRepeated)
    {
        Span<byte> payload = stackalloc byte[8];
        BinaryPrimitives.WriteInt32BigEndian(payload, _number);
        BinaryPrimitives.WriteInt32BigEndian(payload[4..], message.Sequence);
        var packet = new PublishPacket
        {
            Dup = isRepeated,
            Qos = message.Qos,
            TopicName = Encoding.UTF8.GetBytes($"soak/{message.Peer}/{(int)message.Qos}"),
            PacketId = message.PacketId,
            Payload = payload,
        };
        packet.Encode(Reserve(packet.GetEncodedSize(_version)), _version);
    }

    private async Task<bool> ReadUntilPingrespAsync(int packetsMax)
    {
        var isDone = false;
        while (!isDone)
        {
            var result = await _transport!.Input.ReadAsync();
            if (result.Buffer.IsEmpty && result.IsCompleted) throw new InvalidOperationException($"The broker closed the connection of {ClientId}.");

            var consumed = Take(result.Buffer, ref packetsMax, ref isDone);
            _transport.Input.AdvanceTo(consumed, result.Buffer.End);
            if (packetsMax <= 0) return false;
        }

        return true;
    }

    private SequencePosition Take(ReadOnlySequence<byte> buffer, ref int packetsMax, ref bool isDone)
    {
        var reader = new PacketReader(buffer);
        while (packetsMax > 0 && reader.TryRead(out var header, out var body) == DecodeStatus.Done)
        {
            packetsMax--;
            isDone |= header.Type == PacketType.Pingresp;
            Take(header, body);
        }

        var consumed = reader.Consumed;
        reader.Dispose();
        return consumed;
    }

    private void Take(in FixedHeader header, ReadOnlySpan<byte> body)
    {
        switch (header.Type)
        {
            case PacketType.Publish:
                Assert.True(PublishPacket.TryDecode(header, body, _version, out var publish, out _));
                Take(publish);
                break;

            case PacketType.Puback or PacketType.Pubrec or PacketType.Pubrel or PacketType.Pubcomp:
                Assert.True(AcknowledgementPacket.TryDecode(header, body, _version, out var acknowledgement, out _));
                Assert.False(acknowledgement.Reason.IsError() && acknowledgement.Reason != ReasonCode.PacketIdentifierNotFound, acknowledgement.Reason.ToString());
                Take(acknowledgement);
                break;

            case PacketType.Disconnect:
                throw new InvalidOperationException($"{ClientId} got DISCONNECT {Convert.ToHexString(body)}.");
        }
    }

    private void Take(in PublishPacket packet)
    {
        var isNew = packet.Qos != Qos.ExactlyOnce || _received.Add(packet.PacketId);
        if (isNew) Received[BinaryPrimitives.ReadInt32BigEndian(packet.Payload), (int)packet.Qos].Add(BinaryPrimitives.ReadInt32BigEndian(packet.Payload[4..]));
        if (packet.Qos == Qos.AtLeastOnce) Acknowledge(PacketType.Puback, packet.PacketId);
        if (packet.Qos == Qos.ExactlyOnce) Acknowledge(PacketType.Pubrec, packet.PacketId);
    }

    private void Take(in AcknowledgementPacket packet)
    {
        switch (packet.Type)
        {
            case PacketType.Pubrel:
                _received.Remove(packet.PacketId);
                Acknowledge(PacketType.Pubcomp, packet.PacketId);
                break;

            case PacketType.Pubrec:
                if (Find(packet.PacketId) is { } released) released.Value = released.Value with { IsReleased = true };

                Acknowledge(PacketType.Pubrel, packet.PacketId);
                break;

            default:
                if (Find(packet.PacketId) is { } done) _unacknowledged.Remove(done);
                break;
        }
    }

    private LinkedListNode<Unacknowledged>? Find(ushort packetId)
    {
        for (var node = _unacknowledged.First; node is not null; node = node.Next)
        {
            if (node.Value.PacketId == packetId) return node;
        }

        return null;
    }

    private void Acknowledge(PacketType type, ushort packetId)
    {
        var packet = new AcknowledgementPacket { Type = type, PacketId = packetId };
        packet.Encode(Reserve(packet.GetEncodedSize(_version)), _version);
    }

    private Span<byte> Reserve(int size)
    {
        var span = _output.GetSpan(size)[..size];
        _output.Advance(size);
        return span;
    }

    private ushort NextPacketId()
    {
        do
        {
            _lastPacketId = _lastPacketId == ushort.MaxValue ? (ushort)1 : (ushort)(_lastPacketId + 1);
        }
        while (Find(_lastPacketId) is not null);

        return _lastPacketId;
    }

    private void Cut()
    {
        Cuts++;
        Abandon();
    }

    private void Abandon()
    {
        _transport?.Abandon();
        _transport = null;
    }

    private readonly record struct Unacknowledged(ushort PacketId, int Peer, Qos Qos, int Sequence, bool IsReleased = false);
}
