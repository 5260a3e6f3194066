using System.Buffers;
using System.IO.Pipelines;
using Avocet.Broker.Monitoring;
using Avocet.Broker.Routing;
using Avocet.Broker.Storage;
using Avocet.Broker.Time;
using Avocet.Broker.Tracing;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;
using Avocet.Protocol.Wire;

namespace Avocet.Broker.Connections;

/// <summary>
/// The output of one connection, written to by every thread that has something for it. Packets go straight into the pipe; while a flush is
/// under way, or while CONNACK waits for a commit, they gather beside it. The gate is held for the copying of a packet only, never over a flush. It is the writer
/// itself, which nobody else locks: a lock of its own would be another object for each connection.
/// </summary>
internal sealed class ConnectionWriter(Connection connection, PipeWriter output) : ICommitWaiter
{
    private const int FlushAtOnceBytes = 64 * 1024;

    private HeldAcknowledgements? _held;
    private byte[] _pending = [];
    private int _pendingLength;
    private long _bytesSent;
    private long _messagesSent;
    private int _unflushed;
    private int _inFlush;
    private long _heldUntil;
    private bool _isFlushing;
    private bool _isFinished;
    private bool _isClosed;
    private bool _hasRefused;
    private int _isScheduled;
    private TaskCompletionSource? _room;
    private TaskCompletionSource? _flushed;
    private OutboundAliases? _aliases;

    public ProtocolVersion Version { get; private set; } = ProtocolVersion.V311;

    /// <summary>The client's Maximum Packet Size, in bytes.</summary>
    public int PacketSizeMax { get; private set; } = Limits.PacketSizeMax;

    /// <summary>Bytes of the mount point, which the client does not see.</summary>
    public int MountPointLength { get; set; }

    public bool HasMuchUnflushed => Volatile.Read(ref _unflushed) + Volatile.Read(ref _pendingLength) > FlushAtOnceBytes;

    /// <summary>Whether so much waits for the socket that its client is not to be read from now.</summary>
    public bool IsFull => Volatile.Read(ref _unflushed) + Volatile.Read(ref _inFlush) + Volatile.Read(ref _pendingLength) >= Context.Options.OutboundBytesMax;

    private BrokerContext Context => connection.Context;

    private int Backlog => _unflushed + _inFlush + _pendingLength;

    /// <summary>Bytes of packets, and PUBLISH packets, that were written so far.</summary>
    public (long Bytes, long Messages) Sent => (Volatile.Read(ref _bytesSent), Volatile.Read(ref _messagesSent));

    /// <summary>Whether packets gather beside the pipe.</summary>
    private bool IsGathering => _isFlushing || _heldUntil != 0;

    /// <summary>PUBRECs that went out with an error because the message could not be kept.</summary>
    public int RefusedReceives => Volatile.Read(ref _held)?.RefusedReceives ?? 0;

    /// <summary>Whether reason strings may be sent in all packets. [MQTT-3.1.2-29]</summary>
    public bool WantsProblemInformation { get; set; } = true;

    /// <summary>Sets what the client said in CONNECT.</summary>
    public void SetClient(ProtocolVersion version, int packetSizeMax, int topicAliasMaximum)
    {
        Version = version;
        PacketSizeMax = packetSizeMax;
        if (topicAliasMaximum > 0) _aliases = new OutboundAliases(topicAliasMaximum);
    }

    /// <summary>True when a PUBLISH may be written; else <see cref="Connection.OnRoom"/> will be called once it may.</summary>
    public bool HasRoom()
    {
        lock (this)
        {
            if (_isClosed || _isFinished) return false;
            if (Backlog < Context.Options.OutboundBytesMax) return true;

            _hasRefused = true;
            return false;
        }
    }

    /// <summary>Writes one of the packets that are not limited, whole.</summary>
    public void Write(ReadOnlySpan<byte> packet, Counter counter)
    {
        lock (this)
        {
            if (_isClosed || _isFinished) return;

            packet.CopyTo(Reserve(packet.Length));
            Commit(packet.Length);
            if (BrokerTraces.IsAnyRunning) BrokerTraces.Sent(connection, packet, default);
        }

        Context.Statistics.Add(counter);
        Context.Statistics.Add(Counter.BytesSent, packet.Length);
    }

    /// <summary>Writes SUBACK or UNSUBACK once a batch is kept; 0 is none.</summary>
    public void Write(ReadOnlySpan<byte> packet, PacketType type, long after)
    {
        if (after > (Context.Commits?.Committed ?? 0)) Hold(new HeldAcknowledgement(after, type, 0, ReasonCode.Success, packet.ToArray()));
        else Write(packet, Statistics.SentCounterOf(type));
    }

    /// <summary>Writes PUBACK, PUBREC, PUBREL or PUBCOMP; properties only as far as the client takes them. [MQTT-3.4.2-2]</summary>
    /// <param name="type">The packet type.</param>
    /// <param name="packetId">The Packet Identifier.</param>
    /// <param name="reason">The Reason Code.</param>
    /// <param name="properties">The properties.</param>
    /// <param name="after">The batch that has to be kept first; 0 for none. Those that wait keep their order. [MQTT-4.6.0-2]</param>
    public void WriteAcknowledgement(PacketType type, ushort packetId, ReasonCode reason, PropertyBlock properties = default, long after = 0)
    {
        if (Context.Commits is { } commits && (after > commits.Committed || Volatile.Read(ref _held) is { IsEmpty: false }))
        {
            Hold(new HeldAcknowledgement(after, type, packetId, reason, properties.IsEmpty ? null : properties.Encoded.ToArray()));
        }
        else
        {
            WriteNow(type, packetId, reason, properties);
        }
    }

    /// <summary>
    /// Lets nothing go out, CONNACK and all behind it, until a batch is kept, or could not be: a disk that fails must not keep clients out.
    /// </summary>
    public void HoldUntil(long after)
    {
        var commits = Context.Commits!;
        lock (this)
        {
            if (!commits.IsFailing && commits.TryWait(after, this, isStateDurable: true) == CommitState.Pending) _heldUntil = after;
        }
    }

    /// <summary>What waited for a batch goes out, or is refused.</summary>
    public void OnCommit(FlushBatch batch)
    {
        if (TryEndHold() | TryRelease()) batch.Add(this);
        if (Volatile.Read(ref _held) is { HasDropped: true }) connection.LeaveUnanswered();
    }

    /// <summary>Lets out what <see cref="HoldUntil"/> held, once it may go; true if there was anything.</summary>
    private bool TryEndHold()
    {
        if (Volatile.Read(ref _heldUntil) == 0) return false;

        lock (this)
        {
            if (_heldUntil == 0 || Context.Commits!.StateOf(_heldUntil) == CommitState.Pending) return false;

            _heldUntil = 0;
            // The end of a flush that is under way takes it over.
            if (_isFlushing || _isClosed) return false;

            output.Write(_pending.AsSpan(0, _pendingLength));
            _unflushed += _pendingLength;
            _pendingLength = 0;
            _pending = [];
            return true;
        }
    }

    private void Hold(in HeldAcknowledgement acknowledgement)
    {
        lock (this)
        {
            if (_isClosed || _isFinished) return;

            (_held ??= new HeldAcknowledgements()).Add(acknowledgement);
        }

        // It may be decided already.
        TryRelease();
        if (acknowledgement.IsAnswer && Volatile.Read(ref _held) is { HasDropped: true }) connection.LeaveUnanswered();
    }

    /// <summary>Writes what need not wait any more; true if that was anything.</summary>
    private bool TryRelease()
    {
        var commits = Context.Commits!;
        var hasWritten = false;
        lock (this)
        {
            if (_isClosed || _isFinished || _held is null) return false;

            do
            {
                while (_held.TryTake(commits, Version, WantsProblemInformation, out var next))
                {
                    if (next.Type is PacketType.Suback or PacketType.Unsuback) Write(next.Bytes, Statistics.SentCounterOf(next.Type));
                    else WriteNow(next.Type, next.PacketId, next.Reason, new PropertyBlock(next.Bytes));

                    hasWritten = true;
                }
            }
            while (!_held.TryWait(commits, this));
        }

        return hasWritten;
    }

    private void WriteNow(PacketType type, ushort packetId, ReasonCode reason, PropertyBlock properties)
    {
        var packet = new AcknowledgementPacket { Type = type, PacketId = packetId, Reason = reason, Properties = properties };
        var size = packet.GetEncodedSize(Version);
        if (size > PacketSizeMax)
        {
            packet = new AcknowledgementPacket { Type = type, PacketId = packetId, Reason = reason };
            size = packet.GetEncodedSize(Version);
        }

        lock (this)
        {
            if (_isClosed || _isFinished) return;

            var bytes = Reserve(size)[..size];
            packet.Encode(bytes, Version);
            if (BrokerTraces.IsAnyRunning) BrokerTraces.Sent(connection, bytes, default);
            Commit(size);
        }

        Context.Statistics.Add(Statistics.SentCounterOf(type));
        Context.Statistics.Add(Counter.BytesSent, size);
    }

    /// <summary>Writes a PUBLISH as this client gets it: its version, its aliases, its view of the topic.</summary>
    public WriteResult WritePublish(ref Publication publication, in PublishShape shape, long now)
    {
        var topicName = publication.TopicName[MountPointLength..];
        var wholeTopicName = topicName;
        var isV5 = Version == ProtocolVersion.V50;
        var hasExpiry = isV5 && publication.ExpiresAt != Clock.Never;
        var propertiesLength = isV5 ? publication.Properties.Length + (hasExpiry ? 5 : 0) + SizeOf(shape.SubscriptionIds) : 0;
        int size;
        lock (this)
        {
            if (_isClosed || _isFinished) return WriteResult.Closed;
            if (shape.Qos == Qos.AtMostOnce && Backlog >= Context.Options.OutboundBytesMax) return WriteResult.NoRoom;

            size = SizeOf(topicName.Length, propertiesLength, publication.Payload.Length, shape.Qos, out var remainingLength);
            if (size > PacketSizeMax) return WriteResult.TooLarge;

            // An alias costs three bytes, and up to two in longer length fields, the first time.
            AliasChoice alias = default;
            if (_aliases is not null && topicName.Length > 3 && size + 5 <= PacketSizeMax)
            {
                alias = _aliases.Choose(topicName);
                if (alias.IsKnown) topicName = default;
                if (alias.Alias != 0)
                {
                    propertiesLength += 3;
                    if (_aliases.TakeSaved(isEnd: false) is > 0 and var saved) Context.Statistics.Add(Counter.AliasSavedBytes, saved);
                }

                size = SizeOf(topicName.Length, propertiesLength, publication.Payload.Length, shape.Qos, out remainingLength);
            }

            var bytes = Reserve(size)[..size];
            var writer = new WireWriter(bytes);
            writer.WriteFixedHeader(PacketType.Publish, PublishPacket.FlagsOf(shape.Dup, shape.Qos, shape.Retain), remainingLength);
            writer.WriteBinary(topicName);
            if (shape.Qos != Qos.AtMostOnce) writer.WriteUInt16(shape.PacketId);
            if (isV5)
            {
                writer.WriteVarInt((uint)propertiesLength);
                if (alias.Alias != 0)
                {
                    writer.WriteByte((byte)PropertyId.TopicAlias);
                    writer.WriteUInt16(alias.Alias);
                }

                if (hasExpiry)
                {
                    // The time that is left. [MQTT-3.3.2-6]
                    writer.WriteByte((byte)PropertyId.MessageExpiryInterval);
                    writer.WriteUInt32(Clock.SecondsUntil(publication.ExpiresAt, now));
                }

                WriteSubscriptionIds(ref writer, shape.SubscriptionIds);
                writer.WriteBytes(publication.Properties);
            }

            writer.WriteBytes(publication.Payload);
            if (BrokerTraces.IsAnyRunning) BrokerTraces.Sent(connection, bytes, wholeTopicName);
            Commit(size);
            _messagesSent++;
        }

        Context.Statistics.AddPublishSent(size, publication.Payload.Length, shape.Qos);
        return WriteResult.Written;
    }

    /// <summary>Marks the writer as part of a batch; false when it is part of one already.</summary>
    public bool TrySchedule() => Volatile.Read(ref _isScheduled) == 0 && Interlocked.Exchange(ref _isScheduled, 1) == 0;

    public void FlushScheduled()
    {
        Volatile.Write(ref _isScheduled, 0);
        Flush();
    }

    /// <summary>Sends what was written. Never under a lock: the pipe may run the socket's code, and more, inline.</summary>
    public void Flush()
    {
        lock (this)
        {
            if (IsGathering || _isClosed || _unflushed == 0) return;

            _isFlushing = true;
            _inFlush = _unflushed;
            _unflushed = 0;
        }

        FlushOn();
    }

    /// <summary>Completes once little enough waits for the socket, or the connection has ended.</summary>
    public Task WhenRoomAsync()
    {
        lock (this)
        {
            if (_isClosed || Backlog < Context.Options.OutboundBytesMax) return Task.CompletedTask;

            return (_room ??= new TaskCompletionSource()).Task;
        }
    }

    /// <summary>Completes once everything that was written is flushed, or cannot be any more.</summary>
    public Task WhenFlushedAsync()
    {
        lock (this)
        {
            if (_isClosed || !IsGathering) return Task.CompletedTask;

            return (_flushed ??= new TaskCompletionSource()).Task;
        }
    }

    /// <summary>Takes no more packets; what was written is still flushed.</summary>
    public void Finish()
    {
        lock (this) _isFinished = true;
    }

    /// <summary>Wakes whoever waits for room: the connection is to end.</summary>
    public void StopWaiting()
    {
        TaskCompletionSource? room;
        lock (this) (room, _room) = (_room, null);

        room?.TrySetResult();
    }

    /// <summary>Writes nothing more and wakes whoever waits. The pipe itself is completed by the connection.</summary>
    public void Close()
    {
        TaskCompletionSource? room, flushed;
        bool isFlushing;
        lock (this)
        {
            _isClosed = true;
            _pending = [];
            _pendingLength = 0;
            if (_aliases?.TakeSaved(isEnd: true) is { } saved) Context.Statistics.Add(Counter.AliasSavedBytes, saved);
            isFlushing = _isFlushing;
            (room, _room) = (_room, null);
            (flushed, _flushed) = (_flushed, null);
        }

        if (isFlushing) output.CancelPendingFlush();
        room?.TrySetResult();
        flushed?.TrySetResult();
    }

    private void FlushOn()
    {
        while (true)
        {
            ValueTask<FlushResult> flush;
            try
            {
                flush = output.FlushAsync();
            }
            catch (Exception exception) when (exception is IOException or InvalidOperationException or ObjectDisposedException)
            {
                EndFlush(isEnd: true);
                return;
            }

            if (!flush.IsCompleted)
            {
                _ = AwaitFlushAsync(flush);
                return;
            }

            if (!TryGetResult(flush, out var isEnd) || !EndFlush(isEnd)) return;
        }
    }

    // Owned by the writer: it ends with the flush, which the transport ends at the latest when the connection closes.
    private async Task AwaitFlushAsync(ValueTask<FlushResult> flush)
    {
        bool isEnd;
        try
        {
            var result = await flush;
            isEnd = result.IsCompleted || result.IsCanceled;
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or InvalidOperationException or ObjectDisposedException)
        {
            isEnd = true;
        }

        if (EndFlush(isEnd)) FlushOn();
    }

    private bool TryGetResult(ValueTask<FlushResult> flush, out bool isEnd)
    {
        isEnd = true;
        if (flush.IsCompletedSuccessfully)
        {
            var result = flush.Result;
            isEnd = result.IsCompleted || result.IsCanceled;
            return true;
        }

        // Observed here; the reading side learns of the lost connection by itself.
        _ = flush.AsTask().Exception;
        EndFlush(isEnd: true);
        return false;
    }

    /// <summary>Takes over what gathered meanwhile; true when that has to be flushed now.</summary>
    private bool EndFlush(bool isEnd)
    {
        while (true)
        {
            TaskCompletionSource? room = null, flushed = null;
            var callsOnRoom = false;
            var goesOn = false;
            lock (this)
            {
                _inFlush = 0;
                if (isEnd)
                {
                    _isClosed = true;
                    _pending = [];
                    _pendingLength = 0;
                }

                if (_pendingLength > 0 && _heldUntil == 0)
                {
                    output.Write(_pending.AsSpan(0, _pendingLength));
                    _inFlush = _pendingLength;
                    _pendingLength = 0;
                    if (_pending.Length > FlushAtOnceBytes) _pending = [];

                    goesOn = true;
                }

                if (!goesOn || Backlog < Context.Options.OutboundBytesMax)
                {
                    callsOnRoom = _hasRefused && !_isClosed;
                    _hasRefused = false;
                    (room, _room) = (_room, null);
                }

                // Until OnRoom returns, what it writes gathers: a flush of its own would end in here again, one level deeper each time.
                _isFlushing = goesOn || callsOnRoom;
                if (!IsGathering) (flushed, _flushed) = (_flushed, null);
            }

            // The read loop that waits for room may go on for long; this thread has to flush, perhaps for many.
            if (room is not null) Context.Scheduler.Schedule(static state => ((TaskCompletionSource)state!).TrySetResult(), room);
            flushed?.TrySetResult();
            if (callsOnRoom) connection.OnRoom();
            if (goesOn || !callsOnRoom) return goesOn;
        }
    }

    private Span<byte> Reserve(int size)
    {
        if (!IsGathering) return output.GetSpan(size);

        if (_pending.Length - _pendingLength < size)
        {
            Array.Resize(ref _pending, (int)Math.Min(Array.MaxLength, Math.Max((long)_pending.Length * 2, _pendingLength + Math.Max(size, 1024L))));
        }

        return _pending.AsSpan(_pendingLength);
    }

    private void Commit(int size)
    {
        _bytesSent += size;
        if (IsGathering)
        {
            _pendingLength += size;
            return;
        }

        output.Advance(size);
        _unflushed += size;
    }

    private int SizeOf(int topicLength, int propertiesLength, int payloadLength, Qos qos, out int remainingLength)
    {
        remainingLength = 2 + topicLength + (qos == Qos.AtMostOnce ? 0 : 2) + payloadLength;
        if (Version == ProtocolVersion.V50) remainingLength += VarInt.SizeOf((uint)propertiesLength) + propertiesLength;

        return PacketSize.Of(remainingLength);
    }

    private static int SizeOf(uint[]? subscriptionIds)
    {
        if (subscriptionIds is null) return 0;

        var size = 0;
        foreach (var id in subscriptionIds) size += 1 + VarInt.SizeOf(id);

        return size;
    }

    private static void WriteSubscriptionIds(ref WireWriter writer, uint[]? subscriptionIds)
    {
        if (subscriptionIds is null) return;

        foreach (var id in subscriptionIds)
        {
            writer.WriteByte((byte)PropertyId.SubscriptionIdentifier);
            writer.WriteVarInt(id);
        }
    }
}
