using System.Buffers;
using Avocet.Protocol;
using Avocet.Protocol.Wire;

namespace Avocet.Testing;

/// <summary>Where MQTT packets end in a stream of bytes.</summary>
internal static class PacketBoundary
{
    /// <summary>The packet's type, and at most four bytes that tell its length.</summary>
    private const int FixedHeaderSizeMax = 5;

    /// <summary>Takes the first packet off the buffer, once all of it is there. What is no MQTT goes on as it is: judging it is the peer's.</summary>
    public static bool TryTake(ref ReadOnlySequence<byte> buffer, out ReadOnlySequence<byte> packet)
    {
        packet = default;
        Span<byte> header = stackalloc byte[FixedHeaderSizeMax];
        var size = (int)Math.Min(buffer.Length, FixedHeaderSizeMax);
        buffer.Slice(0, size).CopyTo(header);
        if (size == 0) return false;

        var status = VarInt.TryRead(header[1..size], out var remainingLength, out var lengthSize);
        if (status == DecodeStatus.NeedMoreData) return false;

        var length = status == DecodeStatus.Done ? 1 + lengthSize + (long)remainingLength : buffer.Length;
        if (buffer.Length < length) return false;

        packet = buffer.Slice(0, length);
        buffer = buffer.Slice(length);
        return true;
    }
}
