using System.Buffers.Binary;

namespace Avocet.Broker.Storage.Records;

/// <summary>The keys of the tables: numbers as 8 bytes, big-endian, so that byte order is their order.</summary>
public static class StoreKeys
{
    /// <summary>Bytes of a session or message number, or of a sequence number.</summary>
    public const int NumberSize = 8;

    /// <summary>In <see cref="StoreTable.Meta"/>: the format version.</summary>
    public static ReadOnlySpan<byte> Format => "format"u8;

    /// <summary>In <see cref="StoreTable.Meta"/>: session and message numbers below these may have been used.</summary>
    public static ReadOnlySpan<byte> Numbers => "numbers"u8;

    /// <summary>In <see cref="StoreTable.Meta"/>: there after an orderly stop, so that nothing has to be looked for.</summary>
    public static ReadOnlySpan<byte> Stopped => "stopped"u8;

    public static byte[] OfNumber(long number)
    {
        var key = new byte[NumberSize];
        BinaryPrimitives.WriteInt64BigEndian(key, number);
        return key;
    }

    /// <summary>Session number and sequence number, or message: a key of <see cref="StoreTable.Queue"/>.</summary>
    public static byte[] OfQueue(long session, long sequence)
    {
        var key = new byte[2 * NumberSize];
        WriteQueue(key, session, sequence);
        return key;
    }

    /// <summary>Writes a key of <see cref="StoreTable.Queue"/> into 16 bytes.</summary>
    public static void WriteQueue(Span<byte> key, long session, long sequence)
    {
        BinaryPrimitives.WriteInt64BigEndian(key, session);
        BinaryPrimitives.WriteInt64BigEndian(key[NumberSize..], sequence);
    }

    public static byte[] OfReceived(long session, ushort packetId)
    {
        var key = new byte[NumberSize + 2];
        BinaryPrimitives.WriteInt64BigEndian(key, session);
        BinaryPrimitives.WriteUInt16BigEndian(key.AsSpan(NumberSize), packetId);
        return key;
    }

    public static byte[] OfSubscription(long session, ReadOnlySpan<byte> filter)
    {
        var key = new byte[NumberSize + filter.Length];
        BinaryPrimitives.WriteInt64BigEndian(key, session);
        filter.CopyTo(key.AsSpan(NumberSize));
        return key;
    }

    /// <summary>The number a key begins with.</summary>
    public static long NumberOf(ReadOnlySpan<byte> key) => BinaryPrimitives.ReadInt64BigEndian(key);

    /// <summary>The sequence number in a key of <see cref="StoreTable.Queue"/>.</summary>
    public static long SequenceOf(ReadOnlySpan<byte> key) => BinaryPrimitives.ReadInt64BigEndian(key[NumberSize..]);

    public static ushort PacketIdOf(ReadOnlySpan<byte> key) => BinaryPrimitives.ReadUInt16BigEndian(key[NumberSize..]);

    public static ReadOnlySpan<byte> FilterOf(ReadOnlySpan<byte> key) => key[NumberSize..];
}
