using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using Avocet.Protocol;
using Avocet.Protocol.Packets;

namespace Avocet.Cli.Bench;

/// <summary>
/// Publishes to one topic. A PUBLISH is encoded once; copies of it fill a buffer, in which only packet identifier, sequence number and time change, and
/// which is sent whole.
/// </summary>
internal class Publisher : BenchConnection
{
    private const int BatchBytes = 64 * 1024;
    private const int BatchMessagesMax = 512;

    private readonly byte[] _batch;
    private readonly int _packetBytes;
    private readonly int _batchMessages;
    private readonly int _packetIdOffset;
    private readonly int _headOffset;
    private readonly bool _hasHead;
    private readonly Qos _qos;
    private readonly int _window;
    private readonly Outstanding? _outstanding;
    private readonly PacketIds _ids = new();
    private long _sent;
    private long _limit;
    private Schedule? _schedule;

    public Publisher(BenchRun run, int number, string topic, bool retain, Outstanding? outstanding, int payloadBytes)
        : base(run.Options.Settings, $"{run.Options.Settings.RunId}-pub-{number}", run.Failure, run.Options.Qos == Qos.AtMostOnce ? SmallBuffer : LargeBuffer)
    {
        Number = number;
        _qos = run.Options.Qos;
        _window = run.Options.Window;
        _outstanding = outstanding;
        var payload = new byte[payloadBytes];
        payload.AsSpan().Fill((byte)'.');
        var packet = new PublishPacket { Qos = _qos, Retain = retain, TopicName = Encoding.UTF8.GetBytes(topic), PacketId = 1, Payload = payload };
        _packetBytes = packet.GetEncodedSize(Settings.Version);
        _batchMessages = Math.Clamp(BatchBytes / _packetBytes, 1, BatchMessagesMax);
        _batch = new byte[_batchMessages * _packetBytes];
        packet.Encode(_batch, Settings.Version);
        for (var index = 1; index < _batchMessages; index++) _batch.AsSpan(0, _packetBytes).CopyTo(_batch.AsSpan(index * _packetBytes));

        _hasHead = payloadBytes >= MessageHead.Size;
        _headOffset = _packetBytes - payload.Length;
        _packetIdOffset = _headOffset - (Settings.Version == ProtocolVersion.V50 ? 1 : 0) - 2;
        TopicOffset = (_qos == Qos.AtMostOnce ? _packetIdOffset + 2 : _packetIdOffset) - packet.TopicName.Length;
    }

    /// <summary>In the head of each of its payloads.</summary>
    public int Number { get; }

    public long Sent => Volatile.Read(ref _sent);

    /// <summary>Messages that were refused with a reason code, which 5.0 has.</summary>
    public long Refused { get; private set; }

    public bool IsIdle
    {
        get
        {
            lock (Gate) return _sent >= _limit && _ids.Count == 0;
        }
    }

    /// <summary>Where the topic begins in an encoded PUBLISH.</summary>
    protected int TopicOffset { get; }

    /// <summary>Publishes this many more.</summary>
    public void Start(long messages)
    {
        CheckSize();
        lock (Gate) _limit = messages > long.MaxValue - _sent ? long.MaxValue : _sent + messages;

        Flush();
    }

    /// <summary>Publishes when a schedule says so.</summary>
    public void Start(Schedule schedule)
    {
        CheckSize();
        lock (Gate) (_schedule, _limit) = (schedule, _sent);
    }

    /// <summary>Allows more messages, up to this number.</summary>
    public void Release(long limit)
    {
        lock (Gate) _limit = limit;

        Flush();
    }

    /// <summary>Publishes no more; what is on its way is still acknowledged.</summary>
    public void Stop()
    {
        lock (Gate) _limit = _sent;
    }

    /// <summary>Writes the topic of a message, for a publisher to many topics that are as long as each other.</summary>
    protected virtual void WriteTopic(Span<byte> packetFromTopic, long sequence)
    {
    }

    protected override ReadOnlyMemory<byte> NextMessages()
    {
        var count = (int)Math.Min(_batchMessages, _limit - _sent);
        if (_qos != Qos.AtMostOnce) count = Math.Min(count, Math.Min(_window, Limits.ReceiveMaximum) - _ids.Count);
        if (count <= 0) return default;
        if (_outstanding is not null) count = _outstanding.Take(_sent, count);

        var now = Stopwatch.GetTimestamp();
        var written = 0;
        for (; written < count; written++)
        {
            var packet = _batch.AsSpan(written * _packetBytes, _packetBytes);
            if (_qos != Qos.AtMostOnce)
            {
                if (!_ids.TryTake(out var packetId)) break;

                BinaryPrimitives.WriteUInt16BigEndian(packet[_packetIdOffset..], packetId);
            }

            WriteTopic(packet[TopicOffset..], _sent);
            if (_hasHead) new MessageHead(Number, _sent, _schedule?.TimeOf(Number, _sent) ?? now).Write(packet[_headOffset..]);
            Volatile.Write(ref _sent, _sent + 1);
        }

        return _batch.AsMemory(0, written * _packetBytes);
    }

    protected override void OnAcknowledged(PacketType type, ushort packetId, ReasonCode reason)
    {
        if (type == PacketType.Pubrec && !reason.IsError())
        {
            Control.AddAcknowledgement(PacketType.Pubrel, packetId);
            return;
        }

        if (reason.IsError()) Refused++;
        if (!_ids.Free(packetId)) Fail($"the broker acknowledged packet identifier {packetId}, which is not in use.");
    }

    private void CheckSize()
    {
        if (_packetBytes <= Limits.PacketSizeMax) return;

        throw new BenchException($"A PUBLISH with this payload has {_packetBytes} bytes; the broker takes {Limits.PacketSizeMax}. Give a smaller --payload.");
    }
}
