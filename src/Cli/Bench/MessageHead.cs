using System.Buffers.Binary;

namespace Avocet.Cli.Bench;

/// <summary>What stands at the head of each payload: who sent it, its number there, and when it was sent or should have been.</summary>
internal readonly record struct MessageHead(int Publisher, long Sequence, long Timestamp)
{
    public const int Size = 20;

    public static bool TryRead(ReadOnlySpan<byte> payload, out MessageHead head)
    {
        head = default;
        if (payload.Length < Size) return false;

        head = new MessageHead(
            BinaryPrimitives.ReadInt32LittleEndian(payload),
            BinaryPrimitives.ReadInt64LittleEndian(payload[4..]),
            BinaryPrimitives.ReadInt64LittleEndian(payload[12..]));
        return true;
    }

    public void Write(Span<byte> payload)
    {
        BinaryPrimitives.WriteInt32LittleEndian(payload, Publisher);
        BinaryPrimitives.WriteInt64LittleEndian(payload[4..], Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(payload[12..], Timestamp);
    }
}
