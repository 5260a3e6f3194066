namespace Avocet.Protocol.Wire;

/// <summary>The Variable Byte Integer: seven bits a byte, lowest group first.</summary>
public static class VarInt
{
    /// <summary>Reads a value of at most four bytes; a fourth byte that announces a fifth is malformed.</summary>
    public static DecodeStatus TryRead(ReadOnlySpan<byte> bytes, out uint value, out int size)
    {
        value = 0;
        for (size = 0; size < Limits.VarIntSizeMax;)
        {
            if (size >= bytes.Length) return DecodeStatus.NeedMoreData;

            var b = bytes[size];
            value |= (uint)(b & 0x7F) << (7 * size);
            size++;
            if ((b & 0x80) == 0) return DecodeStatus.Done;
        }

        return DecodeStatus.Malformed;
    }

    /// <summary>Bytes of the shortest encoding, the only one that is sent. [MQTT-1.5.5-1]</summary>
    public static int SizeOf(uint value) => value switch
    {
        < 128 => 1,
        < 16_384 => 2,
        < 2_097_152 => 3,
        _ => 4,
    };

    /// <summary>Writes the shortest encoding and returns its size.</summary>
    public static int Write(Span<byte> destination, uint value)
    {
        var size = 0;
        while (value >= 0x80)
        {
            destination[size++] = (byte)(value | 0x80);
            value >>= 7;
        }

        destination[size++] = (byte)value;
        return size;
    }
}
