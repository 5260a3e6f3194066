using System.Buffers.Binary;
using Avocet.Protocol;

namespace Avocet.Cli.Bench;

/// <summary>Small packets that wait to be sent together. What is being sent lies in one array, what comes meanwhile in the other.</summary>
internal sealed class ControlBytes
{
    private const int SizeMin = 64;

    private byte[] _gathering = [];
    private byte[] _sending = [];
    private int _end;

    /// <summary>Space for a packet of this size, which counts as written.</summary>
    public Span<byte> Reserve(int size)
    {
        if (_gathering.Length - _end < size) Array.Resize(ref _gathering, Math.Max(Math.Max(SizeMin, _end + size), 2 * _gathering.Length));

        _end += size;
        return _gathering.AsSpan(_end - size, size);
    }

    public void Add(ReadOnlySpan<byte> packet) => packet.CopyTo(Reserve(packet.Length));

    /// <summary>Adds a PUBACK, PUBREC, PUBREL or PUBCOMP in its short form, which is the same in all versions.</summary>
    public void AddAcknowledgement(PacketType type, ushort packetId)
    {
        var flags = type == PacketType.Pubrel ? 0x02U : 0;
        BinaryPrimitives.WriteUInt32BigEndian(Reserve(4), (((uint)type << 4) | flags) << 24 | 2U << 16 | packetId);
    }

    /// <summary>Takes all that waits; valid until the next call.</summary>
    public ReadOnlyMemory<byte> Take()
    {
        if (_end == 0) return default;

        (_gathering, _sending) = (_sending, _gathering);
        var taken = _sending.AsMemory(0, _end);
        _end = 0;
        return taken;
    }
}
