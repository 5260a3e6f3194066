using System.Buffers;

namespace Avocet.Protocol;

/// <summary>
/// Cuts a received buffer into packets. A packet within one segment is handed out where it lies; one that crosses segments is first copied
/// together, into an array that is rented once its last byte is there, never because of an announced length.
/// </summary>
public ref struct PacketReader
{
    private readonly ReadOnlySequence<byte> _buffer;
    private ReadOnlySpan<byte> _segment;
    private SequencePosition _next;
    private long _consumed;
    private byte[]? _rented;

    public PacketReader(ReadOnlySequence<byte> buffer)
    {
        _buffer = buffer;
        _next = buffer.Start;
        MoveToNextSegment();
    }

    /// <summary>The end of the last packet handed out.</summary>
    public readonly SequencePosition Consumed => _buffer.GetPosition(_consumed);

    /// <summary>The bytes of the packets handed out.</summary>
    public readonly long ConsumedBytes => _consumed;

    /// <summary>The bytes not handed out yet.</summary>
    public readonly long Left => _buffer.Length - _consumed;

    /// <summary>The first byte not handed out yet; only when there is one.</summary>
    public readonly byte PeekFirstByte() => _segment.IsEmpty ? _buffer.Slice(_consumed).FirstSpan[0] : _segment[0];

    /// <summary>
    /// Reads the next packet. <paramref name="header"/> is set as soon as it is complete, also with <see cref="DecodeStatus.NeedMoreData"/>, so that
    /// a packet that is too large can be refused before it has arrived. <paramref name="body"/> is valid until the next call.
    /// </summary>
    public DecodeStatus TryRead(out FixedHeader header, out ReadOnlySpan<byte> body)
    {
        body = default;
        if (_segment.IsEmpty) MoveToNextSegment();

        var status = FixedHeader.TryRead(_segment, out header);
        if (status == DecodeStatus.Done && header.PacketSize <= _segment.Length)
        {
            body = _segment.Slice(header.Size, header.RemainingLength);
            _segment = _segment[header.PacketSize..];
            _consumed += header.PacketSize;
            return DecodeStatus.Done;
        }

        return status == DecodeStatus.Malformed ? status : TryReadAcrossSegments(out header, out body);
    }

    /// <summary>Gives back what was rented. Call when done; no body may be used afterwards.</summary>
    public void Dispose()
    {
        if (_rented is null) return;

        ArrayPool<byte>.Shared.Return(_rented);
        _rented = null;
    }

    private DecodeStatus TryReadAcrossSegments(out FixedHeader header, out ReadOnlySpan<byte> body)
    {
        body = default;
        var rest = _buffer.Slice(_consumed);
        Span<byte> start = stackalloc byte[Limits.FixedHeaderSizeMax];
        var startLength = (int)Math.Min(rest.Length, start.Length);
        rest.Slice(0, startLength).CopyTo(start);
        var status = FixedHeader.TryRead(start[..startLength], out header);
        if (status != DecodeStatus.Done) return status;
        if (rest.Length < header.PacketSize) return DecodeStatus.NeedMoreData;

        Dispose();
        _rented = ArrayPool<byte>.Shared.Rent(header.RemainingLength);
        rest.Slice(header.Size, header.RemainingLength).CopyTo(_rented);
        body = _rented.AsSpan(0, header.RemainingLength);

        _consumed += header.PacketSize;
        _next = _buffer.GetPosition(_consumed);
        MoveToNextSegment();
        return DecodeStatus.Done;
    }

    private void MoveToNextSegment()
    {
        _segment = default;
        while (_segment.IsEmpty && _buffer.TryGet(ref _next, out var memory)) _segment = memory.Span;
    }
}
