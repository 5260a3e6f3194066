using System.Buffers.Binary;
using System.Text;
using Avocet.Protocol.Properties;

namespace Avocet.Protocol.Wire;

/// <summary>Writes fields into a span whose size was computed beforehand.</summary>
public ref struct WireWriter(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;

    /// <summary>Bytes written so far.</summary>
    public int Position { get; private set; }

    /// <summary>The size on the wire of a string or Binary Data.</summary>
    public static int SizeOf(ReadOnlySpan<byte> value) => 2 + value.Length;

    public void WriteByte(byte value) => _destination[Position++] = value;

    public void WriteUInt16(ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_destination[Position..], value);
        Position += 2;
    }

    public void WriteUInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_destination[Position..], value);
        Position += 4;
    }

    public void WriteVarInt(uint value) => Position += VarInt.Write(_destination[Position..], value);

    /// <summary>Writes a two-byte length and the bytes: a UTF-8 string or Binary Data.</summary>
    public void WriteBinary(ReadOnlySpan<byte> value)
    {
        WriteUInt16(checked((ushort)value.Length));
        WriteBytes(value);
    }

    public void WriteBytes(scoped ReadOnlySpan<byte> value)
    {
        value.CopyTo(_destination[Position..]);
        Position += value.Length;
    }

    /// <summary>Writes a text as UTF-8, without its length.</summary>
    /// <param name="text">The text, which must be valid.</param>
    /// <param name="size">Its size in UTF-8.</param>
    public void WriteText(ReadOnlySpan<char> text, int size)
    {
        Encoding.UTF8.GetBytes(text, _destination.Slice(Position, size));
        Position += size;
    }

    /// <summary>Writes Property Length and properties; nothing before 5.0. An empty block is written as length 0. [MQTT-2.2.2-1]</summary>
    public void WriteProperties(scoped PropertyBlock properties, ProtocolVersion version)
    {
        if (version != ProtocolVersion.V50) return;

        WriteVarInt((uint)properties.Encoded.Length);
        WriteBytes(properties.Encoded);
    }

    /// <summary>Writes the first byte and the Remaining Length.</summary>
    public void WriteFixedHeader(PacketType type, byte flags, int remainingLength)
    {
        WriteByte((byte)(((byte)type << 4) | flags));
        WriteVarInt((uint)remainingLength);
    }
}
